"""The bill of materials: everything that is in the image, as CycloneDX, from the lock files and what was installed."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from email.parser import Parser
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot import __version__
from tools.image import debian
from tools.image.places import DOCUMENTS, SITE

FILE = f"{DOCUMENTS}/sbom.cdx.json"
Component = dict[str, Any]


def write(root: Path, *, commit: str, epoch: int) -> None:
    """Write it into the image."""
    file = root / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document(root, commit=commit, epoch=epoch), indent=1) + "\n")


def document(root: Path, *, commit: str, epoch: int) -> dict[str, Any]:
    """Return the bill of materials of a root file system."""
    found = sorted(distributions(path=[str(root / SITE)]), key=lambda one: one.name.lower())
    components = [*(_debian(package, root) for package in debian.locked()), *(_python(one) for one in found)]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'netmedic {__version__} {commit}')}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "container",
                "bom-ref": "netmedic-image",
                "name": "netmedic",
                "version": __version__,
                "properties": [{"name": "netmedic:commit", "value": commit}],
            },
        },
        "components": components,
    }


def _debian(package: debian.Package, root: Path) -> Component:
    record = Parser().parsestr((root / "var/lib/dpkg/status.d" / package.name).read_text())
    version = quote(record["Version"], safe="")
    purl = f"pkg:deb/debian/{package.name}@{version}?arch={record['Architecture']}&distro=debian-12"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": record["Version"],
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "purl": purl,
    }


def _python(one: Distribution) -> Component:
    name = one.name.lower().replace("_", "-")
    purl = f"pkg:pypi/{name}@{one.version}"
    metadata = one.metadata
    expression = metadata["License-Expression"]
    named = [line for line in metadata.get_all("Classifier") or () if line.startswith("License :: ")]
    classified: list[Component] = [{"license": {"name": line.rpartition(" :: ")[2]}} for line in named]
    licences = [{"expression": expression}] if expression else classified
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": one.version,
        **({"licenses": licences} if licences else {}),
        "purl": purl,
    }
