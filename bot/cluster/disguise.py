"""A bundle under pseudonyms: the same cluster with other names and addresses, in which the same is wrong.

What is replaced is gathered first: the words of all names that people gave to something, and of all host names. Words
that say what something is (the vocabulary: that of the rules, and of Kubernetes) stay, wherever they are.

What is chosen by its place in the order of names may be another: Nodes with helpers keep their order, but of more Pods,
Services or homes of DNS servers than are looked at, others may be the first ones; and where a request for too many
things at once failed, it may not be asked again as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

from bot.cluster.bundle import Bundle, Failure, HelperRecord
from bot.cluster.pseudonyms import WORD, Pseudonyms
from bot.node.requests import UNDECODABLE, in_order

SYSTEM = re.compile(r"default|kube-.*|.*-system|kubernetes.*")
"""Namespaces and objects that every cluster has under the same name."""
MEANS_ITSELF = frozenset(
    [
        *("kind", "apiVersion", "type", "protocol", "phase", "reason", "status", "scheme", "operator", "effect"),
        *("dnsPolicy", "policyTypes", "pathType", "addressType", "externalTrafficPolicy", "internalTrafficPolicy"),
        *("restartPolicy", "failurePolicy", "appProtocol", "uid", "resourceVersion", "containerID", "qosClass"),
        *(
            "creationTimestamp",
            "deletionTimestamp",
            "lastTimestamp",
            "eventTime",
            "startedAt",
            "finishedAt",
            "renewTime",
        ),
        *("lastTransitionTime", "kernelVersion", "kubeletVersion", "containerRuntimeVersion", "settings"),
    ]
)
"""Fields with values of the API's own, and times."""
SAYS = frozenset({"message", "Corefile", "config.conf", "config"})
"""Fields with sentences: names in them are replaced, and none is looked for."""
KEYS_OF_SELECTORS = frozenset({"matchLabels", "matchExpressions"})
KEYS_ARE_NAMES = frozenset(
    {"labels", "matchLabels", "selector", "nodeSelector", "annotations", "data", "addresses", "nodeLabels"}
)
WELL_KNOWN = re.compile(r"(?:[a-z0-9-]+\.)*(?:kubernetes|k8s)\.io/.*")
"""Labels whose keys are Kubernetes' own."""
REGIONS = "topology.kubernetes.io/"
"""Labels whose values are those that settings name regions by."""
NO_NAME = re.compile(r"v\d+(?:(?:alpha|beta)\d+)?|\d+t\d+|\d+z|\d+(?:[munkgtpe]i?|ms|s|h)")
"""Words of versions, times and quantities."""
RECOGNISED = ("daemonsets.apps", "deployments.apps", "configmaps")
"""What probes know system components by."""
HOST = re.compile(r"\b[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+\b")
_VOCABULARY = """
    a aaaa addr alpha amd64 and any api app apps arm64 arpa aws azure backend backends blackhole bond bridge calico
    cidr cilium client cluster cni com conf config configmap connect container containers control coredns coreos
    daemonset data db default delay deny deployment dns docker down driver egress empty end endpoint endpoints etcd
    eth fail failed false flannel frontend gateway generation geneve global grpc hash host hosts http https id in
    incomplete ingress interface internal io ip ipip iptables ipv ipvs job json k8s kernel key kube kubelet
    kubernetes label lan lease list live local log loopback main manager mark master match metrics mtu multus name
    namespace net netkit network nft nftables nginx node nodes none not null ok open or org other over overlay p
    plane plugin pod pods policy port ports probe prohibit proxy public queue ranges reachable ready refused
    registry reject reset resolver revision role route router rule rules running s scheduler sctp secret server
    service services set silent site size socket stale state statefulset static status svc system target task tcp
    template test the time to traffic true tun type udp under unicast unknown unreachable up uplink user v value
    veth vxlan weave web wireguard work worker x yaml zone
"""
VOCABULARY = frozenset(_VOCABULARY.split())
"""Kubernetes', its components', and those of helpers' answers."""


def disguised(bundle: Bundle, *, secret: bytes, vocabulary: Collection[str] = ()) -> tuple[Bundle, Pseudonyms]:
    """Return the bundle under pseudonyms, and what they are. ``vocabulary`` stays besides the words that always do."""
    objects = {permission: msgspec.json.decode(found) for permission, found in bundle.objects.items()}
    kept = VOCABULARY | {word.lower() for word in vocabulary} | set(regions(objects.values())) | set(parts(objects))
    words = {word for text in names(bundle, objects) for word in words_of(text) if not NO_NAME.fullmatch(word)}
    other = Pseudonyms(secret, words=words, kept=kept)
    return (
        msgspec.structs.replace(
            bundle,
            context=other.text(bundle.context),
            namespaces=tuple(sorted(map(other.text, bundle.namespaces))),
            objects={
                permission: msgspec.Raw(msgspec.json.encode(replaced(found, other)))
                for permission, found in objects.items()
            },
            unreadable={other.text(key): failure(found, other) for key, found in bundle.unreadable.items()},
            logs={other.text(place): other.text(text) for place, text in bundle.logs.items()},
            helpers={
                other.text(node): HelperRecord(
                    pod=other.text(record.pod),
                    answers={request(key, other): answer(text, other) for key, text in record.answers.items()},
                    failures={request(key, other): failure(found, other) for key, found in record.failures.items()},
                )
                for node, record in bundle.helpers.items()
            },
            notes=(*map(other.text, bundle.notes), "Names and addresses are pseudonyms."),
        ),
        other,
    )


def names(bundle: Bundle, objects: dict[str, Any]) -> Iterator[str]:
    """Yield the texts whose words are to be replaced."""
    yield bundle.context
    for found in objects.values():
        for one in found:
            meta = one.get("metadata", {})
            if not SYSTEM.fullmatch(meta.get("namespace") or meta.get("name") or ""):
                yield from texts(one)
            yield from (match[0] for text in texts(one, sentences=True) for match in HOST.finditer(text))
    for record in bundle.helpers.values():
        for key in (*record.answers, *record.failures):
            yield from (match[0] for match in HOST.finditer(key))


def texts(value: Any, field: str = "", *, sentences: bool = False) -> Iterator[str]:
    """Yield the strings of an object that people chose."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, field, sentences=sentences)
    elif isinstance(value, dict):
        for key, item in value.items():
            if is_name(key, field):
                yield key
            if means_itself(key, item) or key.startswith(REGIONS) or (key in SAYS and not sentences):
                continue
            yield from texts(item, key, sentences=sentences)


def means_itself(key: str, item: Any) -> bool:
    """Tell whether a field has a value of the API's own; the ``status`` of an object has many of its own fields."""
    return key in MEANS_ITSELF and not isinstance(item, dict)


def is_name(key: str, field: str) -> bool:
    """Tell whether a key of a field is one that people chose, as those of labels are."""
    return field in KEYS_ARE_NAMES and key not in KEYS_OF_SELECTORS and not WELL_KNOWN.fullmatch(key)


def regions(lists: Iterable[Any]) -> Iterator[str]:
    """Yield the words of regions and zones, which settings and people name."""
    for found in lists:
        for one in found:
            labels = one.get("metadata", {}).get("labels", {})
            yield from (word for key, text in labels.items() if key.startswith(REGIONS) for word in words_of(text))


def parts(objects: dict[str, Any]) -> Iterator[str]:
    """Yield the words of the names that a system's components go by."""
    for permission in RECOGNISED:
        for one in objects.get(permission, ()):
            meta = one.get("metadata", {})
            if SYSTEM.fullmatch(meta.get("namespace", "")):
                yield from words_of(meta.get("name", ""))


def words_of(text: str) -> list[str]:
    """Return the words of a name, in small letters."""
    return [word.lower() for word in WORD.findall(text)]


def replaced(value: Any, other: Pseudonyms, field: str = "") -> Any:
    """Return a part of an object with its names and addresses replaced."""
    if isinstance(value, str):
        return other.text(value)
    if isinstance(value, list):
        return [replaced(item, other, field) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        (other.text(key) if is_name(key, field) else key): (
            item if means_itself(key, item) else replaced(item, other, key)
        )
        for key, item in value.items()
    }


def failure(found: Failure, other: Pseudonyms) -> Failure:
    """Return the reason why something could not be read."""
    return Failure(error=found.error, detail=other.text(found.detail))


def request(key: str, other: Pseudonyms) -> str:
    """Return what a helper was asked, as it is asked under pseudonyms: in the order of theirs."""
    return " ".join(in_order(tuple(other.text(key).split(" "))))


def answer(text: str, other: Pseudonyms) -> str:
    """Return a helper's answer; one that is no JSON is left out of it all, as nothing could read it."""
    try:
        return json.dumps(everywhere(msgspec.json.decode(text), other), separators=(",", ":"))
    except UNDECODABLE:
        return "{}"


def everywhere(value: Any, other: Pseudonyms) -> Any:
    """Return an answer with the names and addresses in it replaced, in keys too."""
    if isinstance(value, str):
        return other.text(value)
    if isinstance(value, list):
        return [everywhere(item, other) for item in value]
    if isinstance(value, dict):
        return {other.text(key): everywhere(item, other) for key, item in value.items()}
    return value
