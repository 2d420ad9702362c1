"""Pseudonyms: the same things have the same ones, and what things have to do with each other stays."""

from __future__ import annotations

import difflib
import ipaddress
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.pseudonyms import NUMBERS, Pseudonyms

WORDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
SECRETS = st.binary(min_size=16, max_size=16)
IPV4, IPV6 = st.ip_addresses(v=4), st.ip_addresses(v=6)


PRIVATE = [
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7")
]


def made(*words: str, secret: bytes = b"secret", kept: tuple[str, ...] = ("kube", "svc", "dns")) -> Pseudonyms:
    return Pseudonyms(secret, words=words, kept=kept)


def first_difference(one: int, other: int) -> int:
    """Return where two addresses differ first, counted from the end."""
    return (one ^ other).bit_length()


@given(words=st.lists(WORDS, unique=True), secret=SECRETS)
def test_no_two_words_become_one(words: list[str], secret: bytes) -> None:
    found = Pseudonyms(secret, words=words, kept=()).words

    assert len(set(found.values())) == len(found)
    assert set(found) == {word for word in words if not word.isdecimal()}


@given(one=IPV4, other=IPV4, secret=SECRETS)
def test_ipv4_addresses_share_as_long_a_prefix_as_before(
    one: ipaddress.IPv4Address, other: ipaddress.IPv4Address, secret: bytes
) -> None:
    names = Pseudonyms(secret, words=(), kept=())

    replaced = [int(ipaddress.ip_address(names.text(str(address)))) for address in (one, other)]

    assert first_difference(replaced[0], replaced[1]) == first_difference(int(one), int(other))


@given(one=IPV6, other=IPV6, secret=SECRETS)
def test_ipv6_addresses_share_as_long_a_prefix_as_before(
    one: ipaddress.IPv6Address, other: ipaddress.IPv6Address, secret: bytes
) -> None:
    names = Pseudonyms(secret, words=(), kept=())

    replaced = [int(ipaddress.ip_address(names.address(str(address)))) for address in (one, other)]

    assert first_difference(replaced[0], replaced[1]) == first_difference(int(one), int(other))


@given(address=IPV4 | IPV6, length=st.integers(0, 128), inside=st.integers(0, 2**128), secret=SECRETS)
def test_an_address_is_in_the_same_networks(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int, inside: int, secret: bytes
) -> None:
    network = ipaddress.ip_network((address, min(length, address.max_prefixlen)), strict=False)
    member = network[inside % network.num_addresses]
    names = Pseudonyms(secret, words=(), kept=())

    text = names.text(f"{network} {address} {member}")

    elsewhere, same, of_it = text.split()
    assert ipaddress.ip_network(elsewhere).prefixlen == network.prefixlen
    assert ipaddress.ip_address(same) in ipaddress.ip_network(elsewhere)
    assert ipaddress.ip_address(of_it) in ipaddress.ip_network(elsewhere)
    assert [ipaddress.ip_address(same) in each for each in PRIVATE] == [address in each for each in PRIVATE]


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0/0", "::/0", "127.0.0.1", "255.255.255.255", "224.0.0.251", "169.254.20.10", "::1", "fe80::1"),
        *("00:00:00:00:00:00", "21:10:53", "v1.20.2", "6.18.44", "kube-dns", "8080", "1.2.3", "300.1.1.1"),
    ],
)
def test_what_means_itself_stays(text: str) -> None:
    assert made().text(text) == text


def test_ports_and_lengths_stay_and_addresses_in_them_do_not() -> None:
    names = made("web", "shop")

    text = names.text("10.96.0.10:53/web.shop.svc [2001:db8::7]:443 10.244.2.0/24 ip-10-1-2-3")

    words = text.split()
    assert words[0].startswith(names.address("10.96.0.10") + ":53/")
    assert words[1] == f"[{names.address('2001:db8::7')}]:443"
    assert words[2].endswith(".0/24")
    assert words[3] == "ip-" + names.address("10.1.2.3").replace(".", "-")
    assert "10.96.0" not in text


def test_a_name_is_replaced_word_by_word_wherever_it_stands() -> None:
    names = made("cart", "shop", "7f79b94d55")
    cart, shop, number = (names.words[word] for word in ("cart", "shop", "7f79b94d55"))

    assert names.text("cart-7f79b94d55-x1") == f"{cart}-{number}-x1"
    assert (
        names.text("http://cart.shop.svc:80/CART Cart") == f"http://{cart}.{shop}.svc:80/{cart.upper()} {cart.title()}"
    )
    assert names.text("cartoon kube-dns") == "cartoon kube-dns"


@pytest.mark.parametrize(("right", "wrong"), [("redis", "redsi"), ("payments", "payment"), ("orders", "odrers")])
def test_a_misspelling_stays_one(right: str, wrong: str) -> None:
    names = made(right, wrong)

    assert difflib.SequenceMatcher(None, names.words[right], names.words[wrong]).ratio() >= 0.8


def test_a_misspelling_of_a_word_that_stays_is_like_it() -> None:
    names = made("frontned", kept=("frontend",))

    assert difflib.SequenceMatcher(None, "frontend", names.words["frontned"]).ratio() >= 0.8


@given(secret=SECRETS)
def test_a_numbered_word_that_says_what_something_is_goes_on_saying_it(secret: bytes) -> None:
    names = made("node1", "node2", "cart7", secret=secret, kept=("node",)).words

    assert re.fullmatch(r"node\d+", names["node1"])
    assert re.fullmatch(r"node\d+", names["node2"])
    assert len({"node1", "node2", names["node1"], names["node2"]}) == 4
    assert re.fullmatch(r"[a-z]+\d+", names["cart7"])
    assert "cart" not in names["cart7"]


def test_there_are_numbers_for_more_of_a_kind_than_the_first_are() -> None:
    names = made(*(f"node{number}" for number in range(NUMBERS + 500)), kept=("node",)).words

    assert len(set(names.values())) == NUMBERS + 500


def test_a_word_has_digits_if_it_had_some() -> None:
    names = made("4f8k2", "shop").words

    assert any(letter.isdecimal() for letter in names["4f8k2"])
    assert names["shop"].isalpha()


def test_another_secret_gives_other_pseudonyms() -> None:
    one, other = (made("cart", secret=secret) for secret in (b"one", b"other"))

    assert one.text("cart 10.1.2.3 aa:bb:cc:dd:ee:ff") != other.text("cart 10.1.2.3 aa:bb:cc:dd:ee:ff")
