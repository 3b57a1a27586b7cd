"""Questions about the series of a table, answered from computed facts or by a reader of shapes."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from transformers import PreTrainedModel

from ..data.series.frames import find_timestamp_column
from ..data.series.panel_columns import is_time_index, to_pandas
from ..data.series.panel_reading import load_panel
from ..data.series.panels import Panel
from ..data.series.tables import read_table
from ..errors import UserError
from ..explanations.checks import Claim
from ..explanations.explain import check_unit
from ..prediction import Forecaster, load, reading_options
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from .checks import check_sentence
from .facts import compute
from .names import Names
from .panels import compute_of_panel
from .query import CannotTellError, Query
from .questions import (
    carried_over,
    check_answerable,
    has_own_kind,
    is_follow_up,
    query_of,
    read_question,
    shape_is_asked,
    split_questions,
)
from .statements import Fact, Statement
from .subject import Subject, names_of, subjects
from .verdicts import verdict

logger = logging.getLogger(__name__)

_LONGEST_QUESTION = 2000
# Series that a question which names none is answered for, one after the other; questions of one text; earlier turns.
_MOST_SERIES, _MOST_QUESTIONS, _MOST_TURNS = 5, 5, 20
_OF_PANEL = ("rank", "growth", "pair", "correlation", "series")
# Step of the rows of a table without timestamps: one that no season of the calendar fits.
_ROWS = pd.Timedelta(hours=11)


class Answer:
    """Answer to a question; iterating gives its text piece by piece, as it is made.

    Attributes:
        route: `computed` from facts, `read` by a model of shapes, or `refused`.
        text: the whole answer.
        facts: computed quantities in it, the one that is asked for first; none of an answer that was read.
        claims: every number, time and name in it, checked against history and forecast.
        options: probability of each option, in their order; None where no options were given.
    """

    def __init__(
        self,
        route: str,
        pieces: Iterator[str],
        statements: Sequence[Statement] = (),
        claims: Sequence[Claim] = (),
        options: dict[str, float] | None = None,
    ):
        self.route, self.options = route, options
        self.statements, self.claims = tuple(statements), tuple(claims)
        self._pieces, self._made = pieces, []

    def __iter__(self) -> Iterator[str]:
        place = 0
        while True:
            while place < len(self._made):
                yield self._made[place]
                place += 1
            piece = next(self._pieces, None)
            if piece is None:
                return
            self._made.append(piece)

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Computed quantities, the one that is asked for first."""
        return tuple(fact for statement in self.statements for fact in statement.facts)

    @property
    def is_answered(self) -> bool:
        """Whether the question was answered, and not refused."""
        return self.route != "refused"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "route": self.route,
            "text": self.text,
            "facts": [fact.to_dict() for fact in self.facts],
            "claims": [claim.to_dict() for claim in self.claims],
            "options": self.options,
        }

    def __repr__(self) -> str:
        return f"Answer(route={self.route!r}, text={self.text!r})"


def _pieces(text: str) -> Iterator[str]:
    """The words of a text, each with the space behind it."""
    start = 0
    for place, character in enumerate(text):
        if character == " ":
            yield text[start : place + 1]
            start = place + 1
    yield text[start:]


def load_table(
    df: Any,
    id_column: str | Sequence[str] | None = None,
    timestamp_column: str | None = None,
    target: str | Sequence[str] | None = None,
    freq: str | None = None,
    dayfirst: bool | None = None,
    **options: Any,
) -> Panel:
    """Load a panel as `load_panel`; a table of numbers alone, without timestamps, is one of steps without dates."""
    is_file = isinstance(df, str) and "." in df or not isinstance(df, str) and not hasattr(df, "columns")
    table = read_table(df) if is_file else df
    if hasattr(table, "columns") and timestamp_column is None:
        frame = to_pandas(table, "the table")
        numbers = frame.dtypes.map(pd.api.types.is_numeric_dtype).all()
        if numbers and len(frame) and id_column is None and not is_time_index(frame.index):
            try:
                find_timestamp_column(frame, None, "the table")
            except UserError:
                index = pd.date_range("2000-01-01", periods=len(frame), freq=_ROWS, unit="s")
                chosen = frame if target is None else frame[[target] if isinstance(target, str) else [*target]]
                panel = load_panel(chosen.set_index(index), freq=_ROWS if len(frame) == 1 else None)
                return replace(panel, dated=False)
    return load_panel(table, id_column, timestamp_column, target, freq, dayfirst=dayfirst, **options)


def check_question(question: Any) -> str:
    """A question of words, of at most 2,000 characters.

    Raises:
        ValueError: if it is not.
    """
    if not isinstance(question, str):
        raise UserError(f"question is a {type(question).__name__}; give a string.")
    if not question.strip():
        raise UserError('question is empty; ask one, such as "When was the highest week?".')
    if len(question) > _LONGEST_QUESTION:
        raise UserError(f"question has {len(question):,} characters; ask in at most {_LONGEST_QUESTION:,}.")
    return question


def check_history(history: Any) -> list[tuple[str, str]]:
    """Earlier turns as pairs of question and answer.

    Raises:
        ValueError: for anything but pairs of strings, or messages with a role and a content.
    """
    if history is None:
        return []
    turns = list(history) if pd.api.types.is_list_like(history) else [history]
    if turns and all(isinstance(turn, dict) and "role" in turn for turn in turns):
        asked = [str(turn.get("content", "")) for turn in turns if turn["role"] == "user"]
        return [(question, "") for question in asked][-_MOST_TURNS:]
    found = []
    for turn in turns:
        pair = tuple(turn) if isinstance(turn, list | tuple) else (turn, "")
        if len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], str | Answer):
            raise UserError(f"history has {str(turn)[:60]!r}; give pairs of a question and its answer.")
        found.append((pair[0], str(pair[1])))
    return found[-_MOST_TURNS:]


@dataclass(frozen=True)
class _Asked:
    """The series that questions are about, and how they are answered."""

    panel: Panel
    model: PreTrainedModel
    feature_extractor: ForecastFeatureExtractor | None
    names: Names
    unit: str

    def subjects(self, chosen: Sequence[int]) -> list[Subject]:
        return subjects(self.panel, chosen, self.model, self.feature_extractor, self.unit)

    def query(self, question: str, before: Query | None, subject: Subject) -> Query:
        """The query of a question behind that of an earlier one."""
        known = subject.values[~np.isnan(subject.values)]
        extent = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
        read = read_question(question, self.names, subject.axis, extent)
        check_answerable(read, self.names)
        if before is not None and is_follow_up(read):
            return carried_over(before, read, has_own_kind(read, self.names, len(subject)))
        try:
            query = query_of(read, self.names, len(subject))
        except CannotTellError:
            if before is None or not (read.times or read.series or read.numbers):
                raise
            return carried_over(before, read, None)
        if before is not None and query.kind == "statistic" and query.statistic == "value":
            if has_own_kind(read, self.names, len(subject)) is None:
                return carried_over(before, read, None)
        return query

    def chosen(self, query: Query) -> list[int]:
        """Positions of the series of a query.

        Raises:
            CannotTellError: none of many is named.
        """
        if query.series:
            return list(query.series)
        count = len(self.names.names)
        if count > _MOST_SERIES:
            raise CannotTellError(f"{self.names.shown}; name one of them, or ask which of the series is the largest.")
        return list(range(count))


def _states(asked: _Asked, question: str, turns: Sequence[str]) -> tuple[list[Statement], list[Subject], Query]:
    """Statements that answer the last of the questions of a text."""
    first = asked.subjects([0])[0]
    before: Query | None = None
    for turn in turns:
        for earlier in split_questions(turn[:_LONGEST_QUESTION]):
            try:
                before = asked.query(earlier, before, first)
            except CannotTellError:
                continue
    query = asked.query(question, before, first)
    if query.kind in _OF_PANEL:
        statements, subjects_ = compute_of_panel(query, asked.panel, asked.names, asked.subjects)
    else:
        subjects_ = asked.subjects(asked.chosen(query))
        statements = compute(query, subjects_)
    return [*verdict(query, statements), *statements], subjects_, query


def _refusal(reason: str) -> str:
    return f"I cannot tell: {reason}"


def ask(
    df: Any,
    question: str,
    history: Any = None,
    *,
    options: Sequence[str] | None = None,
    reader: Any = None,
    id_column: str | Sequence[str] | None = None,
    timestamp_column: str | None = None,
    target: str | Sequence[str] | None = None,
    freq: str | None = None,
    dayfirst: bool | None = None,
    model: Forecaster | None = None,
    unit: str = "",
) -> Answer:
    """Answer a question about the series of a table."""
    question = check_question(question)
    turns = [turn for turn, _ in check_history(history)]
    check_unit(unit)
    forecaster, feature_extractor = load(model)
    panel = load_table(df, id_column, timestamp_column, target, freq, dayfirst, **reading_options(feature_extractor))
    return ask_panel(panel, question, turns, forecaster, feature_extractor, options, reader, unit)


def ask_panel(
    panel: Panel,
    question: str,
    turns: Sequence[str],
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor | None = None,
    options: Sequence[str] | None = None,
    reader: Any = None,
    unit: str = "",
) -> Answer:
    """Answer a question about a loaded panel; see `ask`."""
    names = Names(names_of(panel))
    asked = _Asked(panel, model, feature_extractor, names, unit)
    turns = list(turns)
    texts: list[str] = []
    statements: list[Statement] = []
    claims: list[Claim] = []
    for one in split_questions(question)[:_MOST_QUESTIONS]:
        try:
            found, about, _ = _states(asked, one, turns)
        except CannotTellError as reason:
            texts.append(_refusal(str(reason)))
        else:
            for statement in found:
                checked = check_sentence(statement.text, about)
                failed = next((claim for claim in checked if not claim.holds), None)
                if failed is not None:
                    raise RuntimeError(f"{failed.quantity} is {failed.actual}, but the words say {failed.words!r}.")
                claims += checked
            statements += found
            texts.append(" ".join(statement.text for statement in found))
        turns.append(one)
    route = "computed" if statements else "refused"
    return Answer(route, _pieces(" ".join(texts)), statements, claims)


__all__ = ["Answer", "ask", "ask_panel", "check_history", "check_question", "load_table", "np", "shape_is_asked"]
