"""The few fields of Kubernetes objects that netmedic reads.

What is not declared here is never kept: not in memory, not in a bundle. So no annotation or Secret can leak from a
bundle; environment values, arguments and ConfigMaps are reduced to the addresses in them and free text is shortened as
objects are made, see :mod:`bot.cluster.addresses` and :mod:`bot.cluster.redact`. Defaults are the API's own: a missing
field reads as the API server means it.
"""

from __future__ import annotations

import contextlib
from typing import ClassVar

import msgspec

from bot.cluster import addresses, corefile, redact, routes


class Resource(msgspec.Struct, frozen=True):
    """Where objects of one type are served."""

    group: str
    """Empty for core."""
    versions: tuple[str, ...]
    """Preferred first; the first one that the server has is used."""
    plural: str
    namespaced: bool = True

    @property
    def permission(self) -> str:
        """``pods`` or ``endpointslices.discovery.k8s.io``, as RBAC and error messages write it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """A piece of an object. Trees have no cycles, so the garbage collector need not look: lists decode much faster."""


class OwnerReference(Part, frozen=True, kw_only=True):
    kind: str = ""
    name: str = ""
    controller: bool = False


class Meta(Part, frozen=True, kw_only=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    """Those of :data:`bot.cluster.redact.ANNOTATIONS`, where they are addresses; others may hold anything."""
    owner_references: tuple[OwnerReference, ...] = ()

    def __post_init__(self) -> None:
        if self.annotations:
            msgspec.structs.force_setattr(self, "annotations", redact.known_annotations(self.annotations))


class Object(Part, frozen=True, kw_only=True):
    """One Kubernetes object, cut down to what is read of it."""

    resource: ClassVar[Resource]

    metadata: Meta = Meta()


class LabelSelectorRequirement(Part, frozen=True, kw_only=True):
    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Part, frozen=True, kw_only=True):
    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


# Service --------------------------------------------------------------------------------------------------------------


class ServicePortSpec(Part, frozen=True, kw_only=True):
    name: str = ""
    protocol: str = "TCP"
    port: int = 0
    target_port: int | str = 0
    node_port: int = 0


class ServiceSpec(Part, frozen=True, kw_only=True):
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    selector: dict[str, str] = {}
    ports: tuple[ServicePortSpec, ...] = ()
    external_name: str = ""
    publish_not_ready_addresses: bool = False
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    session_affinity: str = "None"
    load_balancer_source_ranges: tuple[str, ...] = ()


class LoadBalancerIngress(Part, frozen=True, kw_only=True):
    ip: str = ""
    hostname: str = ""


class LoadBalancerStatus(Part, frozen=True, kw_only=True):
    ingress: tuple[LoadBalancerIngress, ...] = ()


class ExternalStatus(Part, frozen=True, kw_only=True):
    """Of a Service or an Ingress: where it is reached from outside."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "services")

    spec: ServiceSpec = ServiceSpec()
    status: ExternalStatus = ExternalStatus()


class EndpointConditions(Part, frozen=True, kw_only=True):
    # discovery/v1: a missing ready condition is to be read as true.
    ready: bool = True


class TargetRef(Part, frozen=True, kw_only=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""


class Endpoint(Part, frozen=True, kw_only=True):
    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef = TargetRef()
    node_name: str = ""
    topology: dict[str, str] = {}
    """Of v1beta1, which names the Node here only; kept as ``node_name``."""

    def __post_init__(self) -> None:
        if self.topology:
            node = self.node_name or self.topology.get("kubernetes.io/hostname", "")
            msgspec.structs.force_setattr(self, "node_name", node)
            msgspec.structs.force_setattr(self, "topology", {})


class EndpointPort(Part, frozen=True, kw_only=True):
    name: str = ""
    protocol: str = "TCP"
    port: int = 0


class EndpointSlice(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("discovery.k8s.io", ("v1", "v1beta1"), "endpointslices")

    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


# Pod ------------------------------------------------------------------------------------------------------------------


class ContainerPort(Part, frozen=True, kw_only=True):
    name: str = ""
    container_port: int = 0
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")
    protocol: str = "TCP"


class HttpGet(Part, frozen=True, kw_only=True):
    path: str = "/"
    port: int | str = 0
    scheme: str = "HTTP"

    def __post_init__(self) -> None:
        if "?" in self.path:
            msgspec.structs.force_setattr(self, "path", redact.without_query(self.path))


class TcpSocket(Part, frozen=True, kw_only=True):
    port: int | str = 0


class Grpc(Part, frozen=True, kw_only=True):
    port: int = 0


class ExecAction(Part, frozen=True, kw_only=True):
    """A command probe. The command itself may hold a secret and is not read."""


class Probe(Part, frozen=True, kw_only=True):
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    grpc: Grpc | None = None
    exec: ExecAction | None = None
    period_seconds: int = 10
    timeout_seconds: int = 1


class ConfiguredAddress(Part, frozen=True, kw_only=True):
    """An address in a configuration. The value it stands in is not kept."""

    where: str = ""
    """A variable, a key of a ConfigMap, or ``command`` and ``args``."""
    host: str = ""
    port: int = 0
    """0 where none is written."""


class ConfigMapKey(Part, frozen=True, kw_only=True):
    name: str = ""
    key: str = ""
    variable: str = ""
    """That takes its value from there."""


class EnvSource(Part, frozen=True, kw_only=True):
    config_map_key_ref: ConfigMapKey | None = None


class EnvVar(Part, frozen=True, kw_only=True):
    """Decoded, and reduced to its address at once."""

    name: str = ""
    value: str = ""
    value_from: EnvSource = EnvSource()


class ConfigMapRef(Part, frozen=True, kw_only=True):
    name: str = ""


class EnvFrom(Part, frozen=True, kw_only=True):
    config_map_ref: ConfigMapRef = ConfigMapRef()


class Lifecycle(Part, frozen=True, kw_only=True):
    pre_stop: ExecAction | None = None
    """Its command or request is not read."""


class Container(Part, frozen=True, kw_only=True):
    """Of environment, command and arguments only the addresses are kept, see :mod:`bot.cluster.addresses`."""

    name: str = ""
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    readiness_probe: Probe | None = None
    lifecycle: Lifecycle = Lifecycle()
    addresses: tuple[ConfiguredAddress, ...] = ()
    config_maps: tuple[str, ...] = ()
    """Names of those that become environment as a whole."""
    config_map_keys: tuple[ConfigMapKey, ...] = ()
    dns_overrides: tuple[str, ...] = ()
    """Arguments of dnsmasq that give a name an answer of its own."""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.env or self.env_from or self.command or self.args):
            return
        environment = addresses.of_environment({item.name: item.value for item in self.env if item.value})
        found = [ConfiguredAddress(where=name, host=host, port=port) for name, host, port in environment]
        for where, words in (("command", self.command), ("args", self.args)):
            texts = dict.fromkeys(address for word in words for address in addresses.of_text(word))
            found += [ConfiguredAddress(where=where, host=host, port=port) for host, port in texts]
        refs = ((item.name, item.value_from.config_map_key_ref) for item in self.env)
        keys = [ConfigMapKey(name=ref.name, key=ref.key, variable=name) for name, ref in refs if ref]
        names = [item.config_map_ref.name for item in self.env_from if item.config_map_ref.name]
        set_field = msgspec.structs.force_setattr
        set_field(self, "addresses", (*self.addresses, *found)[: addresses.MOST])
        set_field(self, "config_map_keys", (*self.config_map_keys, *keys))
        set_field(self, "config_maps", (*self.config_maps, *names))
        set_field(self, "dns_overrides", self.dns_overrides or corefile.dnsmasq((*self.command, *self.args)))
        for field in ("env", "env_from", "command", "args"):
            set_field(self, field, ())


class VolumeProjection(Part, frozen=True, kw_only=True):
    config_map: ConfigMapRef = ConfigMapRef()


class Projected(Part, frozen=True, kw_only=True):
    sources: tuple[VolumeProjection, ...] = ()


class Volume(Part, frozen=True, kw_only=True):
    """Only those that hold a ConfigMap say anything."""

    config_map: ConfigMapRef = ConfigMapRef()
    projected: Projected = Projected()

    @property
    def config_maps(self) -> tuple[str, ...]:
        """Names of the ConfigMaps in it."""
        sources = (self.config_map, *(source.config_map for source in self.projected.sources))
        return tuple(source.name for source in sources if source.name)


class Sysctl(Part, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class SecurityContext(Part, frozen=True, kw_only=True):
    sysctls: tuple[Sysctl, ...] = ()


class DnsOption(Part, frozen=True, kw_only=True):
    name: str = ""
    value: str = ""


class DnsConfig(Part, frozen=True, kw_only=True):
    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[DnsOption, ...] = ()


class HostAlias(Part, frozen=True, kw_only=True):
    hostnames: tuple[str, ...] = ()


class PodSpec(Part, frozen=True, kw_only=True):
    node_name: str = ""
    host_network: bool = False
    dns_policy: str = "ClusterFirst"
    dns_config: DnsConfig = DnsConfig()
    host_aliases: tuple[HostAlias, ...] = ()
    service_account_name: str = ""
    containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    security_context: SecurityContext = SecurityContext()

    def __post_init__(self) -> None:
        if self.volumes:
            kept = tuple(volume for volume in self.volumes if volume.config_maps)
            msgspec.structs.force_setattr(self, "volumes", kept)


class Waiting(Part, frozen=True, kw_only=True):
    reason: str = ""


class Terminated(Part, frozen=True, kw_only=True):
    reason: str = ""
    exit_code: int = 0
    finished_at: str = ""


class Running(Part, frozen=True, kw_only=True):
    started_at: str = ""


class ContainerState(Part, frozen=True, kw_only=True):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True, kw_only=True):
    name: str = ""
    ready: bool = False
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class Condition(Part, frozen=True, kw_only=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    last_transition_time: str = ""
    last_update_time: str = ""


class PodIp(Part, frozen=True, kw_only=True):
    ip: str = ""


class PodStatus(Part, frozen=True, kw_only=True):
    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIp, ...] = msgspec.field(default=(), name="podIPs")
    host_ip: str = msgspec.field(default="", name="hostIP")
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "pods")

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """The Pod's Ready condition."""
        return any(c.type == "Ready" and c.status == "True" for c in self.status.conditions)

    @property
    def config_maps(self) -> tuple[str, ...]:
        """Names of the ConfigMaps it uses, each once: as environment, by key, as files."""
        containers = self.spec.containers
        whole = [name for container in containers for name in container.config_maps]
        by_key = [ref.name for container in containers for ref in container.config_map_keys]
        mounted = [name for volume in self.spec.volumes for name in volume.config_maps]
        return tuple(dict.fromkeys((*whole, *by_key, *mounted)))

    @property
    def alive(self) -> bool:
        """Neither ended nor on its way out."""
        return not self.metadata.deletion_timestamp and self.status.phase not in ("Succeeded", "Failed")


# Workloads ------------------------------------------------------------------------------------------------------------


class TemplateMeta(Part, frozen=True, kw_only=True):
    labels: dict[str, str] = {}


class TemplateSpec(Part, frozen=True, kw_only=True):
    host_network: bool = False
    service_account_name: str = ""
    containers: tuple[Container, ...] = ()


class PodTemplate(Part, frozen=True, kw_only=True):
    metadata: TemplateMeta = TemplateMeta()
    spec: TemplateSpec = TemplateSpec()


class RollingUpdate(Part, frozen=True, kw_only=True):
    max_unavailable: int | str = "25%"
    max_surge: int | str = "25%"


class Strategy(Part, frozen=True, kw_only=True):
    type: str = "RollingUpdate"
    rolling_update: RollingUpdate = RollingUpdate()


class WorkloadSpec(Part, frozen=True, kw_only=True):
    # apps/v1: a Deployment without replicas has one.
    replicas: int = 1
    selector: LabelSelector = LabelSelector()
    template: PodTemplate = PodTemplate()
    strategy: Strategy = Strategy()
    """Of a Deployment."""


class WorkloadStatus(Part, frozen=True, kw_only=True):
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("apps", ("v1",), "deployments")

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class StatefulSet(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("apps", ("v1",), "statefulsets")

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class DaemonSetStatus(Part, frozen=True, kw_only=True):
    desired_number_scheduled: int = 0
    number_ready: int = 0


class DaemonSet(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("apps", ("v1",), "daemonsets")

    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()


# The rest -------------------------------------------------------------------------------------------------------------


class Namespace(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "namespaces", namespaced=False)


class NodeSpec(Part, frozen=True, kw_only=True):
    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] = msgspec.field(default=(), name="podCIDRs")
    unschedulable: bool = False


class NodeAddress(Part, frozen=True, kw_only=True):
    type: str = ""
    address: str = ""


class NodeInfo(Part, frozen=True, kw_only=True):
    kernel_version: str = ""
    kubelet_version: str = ""
    container_runtime_version: str = ""


class NodeStatus(Part, frozen=True, kw_only=True):
    conditions: tuple[Condition, ...] = ()
    addresses: tuple[NodeAddress, ...] = ()
    node_info: NodeInfo = NodeInfo()


class Node(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "nodes", namespaced=False)

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class InvolvedObject(Part, frozen=True, kw_only=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""


class Event(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("", ("v1",), "events")

    involved_object: InvolvedObject = InvolvedObject()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int = 0
    last_timestamp: str = ""
    event_time: str = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "message", redact.message(self.message))


class IpBlock(Part, frozen=True, kw_only=True):
    cidr: str = ""
    except_: tuple[str, ...] = msgspec.field(default=(), name="except")


class PolicyPeer(Part, frozen=True, kw_only=True):
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IpBlock | None = None


class PolicyPort(Part, frozen=True, kw_only=True):
    protocol: str = "TCP"
    port: int | str | None = None
    end_port: int | None = None


class IngressRule(Part, frozen=True, kw_only=True):
    from_: tuple[PolicyPeer, ...] = msgspec.field(default=(), name="from")
    ports: tuple[PolicyPort, ...] = ()


class EgressRule(Part, frozen=True, kw_only=True):
    to: tuple[PolicyPeer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


class NetworkPolicySpec(Part, frozen=True, kw_only=True):
    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[str, ...] = ()
    ingress: tuple[IngressRule, ...] = ()
    egress: tuple[EgressRule, ...] = ()


class NetworkPolicy(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("networking.k8s.io", ("v1",), "networkpolicies")

    spec: NetworkPolicySpec = NetworkPolicySpec()


class IngressServicePort(Part, frozen=True, kw_only=True):
    name: str = ""
    number: int = 0


class IngressServiceBackend(Part, frozen=True, kw_only=True):
    name: str = ""
    port: IngressServicePort = IngressServicePort()


class IngressBackend(Part, frozen=True, kw_only=True):
    service: IngressServiceBackend = IngressServiceBackend()


class IngressPath(Part, frozen=True, kw_only=True):
    path: str = ""
    path_type: str = ""
    backend: IngressBackend = IngressBackend()


class IngressHttp(Part, frozen=True, kw_only=True):
    paths: tuple[IngressPath, ...] = ()


class IngressHostRule(Part, frozen=True, kw_only=True):
    host: str = ""
    http: IngressHttp = IngressHttp()


class IngressSpec(Part, frozen=True, kw_only=True):
    ingress_class_name: str = ""
    default_backend: IngressBackend = IngressBackend()
    rules: tuple[IngressHostRule, ...] = ()


class AnnotatedMeta(Meta, frozen=True, kw_only=True):
    """Decoded with all annotations; the object takes from them what it keeps, and drops them at once."""

    def __post_init__(self) -> None:
        """Keep them until the object has looked."""


class Applied(Part, frozen=True, kw_only=True):
    """What was last applied, as far as an Ingress keeps it."""

    spec: IngressSpec = IngressSpec()


class Ingress(Object, frozen=True, kw_only=True):
    """Of its annotations the class is kept, and the rules that were last applied."""

    resource: ClassVar[Resource] = Resource("networking.k8s.io", ("v1",), "ingresses")

    metadata: AnnotatedMeta = AnnotatedMeta()
    spec: IngressSpec = IngressSpec()
    status: ExternalStatus = ExternalStatus()
    annotated_class: str = ""
    """That of the annotation kubernetes.io/ingress.class, which controllers match by themselves."""
    applied_rules: tuple[IngressHostRule, ...] = ()
    """The rules as ``kubectl apply`` last wrote them; empty where it never did."""

    def __post_init__(self) -> None:
        if not self.metadata.annotations:
            return
        said, set_field = self.metadata.annotations, msgspec.structs.force_setattr
        set_field(self, "annotated_class", redact.object_name(said.get("kubernetes.io/ingress.class", "")))
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            text = said.get("kubectl.kubernetes.io/last-applied-configuration", "")
            set_field(self, "applied_rules", msgspec.json.decode(text, type=Applied).spec.rules)
        set_field(self.metadata, "annotations", {})


class IngressClassSpec(Part, frozen=True, kw_only=True):
    controller: str = ""


class IngressClass(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource("networking.k8s.io", ("v1",), "ingressclasses", namespaced=False)

    metadata: AnnotatedMeta = AnnotatedMeta()
    spec: IngressClassSpec = IngressClassSpec()
    is_default: bool = False

    def __post_init__(self) -> None:
        said = self.metadata.annotations
        if said:
            default = said.get("ingressclass.kubernetes.io/is-default-class") == "true"
            msgspec.structs.force_setattr(self, "is_default", default)
            msgspec.structs.force_setattr(self.metadata, "annotations", {})


class ConfiguredRoute(Part, frozen=True, kw_only=True):
    """A path of URLs, and where a gateway sends it."""

    where: str = ""
    """The key of the ConfigMap."""
    path: str = ""
    host: str = ""
    port: int = 0
    """0 where none is written."""


class ConfigMap(Object, frozen=True, kw_only=True):
    """Kept are known settings of kube-proxy and of CNIs; of any other, the addresses in it."""

    resource: ClassVar[Resource] = Resource("", ("v1",), "configmaps")

    data: dict[str, str] = {}
    addresses: tuple[ConfiguredAddress, ...] = ()
    routes: tuple[ConfiguredRoute, ...] = ()

    def __post_init__(self) -> None:
        if self.data and self.metadata.name not in redact.CONFIG_MAPS:
            found = addresses.of_environment(self.data)
            kept = (ConfiguredAddress(where=key, host=host, port=port) for key, host, port in found)
            msgspec.structs.force_setattr(self, "addresses", (*self.addresses, *kept)[: addresses.MOST])
            ways = (
                ConfiguredRoute(where=key, path=path, host=host, port=port)
                for key, (path, host, port) in routes.of_settings(self.data)
            )
            msgspec.structs.force_setattr(self, "routes", (*self.routes, *ways)[: routes.MOST])
        msgspec.structs.force_setattr(self, "data", redact.settings(self.metadata.name, self.data))


class WebhookService(Part, frozen=True, kw_only=True):
    namespace: str = ""
    name: str = ""
    port: int = 443


class WebhookClient(Part, frozen=True, kw_only=True):
    """Whom the API server calls. Of its certificates only whether there are any is kept."""

    service: WebhookService | None = None
    ca_bundle: str = ""
    has_ca_bundle: bool = False

    def __post_init__(self) -> None:
        if self.ca_bundle:
            msgspec.structs.force_setattr(self, "has_ca_bundle", True)
            msgspec.structs.force_setattr(self, "ca_bundle", "")


class Webhook(Part, frozen=True, kw_only=True):
    name: str = ""
    client_config: WebhookClient = WebhookClient()
    # admissionregistration/v1: a webhook that cannot be called refuses by default.
    failure_policy: str = "Fail"
    timeout_seconds: int = 10


class ValidatingWebhookConfiguration(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(
        "admissionregistration.k8s.io", ("v1",), "validatingwebhookconfigurations", namespaced=False
    )

    webhooks: tuple[Webhook, ...] = ()


class MutatingWebhookConfiguration(Object, frozen=True, kw_only=True):
    resource: ClassVar[Resource] = Resource(
        "admissionregistration.k8s.io", ("v1",), "mutatingwebhookconfigurations", namespaced=False
    )

    webhooks: tuple[Webhook, ...] = ()


OBJECT_TYPES: tuple[type[Object], ...] = (
    ConfigMap,
    DaemonSet,
    Deployment,
    EndpointSlice,
    Event,
    Ingress,
    IngressClass,
    MutatingWebhookConfiguration,
    Namespace,
    NetworkPolicy,
    Node,
    Pod,
    Service,
    StatefulSet,
    ValidatingWebhookConfiguration,
)
