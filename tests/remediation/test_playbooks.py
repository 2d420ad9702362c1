from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.engine.rule import Rule
from bot.engine.rules import load as load_rules
from bot.engine.verdict import Outcome
from bot.remediation.fieldpath import FieldPath
from bot.remediation.holes import Hole
from bot.remediation.playbook import Playbook, Risk, Undo
from bot.remediation.playbooks import PlaybookErrors, load
from bot.remediation.steps import Of, Patch, Setting
from bot.remediation.values import TYPES
from tests.remediation.fixtures import REPOSITORY, playbooks

GOOD = """\
id: fix-web-port
title: Point it at the right port
remedies: [service-target-port-closed]
risk: low
blast_radius: Port {cause.details.port} of {cause.subject.namespace}/{cause.subject.name}.
steps:
  - patch: {apiVersion: v1, kind: Service, namespace: "{cause.subject.namespace}", name: "{cause.subject.name}"}
    set:
      "spec.ports[port={cause.details.port}].targetPort": {port: "{cause.details.listening_port}"}
confirm: {rules: [service-target-port-closed], answers: ruled_out, same: [port], within_seconds: 60}
undo: restore
docs: https://example.com/docs
"""


def rules(*, playbook: str = "fix-web-port") -> list[Rule]:
    """Return the shipped rules, all of them without a playbook but for one."""
    return [
        dataclasses.replace(rule, playbook=playbook if rule.id == "service-target-port-closed" else "")
        for rule in load_rules(REPOSITORY / "rules")
    ]


def read(folder: Path, text: str, of: Iterable[Rule] | None = None) -> Playbook:
    """Return the playbook of a text."""
    (folder / "fix-web-port.yaml").write_text(text)
    [playbook] = load([folder], rules() if of is None else of).values()
    return playbook


def mistakes(folder: Path, text: str, of: Iterable[Rule] | None = None) -> list[str]:
    """Return what the loader says about a text, without the folder's name."""
    with pytest.raises(PlaybookErrors) as raised:
        read(folder, text, of)
    return [line.removeprefix(f"{folder}/") for line in str(raised.value).splitlines()]


def test_a_playbook_is_read(tmp_path: Path) -> None:
    playbook = read(tmp_path, GOOD)

    assert (playbook.id, playbook.risk, playbook.undo) == ("fix-web-port", Risk.LOW, Undo.RESTORE)
    assert playbook.steps == (
        Patch(
            of=Of(
                api_version="v1",
                kinds=("Service",),
                namespace="{cause.subject.namespace}",
                name="{cause.subject.name}",
            ),
            settings=(
                Setting(
                    path=FieldPath.parse("spec.ports[port={cause.details.port}].targetPort"),
                    type="port",
                    value="{cause.details.listening_port}",
                ),
            ),
        ),
    )
    assert (
        playbook.confirm.rules,
        playbook.confirm.answers,
        playbook.confirm.same,
        playbook.confirm.within_seconds,
    ) == (
        ("service-target-port-closed",),
        Outcome.RULED_OUT,
        ("port",),
        60,
    )
    assert playbook.holes == {
        Hole("subject", "namespace"),
        Hole("subject", "name"),
        Hole("details", "port"),
        Hole("details", "listening_port"),
    }
    assert playbook.permissions == {("get", "services"), ("patch", "services")}


SUBJECT_HOLES = (
    "{cause.subject.kind}, {cause.subject.namespace}, {cause.subject.name}, {cause.details.FIELD} and "
    "{cause.facts.KIND.FIELD}"
)
TARGET = "spec.ports[port={cause.details.port}].targetPort"
FAULT = "service-target-port-closed"
PLAYBOOK_KEYS = "advice, blast_radius, confirm, docs, id, instead_of, preconditions, remedies, risk, steps, title, undo"
TYPE_NAMES = ", ".join(sorted(TYPES))

NO_HOLE = "is no hole such as {cause.details.FIELD}"
HOLE = "[{cause.details.port}]"
NO_DETAIL = f"unknown detail of {FAULT}"
DID_YOU_MEAN = "did you mean"

MISTAKES = (
    ("id: fix-web-port", "id: fix-web-prt", '1: id must be the file\'s name, in kebab-case: "fix-web-port"'),
    ("title: Point it at the right port\n", "", '1: a playbook needs "title"'),
    ("title: Point", "title: [Point", "3: not YAML: while parsing a flow sequence did not find expected ',' or ']'"),
    (f"remedies: [{FAULT}]", "remedies: []", "3: remedies must not be empty"),
    ("risk: low", "risk: none", '4: unknown risk "none"; known: high, low, medium'),
    ("details.port} of", "details.Port} of", f'5: "{{cause.details.Port}}" is no hole; holes are {SUBJECT_HOLES}'),
    ("- patch:", "- run:", '7: unknown step "run"; known: allow, create, isolate, patch, replace_pod, restart, sysctl'),
    ("kind: Service", "kind: Secret", '7: unknown type of object "v1 Secret"; did you mean "v1 Service"?'),
    ("apiVersion: v1", "apiVersion: v2", '7: unknown type of object "v2 Service"; did you mean "v1 Service"?'),
    ('namespace: "{cause.subject.namespace}", ', "", '7: patch needs "namespace"'),
    ("kind: Service", "kind: Node", '7: unknown key of patch "namespace"; did you mean "name"?'),
    ("{port: ", "{porte: ", '9: unknown type of value "porte"; did you mean "port"?'),
    ("{port: ", "{text: ", f'9: unknown type of value "text"; known: {TYPE_NAMES}'),
    (
        '{port: "{cause.details.listening_port}"}',
        "8080",
        f"9: the value of {TARGET} must be a mapping of keys to values",
    ),
    ('"{cause.details.listening_port}"', "70000", "9: 70000 is no port number"),
    ('"{cause.details.listening_port}"', "1.5", "9: port must be text, a whole number, true or false"),
    ("{cause.details.listening", "{details.listening", f'9: "{{details.listening_port}}" {NO_HOLE}'),
    (
        ".targetPort",
        '[\\"{cause.details.port}\\"]',
        "9: a hole cannot be a key of a path, only the value in [field=value]",
    ),
    ("[port={", "[{", f"9: 'spec.ports{HOLE}.targetPort' is no path: {HOLE} is not [field=value]"),
    (f"rules: [{FAULT}]", "rules: []", "10: rules must not be empty"),
    ("answers: ruled_out", "answers: not_checked", '10: unknown answer "not_checked"; known: found, ruled_out'),
    ("within_seconds: 60", "within_seconds: 901", "10: within_seconds must be 5 to 900"),
    ("within_seconds: 60", "within_seconds: 4", "10: within_seconds must be 5 to 900"),
    ("within_seconds: 60", "within: 60", '10: unknown key of confirm "within"; did you mean "within_seconds"?'),
    ("undo: restore", "undo: maybe", '11: unknown undo "maybe"; known: none, restore'),
    ("https://", "http://", "12: docs must be an https link"),
    ("undo: restore", "undo: restore\nshell: rm", f'12: unknown key of a playbook "shell"; known: {PLAYBOOK_KEYS}'),
    (
        "listening_port",
        "listning_port",
        f'1: {{cause.details.listning_port}}: {NO_DETAIL} "listning_port"; {DID_YOU_MEAN} "listening_port"?',
    ),
    ("same: [port]", "same: [prt]", f'1: same: {NO_DETAIL} "prt"; {DID_YOU_MEAN} "port"?'),
    (f"rules: [{FAULT}]", f"rules: [{FAULT}d]", f'1: unknown rule "{FAULT}d"; did you mean "{FAULT}"?'),
)


@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES, ids=[mistake[2] for mistake in MISTAKES])
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD

    found = mistakes(tmp_path, GOOD.replace(old, new))

    assert f"fix-web-port.yaml:{expected}" in found


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("risk: low", "risk: none").replace("kind: Service", "kind: Servce")

    assert mistakes(tmp_path, text) == [
        'fix-web-port.yaml:4: unknown risk "none"; known: high, low, medium',
        'fix-web-port.yaml:7: unknown type of object "v1 Servce"; did you mean "v1 Service"?',
    ]


def test_a_playbook_without_steps_does_nothing_and_is_refused(tmp_path: Path) -> None:
    before, after = GOOD.split("steps:\n", maxsplit=1)[0], GOOD[GOOD.index("confirm:") :]

    assert mistakes(tmp_path, f"{before}steps: []\n{after}") == [
        "fix-web-port.yaml:6: steps must have at least one step, or advice a command"
    ]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("isolate: shop", "7: isolate must be a mapping of keys to values"),
        ("isolate: {}", '7: isolate needs "namespace"'),
        ("isolate: {namespace: shop, pods: web}", '7: unknown key of isolate "pods"; known: namespace'),
        (
            'isolate: {namespace: "{cause.subject.Name}"}',
            f'7: "{{cause.subject.Name}}" is no hole; holes are {SUBJECT_HOLES}',
        ),
        ("isolate: {namespace: shop}\n    set: {}", '8: unknown key of a step "set"; known: isolate'),
    ],
)
def test_a_mistake_in_isolating_is_named_with_its_line(tmp_path: Path, step: str, expected: str) -> None:
    before, after = GOOD.split("steps:\n", maxsplit=1)[0], GOOD[GOOD.index("confirm:") :]

    assert mistakes(tmp_path, f"{before}steps:\n  - {step}\n{after}")[0] == f"fix-web-port.yaml:{expected}"


def test_isolating_needs_to_make_policies_and_to_take_them_back(tmp_path: Path) -> None:
    before, after = GOOD.split("steps:\n", maxsplit=1)[0], GOOD[GOOD.index("confirm:") :]
    text = f"{before}steps:\n  - isolate: {{namespace: '{{cause.subject.name}}'}}\n{after}"

    assert read(tmp_path, text).permissions == {
        (verb, "networkpolicies.networking.k8s.io") for verb in ("get", "create", "delete")
    }


def test_a_playbook_for_two_kinds_needs_the_permissions_for_both(tmp_path: Path) -> None:
    text = GOOD.replace("apiVersion: v1, kind: Service", "apiVersion: apps/v1, kind: [Deployment, DaemonSet]")

    assert read(tmp_path, text).permissions == {
        ("get", "deployments.apps"),
        ("patch", "deployments.apps"),
        ("get", "daemonsets.apps"),
        ("patch", "daemonsets.apps"),
    }


def test_a_playbook_and_its_rule_must_name_each_other(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD, rules(playbook="")) == [
        "fix-web-port.yaml:1: it remedies service-target-port-closed, whose playbook is not given"
    ]
    text = GOOD.replace("remedies: [service-target-port-closed]", "remedies: [service-selects-no-pods]")
    assert any(
        "it is the playbook of rule service-target-port-closed, which is not under remedies" in line
        for line in mistakes(tmp_path, text)
    )


def test_a_rule_whose_playbook_does_not_exist_is_named() -> None:
    with pytest.raises(PlaybookErrors, match=r'closed\.yaml:1: unknown playbook "fix-it"; known: $'):
        load([], rules(playbook="fix-it"))


def test_a_playbook_that_is_there_twice_is_named(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "fix-web-port.yaml").write_text(GOOD)

    with pytest.raises(PlaybookErrors) as raised:
        load([one, other], rules())

    assert str(raised.value) == f'{other}/fix-web-port.yaml:1: "fix-web-port" is also in {one}/fix-web-port.yaml'


def test_the_shipped_playbooks_agree_with_the_shipped_rules() -> None:
    shipped = load_rules(REPOSITORY / "rules")

    first = {name for name, playbook in playbooks().items() if not playbook.instead_of}
    assert {rule.playbook for rule in shipped if rule.playbook} == first


def test_the_permissions_of_the_shipped_playbooks() -> None:
    wanted = frozenset[tuple[str, str]]().union(*(playbook.permissions for playbook in playbooks().values()))

    assert sorted(wanted) == [
        ("create", "jobs.batch"),
        ("create", "networkpolicies.networking.k8s.io"),
        ("delete", "jobs.batch"),
        ("delete", "networkpolicies.networking.k8s.io"),
        ("delete", "pods"),
        ("get", "configmaps"),
        ("get", "daemonsets.apps"),
        ("get", "deployments.apps"),
        ("get", "jobs.batch"),
        ("get", "mutatingwebhookconfigurations.admissionregistration.k8s.io"),
        ("get", "networkpolicies.networking.k8s.io"),
        ("get", "nodes"),
        ("get", "pods"),
        ("get", "services"),
        ("get", "statefulsets.apps"),
        ("get", "validatingwebhookconfigurations.admissionregistration.k8s.io"),
        ("patch", "configmaps"),
        ("patch", "daemonsets.apps"),
        ("patch", "deployments.apps"),
        ("patch", "mutatingwebhookconfigurations.admissionregistration.k8s.io"),
        ("patch", "nodes"),
        ("patch", "services"),
        ("patch", "statefulsets.apps"),
        ("patch", "validatingwebhookconfigurations.admissionregistration.k8s.io"),
    ]


@pytest.mark.parametrize("name", sorted(playbooks()))
def test_a_shipped_playbook_says_what_it_touches_in_a_sentence(name: str) -> None:
    assert playbooks()[name].blast_radius.endswith(".")
    assert not playbooks()[name].title.endswith(".")
