"""A sentence: what it names, in order, and what its other words do there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.diagnosis.tokens import NOTHING, Mention
from bot.diagnosis.vocabulary import FAILS, Vocabulary
from bot.facts.scope import SymptomKind

OWNERSHIP = ("of", "like", "behind")


@dataclass(frozen=True, slots=True)
class Item:
    """One step of a sentence: a name, or a word of the language by its class.

    An arrow, a bracket, a comma and a full stop are classes of their own.
    """

    symbol: str = ""
    mention: Mention = NOTHING


@dataclass
class Sentence:
    """What was read so far, and at the end the whole."""

    vocabulary: Vocabulary
    items: list[Item] = field(default_factory=list)
    kinds: list[SymptomKind] = field(default_factory=list)
    """Every kind of symptom its words speak of."""
    clause_kinds: list[SymptomKind] = field(default_factory=list)
    """Those of the clauses that say when and why."""
    kinds_of_what_is_well: list[SymptomKind] = field(default_factory=list)
    """Those that are named only to say that all is well: ``DNS is fine``, ``no packet loss``."""
    namespaces: list[str] = field(default_factory=list)
    """Those that are called a namespace."""
    labels: list[tuple[str, Mention]] = field(default_factory=list)
    """Values of ``key=value``, each with the part its key gives it."""
    since: str = ""
    port: int = 0
    """One that was named and has no owner yet."""
    path: str = ""
    """The first path of a URL that stands alone: ``/pay``."""
    changes: bool = False
    """Its words are about changes that are late."""
    heading: bool = False
    """The text begins with a name and a colon."""

    @property
    def last(self) -> Mention:
        """The name this ends with, if it ends with one."""
        return self.items[-1].mention if self.items else NOTHING

    def ends_with(self, *symbols: str) -> bool:
        """Tell whether the last items are these classes."""
        return tuple(item.symbol for item in self.items[-len(symbols) :]) == symbols

    def add_symbol(self, symbol: str) -> None:
        """Add a class; of ``timeouts and errors``, or of two in a row, one is enough."""
        if symbol == FAILS and self.ends_with(FAILS, "and"):
            self.items.pop()
        elif not self.ends_with(symbol):
            self.items.append(Item(symbol=symbol))

    def add_name(self, mention: Mention, *, beside: bool) -> None:
        """Add a name; ``beside`` the last one, both may be one: ``product catalog``, ``Oslo 192.0.2.77``."""
        self.forget_owner(mention)
        last = self.last if beside else NOTHING
        if mention.address and last and not last.address and not last.generic:
            self.items[-1] = Item(mention=with_address(last, mention))
        elif plain(last) and plain(mention) and not (self.items[:-1] and self.items[-2].symbol == "in"):
            joined = replace(last, text=f"{last.text} {mention.text}", name=f"{last.name}-{mention.name}")
            self.items[-1] = Item(mention=joined)
        elif self.port and not mention.port and not mention.generic:
            self.items.append(Item(mention=replace(mention, port=self.port, certain=True)))
            self.port = 0
        else:
            self.items.append(Item(mention=mention))

    def replace_last(self, mention: Mention) -> None:
        """Put another name in place of the one this ends with."""
        self.items[-1] = Item(mention=mention)

    def add_port(self, number: int) -> None:
        """Give a port to the name before it, or keep it for the next one."""
        if self.items and self.items[-1].symbol in ("on", "at", ",", "("):
            self.items.pop()
        if self.last and not self.last.generic and not self.last.port:
            self.replace_last(replace(self.last, port=number, certain=True))
        else:
            self.port = number

    def forget_owner(self, mention: Mention) -> None:
        """Forget the Pods in ``pods of web``, ``pods like web`` and the server in ``server at "web"``: web is meant."""
        if not self.items[1:] or mention.generic:
            return
        owner, symbol = self.items[-2].mention, self.items[-1].symbol
        pods_of = owner.generic and symbol in OWNERSHIP and owner.text.split()[-1] in self.vocabulary.kinds
        server_at = symbol == "at" and mention.certain and not owner.certain and owner.name in self.vocabulary.roles
        if pods_of or server_at:
            del self.items[-2:]


def plain(mention: Mention) -> bool:
    """Tell whether a mention is one ordinary word, which may be half of a name."""
    special = mention.certain or mention.generic or mention.kind or mention.address or mention.namespace
    return bool(mention) and not special and mention.name.replace("-", "").isalpha()


def with_address(mention: Mention, address: Mention) -> Mention:
    """Return a name with the address that stands beside it: ``Oslo (192.0.2.77:443)``."""
    return replace(
        mention,
        text=f"{mention.text} {address.text}",
        address=address.address,
        port=address.port or mention.port,
        certain=True,
    )
