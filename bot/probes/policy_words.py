"""NetworkPolicies in words: whom they select and name, and what the one who is denied carries instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.cluster.objects import LabelSelector, PolicyPeer, PolicyPort
from bot.cluster.selectors import to_text
from bot.simulation.networkpolicy import End

WORDS_LENGTH = 200
OF_EACH_POD = ("pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name")
"""Labels that tell Pods of one workload apart; a policy never means them."""


def listed(words: Iterable[str]) -> str:
    """Return each once, separated by commas."""
    return ", ".join(dict.fromkeys(words))[:WORDS_LENGTH]


def pods_in_words(selector: LabelSelector) -> str:
    """Return what a policy's podSelector selects: ``Pods app=web``, or ``all Pods``."""
    return "all Pods" if selector == LabelSelector() else f"Pods {selector_in_words(selector)}"


def peer_in_words(peer: PolicyPeer) -> str:
    """Return a peer as ``Pods tier=backend``, ``Pods app=web in Namespaces team=a`` or ``::/0 except fd00::/8``."""
    if peer.ip_block is not None:
        but = f" except {' and '.join(peer.ip_block.except_)}" if peer.ip_block.except_ else ""
        return f"{peer.ip_block.cidr}{but}"
    pods = f"Pods {selector_in_words(peer.pod_selector)}" if peer.pod_selector is not None else "all Pods"
    if peer.namespace_selector is None:
        return pods
    return f"{pods} in Namespaces {selector_in_words(peer.namespace_selector)}"


def selector_in_words(selector: LabelSelector) -> str:
    """Return a label selector as kubectl writes it; ``(all)`` for an empty one."""
    terms = [to_text(selector.match_labels)] if selector.match_labels else []
    for item in selector.match_expressions:
        values = f" ({', '.join(item.values)})" if item.values else ""
        terms.append(f"{item.key} {item.operator.lower()}{values}")
    return ", ".join(terms) or "(all)"


def port_in_words(port: PolicyPort) -> str:
    """Return a port of a rule as ``TCP 8080``, ``TCP 8000-8100``, ``TCP port named http`` or ``all TCP ports``."""
    if port.port is None:
        return f"all {port.protocol} ports"
    if isinstance(port.port, str):
        return f"{port.protocol} port named {port.port}"
    last = f"-{port.end_port}" if port.end_port else ""
    return f"{port.protocol} {port.port}{last}"


def port_of(target: End, protocol: str, number: int) -> str:
    """Return a Pod's port with its name, which policies may go by: ``TCP 8080 (named web)``."""
    names = [port.name for port in target.ports if (port.protocol, port.container_port) == (protocol, number)]
    return f"{protocol} {number}" + "".join(f" (named {name})" for name in names[:1] if name)


def end_in_words(end: End) -> str:
    """Return an end of a connection as a peer would name it: ``Pods app=web``, ``192.0.2.10/32``."""
    labels = {key: value for key, value in end.labels.items() if key not in OF_EACH_POD}
    if not end.is_pod:
        return f"{end.ip}/{128 if ':' in end.ip else 32}" if end.ip else end.name
    return f"Pods {to_text(labels) or '(without labels)'}"


def carried(end: End, peers: Sequence[PolicyPeer], policy_namespace: str) -> str:
    """Return what an end has where peers ask for something else: ``tier=frontend``, ``Namespace till has team=b``."""
    if not end.is_pod and end.node:
        return f"the address of its Node ({end.ip}), by hostNetwork"
    if not end.is_pod:
        return f"address {end.ip}" if end.ip else end.name
    wanted = dict.fromkeys(key for peer in peers if peer.pod_selector for key in keys_of(peer.pod_selector))
    found = [label_of(end.labels, key) for key in wanted]
    for peer in peers:
        if peer.namespace_selector is not None:
            keys = keys_of(peer.namespace_selector)
            found += [f"Namespace {end.namespace} has {label_of(end.namespace_labels, key)}" for key in keys]
        elif peer.ip_block is None and end.namespace != policy_namespace:
            found.append(f"Namespace {end.namespace}")
        elif peer.ip_block is not None:
            found.append(f"address {end.ip}")
    return listed(found)


def keys_of(selector: LabelSelector) -> Iterable[str]:
    """Return the label keys a selector asks for."""
    return (*sorted(selector.match_labels), *(item.key for item in selector.match_expressions))


def label_of(labels: Mapping[str, str], key: str) -> str:
    """Return ``tier=frontend``, or ``tier (not set)``."""
    return f"{key}={labels[key]}" if key in labels else f"{key} (not set)"
