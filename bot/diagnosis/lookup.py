"""Looking up what a word means in a cluster: namespaces, objects, addresses, hosts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.cluster.objects import EndpointSlice, Ingress, Node, Pod, Service
from bot.diagnosis.gateways import ROUTE_KINDS, at_gateway, every_route, routes_for, serves
from bot.diagnosis.hosts import OutsideTarget, called_host
from bot.diagnosis.ingresses import claim_the_same, closest
from bot.diagnosis.inventory import Home, Inventory, subject_of
from bot.diagnosis.names import Fit, best, tokens_of
from bot.diagnosis.tokens import NOTHING, Mention, address_in, is_host_name
from bot.diagnosis.vocabulary import Vocabulary
from bot.facts.scope import Subject
from bot.probes.misspelling import is_misspelt
from bot.probes.reading import SYSTEM_NAMESPACE, is_dns

GENERATED = re.compile(r"^(?P<owner>.+?)-(?:[0-9a-f]{6,10}-)?[bcdfghjklmnpqrstvwxz2456789]{5}$")
"""Names of Pods: the owner's, a hash, five letters that spell nothing (apimachinery, util/rand)."""
OUTSIDE = "OutsideHost"
DNS = "kube-dns"
BALANCER_DOMAIN = ".elb.amazonaws.com"
SERVICE_LABEL = "kubernetes.io/service-name"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a word means: nothing, one object, or several that fit it equally well."""

    mention: Mention = NOTHING
    subjects: tuple[Subject, ...] = ()
    fit: Fit | None = None
    port: int = 0
    """Where to, at a place outside."""
    together: bool = False
    """All of them are meant: they claim the very same."""


@dataclass
class Lookup:
    """Looks words up, each once."""

    inventory: Inventory
    vocabulary: Vocabulary
    outside_targets: Sequence[OutsideTarget] = ()
    chosen: Mapping[str, Subject] = field(default_factory=dict)

    async def find(self, mention: Mention, *, namespace: str, strictly: bool, worst: Fit) -> Found:
        """Return what a name means.

        Args:
            mention: The name.
            namespace: Where to look first; empty if none is known.
            strictly: Look nowhere else.
            worst: The worst fit that counts.
        """
        place = self.answered(mention) or self.outside(mention, worst=Fit.SAME)
        if place:
            return place
        if mention.address:
            return await self.at_address(mention, namespace)
        if is_host_name(mention.name) and not mention.namespace:
            return await self.host(mention, namespace)
        if is_host_name(mention.name) and (entrance := await self.entrance(mention, namespace)):
            return entrance
        found = await self.named(mention, namespace=namespace, strictly=strictly, worst=worst)
        if found.subjects:
            return found
        return self.outside(mention, worst=worst) or await self.shortened(mention, namespace) or found

    def answered(self, mention: Mention) -> Found | None:
        """Return the object that was chosen for a word before."""
        subject = self.chosen.get(mention.text)
        if subject is None:
            return None
        port = next((target.port for target in self.outside_targets if target.host == subject.name), 0)
        return Found(mention=mention, subjects=(subject,), fit=Fit.EXACT, port=mention.port or port)

    def outside(self, mention: Mention, *, worst: Fit) -> Found | None:
        """Return the configured place outside that a name means."""
        fit, places = best(
            mention.name, ((target.name.casefold(), target) for target in self.outside_targets), worst=worst
        )
        if not places:
            return None
        hosts = {mention.address or place.host: mention.port or place.port for place in places}
        subjects = tuple(Subject(OUTSIDE, "", host) for host in hosts)
        return Found(mention=mention, subjects=subjects, fit=fit, port=next(iter(hosts.values())))

    async def shortened(self, mention: Mention, namespace: str) -> Found | None:
        """Return the host outside that a word is short for in a namespace."""
        if not namespace or mention.kind:
            return None
        place = called_host(mention.name, (await self.inventory.home(namespace)).pods)
        if place is None:
            return None
        host, port = place
        subject = Subject(OUTSIDE, "", host)
        return Found(mention=mention, subjects=(subject,), fit=Fit.EXACT, port=mention.port or port)

    async def named(self, mention: Mention, *, namespace: str, strictly: bool, worst: Fit) -> Found:
        """Return the object of a name: in the namespace, else a Node, else, unless strictly, wherever it is."""
        if mention.kind == "Node":
            return await self.node(mention, worst)
        if mention.kind == "Ingress" or mention.kind in ROUTE_KINDS:
            return await self.way_in(mention, namespace, worst)
        here = self.among(mention, await self.inventory.home(namespace), worst) if namespace else Found()
        if not here.subjects:
            here = await (
                self.dns_service(mention) if mention.name == DNS else self.node(mention, min(worst, Fit.SAME))
            )
        if here.subjects or (namespace and strictly):
            return here
        exact = self.among(mention, await self.inventory.called(mention.name), Fit.EXACT)
        if not namespace:
            return exact if exact.subjects else await self.anywhere(mention, worst)
        # Of a name that is not where it was looked for, only a single one elsewhere is likely to be meant.
        return exact if len(exact.subjects) == 1 else Found(mention=mention)

    async def anywhere(self, mention: Mention, worst: Fit) -> Found:
        """Return the object of a name that is not spelled so anywhere: objects, else Nodes, else namespaces."""
        everything, nodes, namespaces = await asyncio.gather(
            self.inventory.everywhere(), self.node(mention, worst), self.inventory.namespaces()
        )
        fit, names = best(mention.name, ((name, name) for name in namespaces), worst=worst)
        spaces = Found(mention=mention, subjects=tuple(Subject("Namespace", "", name) for name in names), fit=fit)
        found = [f for f in (self.among(mention, everything, worst), nodes, spaces) if f.fit is not None]
        return min(found, key=lambda f: f.fit or 0, default=Found(mention=mention))

    def among(self, mention: Mention, home: Home, worst: Fit) -> Found:
        """Return the objects of a home that a name fits best, those of its kind before others."""
        kinds = [mention.kind, ""] if mention.kind else [""]
        for kind in kinds:
            for name, least in forms(mention, worst):
                named = ((key[1], subject) for key, subject in home.by_name(kind).items())
                # Pods are many and alike: they are found by their very name, or else through their owner.
                named = ((n, s) for n, s in named if s.kind != "Pod" or n == name or kind == "Pod")
                limit = Fit.SAME if kind == "Pod" else least
                fit, subjects = best(name, named, worst=limit)
                if subjects:
                    return Found(mention=mention, subjects=tuple(subjects), fit=fit)
        return Found(mention=mention)

    async def node(self, mention: Mention, worst: Fit) -> Found:
        """Return the Node of a name."""
        answered = self.answered(mention)
        if answered:
            return answered
        nodes = await self.inventory.nodes()
        fit, names = best(mention.name, ((node.metadata.name, node.metadata.name) for node in nodes), worst=worst)
        return Found(mention=mention, subjects=tuple(Subject("Node", "", name) for name in names), fit=fit)

    async def dns_service(self, mention: Mention) -> Found:
        """Return the Service that Pods ask for names, whatever it is called."""
        services = [item for item in await self.inventory.read(Service, namespace=SYSTEM_NAMESPACE) if is_dns(item)]
        return Found(mention=mention, subjects=tuple(map(subject_of, services[:1])), fit=Fit.EXACT)

    async def way_in(self, mention: Mention, namespace: str, worst: Fit) -> Found:
        """Return the Ingress of a name, or the route of the Gateway API."""
        if mention.kind == "Ingress":
            every = [subject_of(item) for item in await self.inventory.read(Ingress, namespace=namespace)]
        else:
            routes = await every_route(self.inventory, namespace)
            every = [subject for subject in map(subject_of, routes) if subject.kind == mention.kind]
        fit, found = best(mention.name, ((subject.name, subject) for subject in every), worst=worst)
        return Found(mention=mention, subjects=tuple(found), fit=fit)

    async def host(self, mention: Mention, place: str) -> Found:
        """Return what a name with dots is: a Service with its namespace, a Node, an Ingress' host, a host outside."""
        *before, service, namespace = mention.name.split(".")
        if await self.inventory.has_namespace(namespace):
            inside = Mention(text=mention.text, name=service, namespace=namespace, certain=True)
            found = self.among(inside, await self.inventory.home(namespace), Fit.EXACT if before else Fit.FUZZY)
            if found.subjects or not before:
                return Found(mention=mention, subjects=found.subjects, fit=found.fit)
        node = await self.node(mention, Fit.EXACT)
        if node.subjects:
            return node
        outside = Found(
            mention=mention, subjects=(Subject(OUTSIDE, "", mention.name),), fit=Fit.EXACT, port=mention.port
        )
        return await self.entrance(mention, place) or outside

    async def entrance(self, mention: Mention, place: str) -> Found | None:
        """Return where the cluster takes requests for a host; an Ingress that has it misspelt if nothing else does."""
        ingresses = closest(await self.ingresses(mention.name, place), mention.name, mention.path)
        if ingresses:
            subjects = tuple(map(subject_of, ingresses))
            together = claim_the_same(ingresses, mention.path)
            return Found(mention=mention, subjects=subjects, fit=Fit.EXACT, port=mention.port, together=together)
        subjects = await routes_for(self.inventory, mention.name) or await self.balanced(mention.name)
        if subjects:
            return Found(mention=mention, subjects=subjects, fit=Fit.EXACT, port=mention.port)
        misspelt = await self.misspelt(mention.name, place)
        return Found(mention=mention, subjects=misspelt, fit=Fit.FUZZY, port=mention.port) if misspelt else None

    async def ingresses(self, host: str, namespace: str) -> list[Ingress]:
        """Return the Ingresses with a rule for a host, those of the namespace before others."""
        for place in dict.fromkeys((namespace, "")):
            every = await self.inventory.read(Ingress, namespace=place)
            found = [item for item in every if any(serves(rule.host, host) for rule in item.spec.rules)]
            if found:
                return found
        return []

    async def misspelt(self, host: str, namespace: str) -> tuple[Subject, ...]:
        """Return the one Ingress with a rule for a host that is written almost so, in the namespace before others."""
        for place in dict.fromkeys((namespace, "")):
            every = await self.inventory.read(Ingress, namespace=place)
            found = [item for item in every if any(is_misspelt(rule.host, host) for rule in item.spec.rules)]
            if found:
                return tuple(map(subject_of, found)) if len(found) == 1 else ()
        return ()

    async def balanced(self, host: str) -> tuple[Subject, ...]:
        """Return the Services whose load balancer has a host name, as those of one provider have."""
        if not host.endswith(BALANCER_DOMAIN):
            return ()
        services = await self.inventory.read(Service)
        return tuple(subject_of(service) for service in services if host in entry_addresses(service))

    async def at_address(self, mention: Mention, namespace: str) -> Found:
        """Return what has an IP address: a Node, a Service, a Pod, an endpoint; else a host outside."""
        address = mention.address
        nodes, services, pods = await asyncio.gather(
            self.inventory.nodes(),
            self.inventory.read(Service),
            self.inventory.read(Pod, fields=f"status.podIP={address}"),
        )
        found: Iterable[Subject] = (
            *(subject_of(node) for node in nodes if has_address(node, address)),
            *(subject_of(service) for service in services if address_in(service.spec.cluster_ip) == address),
            *(subject_of(service) for service in services if address in entry_addresses(service)),
            *(subject_of(pod) for pod in pods if pod.alive and not pod.spec.host_network),
        )
        subjects = tuple(found) or tuple(await self.endpoint(address, namespace))
        subjects = subjects or await at_gateway(self.inventory, address) or (Subject(OUTSIDE, "", address),)
        return Found(mention=mention, subjects=subjects[:1], fit=Fit.EXACT, port=mention.port)

    async def endpoint(self, address: str, namespace: str) -> Iterable[Subject]:
        """Return the Services that list an address as their endpoint."""
        slices = await self.inventory.read(EndpointSlice, namespace=namespace)
        return dict.fromkeys(
            Subject("Service", item.metadata.namespace, item.metadata.labels[SERVICE_LABEL])
            for item in slices
            if SERVICE_LABEL in item.metadata.labels
            and any(address_in(a) == address for endpoint in item.endpoints for a in endpoint.addresses)
        )

    async def namespace(self, text: str, *, guessed: bool) -> tuple[str, tuple[str, ...]]:
        """Return the namespace a word means, or the several it may mean."""
        if text in self.chosen:
            return self.chosen[text].name, ()
        exists = await self.inventory.has_namespace(text)
        if exists or (exists is None and (not guessed or await self.inventory.read(Service, namespace=text))):
            return text, ()
        names = await self.inventory.namespaces()
        _, close = best(text, ((name, name) for name in names))
        if len(close) == 1:
            return close[0], ()
        return "", tuple(close if close or guessed else names)


def forms(mention: Mention, worst: Fit) -> Iterable[tuple[str, Fit]]:
    """Yield the names a mention may mean, each with the worst fit that counts for it."""
    yield mention.name, worst
    generated = GENERATED.match(mention.name)
    if generated:
        yield generated["owner"], Fit.EXACT
    words = mention.text.split()
    if len(words) > 1 and tokens_of(mention.name) == tokens_of(" ".join(words)):
        for word in reversed(words):
            yield word.lower(), Fit.EXACT


def entry_addresses(service: Service) -> set[str]:
    """Return where a Service is reached from outside: the addresses and names of its load balancer, externalIPs."""
    given = {part for item in service.status.load_balancer.ingress for part in (item.ip, item.hostname)}
    return {address_in(part) or part for part in (*given, *service.spec.external_ips) if part}


def has_address(node: Node, address: str) -> bool:
    """Tell whether an address is one of a Node."""
    return any(address_in(item.address) == address for item in node.status.addresses)
