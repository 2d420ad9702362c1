"""YAML files with the line of everything in them, and what is wrong with them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from bot.engine.rule import MAX_INT
from bot.facts.base import Value

LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BESIDE = ("README.md", ".gitkeep")
"""Files that may lie among rules."""
MAX_BYTES = 256 * 1024
"""No rule or golden file comes near; a longer one was put there by mistake (ours)."""
MAX_DEPTH = 20
"""Lists and mappings inside each other. Thousands overflow the stack of the C parser; a rule has five."""
QUOTED_LENGTH = 80
LISTED = 30

TYPE_WORDS: dict[type, str] = {str: "text", int: "a whole number", bool: "true or false"}


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in one file."""

    file: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class Entry(NamedTuple):
    """One key of a mapping, and what stands under it."""

    line: int
    node: yaml.Node


class Document:
    """One parsed file. Its methods return what is at a node and note what is wrong there."""

    def __init__(self, file: Path, root: yaml.Node) -> None:
        self.file = file
        self.root = root
        self.problems: list[Problem] = []

    def problem(self, where: yaml.Node | int, message: str) -> None:
        """Note a mistake."""
        line = where if isinstance(where, int) else line_of(where)
        self.problems.append(Problem(self.file, line, message))

    def mapping(self, node: yaml.Node, what: str) -> dict[str, Entry]:
        """Return the keys of a mapping; nothing there is an empty one."""
        if is_nothing(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, f"{what} must be a mapping of keys to values")
            return {}
        found: dict[str, Entry] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problem(key, f"a key of {what} must be a word")
            elif key.value in found:
                self.problem(key, f"{quote(key.value)} is given twice in {what}")
            else:
                found[key.value] = Entry(line_of(key), value)
        return found

    def items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        """Return the items of a list."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.problem(node, f"{what} must be a list")
        return []

    def text(self, node: yaml.Node, what: str) -> str:
        """Return a text that is not empty and has one line; empty after a mistake."""
        value = scalar(node)
        if not isinstance(value, str):
            self.problem(node, f"{what} must be text{quoting_hint(node)}")
        elif not value.strip():
            self.problem(node, f"{what} must not be empty")
        elif "\n" in value.strip():
            self.problem(node, f"{what} must be one line")
        else:
            return value.strip()
        return ""

    def truth(self, node: yaml.Node, what: str) -> bool:
        """Return true or false; false after a mistake."""
        value = scalar(node)
        if not isinstance(value, bool):
            self.problem(node, f"{what} must be true or false")
        return value is True

    def choice(self, node: yaml.Node, what: str, options: Collection[str]) -> str:
        """Return one of the options; empty after a mistake."""
        word = self.text(node, what)
        if word and word not in options:
            self.problem(node, unknown(what, word, options))
            return ""
        return word

    def value(self, node: yaml.Node, what: str) -> Value | None:
        """Return what a field can be compared with, None after a mistake."""
        value = scalar(node)
        if value is None:
            self.problem(node, f"{what} must be text, a whole number, true or false")
        elif isinstance(value, int) and abs(value) >= MAX_INT:
            self.problem(node, f"{what} must be a number between -2^53 and 2^53")
            return None
        return value


def read_documents(folders: Iterable[Path]) -> tuple[list[Document], list[Problem]]:
    """Return every YAML file below the folders, in the order of their names, and the problems of those that are none.

    Any other file that is not named in ``BESIDE`` is a problem: a rule that is not read would look like health.
    """
    documents: list[Document] = []
    problems: list[Problem] = []
    for folder in folders:
        if not folder.is_dir():
            problems.append(Problem(folder, 1, "no such folder"))
            continue
        for file in sorted(folder.rglob("*")):
            if not file.is_file() or hidden(file.relative_to(folder)):
                continue
            if file.suffix != ".yaml":
                if file.name not in BESIDE:
                    problems.append(Problem(file, 1, "only .yaml files belong here"))
                continue
            found = read_document(file)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                documents.append(found)
    return documents, problems


def hidden(path: Path) -> bool:
    """Return whether a path is a mount's own: Kubernetes keeps a ConfigMap's files in ``..data`` and links to them."""
    return any(part.startswith("..") for part in path.parts)


def read_document(file: Path) -> Document | Problem:
    """Return a file's content, or why it has none."""
    line, message = 1, "empty file"
    try:
        if file.stat().st_size > MAX_BYTES:
            return Problem(file, line, f"longer than {MAX_BYTES // 1024} KiB")
        text = file.read_text(encoding="utf-8")
        deep = line_too_deep(text)
        root = None if deep else yaml.compose(text, Loader=LOADER)
        if root:
            return Document(file, root)
        line, message = (deep, f"nested more than {MAX_DEPTH} deep") if deep else (line, message)
    except UnicodeDecodeError:
        message = "not UTF-8 text"
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else line
        message = "not YAML: " + " ".join(part for part in (error.context, error.problem) if part)
    except yaml.YAMLError as error:
        message = f"not YAML: {str(error).splitlines()[0]}"
    return Problem(file, line, message)


def line_too_deep(text: str) -> int:
    """Return the first line that is nested too deeply, 0 if none is."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            return int(event.start_mark.line) + 1 if event.start_mark else 1
    return 0


def line_of(node: yaml.Node) -> int:
    """Return the line a node begins on, counted from 1."""
    return int(node.start_mark.line) + 1


def is_nothing(node: yaml.Node) -> bool:
    """Return whether nothing is written there."""
    return node.tag == "tag:yaml.org,2002:null"


def scalar(node: yaml.Node) -> Value | None:
    """Return a text, a whole number or a truth value; None for anything else."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    match node.tag.removeprefix("tag:yaml.org,2002:"):
        case "str":
            return str(node.value)
        case "int":
            try:
                return int(node.value)  # neither octal nor sexagesimal, which nobody means
            except ValueError:
                return None
        case "bool":
            return str(node.value).lower() in ("true", "yes", "on")
        case _:
            return None


def quoting_hint(node: yaml.Node) -> str:
    """Return how to make text of a scalar that YAML takes for something else."""
    if isinstance(node, yaml.ScalarNode) and not is_nothing(node) and node.tag != "tag:yaml.org,2002:str":
        return f': write "{node.value}" in quotes'
    return ""


def quote(word: str) -> str:
    """Return a word of a file in quotes, without control characters, cut when it is long."""
    return json.dumps(word if len(word) <= QUOTED_LENGTH else word[:QUOTED_LENGTH] + "…", ensure_ascii=False)


def unknown(what: str, word: str, options: Collection[str]) -> str:
    """Return the message for a word that is none of the options, with the nearest of them."""
    near = difflib.get_close_matches(word, list(options), n=1)
    if near:
        return f"unknown {what} {quote(word)}; did you mean {quote(near[0])}?"
    listed = sorted(options)
    more = ", …" if len(listed) > LISTED else ""
    return f"unknown {what} {quote(word)}; known: {', '.join(listed[:LISTED])}{more}"
