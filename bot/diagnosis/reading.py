"""Reading a text word by word into a sentence."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.diagnosis.kinds import note_kinds
from bot.diagnosis.sentence import Sentence
from bot.diagnosis.splitting import words_in
from bot.diagnosis.tokens import Mention, Shape, Token, mention_of, tokens_of
from bot.diagnosis.vocabulary import ASIDE, COMMON, FAILS, GENERIC, SINCE, Meaning, Vocabulary

STOPS = ".?!;|\n-"
PORT_WORDS = ("port", "nodeport", "hostport")
NAMESPACE_FLAGS = ("-n", "--namespace")
LARGEST_PORT = 65535
NODE_PORT = re.compile(r"[1-5]?[0-9]{4}|6[0-4][0-9]{3}")
"""A number of four or five digits, such as are ports of Nodes."""
METHODS = ("post", "put", "patch", "head", "delete")
INIT_STATUS = re.compile(r"\b(?:in )?Init:(?:[0-9]+/[0-9]+|[A-Z][A-Za-z]+)")
"""How kubectl writes that a Pod is at an init container; no place."""
DURATION = re.compile(
    r"\b(?:for|since|(?:over|in|for) the (?:last|past))\s+(?:about\s+)?(?:\d+|an?|some|a few|a couple of)?"
    r"\s*(?:s|sec(?:ond)?s?|m|min(?:ute)?s?|h|hrs?|hours?|days?|weeks?)\b",
    re.IGNORECASE,
)


def read(text: str, vocabulary: Vocabulary) -> Sentence:
    """Return a cleaned text as a sentence."""
    reader = Reader(list(tokens_of(INIT_STATUS.sub("", text))), vocabulary)
    told = DURATION.search(text)
    reader.sentence.since = told[0] if told else ""
    reader.run()
    return reader.sentence


class Reader:
    """Walks over the tokens of one text. Every method reads what stands at ``at`` and moves on."""

    def __init__(self, tokens: list[Token], vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.tokens = [part for token in tokens for part in words_in(token, vocabulary)]
        self.words = [token.word for token in self.tokens]
        self.sentence = Sentence(vocabulary)
        self.at = 0
        self.beside = False
        """The last token was a name."""

    def run(self) -> None:
        """Read all tokens."""
        readers = {
            Shape.WORD: self.read_word,
            Shape.NUMBER: self.read_word,
            Shape.QUOTED: self.read_name,
            Shape.URL: self.read_name,
            Shape.ADDRESS: self.read_address,
            Shape.LABEL: self.read_label,
            Shape.FLAG: self.read_flag,
            Shape.SAID: self.read_said,
            Shape.ARROW: self.read_mark,
            Shape.MARK: self.read_mark,
            Shape.PATH: self.read_path,
        }
        while self.at < len(self.tokens):
            readers[self.tokens[self.at].shape]()
        note_kinds(self.words, self.sentence)

    # Moving on

    def move(self, tokens: int = 1, *, beside: bool = False) -> None:
        """Go on, by default to the next token."""
        self.at += tokens
        self.beside = beside

    def token(self, steps: int = 0) -> Token | None:
        """Return this token or one further on."""
        return self.tokens[self.at + steps] if self.at + steps < len(self.tokens) else None

    def names(self, token: Token | None) -> bool:
        """Tell whether a token is a name rather than a word of the language."""
        if token is None or token.shape is not Shape.WORD:
            return token is not None and token.shape is Shape.QUOTED
        return not self.vocabulary.meaning([token.word], 0)

    # Tokens that are no words

    def read_name(self) -> None:
        """Read a name in quotes, or a URL."""
        mention = mention_of(self.tokens[self.at].text, self.vocabulary.kinds, quoted=True)
        self.sentence.add_name(self.with_look(mention), beside=self.beside)
        self.move(beside=True)

    def with_look(self, mention: Mention) -> Mention:
        """Return a mention as that of a Node if it has the look of one's name."""
        is_node = not mention.kind and self.vocabulary.node_name.fullmatch(mention.name)
        return replace(mention, kind="Node") if is_node else mention

    def read_address(self) -> None:
        """Read an address; one in brackets, behind a comma or "at" belongs to the name before it."""
        items, after = self.sentence.items, self.token(1)
        bracket = False
        if self.sentence.ends_with(":", "reach") and items[2:] and items[-3].mention.certain:
            # Get "http://ledger:8080": dial tcp 10.96.4.4:8080
            del items[-2:]
            self.sentence.add_name(mention_of(self.tokens[self.at].text, self.vocabulary.kinds), beside=True)
            self.move(beside=True)
            return
        if (
            len(items) > 1
            and items[-1].symbol in ("(", ",", "at")
            and items[-2].mention
            and not items[-2].mention.generic
        ):
            bracket = items.pop().symbol == "(" and after is not None and after.text == ")"
            self.beside = True
        self.read_name()
        if bracket:
            self.move()

    def read_mark(self) -> None:
        """Read an arrow or a character of punctuation."""
        token = self.tokens[self.at]
        self.sentence.add_symbol("->" if token.shape is Shape.ARROW else "." if token.text in STOPS else token.text)
        self.move()

    def read_path(self) -> None:
        """Read ``/pay``, the path of a URL whose host stands elsewhere or nowhere."""
        self.sentence.path = self.sentence.path or self.tokens[self.at].text
        self.move()

    def read_label(self) -> None:
        """Read ``service="web"``, a label of an alert."""
        key, value = re.split(r'"?\s*[:=]\s*', self.tokens[self.at].text.lstrip('"'), maxsplit=1)
        value, part = value.strip("\"'"), self.vocabulary.labels.get(key.lower(), "")
        mention = mention_of(value, self.vocabulary.kinds, quoted=True)
        if part == "Namespace":
            self.sentence.namespaces.append(mention.name)
        elif not part:
            words = [part.word for told in tokens_of(value) for part in words_in(told, self.vocabulary)]
            note_kinds(words, self.sentence)
        else:
            kind = "" if part in ("source", "target") else part
            self.sentence.labels.append((part, replace(mention, kind=kind or mention.kind)))
        self.move()

    def read_flag(self) -> None:
        """Read ``-n shop``; other options are left out."""
        named = self.token(1)
        if self.tokens[self.at].text in NAMESPACE_FLAGS and named and self.names(named):
            self.sentence.namespaces.append(named.text.lower())
            self.move()
        self.move()

    def read_said(self) -> None:
        """Read what a program said: how it failed, and the addresses it names."""
        inner = list(tokens_of(self.tokens[self.at].text))
        words = [token.word for token in inner]
        note_kinds(words, self.sentence)
        meanings = [self.vocabulary.meaning(words, i) for i, word in enumerate(words) if word]
        if any(meaning and meaning.word_class == FAILS for meaning in meanings):
            self.sentence.add_symbol(FAILS)
        for token in inner:
            mention = mention_of(token.text, self.vocabulary.kinds)
            if token.shape in (Shape.WORD, Shape.ADDRESS, Shape.URL) and mention.certain and self.names(token):
                self.sentence.add_name(mention, beside=False)
        self.move()

    # Words

    def read_word(self) -> None:
        """Read a word, or a phrase that begins with it."""
        meaning = self.vocabulary.meaning(self.words, self.at)
        if self.read_namespace() or self.read_port() or self.read_kind(meaning):
            return
        token, after = self.tokens[self.at], self.token(1)
        if token.word in METHODS and after is not None and "://" in after.text:
            self.move()
        elif meaning:
            self.read_meaning(meaning)
        elif token.shape is Shape.WORD:
            mention = self.with_look(mention_of(token.text, self.vocabulary.kinds))
            self.sentence.heading |= self.at == 0 and after is not None and after.text == ":"
            if self.in_full(mention, after):
                self.sentence.items.pop()
                self.sentence.replace_last(mention)
                self.move(2)
            else:
                self.sentence.add_name(mention, beside=self.beside)
                self.move(beside=True)
        else:
            self.move()

    def in_full(self, mention: Mention, after: Token | None) -> bool:
        """Tell whether a name in brackets is the one before them in full: ``Oslo (oslo.example.net)``."""
        items = self.sentence.items
        if not items[1:] or items[-1].symbol != "(" or after is None or after.text != ")":
            return False
        host, _, domain = mention.name.partition(".")
        return bool(domain or mention.namespace) and items[-2].mention.name == host

    def read_namespace(self) -> bool:
        """Read ``namespace shop``, ``the shop namespace``."""
        kinds, after = self.vocabulary.kinds, self.token(1)
        if kinds.get(self.words[self.at]) == "Namespace":
            steps = 2 if after and after.text in (":", "=") else 1
            named = self.token(steps)
            if named and (self.names(named) or named.word in self.vocabulary.namespaces):
                self.take_namespace(named.text, steps + 1)
                return True
            if self.beside and self.sentence.last and not self.sentence.last.generic:
                self.take_namespace(self.sentence.items.pop().mention.name, 1)
                return True
        called_so = after and kinds.get(after.word) == "Namespace" and self.words[self.at] in self.vocabulary.namespaces
        if called_so:
            self.take_namespace(self.tokens[self.at].text, 2)
        return bool(called_so)

    def take_namespace(self, text: str, tokens: int) -> None:
        """Note a namespace, also for the name it stands behind, and leave its words out of the sentence."""
        namespace, items = text.lower().rstrip("."), self.sentence.items
        self.sentence.namespaces.append(namespace)
        self.move(tokens)
        bracket = self.sentence.ends_with("(") and (after := self.token()) and after.text == ")"
        if bracket:
            self.move()
        behind = bracket or self.sentence.ends_with("in") or self.sentence.ends_with("of")
        while items and items[-1].symbol in ("in", "of", *(("(",) if bracket else ())):
            items.pop()
        last = self.sentence.last
        if behind and last and not last.generic and not last.namespace:
            self.sentence.replace_last(replace(last, namespace=namespace))

    def read_port(self) -> bool:
        """Read ``port 6379``, ``node2 30080``, ``node2 on 30080``."""
        after, last = self.token(1), self.sentence.last
        if not last and self.sentence.ends_with("on") and self.sentence.items[1:]:
            last = self.sentence.items[-2].mention
        if last.kind == "Node" and not last.port and NODE_PORT.fullmatch(self.words[self.at]):
            self.sentence.add_port(int(self.words[self.at]))
            self.move()
            return True
        if self.words[self.at] not in PORT_WORDS or not after or not after.text.isdecimal():
            return False
        number = int(after.text)
        self.sentence.add_port(number if number <= LARGEST_PORT else 0)
        self.move(2)
        return True

    def read_kind(self, meaning: Meaning | None) -> bool:
        """Read ``service web``, ``web pods``, ``node 3``: the kind of the name beside it."""
        kind = self.vocabulary.kinds.get(self.words[self.at])
        if not kind or (meaning and len(meaning.phrase) > 1):
            return False
        after, last = self.token(1), self.sentence.last
        numbered = kind == "Node" and after is not None and after.text.isdecimal()
        if after and (self.names(after) or numbered):
            text = f"node-{after.text}" if numbered else after.text
            mention = mention_of(text, self.vocabulary.kinds, quoted=True)
            self.sentence.add_name(replace(mention, kind=kind, text=after.text), beside=False)
            self.move(2)
            return True
        if self.beside and last and not last.generic:
            self.sentence.replace_last(replace(last, kind=last.kind or kind, certain=True))
            self.move()
            return True
        return False

    def read_meaning(self, meaning: Meaning) -> None:
        """Read a phrase of the language."""
        text = " ".join(token.text for token in self.tokens[self.at : self.at + len(meaning.phrase)])
        if meaning.word_class == SINCE and not self.sentence.since:
            self.sentence.since = self.clause()
        if meaning.word_class == GENERIC:
            self.sentence.add_name(Mention(text=text, generic=True), beside=False)
        elif meaning.known:
            known = self.vocabulary.known[meaning.known]
            mention = Mention(
                text=text, name=meaning.known, kind=known["kind"], namespace=known["namespace"], certain=True
            )
            self.sentence.add_name(mention, beside=False)
        elif meaning.word_class in (SINCE, ASIDE) or meaning.word_class != COMMON:
            self.sentence.add_symbol(meaning.word_class)
        self.move(len(meaning.phrase), beside=bool(meaning.known))

    def clause(self) -> str:
        """Return the text from here to the next comma, bracket or full stop."""
        texts: list[str] = []
        for token in self.tokens[self.at :]:
            if token.shape is Shape.MARK:
                break
            texts.append(token.text)
        return " ".join(texts)
