"""All wording, as functions. They take raw values, escape and cut them, and return mrkdwn.

Words come before marks: every line is understood without its colour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.diagnosis.report import Cause, Diagnosis, Evidence, Hop, HopStatus, NotChecked, Proof, RuledOut
from bot.facts.base import Value
from bot.slack.escape import code, link, plain, words
from bot.slack.limits import OPTION_TEXT

VERDICT, SYMPTOM, SUMMARY, REMEDY, LINK, NAME, VALUES, DETAIL = 600, 400, 500, 400, 300, 150, 250, 100
"""Room for the parts of a message (ours): a name of 253 characters is cut, a sentence of a rule is not."""

RED, YELLOW, GREEN, WHITE = "🔴", "🟡", "🟢", "⚪"
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
USER_ID = re.compile(r"\b[UW][A-Z0-9]{5,24}\b")


def mention(user_id: str) -> str:
    """Return a person's name as Slack shows it, for an id that may have a workspace before it.

    Ids come from Slack or from settings, never from a text.
    """
    bare = user_id.rpartition("/")[2]
    return f"<@{bare}>" if USER_ID.fullmatch(bare) else code(user_id, NAME)


def usage(command: str) -> str:
    """Return what the command can do."""
    return (
        "*I find out why a Kubernetes network fails.* Tell me what does not work, in your own words:\n"
        f"• `{command} web cannot reach cart`\n"
        f"• `{command} dns is slow in namespace shop`\n"
        f"• `{command} timeouts to api.example.com`\n"
        f"• `{command} something is wrong` looks at the whole cluster\n"
        "I only read. The answer comes in a thread of its own; a fix is applied after somebody approved it.\n"
        "Slash commands do not work inside threads: mention me there instead."
    )


def asked(symptom: str, user_id: str) -> str:
    """Return the line that opens a thread."""
    return f"{mention(user_id)} asks: *{words(symptom, SYMPTOM)}*"


def answered(symptom: str, user_id: str, diagnosis: Diagnosis) -> str:
    """Return the opening line once the answer is known."""
    return f"{asked(symptom, user_id)}\n{verdict(diagnosis)}"


def starting() -> str:
    """Return the first line of progress."""
    return "⏳ Looking at the cluster …"


def waiting() -> str:
    """Return the progress of a diagnosis that has not begun."""
    return "⏳ Other diagnoses are running; yours is next in line …"


def progress(*, doing: str, done: int, total: int) -> str:
    """Return how far a diagnosis is."""
    return f"⏳ {words(doing, NAME)} …" + (f" ({done} of {total} done)" if total else "")


def stopped() -> str:
    """Return what becomes of a diagnosis when the bot is shut down."""
    return f"{WHITE} I was stopped before I was done. Please ask again in a minute."


def unfinished() -> str:
    """Return what becomes of a message when something breaks before it is an answer."""
    return f"{WHITE} I could not finish this."


def not_answered(problem: str) -> str:
    """Return why there is no diagnosis; the problem's own words say what to do."""
    return f"{WHITE} *I could not look.* {words(problem, SUMMARY)}"


def verdict(diagnosis: Diagnosis) -> str:
    """Return the answer in one line."""
    mark = RED if diagnosis.causes else WHITE if diagnosis.not_checked else GREEN
    return f"{mark} *{words(diagnosis.headline, VERDICT)}*"


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


def evidence(item: Evidence) -> str:
    """Return one fact: its values, where they were read and when."""
    read = " · ".join(words(part, NAME) for part in (item.source, when(item.at)) if part)
    return f"• {words(item.fact.replace('_', ' '), DETAIL)} {values(item.value)}" + (f" · {read}" if read else "")


def more_evidence(count: int) -> str:
    """Return that there is more evidence."""
    return f"… and {count} more facts"


def values(fields: Mapping[str, Value]) -> str:
    """Return the fields of a fact; empty texts are left out."""
    told = " ".join(f"{name}={_value(value)}" for name, value in fields.items() if value != "")
    return code(told, VALUES)


def when(at: str) -> str:
    """Return the time of a reading, in UTC, without the day; as it is where it is no ISO 8601."""
    read = re.search(r"T(\d\d:\d\d:\d\d)", at)
    return f"{read[1]} UTC" if read else at


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


def reasoning_button() -> str:
    """Return the label of the button to the proof."""
    return "Show the reasoning"


def ruled_out(item: RuledOut) -> str:
    """Return a fault that is not there, and a fact that shows it."""
    lines = [f"• {words(item.summary, SUMMARY)}"]
    lines += [f"    {values(fact.value)} · {words(fact.source, NAME)}" for fact in item.evidence[:1]]
    return "\n".join(lines)


def not_checked(item: NotChecked) -> str:
    """Return a fault that could not be looked for, why, and how to enable it."""
    lines = (f"• *{words(item.summary, SUMMARY)}*", words(item.reason, SUMMARY), words(item.how_to_enable, SUMMARY))
    return "\n    ".join(lines)


def also_seen(found: Cause) -> str:
    """Return a finding that is not on the path."""
    return f"• *{words(found.title, NAME)}* · {words(found.severity, DETAIL)}\n    {words(found.summary, SUMMARY)}"


def proof_step(proof: Proof, *, depth: int) -> str:
    """Return one conclusion of the chain of reasons."""
    return f"{_indent(depth)}{'because' if depth else '∴'} {words(proof.summary, SUMMARY)} {code(proof.rule, NAME)}"


def proof_fact(item: Evidence, *, depth: int) -> str:
    """Return one fact a conclusion rests on."""
    return _indent(depth + 1) + evidence(item)


def more_lines() -> str:
    """Return that a list is longer than a modal."""
    return "… and more. The command line shows the whole list: `netmedic diagnose … -o yaml`."


def nothing_here() -> str:
    """Return what an empty list says."""
    return "Nothing."


def loading() -> str:
    """Return what a modal says while its content is read."""
    return "⏳ Reading …"


def forgotten() -> str:
    """Return that the stored diagnosis behind a button is gone."""
    return "I no longer have this diagnosis. Please ask again."


def too_late() -> str:
    """Return that Slack's time for opening a modal was over."""
    return "Slack gave me no time to open this. Please click again."


def which_one(word: str) -> str:
    """Return the question that an ambiguous name leads to."""
    return f"It is not clear what *{words(word, NAME)}* is. Which one is meant?"


def choose() -> str:
    """Return what an open menu says."""
    return "Choose one"


def option(label: str) -> str:
    """Return one entry of a menu."""
    return plain(label, OPTION_TEXT)


def more_options(count: int) -> str:
    """Return that a menu cannot hold everything."""
    return f"… and {count} more. If yours is not in the list, ask again with its namespace."


def chosen(word: str, label: str, user_id: str) -> str:
    """Return what was chosen."""
    return f"*{words(word, NAME)}*: {words(label, NAME)}, chosen by {mention(user_id)}."


def question_gone() -> str:
    """Return that a question is no longer open."""
    return "This question was answered already, or I no longer know it. Please ask again."


def not_in_channel(bot_user_id: str) -> str:
    """Return that the bot cannot write where it was asked."""
    me = mention(bot_user_id)
    return f"I am not in this channel, so I cannot answer here. Invite me with `/invite` {me} and ask again."


def cannot_write(reason: str) -> str:
    """Return that Slack did not let the bot write."""
    return f"Slack did not let me answer here ({words(reason, DETAIL)}). Ask again in a channel I am in."


def broken(incident: str) -> str:
    """Return that something went wrong inside the bot, with the id under which the log has it."""
    return f"Something went wrong inside me. The log has the details under {code(incident, DETAIL)}."


def foreign() -> str:
    """Return the answer to a workspace this bot is not installed for."""
    return "I work for another workspace. Ask whoever runs me to install me in yours."


def unknown_button() -> str:
    """Return the answer to a click on something this version does not know."""
    return "I do not know this button: the message is from another version of me. Please ask again."


def _indent(depth: int) -> str:
    return "    " * min(depth, 6)


def _confidence(confidence: str) -> str:
    return CONFIDENCES.get(confidence) or words(confidence, DETAIL)


def _value(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
