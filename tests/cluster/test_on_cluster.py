"""The live adapter on a real API server, and recordings of it."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from bot.cluster import bundle, pages
from bot.cluster import exec as pod_exec
from bot.cluster.cache import CachedCluster
from bot.cluster.connect import connect
from bot.cluster.errors import Forbidden, Malformed, NoHelper, NotFound, TimedOut, Unreachable
from bot.cluster.live import LiveCluster
from bot.cluster.memory import MemoryCluster
from bot.cluster.objects import OBJECT_TYPES, EndpointSlice, Event, Node, Object, Pod, Service
from bot.cluster.port import Cluster
from bot.cluster.snapshot import record
from bot.facts.base import Fact, Reason, Unknown
from bot.facts.history import DropCorrelation
from bot.facts.kubeproxy import KubeProxyMode
from bot.facts.policy import PolicyCount
from bot.facts.scope import Scope, Subject
from bot.facts.ways import NodeTrouble
from bot.probes import PROBES
from tests.testbed import TestBed

pytestmark = pytest.mark.cluster

PROGRAM = """
import sys, time
match sys.argv[1:]:
    case ["answer", *words]: print(*words, end="")
    case ["fail"]: sys.exit("no such request")
    case ["flood"]: sys.stdout.write("x" * 2**21)
    case ["hang"]: print("half", flush=True); time.sleep(60)
    case _: sys.exit(2)  # as the program of a version that has no sessions
"""

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {namespace}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: testbed/nettools:1
        command: [python3, -m, http.server, "8080"]
        env: [{{name: PASSWORD, value: hunter2}}]
        ports: [{{containerPort: 8080, name: http}}]
        readinessProbe: {{httpGet: {{path: "/?token=hunter2", port: http}}, periodSeconds: 1, timeoutSeconds: 10}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: {namespace}}}
spec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: http}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: program, namespace: {namespace}}}
data: {{__main__.py: {program}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: helper, namespace: {namespace}, labels: {{app: helper}}}}
spec:
  containers:
  - name: helper
    image: testbed/nettools:1
    command: [sleep, infinity]
    volumeMounts: [{{name: program, mountPath: /netmedic}}]
  volumes: [{{name: program, configMap: {{name: program}}}}]
  terminationGracePeriodSeconds: 0
---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: reader, namespace: {namespace}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: reader, namespace: {namespace}}}
rules: [{{apiGroups: [""], resources: [pods], verbs: [list]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: reader, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}}
subjects: [{{kind: ServiceAccount, name: reader, namespace: {namespace}}}]
"""


@pytest.fixture(scope="module")
def namespace(test_bed: TestBed) -> Iterator[str]:
    with test_bed.namespace("adapter") as name:
        test_bed.apply(WEB.format(namespace=name, program=yaml.safe_dump(PROGRAM, default_style='"').strip()))
        test_bed.kubectl("rollout", "status", "deployment/web", "-n", name, "--timeout=200s")
        test_bed.kubectl("wait", "pod/helper", "-n", name, "--for=condition=Ready", "--timeout=200s")
        yield name


@pytest.fixture
async def live(test_bed: TestBed, namespace: str) -> AsyncIterator[LiveCluster]:
    async with await connect(
        kubeconfig=test_bed.kubeconfig, helper_namespace=namespace, helper_labels="app=helper"
    ) as cluster:
        yield cluster


def reader_kubeconfig(test_bed: TestBed, namespace: str, folder: Path, *, token: str = "") -> str:
    """A kubeconfig of the ServiceAccount that may list Pods of one namespace and nothing else."""
    if not token:
        account = test_bed.json("get", "serviceaccount", "reader", "-n", namespace)
        secret = test_bed.json("get", "secret", account["secrets"][0]["name"], "-n", namespace)
        token = base64.b64decode(secret["data"]["token"]).decode()
    config = yaml.safe_load(Path(test_bed.kubeconfig).read_text())
    config["users"][0]["user"] = {"token": token}
    path = folder / "reader"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def listed(test_bed: TestBed, of: type[Object]) -> set[tuple[str, str]]:
    """Return what kubectl lists, by namespace and name."""
    items = test_bed.json("get", of.resource.permission, "-n", "kube-system")["items"]
    return {(item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in items}


async def test_every_type_is_read_page_by_page_as_kubectl_lists_it(
    live: LiveCluster, test_bed: TestBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_OBJECTS", 2)
    served = set(test_bed.kubectl("api-resources", "-o", "name").split())
    kinds = [of for of in OBJECT_TYPES if of.resource.permission in served and of is not Event]  # Events come and go
    assert {Pod, Service, EndpointSlice, Node} <= set(kinds)
    for of in kinds:
        before = listed(test_bed, of)
        found = {(item.metadata.namespace, item.metadata.name) for item in await live.list(of, namespace="kube-system")}
        after = listed(test_bed, of)

        assert before & after <= found <= before | after, of.__name__
    assert live.notes == ()


async def test_selectors_are_evaluated_by_the_server_as_they_are_here(live: LiveCluster, namespace: str) -> None:
    pods = await live.list(Pod, namespace=namespace)
    memory = MemoryCluster(pods)
    node = pods[0].spec.node_name

    for labels in ("app=web", "app!=web", "app in (web,x),pod-template-hash", "!pod-template-hash", "app notin (web)"):
        assert await live.list(Pod, namespace=namespace, labels=labels) == await memory.list(Pod, labels=labels)
    for fields in (f"spec.nodeName={node}", "status.phase!=Running", f"metadata.name={pods[0].metadata.name}"):
        assert await live.list(Pod, namespace=namespace, fields=fields) == await memory.list(Pod, fields=fields)


async def test_endpoints_have_their_node_where_only_v1beta1_is_served(live: LiveCluster, namespace: str) -> None:
    [item] = await live.list(EndpointSlice, namespace=namespace, labels="kubernetes.io/service-name=web")

    pods = {pod.metadata.name: pod.spec.node_name for pod in await live.list(Pod, namespace=namespace)}
    assert {end.target_ref.name: end.node_name for end in item.endpoints} == {
        name: node for name, node in pods.items() if name.startswith("web-")
    }


async def test_what_does_not_exist_is_not_found(live: LiveCluster, namespace: str) -> None:
    with pytest.raises(NotFound, match="there is no Service nope in namespace"):
        await live.get(Service, name="nope", namespace=namespace)
    with pytest.raises(NotFound):
        await live.get(EndpointSlice, name="nope", namespace=namespace)
    assert await live.list(Pod, namespace="no-such-namespace") == []
    with pytest.raises(Malformed, match="field label not supported"):
        await live.list(Pod, namespace=namespace, fields="spec.color=red")


async def test_an_identity_that_may_little_is_told_so_and_by_whom(
    test_bed: TestBed, namespace: str, tmp_path: Path
) -> None:
    async with await connect(kubeconfig=reader_kubeconfig(test_bed, namespace, tmp_path)) as cluster:
        allowed = [
            await cluster.may("list", "pods", namespace=namespace),
            await cluster.may("list", "pods"),
            await cluster.may("create", "pods/exec", namespace=namespace),
        ]
        pods = await cluster.list(Pod, namespace=namespace)
        with pytest.raises(Forbidden) as wide:
            await cluster.list(Pod)
        with pytest.raises(Forbidden, match=r"^not allowed to get services web in namespace "):
            await cluster.get(Service, name="web", namespace=namespace)
        with pytest.raises(Forbidden, match="pods/log"):
            await cluster.logs(namespace=namespace, pod="helper")

    assert allowed == [True, False, False]
    assert len(pods) == 3
    assert str(wide.value) == "not allowed to list pods; to check: kubectl auth can-i list pods -A"


async def test_an_exec_that_is_forbidden_says_so(test_bed: TestBed, namespace: str, tmp_path: Path) -> None:
    kubeconfig = reader_kubeconfig(test_bed, namespace, tmp_path)

    async with await connect(kubeconfig=kubeconfig, helper_namespace=namespace, helper_labels="app=helper") as cluster:
        [node] = await cluster.helper_nodes()
        with pytest.raises(Forbidden, match=r"^not allowed to create pods/exec helper in namespace"):
            await cluster.ask_helper(node, ("answer",))


async def test_a_token_that_is_not_accepted_is_unreachable(test_bed: TestBed, namespace: str, tmp_path: Path) -> None:
    kubeconfig = reader_kubeconfig(test_bed, namespace, tmp_path, token="hunter2")

    async with await connect(kubeconfig=kubeconfig) as cluster:
        with pytest.raises(Unreachable, match=r"does not accept the credentials of context testbed \(401\)") as problem:
            await cluster.list(Pod)

    assert "hunter2" not in str(problem.value)


async def test_the_helpers_program_answers_fails_floods_and_hangs(
    live: LiveCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pod_exec, "MAX_ANSWER_BYTES", 2**20)
    [node] = await live.helper_nodes()

    answers = await asyncio.gather(*(live.ask_helper(node, ("answer", "$HOME", f"; {n}")) for n in range(5)))

    assert answers == [f"$HOME ; {n}".encode() for n in range(5)]
    with pytest.raises(Malformed, match=r"/helper: the program ended with status 1: no such request$"):
        await live.ask_helper(node, ("fail",))
    with pytest.raises(Malformed, match="answered more than 1 MiB"):
        await live.ask_helper(node, ("flood",))
    with pytest.raises(TimedOut, match="gave no whole answer within 1 s"):
        await live.ask_helper(node, ("hang",), timeout_seconds=1)
    with pytest.raises(NoHelper, match="no node helper runs on Node nowhere"):
        await live.ask_helper("nowhere", ("answer",))


async def test_kube_proxys_log_says_how_services_are_translated(live: LiveCluster) -> None:
    [pod, *_] = await live.list(Pod, namespace="kube-system", labels="k8s-app=kube-proxy")

    log = await live.logs(namespace="kube-system", pod=pod.metadata.name)

    assert "Using iptables Proxier" in log
    assert "shared_informer" not in log


async def facts_of(cluster: Cluster, scope: Scope, namespace: str) -> list[Fact]:
    """What the API tells of a namespace and of what has none; others may use the rest of the cluster meanwhile."""
    cached = CachedCluster(cluster)
    facts = [fact for probe in PROBES if not probe.helper for fact in await probe.observe(cached, scope)]
    counted = (KubeProxyMode.kind, PolicyCount.kind)
    return [fact for fact in facts if getattr(fact, "namespace", namespace) == namespace and fact.kind not in counted]


OF_TROUBLE = {NodeTrouble.kind, DropCorrelation.kind}
"""There only while something is slow or lost, and a busy machine is slow now and then."""


async def kinds_of(cluster: Cluster, scope: Scope) -> set[tuple[str, str]]:
    """What the helpers' probes give: counters differ from one moment to the next, what is known does not."""
    cached = CachedCluster(cluster)
    facts = [fact for probe in PROBES if probe.helper for fact in await probe.observe(cached, scope)]
    return {
        (fact.of, f"{fact.reason} {fact.subject}") if isinstance(fact, Unknown) else (fact.kind, "")
        for fact in facts
        if fact.kind not in OF_TROUBLE
    }


class Still(CachedCluster):
    """A cluster that is read once, at one time: what goes on between two reads is no difference of a recording."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._now = cluster.now()

    def now(self) -> datetime:
        return self._now


def differing(one: list[Fact], other: list[Fact]) -> list[Fact]:
    """Return the facts that are not in both lists as often: a few lines where two long lists would be shown."""
    return [fact for fact in dict.fromkeys((*one, *other)) if one.count(fact) != other.count(fact)]


async def test_a_bundle_gives_the_facts_that_the_live_cluster_gives(
    test_bed: TestBed, namespace: str, tmp_path: Path
) -> None:
    service = Subject("Service", namespace, "web")
    scopes = [Scope(cluster_wide=True), Scope(namespaces=(namespace,), services=(service,))]
    path = tmp_path / "b.json.gz"
    async with await connect(kubeconfig=test_bed.kubeconfig) as cluster:
        live = Still(cluster)
        bundle.write(await record(live), path)
        recorded = bundle.load(path)
        for scope in scopes:
            told, kinds = await facts_of(live, scope, namespace), await kinds_of(live, scope)

            assert differing(await facts_of(recorded, scope, namespace), told) == []
            assert await kinds_of(recorded, scope) ^ kinds == set()

    assert b"hunter2" not in gzip.decompress(path.read_bytes())


async def test_a_bundle_of_one_namespace_gives_the_same_facts_of_a_service_in_it(
    test_bed: TestBed, namespace: str
) -> None:
    scope = Scope(namespaces=(namespace,), services=(Subject("Service", namespace, "web"),))
    async with await connect(kubeconfig=test_bed.kubeconfig) as cluster:
        live = Still(cluster)
        recorded = (await record(live, namespaces=[namespace])).cluster()
        told = await facts_of(live, scope, namespace)

    found = await facts_of(recorded, scope, namespace)

    # What is looked for in all namespaces is what a recording of one cannot tell, and it says so.
    untold = [fact for fact in found if isinstance(fact, Unknown) and fact.reason is Reason.NOT_RECORDED]
    kinds = {fact.of for fact in untold}
    assert [fact.detail for fact in untold if "of all namespaces were not recorded" not in fact.detail] == []
    assert differing(known(found, kinds), known(told, kinds)) == []


def known(facts: list[Fact], untold: set[str]) -> list[Fact]:
    """Return the facts of other kinds, known or not."""
    return [fact for fact in facts if (fact.of if isinstance(fact, Unknown) else fact.kind) not in untold]


async def test_a_node_is_read(live: LiveCluster, test_bed: TestBed) -> None:
    node = await live.get(Node, name=test_bed.nodes[0])

    assert node.status.node_info.kubelet_version == "v1.20.2"
