"""What people see in Slack, as pictures for docs/slack.md: our blocks as HTML, taken by a headless Chromium.

Run: ``python -m tests.slack.looks [FOLDER]``. It needs Debian's ``chromium``, and Pillow, which nothing else here does.
It shows what is said and how it wraps, on a desktop and on a phone; Slack's own looks are only approached.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.facts.scope import Subject
from bot.pictures.path import path_picture
from bot.remediation.approval import Policy
from bot.slack import messages
from bot.slack.actions import Detail
from bot.slack.alert_payload import Alert
from bot.slack.blocks import diagnosis_blocks
from bot.slack.detail_blocks import detail_view
from bot.slack.form_blocks import form
from bot.slack.home_blocks import Listed, Overview, home_view
from bot.slack.plan_blocks import plan_card
from bot.slack.ports import Person, Place, Question, Request
from bot.slack.question_blocks import question_blocks
from bot.store.chat_records import AlertNews, AlertSeen, Opinion
from tests.slack import fixtures
from tests.slack.fakes import incident_of

DESKTOP, PHONE, HEIGHT = 720, 390, 11_000
LINE, COLOURS = (255, 0, 255), 128
PEOPLE = {"U0000ALICE": "@alice", "U00000BOB": "@bob", "U01BOT": "@netmedic"}
STYLE = Path(__file__).with_suffix(".css").read_text()


def mrkdwn(text: str) -> str:
    """Return mrkdwn as HTML; its entities are HTML's."""
    pieces = re.split(r"```\n?(.*?)```", text, flags=re.DOTALL)
    return "".join(
        f"<pre>{piece}</pre>" if number % 2 else inline(piece.strip("\n")) for number, piece in enumerate(pieces)
    )


def inline(text: str) -> str:
    """Return text outside of code blocks as HTML."""
    text = re.sub(r"<@(\w+)>", lambda m: f'<span class="mention">{PEOPLE.get(m[1], m[1])}</span>', text)
    text = re.sub(r"<#(\w+)>", '<span class="mention">#incidents</span>', text)
    text = re.sub(r"<(https://[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", text)
    return text.replace("\n", "<br>").replace("    ", "&emsp;&emsp;")


def block(item: dict[str, Any]) -> str:
    """Return a block as HTML."""
    match item["type"]:
        case "section" if "fields" in item:
            cells = "".join(f"<div>{mrkdwn(field['text'])}</div>" for field in item["fields"])
            return f'<div class="fields">{cells}</div>'
        case "section":
            return f'<div class="section">{mrkdwn(item["text"]["text"])}</div>'
        case "context":
            return "".join(f'<div class="context">{mrkdwn(text["text"])}</div>' for text in item["elements"])
        case "divider":
            return "<hr>"
        case "actions":
            return f'<div class="actions">{"".join(map(element, item["elements"]))}</div>'
        case "input":
            return f"<label>{item['label']['text']}</label>{field(item['element'])}{hint(item)}"
        case _:
            raise ValueError(item["type"])


def element(item: dict[str, Any]) -> str:
    """Return a button or a menu as HTML."""
    if item["type"] == "static_select":
        return f'<span class="button">{item["placeholder"]["text"]} ▾</span>'
    return f'<span class="button {item.get("style", "")}">{item["text"]["text"]}</span>'


def field(item: dict[str, Any]) -> str:
    """Return an input as HTML."""
    chosen = item.get("initial_option", {"text": {"text": ""}})["text"]["text"]
    return f'<div class="input">{item.get("initial_value", chosen)}</div>'


def hint(item: dict[str, Any]) -> str:
    """Return the words below an input."""
    return f'<p class="hint">{item["hint"]["text"]}</p>' if "hint" in item else ""


def message(*, text: str = "", blocks: Any = (), image: str = "") -> str:
    """Return a message of the bot as HTML."""
    shown = "".join(map(block, blocks)) or mrkdwn(text)
    picture = f'<img src="data:image/svg+xml;base64,{image}">' if image else ""
    return (
        '<div class="message"><div class="icon">n</div><div class="body">'
        f'<span class="name">netmedic</span> <span class="app">APP</span><br>{shown}{picture}</div></div>'
    )


def modal(view: Any) -> str:
    """Return a modal, or App Home, as HTML."""
    title = f"<h3>{view['title']['text']}</h3>" if "title" in view else ""
    submit = f'<span class="button primary">{view["submit"]["text"]}</span>' if "submit" in view else ""
    blocks = "".join(map(block, view["blocks"]))
    return f'<div class="{view["type"]}">{title}{blocks}<div class="actions">{submit}</div></div>'


def views() -> Iterator[tuple[str, str]]:
    """Yield each view: its name, and its HTML."""
    diagnosis, plan = fixtures.wrong_port(), fixtures.plan()
    incident = incident_of(symptom="web cannot reach checkout", channel="C000000001")
    asked = messages.asking.asked("web cannot reach checkout", "U0000ALICE")
    yield (
        "diagnosis",
        message(text=f"{asked}\n{messages.answer.verdict(diagnosis)}")
        + message(blocks=diagnosis_blocks(diagnosis, incident=incident.id)),
    )
    yield "path", message(text="The path", image=encoded(path_picture(diagnosis).svg))
    yield "plan", message(blocks=plan_card(plan, policy=Policy(approvers=("U00000BOB",)), requester="U0000ALICE"))
    request = Request(symptom="x", requester=Person(team="T", user="U"), place=Place(channel="C"))
    candidates = (Subject("Service", "shop", "cart"), Subject("Service", "test", "cart"))
    question = Question(request=request, word="cart", candidates=candidates)
    yield "question", message(blocks=question_blocks(question, question_id="1"))
    for detail in (Detail.REASONING, Detail.NOT_CHECKED):
        yield detail.replace("_", "-"), modal(detail_view(detail, diagnosis))
    text = "TargetDown\ncheckout cannot be reached\nnamespace: shop"
    yield "form", modal(form(text=text, clusters=("prod", "staging"), chosen="prod", metadata="{}"))
    listed = Listed(incident=incident, diagnosis=diagnosis, veiled=False)
    overview = Overview(
        wrong={}, running=1, single_operator=False, opened=[listed], recent=[listed], waiting=[(plan.title, incident)]
    )
    yield "home", modal(home_view(overview))
    yield "alert", alert_thread(diagnosis)
    entry = messages.information.incident(incident, diagnosis, [Opinion.RIGHT])
    yield "history", message(text=f"{messages.information.history_title(here=True)}\n{entry}")
    yield "veiled", message(text=messages.answer.veiled(diagnosis, channel="C000000001"))


def alert_thread(diagnosis: Any) -> str:
    """Return an alert's thread as HTML."""
    labels = {"alertname": "TargetDown", "namespace": "shop"}
    alert = Alert("firing", labels, {"summary": "checkout cannot be reached"})
    opening = f"{messages.alert.opened([alert])}\n{messages.answer.verdict(diagnosis)}"
    ended = AlertSeen(fingerprint="1", news=AlertNews.RESOLVED)
    still = dataclasses.replace(ended, news=AlertNews.REPEATED, times=3)
    told = (messages.alert.moved_on([(alert, seen)]) for seen in (still, ended))
    return message(text=opening) + "".join(message(text=text) for text in told)


def encoded(svg: str) -> str:
    """Return a drawing for an ``img``."""
    return base64.b64encode(svg.encode()).decode()


def page(shown: list[tuple[str, str]]) -> str:
    """Return all views below each other, each on a desktop and on a phone, with a line of one colour between them."""
    both = (f'<div class="desktop">{html}</div><div class="phone">{html}</div>' for _, html in shown)
    rows = "".join(f'<div class="row">{html}</div><div class="line"></div>' for html in both)
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{rows}'


def screenshot(html: str) -> Any:
    """Return a picture of a page."""
    with tempfile.TemporaryDirectory() as folder:
        source, to = Path(folder) / "page.html", Path(folder) / "page.png"
        source.write_text(html)
        command = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]
        size, shot = f"--window-size={DESKTOP + PHONE + 60},{HEIGHT}", f"--screenshot={to}"
        subprocess.run([*command, size, shot, f"file://{source}"], check=True, capture_output=True, timeout=300)
        with import_module("PIL.Image").open(to) as picture:
            return picture.convert("RGB")


def parts(picture: Any) -> Iterator[Any]:
    """Yield what is between the lines."""
    lines = [y for y in range(picture.height) if picture.getpixel((1, y)) == LINE]
    top = 0
    for y in lines:
        if y > top:
            yield picture.crop((0, top, picture.width, y))
        top = y + 1


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    shown = list(views())
    for (name, _), part in zip(shown, parts(screenshot(page(shown))), strict=True):
        part.quantize(COLOURS).save(folder / f"slack-{name}.png", optimize=True)
        sys.stdout.write(f"slack-{name}.png\n")


if __name__ == "__main__":
    main()
