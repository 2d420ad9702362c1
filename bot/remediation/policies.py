"""What a NetworkPolicy is made of: the labels that name Pods, peers, ports, and the connections that it is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.cluster.objects import NetworkPolicy
from bot.cluster.writer import POLICY, Json, Target
from bot.remediation.desk import NoPlan, checked
from bot.simulation.networkpolicy import Decision, End, decide

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Set by the API server since Kubernetes 1.21."""
OWN_LABELS = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""Labels that differ between Pods of one workload, or between its revisions."""
NAME_LENGTH = 50
"""Of a name's part that comes from a workload (ours): a name has 63 characters at most where it is a label."""
DNS_PORT = 53


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A kind of connection."""

    client: End
    target: End
    port: int
    protocol: str

    def decided(self, policies: Sequence[NetworkPolicy]) -> Decision:
        """Return what policies say of it."""
        return decide(policies, self.client, self.target, port=self.port, protocol=self.protocol)

    def __str__(self) -> str:
        """Return it in words."""
        client, target = (
            f"Pod {end.namespace}/{end.name}" if end.is_pod else end.ip for end in (self.client, self.target)
        )
        return f"{client} to {target} on {self.protocol} {self.port}"


def policy(namespace: str, name: str, spec: Mapping[str, Json]) -> tuple[Target, dict[str, Json]]:
    """Return a NetworkPolicy to make.

    Raises:
        NoPlan: Its name is none.
    """
    target = checked(Target(api_version=POLICY[0], kind=POLICY[1], namespace=namespace, name=name))
    return target, {
        "apiVersion": target.api_version,
        "kind": target.kind,
        "metadata": {"name": target.name, "namespace": target.namespace},
        "spec": dict(spec),
    }


def ways_of(protocol: str, port: int) -> set[tuple[int, str]]:
    """Return port and protocol; DNS answers that are too long for UDP come over TCP (RFC 7766)."""
    protocols = ("UDP", "TCP") if port == DNS_PORT and protocol == "UDP" else (protocol,)
    return {(port, each) for each in protocols}


def ports_of(ways: Iterable[tuple[int, str]]) -> list[Json]:
    """Return ports as a policy has them."""
    return [{"protocol": protocol, "port": port} for port, protocol in sorted(ways)]


def peer_of(end: End, *, of: str) -> dict[str, Json]:
    """Return how a policy of a namespace names the Pods that are like one.

    Raises:
        NoPlan: It has no labels, or its namespace has none.
    """
    peer: dict[str, Json] = {"podSelector": {"matchLabels": labels_of(end)}}
    if end.namespace != of:
        labels = end.namespace_labels
        name = {NAMESPACE_NAME: labels[NAMESPACE_NAME]} if NAMESPACE_NAME in labels else dict(labels)
        if not name:
            raise NoPlan(f"namespace {end.namespace} has no label by which a NetworkPolicy can name it")
        peer["namespaceSelector"] = {"matchLabels": {**name}}
    return peer


def labels_of(end: End) -> dict[str, Json]:
    """Return the labels that a Pod shares with those of its workload.

    Raises:
        NoPlan: There are none.
    """
    found: dict[str, Json] = {key: value for key, value in end.labels.items() if key not in OWN_LABELS}
    if not found:
        raise NoPlan(f"Pod {end.namespace}/{end.name} has no label by which a NetworkPolicy can name it")
    return found


def alike(end: End, other: End) -> bool:
    """Tell whether a Pod carries all that a NetworkPolicy knows the other by."""
    return labels_of(other).items() <= dict[str, Json](end.labels).items()


def short_name(end: End) -> str:
    """Return a name for the Pods of an end."""
    labels: Mapping[str, str] = end.labels
    word = next((labels[key] for key in ("app.kubernetes.io/name", "app", "k8s-app") if labels.get(key)), end.name)
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in word.lower())[
        :NAME_LENGTH
    ].strip("-")
