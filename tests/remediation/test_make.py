from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.errors import ClusterError, Forbidden, Malformed, TimedOut, Unreachable
from bot.cluster.memory_writer import Fault, MemoryWriter
from bot.cluster.writer import Conflict, Operation, Refused, Target
from bot.diagnosis.report import Cause
from bot.facts.scope import Subject
from bot.remediation.desk import NoPlan
from bot.remediation.make import make, propose
from bot.remediation.plan import Plan, hash_of
from tests.remediation.fixtures import (
    BROKEN,
    NOON,
    WEB,
    cause,
    deployment,
    diagnosis,
    plan_for,
    playbooks,
    pod,
    scaled_cause,
    selector_cause,
    service,
)


async def offline_plan(found: Cause, *objects: Any) -> Plan:
    cluster = MemoryWriter(*objects).cluster(now=NOON)
    return await make(found, playbooks()[found.playbook], cluster=cluster, writer=None, expires_seconds=1800)


async def reason_for(found: Cause, *objects: Any, fault: Fault = lambda *_: None) -> str:
    with pytest.raises(NoPlan) as raised:
        await plan_for(MemoryWriter(*objects, fault=fault), found)
    return str(raised.value)


async def test_a_plan_is_the_exact_change_with_a_diff_of_a_dry_run() -> None:
    writer = MemoryWriter(service())

    plan = await plan_for(writer)

    [change] = plan.changes
    assert change.fragment == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "101"},
        "spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]},
    }
    assert change.operations(service()) == [Operation(op="replace", path="/spec/ports/1/targetPort", value=8080)]
    assert (change.uid, change.resource_version) == ("4b3c", "101")
    assert [line for line in plan.diff.splitlines()[2:] if line[0] in "+-"] == [
        "-    targetPort: 9999",
        "+    targetPort: 8080",
    ]
    assert plan.blast_radius == (
        "New connections to port 80 of Service shop/web go to port 8080 of its Pods. Nothing restarts."
    )
    assert (plan.context, plan.unchecked, plan.reversible, plan.rule) == (
        "memory",
        "",
        True,
        "service-target-port-closed",
    )
    assert (plan.expires - plan.made).total_seconds() == 1800
    assert writer.log == ["read Service shop/web", "dry run Service shop/web"]
    assert await writer.read(WEB) == MemoryWriter(service())._objects[WEB]


async def test_a_plan_shows_no_secret() -> None:
    plan = await plan_for(MemoryWriter(service()))

    assert "hunter2" not in plan.to_json()


async def test_a_diagnosis_shows_the_plan() -> None:
    writer = MemoryWriter(service())

    proposal = await propose(BROKEN, playbooks(), cluster=writer.cluster(now=NOON), writer=writer, expires_seconds=1800)

    [report] = proposal.attached_to(BROKEN).plans
    [plan] = proposal.plans
    assert (report.playbook, report.hash, report.risk, report.reversible) == (
        "fix-service-target-port",
        plan.hash,
        "low",
        True,
    )
    assert report.objects == (plan.changes[0].fragment,)
    assert report.diff == plan.diff
    assert proposal.notes == ()


async def test_a_plan_comes_back_from_json_as_it_was() -> None:
    plan = await plan_for(MemoryWriter(service()), incident="i1")

    again = Plan.from_json(plan.to_json())

    assert again == plan
    assert hash_of(again) == plan.hash


@pytest.mark.parametrize("text", ["", "{}", '{"playbook": 1}', "[]"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="this plan cannot be read"):
        Plan.from_json(text)


async def test_the_hash_covers_everything_a_person_approves() -> None:
    plan = await plan_for(MemoryWriter(service()))
    fields = [field.name for field in dataclasses.fields(Plan) if field.name != "hash"]

    for name in fields:
        value = getattr(plan, name)
        other: Any = (
            not value if isinstance(value, bool) else ("other",) if isinstance(value, tuple) else f"{value} changed"
        )
        assert hash_of(dataclasses.replace(plan, **{name: other})) != plan.hash, name


async def test_the_hash_covers_the_version_of_the_object_and_its_cluster() -> None:
    writer = MemoryWriter(service())
    plan = await plan_for(writer)
    writer.put(service())

    later, elsewhere = await plan_for(writer), await plan_for(MemoryWriter(service(), context="other"))

    assert later.changes[0].fragment["metadata"] != plan.changes[0].fragment["metadata"]
    assert len({plan.hash, later.hash, elsewhere.hash}) == 3


async def test_the_same_fault_in_the_same_cluster_makes_the_same_plan() -> None:
    assert await plan_for(MemoryWriter(service())) == await plan_for(MemoryWriter(service()))


async def test_without_a_cluster_to_try_it_a_plan_says_so() -> None:
    plan = await offline_plan(cause(), service())

    assert plan.unchecked == "there is no connection to a cluster that could try it"
    assert plan.diff == ""
    assert plan.changes[0].fragment == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]},
    }
    assert plan.hash == hash_of(plan)


@pytest.mark.parametrize("doing", ["read", "dry run"])
@pytest.mark.parametrize(
    "problem", [Forbidden("not allowed"), TimedOut("late"), Unreachable("gone"), Malformed("html")]
)
async def test_a_plan_that_could_not_be_tried_says_why(doing: str, problem: ClusterError) -> None:
    writer = MemoryWriter(service(), fault=lambda now, _: problem if now == doing else None)

    proposal = await propose(BROKEN, playbooks(), cluster=writer.cluster(now=NOON), writer=writer, expires_seconds=1800)

    assert proposal.plans[0].unchecked == str(problem)
    assert "resourceVersion" not in proposal.plans[0].changes[0].fragment["metadata"]  # type: ignore[operator]
    assert proposal.notes == (f"Plan fix-service-target-port cannot be applied from here: {problem}.",)


async def test_a_refused_dry_run_makes_no_plan_and_is_told() -> None:
    writer = MemoryWriter(service(), fault=lambda now, _: Refused("a webhook says no") if now == "dry run" else None)

    proposal = await propose(BROKEN, playbooks(), cluster=writer.cluster(now=NOON), writer=writer, expires_seconds=1800)

    assert proposal.plans == ()
    assert proposal.notes == ("No plan fix-service-target-port for Service shop/web: a webhook says no.",)


async def test_a_change_during_the_dry_run_is_seen_in_the_plan() -> None:
    def somebody_else(doing: str, _: Target) -> None:
        if doing == "dry run" and writer.log.count("dry run Service shop/web") == 1:
            writer.put(service(type="NodePort"))

    writer = MemoryWriter(service(), fault=somebody_else)

    plan = await plan_for(writer)

    assert plan.changes[0].resource_version == "102"
    assert "type: NodePort" in plan.changes[0].seen


async def test_an_object_that_never_stands_still_is_not_tried_for_ever() -> None:
    fault: Fault = lambda now, _: Conflict("changed") if now == "dry run" else None  # noqa: E731

    plan = await plan_for(MemoryWriter(service(), fault=fault))

    assert plan.unchecked == "changed"


async def test_a_server_that_makes_something_else_of_it_gets_no_plan() -> None:
    class Stubborn(MemoryWriter):
        async def patch(self, target: Target, operations: Any, *, resource_version: str, dry_run: bool) -> Any:
            return await self.read(target)

    with pytest.raises(NoPlan, match=r"would not keep spec\.ports\[port=80,protocol=TCP\]\.targetPort of Service"):
        await plan_for(Stubborn(service()))


async def test_a_writer_for_another_cluster_gets_no_plan() -> None:
    writer = MemoryWriter(service(), context="staging")

    with pytest.raises(NoPlan, match="it was diagnosed in memory, and changes would go to staging"):
        await make(
            cause(),
            playbooks()["fix-service-target-port"],
            cluster=MemoryWriter(service()).cluster(),
            writer=writer,
            expires_seconds=1800,
        )


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"listening_port": 0}, "0 is no port number"),
        ({"listening_port": 65536}, "65536 is no port number"),
        ({"listening_port": ""}, "the diagnosis does not say what details.listening_port is"),
        ({"listening_port": "8080, clusterIP: None"}, "'8080, clusterIP: None' is no port number"),
        ({"port": 81}, "spec.ports[port=81,protocol=TCP]: 0 items are so, not one"),
        ({"port": "80].x"}, "spec.ports[port=80].x,protocol=TCP]: 0 items are so, not one"),
        ({"listening_port": 9999}, "Service shop/web already is as the fix would make it"),
    ],
)
async def test_a_value_that_is_wrong_for_its_hole_makes_no_plan(details: dict[str, Any], expected: str) -> None:
    assert await reason_for(cause(details={**cause().details, **details}), service()) == expected


async def test_a_detail_that_is_missing_makes_no_plan() -> None:
    assert (
        await reason_for(cause(details={"port": 80}), service())
        == "the diagnosis does not say what details.listening_port is"
    )


async def test_an_object_that_is_gone_makes_no_plan() -> None:
    assert await reason_for(cause()) == "there is no Service shop/web"
    with pytest.raises(NoPlan, match="there is no Service web in namespace shop"):
        await offline_plan(cause())


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (Subject("Pod", "shop", "web"), "it is for a Service, and the fault is at Pod shop/web"),
        (Subject("Service", "shop", "../secrets/x"), "'../secrets/x' is no name of a Service"),
        (Subject("Service", "shop/pods", "web"), "'shop/pods' is no name of a namespace"),
        (Subject("Service", "shop", "web\nkind: Secret"), "'web\\nkind: Secret' is no name of a Service"),
        (Subject("Service", "shop", "{cause.details.port}"), "'{cause.details.port}' is no name of a Service"),
        (Subject("Service", "", "web"), "the diagnosis does not say what subject.namespace is"),
    ],
)
async def test_a_subject_that_is_no_object_of_the_kind_makes_no_plan(subject: Subject, expected: str) -> None:
    assert await reason_for(cause(subject=subject), service()) == expected


async def test_a_cause_without_a_playbook_here_makes_no_plan_and_no_noise() -> None:
    writer = MemoryWriter(service())
    found = diagnosis(cause(playbook=""), cause(playbook="unknown-playbook"))

    proposal = await propose(found, playbooks(), cluster=writer.cluster(), writer=writer, expires_seconds=1800)

    assert (proposal.plans, proposal.notes, writer.log) == ((), (), [])


# Every text of a cause can come from somebody who wants to do harm ----------------------------------------------------

hostile = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "web\n---\napiVersion: v1\nkind: Secret",
            "x, admin: true",
            "{cause.details.other}",
            '"}}, "spec": {"type": "ExternalName"',
            "8080 # comment",
            "<!channel> `rm -rf /`",
            "$(reboot)",
            "version=v1,app=web",
            "spec.clusterIP",
            "\u202egnp.exe",
            "null",
            "0x1F90",
        ]
    ),
)


@given(port=hostile | st.integers(), target=hostile | st.integers(), name=hostile, namespace=hostile)
async def test_no_value_adds_a_key_or_names_another_object(
    port: str | int, target: str | int, name: str, namespace: str
) -> None:
    writer = MemoryWriter(service())
    found = cause(
        subject=Subject("Service", namespace, name),
        details={"port": port, "listening_port": target, "port_name": name, "target_port": namespace},
    )

    try:
        await plan_for(writer, found)
    except NoPlan:
        pass
    else:
        raise AssertionError("no such Service exists")
    assert {entry for entry in writer.log if entry != "read Service shop/web"} <= {f"read Service {namespace}/{name}"}


@given(value=hostile | st.integers())
async def test_a_plan_changes_one_field_to_one_port_or_is_none(value: str | int) -> None:
    writer = MemoryWriter(service())

    try:
        plan = await plan_for(writer, cause(details={**cause().details, "listening_port": value}))
    except NoPlan:
        return
    [document] = yaml.safe_load_all(yaml.safe_dump(dict(plan.changes[0].fragment)))
    assert document["spec"] == {"ports": [{"port": 80, "protocol": "TCP", "targetPort": value}]}
    assert isinstance(value, int)
    assert 1 <= value <= 65535


@given(pods_have=hostile, workload=hostile)
async def test_a_selector_never_gets_a_label_it_did_not_have(pods_have: str, workload: str) -> None:
    writer = MemoryWriter(service())

    try:
        plan = await plan_for(writer, selector_cause(pods_have, near_workload=workload))
    except NoPlan:
        return
    spec: Any = plan.changes[0].fragment["spec"]
    assert spec["selector"].keys() <= {"app", "version"}
    assert all("\n" not in text and text.isprintable() for text in (plan.blast_radius, plan.finding))


async def test_text_for_people_has_no_character_that_acts_on_them() -> None:
    found = selector_cause("version=v1", near_pods="2\u202e\x1b[2J\nNothing")

    plan = await plan_for(MemoryWriter(service(), pod("web-1", version="v1")), found)

    assert "goes to the 2  [2J Nothing Pods that have version=v1." in plan.blast_radius


# The other playbooks --------------------------------------------------------------------------------------------------


async def test_a_selector_is_set_to_what_the_pods_carry() -> None:
    plan = await plan_for(MemoryWriter(service(), pod("web-1", version="v1")), selector_cause("version=v1"))

    assert plan.foreseen == ("The new selector fits 1 Pod, 1 of them ready.",)
    assert plan.changes[0].fragment["spec"] == {"selector": {"app": "web", "version": "v1"}}
    assert [line for line in plan.diff.splitlines()[2:] if line[0] in "+-"] == [
        "-    version: v2",
        "+    version: v1",
    ]


async def test_a_selector_that_would_fit_no_pod_either_gives_no_plan() -> None:
    writer = MemoryWriter(service(), pod("web-1", version="v1"))

    with pytest.raises(NoPlan, match="no Pod in namespace shop would fit the new selector either"):
        await plan_for(writer, selector_cause("version=v3"))


async def test_a_label_that_the_pods_do_not_carry_leaves_the_selector() -> None:
    writer = MemoryWriter(service(), pod("web-1"))

    plan = await plan_for(writer, selector_cause("version (not set)"))

    [change] = plan.changes
    assert change.fragment["spec"] == {"selector": {"app": "web", "version": None}}
    assert change.operations(await writer.read(WEB)) == [
        Operation(op="replace", path="/spec/selector", value={"app": "web"})
    ]
    assert [line for line in plan.diff.splitlines()[2:] if line[0] in "+-"] == ["-    version: v2"]


@pytest.mark.parametrize(
    "pods_have", ["version (not set), version=v3", "version=v1, version=v3", "version=v1 and 2 more"]
)
async def test_a_selector_that_a_person_has_to_think_about_gets_no_plan(pods_have: str) -> None:
    assert await reason_for(selector_cause(pods_have), service()) != ""


async def test_a_workload_is_scaled_up_from_zero() -> None:
    plan = await plan_for(MemoryWriter(deployment()), scaled_cause())

    assert plan.changes[0].fragment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "resourceVersion": "101"},
        "spec": {"replicas": 1},
    }
    assert "hunter2" not in plan.to_json()


async def test_a_stateful_set_is_scaled_up_the_same_way_and_a_daemon_set_is_not() -> None:
    stateful_set = {**deployment(), "kind": "StatefulSet"}

    plan = await plan_for(MemoryWriter(stateful_set), scaled_cause("StatefulSet"))

    assert plan.changes[0].target.kind == "StatefulSet"
    assert await reason_for(scaled_cause("DaemonSet"), stateful_set) == (
        "it is for a Deployment or StatefulSet, and the fault is at DaemonSet shop/web"
    )
