"""What a helper tells of its Node's rules and tracked connections, and of ICMP echoes. Tier 2, or from inside a Pod."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bot.node.answers import Answer, Count

Text = Annotated[str, Meta(max_length=256)]


class Translated(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules do with the first packet of a connection."""

    by: Text
    """Which rules send it elsewhere: ``nftables ip nat``, ``iptables-legacy nat``, ``ipvs``; empty: none."""
    to: tuple[Text, ...]
    """Where it may be sent, as far as the rules say it."""
    more: Count = 0
    """Places beyond those that fit an answer."""
    stopped: str = ""
    """``drop`` or ``reject`` where a rule surely does not let it pass; looked at where it is not sent elsewhere."""
    where: Text = ""
    """That rule's table and chain."""


class Translations(Answer, frozen=True, kw_only=True):
    """What the rules do with packets, by the packet as it was asked for."""

    translated: dict[str, Translated]


class Masqueraded(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules do with the source of a packet that a Pod sends."""

    translated: Literal["yes", "no", "maybe"]
    """``maybe`` where a rule depends on what is not known of the packet: its interface, a set of addresses."""
    by: Text
    """Which table says so; empty: none."""
    source: Text = ""
    """The address that a rule gives it, where that is sure; empty also for that of the interface (masquerade)."""


class Masquerades(Answer, frozen=True, kw_only=True):
    """The same, by the packet as it was asked for."""

    masqueraded: dict[str, Masqueraded]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One tracked connection."""

    source: Text
    source_port: Count
    answers: Text
    """Who is meant to answer, after translation."""
    answers_port: Count
    seconds: Count
    """Until it is forgotten if nothing more comes."""
    replied: bool
    assured: bool


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """The connections to one address."""

    entries: Annotated[tuple[Entry, ...], Meta(max_length=500)]
    more: Count = 0


class Entries(Answer, frozen=True, kw_only=True):
    """Tracked connections, by the packet as it was asked for."""

    entries: dict[str, Tracked]


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Tracked connections that are alike, to whoever answers them."""

    protocol: Literal["tcp", "udp", "sctp"]
    source: Text
    """Who asks."""
    seen: Text
    """Who asks, as whoever answers sees it: not the same where the Node translates sources."""
    port: Count
    """Of whoever answers."""
    replied: bool
    assured: bool
    """A TCP connection that was made."""
    open: bool
    """One that is made and not being closed."""
    ended: Count
    """Seconds until the first of those that have ended (TIME_WAIT) is forgotten; 0 where none has."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The connections that one address answers."""

    flows: Annotated[tuple[Flow, ...], Meta(max_length=500)]
    more: Count = 0


class Flows(Answer, frozen=True, kw_only=True):
    """Tracked connections, by who answers them."""

    flows: dict[str, Answered]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A port that waits for others."""

    protocol: Literal["tcp", "udp"]
    port: Count


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """TCP connections from one address to one port."""

    peer: Text
    port: Count


class Dialling(msgspec.Struct, frozen=True, kw_only=True):
    """Connects of the Pod that nobody has answered yet."""

    peer: Text
    port: Count
    looks: Count
    """Of five, a quarter of a second apart, those in which there was one."""


class Sockets(msgspec.Struct, frozen=True, kw_only=True):
    """The sockets of a Pod that others connect to."""

    listening: Annotated[tuple[Waiting, ...], Meta(max_length=500)]
    accepted: Annotated[tuple[Accepted, ...], Meta(max_length=500)]
    dialling: Annotated[tuple[Dialling, ...], Meta(max_length=500)] = ()
    more: Count = 0


class SocketsOfPod(Answer, frozen=True, kw_only=True):
    """The same, as an answer."""

    sockets: Sockets


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """How ICMP echoes to one address did."""

    sent: Count
    answered: Count = 0
    median_us: Count = 0
    worst_us: Count = 0
    error: Text = ""


class Pings(Answer, frozen=True, kw_only=True):
    """ICMP echoes, by address."""

    pings: dict[str, Ping]


class RuleTable(msgspec.Struct, frozen=True, kw_only=True):
    """One table of rules."""

    table: Text
    chains: Count
    rules: Count
    services: Count
    """Chains that kube-proxy made for Services."""


class RuleHook(msgspec.Struct, frozen=True, kw_only=True):
    """A chain that packets come to by themselves."""

    table: Text
    chain: Text
    hook: Text
    policy: Text
    """``accept`` or ``drop``: what becomes of packets that no rule is for."""


class Firewall(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of rules."""

    tables: Annotated[tuple[RuleTable, ...], Meta(max_length=200)]
    hooks: Annotated[tuple[RuleHook, ...], Meta(max_length=200)]


class Firewalls(Answer, frozen=True, kw_only=True):
    """The tables of rules of one Node or Pod."""

    firewall: Firewall


class RuleDrop(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that dropped or refused packets while it was watched."""

    table: Text
    chain: Text
    verdict: Literal["drop", "reject"]
    packets: Count
    words: Text
    """What it is for: ``ip saddr 10.0.0.7, tcp dport 80``."""
    hooks: tuple[Literal["prerouting", "input", "forward", "output", "postrouting"], ...]
    """From which its chain is reached."""


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that did so, those with the most packets first."""

    window_ms: Count
    rules: Annotated[tuple[RuleDrop, ...], Meta(max_length=20)]
    more: Count = 0


class Drops(Answer, frozen=True, kw_only=True):
    """The same, of one Node or Pod."""

    drops: Dropped
