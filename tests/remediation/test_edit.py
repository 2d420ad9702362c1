"""Plans with other values: only what the plan sets, tried again, another hash, and approved by somebody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.cluster.errors import ClusterError
from bot.cluster.memory_writer import MemoryWriter
from bot.cluster.writer import Refused, Target
from bot.remediation.approval import Approved, Denied
from bot.remediation.edit import UNFORESEEN, WrongEdit, documents, edited, text_of
from bot.remediation.edit import Bench as EditBench
from bot.remediation.make import make
from bot.remediation.plan import Action, Plan
from bot.store.audit import first_broken
from bot.store.records import PlanState
from bot.store.store import Store
from tests.remediation.fixtures import NOON, cause, plan_for, scaled_cause, service, target_port
from tests.remediation.fixtures import deployment as workload
from tests.remediation.test_remedy import ALICE, BOB, CAROL, EVE, Desk, moves
from tests.remediation.test_steps import ALLOW, MODE, SETTINGS_OF_PROXY, configmap, crowd, daemonset, denied, playbook


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'state.db'}", now=lambda: NOON)
    yield Desk(store, await store.add_incident(requester=ALICE, symptom="web is down"), "")
    await store.close()


def bench(writer: MemoryWriter) -> EditBench:
    return EditBench(cluster=writer.cluster(now=NOON), writer=writer, now=NOON, expires_seconds=1800)


async def replanned(writer: MemoryWriter, plan: Plan, *changes: tuple[str, str]) -> Plan:
    """Return the plan with parts of its YAML replaced."""
    text = text_of(plan)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return await edited(plan, text, by=ALICE, bench=bench(writer))


async def edit(desk: Desk, plan_hash: str, old: str, new: str, *, by: str = ALICE) -> Plan | Denied:
    plan = await desk.remedy.plan(plan_hash)
    assert plan is not None
    cluster = desk.writer.cluster(now=NOON)
    return await desk.remedy.edit(plan_hash, text_of(plan).replace(old, new, 1), by=by, cluster=cluster)


# From one plan to the next --------------------------------------------------------------------------------------------


async def test_the_edited_plan_is_applied_and_the_one_before_cannot_be_approved(desk: Desk) -> None:
    first = await desk.propose()

    new = await edit(desk, first, "8080", "8081")
    assert isinstance(new, Plan)
    old_yes = await desk.remedy.approve(first, by=BOB)
    yes = await desk.remedy.approve(new.hash, by=BOB)
    done = await moves(desk.remedy, new.hash)

    assert new.hash != first
    assert (new.replaces, new.edited_by, new.foreseen[0]) == (first, ALICE, UNFORESEEN)
    assert new.blast_radius.startswith("Edited by hand: the values are those of the diff. New connections to port 80")
    assert "+    targetPort: 8081" in new.diff
    assert await desk.state(first) is PlanState.REPLACED
    assert old_yes == Denied("Nothing done: this plan is already replaced by an edited one.", is_closed=True)
    assert yes == Approved()
    assert done[-1].state is PlanState.CONFIRMED
    assert target_port(next(iter(desk.writer._objects.values()))) == 8081
    trail = await desk.store.audit_trail()
    assert [(entry.actor, entry.action) for entry in trail[1:4]] == [
        ("netmedic", "proposed"),
        (ALICE, "replaced"),
        (ALICE, "proposed"),
    ]
    assert first_broken(trail) == 0


async def test_who_edited_a_plan_cannot_approve_it(desk: Desk) -> None:
    new = await edit(desk, await desk.propose(), "8080", "8081", by=BOB)
    assert isinstance(new, Plan)

    own, other = await desk.remedy.approve(new.hash, by=BOB), await desk.remedy.approve(new.hash, by=CAROL)

    assert own == Denied("You edited this plan, so another approver has to say yes.")
    assert other == Approved()


async def test_an_undo_cannot_be_edited(desk: Desk) -> None:
    first = await desk.propose()
    await desk.remedy.approve(first, by=BOB)
    await moves(desk.remedy, first)
    back = await desk.remedy.undo(first, by=ALICE)
    again = await desk.remedy.undo(first, by=ALICE)
    assert isinstance(back, Plan)

    answer = await edit(desk, back.hash, "9999", "7777")

    assert isinstance(answer, Denied)
    assert "an undo puts back what was there, and nothing else" in answer.reason
    assert again == Denied(f"Nothing done: plan {back.short} waits already to undo it.")


async def test_a_stranger_cannot_edit(desk: Desk) -> None:
    first = await desk.propose()

    assert await edit(desk, first, "8080", "8081", by=EVE) == Denied(
        "Only an approver or the requester can edit a plan."
    )
    assert await desk.state(first) is PlanState.PROPOSED


async def test_a_plan_that_was_decided_or_replaced_cannot_be_edited(desk: Desk) -> None:
    first = await desk.propose()
    await edit(desk, first, "8080", "8081")

    again = await edit(desk, first, "8080", "8082")

    assert again == Denied("Nothing done: this plan is already replaced by an edited one.", is_closed=True)


async def test_an_edit_that_the_api_server_refuses_leaves_the_plan_as_it_was(desk: Desk) -> None:
    first = await desk.propose()

    def refuse(doing: str, target: Target) -> ClusterError | None:
        return Refused("quota exceeded") if doing == "dry run" else None

    desk.writer._fault = refuse
    answer = await edit(desk, first, "8080", "8081")

    assert answer == Denied("The edited plan is not taken: quota exceeded. The plan stays as it was.")
    assert await desk.state(first) is PlanState.PROPOSED


async def test_an_edit_of_an_object_that_changed_meanwhile_is_not_taken(desk: Desk) -> None:
    first = await desk.propose()
    desk.writer.put(service(ports=[{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 7777}]))

    answer = await edit(desk, first, "8080", "8081")

    assert answer == Denied(
        "The edited plan is not taken: somebody else changed Service shop/web in the meantime. "
        "The plan stays as it was."
    )


# What can be edited ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("8080", "8080 ", "nothing was changed"),
        ("8080", "0", "0 is no port number"),
        ("8080", "'8081'", "needs a value of the same kind as before"),
        ("8080", "true", "needs a value of the same kind as before"),
        ("8080", "null", "needs a value"),
        ("8080", "8081\n    nodePort: 30000", "can be edited: the plan sets nothing else"),
        ("name: web", "name: database", "can be edited: the plan sets nothing else"),
        ("namespace: shop", "namespace: kube-system", "can be edited: the plan sets nothing else"),
        ("kind: Service", "kind: Secret", "can be edited: the plan sets nothing else"),
        ("port: 80\n", "port: 443\n", "0 items are so, not one"),
        ("spec:", "spec: &a", "anchors, aliases and tags are not taken"),
        ("8080", "!!python/object:os.system 1", "anchors, aliases and tags are not taken"),
        ("8080", "8081\n---\nkind: Secret", "the plan has 1 objects, and 2 were written"),
        ("kind: Service", "kind: Service\nkind: Service", "a key is there twice (line 1)"),
        ("8080", "2026-01-01", "put dates and the like in quotes"),
        ("8080", "[", "it is no YAML (line"),
    ],
)
async def test_nothing_but_the_values_that_the_plan_sets_can_be_edited(old: str, new: str, told: str) -> None:
    writer = MemoryWriter(service())
    plan = await plan_for(writer)

    with pytest.raises(WrongEdit) as raised:
        await replanned(writer, plan, (old, new))

    assert told in str(raised.value)


@pytest.mark.parametrize("text", ["42", "- a", "x" * 300_000, "[" * 2_000, "\x00", "{{{"])
def test_what_is_no_object_is_refused_in_words(text: str) -> None:
    with pytest.raises(WrongEdit, match=r"it is too long|it is no YAML|each document has to be an object"):
        documents(text)


async def test_a_number_is_held_to_the_playbooks_type() -> None:
    writer = MemoryWriter(service(), workload())
    plan = await plan_for(writer, scaled_cause())

    new = await replanned(writer, plan, ("replicas: 1", "replicas: 3"))
    with pytest.raises(WrongEdit, match="101 is no number of Pods from 1 to 100"):
        await replanned(writer, plan, ("replicas: 1", "replicas: 101"))

    assert new.changes[0].edits[0].after == 3


async def test_a_policy_is_edited_within_its_spec(tmp_path: Path) -> None:
    writer = MemoryWriter(*crowd())
    plan = await make(
        denied(), playbook(tmp_path, ALLOW), cluster=writer.cluster(now=NOON), writer=writer, expires_seconds=1800
    )
    first = plan.changes[0]

    new = await replanned(writer, plan, ("port: 8080", "port: 8081"))
    with pytest.raises(WrongEdit, match=r"apiVersion, kind and metadata of NetworkPolicy .* stay as they are"):
        await replanned(writer, plan, (f"name: {first.target.name}", "name: another"))

    assert [change.action for change in new.changes] == [change.action for change in plan.changes]
    assert new.changes[0].digest != first.digest
    assert new.changes[1].fragment == plan.changes[1].fragment


async def test_a_text_inside_a_configmap_has_to_stay_a_document(tmp_path: Path) -> None:
    writer = MemoryWriter(configmap(), daemonset())
    plan = await make(
        cause(), playbook(tmp_path, MODE), cluster=writer.cluster(now=NOON), writer=writer, expires_seconds=1800
    )

    new = await replanned(writer, plan, ("ipvs", "nftables"))
    with pytest.raises(WrongEdit, match="is no"):
        await replanned(writer, plan, ("conntrack:", "conntrack: ["))
    with pytest.raises(WrongEdit, match="of DaemonSet kube-system/kube-proxy nothing can be edited"):
        await replanned(writer, plan, ("restarted-at", "another"))

    text: Any = new.changes[0].edits[0].after
    assert "nftables" in text
    assert new.changes[1].action is Action.RESTART
    assert SETTINGS_OF_PROXY.name == new.changes[0].target.name
