"""Every error ends here: a user's with a message and what to do, a bug of ours with a number to report it by."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator

import click
from pydantic import ValidationError
from pydantic_settings import SettingsError
from yaml import MarkedYAMLError

from bot.cli.logs import DEBUG, debugging
from bot.cli.status import COULD_NOT
from bot.cli.text import clean_lines
from bot.cluster.errors import ClusterError
from bot.configuration import UnknownSetting, nearest
from bot.diagnosis.cleaning import SymptomError
from bot.diagnosis.serialise import NotADiagnosis
from bot.engine.rules import RuleError
from bot.remediation.playbooks import PlaybookErrors
from bot.slack.errors import CannotServe
from bot.store.records import StoreError

MESSAGES = (
    ClusterError,
    SymptomError,
    RuleError,
    PlaybookErrors,
    NotADiagnosis,
    CannotServe,
    StoreError,
    UnknownSetting,
)
"""Errors whose text was written for the person at the keyboard: what happened, where, what to do."""


def tell(problem: Exception) -> int:
    """Say on stderr what went wrong, and return the exit status."""
    if debugging():
        click.echo(clean_lines("".join(traceback.format_exception(problem))), err=True)
    for line in dict.fromkeys(message(single) for single in singles(problem)):
        click.echo(clean_lines(f"Error: {line}"), err=True)
    return COULD_NOT


def singles(problem: BaseException) -> Iterator[BaseException]:
    """Yield the errors of a group, or the error itself."""
    if isinstance(problem, BaseExceptionGroup):
        for inner in problem.exceptions:
            yield from singles(inner)
    else:
        yield problem


def message(problem: BaseException) -> str:
    """Return an error in words."""
    if isinstance(problem, MESSAGES):
        return str(problem)
    if isinstance(problem, ValidationError):
        return "\n".join(wrong_settings(problem))
    if isinstance(problem, SettingsError):
        return f'A setting of the environment cannot be read: {problem}. Lists are written as JSON, such as ["U1"].'
    if isinstance(problem, MarkedYAMLError) and problem.problem_mark:
        mark = problem.problem_mark
        return f"{mark.name}:{mark.line + 1}: {problem.problem}."
    if isinstance(problem, OSError) and problem.filename is not None:
        return f"{problem.filename}: {problem.strerror}."
    return f"netmedic failed ({type(problem).__name__}, bug {number(problem)}). {DEBUG}=1 shows where."


def wrong_settings(problem: ValidationError) -> Iterator[str]:
    """Yield a line for each wrong setting. The values are left out: one of them may be a token."""
    for wrong in problem.errors(include_input=False, include_url=False, include_context=False):
        path = [str(part) for part in wrong["loc"]]
        if wrong["type"] == "extra_forbidden":
            meant = f"; {near} was probably meant" if (near := nearest(path)) else ""
            yield f"There is no setting {'.'.join(path)}{meant}. docs/configuration.md lists all."
            continue
        name = "__".join(path)
        yield f"The setting {name} ({f'netmedic_{name}'.upper()}) is wrong: {wrong['msg']}."


def number(problem: BaseException) -> str:
    """Return a number that the same bug has every time: made of the error's type and where it arose."""
    places = [
        (frame.filename.rpartition("/bot/")[2], frame.name) for frame in traceback.extract_tb(problem.__traceback__)
    ]
    return hashlib.sha256(repr((type(problem).__name__, places)).encode()).hexdigest()[:8]
