"""What the image is made from is pinned, and its bill of materials lists all of it; tests/helm builds and runs it."""

from __future__ import annotations

import re
from pathlib import Path

from tools.image import debian, sbom, seal
from tools.image.places import DOCUMENTS, REPOSITORY, SITE

BUILD_TOOLS = {"editables", "hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers"}
PINNED = re.compile(r"^([a-z0-9-]+)(?:\[\w+\])?==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PINNED.findall((REPOSITORY / name).read_text()))


def test_the_image_has_the_versions_that_are_tested() -> None:
    tested = pins("requirements-dev.lock")

    assert {name: tested.get(name) for name in pins("requirements-image.lock")} == pins("requirements-image.lock")


def test_the_image_has_what_netmedic_needs_and_nothing_to_build_it_with() -> None:
    held = set(pins("requirements-image.lock"))

    assert set(pins("requirements.lock")) - held == BUILD_TOOLS
    assert held - set(pins("requirements.lock")) == {"psycopg", "psycopg-binary"}


def test_every_package_of_debian_is_pinned_by_its_content() -> None:
    locked = debian.locked()

    assert {"libc6", "python3.11-minimal", "ca-certificates"} <= {package.name for package in locked}
    assert all(re.fullmatch(r"[0-9a-f]{64}", package.sha256) for package in locked)
    assert not {"dash", "bash", "busybox", "gcc", "apt", "dpkg"} & {package.name for package in locked}


def test_the_digest_is_of_names_modes_and_contents_and_not_of_times(tmp_path: Path) -> None:
    def made(name: str, *, text: str = "text", mode: int = 0o600) -> str:
        root = tmp_path / name
        (root / "etc").mkdir(parents=True)
        (root / "etc" / "file").write_text(text)
        (root / "etc" / "file").chmod(mode)
        (root / "link").symlink_to("/etc/file")
        seal.settle(root, epoch=1)
        return seal.digest(root)

    assert made("one") == made("two", mode=0o660)
    assert made("three", text="other") != made("one again")
    assert made("four", mode=0o700) != made("one more")
    assert (tmp_path / "one" / "etc" / "file").stat().st_mtime == 1


def test_the_bill_of_materials_lists_every_package_with_its_licence(tmp_path: Path) -> None:
    for package in debian.locked():
        record = tmp_path / "var/lib/dpkg/status.d" / package.name
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(f"Package: {package.name}\nVersion: 1:2.0\nArchitecture: amd64\n")
    for name, licence in (("Some_Package", "License-Expression: MIT"), ("other", "Classifier: License :: OSI :: BSD")):
        metadata = tmp_path / SITE / f"{name}-1.0.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{licence}\n")

    bill = sbom.document(tmp_path, commit="abc", epoch=0)

    listed = {component["purl"]: component for component in bill["components"]}
    assert len(listed) == len(debian.locked()) + 2
    assert listed["pkg:pypi/some-package@1.0"]["licenses"] == [{"expression": "MIT"}]
    assert listed["pkg:pypi/other@1.0"]["licenses"] == [{"license": {"name": "BSD"}}]
    assert "pkg:deb/debian/libc6@1%3A2.0?arch=amd64&distro=debian-12" in listed
    assert bill["metadata"]["timestamp"] == "1970-01-01T00:00:00Z"
    assert sbom.FILE.startswith(DOCUMENTS)
