"""Making one change, and waiting for what it starts; each action of a plan in one place."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cluster.errors import ClusterError, NotFound
from bot.cluster.writer import LOOK_AGAIN, Json, Target, Writer
from bot.remediation.diff import metadata_of
from bot.remediation.look import Live, Sleep, patiently
from bot.remediation.plan import Action, Change
from bot.remediation.rollout import rolled_out

POLL_SECONDS = 2.0
"""Between looks at a rollout or a Job: they take seconds to minutes (ours)."""


class NotDone(Exception):
    """What a change started did not end well. The text says how it stands; it has no full stop."""


class NothingDone(NotDone):
    """It ended without having changed anything."""


async def do(change: Change, live: Live, writer: Writer) -> dict[str, Json]:
    """Make a change, and return the object that came of it; of a deletion, nothing.

    Raises:
        ClusterError: It could not be made, or it is not known whether it was.
    """
    match change.action:
        case Action.PATCH | Action.RESTART:
            return await writer.patch(
                change.target, change.operations(live.obj), resource_version=live.resource_version, dry_run=False
            )
        case Action.DELETE:
            await writer.delete(change.target, uid=change.uid, dry_run=False)
            return {}
        case _:
            return await writer.create(change.target, change.fragment, dry_run=False)


async def wait(change: Change, writer: Writer, *, sleep: Sleep) -> None:
    """Wait until what the change started has ended, and clear away what it left.

    Raises:
        NotDone: It failed, or took too long.
        ClusterError: It cannot be looked at.
    """
    if change.action is Action.RUN:
        await run_to_end(change.fragment, writer, seconds=change.wait_seconds, sleep=sleep)
    elif change.wait_seconds:
        await _until_rolled_out(change, writer, sleep=sleep)


async def _until_rolled_out(change: Change, writer: Writer, *, sleep: Sleep) -> None:
    stands = ""
    for _ in range(int(change.wait_seconds / POLL_SECONDS) + 1):
        stands = rolled_out(await patiently(lambda: writer.read(change.target), sleep=sleep))
        if not stands:
            return
        await sleep(POLL_SECONDS)
    raise NotDone(f"the rollout of {change.target} did not end within {change.wait_seconds} s: {stands}")


async def run_to_end(job: Mapping[str, Json], writer: Writer, *, seconds: int, sleep: Sleep) -> None:
    """Wait for a Job that was made, and delete it.

    Raises:
        NotDone: It failed, or took too long; it is deleted all the same.
        ClusterError: It cannot be looked at.
    """
    target = target_of_job(job)
    state, uid = "it did not start", ""
    for _ in range(int(seconds / POLL_SECONDS) + 1):
        try:
            live = await patiently(lambda: writer.read(target), sleep=sleep)
        except NotFound:
            return  # an earlier process saw it end, and deleted it
        uid = str(metadata_of(live).get("uid", ""))
        state = job_state(live)
        if state in ("", FAILED):
            break
        await sleep(POLL_SECONDS)
    await _clear(target, uid, writer, sleep=sleep)
    if state == FAILED:
        raise NothingDone(f"{target} {state}")
    if state:
        raise NotDone(f"{target} {state}")


FAILED = "failed: the value is no longer what the plan was made from, or it cannot be set"


def job_state(job: dict[str, Json]) -> str:
    """Return how a Job stands, as the end of a sentence; empty when it succeeded."""
    status = job.get("status")
    counts = status if isinstance(status, dict) else {}
    if counts.get("succeeded"):
        return ""
    return FAILED if counts.get("failed") else "did not end in time"


def target_of_job(job: Mapping[str, Json]) -> Target:
    """Return the object that a Job's content makes."""
    metadata = metadata_of(dict(job))
    return Target(
        api_version=str(job["apiVersion"]),
        kind=str(job["kind"]),
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
    )


async def _clear(target: Target, uid: str, writer: Writer, *, sleep: Sleep) -> None:
    try:
        await patiently(lambda: writer.delete(target, uid=uid, dry_run=False), sleep=sleep, over=LOOK_AGAIN)
    except NotFound:
        return
    except ClusterError:
        return  # its work is done or refused; Kubernetes ends it at its deadline
