"""The names that Pods have below a Service: those of a StatefulSet, and by hostname and subdomain."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cluster.objects import Pod, Service, StatefulSet
from bot.cluster.port import Cluster
from bot.facts.headless import GoverningService, PodName
from bot.facts.scope import Scope, Subject, SymptomKind
from bot.probes.addresses import READS
from bot.probes.callers import Callers
from bot.probes.configuration import Setting
from bot.probes.headless import HEADLESS
from bot.probes.probe import CannotTell, probe
from bot.probes.reading import SYSTEM_NAMESPACE, Pods, is_dns, key_of, owner_of, path_of

CORE_DNS = "coredns"


@probe(GoverningService, reads=READS)
async def governing_service(cluster: Cluster, scope: Scope) -> Iterable[GoverningService]:
    """Find the Services that the names of Pods hang on which the symptom's callers use."""
    callers = await Callers.of(cluster, scope)
    homes = dict.fromkeys((*(setting.owner.namespace for _, setting in callers.settings), *scope.namespaces))
    sets = [
        item for home in homes for item in await cluster.list(StatefulSet, namespace=home) if item.spec.service_name
    ]
    used = [(item, names) for item in sets if (names := users_of(item, callers))]
    only_headless = bool(used) and await answers_headless_only(cluster)
    services = {key_of(service): service for home in homes for service in await cluster.list(Service, namespace=home)}
    return [
        fact_of(
            item, services.get((item.metadata.namespace, item.spec.service_name)), names, only_headless=only_headless
        )
        for item, names in used
    ]


@probe(PodName, reads=READS)
async def pod_names(cluster: Cluster, scope: Scope) -> Iterable[PodName]:
    """Find Pods whose hostname is the first part of a name that the symptom's callers use."""
    found: list[PodName] = []
    for name, home, user in await used_names(cluster, scope):
        host, _, rest = name.partition(".")
        service_name, _, place = rest.partition(".")
        namespace = place.partition(".")[0] or home
        if not is_of_cluster(place, home, scope):
            continue  # a host outside is no reason to read a namespace that is called like its domain
        services = {item.metadata.name: item for item in await cluster.list(Service, namespace=namespace)}
        if (service := services.get(service_name)) is None or not is_reached_for(name, service, scope):
            continue
        pods = Pods(await cluster.list(Pod, namespace=namespace))
        behind = {pod.metadata.name for pod in pods.selected_by(service)}
        named = [pod for pod in pods.of(namespace) if pod.spec.hostname == host]
        found += [pod_name_of(name, service, pod, user, selected=pod.metadata.name in behind) for pod in named[:1]]
    return found


def is_of_cluster(place: str, home: str, scope: Scope) -> bool:
    """Tell whether what stands behind a Pod's and a Service's name may be a namespace: ``shop``, ``shop.svc``."""
    namespace, _, rest = place.partition(".")
    return namespace in ("", home, *scope.namespaces) or rest.partition(".")[0] == "svc"


def is_reached_for(name: str, service: Service, scope: Scope) -> bool:
    """Tell whether a name may be what the symptom's callers reach for."""
    if scope.outside_host:
        return name == scope.outside_host
    own = Subject("Service", service.metadata.namespace, service.metadata.name)
    return own in scope.services or not scope.services


async def used_names(cluster: Cluster, scope: Scope) -> list[tuple[str, str, str]]:
    """Return names of two parts or more, the namespace that they are looked up in, and who uses them."""
    found = [(scope.outside_host, home, "the symptom") for home in scope.namespaces if "." in scope.outside_host]
    try:
        settings = (await Callers.of(cluster, scope)).settings
    except CannotTell:  # the symptom names nobody: the name that it says is all there is
        settings = []
    found += [
        (
            setting.host,
            setting.owner.namespace,
            f"{setting.where} of {setting.owner.kind} {setting.owner.namespace}/{setting.owner.name}",
        )
        for role, setting in settings
        if "." in setting.host and (role == "client" or not scope.clients)
    ]
    return list({(name, home): (name, home, user) for name, home, user in reversed(found)}.values())


def pod_name_of(name: str, service: Service, pod: Pod, user: str, *, selected: bool) -> PodName:
    """Return what a Pod says of its name."""
    owner = owner_of(pod)
    return PodName(
        name=name,
        namespace=service.metadata.namespace,
        service=service.metadata.name,
        pod=pod.metadata.name,
        workload=owner.name,
        workload_type=owner.kind,
        hostname=pod.spec.hostname,
        subdomain=pod.spec.subdomain,
        matches=pod.spec.subdomain == service.metadata.name,
        selected=selected,
        used_by=user,
        source=f"{path_of(pod)}, {path_of(service)}",
    )


def users_of(item: StatefulSet, callers: Callers) -> dict[str, str]:
    """Return the names of a StatefulSet's Pods that the symptom is about, with who uses them."""
    if not is_about(item, callers):
        return {}
    scope = callers.scope
    users = [setting for role, setting in callers.settings if role == "client" or not scope.clients]
    named = ((pod_name(setting, item), setting) for setting in users)
    found = {
        name: f"{setting.where} of {setting.owner.kind} {setting.owner.namespace}/{setting.owner.name}"
        for name, setting in named
        if name
    }
    if not found and scope.target_is_pod and scope.kind is SymptomKind.DNS:
        owners = {(pod.namespace, pod.name.rpartition("-")[0]): pod.name for pod in scope.backends}
        pod = owners.get(key_of(item))
        return {f"{pod}.{item.spec.service_name}": "the symptom"} if pod else {}
    return found


def pod_name(setting: Setting, item: StatefulSet) -> str:
    """Return the host of a setting if it is the name of one Pod of a StatefulSet: ``web-0.web``, ``web-0.web.shop``."""
    pod, _, rest = setting.host.partition(".")
    service, _, place = rest.partition(".")
    owner, _, number = pod.rpartition("-")
    home = place.partition(".")[0] or setting.owner.namespace
    meant = (owner, service, home) == (item.metadata.name, item.spec.service_name, item.metadata.namespace)
    return setting.host if meant and number.isdigit() else ""


def is_about(item: StatefulSet, callers: Callers) -> bool:
    """Tell whether a symptom is about names of a StatefulSet's Pods, or says of somebody only that names fail."""
    scope, place = callers.scope, item.metadata.namespace
    own = {Subject("StatefulSet", place, item.metadata.name), Subject("Service", place, item.spec.service_name)}
    complains = scope.kind is SymptomKind.DNS and not scope.clients
    return complains or not callers.targets or bool(own & {*scope.services, *scope.workloads})


async def answers_headless_only(cluster: Cluster) -> bool:
    """Tell whether the cluster's DNS is seen not to be CoreDNS, by the images of its Pods."""
    services = [item for item in await cluster.list(Service, namespace=SYSTEM_NAMESPACE) if is_dns(item)]
    pods = Pods(await cluster.list(Pod, namespace=SYSTEM_NAMESPACE))
    images = [box.image for item in services for pod in pods.selected_by(item) for box in pod.spec.containers]
    return bool(images) and not any(CORE_DNS in image for image in images)


def fact_of(
    item: StatefulSet, service: Service | None, names: dict[str, str], *, only_headless: bool
) -> GoverningService:
    """Return what the names of a StatefulSet's Pods hang on."""
    address = service.spec.cluster_ip if service else ""
    return GoverningService(
        namespace=item.metadata.namespace,
        stateful_set=item.metadata.name,
        service=item.spec.service_name,
        exists=service is not None,
        cluster_ip=address,
        headless=address == HEADLESS,
        only_headless=only_headless,
        pod_name=next(iter(names)),
        used_by=", ".join(dict.fromkeys(names.values())),
        source=f"{path_of(item)}, the Services of its namespace and the settings of its clients",
    )
