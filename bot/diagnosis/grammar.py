"""Who has which part in a sentence: source, target, Node. The patterns are data, in the vocabulary."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from enum import StrEnum

from bot.diagnosis.sentence import Item
from bot.diagnosis.tokens import NOTHING, Mention
from bot.diagnosis.vocabulary import ASIDE, SINCE, Vocabulary

NAME = r"<\d+> "
STOP = r"[.():] "
CLAUSE = re.compile(rf"(?:{SINCE}|{ASIDE}) (?:(?![.,()] )\S+ )*")
CONTRAST = re.compile(r"(?P<first><\d+> )(?:and (?P<second><\d+> ))?(?:modal|works|cannot) (?=[.,)] |$)")
ON_NODES = re.compile(r"(?:on|at) (?P<first><\d+> )(?:and (?P<second><\d+> ))?")
ON_SOMETHING = re.compile(r"(?<=> )on (?P<first><\d+> )(?=(?:cannot|fails|has|gets|lost|responds) )")


class Role(StrEnum):
    """What part a name has in the symptom."""

    SOURCE = "source"
    TARGET = "target"
    NODE = "node"
    NAMESPACE = "namespace"
    OTHER = "other"


@dataclass(frozen=True)
class Pattern:
    """One pattern, ready to be searched."""

    text: str
    regex: re.Pattern[str]
    doubtful: bool
    """The words leave open which end is which."""
    reaches: bool
    """It says outright that somebody reaches for the target, which then may be a Node."""


@dataclass
class Parts:
    """Who has which part; numbers count the names of the sentence."""

    mentions: list[Mention]
    roles: dict[int, Role] = field(default_factory=dict)
    also: list[int] = field(default_factory=list)
    """Further sources."""
    firm: set[int] = field(default_factory=set)
    """Names a pattern gave their part, and not their place alone."""
    doubtful: bool = False
    itself: bool = False
    """The source is the target too."""

    def holder(self, role: Role) -> int | None:
        """Return who has a part first."""
        return next((number for number, has in self.roles.items() if has is role and number not in self.also), None)

    def mention(self, role: Role) -> Mention:
        """Return the name that has a part; one that names nothing if nobody has it."""
        number = self.holder(Role.SOURCE if self.itself else role)
        return NOTHING if number is None else self.mentions[number]


def parts_of(items: list[Item], vocabulary: Vocabulary) -> tuple[Parts, str]:
    """Return who has which part, and the sentence as symbols."""
    mentions = [item.mention for item in items if item.mention]
    symbols = whole = symbols_of(items)
    parts = Parts(mentions)
    symbols = CLAUSE.sub("", symbols)
    if not re.search(rf"{NAME}|fails|cannot", symbols):
        symbols = whole.replace(f"{SINCE} ", "").replace(f"{ASIDE} ", "")
    symbols = without_contrast(symbols)
    symbols = without_nodes(symbols, mentions, parts)
    for pattern in patterns(vocabulary):
        for found in pattern.regex.finditer(symbols):
            if assign(found, pattern, mentions, parts):
                break
    guess(symbols, mentions, parts)
    return parts, symbols


def symbols_of(items: list[Item]) -> str:
    """Return the sentence as a line of symbols, names as ``<0>``."""
    symbols: list[str] = []
    count = 0
    for item in items:
        if item.mention:
            symbols.append(f"<{count}>")
            count += 1
        elif item.symbol not in ("{", "}", "[", "]"):
            symbols.append(item.symbol)
    return "".join(f"{symbol} " for symbol in symbols)


def without_contrast(symbols: str) -> str:
    """Leave out what works: ``web cannot reach db; cart can``."""
    symbols = CONTRAST.sub("", symbols) if re.search("cannot|fails", CONTRAST.sub("", symbols)) else symbols
    return symbols.replace("modal ", "")


def without_nodes(symbols: str, mentions: list[Mention], parts: Parts) -> str:
    """Leave out ``on node1``, noting the Nodes."""

    def take(found: re.Match[str]) -> str:
        numbers = [number_of(name) for name in found.groups() if name]
        if found.re is ON_NODES and not all(mentions[n].kind == "Node" and not mentions[n].port for n in numbers):
            return found[0]
        if any(mentions[n].generic or (mentions[n].certain and mentions[n].kind != "Node") for n in numbers):
            return found[0]
        parts.roles.update(dict.fromkeys(numbers, Role.NODE))
        return ""

    return ON_SOMETHING.sub(take, ON_NODES.sub(take, symbols))


def number_of(symbol: str) -> int:
    """Return the number of a name in the line of symbols."""
    return int(symbol.strip("<> "))


def assign(found: re.Match[str], pattern: Pattern, mentions: list[Mention], parts: Parts) -> bool:
    """Give the parts a match found, unless they contradict those given; a name replaces somebody or a Node."""
    wanted = {
        role: int(found[role.value])
        for role in (Role.SOURCE, Role.TARGET)
        if role.value in found.re.groupindex and found[role.value]
    }
    if len(set(wanted.values())) < len(wanted):
        return False
    for role, number in wanted.items():
        if parts.roles.get(number, role) is not role:
            return False
        if role is Role.TARGET and mentions[number].kind == "Node" and not (mentions[number].port or pattern.reaches):
            parts.roles.setdefault(number, Role.NODE)
            return False
    given = False
    for role, number in wanted.items():
        holder = parts.holder(role)
        if holder is None or (weak(mentions[holder]) and not weak(mentions[number])):
            if holder is not None and holder != number:
                parts.roles[holder] = Role.NODE if mentions[holder].kind == "Node" else Role.OTHER
            parts.roles[number] = role
            parts.firm.add(number)
            given = True
    second = found.groupdict().get("also")
    if given and second and parts.holder(Role.SOURCE) == wanted.get(Role.SOURCE):
        parts.roles.setdefault(int(second), Role.SOURCE)
        parts.also.append(int(second))
        parts.firm.add(int(second))
    parts.doubtful |= given and pattern.doubtful
    parts.itself |= given and "itself" in pattern.text
    return given


def weak(mention: Mention) -> bool:
    """Tell whether a mention gives way to another: somebody, or a Node."""
    return mention.generic or (mention.kind == "Node" and not mention.port)


def guess(symbols: str, mentions: list[Mention], parts: Parts) -> None:
    """Give names that no pattern placed their part: Nodes, and the first name if nobody has any."""
    for number, mention in enumerate(mentions):
        if mention.kind == "Node" and number not in parts.roles:
            parts.roles[number] = Role.NODE
    # A page that is named by host and path is what is reached for, whoever else is spoken of.
    pages = [number for number, mention in enumerate(mentions) if mention.path and "." in mention.name]
    if pages and parts.holder(Role.TARGET) is None and parts.roles.get(pages[0], Role.OTHER) is Role.OTHER:
        parts.roles[pages[0]] = Role.TARGET
    placed = any(
        role in (Role.SOURCE, Role.TARGET) and not weak(mentions[number]) for number, role in parts.roles.items()
    )
    free = [number_of(s) for s in re.findall(NAME, symbols) if not weak(mentions[number_of(s)])]
    if free and not placed and parts.roles.get(free[0], Role.OTHER) is Role.OTHER:
        holder = parts.holder(Role.TARGET)
        if holder is not None:
            parts.roles[holder] = Role.OTHER
        parts.roles[free[0]] = Role.TARGET
    for number in range(len(mentions)):
        parts.roles.setdefault(number, Role.OTHER)


@functools.lru_cache(maxsize=4)
def compiled(texts: tuple[str, ...]) -> tuple[Pattern, ...]:
    """Return patterns ready to be searched."""
    return tuple(compile_pattern(text) for text in texts)


def patterns(vocabulary: Vocabulary) -> tuple[Pattern, ...]:
    """Return the patterns of a vocabulary, ready to be searched."""
    return compiled(vocabulary.patterns)


def compile_pattern(text: str) -> Pattern:
    """Return one pattern; its language is described in the vocabulary."""
    doubtful = text.startswith("?: ")
    body = text.removeprefix("?: ")
    steps = "".join(step(element) for element in body.split())
    reaches = any(word in body.split() for word in ("->", "between")) or bool(re.search(r"\b(?:reach|lost)\b", body))
    return Pattern(text=text, regex=re.compile(rf"(?<!\S){steps}"), doubtful=doubtful, reaches=reaches)


def step(element: str) -> str:
    """Return the regular expression of one element of a pattern, with the comma or colon that may stand before it."""
    if element == "...":
        return r"(?:[^.<\s]\S* ){0,8}?"
    optional = element.endswith("?")
    element = element.removesuffix("?")
    if element == "{source}":
        one = r"<(?P<source>\d+)> (?:and <(?P<also>\d+)> )?"
    elif element == "{target}":
        one = r"<(?P<target>\d+)> "
    elif element == "{other}":
        one = NAME
    else:
        one = "(?:" + "|".join(re.escape(word) + " " for word in element.split("|")) + ")"
    return rf"(?:(?:[,:] )?{one})?" if optional else rf"(?:[,:] )?{one}"
