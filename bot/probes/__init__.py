"""Every probe there is. A new one is added to the list below; what it may read is its own ``reads``."""

from __future__ import annotations

from bot.probes.addresses import client_address, missing_service
from bot.probes.aliases import external_name, hosts_entry
from bot.probes.bridge import bridge_hairpin, pod_bridge
from bot.probes.clientview import client_connect, client_lookup, client_mtu
from bot.probes.clock import node_clock
from bot.probes.cni import cni_identity, policy_enforcement
from bot.probes.cniagent import cilium_drops, cilium_settings, cni_agent, cni_node_address
from bot.probes.cnimtu import cni_mtu
from bot.probes.containers import container_throttling, pod_sockets
from bot.probes.controlplane import api_server_checks, api_server_latency, etcd_disk
from bot.probes.daemonsets import daemon_set_gap
from bot.probes.defaultgateway import default_gateway
from bot.probes.dialling import pod_dialling
from bot.probes.dns import dns_pod, dns_service
from bot.probes.dnsmetrics import dns_metrics
from bot.probes.echo import outside_ping
from bot.probes.endpointlag import endpoint_lag
from bot.probes.endpointport import endpoint_port
from bot.probes.enginepolicy import engine_policy_count, engine_policy_flow
from bot.probes.external import local_traffic, pod_host_port, service_entry
from bot.probes.externalip import external_ip_claim
from bot.probes.files import pod_files
from bot.probes.finalizers import held_pod
from bot.probes.gateway import gateway_route
from bot.probes.gatewayapi import gateway_backend, gateway_state
from bot.probes.headless import headless_port
from bot.probes.history import conntrack_history, drop_correlation, drop_history, loss_history, steal_history
from bot.probes.hostport import host_port_connect
from bot.probes.ingress import ingress_route, ingress_state
from bot.probes.initcontainers import init_address, init_container
from bot.probes.kernel import node_ip, node_pressure, node_tcp, node_udp, node_xfrm
from bot.probes.kubeletport import kubelet_port
from bot.probes.kubeproxy import kube_proxy_mode, kube_proxy_pod, kube_proxy_settings
from bot.probes.kubeproxysync import kube_proxy_sync
from bot.probes.leaders import leader_lease
from bot.probes.limits import namespace_quota, node_lease, readiness_gate, service_family
from bot.probes.loopback import loopback_setting
from bot.probes.masquerade import node_masquerade
from bot.probes.mesh import mesh_authorization, mesh_mutual_tls
from bot.probes.mtu import node_mtu, overlay_mtu
from bot.probes.node import node_condition, node_conntrack, node_cpu, node_interface, node_softnet
from bot.probes.nodeport import node_port_connect
from bot.probes.noderules import forward_rules, node_rules, service_rules
from bot.probes.otherproxy import other_proxy
from bot.probes.outside import outside_address, outside_way
from bot.probes.peer import node_peer
from bot.probes.peers import peer_names
from bot.probes.platform import kernel_module, node_tunnel
from bot.probes.pod import container_limit, pod_port_range, pod_state, readiness_failure
from bot.probes.pod_route import pod_route
from bot.probes.pod_way import pod_way
from bot.probes.podaddress import client_pod_address
from bot.probes.podlink import pod_link
from bot.probes.podmac import pod_mac
from bot.probes.podname import governing_service, pod_names
from bot.probes.podresolver import pod_resolver
from bot.probes.podview import pod_listener, pod_network
from bot.probes.policy import policy_count, target_isolation
from bot.probes.policy_effect import policy_coverage, policy_effect
from bot.probes.policy_flow import policy_flow
from bot.probes.ports import backend_connect, service_port
from bot.probes.probe import Probe
from bot.probes.proxy import client_proxy
from bot.probes.queues import listen_queue, send_queue
from bot.probes.replaced import backend_replacement, dns_replacement
from bot.probes.residency import region_use
from bot.probes.resolve import dns_answer, dns_name, dns_reach, dns_server
from bot.probes.resolver import client_dns
from bot.probes.rollout import rollout
from bot.probes.ruledrops import rule_drop
from bot.probes.scheme import client_scheme
from bot.probes.service import service_backends, service_selector_misfit
from bot.probes.serviceway import service_way
from bot.probes.sourceranges import balancer_client
from bot.probes.staleflow import stale_flow
from bot.probes.starting import pod_placement, pod_start
from bot.probes.sysctl import conntrack_timeouts, node_neighbours, node_settings
from bot.probes.template import container_port_conflict, host_port_request
from bot.probes.translation import endpoint_connect, service_connect
from bot.probes.trouble import node_trouble
from bot.probes.use import service_use
from bot.probes.variables import unresolved_variable
from bot.probes.warned import node_warning, object_warning
from bot.probes.ways import node_pair, path_mtu
from bot.probes.webhook import admission_webhook
from bot.probes.workload import workload
from bot.probes.zones import zone_way

PROBES: tuple[Probe, ...] = (
    balancer_client,
    client_pod_address,
    client_scheme,
    external_ip_claim,
    governing_service,
    pod_names,
    unresolved_variable,
    service_backends,
    service_selector_misfit,
    service_use,
    service_port,
    backend_connect,
    workload,
    pod_state,
    readiness_failure,
    peer_names,
    container_limit,
    pod_start,
    pod_placement,
    held_pod,
    daemon_set_gap,
    pod_port_range,
    client_address,
    missing_service,
    client_dns,
    client_proxy,
    external_name,
    endpoint_port,
    init_container,
    init_address,
    headless_port,
    hosts_entry,
    container_port_conflict,
    host_port_request,
    rollout,
    admission_webhook,
    namespace_quota,
    readiness_gate,
    service_family,
    object_warning,
    node_warning,
    node_lease,
    leader_lease,
    dns_service,
    dns_pod,
    dns_answer,
    dns_reach,
    dns_server,
    dns_name,
    dns_replacement,
    dns_metrics,
    backend_replacement,
    service_connect,
    endpoint_connect,
    kube_proxy_mode,
    kube_proxy_pod,
    kube_proxy_settings,
    kube_proxy_sync,
    endpoint_lag,
    api_server_checks,
    api_server_latency,
    etcd_disk,
    cni_identity,
    cni_mtu,
    cni_agent,
    cni_node_address,
    cilium_settings,
    cilium_drops,
    policy_enforcement,
    policy_count,
    target_isolation,
    policy_flow,
    engine_policy_count,
    engine_policy_flow,
    policy_effect,
    policy_coverage,
    local_traffic,
    service_entry,
    pod_host_port,
    host_port_connect,
    node_port_connect,
    ingress_state,
    ingress_route,
    gateway_route,
    gateway_state,
    gateway_backend,
    mesh_authorization,
    mesh_mutual_tls,
    region_use,
    node_condition,
    node_interface,
    node_conntrack,
    node_cpu,
    node_softnet,
    node_ip,
    node_tcp,
    node_udp,
    node_settings,
    node_neighbours,
    node_pressure,
    conntrack_timeouts,
    kernel_module,
    node_tunnel,
    node_clock,
    send_queue,
    listen_queue,
    pod_sockets,
    container_throttling,
    node_peer,
    pod_route,
    service_way,
    other_proxy,
    node_pair,
    path_mtu,
    node_trouble,
    zone_way,
    pod_way,
    bridge_hairpin,
    pod_bridge,
    node_xfrm,
    kubelet_port,
    default_gateway,
    outside_way,
    outside_address,
    outside_ping,
    node_masquerade,
    drop_history,
    loss_history,
    steal_history,
    conntrack_history,
    drop_correlation,
    overlay_mtu,
    node_mtu,
    node_rules,
    rule_drop,
    service_rules,
    forward_rules,
    stale_flow,
    pod_network,
    pod_listener,
    pod_files,
    pod_dialling,
    loopback_setting,
    pod_mac,
    pod_link,
    client_connect,
    client_lookup,
    client_mtu,
    pod_resolver,
)

__all__ = ["PROBES", "Probe"]
