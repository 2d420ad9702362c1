"""The chart and the image, installed on a real cluster by the real helm: what a new user does, and what has to hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.engine.rules import load as load_rules
from bot.remediation.playbooks import load as load_playbooks
from bot.remediation.role import roles
from bot.shipped import folder
from tests.e2e.test_from_slack_to_a_fix import CONFIRMED_SECONDS, DIAGNOSED_SECONDS, card_of, said, shop, works
from tests.helm.attack import Identity, Right, identity
from tests.helm.chart import helm
from tests.helm.outside import Outside, slack_outside
from tests.helm.release import IMAGE, NAME, Release, image, prepared
from tests.node.test_visit_on_cluster import SHOW_STATUS
from tests.remediation.test_role import rights as rights_of
from tests.slack.conftest import emulate_url
from tests.slack.edge import ALICE, BOB
from tests.testbed import TestBed

__all__ = ["emulate_url", "shop"]

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(helm() is None, reason="there is no helm; `make chart` fetches it"),
]

VOLUME = "netmedic-install-test"
FOLDER = "/var/lib/netmedic-install-test"
OF_EVERYBODY = {
    ("create", "selfsubjectaccessreviews.authorization.k8s.io"),
    ("create", "selfsubjectrulesreviews.authorization.k8s.io"),
}
"""What ``system:basic-user`` lets everybody ask about themselves."""
ASK_THE_API_SERVER = """
import ssl, urllib.error, urllib.request
try:
    urllib.request.urlopen('https://10.96.0.1/api/v1/pods', timeout=20, context=ssl._create_unverified_context())
except urllib.error.HTTPError as refused:
    print(refused.code)
"""


@pytest.fixture(scope="module")
def volume(test_bed: TestBed) -> Iterator[None]:
    """Give a volume on one Node, as the test cluster makes none by itself."""
    [node, *_] = test_bed.nodes
    test_bed.exec(node, "install", "-d", "-o", "65532", FOLDER)
    place = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    test_bed.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": VOLUME},
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "hostPath": {"path": FOLDER},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [place]}]}},
            },
        }
    )
    try:
        yield
    finally:
        test_bed.kubectl("delete", "persistentvolume", VOLUME, "--wait=false", "--ignore-not-found")
        test_bed.exec(node, "rm", "-rf", FOLDER)


@pytest.fixture(scope="module")
def slack(test_bed: TestBed, emulate_url: str) -> Iterator[Outside]:
    with slack_outside(test_bed, emulate_url) as outside:
        yield outside


@pytest.fixture(scope="module")
def release(test_bed: TestBed, slack: Outside, volume: None) -> Iterator[Release]:
    """The release with its defaults, and what a site has to say itself."""
    with prepared(test_bed) as release:
        release.install(
            image={"repository": IMAGE, "tag": image(test_bed)},
            slack={"existingSecret": "netmedic-slack"},
            settings=settings(slack),
        )
        yield release


def settings(slack: Outside, **more: Any) -> dict[str, Any]:
    # A busy machine takes longer to look at everything.
    return {"approvers": [BOB], "budget_seconds": 120, "slack": {"api_url": f"{slack.edge.url}/api/"}, **more}


def test_the_bot_and_a_helper_on_every_node_are_ready(release: Release) -> None:
    [bot], helpers = release.pods("bot"), release.pods("helper")

    assert {pod["spec"]["nodeName"] for pod in helpers} == set(release.test_bed.nodes)
    assert all(status["ready"] for pod in (bot, *helpers) for status in pod["status"]["containerStatuses"])
    assert all(status["restartCount"] == 0 for pod in (bot, *helpers) for status in pod["status"]["containerStatuses"])


def test_the_image_says_its_version_and_commit(release: Release) -> None:
    [bot] = release.pods("bot")

    assert release.inside(bot, "netmedic", "--version") == "netmedic 0.1.0 (commit test)\n"


def test_helm_test_is_green(release: Release) -> None:
    told = release.helm("test", NAME, "--logs", "--timeout=200s")

    assert "Phase:          Succeeded" in told


def told(release: Release, slack: Outside, text: str, *, seconds: float) -> None:
    """Wait until the bot has said something."""
    try:
        slack.run(said(slack.edge, text, seconds=seconds))
    except TimeoutError:
        calls = "\n".join(str(call.arguments)[:2000] for call in slack.edge.calls[-5:])
        pytest.fail(f"{text!r} was not said, but\n{calls}\n{release.troubles()}")


def test_a_fault_is_found_from_slack_and_put_right_by_the_writer(release: Release, slack: Outside, shop: str) -> None:
    edge = slack.edge
    slack.deliver(edge.slash(f"storefront cannot reach cart in namespace {shop}: connection refused"))
    found = "targetPort 9090, where its Pods refuse connections; they listen on 8080"
    told(release, slack, found, seconds=DIAGNOSED_SECONDS)
    told(release, slack, "Approve", seconds=DIAGNOSED_SECONDS)
    card = slack.run(card_of(edge))
    slack.deliver(edge.click(card, "netmedic.approve", user=ALICE))
    refused = not works(release.test_bed, shop)
    slack.deliver(edge.click(card, "netmedic.approve", user=BOB))
    told(release, slack, "Confirmed: the fault is gone", seconds=CONFIRMED_SECONDS)

    changed = release.test_bed.json("get", "service", "cart", "-n", shop)
    assert refused
    assert works(release.test_bed, shop)
    assert "netmedic" in {entry["manager"] for entry in changed["metadata"]["managedFields"]}


async def test_the_reader_can_change_nothing_and_read_no_secret(release: Release) -> None:
    async with identity(release.test_bed, release.namespace, NAME) as reader:
        elsewhere = await reader.rights("kube-system")
        with_helpers = await reader.rights(release.helper_namespace)
        secrets = [await reader.may("GET", path) for path in secrets_of(release)]
        tokens = {name: await may_become(reader, release, name) for name in ("default", NAME, f"{NAME}-writer")}
        as_admin = await reader.may("GET", "/api/v1/nodes", **{"Impersonate-User": "system:admin"})

    assert len(elsewhere) > 200
    assert allowed(elsewhere) == OF_EVERYBODY
    assert allowed(with_helpers) == OF_EVERYBODY | {("create", "pods/exec")}
    assert not any(secrets)
    assert tokens == {"default": False, NAME: False, f"{NAME}-writer": True}
    assert not as_admin


async def test_the_writer_can_change_what_a_playbook_changes_and_nothing_else(release: Release) -> None:
    playbooks = load_playbooks([folder("playbooks")], load_rules(folder("rules")))
    everywhere, there = roles(playbooks.values(), name=NAME, helper_namespace=release.helper_namespace)

    async with identity(release.test_bed, release.namespace, f"{NAME}-writer") as writer:
        elsewhere = await writer.rights("kube-system")
        with_helpers = await writer.rights(release.helper_namespace)
        secrets = [await writer.may("GET", path) for path in secrets_of(release)]
        itself = await may_become(writer, release, f"{NAME}-writer")

    assert allowed(elsewhere) == OF_EVERYBODY | rights_of(everywhere) & elsewhere.keys()
    assert allowed(with_helpers) == allowed(elsewhere) | rights_of(there) & elsewhere.keys()
    assert not any(secrets)
    assert not itself


def test_a_helper_has_the_rights_of_tier_1_and_no_token(release: Release) -> None:
    [pod, *_] = release.pods("helper")

    told = release.inside(pod, "python3", "-c", SHOW_STATUS).splitlines()
    anonymous = release.inside(pod, "python3", "-c", ASK_THE_API_SERVER)

    assert told == ["Uid 65532", "CapEff 0000000000000000", "NoNewPrivs 1", "Seccomp 2"]
    assert anonymous == "403\n"


async def test_the_account_of_the_helper_may_do_nothing_even_with_a_token(release: Release) -> None:
    async with identity(release.test_bed, release.helper_namespace, f"{NAME}-helper") as helper:
        assert allowed(await helper.rights(release.helper_namespace)) == OF_EVERYBODY
        assert not await helper.may("GET", "/api/v1/pods")


def allowed(tried: dict[Right, bool]) -> set[Right]:
    return {right for right, through in tried.items() if through}


def secrets_of(release: Release) -> tuple[str, ...]:
    own = f"/api/v1/namespaces/{release.namespace}/secrets"
    return ("/api/v1/secrets", own, f"{own}/netmedic-slack", "/api/v1/namespaces/kube-system/secrets")


async def may_become(who: Identity, release: Release, account: str) -> bool:
    return await who.may("POST", f"/api/v1/namespaces/{release.namespace}/serviceaccounts/{account}/token")


def test_an_upgrade_changes_settings_and_tier_and_keeps_what_happened(release: Release, slack: Outside) -> None:
    [before] = release.pods("bot")
    known = release.inside(before, "netmedic", "history")

    release.install(settings=settings(slack, single_operator=True), helper={"tier": 3, "maxUnavailable": "100%"})
    release.test_bed.kubectl(
        "-n", release.helper_namespace, "rollout", "status", f"daemonset/{NAME}-helper", "--timeout=200s"
    )

    [after], [helper, *_] = release.pods("bot"), release.pods("helper")
    told = release.inside(helper, "python3", "-c", SHOW_STATUS).splitlines()
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert "storefront cannot reach cart" in known
    assert release.inside(after, "netmedic", "history") == known
    assert "single_operator: true" in release.inside(after, "netmedic", "config", "show")
    assert told == ["Uid 0", "CapEff 0000000000283000", "NoNewPrivs 1", "Seccomp 2"]


def test_uninstalling_leaves_nothing(release: Release) -> None:
    release.uninstall()

    assert {name for name in release.everything() if not of_the_site(name)} == set()


def of_the_site(name: str) -> bool:
    """Tell whether something was there before the release, or is in every namespace."""
    return name in {"secret/netmedic-slack", "serviceaccount/default", "configmap/kube-root-ca.crt"} or (
        name.startswith("secret/default-token-")
    )
