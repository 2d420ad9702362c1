"""Every kind of fact there is. A new one is added to the list below and is then known to probes, rules and tests."""

from __future__ import annotations

from bot.facts.base import Fact, Reason, Unknown, Value, fields_of, values_of
from bot.facts.client import ClientAddress, MissingService
from bot.facts.cni import CniIdentity, PolicyEnforcement
from bot.facts.dns import DnsPod, DnsService
from bot.facts.history import ConntrackHistory, DropCorrelation, DropHistory, StealHistory
from bot.facts.kernel import NodeIp, NodeNeighbours, NodePeer, NodePressure, NodeSettings, NodeTcp, NodeUdp
from bot.facts.kubeproxy import KubeProxyMode, KubeProxyPod
from bot.facts.mtu import NodeMtu, OverlayMtu
from bot.facts.node import NodeCondition, NodeConntrack, NodeCpu, NodeInterface, NodeSoftnet
from bot.facts.pod import PodState
from bot.facts.policy import PolicyCount, PolicyCoverage, PolicyEffect, PolicyFlow, TargetIsolation
from bot.facts.service import BackendConnect, ServiceBackends, ServicePort, ServiceSelectorMisfit, Workload

FACT_TYPES: dict[str, type[Fact]] = {
    fact_type.kind: fact_type
    for fact_type in (
        BackendConnect,
        ClientAddress,
        CniIdentity,
        ConntrackHistory,
        DnsPod,
        DnsService,
        DropCorrelation,
        DropHistory,
        KubeProxyMode,
        KubeProxyPod,
        MissingService,
        NodeCondition,
        NodeConntrack,
        NodeCpu,
        NodeInterface,
        NodeIp,
        NodeMtu,
        NodeNeighbours,
        NodePeer,
        NodePressure,
        NodeSettings,
        NodeSoftnet,
        NodeTcp,
        NodeUdp,
        OverlayMtu,
        PodState,
        PolicyCount,
        PolicyCoverage,
        PolicyEffect,
        PolicyEnforcement,
        PolicyFlow,
        ServiceBackends,
        ServicePort,
        ServiceSelectorMisfit,
        StealHistory,
        TargetIsolation,
        Workload,
    )
}

__all__ = ["FACT_TYPES", "Fact", "Reason", "Unknown", "Value", "fields_of", "values_of"]
