"""What people say next in a thread, read with what was said before. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.diagnosis.report import Diagnosis
from bot.diagnosis.symptom import Symptom, SymptomError, parse

AGAIN = re.compile(
    r"\W*(?:(?:and|ok|please|try|check|look|ask|run|test|it|that|now|once)\W+)*"
    r"(?:again|once more|re-?(?:check|run|try)|and now|is it fixed|fixed|still broken|still)\W*(?:please\W*)?",
    re.IGNORECASE,
)
GOES_ON = re.compile(
    r"\W*(?:(?:and|also|then|or|but|now|same|what about|how about|what if)\b\W*)+(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
TURN = re.compile(
    r"(?:the same\s+)?(?:(?P<way>from|to|in|on)\s+)?(?:the\s+)?"
    r"(?:(?P<kind>namespace|node|pod|service|deployment)\s+)?(?P<name>[\w./:-]+)(?:\s+(?P<after>node|namespace|pod))?\W*",
    re.IGNORECASE,
)
OTHER_NODE = re.compile(r"(?:the\s+|an)?other\s+(?:worker\s+)?(?:node|machine|host)\b", re.IGNORECASE)
NODE = re.compile(r"\bNode ([\w.-]+)")


class WhichNode(Exception):
    """“The other Node” is said where it is not clear which."""


@dataclass(frozen=True, kw_only=True)
class Before:
    """What the thread was about so far."""

    symptom: str
    diagnosis: Diagnosis | None
    """Its latest; none where it was not kept."""


def in_context(text: str, before: Before) -> str:
    """Return the symptom that a text means in its thread: the earlier one, the earlier one changed, or a new one.

    Raises:
        WhichNode: It speaks of the other Node, and there is none, or several.
    """
    if AGAIN.fullmatch(text):
        return before.symptom
    goes_on = GOES_ON.fullmatch(text)
    rest = goes_on["rest"] if goes_on else text
    rest = OTHER_NODE.sub(lambda _: f"node {other_node(before)}", rest)
    turn = TURN.fullmatch(rest)
    if turn is None or not (goes_on or turn["way"]):
        return text
    try:
        said = parse(before.symptom)
    except SymptomError:
        return text
    return turned(before.symptom, said, turn, nodes=known_nodes(before))


def turned(symptom: str, said: Symptom, turn: re.Match[str], *, nodes: Collection[str]) -> str:
    """Return a symptom with one of its parts replaced, or added where it had none."""
    name, way = turn["name"], (turn["way"] or "to").lower()
    kind = (turn["kind"] or turn["after"] or "").lower()
    if kind == "namespace" or way == "in":
        return replaced(symptom, said.namespace, name, otherwise=f"in namespace {name}")
    if kind == "node" or way == "on" or name in nodes:
        node = said.nodes[0].text if said.nodes else ""
        return replaced(symptom, node, name, otherwise=f"from node {name}")
    if way == "from":
        return replaced(symptom, said.source.text, name, otherwise=f"from {name}")
    return replaced(symptom, said.target.text, name, otherwise=f"to {name}")


def replaced(symptom: str, part: str, name: str, *, otherwise: str) -> str:
    """Return a symptom with a name in the place of another, which is looked for from the end."""
    at = symptom.lower().rfind(part.lower()) if part else -1
    if at < 0:
        return f"{symptom.rstrip(' ?.!')} {otherwise}"
    return symptom[:at] + name + symptom[at + len(part) :]


def other_node(before: Before) -> str:
    """Return the Node on the path that the thread was not about so far.

    Raises:
        WhichNode: There is none, or several.
    """
    nodes = known_nodes(before)
    named = [node for node in nodes if node.lower() in before.symptom.lower()]
    others = [node for node in nodes if node not in (named or nodes[:1])]
    if len(others) != 1:
        raise WhichNode
    return others[0]


def known_nodes(before: Before) -> list[str]:
    """Return the Nodes that were spoken of, each once."""
    return list(dict.fromkeys(nodes_of(before.diagnosis))) if before.diagnosis else []


def nodes_of(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the Nodes a diagnosis speaks of, those of its path first and the client's before all."""
    for hop in diagnosis.path:
        yield from NODE.findall(hop.subject)
    for cause in (*diagnosis.causes, *diagnosis.also_seen):
        for item in cause.evidence:
            if isinstance(node := item.value.get("node"), str) and node:
                yield node
