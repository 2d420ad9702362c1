"""The diagnosis in words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.diagnosis.report import Cause, Diagnosis, Hop, HopStatus
from bot.slack.escape import link, plain, words
from bot.slack.messages.pieces import (
    DETAIL,
    GREEN,
    LINK,
    NAME,
    RED,
    REMEDY,
    SUMMARY,
    VERDICT,
    WHITE,
    YELLOW,
    channel_name,
)

HOP_MARKS = {
    HopStatus.OK: f"{GREEN} ok",
    HopStatus.BROKEN: f"{RED} *broken*",
    HopStatus.SUSPICIOUS: f"{YELLOW} suspicious",
    HopStatus.NOT_CHECKED: f"{WHITE} not checked",
}
CONFIDENCES = {
    "proven": "proven: seen directly",
    "likely": "likely: several signs agree",
    "possible": "possible: it fits, nothing confirms it",
}


def verdict(diagnosis: Diagnosis) -> str:
    """Return the answer in one line."""
    return f"{_mark(diagnosis)} *{words(diagnosis.headline, VERDICT)}*"


def veiled_verdict(diagnosis: Diagnosis) -> str:
    """Return the answer in one line without a name or an address in it; titles of rules have none."""
    titles = list(dict.fromkeys(found.title for found in diagnosis.causes))
    more = f" ({len(titles) - 1} more)" if len(titles) > 1 else ""
    told = f"{titles[0]}{more}" if titles else "No fault found in what could be checked"
    return f"{_mark(diagnosis)} *{words(told, VERDICT)}*"


def veiled(diagnosis: Diagnosis, *, channel: str) -> str:
    """Return the answer without a name or an address in it, and where the whole of it is."""
    broken = next((step.hop.replace("-", " ") for step in diagnosis.path if step.first_broken), "")
    lines = [veiled_verdict(diagnosis)]
    if broken:
        lines.append(f"First broken hop: {words(broken, DETAIL)}.")
    return "\n".join([*lines, f"Names, evidence and what to do: in {channel_name(channel)}."])


def understood(diagnosis: Diagnosis) -> str:
    """Return how the question was read, and where."""
    symptom, access = diagnosis.symptom, diagnosis.access
    ends = [
        f"{word} {words(name, NAME)}"
        for word, name in (("in", symptom.namespace), ("from", symptom.source), ("to", symptom.target))
        if name
    ]
    return " · ".join(
        (
            f"understood as {words(symptom.kind, DETAIL)} {' '.join(ends)}".rstrip(),
            f"cluster {words(access.context, NAME)} {words(access.server_version, DETAIL)}",
            f"{diagnosis.timing.seconds:.1f} s",
        )
    )


def access(diagnosis: Diagnosis) -> str:
    """Return what the diagnosis could see, and what more it could."""
    return f"seen with access tier {diagnosis.access.tier}. {words(diagnosis.access.next_tier, SUMMARY)}"


def path_title() -> str:
    """Return the heading of the path."""
    return "*The path*"


def hop(step: Hop, causes: Sequence[Cause]) -> str:
    """Return one line of the path; a detail that a cause tells as well is left to the cause."""
    line = f"{HOP_MARKS[step.status]} · *{words(step.hop.replace('-', ' '), DETAIL)}* {words(step.subject, NAME)}"
    told = next((number for number, found in enumerate(causes, start=1) if found.summary == step.detail), 0)
    detail = f"cause {told}" if told else words(step.detail, DETAIL) if step.detail else ""
    return line + (f" · {detail}" if detail else "") + ("  ← *first broken hop*" if step.first_broken else "")


def more_hops(count: int) -> str:
    """Return that the path is longer."""
    return f"… and {count} more hops"


def cause(number: int, found: Cause) -> str:
    """Return a cause: what, how sure, and what to do. The first one's summary is the verdict, and not said again."""
    lines = [
        f"*{number}. {words(found.title, NAME)}* · {words(found.severity, DETAIL)} · {_confidence(found.confidence)}"
    ]
    if number > 1:
        lines.append(words(found.summary, SUMMARY))
    if found.explains:
        lines.append(f"It explains: {words(' '.join(found.explains), SUMMARY)}")
    if found.remedy:
        more = link(found.docs, "Read more", LINK) if found.docs else ""
        lines.append(f"What to do: {words(found.remedy, REMEDY)} {more}".rstrip())
    return "\n".join(lines)


def more_evidence(count: int) -> str:
    """Return that there is more evidence."""
    return f"… and {count} more facts"


def more_causes(count: int) -> str:
    """Return that there are more causes than are shown."""
    return f"*… and {count} more {'cause' if count == 1 else 'causes'}*"


def no_cause(diagnosis: Diagnosis) -> str:
    """Return what an answer without a cause means."""
    if diagnosis.not_checked:
        return (
            "Nothing I could check explains this. That is not a clean bill: some things could not be checked, "
            "and the list of them says how to enable each."
        )
    return "Everything I know how to check is in order. The fault is outside what I look at, or it is over."


def note(text: str) -> str:
    """Return something the reader has to know besides."""
    return words(text, SUMMARY)


def no_plan(why: str) -> str:
    """Return that no plan could be made."""
    return f"{WHITE} I could not make a plan. {words(why, SUMMARY)}"


def not_kept(why: str) -> str:
    """Return that a diagnosis is not in the store; a note, so not escaped here."""
    return f"This diagnosis could not be kept, so there is no plan for it. {why}"


def shortened() -> str:
    """Return where the rest is."""
    return "Shortened to fit. The whole diagnosis is in the file in this thread."


def whole_diagnosis() -> str:
    """Return the title of the file that holds everything."""
    return "The whole diagnosis"


def path_picture() -> str:
    """Return the title of the picture of the path."""
    return "The path"


def ways_picture() -> str:
    """Return the title of the heat map."""
    return "Round trips and loss between Nodes"


def ticket(node: str) -> str:
    """Return the title of the evidence for the provider of a Node."""
    return f"For the provider of Node {plain(node, NAME)}"


def recording_picture(node: str) -> str:
    """Return the title of the picture of a Node's last minutes; plain text."""
    return plain(f"The last minutes of Node {node}", NAME)


def reasoning_picture() -> str:
    """Return the title of the picture of the reasoning."""
    return "Why the first cause is found"


def file_not_sent(what: str) -> str:
    """Return that a file could not be attached."""
    return f"I could not attach the file “{what}”. Check that the app has the scope `files:write`."


def ruled_out_button(count: int) -> str:
    """Return the label of the button to what was ruled out."""
    return f"Ruled out ({count})"


def not_checked_button(count: int) -> str:
    """Return the label of the button to what could not be checked."""
    return f"Could not check ({count})"


def also_seen_button(count: int) -> str:
    """Return the label of the button to findings off the path."""
    return f"Also seen ({count})"


def again_button() -> str:
    """Return the label of the button that asks the same again."""
    return "Ask again"


def right_button() -> str:
    """Return the label of the button that says the diagnosis was right."""
    return "This was it"


def wrong_button() -> str:
    """Return the label of the button that says it was not."""
    return "Wrong diagnosis"


def reasoning_button() -> str:
    """Return the label of the button to the proof."""
    return "Show the reasoning"


def _confidence(confidence: str) -> str:
    return CONFIDENCES.get(confidence) or words(confidence, DETAIL)


def _mark(diagnosis: Diagnosis) -> str:
    return RED if diagnosis.causes else WHITE if diagnosis.not_checked else GREEN
