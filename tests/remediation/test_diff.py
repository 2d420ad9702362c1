from __future__ import annotations

from typing import Any

import pytest

from bot.remediation.diff import digest, shown_text, unified
from bot.remediation.fieldpath import FieldPath
from tests.remediation.fixtures import deployment, service

TARGET_PORT = FieldPath.parse("spec.ports[port=80].targetPort")
REPLICAS = FieldPath.parse("spec.replicas")


def difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    return unified(before, after, name="Service shop/web", was="live", becomes="after the fix")


def test_a_diff_shows_the_change_and_what_is_around_it() -> None:
    assert difference(service(), TARGET_PORT.put(service(), 8080)) == (
        "--- Service shop/web (live)\n"
        "+++ Service shop/web (after the fix)\n"
        "@@ -17,7 +17,7 @@\n"
        "   - name: http\n"
        "     port: 80\n"
        "     protocol: TCP\n"
        "-    targetPort: 9999\n"
        "+    targetPort: 8080\n"
        "   selector:\n"
        "     app: web\n"
        "     version: v2"
    )


def test_what_the_api_server_keeps_for_itself_is_no_difference() -> None:
    other: Any = service()
    other["metadata"] |= {"resourceVersion": "999", "managedFields": [], "generation": 7}
    other["status"] = {"loadBalancer": {"ingress": []}}

    assert difference(service(), other) == ""
    assert digest(service()) == digest(other)


@pytest.mark.parametrize("path", ["spec.type", 'metadata.annotations["example.com/token"]', "metadata.labels.app"])
def test_everything_else_is_a_difference(path: str) -> None:
    other = FieldPath.parse(path).put(service(), "other")

    assert difference(service(), other) != ""
    assert digest(service()) != digest(other)


def test_no_secret_is_shown() -> None:
    changed: Any = REPLICAS.put(deployment(), 1)
    changed["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "ADDED", "value": "hunter3"})
    changed["metadata"]["annotations"] = {"a": "hunter4"}

    for text in (shown_text(deployment()), shown_text(service()), difference(deployment(), changed)):
        assert "hunter" not in text


def test_a_changed_secret_is_seen_to_be_changed() -> None:
    changed: Any = deployment()
    container = changed["spec"]["template"]["spec"]["containers"][0]
    container["env"][0]["value"] = "hunter3"
    container["args"] = []

    lines = difference(deployment(), changed).splitlines()

    assert [line for line in lines[2:] if line[0] in "+-"] == [
        "-      - args: <hidden>",
        "+      - args: <hidden, changed>",
        "-          value: <hidden>",
        "+          value: <hidden, changed>",
    ]


def test_no_character_of_the_cluster_acts_on_the_reader() -> None:
    hostile = FieldPath.parse("metadata.labels.app").put(service(), "x\n\x1b[2J\u202eevil: yes\r")

    text = shown_text(hostile)

    assert text.isascii()
    assert '    app: "x\\n\\e[2J\\u202Eevil: yes\\r"' in text.splitlines()
