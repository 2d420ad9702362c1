"""Istio's policies about the Pods of a symptom."""

from __future__ import annotations

from typing import Any

from bot.cluster.manifests import from_manifests
from bot.facts.mesh import MeshAuthorization, MeshMutualTls
from bot.facts.scope import Scope, Subject
from bot.probes.mesh import mesh_authorization, mesh_mutual_tls
from tests.probes.manifests import WEB, Manifest, facts_of, manifest, pod, service

PROXIED = [{"name": "main"}, {"name": "istio-proxy"}]


def policy(kind: str, name: str, *, namespace: str = "shop", **spec: Any) -> Manifest:
    return {**manifest(kind, name, namespace=namespace), "apiVersion": "security.istio.io/v1", "spec": spec}


async def test_a_policy_that_covers_a_target_is_told_with_what_it_names() -> None:
    rules = [{"to": [{"operation": {"methods": ["GET"], "paths": ["/cart"]}}]}]
    covering = policy("AuthorizationPolicy", "deny", action="DENY", rules=rules)
    beside = policy("AuthorizationPolicy", "other", selector={"matchLabels": {"app": "api"}})
    cluster = from_manifests(service(), pod(), covering, beside)

    assert await facts_of(mesh_authorization, cluster) == [
        MeshAuthorization(
            namespace="shop",
            name="deny",
            action="DENY",
            rules=1,
            what="GET /cart",
            covers="shop/web-1",
            gateway=False,
        )
    ]


async def test_a_policy_of_the_ingress_gateway_concerns_everybody_behind_it() -> None:
    labels = {"istio": "ingressgateway"}
    gateway = pod("istio-ingressgateway-1", namespace="istio-system", labels=labels)
    deny = policy("AuthorizationPolicy", "deny", namespace="istio-system", selector={"matchLabels": labels})
    [found] = await facts_of(mesh_authorization, from_manifests(service(), pod(), gateway, deny))

    assert isinstance(found, MeshAuthorization)
    assert (found.action, found.what, found.gateway) == ("ALLOW", "everything", True)


async def test_the_nearest_policy_decides_about_mutual_tls() -> None:
    mesh = policy("PeerAuthentication", "default", namespace="istio-system", mtls={"mode": "PERMISSIVE"})
    own = policy("PeerAuthentication", "strict", mtls={"mode": "STRICT"})
    client = pod("till-1", labels={"app": "till"})
    cluster = from_manifests(service(), pod(containers=PROXIED), client, mesh, own)
    scope = Scope(namespaces=("shop",), services=WEB.services, clients=(Subject("Pod", "shop", "till-1"),))

    assert await facts_of(mesh_mutual_tls, cluster, scope) == [
        MeshMutualTls(
            namespace="shop",
            name="strict",
            mode="STRICT",
            target_namespace="shop",
            target="web-1",
            target_in_mesh=True,
            client_namespace="shop",
            client="till-1",
            client_in_mesh=False,
        )
    ]


async def test_without_a_mesh_there_is_nothing_to_tell() -> None:
    assert await facts_of(mesh_authorization, from_manifests(service(), pod())) == []
    assert await facts_of(mesh_mutual_tls, from_manifests(service(), pod())) == []
