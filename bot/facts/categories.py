"""The closed list of fault categories, shared by the output schema and the rules."""

from __future__ import annotations

CATEGORIES = (
    "service-selection",
    "service-ports",
    "dns-cluster",
    "dns-client",
    "network-policy",
    "ingress",
    "kube-proxy",
    "conntrack-nat",
    "overlay-routing",
    "mtu",
    "cni-ipam",
    "external-traffic",
    "rollout-endpoints",
    "host-tcp-stack",
    "packet-drops",
    "cpu-steal",
    "control-plane-network",
    "impairment",
    "residency",
    "not-network",
    "no-fault",
)
