"""Slack's refusals, as far as they are documented: which blocks it does not take, and what in a text would ping."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from jsonschema.validators import Draft202012Validator

MESSAGE_TOTAL = 13_200
"""Answered with ``msg_blocks_too_long`` at about this many characters ("Blocks too long error at ~13200 characters",
slackapi/bolt-js); not documented, so counted in the largest way there is: as ASCII JSON."""

SCHEMA = yaml.safe_load((Path(__file__).parent / "block_kit.schema.yaml").read_text())
OWN_MENTION = re.compile(r"<@[UW][A-Z0-9]+>")
OWN_CHANNEL = re.compile(r"<#[CGD][A-Z0-9]+>")
OWN_LINK = re.compile(r"<https://[^\s<>|]+\|Read more>")
ENTITY = re.compile(r"&(?:amp|lt|gt);")
BARE_PING = re.compile(r"@(?:here|channel|everyone|group)", re.IGNORECASE)
EMOJI = re.compile(r":(?!\d\d?:)[\w+'-]+:")
"""No emoji is a number of one or two digits; :100: and :1234: are."""
ACTS_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066\u2067\u061c\ud800-\udfff]")


def message_problems(blocks: Sequence[Any]) -> list[str]:
    """Return why Slack would not take the blocks of a message."""
    found = [*_violations(blocks, "message"), *_repeated_ids(blocks)]
    if len(json.dumps(blocks)) > MESSAGE_TOTAL:
        found.append("msg_blocks_too_long")
    return found


def view_problems(view: Any) -> list[str]:
    """Return why Slack would not take a modal, or an App Home."""
    kind = "home" if view.get("type") == "home" else "modal"
    return [*_violations(view, kind), *_repeated_ids(view.get("blocks", ())), *_too_long_inputs(view)]


def pings(item: Any, *, known: frozenset[str] = frozenset()) -> list[str]:
    """Return what in texts would ping, link, format or act unseen; the ids in ``known`` are mentioned on purpose."""
    return [problem for kind, text in texts(item) for problem in _in_text(kind, text, known)]


def texts(item: Any) -> Iterator[tuple[str, str]]:
    """Yield the type and the text of every text object."""
    if isinstance(item, dict):
        if item.get("type") in ("mrkdwn", "plain_text") and "text" in item:
            kind = item["type"] if item.get("verbatim") or item["type"] == "plain_text" else "not verbatim"
            yield kind, item["text"]
        for value in item.values():
            yield from texts(value)
    elif isinstance(item, list | tuple):
        for value in item:
            yield from texts(value)


def _in_text(kind: str, text: str, known: frozenset[str]) -> Iterator[str]:
    if kind == "not verbatim":
        yield f"not verbatim: {text!r}"
    if found := ACTS_UNSEEN.search(text):
        yield f"acts unseen: {found[0]!r}"
    if kind == "plain_text":
        return
    for mention in OWN_MENTION.findall(text):
        if mention[2:-1] not in known:
            yield f"pings {mention}"
    rest = ENTITY.sub("", OWN_LINK.sub("", OWN_CHANNEL.sub("", OWN_MENTION.sub("", text))))
    if re.search(r"[<>&]", rest):
        yield f"not escaped: {rest!r}"
    outside, inside = _without_code(rest)
    if outside is None:
        yield f"an open code span: {rest!r}"
        return
    if found := BARE_PING.search(outside):
        yield f"pings {found[0]}"
    if found := EMOJI.search(outside):
        yield f"an emoji: {found[0]}"
    if "`" in inside:
        yield f"a backtick in code: {inside!r}"


def _without_code(text: str) -> tuple[str | None, str]:
    """Return what is outside of code, and what is inside; None where code is left open."""
    parts = re.split(r"```", text)
    if len(parts) % 2 == 0:
        return None, ""
    outside, inside = "".join(parts[::2]), ""
    spans = outside.split("`")
    if len(spans) % 2 == 0:
        return None, ""
    return "".join(spans[::2]), inside + "".join(spans[1::2])


def _utf16_max_length(_: Any, limit: int, instance: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and len(instance.encode("utf-16-le", "surrogatepass")) // 2 > limit:
        yield jsonschema.ValidationError(f"must be less than {limit + 1} characters")


_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"maxLength": _utf16_max_length}
)


def _violations(item: Any, definition: str) -> list[str]:
    schema = {"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    listed = json.loads(json.dumps(item))
    return [
        f"[ERROR] {error.message[:200]} [json-pointer:/{'/'.join(map(str, error.absolute_path))}]"
        for error in _Validator(schema).iter_errors(listed)
    ]


def _too_long_inputs(view: Any) -> list[str]:
    inputs = [block["element"] for block in view.get("blocks", ()) if block.get("type") == "input"]
    texts = [(item.get("initial_value", ""), item.get("max_length", 3000)) for item in inputs]
    return [
        "initial_value is longer than max_length" for text, most in texts if len(text.encode("utf-16-le")) // 2 > most
    ]


def _repeated_ids(blocks: Sequence[Any]) -> list[str]:
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    found = ["block_id is used twice"] if len(set(ids)) < len(ids) else []
    for block in blocks:
        actions = [element.get("action_id") for element in block.get("elements", ()) if element.get("action_id")]
        if len(set(actions)) < len(actions):
            found.append("action_id is used twice in a block")
        for element in block.get("elements", ()):
            values = [option["value"] for option in element.get("options", ())]
            if len(set(values)) < len(values):
                found.append("a value is used twice in a menu")
    return found
