"""From the words of a symptom to the one cause, where NetworkPolicies, Ingresses and Nodes' ports are to blame."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cluster.manifests import from_manifests
from bot.diagnosis.diagnose import Diagnose
from bot.diagnosis.report import Diagnosis
from bot.diagnosis.residency import Residency
from bot.engine.book import RuleBook
from bot.engine.plain import PlainEngine
from bot.engine.rules import load
from bot.probes import PROBES
from tests.probes.manifests import Manifest, deployment, manifest, pod, service
from tests.probes.test_external import on
from tests.probes.test_ingress import backend, ingress, ingress_class
from tests.probes.test_policy import labels, policy
from tests.probes.test_policy_flow import egress

RULES = Path(__file__).parent.parent / "rules"


def app(name: str, *, node: str = "node1", ip: str, **more: str) -> list[Manifest]:
    """A Deployment with one Pod, its Service and its endpoint."""
    made = pod(
        f"{name}-6d9f7c8b5-bbbbb",
        labels={"app": name, "pod-template-hash": "6d9f7c8b5", **more},
        owner=("ReplicaSet", f"{name}-6d9f7c8b5"),
        node=node,
        ip=ip,
        containers=[{"name": name, "ports": [{"containerPort": 8080}]}],
    )
    slice_ = {
        **manifest("EndpointSlice", f"{name}-1", labels={"kubernetes.io/service-name": name}),
        "endpoints": [{"addresses": [ip], "conditions": {"ready": True}, "nodeName": node}],
        "ports": [{"port": 8080, "protocol": "TCP"}],
    }
    return [deployment(name), service(name, ports=[{"port": 80, "targetPort": 8080}]), made, slice_]


def dns() -> list[Manifest]:
    label = {"k8s-app": "kube-dns"}
    ports = [{"port": 53, "protocol": "UDP", "name": "dns"}, {"port": 53, "protocol": "TCP", "name": "dns-tcp"}]
    slice_ = {
        **manifest("EndpointSlice", "d", namespace="kube-system", labels={"kubernetes.io/service-name": "kube-dns"}),
        "endpoints": [{"addresses": ["10.244.1.2"], "conditions": {"ready": True}, "nodeName": "node1"}],
        "ports": ports,
    }
    return [
        service("kube-dns", namespace="kube-system", labels=label, selector=label, ports=ports),
        pod("coredns-1", namespace="kube-system", labels=label, ip="10.244.1.2"),
        slice_,
    ]


def node(name: str, region: str = "eu-north-1") -> Manifest:
    made = manifest("Node", name, namespace="", labels={"topology.kubernetes.io/region": region})
    return {**made, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


BASE = [
    node("node1"),
    node("node2", "us-east-1"),
    *(manifest("Namespace", name, namespace="") for name in ("shop", "kube-system")),
    manifest("DaemonSet", "calico-node", namespace="kube-system"),
    *(
        pod(f"calico-node-{name}", namespace="kube-system", owner=("DaemonSet", "calico-node"), node=name)
        for name in ("node1", "node2")
    ),
    *dns(),
    *app("web", ip="10.244.1.7"),
    *app("db", ip="10.244.1.9"),
    *app("till", ip="10.244.2.8", node="node2", tier="frontend"),
]
WALL_NOBODY_MEETS = [*app("vault", ip="10.244.1.11"), policy("vault-wall", pods=labels(app="vault"))]
FRONT = {"/": backend("web"), "/db": backend("db")}


def routed(paths: Mapping[str, Manifest] = FRONT, *, applied: Mapping[str, Manifest] | None = None) -> Manifest:
    before = json.dumps(ingress(paths=applied or paths))
    said = {"kubectl.kubernetes.io/last-applied-configuration": before}
    return ingress("front", paths, ingressClassName="nginx", annotations=said)


def balanced(*ranges: str) -> Manifest:
    ports = [{"port": 80, "targetPort": 8080}]
    made = service(ports=ports, type="LoadBalancer", loadBalancerSourceRanges=list(ranges))
    return {**made, "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.200"}]}}}


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is wrong, in what words, and what is to blame."""

    text: str
    added: Sequence[Manifest] = ()
    cause: str = ""
    subject: str = ""
    told: str = ""
    """Part of the summary or details."""


KEPT_LOCAL = service(
    ports=[{"port": 80, "targetPort": 8080, "nodePort": 30080}], type="NodePort", externalTrafficPolicy="Local"
)
PRICING = pod(
    "pricing", labels={}, containers=[{"name": "main", "ports": [{"containerPort": 8080, "hostPort": 23465}]}]
)
CLAIMED = node("node1")
CLAIMED["status"]["addresses"] = [{"type": "InternalIP", "address": "10.0.0.1"}]
DB_ONLY = {"from": [{"podSelector": labels(app="db")}]}
BACKENDS = {"from": [{"podSelector": labels(tier="backend")}]}
CASES = {
    "nothing is wrong": Case(text="till in shop cannot reach web"),
    "a policy of a Pod that nobody calls": Case(text="till in shop cannot reach web", added=WALL_NOBODY_MEETS),
    "a label that no peer names": Case(
        text="till in shop gets timeouts connecting to web",
        added=[policy("rule", pods=labels(app="web"), ingress=[BACKENDS])],
        cause="network-policy-denies-client",
        subject="NetworkPolicy shop/rule",
        told="tier=frontend",
    ),
    "an empty podSelector, and somebody is named": Case(
        text="till cannot reach web in shop any more",
        added=[policy("rule", ingress=[DB_ONLY])],
        cause="network-policy-denies-client",
        subject="NetworkPolicy shop/rule",
        told="all Pods",
    ),
    "an empty podSelector, and nobody is named": Case(
        text="Everything in namespace shop became isolated",
        added=[policy("rule", ingress=[DB_ONLY])],
        cause="network-policy-isolates-namespace",
        subject="NetworkPolicy shop/rule",
        told="empty podSelector",
    ),
    "egress denied, names fail": Case(
        text="why can the pod till in shop not resolve any name?",
        added=[egress("rule")],
        cause="network-policy-blocks-dns",
        subject="NetworkPolicy shop/rule",
        told="UDP port 53",
    ),
    "egress denied in a namespace whose names fail": Case(
        text="DNS does not work in namespace shop",
        added=[egress("rule")],
        cause="network-policy-blocks-dns",
        subject="NetworkPolicy shop/rule",
    ),
    "egress of the one in the middle denied": Case(
        text="till in shop cannot reach web; db still reaches till",
        added=[egress("rule", pods=labels(app="till"))],
        cause="network-policy-denies-egress",
        subject="NetworkPolicy shop/rule",
        told="egress",
    ),
    "egress to others only": Case(
        text="till in shop cannot reach web",
        added=[
            egress(
                "rule",
                pods=labels(app="till"),
                rules=[
                    {"to": [{"podSelector": labels(app="db")}]},
                    {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
                ],
            )
        ],
        cause="network-policy-egress-misses-target",
        subject="NetworkPolicy shop/rule",
        told="app=db",
    ),
    "the Service's port instead of the Pods'": Case(
        text="till in shop cannot reach web",
        added=[policy("rule", pods=labels(app="web"), ingress=[{"ports": [{"port": 80}]}])],
        cause="network-policy-denies-port",
        subject="NetworkPolicy shop/rule",
        told="TCP 8080",
    ),
    "a class that does not exist": Case(
        text="nobody outside can reach app.example.com, ingress `front` in namespace shop",
        added=[ingress("front", FRONT, ingressClassName="ngnix", address=False), ingress_class()],
        cause="ingress-class-missing",
        subject="Ingress shop/front",
        told="ngnix",
    ),
    "a path to a Service that does not exist": Case(
        text="users get 503 on app.example.com/pay (namespace shop), other paths work",
        added=[routed({**FRONT, "/pay": backend("gone")}), ingress_class()],
        cause="ingress-backend-service-missing",
        subject="Ingress shop/front",
        told="gone",
    ),
    "another path to a Service that does not exist": Case(
        text="app.example.com/db is slow (namespace shop)",
        added=[routed({**FRONT, "/pay": backend("gone")}), ingress_class()],
    ),
    "a path that was changed": Case(
        text="app.example.com/db returns wrong content (namespace shop)",
        added=[routed({"/": backend("web"), "/db": backend("till")}, applied=FRONT), ingress_class()],
        cause="ingress-path-changed",
        subject="Ingress shop/front",
        told="till",
    ),
    "a path that no rule takes": Case(
        text="app.example.com/pay answers 404, its ingress is in shop",
        added=[ingress("front", {"/db": backend("db")}, ingressClassName="nginx"), ingress_class()],
        cause="ingress-path-not-routed",
        subject="Ingress shop/front",
        told="/pay",
    ),
    "a host that is misspelt": Case(
        text="app.example.com gives 404 'no such route', shop. pods are fine, service too",
        added=[ingress("front", FRONT, host="app.exmaple.com", ingressClassName="nginx"), ingress_class()],
        cause="ingress-host-misspelt",
        subject="Ingress shop/front",
        told="app.exmaple.com",
    ),
    "a host that is misspelt, with a path": Case(
        text="404 for all users of https://app.example.com/db since the route was edited (namespace shop)",
        added=[ingress("front", FRONT, host="app.exmaple.com", ingressClassName="nginx"), ingress_class()],
        cause="ingress-host-misspelt",
        subject="Ingress shop/front",
        told="app.example.com",
    ),
    "a hostPort of a Pod on another Node": Case(
        text="port 23465 on node2 closed! pricing is running fine (shop)",
        added=[PRICING],
        cause="host-port-on-other-node",
        subject="Pod shop/pricing",
        told="node2",
    ),
    "a hostPort of a Pod on another Node, and no namespace": Case(
        text="nothing listens on port 23465 of node2, though pricing runs",
        added=[PRICING],
        cause="host-port-on-other-node",
        subject="Pod shop/pricing",
        told="node2",
    ),
    "a nodePort of Pods that admit Pods only": Case(
        text="callers from outside time out on node1:30080, service web in namespace shop",
        added=[
            service(ports=[{"port": 80, "targetPort": 8080, "nodePort": 30080}], type="NodePort"),
            policy("rule", pods=labels(app="web"), ingress=[{"from": [{"podSelector": labels(app="till")}]}]),
        ],
        cause="network-policy-denies-outside",
        subject="NetworkPolicy shop/rule",
        told="Pods app=till",
    ),
    "a nodePort under policy Local": Case(
        text="NodePort 30080 of web (shop) works on node1 and hangs on node2",
        added=[KEPT_LOCAL, on("node1")],
        cause="node-port-without-local-endpoint",
        subject="Service shop/web",
        told="node2",
    ),
    "a Service under policy Local that is called from inside": Case(
        text="till in shop cannot reach web", added=[KEPT_LOCAL, on("node1")]
    ),
    "a Service that claims a Node's address": Case(
        text="till in shop calls node1:23465 and gets pages of db instead of pricing",
        added=[PRICING, CLAIMED, service("db", ports=[{"port": 23465, "targetPort": 8080}], externalIPs=["10.0.0.1"])],
        cause="external-ip-takes-node-port",
        subject="Service shop/db",
        told="Pod shop/pricing",
    ),
    "a Service that claims another address": Case(
        text="till in shop calls node1:23465 and gets pages of db instead of pricing",
        added=[PRICING, CLAIMED, service("db", ports=[{"port": 23465, "targetPort": 8080}], externalIPs=["192.0.2.1"])],
    ),
    "a load balancer that leaves out the Pods": Case(
        text="till in shop lost web at 198.51.100.200",
        added=[balanced("192.0.2.0/24")],
        cause="load-balancer-refuses-pods",
        subject="Service shop/web",
        told="10.244.2.8",
    ),
    "a load balancer that lets them in": Case(
        text="till in shop lost web at 198.51.100.200", added=[balanced("192.0.2.0/24", "10.244.0.0/16")]
    ),
    "a load balancer that is passed by": Case(text="till in shop cannot reach web", added=[balanced("192.0.2.0/24")]),
    "a question about regions": Case(
        text="which region do the pods of till in shop run in",
        cause="pods-outside-region",
        subject="Namespace shop",
        told="us-east-1",
    ),
}


async def diagnosis(case: Case) -> Diagnosis:
    replaced = {(item["kind"], item["metadata"]["name"]): item for item in (*BASE, *case.added)}
    book = RuleBook(load(RULES), PlainEngine())
    residency = Residency(regions={"shop": ("eu-north-1",)})
    found = await Diagnose(book=book, probes=PROBES, residency=residency)(from_manifests(*replaced.values()), case.text)
    assert isinstance(found, Diagnosis)
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_the_words_of_a_symptom_lead_to_its_one_cause(case: Case) -> None:
    found = await diagnosis(case)

    assert [(cause.rule, str(cause.subject)) for cause in found.causes] == (
        [(case.cause, case.subject)] if case.cause else []
    )
    assert all(case.told in f"{cause.summary} {cause.details}" for cause in found.causes)
