"""Who keeps an object as it is: tools that put back what others change, so that a fix belongs into their repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.cluster.writer import FIELD_MANAGER, Json
from bot.remediation.diff import metadata_of
from bot.remediation.fieldpath import FieldPath, Item
from bot.remediation.plan import Edit
from bot.remediation.values import shown

ARGO_CD_ID = "argocd.argoproj.io/tracking-id"
"""argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/: annotation, ``APP:GROUP/KIND:NAMESPACE/NAME``."""
ARGO_CD_LABEL = "argocd.argoproj.io/instance"
FLUX = {
    "kustomize.toolkit.fluxcd.io/name": "Flux Kustomization",
    "helm.toolkit.fluxcd.io/name": "Flux HelmRelease",
}
"""fluxcd.io/flux/components: labels of what these controllers apply."""
HELM_RELEASE = "meta.helm.sh/release-name"
"""helm.sh/docs: annotation beside the label app.kubernetes.io/managed-by=Helm."""


def keeper(obj: dict[str, Json], edits: Sequence[Edit]) -> str:
    """Return who would undo a change of these fields, as the end of a sentence; empty for nobody."""
    labels, annotations = _strings(obj, "labels"), _strings(obj, "annotations")
    application = annotations.get(ARGO_CD_ID, "").partition(":")[0] or labels.get(ARGO_CD_LABEL, "")
    if application:
        return f"Argo CD application {shown(application)}"
    for label, tool in FLUX.items():
        if label in labels:
            return f"{tool} {shown(labels[label])}"
    if labels.get("app.kubernetes.io/managed-by") == "Helm" or HELM_RELEASE in annotations:
        return f"Helm release {shown(annotations.get(HELM_RELEASE, '?'))}"
    return next((f"field manager {shown(name)}" for edit in edits for name in appliers(obj, edit.path)), "")


def appliers(obj: dict[str, Json], path: FieldPath) -> Iterator[str]:
    """Yield the managers that own a field by server-side apply: their next apply sets it again.

    kubernetes.io/docs/reference/using-api/server-side-apply/#managers
    """
    entries = metadata_of(obj).get("managedFields")
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or entry.get("operation") != "Apply" or entry.get("manager") == FIELD_MANAGER:
            continue
        if _owns(entry.get("fieldsV1"), path):
            yield str(entry.get("manager"))


def _owns(fields: Json, path: FieldPath) -> bool:
    place = fields
    for part in (*path.way, path.key):
        if not isinstance(place, dict):
            return False
        if isinstance(part, Item):
            # An item is named by its keys, {"port":80,"protocol":"TCP"}: one of them is enough to find it.
            found = [key for key in place if key.startswith("k:") and all(value in key for _, value in part.fields)]
            place = place[found[0]] if found else None
        else:
            place = place.get(f"f:{part}")
    return place is not None


def _strings(obj: dict[str, Json], key: str) -> dict[str, str]:
    found = metadata_of(obj).get(key)
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
