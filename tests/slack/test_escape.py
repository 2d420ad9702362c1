"""Text made harmless for Slack."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import escape
from bot.slack.kit import mrkdwn, plain_text
from bot.slack.limits import length
from tests.slack.block_rules import pings
from tests.slack.fixtures import NASTY

TEXT = st.text(max_size=80) | st.sampled_from(NASTY) | st.lists(st.sampled_from(NASTY), max_size=4).map("".join)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Service shop/cart", "Service shop/cart"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("a & b", "a &amp; b"),
        ("@here and @Everyone", "@\u2060here and @\u2060Everyone"),
        ("someone@hereford", "someone@\u2060hereford"),
        ("user@example.com", "user@example.com"),
        (":fire:", ":\u2060fire:"),
        ("fd00:100:1::a", "fd00:\u2060100:1::a"),
        ("09:15:04 UTC", "09:15:04 UTC"),
        ("10.0.0.1:8080", "10.0.0.1:8080"),
        ("insert_failed", "insert_failed"),
        ("_gone_", "\u02cdgone\u02cd"),
        ("*a* ~b~ `c`", "\u2217a\u2217 \u223cb\u223c \u02cbc\u02cb"),
        ("two\nlines\t and  spaces ", "two lines and spaces"),
        ("\u202etxt.exe", "\ufffdtxt.exe"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\u05e9\u05dc\u05d5", "\u2068\u05e9\u05dc\u05d5\u2069"),
        ("", "-"),
        ("\x00", "\ufffd"),
    ],
)
def test_words_act_as_nothing_but_words(raw: str, shown: str) -> None:
    assert escape.words(raw, 100) == shown


def test_a_value_cannot_leave_its_code_span() -> None:
    assert escape.code("a`b` <!here> *c*", 100) == "`a\u02cbb\u02cb &lt;!here&gt; *c*`"


def test_plain_text_knows_no_entities() -> None:
    assert escape.plain("a <b> & c", 75) == "a \u2039b\u203a & c"


def test_a_cut_never_splits_an_entity() -> None:
    assert escape.words("aaaa&bbbb", 12) == "aaaa…"


def test_what_just_fits_is_not_cut() -> None:
    assert escape.words("a" * 12, 12) == "a" * 12
    assert escape.words("a" * 13, 12) == "a" * 6 + "…"


@given(raw=TEXT, limit=st.integers(20, 300))
def test_nothing_pings_formats_or_is_too_long(raw: str, limit: int) -> None:
    for shown in (escape.words(raw, limit), escape.code(raw, limit)):
        assert pings(mrkdwn(shown)) == []
        assert 0 < length(shown) <= limit
    assert pings(plain_text(escape.plain(raw, limit))) == []
    assert 0 < length(escape.plain(raw, limit)) <= limit


@given(raw=TEXT)
def test_a_code_block_holds_what_fits_unchanged_and_never_ends_early(raw: str) -> None:
    shown = escape.block(raw)

    assert pings(mrkdwn(shown)) == []
    assert shown.count("```") == 2


@pytest.mark.parametrize(
    ("raw", "fits"),
    [
        ("a: 1\nb: 2\n", True),
        ("a: '```'\n", False),
        ("a: \x1b\n", False),
        ("a" * 92, True),
        ("a" * 93, False),
    ],
)
def test_what_a_code_block_would_change_is_a_files(raw: str, fits: bool) -> None:
    assert escape.fits_block(raw, 102) is fits


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://kubernetes.io/docs/?a=1&b=2#c", "<https://kubernetes.io/docs/?a=1&amp;b=2#c|Read more>"),
        ("http://kubernetes.io/", "Read more"),
        ("javascript:alert(1)", "Read more"),
        ("https://a.example/|<!channel>", "Read more"),
        ("https://a.example/ x", "Read more"),
        ("https://a.example/" + "x" * 300, "Read more"),
    ],
)
def test_only_addresses_of_the_web_become_links(url: str, shown: str) -> None:
    assert escape.link(url, "Read more", 300) == shown
