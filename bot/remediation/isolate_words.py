"""What is said of the isolation of a namespace before it is made: what was seen, and what was not."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cluster.objects import Pod
from bot.remediation.peers import Directory, Kind
from bot.remediation.policies import Flow
from bot.remediation.traffic import LOOKS, OWN_SECONDS, Call, Traffic

NAMED = 8
"""Of a list, before the rest is counted (ours)."""
STAYS = "The simulation of all NetworkPolicies says that each of these stays allowed, and nothing that is denied opens:"
FROM_THEN_ON = (
    "What did not happen in that time is refused from then on: connections that are made seldom, such as those of cron "
    "jobs, backups and failovers, and those of Pods whose labels are not the ones of today."
)
OWN_CONNECTS = "netmedic's own connects for this diagnosis, from inside clients' Pods, are among what was seen."
OWN_NODE = (
    "A Pod's own Node always reaches it, as Kubernetes demands for kubelet's probes, so nothing is allowed for that."
)


def told(
    traffic: Traffic,
    directory: Directory,
    *,
    allowed: Sequence[Flow],
    denied: Sequence[Flow],
    passed_over: Sequence[Call],
    pods: Sequence[Pod],
) -> tuple[str, ...]:
    """Return the sentences about it."""
    nodes = sorted({pod.spec.node_name for pod in pods if pod.status.pod_ip})
    watched = (
        f"Watched for {traffic.seconds:.0f} s, in {LOOKS} looks from {counted(len(nodes), 'Node')} ({listed(nodes)}): "
        f"the connection tables, which also hold what ended less than about two minutes ago, and the sockets of "
        f"{counted(len(pods), 'Pod')} that no policy isolates."
    )
    reached = {flow.target.name for flow in allowed}
    alone = [pod.metadata.name for pod in pods if pod.metadata.name not in reached]
    unready = [pod.metadata.name for pod in pods if not pod.ready]
    gone = sorted(ip for ip, peer in directory.peers.items() if peer.kind is Kind.GONE)
    outside = sorted({flow.client.ip for flow in allowed if directory.is_outside(flow.client)})
    stays = sorted({_in_words(flow, directory) for flow in allowed})
    sentences = [
        watched,
        f"{STAYS} {listed(stays)}." if stays else "",
        OWN_CONNECTS if allowed else "",
        _passed_over(passed_over),
        FROM_THEN_ON,
        OWN_NODE,
        f"Nobody else was seen to connect to {listed(alone)}." if alone else "",
        f"Not ready, so others may connect later: {listed(unready)}." if unready else "",
        f"Not allowed, because policies deny it already: {listed(sorted(map(str, denied)))}." if denied else "",
        f"Allowed by address, because no Pod or Node has it: {listed(outside)}." if outside else "",
        f"Not allowed, because no Pod or Node has the address any more: {listed(gone)}." if gone else "",
        *(f"Only what was open at a look was seen there: {why}." for why in sorted(traffic.blind.values())),
    ]
    return tuple(sentence for sentence in sentences if sentence)


def _passed_over(calls: Sequence[Call]) -> str:
    """Return what was seen of Nodes and is not allowed, since nothing tells it from netmedic's own connects."""
    if not calls:
        return ""
    ways = sorted({f"{call.source} to Pod {call.pod} on {call.protocol} {call.port}" for call in calls})
    return (
        f"Not allowed, because netmedic's own connects from Nodes look the same, which ended less than {OWN_SECONDS} s "
        f"ago: {listed(ways)}."
    )


def _in_words(flow: Flow, directory: Directory) -> str:
    """Return a connection in words; one from a Node stands for those from every Node."""
    if flow.client.is_pod or directory.is_outside(flow.client):
        return str(flow)
    return f"any Node to {str(flow).partition(' to ')[2]}"


def counted(number: int, what: str) -> str:
    """Return how many there are of something."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
