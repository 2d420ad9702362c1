"""The chart renders what it promises; ``make chart`` runs this with the real helm."""

from __future__ import annotations

import itertools
import sys
from typing import Any

import pytest
import yaml

from bot.configuration import described
from bot.engine.rules import load as load_rules
from bot.node.manifest import pod_spec
from bot.probes.permissions import role
from bot.remediation.playbooks import load as load_playbooks
from bot.remediation.role import roles
from bot.settings import OTHER_VARIABLES, Settings
from bot.shipped import folder
from tests.helm.chart import CHART, FETCHED, Object, Values, helm, one, refusal, rendered, run

pytestmark = pytest.mark.skipif(helm() is None, reason="there is no helm; `make chart` fetches it")

SLACK: Values = {"slack": {"existingSecret": "netmedic-slack"}}
POSTGRESQL: Values = {"database": {"existingSecret": "netmedic-database"}}
MATRIX = {
    "the default": SLACK,
    "PostgreSQL, three replicas": {**SLACK, **POSTGRESQL, "bot": {"replicas": 3}},
    "HTTP and alerts": {
        "slack": {"existingSecret": "s", "mode": "http"},
        "alerts": {"existingSecret": "a", "channel": "C1"},
        "networkPolicy": {"ingressFrom": [{"namespaceSelector": {}}], "egressPorts": []},
    },
    "tier 2 in a namespace of its own": {**SLACK, "helper": {"tier": 2, "namespace": "nodes", "createNamespace": True}},
    "tier 3": {**SLACK, "helper": {"tier": 3}},
    "on demand": {**SLACK, "helper": {"mode": "on-demand"}},
    "no helper": {**SLACK, "helper": {"mode": "none"}},
    "no volume, no policy, no roles": {
        **SLACK,
        "database": {"persistence": {"enabled": False}},
        "helper": {"namespace": "netmedic", "createNamespace": False},
        "networkPolicy": {"enabled": False},
        "rbac": {"create": False},
    },
    "a site's own rules and settings": {
        **SLACK,
        "rules": {"configMaps": ["site-rules"]},
        "playbooks": {"configMaps": ["site-playbooks"]},
        "settings": {"approvers": ["U1"], "outside_targets": [{"name": "Oslo", "host": "oslo.example.net"}]},
    },
}
VERSIONS = ("1.25", "1.28", "1.31", "1.34", "1.37")


def pod_of(found: Object) -> dict[str, Any]:
    spec: dict[str, Any] = found["spec"]["template"]["spec"]
    return spec


def settings_of(objects: list[Object]) -> Values:
    text: Values = yaml.safe_load(one(objects, "ConfigMap")["data"]["settings.yaml"])
    return text


@pytest.mark.parametrize("values", list(MATRIX.values()), ids=list(MATRIX))
def test_the_strictest_lint_has_nothing_to_say(values: Values) -> None:
    done = run("lint", "--strict", str(CHART), values=values)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("values", "version"), list(itertools.product(MATRIX.values(), VERSIONS)))
def test_every_object_is_valid(values: Values, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(FETCHED / "packages")])
    kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="`make chart` fetches the schemas")

    for each in rendered(values, "--kube-version", f"v{version}.0", "--api-versions", "policy/v1"):
        kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.parametrize("values", list(MATRIX.values()), ids=list(MATRIX))
def test_the_program_takes_the_settings(values: Values) -> None:
    settings = Settings(**settings_of(rendered(values)))

    assert settings.slack.mode == values["slack"].get("mode", "socket")


@pytest.mark.parametrize("values", list(MATRIX.values()), ids=list(MATRIX))
def test_every_variable_is_a_setting(values: Values) -> None:
    known = {each.variable for each in described()} | OTHER_VARIABLES
    bots = [each for each in rendered(values) if each["kind"] in {"StatefulSet", "Deployment", "Pod"}]

    set_here = {
        variable["name"]
        for each in bots
        for container in (each["spec"]["template"]["spec"] if "template" in each["spec"] else each["spec"])[
            "containers"
        ]
        for variable in container["env"]
    }

    assert set_here <= known


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_a_helper_may_do_what_its_tier_says_and_no_more(tier: int) -> None:
    found = pod_of(one(rendered({**SLACK, "helper": {"tier": tier}}), "DaemonSet"))

    meant = pod_spec("netmedic/netmedic:0.1.0", {}, tier=tier)
    of_security = ("hostNetwork", "hostPID", "automountServiceAccountToken", "securityContext", "tolerations")
    assert {key: found.get(key) for key in of_security} == {key: meant.get(key) for key in of_security}
    [mine], [theirs] = found["containers"], meant["containers"]
    assert mine["securityContext"] == theirs["securityContext"]
    assert mine["command"] == theirs["command"]
    assert mine["env"] == theirs["env"]
    assert mine["resources"] == theirs["resources"]


def test_a_helper_has_no_token_and_no_path_of_the_node() -> None:
    found = pod_of(one(rendered(SLACK), "DaemonSet"))

    assert found["automountServiceAccountToken"] is False
    assert not [volume for volume in found["volumes"] if "hostPath" in volume]


def test_the_bot_fits_the_restricted_standard() -> None:
    found = pod_of(one(rendered(SLACK), "StatefulSet"))

    [bot] = found["containers"]
    assert found["securityContext"]["runAsNonRoot"] is True
    assert found["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert bot["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(found)


def test_the_reader_may_read_what_the_probes_read() -> None:
    found = one(rendered(SLACK), "ClusterRole", "netmedic-nm-netmedic-reader")

    assert found["rules"] == role()["rules"]


def test_the_writer_may_do_what_the_shipped_playbooks_need_and_no_more() -> None:
    playbooks = load_playbooks([folder("playbooks")], load_rules(folder("rules")))
    everywhere, there = roles(playbooks.values(), name="netmedic-writer", helper_namespace="netmedic")
    objects = rendered(SLACK)

    assert one(objects, "ClusterRole", "netmedic-nm-netmedic-writer")["rules"] == everywhere["rules"]
    assert one(objects, "Role", "nm-netmedic-writer")["rules"] == there["rules"]
    assert one(objects, "Role", "nm-netmedic-writer")["metadata"]["namespace"] == "netmedic-helper"
    assert settings_of(objects)["writer_account"] == "netmedic/nm-netmedic-writer"


def test_the_bot_may_become_the_writer_and_nobody_else() -> None:
    rules = [rule for each in rendered(SLACK) for rule in each.get("rules", []) if "create" in rule["verbs"]]

    [tokens] = [rule for rule in rules if "serviceaccounts/token" in rule["resources"]]
    assert tokens == {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": ["nm-netmedic-writer"],
        "verbs": ["create"],
    }


def test_without_a_writer_nothing_can_be_changed() -> None:
    objects = rendered({**SLACK, "rbac": {"writer": False}})

    changing = {
        resource
        for each in objects
        for rule in each.get("rules", [])
        for resource in rule.get("resources", [])
        if {"create", "patch", "update", "delete"} & set(rule["verbs"])
    }
    assert changing == {"pods/exec"}
    assert not [each for each in objects if each["metadata"]["name"].endswith("-writer")]
    assert "writer_account" not in settings_of(objects)


def test_a_site_adds_what_its_own_playbooks_need() -> None:
    added = {"apiGroups": ["example.net"], "resources": ["routes"], "verbs": ["get", "patch"]}

    found = one(rendered({**SLACK, "rbac": {"writerRules": [added]}}), "ClusterRole", "netmedic-nm-netmedic-writer")

    assert found["rules"][-1] == added


@pytest.mark.parametrize("on", [True, False])
def test_the_bot_may_review_access_where_the_settings_want_it(on: bool) -> None:
    objects = rendered({**SLACK, "settings": {"approver_access_review": on}})

    rules = [rule for each in objects for rule in each.get("rules", [])]
    asked = [rule for rule in rules if "subjectaccessreviews" in rule.get("resources", [])]
    assert [rule["verbs"] for rule in asked] == ([["create"]] if on else [])


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_only_the_namespace_of_the_helpers_admits_host_network(tier: int) -> None:
    namespace = one(rendered({**SLACK, "helper": {"tier": tier}}), "Namespace")

    assert namespace["metadata"]["name"] == "netmedic-helper"
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_the_doctor_of_helm_test_has_the_bots_network() -> None:
    objects = rendered(SLACK)

    [chosen] = one(objects, "NetworkPolicy")["spec"]["podSelector"]["matchExpressions"]
    assert chosen["key"] == "app.kubernetes.io/component"
    assert one(objects, "Pod")["metadata"]["labels"]["app.kubernetes.io/component"] in chosen["values"]


@pytest.mark.parametrize("values", list(MATRIX.values()), ids=list(MATRIX))
def test_exec_is_allowed_in_the_namespace_of_the_helper_alone(values: Values) -> None:
    allowing = [
        each for each in rendered(values) for rule in each.get("rules", []) if "pods/exec" in rule.get("resources", [])
    ]

    namespace = values.get("helper", {}).get("namespace", "netmedic-helper")
    expected = "Role" if values.get("helper", {}).get("mode") != "none" and values.get("rbac") is None else None
    assert [each["kind"] for each in allowing] == ([expected] if expected else [])
    assert all(each["metadata"]["namespace"] == namespace for each in allowing)


def test_sqlite_is_kept_on_a_volume() -> None:
    objects = rendered(SLACK)

    found = one(objects, "StatefulSet")
    assert found["spec"]["replicas"] == 1
    [volume] = [volume for volume in pod_of(found)["volumes"] if volume["name"] == "database"]
    assert volume["persistentVolumeClaim"]["claimName"] == one(objects, "PersistentVolumeClaim")["metadata"]["name"]


def test_postgresql_takes_several_replicas_that_a_drain_ends_one_by_one() -> None:
    objects = rendered(MATRIX["PostgreSQL, three replicas"])

    deployment = one(objects, "Deployment")
    assert deployment["spec"]["replicas"] == 3
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert one(objects, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_new_settings_start_new_pods() -> None:
    def checksum(values: Values) -> str:
        annotations = one(rendered(values), "StatefulSet")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["checksum/settings"])

    assert checksum(SLACK) != checksum({**SLACK, "settings": {"budget_seconds": 30}})


def test_no_secret_is_in_any_object() -> None:
    assert "Secret" not in {each["kind"] for values in MATRIX.values() for each in rendered(values)}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "slack.existingSecret"),
        ({**SLACK, "bot": {"replicas": 2}}, "more than one takes PostgreSQL"),
        ({**SLACK, "bot": {"replica": 2}}, "additional properties 'replica' not allowed"),
        ({**SLACK, "helper": {"tier": 4}}, "maximum"),
        ({**SLACK, "helper": {"namespace": "default"}}, "the release's own namespace cannot be made here"),
        ({**SLACK, "settings": {"bugdet_seconds": 3}}, "additional properties 'bugdet_seconds' not allowed"),
        ({**SLACK, "settings": {"slack": {"bot_token": "xoxb-1"}}}, "additional properties 'bot_token' not allowed"),
    ],
)
def test_wrong_values_are_refused_with_their_reason(values: Values, reason: str) -> None:
    assert reason in refusal(values)


def undescribed(schema: dict[str, Any], path: str = "") -> list[str]:
    """Return the properties of a schema that have no description."""
    found = [] if schema.get("description") else [path]
    for name, inner in schema.get("properties", {}).items():
        found += undescribed(inner, f"{path}.{name}")
    return found


def test_every_value_is_described_and_has_a_default() -> None:
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert undescribed(schema) == []
    assert set(schema["properties"]) - set(values) == {"global"}


def test_what_to_do_next_is_said() -> None:
    done = run("install", "nm", str(CHART), "--dry-run=client", "--namespace", "netmedic", values=SLACK)

    assert done.returncode == 0, done.stderr
    assert "helm test nm --namespace netmedic --logs" in done.stdout
    assert "Nobody may approve a fix yet" in done.stdout
