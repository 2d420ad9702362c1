"""One symptom's names, each turned into one object of the cluster, or into a question."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.diagnosis.lookup import Found, Lookup
from bot.diagnosis.names import Fit
from bot.diagnosis.symptom import Mention, Role, Symptom
from bot.diagnosis.tokens import is_host_name
from bot.facts.scope import Subject

LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""What may be the name of a namespace (RFC 1123)."""
CANDIDATES_AT_MOST = 20
"""Of a question; nobody reads more (ours)."""
LOOSE_AT_MOST = 4
"""Words that are asked for as namespaces where none is named: a request each (ours)."""


@dataclass(frozen=True, kw_only=True)
class Ambiguous:
    """A word that fits several objects equally well. Ask, and resolve again with the answer in ``chosen``."""

    word: str
    candidates: tuple[Subject, ...]
    """Best first, at least one."""

    def describe(self) -> tuple[str, ...]:
        """Return the candidates in words, in their order: ``Service web in namespace shop``."""
        return tuple(
            f"{each.kind} {each.name} in namespace {each.namespace}" if each.namespace else f"{each.kind} {each.name}"
            for each in self.candidates
        )

    @property
    def question(self) -> str:
        """The question in one line."""
        return f'Which one is meant by "{self.word}": {"; ".join(self.describe())}?'


class Undecided(Exception):
    """A question has to be answered first."""

    def __init__(self, word: str, candidates: Iterable[Subject]) -> None:
        super().__init__(word)
        order = sorted(candidates, key=usual_first)
        self.question = Ambiguous(word=word, candidates=tuple(order[:CANDIDATES_AT_MOST]))


def usual_first(subject: Subject) -> tuple[bool, str, str]:
    """Return the sort key of a candidate: people seldom mean the cluster's own namespaces."""
    return (subject.namespace or subject.name).startswith("kube-"), subject.namespace, subject.name


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """What the names of a symptom mean."""

    namespace: str
    """Of the symptom as a whole; empty if it names none."""
    target: Found
    sources: tuple[Found, ...]
    beside: tuple[Found, ...]
    """What is named with its kind, besides source and target."""
    nodes: tuple[str, ...]


@dataclass
class Resolution:
    """One symptom on its way to objects."""

    symptom: Symptom
    lookup: Lookup
    spaces: dict[str, str] = field(default_factory=dict)
    """What the words for namespaces mean; empty for a word that means none."""
    apart: str = ""
    """The namespace that a word without a part is the name of, where none is called one."""
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        """The namespace of the symptom as a whole."""
        return self.spaces.get(self.symptom.namespace, "") or self.apart

    async def run(self) -> Resolved:
        """Resolve all names.

        Raises:
            Undecided: One fits several objects.
        """
        await self.find_namespaces()
        wanted, callers = self.ends()
        target, *sources = await asyncio.gather(self.find(wanted), *map(self.find, callers))
        beside = await asyncio.gather(*map(self.find, self.named_beside()))
        nodes = await self.find_nodes()
        # A plain name means the object in the other end's namespace: that is how DNS resolves it.
        target = self.the_one(nearest(target, sources))
        return Resolved(
            namespace=self.namespace,
            target=target,
            sources=tuple(self.the_one(nearest(source, [target])) for source in sources if source.subjects),
            beside=tuple(self.the_one(nearest(found, [target])) for found in beside if is_clear(found)),
            nodes=tuple(dict.fromkeys(nodes)),
        )

    async def find_namespaces(self) -> None:
        """Resolve the words for namespaces.

        Raises:
            Undecided: A word may mean several, or what was called a namespace is none.
        """
        written_ones = (word.mention.namespace for word in self.symptom.words if not self.is_known(word.mention))
        for text in dict.fromkeys(filter(None, (self.symptom.namespace, *written_ones))):
            guessed = text in self.symptom.guessed_namespaces
            self.spaces[text], candidates = await self.lookup.namespace(text, guessed=guessed)
            if candidates:
                raise Undecided(text, (Subject("Namespace", "", name) for name in candidates))
            if self.spaces[text] not in ("", text):
                self.notes.append(f'"{text}" was read as Namespace {self.spaces[text]}.')
            if not self.spaces[text] and not guessed:
                self.missing.append(text)
        if not any(self.spaces.values()):
            self.apart = await self.namespace_apart()

    async def namespace_apart(self) -> str:
        """Return the first word without a part that is a namespace's name, and nothing else's."""
        inventory = self.lookup.inventory
        for text in self.symptom.loose[:LOOSE_AT_MOST]:
            if LABEL.fullmatch(text) and await inventory.has_namespace(text):
                namesakes = await inventory.called(text)
                if not any(namesakes.subjects()):
                    return text
        return ""

    def ends(self) -> tuple[Mention, list[Mention]]:
        """Return who is reached for, and who reaches."""
        target = self.symptom.target
        sources = [w.mention for w in self.symptom.words if w.role is Role.SOURCE] or [self.symptom.source]
        sources = [source for source in sources if not self.apart or source.name != self.apart]
        # "ingress front gives 404 for shop.example.com": it is the way there, not who asks.
        sources = [source for source in sources if source.kind != "Ingress" or not is_host_name(target.name)]
        # A word that stands where a namespace would, and is none, may be the name of something else.
        words = [text for text in self.symptom.guessed_namespaces if not self.spaces.get(text)]
        if words and not names(target):
            target = Mention(text=words[0], name=words.pop(0))
        if words and not any(map(names, sources)):
            sources = [Mention(text=words[0], name=words[0])]
        return target, sources

    def named_beside(self) -> list[Mention]:
        """Return what is named besides source and target: ``see ingress public``.

        Without a kind only where a Node's port is reached for: ``node2:8081 is closed, pricing runs fine``.
        """
        others = (word.mention for word in self.symptom.words if word.role is Role.OTHER)
        ends = (self.symptom.source.name, self.symptom.target.name)
        at_node = self.symptom.target.kind == "Node" and bool(self.symptom.target.port)
        wanted = [other for other in others if other.kind in ("Ingress", "Service") or at_node]
        return [other for other in wanted if other.name not in (*ends, self.apart)]

    def is_known(self, mention: Mention) -> bool:
        """Tell whether it is a name that is the same in every cluster, with its own namespace."""
        return mention.name in self.lookup.vocabulary.known

    async def find(self, mention: Mention) -> Found:
        """Return what a name means, noting one that nothing has."""
        if not names(mention):
            return Found()
        own = mention.namespace if self.is_known(mention) else self.spaces.get(mention.namespace, "")
        found = await self.lookup.find(
            mention,
            namespace=own or self.namespace,
            strictly=bool(own) or self.symptom.namespace_for_all,
            worst=self.worst_fit(mention),
        )
        no_service = mention.kind == "Service" and any(subject.kind != "Service" for subject in found.subjects)
        if (no_service or not found.subjects) and self.is_missed(mention) and self.lookup.inventory.complete:
            self.missing.append(written(mention))
        return found

    def worst_fit(self, mention: Mention) -> Fit:
        """Return how badly a word may fit a name; ordinary words and words for a part have to be exact."""
        vocabulary = self.lookup.vocabulary
        if mention.certain:
            return Fit.FUZZY
        if vocabulary.is_common(mention.name):
            return Fit.EXACT
        if mention.name in vocabulary.roles:
            return Fit.SAME
        return Fit.PART if mention.name in vocabulary.soft else Fit.FUZZY

    def is_missed(self, mention: Mention) -> bool:
        """Tell whether it is worth saying that nothing has this name."""
        vocabulary = self.lookup.vocabulary
        firm = any(word.firm for word in self.symptom.words if word.mention.name == mention.name)
        return mention.certain or (
            firm and mention.name not in vocabulary.roles and mention.name not in vocabulary.soft
        )

    async def find_nodes(self) -> list[str]:
        """Return the Nodes the symptom names."""
        named = [mention for mention in self.symptom.nodes if mention.kind or mention.name != self.apart]
        found = await asyncio.gather(*(self.lookup.node(m, self.worst_fit(m)) for m in named))
        for each in found:
            called_so = each.mention.kind == "Node" and self.lookup.inventory.complete
            if called_so and not each.subjects and written(each.mention) not in self.missing:
                self.missing.append(written(each.mention))
        return [self.the_one(each).subjects[0].name for each in found if each.subjects]

    def the_one(self, found: Found) -> Found:
        """Return what was found if it is clear what is meant, noting it if the words said something else.

        Raises:
            Undecided: There are several that differ.
        """
        if len(found.subjects) > 1 and not found.together:
            raise Undecided(found.mention.text, found.subjects)
        for subject in found.subjects:
            if found.fit is not Fit.EXACT:
                self.notes.append(f'"{written(found.mention)}" was read as {subject}.')
            elif self.namespace and subject.namespace not in ("", self.namespace) and not found.mention.namespace:
                self.notes.append(
                    f"Nothing is called {subject.name} in namespace {self.namespace}: {subject} is meant."
                )
        return found


def is_clear(found: Found) -> bool:
    """Tell whether something was found that is worth a question, or needs none: it has its kind, or its very name."""
    return bool(found.subjects) and (bool(found.mention.kind) or (found.fit is Fit.EXACT and not found.subjects[1:]))


def names(mention: Mention) -> bool:
    """Tell whether a mention names something in particular."""
    return bool(mention) and not mention.generic


def written(mention: Mention) -> str:
    """Return a name as it was written, without port and kind."""
    found = re.search(re.escape(mention.name), mention.text, re.IGNORECASE)
    return found[0] if found else mention.name


def nearest(found: Found, others: Sequence[Found]) -> Found:
    """Return the objects of a word that live in the namespace of another word's only object, if there are such."""
    if found.together:
        return found
    homes = {other.subjects[0].namespace for other in others if len(other.subjects) == 1} - {""}
    near = tuple(subject for subject in found.subjects if subject.namespace in homes)
    return replace(found, subjects=near) if near else found
