"""From the words of a person to a symptom. No cluster is asked; names are resolved in :mod:`bot.diagnosis.scope`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.diagnosis.cleaning import TEXT_LIMIT, SymptomError, clean
from bot.diagnosis.grammar import Parts, Role, parts_of
from bot.diagnosis.places import could_be_namespace, take_places, words_apart
from bot.diagnosis.reading import read
from bot.diagnosis.sentence import Sentence
from bot.diagnosis.tokens import NOTHING, Mention, is_host_name
from bot.diagnosis.vocabulary import english
from bot.facts.scope import SymptomKind

__all__ = ["TEXT_LIMIT", "Mention", "Role", "Symptom", "SymptomError", "Word", "parse"]

CANNOT = re.compile(r"cannot (?:<\d+> )?(?:reach|reached|works|talk|responds)|(?:lost|blocks) ")
LABELS = ("target", "Service", "Ingress", "Deployment", "StatefulSet", "DaemonSet", "Pod")
"""Of several labels of an alert the one that stands first here is the target."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A name in the text, and its part."""

    mention: Mention
    role: Role
    firm: bool
    """The sentence gives it this part; else it is a guess from its place."""


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """What a person complains about, as far as the words alone tell."""

    text: str
    """What they wrote, cleaned."""
    kind: SymptomKind = SymptomKind.UNKNOWN
    namespace: str = ""
    namespace_for_all: bool = False
    """It was given beside the text, or stands apart from any one name: no name is looked for elsewhere."""
    guessed_namespaces: tuple[str, ...] = ()
    """Words that only stand where a namespace would, and were not called one: ``web in shop``."""
    loose: tuple[str, ...] = ()
    """Words without a part that have the form of a namespace's name: one may be the namespace."""
    source: Mention = NOTHING
    target: Mention = NOTHING
    nodes: tuple[Mention, ...] = ()
    """Names that are called a Node, stand where a Node would, or look like one."""
    since: str = ""
    """When it began, or how long it lasts, in their words."""
    changes: bool = False
    """It is about changes that are late: deploys, ``kubectl apply``, new Pods."""
    doubtful: bool = False
    """The words leave open which of source and target is which: ``between web and db``."""
    words: tuple[Word, ...] = ()
    """All names in the order of the text, those above too."""

    @property
    def namespace_certain(self) -> bool:
        """The namespace was called one, or given beside the text."""
        return self.namespace not in self.guessed_namespaces

    @property
    def address(self) -> str:
        """The IP address of the target; empty if none was given."""
        return self.target.address

    @property
    def port(self) -> int:
        """The port of the target; 0 if none was given."""
        return self.target.port

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names with the look of a DNS name that is not of the cluster: ``api.example.com``."""
        names = (word.mention.name for word in self.words if not word.mention.namespace)
        return tuple(name for name in names if is_host_name(name))


def parse(text: str, *, namespace: str = "") -> Symptom:
    """Return what a text says; ``namespace`` is meant where the text names none.

    Raises:
        SymptomError: The text is empty or too long.
    """
    cleaned = clean(text)
    sentence = read(cleaned, english())
    places = take_places(sentence, namespace.lower())
    certain = [*sentence.namespaces, *([namespace.lower()] if namespace else [])]
    parts, symbols = parts_of(sentence.items, sentence.vocabulary)
    words = list(words_of(parts))
    source, target = parts.mention(Role.SOURCE), behind_node(in_place_of_role(parts.mention(Role.TARGET), words), words)
    if target and not (target.port or target.generic):
        target = replace(target, port=sentence.port)
    if target and not target.path:
        target = replace(target, path=sentence.path)
    chosen = next(iter([*certain, *places, *written_with(words)]), "")
    symptom = Symptom(
        text=cleaned,
        kind=kind_of(sentence, symbols),
        namespace=chosen,
        namespace_for_all=bool(namespace) or not any(word.mention.namespace == chosen for word in words),
        guessed_namespaces=tuple(place for place in (*places, *before_slash(words)) if place not in certain),
        loose=tuple(dict.fromkeys(loose_words(words, target, list(words_apart(sentence.items))))),
        source=source,
        target=target,
        nodes=tuple(word.mention for word in words if word.role is Role.NODE or word.mention.kind == "Node"),
        since=sentence.since,
        changes=sentence.changes,
        doubtful=parts.doubtful,
        words=tuple(words),
    )
    return with_labels(symptom, sentence.labels)


def words_of(parts: Parts) -> Iterable[Word]:
    """Yield the names in their order, without those of nobody in particular."""
    for number, mention in enumerate(parts.mentions):
        if not mention.generic:
            yield Word(mention=mention, role=parts.roles[number], firm=number in parts.firm or mention.certain)


def in_place_of_role(target: Mention, words: Iterable[Word]) -> Mention:
    """Return the name with an address that is told besides, where the target is but ``server``; else the target."""
    if target.certain or target.name not in english().roles:
        return target
    told = [word.mention for word in words if word.role is Role.OTHER and word.mention.address]
    return told[0] if told else target


def behind_node(target: Mention, words: Iterable[Word]) -> Mention:
    """Return the Service that is named beside a target such as ``node2:30080``, with that port; else the target."""
    if target.kind == "Node" and target.port:
        for word in words:
            if word.role is Role.OTHER and word.mention.kind in ("Service", "Deployment", "StatefulSet", "DaemonSet"):
                return replace(word.mention, port=word.mention.port or target.port)
    return target


def loose_words(words: Iterable[Word], target: Mention, apart: Sequence[Mention]) -> Iterable[str]:
    """Yield the words that no other one speaks of; of two that stand side by side, ``ledger prod-x``, each."""
    for word in words:
        mention = word.mention
        if not could_be_namespace(mention) or mention.name in english().known:
            continue
        first, *more = mention.text.lower().split() or [""]
        alone = mention in apart and mention is not target
        no_client = word.role is Role.SOURCE and is_host_name(target.name)
        if more:
            yield from (text for text in (*more, first) if "-" in text)
        elif word.role in (Role.OTHER, Role.NODE) or alone or no_client:
            yield mention.name


def written_with(words: Iterable[Word]) -> Iterable[str]:
    """Yield the namespaces in ``shop/web`` and ``web.shop.svc``."""
    known = english().known
    return (word.mention.namespace for word in words if word.mention.namespace and word.mention.name not in known)


def before_slash(words: Iterable[Word]) -> Iterable[str]:
    """Yield the namespaces in ``shop/web``; ``client/server`` has none, and looks the same."""
    return (m.namespace for m in (word.mention for word in words) if m.text.lower().startswith(f"{m.namespace}/"))


def kind_of(sentence: Sentence, symbols: str) -> SymptomKind:
    """Return the kind that counts most of those the words speak of."""
    order = english().kind_order
    unreachable = [SymptomKind.UNREACHABLE] if CANNOT.search(symbols) else []
    # Who says nothing but that DNS is fine is still asking about DNS.
    well = [] if sentence.kinds else sentence.kinds_of_what_is_well
    for kinds in (sentence.kinds, unreachable, sentence.clause_kinds, well):
        told = [kind for kind in kinds if kind is not SymptomKind.UNKNOWN]
        if told:
            return min(told, key=order.index)
    return SymptomKind.UNKNOWN


def with_labels(symptom: Symptom, labels: list[tuple[str, Mention]]) -> Symptom:
    """Return the symptom with what the labels of a pasted alert name; they say it better than its prose."""
    if not labels:
        return symptom
    ranked = sorted((item for item in labels if item[0] in LABELS), key=lambda item: LABELS.index(item[0]))
    target = ranked[0][1] if ranked else symptom.target
    source = next((mention for part, mention in labels if part == "source"), symptom.source)
    nodes = (*symptom.nodes, *(mention for part, mention in labels if part == "Node"))
    roles = {id(source): Role.SOURCE, id(target): Role.TARGET, **{id(node): Role.NODE for node in nodes}}
    told = (Word(mention=m, role=roles.get(id(m), Role.OTHER), firm=True) for _, m in labels)
    prose = (
        replace(word, role=Role.OTHER) if word.mention is symptom.target is not target else word
        for word in symptom.words
    )
    return replace(symptom, source=source, target=target, nodes=nodes, words=(*prose, *told))
