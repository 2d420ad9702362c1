"""Every kind of fact there is. A new one is added to the list below and is then known to probes, rules and tests."""

from __future__ import annotations

from bot.facts.aliases import ExternalName, HostsEntry
from bot.facts.base import Fact, Reason, Unknown, Value, fields_of, values_of
from bot.facts.client import (
    ClientAddress,
    ClientDns,
    ClientPodAddress,
    ClientProxy,
    ClientScheme,
    MissingService,
    UnresolvedVariable,
)
from bot.facts.cni import CniIdentity, PolicyEnforcement
from bot.facts.cnisettings import CiliumDrops, CiliumSettings, CniAgent, CniMtu, CniNodeAddress
from bot.facts.controlplane import ApiServerChecks, ApiServerLatency, EndpointLag, EtcdDisk, KubeletPort, LeaderLease
from bot.facts.dns import DnsAnswer, DnsName, DnsPod, DnsReach, DnsReplacement, DnsServer, DnsService
from bot.facts.dnsmetrics import DnsMetrics
from bot.facts.echo import OutsidePing
from bot.facts.endpointport import EndpointPort
from bot.facts.enginepolicy import EnginePolicyCount, EnginePolicyFlow
from bot.facts.entry import BalancerClient, ExternalIpClaim
from bot.facts.external import (
    HostPortConnect,
    LocalTraffic,
    NodePortConnect,
    PodHostPort,
    ServiceEntry,
)
from bot.facts.gateway import GatewayBackend, GatewayState
from bot.facts.headless import GoverningService, HeadlessPort, PeerNames, PodName
from bot.facts.history import ConntrackHistory, DropCorrelation, DropHistory, LossHistory, StealHistory
from bot.facts.ingress import GatewayRoute, IngressRoute, IngressState
from bot.facts.initcontainer import InitAddress, InitContainer
from bot.facts.kernel import NodeIp, NodeNeighbours, NodePeer, NodePressure, NodeSettings, NodeTcp, NodeUdp
from bot.facts.kubeproxy import KubeProxyMode, KubeProxyPod
from bot.facts.kubeproxysync import KubeProxySync
from bot.facts.limits import NamespaceQuota, NodeLease, NodeWarning, ObjectWarning, ReadinessGate, ServiceFamily
from bot.facts.loopback import LoopbackSetting
from bot.facts.masquerade import NodeMasquerade
from bot.facts.mesh import MeshAuthorization, MeshMutualTls
from bot.facts.mtu import NodeMtu, OverlayMtu
from bot.facts.node import NodeCondition, NodeConntrack, NodeCpu, NodeInterface, NodeSoftnet
from bot.facts.noderules import ForwardRules, NodeRules, ServiceRules, StaleFlow
from bot.facts.platform import (
    BridgeHairpin,
    ConntrackTimeouts,
    DefaultGateway,
    KernelModule,
    NodeClock,
    NodeTunnel,
    NodeXfrm,
    PodBridge,
)
from bot.facts.pod import (
    ContainerLimit,
    DaemonSetGap,
    HeldPod,
    PodPlacement,
    PodPortRange,
    PodStart,
    PodState,
    ReadinessFailure,
)
from bot.facts.podmac import PodMac
from bot.facts.podview import (
    ClientConnect,
    ClientLookup,
    ClientMtu,
    PodDialling,
    PodFiles,
    PodListener,
    PodNetwork,
    PodResolver,
)
from bot.facts.policy import PolicyCount, PolicyCoverage, PolicyEffect, PolicyFlow, TargetIsolation
from bot.facts.queue import ContainerThrottling, ListenQueue, PodLink, PodSockets, SendQueue
from bot.facts.residency import RegionUse
from bot.facts.rollout import Rollout
from bot.facts.routes import PodRoute, ServiceWay
from bot.facts.ruledrops import RuleDrop
from bot.facts.service import (
    BackendConnect,
    OtherProxy,
    ServiceBackends,
    ServicePort,
    ServiceSelectorMisfit,
    ServiceUse,
    Workload,
)
from bot.facts.template import ContainerPortConflict, HostPortRequest
from bot.facts.translation import BackendReplacement, EndpointConnect, KubeProxySettings, ServiceConnect
from bot.facts.ways import NodePair, NodeTrouble, OutsideAddress, OutsideWay, PathMtu, PodWay, ZoneWay
from bot.facts.webhook import AdmissionWebhook

FACT_TYPES: dict[str, type[Fact]] = {
    fact_type.kind: fact_type
    for fact_type in (
        AdmissionWebhook,
        ApiServerChecks,
        ApiServerLatency,
        BackendConnect,
        BackendReplacement,
        BalancerClient,
        BridgeHairpin,
        DefaultGateway,
        NodeXfrm,
        PodBridge,
        CiliumDrops,
        CiliumSettings,
        ClientAddress,
        ClientConnect,
        ClientDns,
        ClientLookup,
        ClientMtu,
        ClientPodAddress,
        ClientProxy,
        ClientScheme,
        CniAgent,
        CniIdentity,
        CniMtu,
        CniNodeAddress,
        ConntrackHistory,
        ConntrackTimeouts,
        ContainerLimit,
        ContainerPortConflict,
        ContainerThrottling,
        DaemonSetGap,
        DnsAnswer,
        DnsMetrics,
        DnsName,
        DnsPod,
        DnsReach,
        DnsReplacement,
        DnsServer,
        DnsService,
        DropCorrelation,
        DropHistory,
        EndpointConnect,
        EndpointLag,
        EnginePolicyCount,
        EnginePolicyFlow,
        EndpointPort,
        GoverningService,
        HeadlessPort,
        PodName,
        EtcdDisk,
        ExternalIpClaim,
        ExternalName,
        ForwardRules,
        GatewayBackend,
        GatewayRoute,
        GatewayState,
        HeldPod,
        HostPortConnect,
        HostsEntry,
        HostPortRequest,
        IngressRoute,
        IngressState,
        InitAddress,
        InitContainer,
        KernelModule,
        KubeProxyMode,
        KubeProxyPod,
        KubeProxySettings,
        KubeProxySync,
        KubeletPort,
        LeaderLease,
        ListenQueue,
        PodLink,
        LocalTraffic,
        LossHistory,
        LoopbackSetting,
        MeshAuthorization,
        MeshMutualTls,
        MissingService,
        NodeClock,
        NamespaceQuota,
        NodeCondition,
        NodeConntrack,
        NodeCpu,
        NodeInterface,
        NodeIp,
        NodeLease,
        NodeMasquerade,
        NodeMtu,
        NodeNeighbours,
        NodePair,
        NodePeer,
        NodePortConnect,
        NodePressure,
        NodeRules,
        NodeSettings,
        NodeSoftnet,
        NodeTcp,
        NodeTrouble,
        NodeTunnel,
        NodeUdp,
        NodeWarning,
        ObjectWarning,
        OutsideAddress,
        OutsidePing,
        OutsideWay,
        OverlayMtu,
        PathMtu,
        PodDialling,
        PodFiles,
        PodHostPort,
        PodListener,
        PodMac,
        PodNetwork,
        PodPlacement,
        PodPortRange,
        PodResolver,
        PodRoute,
        OtherProxy,
        UnresolvedVariable,
        ServiceWay,
        PodSockets,
        PodStart,
        PodState,
        PeerNames,
        PodWay,
        PolicyCount,
        PolicyCoverage,
        PolicyEffect,
        PolicyEnforcement,
        PolicyFlow,
        ReadinessFailure,
        ReadinessGate,
        RegionUse,
        Rollout,
        RuleDrop,
        SendQueue,
        ServiceBackends,
        ServiceConnect,
        ServiceEntry,
        ServiceFamily,
        ServicePort,
        ServiceRules,
        ServiceSelectorMisfit,
        ServiceUse,
        StaleFlow,
        StealHistory,
        TargetIsolation,
        Workload,
        ZoneWay,
    )
}

__all__ = ["FACT_TYPES", "Fact", "Reason", "Unknown", "Value", "fields_of", "values_of"]
