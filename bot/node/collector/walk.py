"""Following a packet through chains of rules. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from .packet import Outcome, Packet, Verdict
from .proc import Problem

# The kernel allows 16 jumps in nftables; iptables more, which nobody uses.
MOST_JUMPS = 32
# All packets of one request together; ten thousand Services are some 20,000 rules.
LONGEST_SECONDS = 6.0
ENDING = ("accept", "drop", "reject", "dnat", "snat")


class Rule(Protocol):
    """One rule."""

    def outcomes(self, packet: Packet) -> Iterable[Outcome]:
        """Return what may happen to a packet, nothing where the rule is for others."""
        ...


class Table(Protocol):
    """Chains by name."""

    def rules(self, chain: str) -> Sequence[Rule]:
        """Return the rules of a chain, in order."""
        ...


class Step(NamedTuple):
    """A verdict that ends a packet's way, and where it stands."""

    verdict: Verdict
    sure: bool
    chain: str


class Walk:
    """One packet's way through one table."""

    def __init__(self, table: Table, packet: Packet, deadline: float) -> None:
        """Begin nowhere."""
        self.table, self.packet, self.deadline = table, packet, deadline
        self.steps: list[Step] = []

    def through(self, chain: str, *, sure: bool = True, jumps: int = 0) -> bool:
        """Follow the packet through a chain, noting where it may end; tell whether it surely ends there.

        ``sure`` says whether it surely comes there at all.
        """
        if jumps > MOST_JUMPS:
            raise Problem(f"more than {MOST_JUMPS} jumps in chain {chain[:64]}")
        for rule in self.table.rules(chain):
            if time.monotonic() > self.deadline:
                raise Problem(f"the rules are too many to be followed within {LONGEST_SECONDS:g} s")
            for verdict, met in rule.outcomes(self.packet):
                if verdict.kind == "mark":
                    self.packet = self.packet._replace(mark=None)
                elif verdict.kind in ("jump", "goto"):
                    ended = self.through(verdict.to, sure=sure and met, jumps=jumps + 1)
                    if met and (ended or verdict.kind == "goto"):
                        return ended
                elif verdict.kind in ENDING:
                    self.steps.append(Step(verdict, sure and met, chain))
                if met and verdict.kind in (*ENDING, "return"):
                    return verdict.kind != "return"
        return False
