"""Whether a rollout is over, as ``kubectl rollout status`` tells it."""

from __future__ import annotations

from bot.cluster.writer import Json
from bot.remediation.diff import metadata_of


def rolled_out(workload: dict[str, Json]) -> str:
    """Return what is still missing, as the end of a sentence; empty when all Pods are new and available."""
    status, spec = _part(workload, "status"), _part(workload, "spec")
    if _number(status, "observedGeneration") < _number(metadata_of(workload), "generation"):
        return "its controller has not seen the change yet"
    if workload.get("kind") == "DaemonSet":
        wanted = _number(status, "desiredNumberScheduled")
        new, available, old = _number(status, "updatedNumberScheduled"), _number(status, "numberAvailable"), 0
    else:
        wanted = _number(spec, "replicas", missing=1)
        new = _number(status, "updatedReplicas")
        ready = "availableReplicas" if workload.get("kind") == "Deployment" else "readyReplicas"
        available = _number(status, ready)
        old = max(_number(status, "replicas") - new, 0)
    if new >= wanted and available >= wanted and not old:
        return ""
    return f"{new} of {wanted} Pods are new, {available} are available" + (f", {old} old ones are left" if old else "")


def restarts_by_itself(workload: dict[str, Json]) -> bool:
    """Tell whether Pods are replaced when their template changes."""
    return _part(_part(workload, "spec"), "updateStrategy").get("type") != "OnDelete"


def _part(obj: dict[str, Json], key: str) -> dict[str, Json]:
    found = obj.get(key)
    return found if isinstance(found, dict) else {}


def _number(part: dict[str, Json], key: str, *, missing: int = 0) -> int:
    found = part.get(key, missing)
    return found if isinstance(found, int) else missing
