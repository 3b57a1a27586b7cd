"""Answers to questions beside their truth: `python -m benchmarks.answers [--seeds 0 1 2] [--split test]`.

Series are those of uni/ and ltsf/ in the folder that `TS_LLM_FUSION_DATA_DIR` names. For every kind of question and
each of its phrasings (`answers_phrases.py`), times, bounds, series and units are drawn by the seed, the truth is
computed by pandas here, and the answer of `ts_llm_fusion.ask` is compared with it. Prints

- right: share of the questions of which a fact of the first sentence is the truth (a value to 6 digits; a forecast
  within a tenth of the band of `predict_df` at that horizon; a time exactly; yes or no), and whose text says it;
- numbers: how many numbers the texts hold, and how many of them are in no fact or do not hold when checked anew;
- refused: of the questions that no series answers; and of those above that it does;
- calibration of the probabilities of options: the expected calibration error in 10 bins, and the accuracy.
"""

import argparse
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import ts_llm_fusion
from benchmarks.answers_phrases import SPLITS, phrasings
from ts_llm_fusion.errors import UserError
from ts_llm_fusion.evaluation.report import align_columns, markdown_table

_NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]\d+)?")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_QUARTERS = ("first", "second", "third", "fourth")
_OPTION_BINS = 10


@dataclass(frozen=True)
class Table:
    """Series of a file: `frame` indexed by time, or by the number of the row."""

    name: str
    frame: pd.DataFrame
    unit: str
    dated: bool = True
    periods: tuple[int, ...] = ()
    forecasts: dict[tuple[str, int], pd.DataFrame] = field(default_factory=dict)

    def forecast(self, column: str, steps: int) -> pd.DataFrame:
        """Forecast of a column, by time."""
        key = column, steps
        if key not in self.forecasts:
            table = self.frame[[column]].rename_axis("timestamp").reset_index()
            found = ts_llm_fusion.predict_df(table, steps).set_index("timestamp")
            self.forecasts[key] = found
        return self.forecasts[key]


@dataclass(frozen=True)
class Case:
    """A question with its judge."""

    kind: str
    question: str
    table: Table
    columns: tuple[str, ...]
    judge: Callable[[Any], bool]
    history: tuple[str, ...] = ()
    scope: np.ndarray | None = None

    @property
    def data(self) -> pd.DataFrame:
        """The table as it is given to `ask`."""
        frame = self.table.frame[list(self.columns)]
        return frame if self.table.dated else frame.reset_index(drop=True)


def load_tables() -> list[Table]:
    """The series, with NaN where missing."""
    folder = Path(os.environ["TS_LLM_FUSION_DATA_DIR"])

    def read(name: str, column: str, form: str | None = None) -> pd.DataFrame:
        table = pd.read_csv(folder / f"{name}.csv.gz")
        stamps = pd.to_datetime(table.pop(column).astype(str), format=form)
        return table.set_index(pd.DatetimeIndex(stamps.to_numpy(), name="timestamp")).astype(float)

    temps = read("uni/temps", "Date", "%m/%d/%Y")
    sunspots = read("uni/sunspots", "YEAR", "%Y")
    sunspots.index = sunspots.index.as_unit("s")
    weeks = read("uni/co2", "date", "%Y%m%d")
    return [
        Table("AirPassengers", read("uni/AirPassengers", "Month", "%Y-%m"), "month", periods=(12,)),
        Table("co2", weeks, "week", periods=(52,)),
        Table("sunspots", sunspots, "year", periods=(10, 11)),
        Table(
            "taylor", pd.read_csv(folder / "uni/taylor.csv.gz").astype(float), "step", dated=False, periods=(48, 336)
        ),
        Table("temps", temps.asfreq("D"), "day", periods=(365,)),
        Table("ETTh1", read("ltsf/ETTh1", "date"), "hour", periods=(24,)),
        Table("exchange_rate", read("ltsf/exchange_rate", "date", "%Y/%m/%d %H:%M").add_prefix("rate"), "day"),
        Table("national_illness", read("ltsf/national_illness", "date"), "week", periods=(52,)),
    ]


@dataclass(frozen=True)
class When:
    """A time in words, with its preposition and without, and its rows."""

    said: str
    bare: str
    rows: np.ndarray


def _day_words(day: pd.Timestamp, rng: np.random.Generator) -> str:
    month = _MONTHS[day.month - 1]
    ordinal = "th" if 10 < day.day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")  # codespell:ignore nd
    return [
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day:%Y-%m-%d}",
        f"the {day.day}{ordinal} of {month} {day.year}",
    ][rng.integers(4)]


def draw_time(table: Table, rng: np.random.Generator, single: bool = False, inner: bool = True) -> When:
    """A time in the history: one step, or a longer one."""
    index, count = table.frame.index, len(table.frame)
    if not table.dated:
        row = int(rng.integers(1, count + 1))
        if single:
            return When(f"at step {row}", f"step {row}", np.array([row - 1]))
        stop = int(rng.integers(row, count + 1))
        return When(f"from step {row} to step {stop}", f"steps {row} to {stop}", np.arange(row - 1, stop))
    day = pd.Timestamp(index[rng.integers(count // 20, count - count // 20)])
    levels = {
        "month": ["month"] if single else ["year", "quarter"],
        "week": ["day"] if single else ["year", "month", "quarter"],
        "year": ["year"] if single else ["decade", "years"],
        "day": ["day"] if single else ["month", "year", "quarter", "days"],
        "hour": ["hour"] if single else ["day", "month", "days"],
    }[table.unit]
    level = levels[rng.integers(len(levels))]
    year, month = day.year, _MONTHS[day.month - 1]
    if level == "year":
        return When(f"in {year}", f"{year}", np.flatnonzero(index.year == year))
    if level == "month":
        rows = np.flatnonzero((index.year == year) & (index.month == day.month))
        return When(f"in {month} {year}", f"{month} {year}", rows)
    if level == "quarter":
        rows = np.flatnonzero((index.year == year) & (index.quarter == day.quarter))
        words = [f"the {_QUARTERS[day.quarter - 1]} quarter of {year}", f"Q{day.quarter} {year}"][rng.integers(2)]
        return When(f"in {words}", words, rows)
    if level == "decade":
        decade = year // 10 * 10
        return When(f"in the {decade}s", f"the {decade}s", np.flatnonzero(index.year // 10 * 10 == decade))
    if level == "years":
        last = min(year + int(rng.integers(2, 30)), index[-1].year)
        rows = np.flatnonzero((index.year >= year) & (index.year <= last))
        return When(f"from {year} to {last}", f"the years {year} to {last}", rows)
    if level == "hour":
        rows = np.flatnonzero(index == day)
        words = _day_words(day, rng)
        return When(f"at {day:%H:%M} on {words}", f"{day:%H:%M} on {words}", rows)
    if level == "days":
        stop = day + pd.Timedelta(days=int(rng.integers(3, 60)))
        rows = np.flatnonzero((index >= day.normalize()) & (index < stop.normalize() + pd.Timedelta(days=1)))
        words = f"{_day_words(day, rng)} to {_day_words(stop, rng)}"
        return When(f"from {words}", words, rows)
    rows = np.flatnonzero(index.normalize() == day.normalize())
    words = _day_words(day, rng)
    return When(f"on {words}", words, rows)


def numbers_in(text: str) -> list[float]:
    """Numbers in a text."""
    return [float(match.group().replace(",", "")) for match in _NUMBER.finditer(text)]


def says_number(text: str, value: float, share: float = 0.0006) -> bool:
    """Whether a text has a number of a value, rounded to four digits or its last one."""
    for match in _NUMBER.finditer(text):
        number = float(match.group().replace(",", ""))
        decimals = 0 if "e" in match.group() else len(match.group().partition(".")[2])
        if abs(number - value) <= max(
            share * abs(value), 0.51 * 10.0**-decimals if abs(value) >= 100 or decimals else 0
        ):
            return True
    return False


def is_value(answer: Any, truth: float, tolerance: float = 0.0) -> bool:
    """Whether a fact of the first sentence is a number, and the text says it."""
    values = [fact.value for fact in first_facts(answer) if isinstance(fact.value, int | float)]
    close = [abs(value - truth) <= max(tolerance, 1e-6 * max(abs(truth), 1e-9)) for value in values]
    return any(close) and (tolerance > 0 or says_number(answer.text, truth))


def first_facts(answer: Any) -> list[Any]:
    """Facts of the first sentence with any, without the bound that the question gave."""
    facts = [fact for fact in answer.facts if not fact.quantity.endswith((".bound", ".upper"))]
    return [fact for fact in facts if fact.quantity.partition(".")[0] == facts[0].quantity.partition(".")[0]]


def is_share(answer: Any, truth: float) -> bool:
    """Whether the first fact is a share, and the text says it in percent."""
    close = [abs(one.value - truth) <= 1e-6 * truth for one in first_facts(answer) if isinstance(one.value, float)]
    return any(close) and says_number(answer.text, 100 * truth, 0.06)


def is_value_only(answer: Any, truth: float) -> bool:
    """Whether the first fact is a number."""
    first = answer.facts[0].value if answer.facts else None
    return isinstance(first, int | float) and abs(first - truth) <= 1e-6 * max(abs(truth), 1e-9)


def is_time(answer: Any, table: Table, row: int) -> bool:
    """Whether the first fact is the time of a row, and the text names it."""
    if not answer.facts:
        return False
    told = answer.facts[0].value
    if not table.dated:
        return str(told) == str(row + 1) and f"step {row + 1}" in answer.text
    stamp = pd.Timestamp(table.frame.index[row])
    return str(told) == str(stamp) and str(stamp.year) in answer.text


def starts(answer: Any, word: str) -> bool:
    """Whether the text begins with yes or no, if it begins with either."""
    return not answer.text.startswith(("Yes", "No.")) or answer.text.startswith(word)


def slope_of(values: np.ndarray) -> tuple[float, float]:
    """Slope of the least-squares line, and the share of the variation that it explains."""
    rows = np.flatnonzero(~np.isnan(values))
    known = values[rows]
    slope = np.polyfit(rows, known, 1)[0]
    return float(slope), float(np.corrcoef(rows, known)[0, 1] ** 2) if known.std() > 0 else 0.0


_ONES = (
    "two second 2nd couple runner-up runner penultimate", "three third 3rd", "four fourth 4th", "five fifth 5th",
    "six sixth 6th", "seven seventh 7th", "eight eighth 8th", "nine ninth 9th", "ten tenth 10th", "eleven eleventh",
    "twelve twelfth dozen", "thirteen thirteenth", "fourteen fourteenth", "fifteen fifteenth",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# Words of whole numbers.
_WORDS = {word: number for number, words in enumerate(_ONES, 2) for word in words.split()}
_WORDS |= {
    f"{tens}-{word}": 10 * place + number
    for place, tens in enumerate(_TENS, 2)
    for word, number in [("first", 1), *_WORDS.items()]
    if number < 10
}
_WORDS |= {tens: 10 * place for place, tens in enumerate(_TENS, 2)}
_WORDS |= {f"{tens[:-1]}ieth": number for tens, number in list(_WORDS.items()) if tens in _TENS}
_WORDS |= {"hundred": 100, "hundredth": 100}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOW = re.compile(
    r"\b(?:how low|(?:record|all[- ]time) low|"
    r"lowest|smallest|least|minim\w+|min|worst|bottom|coldest|weakest|coolest|quietest|poorest|slowest)\b"
)


def filled(phrase: str, table: Table, **values: str) -> str:
    """A phrasing with its times, bounds and names, and the unit of a step."""
    return phrase.format(unit=table.unit, **values)


def number_in(phrase: str) -> int:
    """The whole number that a phrasing names, in digits or words.

    Raises:
        ValueError: there is none.
    """
    plain = re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", phrase.lower())  # codespell:ignore
    for word in re.findall(r"[a-z]+(?:-[a-z]+)*|\d+", plain):
        if word.isdigit() or word in _WORDS:
            return int(word) if word.isdigit() else _WORDS[word]
    raise ValueError(f"{phrase!r} names no number.")


def weekdays_in(phrase: str) -> list[int]:
    """The weekdays that a phrasing names, 0 for Monday."""
    words = phrase.lower()
    if "weekend" in words:
        return [5, 6]
    return [
        place for place, day in enumerate(_WEEKDAYS) if re.search(rf"\b{day[:3]}(?:{day[3:]})?s?\b", words)
    ] or list(range(5))


class Writer:
    """Cases of one seed."""

    def __init__(self, tables: list[Table], seed: int, split: str):
        self.tables, self.rng = tables, np.random.default_rng(seed)
        self.phrases, self.unanswerable = phrasings(split)

    def table(self, *names: str) -> Table:
        """A table by chance, among those named or all."""
        chosen = [table for table in self.tables if not names or table.name in names]
        return chosen[self.rng.integers(len(chosen))]

    def column(self, table: Table) -> str:
        """A column by chance."""
        return str(table.frame.columns[self.rng.integers(table.frame.shape[1])])

    def cases(self) -> list[Case]:
        """A case for each phrasing of each kind."""
        found = []
        for kind, phrase in ((kind, phrase) for kind, phrases in self.phrases.items() for phrase in phrases):
            try:
                found.append(self.case(kind, phrase))
            except (ValueError, KeyError) as reason:
                print(f"not judged: {kind}: {phrase!r}: {reason!r}")
        return found

    def case(self, kind: str, phrase: str) -> Case:
        """A case of a phrasing.

        Raises:
            ValueError: its truth cannot be told from its words.
            KeyError: it names something that is not drawn.
        """
        found: Case = getattr(self, f"_{kind.replace(' ', '_').replace('-', '_')}")(kind, phrase)
        return found

    def pick(self, *names: str) -> tuple[Table, str, np.ndarray]:
        """A table, one of its columns, and the values of that."""
        table = self.table(*names)
        column = self.column(table)
        return table, column, table.frame[column].to_numpy()

    _DATED = ("AirPassengers", "co2", "sunspots", "temps", "ETTh1", "exchange_rate", "national_illness")

    def _of_value(self, kind: str, phrase: str, function: Callable[[np.ndarray], float]) -> Case:
        table, column, values = self.pick()
        question = filled(phrase, table)
        return Case(kind, question, table, (column,), lambda answer: is_value(answer, float(function(values))))

    def _highest(self, kind: str, phrase: str) -> Case:
        return self._of_value(kind, phrase, np.nanmax)

    def _lowest(self, kind: str, phrase: str) -> Case:
        return self._of_value(kind, phrase, np.nanmin)

    def _when_highest(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        return Case(
            kind,
            filled(phrase, table),
            table,
            (column,),
            lambda answer: is_time(answer, table, int(np.nanargmax(values))),
        )

    def _when_lowest(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        return Case(
            kind,
            filled(phrase, table),
            table,
            (column,),
            lambda answer: is_time(answer, table, int(np.nanargmin(values))),
        )

    def _in_scope(self, kind: str, phrase: str, function: Callable[[np.ndarray], float], single: bool = False) -> Case:
        table, column, values = self.pick()
        when = draw_time(table, self.rng, single)
        while not single and (len(when.rows) < 3 or np.isnan(values[when.rows]).all()):
            when = draw_time(table, self.rng, single)
        question = filled(phrase, table, a=when.said, bare_a=when.bare)
        truth = float(function(values[when.rows]))
        return Case(kind, question, table, (column,), lambda answer: is_value(answer, truth), scope=when.rows)

    def _mean(self, kind: str, phrase: str) -> Case:
        return self._in_scope(kind, phrase, np.nanmean)

    def _median(self, kind: str, phrase: str) -> Case:
        return self._in_scope(kind, phrase, np.nanmedian)

    def _sum(self, kind: str, phrase: str) -> Case:
        return self._in_scope(kind, phrase, np.nansum)

    def _spread(self, kind: str, phrase: str) -> Case:
        case = self._in_scope(kind, phrase, lambda values: np.nanstd(values, ddof=1))
        if re.search(r"\bspread\b(?! out)", phrase.lower()) and not re.search(
            r"deviat|std|\bsd\b|sigma", phrase.lower()
        ):
            # The spread is the range as well.
            when, values = case.scope, case.table.frame[case.columns[0]].to_numpy()
            assert when is not None
            size = float(np.nanmax(values[when]) - np.nanmin(values[when]))
            return replace(case, judge=lambda answer: case.judge(answer) or is_value(answer, size))
        return case

    def _range(self, kind: str, phrase: str) -> Case:
        return self._in_scope(kind, phrase, lambda values: np.nanmax(values) - np.nanmin(values))

    def _value(self, kind: str, phrase: str) -> Case:
        return self._in_scope(kind, phrase, np.nanmean, single=True)

    def _two_times(self, single: bool = False) -> tuple[Table, str, np.ndarray, When, When]:
        table, column, values = self.pick(*self._DATED)
        while True:
            first, second = (draw_time(table, self.rng, single) for _ in range(2))
            simple = all(" to " not in when.bare and "from" not in when.said for when in (first, second))
            if simple and not np.intersect1d(first.rows, second.rows).size and len(first.rows) and len(second.rows):
                return table, column, values, first, second

    def _difference(self, kind: str, phrase: str) -> Case:
        table, column, values, first, second = self._two_times(bool(self.rng.integers(2)))
        question = filled(phrase, table, a=first.said, b=second.said, bare_a=first.bare, bare_b=second.bare)
        truth = abs(float(np.nanmean(values[first.rows]) - np.nanmean(values[second.rows])))
        return Case(kind, question, table, (column,), lambda answer: is_value(answer, truth))

    def _percent_change(self, kind: str, phrase: str) -> Case:
        while True:
            table, column, values, first, second = self._two_times(bool(self.rng.integers(2)))
            if first.rows[0] > second.rows[0]:
                first, second = second, first
            one, two = (float(np.nanmean(values[when.rows])) for when in (first, second))
            if one > 0 and two > 0:
                break
        question = filled(phrase, table, a=first.said, b=second.said, bare_a=first.bare, bare_b=second.bare)
        return Case(kind, question, table, (column,), lambda answer: is_share(answer, abs(two / one - 1)))

    def _bound(self, values: np.ndarray, low: float = 0.1, high: float = 0.9) -> tuple[float, str]:
        bound = float(f"{np.nanquantile(values, self.rng.uniform(low, high)):.3g}")
        return bound, f"{bound:,.10f}".rstrip("0").rstrip(".")

    def _unit(self, table: Table) -> str:
        return table.unit

    def _count(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        # Rows are all steps, observations those that are not missing.
        rows = bool(
            re.search(r"\brows?\b|\blong\b|\blength\b|\bentries\b|\bhow (?:big|much)\b|\bsize\b", phrase.lower())
        )
        truth = float(len(values) if rows else (~np.isnan(values)).sum())
        return Case(kind, filled(phrase, table), table, (column,), lambda answer: is_value(answer, truth))

    def _compared(self, kind: str, phrase: str, above: bool, share: bool) -> Case:
        table, column, values = self.pick()
        bound, said = self._bound(values)
        inside = (values > bound) if above else (values < bound)
        truth = float(inside.sum())
        question = filled(phrase, table, v=said)
        judge = is_share if share else is_value
        return Case(
            kind, question, table, (column,),
            lambda answer: judge(answer, truth / (~np.isnan(values)).sum() if share else truth),
        )  # fmt: skip

    def _count_above(self, kind: str, phrase: str) -> Case:
        return self._compared(kind, phrase, True, False)

    def _count_below(self, kind: str, phrase: str) -> Case:
        return self._compared(kind, phrase, False, False)

    def _share_above(self, kind: str, phrase: str) -> Case:
        return self._compared(kind, phrase, True, True)

    def _first_above(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        bound, said = self._bound(values, 0.5, 0.95)
        row = int(np.flatnonzero(values > bound)[0])
        return Case(kind, filled(phrase, table, v=said), table, (column,), lambda answer: is_time(answer, table, row))

    def _last_value(self, kind: str, phrase: str) -> Case:
        return self._of_value(kind, phrase, lambda values: values[~np.isnan(values)][-1])

    _FORECAST = ("AirPassengers", "co2", "sunspots", "temps", "ETTh1", "national_illness")

    def _ahead(self, table: Table, most: int) -> int:
        return int(self.rng.integers(2, most))

    def _forecast_value(self, answer: Any, table: Table, column: str, step: int) -> bool:
        found = table.forecast(column, step).iloc[-1]
        return is_value(answer, float(found["predictions"]), 0.1 * abs(float(found["0.9"] - found["0.1"])) + 1e-9)

    def _forecast_next(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick(*self._FORECAST)
        question = filled(phrase, table)
        return Case(kind, question, table, (column,), lambda answer: self._forecast_value(answer, table, column, 1))

    def _forecast_at(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick(*self._FORECAST)
        step = self._ahead(table, 12)
        index = table.frame.index
        stamp = pd.Timestamp(index[-1] + step * (index[-1] - index[-2]))
        if table.unit == "month":
            stamp = pd.Timestamp(index[-1]) + pd.DateOffset(months=step)
        month = _MONTHS[stamp.month - 1]
        said = {
            "month": (f"in {month} {stamp.year}", f"{month} {stamp.year}"),
            "year": (f"in {pd.Timestamp(index[-1]).year + step}", f"{pd.Timestamp(index[-1]).year + step}"),
            "hour": (f"at {stamp:%H:%M} on {_day_words(stamp, self.rng)}",) * 2,
        }.get(table.unit)
        if said is None:
            words = _day_words(stamp, self.rng)
            said = (f"on {words}", words)
        question = filled(phrase, table, a=said[0], bare_a=said[1].removeprefix("at "))
        return Case(kind, question, table, (column,), lambda answer: self._forecast_value(answer, table, column, step))

    def _horizon(self, table: Table) -> tuple[int, str]:
        steps = int(self.rng.integers(3, 13))
        return steps, f"{steps} {table.unit}s"

    def _forecast_mean(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick(*self._FORECAST)
        steps, said = self._horizon(table)

        def judge(answer: Any) -> bool:
            found = table.forecast(column, steps)
            width = float((found["0.9"] - found["0.1"]).mean())
            return is_value(answer, float(found["predictions"].mean()), 0.1 * width + 1e-9)

        return Case(kind, filled(phrase, table, n=said), table, (column,), judge)

    def _forecast_peak(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick("AirPassengers", "ETTh1", "co2", "national_illness")
        steps, said = self._horizon(table)

        def judge(answer: Any) -> bool:
            found = table.forecast(column, steps)
            # The time beside the value, whichever is said first.
            times = [fact.value for fact in first_facts(answer) if fact.quantity.endswith(".when")]
            if not times:
                return False
            stamp = pd.Timestamp(times[0])
            width = float((found["0.9"] - found["0.1"]).mean())
            best = float(found["predictions"].max())
            return stamp in found.index and float(found["predictions"][stamp]) >= best - 0.1 * width

        return Case(kind, filled(phrase, table, n=said), table, (column,), judge)

    def _forecast_exceed(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick("AirPassengers", "ETTh1", "national_illness", "co2")
        far = table.forecast(column, 24)
        bound = float(f"{self.rng.uniform(far['predictions'].quantile(0.3), 1.05 * far['predictions'].max()):.3g}")

        def judge(answer: Any) -> bool:
            if not answer.facts:
                return False
            width = 0.15 * float((far["0.9"] - far["0.1"]).mean())
            reached = far.index[far["predictions"] > bound]
            told = answer.facts[0]
            if told.quantity.startswith("no "):
                return not (far["predictions"] > bound + width).any()
            stamp = pd.Timestamp(told.value)
            if stamp not in far.index:
                return len(reached) == 0 or bool((far["predictions"] <= bound + width).all())
            before = far["predictions"][far.index < stamp]
            return float(far["predictions"][stamp]) > bound - width and bool((before <= bound + width).all())

        said = f"{bound:,.10f}".rstrip("0").rstrip(".")
        return Case(kind, filled(phrase, table, v=said), table, (column,), judge)

    def _next_above_last(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick(*self._FORECAST)

        def judge(answer: Any) -> bool:
            found = table.forecast(column, 1).iloc[0]
            last = values[~np.isnan(values)][-1]
            near = abs(found["0.5"] - last) < 0.1 * (found["0.9"] - found["0.1"])
            shares = [fact.value for fact in answer.facts if fact.quantity.endswith(".percent")]
            if not shares:
                return False
            return near or (
                (float(shares[0]) > 0.5) == (found["0.5"] > last)
                and starts(answer, "Yes" if found["0.5"] > last else "No")
            )

        return Case(kind, filled(phrase, table), table, (column,), judge)

    def _sure(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick(*self._FORECAST)

        def judge(answer: Any) -> bool:
            found = table.forecast(column, 1).iloc[0]
            width = float(found["0.9"] - found["0.1"])
            told = {fact.quantity.partition(".")[2]: fact.value for fact in reversed(answer.facts)}
            # The band may be told by its ends.
            size = told.get("width", told["high"] - told["low"] if "low" in told and "high" in told else np.inf)
            return bool(abs(float(size) - width) <= 0.2 * width)

        return Case(kind, filled(phrase, table), table, (column,), judge)

    def _trend(self, kind: str, phrase: str) -> Case:
        while True:
            table, column, values = self.pick()
            when = draw_time(table, self.rng)
            if len(when.rows) < 8:
                continue
            slope, explained = slope_of(values[when.rows])
            if explained > 0.15 or explained < 0.05:
                break
        clear, up = explained > 0.1, slope > 0

        def judge(answer: Any) -> bool:
            if not answer.facts or "trend" not in answer.facts[0].quantity:
                return False
            if not clear:
                return answer.facts[0].quantity.startswith("no trend") and starts(answer, "No")
            return answer.facts[0].value == ("rises" if up else "falls")

        return Case(kind, filled(phrase, table, a=when.said, bare_a=when.bare), table, (column,), judge)

    def _season(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick("AirPassengers", "taylor", "temps", "ETTh1", "sunspots")
        column = "OT" if table.name == "ETTh1" else column

        def judge(answer: Any) -> bool:
            told = {fact.quantity.partition(".")[2]: fact.value for fact in answer.facts}
            return told.get("period") in table.periods and starts(answer, "Yes")

        return Case(kind, filled(phrase, table), table, (column,), judge)

    def _break(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick("temps", "sunspots", "taylor", "national_illness")
        column = column if table.name != "national_illness" else "% WEIGHTED ILI"
        values = table.frame[column].to_numpy()
        row = int(self.rng.uniform(0.3, 0.7) * len(values))
        moved = values + np.where(np.arange(len(values)) >= row, 4 * np.nanstd(values), 0)
        shifted = Table(table.name, pd.DataFrame({column: moved}, table.frame.index), table.unit, table.dated)

        def judge(answer: Any) -> bool:
            if not answer.facts or not answer.facts[0].quantity.startswith("break"):
                return False
            told = answer.facts[0].value
            at = int(told) - 1 if not table.dated else int(table.frame.index.searchsorted(pd.Timestamp(told)))
            return abs(at - row) <= 0.02 * len(values) + 1 and starts(answer, "Yes")

        return Case(kind, filled(phrase, table), shifted, (column,), judge)

    def _weekend(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick("temps", "ETTh1", "exchange_rate")
        free = table.frame.index.day_of_week >= 5
        truth = abs(float(np.nanmean(values[free]) - np.nanmean(values[~free])))
        return Case(kind, filled(phrase, table), table, (column,), lambda answer: is_value(answer, truth))

    def _period_case(self, kind: str, phrase: str, code: str, names: tuple[str, ...], largest: bool) -> Case:
        table, column, _ = self.pick(*names)
        series = table.frame[column]
        periods = series.index.to_period(code)
        sizes = series.groupby(periods).size()
        means = series.groupby(periods).mean()[sizes >= 0.5 * sizes.median()]
        best = means.idxmax() if largest else means.idxmin()
        word = f"{_MONTHS[best.month - 1]} {best.year}" if code == "M" else f"in {best.year}"
        usual = series.groupby(series.index.month).mean()
        month = _MONTHS[int(usual.idxmax() if largest else usual.idxmin()) - 1]

        def judge(answer: Any) -> bool:
            if code == "M" and answer.facts and answer.facts[0].value == month:
                # The month of the calendar.
                return "which year" not in phrase
            return bool(answer.facts) and word in answer.text and says_number(answer.text, float(means[best]))

        return Case(kind, filled(phrase, table), table, (column,), judge)

    def _highest_month(self, kind: str, phrase: str) -> Case:
        return self._period_case(kind, phrase, "M", ("AirPassengers", "co2", "temps", "ETTh1"), True)

    def _lowest_year(self, kind: str, phrase: str) -> Case:
        return self._period_case(kind, phrase, "Y", ("AirPassengers", "co2", "temps", "sunspots"), False)

    def _missing(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick("AirPassengers", "temps", "co2", "ETTh1")
        holed = values.copy()
        count = int(self.rng.integers(0, 3)) * int(self.rng.integers(1, 30))
        holed[self.rng.choice(np.arange(1, len(values) - 1), count, replace=False)] = np.nan
        truth = float(np.isnan(holed).sum())
        other = Table(table.name, pd.DataFrame({column: holed}, table.frame.index), table.unit, table.dated)
        whole = re.search(
            r"\bcomplete\b|\bwithout\b|\bno (?:gaps|holes|missing)|\bgapless\b|\bfull\b|\bevery\b", phrase.lower()
        )
        is_no = truth > 0 if whole else truth == 0
        return Case(
            kind, filled(phrase, table), other, (column,),
            lambda answer: is_value_only(answer, truth) and starts(answer, "No" if is_no else "Yes"),
        )  # fmt: skip

    def _extent(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick(*self._DATED)
        row = int(np.flatnonzero(~np.isnan(values))[0])
        return Case(kind, filled(phrase, table), table, (column,), lambda answer: is_time(answer, table, row))

    def _outliers(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick("AirPassengers", "co2", "temps", "taylor")
        row = int(self.rng.integers(len(values) // 4, 3 * len(values) // 4))
        spiked = values.copy()
        spiked[row] += 30 * np.nanstd(np.diff(values))
        other = Table(table.name, pd.DataFrame({column: spiked}, table.frame.index), table.unit, table.dated)

        def judge(answer: Any) -> bool:
            told = {fact.quantity.partition(".")[2]: fact.value for fact in answer.facts}
            want = str(row + 1) if not table.dated else str(pd.Timestamp(table.frame.index[row]))
            return str(told.get("when")) == want and starts(answer, "Yes")

        return Case(kind, filled(phrase, table), other, (column,), judge)

    def _several(self) -> tuple[Table, tuple[str, ...]]:
        table = self.table("ETTh1", "exchange_rate", "national_illness")
        count = int(self.rng.integers(3, table.frame.shape[1] + 1))
        return table, tuple(map(str, self.rng.choice(table.frame.columns, count, replace=False)))

    def _largest_series(self, kind: str, phrase: str) -> Case:
        table, columns = self._several()
        best = table.frame[list(columns)].mean().idxmax()
        return Case(
            kind,
            filled(phrase, table),
            table,
            columns,
            lambda answer: bool(answer.facts) and answer.facts[0].value == best,
        )

    def _fastest_series(self, kind: str, phrase: str) -> Case:
        table, columns = self._several()
        rates = {name: slope_of(table.frame[name].to_numpy())[0] / abs(table.frame[name].mean()) for name in columns}
        best = max(rates, key=rates.__getitem__)
        return Case(
            kind,
            filled(phrase, table),
            table,
            columns,
            lambda answer: bool(answer.facts) and answer.facts[0].value == best,
        )

    def _two(self) -> tuple[Table, str, str]:
        table = self.table("ETTh1", "exchange_rate", "national_illness")
        first, second = self.rng.choice(table.frame.columns, 2, replace=False)
        return table, str(first), str(second)

    def _two_series(self, kind: str, phrase: str) -> Case:
        table, one, two = self._two()
        truth = abs(float(table.frame[one].mean() - table.frame[two].mean()))
        question = filled(phrase, table, s=one, t=two)
        columns = tuple(map(str, table.frame.columns))
        return Case(kind, question, table, columns, lambda answer: is_value(answer, truth))

    def _one_series(self, kind: str, phrase: str) -> Case:
        table, one, two = self._two()
        truth = float(table.frame[one].max())
        columns = tuple(map(str, table.frame.columns))
        return Case(kind, filled(phrase, table, s=one, t=two), table, columns, lambda answer: is_value(answer, truth))

    def _correlation(self, kind: str, phrase: str) -> Case:
        table, one, two = self._two()
        truth = float(table.frame[one].corr(table.frame[two]))
        columns = tuple(map(str, table.frame.columns))
        return Case(
            kind, filled(phrase, table, s=one, t=two), table, columns,
            lambda answer: is_value_only(answer, truth) and f"{truth:.2f}" in answer.text,
        )  # fmt: skip

    def _follow_up(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        while True:
            first, second = draw_time(table, self.rng), draw_time(table, self.rng)
            if min(len(first.rows), len(second.rows)) >= 3:
                break
        functions: list[tuple[str, Callable[[np.ndarray], float]]] = [
            ("mean", np.nanmean), ("maximum", np.nanmax), ("total", np.nansum), ("median", np.nanmedian),
        ]  # fmt: skip
        word, function = functions[self.rng.integers(4)]
        question = filled(phrase, table, a=second.said, bare_a=second.bare)
        truth = float(function(values[second.rows]))
        return Case(
            kind,
            question,
            table,
            (column,),
            lambda answer: is_value(answer, truth),
            (f"What was the {word} {first.said}?",),
        )

    def _kth_value(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        place = number_in(phrase)
        from_end = re.search(r"\b(?:last|end|latest|back|penultimate)\b", phrase.lower())
        truth = float(values[-place] if from_end else values[place - 1])

        def judge(answer: Any) -> bool:
            return "is missing" in answer.text if np.isnan(truth) else is_value(answer, truth)

        return Case(kind, filled(phrase, table), table, (column,), judge)

    def _mean_of_top_k(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        known, count = np.sort(values[~np.isnan(values)]), number_in(phrase)
        truth = float((known[:count] if LOW.search(phrase.lower()) else known[-count:]).mean())
        return Case(kind, filled(phrase, table), table, (column,), lambda answer: is_value(answer, truth))

    def _weekday_extreme(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick("temps", "ETTh1", "exchange_rate")
        series = table.frame[column]
        series = series[series.index.day_of_week.isin(weekdays_in(phrase))].dropna()
        days = series.groupby(series.index.normalize()).mean()
        low = LOW.search(phrase.lower())
        value, day = (series.min(), days.min()) if low else (series.max(), days.max())
        row = int(table.frame.index.get_loc(series.idxmin() if low else series.idxmax()))

        def judge(answer: Any) -> bool:
            # The value on such a day, or that of the day as a whole.
            return is_value(answer, float(value)) or is_time(answer, table, row) or is_value(answer, float(day))

        return Case(kind, filled(phrase, table), table, (column,), judge)

    def _count_of_weekdays(self, kind: str, phrase: str) -> Case:
        table, column, _ = self.pick("temps", "ETTh1", "exchange_rate")
        days = table.frame.index.normalize().unique()
        truth = float(days.day_of_week.isin(weekdays_in(phrase)).sum())
        if re.search(
            r"\b(?:observations?|values?|rows?|readings?|points?|records?|entries)\b(?! (?:series|data))",
            phrase.lower(),
        ):
            # "How many of the observations fall on a Monday?"
            inside = table.frame.index.day_of_week.isin(weekdays_in(phrase))
            truth = float(table.frame[column][inside].notna().sum())
        return Case(kind, filled(phrase, table), table, (column,), lambda answer: is_value(answer, truth))

    def _highest_below(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        bound, said = self._bound(values)
        # "That does not exceed it" includes the bound.
        truths = {float(np.nanmax(values[values < bound])), float(np.nanmax(values[values <= bound]))}
        question = filled(phrase, table, v=said)
        return Case(kind, question, table, (column,), lambda answer: any(is_value(answer, one) for one in truths))

    def _mean_of_two_columns(self, kind: str, phrase: str) -> Case:
        table, one, two = self._two()
        truth = float(np.nanmean(table.frame[[one, two]].to_numpy()))
        columns = tuple(map(str, table.frame.columns))
        question = filled(phrase, table, s=one, t=two)
        return Case(kind, question, table, columns, lambda answer: is_value(answer, truth))

    def _second_highest(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        place, known = max(number_in(phrase.lower().replace("next", "second")), 2), values[~np.isnan(values)]
        # Equal values count once or as often as they are there.
        ranked = [np.sort(known), np.unique(known)]
        # "Sorted from largest to smallest" names no side.
        low = LOW.search(re.sub(r"(?:largest|highest|biggest) (?:\w+ )?to (?:\w+ )?\w+est", "", phrase.lower()))
        truths = [float(one[place - 1] if low else one[-place]) for one in ranked]
        rows = [row for one in truths for row in np.flatnonzero(values == one)]

        def judge(answer: Any) -> bool:
            timed = re.search(r"\bwhen\b|\bdate\b|\bwhich (?:day|{unit})\b", phrase.lower())
            if timed and any(is_time(answer, table, int(row)) for row in rows):
                return True
            return any(is_value(answer, one) for one in truths)

        return Case(kind, filled(phrase, table), table, (column,), judge)

    def _consecutive(self, kind: str, phrase: str) -> Case:
        table, column, values = self.pick()
        bound, said = self._bound(values)
        below = re.search(r"\b(?:below|under|less than|lower than)\b", phrase.lower()) and not re.search(
            r"\b(?:without|never|not|above|over|exceed\w*)\b", phrase.lower()
        )
        inside = pd.Series(values < bound if below else values > bound)
        truth = float(inside.groupby((~inside).cumsum()).sum().max())
        question = filled(phrase, table, v=said)
        return Case(kind, question, table, (column,), lambda answer: is_value(answer, truth))


def _ask(case: Case) -> Any:
    """The answer to a question; None where it is refused as no question at all."""
    try:
        return ts_llm_fusion.ask(case.data, case.question, [(turn, "") for turn in case.history])
    except UserError:
        return None


def is_refused(case: Case) -> bool:
    """Whether a question that no series answers is refused, as one that cannot be told or as no question at all."""
    answer = _ask(case)
    return answer is None or not answer.is_answered


def choice_cases(tables: list[Table], seed: int) -> list[tuple[pd.DataFrame, str, list[str], int]]:
    """Questions with options: of values and times with other values and times beside the truth, and of a future that
    is held out, which is above a bound or not; and the position of the option that is true."""
    rng, cases = np.random.default_rng(seed), []
    named = {table.name: table for table in tables}
    for _ in range(60):
        table = named[("AirPassengers", "co2", "temps", "ETTh1")[rng.integers(4)]]
        column = str(table.frame.columns[rng.integers(table.frame.shape[1])])
        values = table.frame[column].to_numpy()
        when = draw_time(table, rng)
        if len(when.rows) < 3 or np.isnan(values[when.rows]).all():
            continue
        word, function = [("mean", np.nanmean), ("maximum", np.nanmax), ("total", np.nansum)][rng.integers(3)]
        truth = float(function(values[when.rows]))
        others = truth * np.array([0.8, 0.93, 1.12]) + np.array([-1.0, 0.5, 1.0])
        texts = [f"{value:.4f}" for value in (truth, *others)]
        order = rng.permutation(4)
        options = [f"{letter} {texts[place]}" for letter, place in zip("ABCD", order, strict=True)]
        question = f"What was the {word} {when.said}?"
        cases.append((table.frame[[column]], question, options, int(np.flatnonzero(order == 0)[0])))
    for _ in range(140):
        table = named[("AirPassengers", "co2", "temps", "ETTh1", "national_illness", "sunspots")[rng.integers(6)]]
        column = str(table.frame.columns[rng.integers(table.frame.shape[1])])
        series = table.frame[column].iloc[-3000:]
        cut = int(rng.integers(max(len(series) // 2, 60), len(series) - 1))
        past, after = series.iloc[:cut], series.iloc[cut]
        if np.isnan(after) or past.isna().all():
            continue
        spread = float(np.nanstd(np.diff(past.dropna().to_numpy()[-200:])))
        bound = float(f"{past.dropna().iloc[-1] + spread * rng.normal():.5g}")
        said = f"{bound:,.10f}".rstrip("0").rstrip(".")
        question = f"Will the next {table.unit} be above {said}?"
        cases.append((past.to_frame(), question, ["A yes", "B no"], 0 if after > bound else 1))
    return cases


def calibration(chances: np.ndarray, hits: np.ndarray) -> float:
    """Expected calibration error of probabilities in 10 bins (Naeini et al. 2015)."""
    bins = np.minimum((chances * _OPTION_BINS).astype(int), _OPTION_BINS - 1)
    parts = [(bins == number) for number in range(_OPTION_BINS)]
    return float(sum(part.mean() * abs(chances[part].mean() - hits[part].mean()) for part in parts if part.any()))


def invented(answer: Any) -> int:
    """Numbers of a text that are in the words of none of its facts."""
    known: Counter[str] = Counter()
    for fact in answer.facts:
        known.update(_NUMBER.findall(fact.words))
    # A reading has the numbers of the question.
    said = answer.text
    for reading in answer.readings:
        said = said.replace(f"Read as: {reading}.", "", 1)
    # A refusal names series, and names may hold digits.
    said = re.sub(r"I cannot tell: .*?(?:\.(?= [A-Z])|$)", "", said)
    for name in {statement.series for statement in answer.statements} - {""}:
        said = said.replace(f"{name}: ", "")
    found = Counter(_NUMBER.findall(re.sub(r"(?<!\d)80 %", "", said)))
    return sum((found - known).values())


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--split", choices=sorted(SPLITS), default="test")
    parser.add_argument("--wrong", action="store_true", help="print the questions whose answer is not right")
    options = parser.parse_args()
    tables = load_tables()
    rows: dict[str, list[float]] = defaultdict(list)
    right, refused, numbers, made_up, failed, seconds = [], [], 0, 0, 0, []
    for seed in options.seeds:
        for case in Writer(tables, seed, options.split).cases():
            start = time.process_time()
            answer = _ask(case)
            seconds.append(time.process_time() - start)
            is_told = answer is not None and answer.is_answered
            is_right = is_told and bool(case.judge(answer))
            right.append(is_right)
            refused.append(not is_told)
            rows[case.kind].append(is_right)
            if answer is None:
                if options.wrong:
                    print(f"{case.kind} | no question | {case.question}")
                continue
            numbers += len(numbers_in(answer.text))
            made_up += invented(answer) if is_told else 0
            if options.wrong and is_told and invented(answer):
                print("INVENTED", answer.text, [fact.words for fact in answer.facts])
            failed += sum(not claim.holds for claim in answer.claims)
            if options.wrong and not is_right:
                print(f"{case.kind} | {case.table.name} {case.columns[:2]} | {case.history} {case.question}")
                print(f"    {answer.text}")
    told = []
    for seed in options.seeds:
        writer = Writer(tables, seed, options.split)
        for question in writer.unanswerable:
            table, column, _ = writer.pick()
            case = Case("refused", question, table, (column,), bool)
            told.append(is_refused(case))
            if options.wrong and not told[-1]:
                print(f"not refused | {table.name} {column} | {question}\n    {_ask(case).text}")
    chances, hits, best = [], [], []
    for seed in options.seeds:
        for table, question, choices, truth in choice_cases(tables, seed):
            answer = ts_llm_fusion.ask(table, question, options=choices)
            shares = list(answer.options.values()) if answer.options else [1 / len(choices)] * len(choices)
            chances += shares
            hits += [place == truth for place in range(len(choices))]
            best.append(int(np.argmax(shares)) == truth)
    body = [[kind, f"{len(found)}", f"{np.mean(found):.3f}"] for kind, found in rows.items()]
    print(markdown_table(align_columns([["kind", "questions", "right"], *body])))
    print()
    print(f"right: {np.mean(right):.3f} of {len(right)}; refused though answerable: {np.mean(refused):.3f}")
    print(f"refused of what no series tells: {np.mean(told):.3f} of {len(told)}")
    print(f"numbers: {numbers}, invented {made_up}, claims that do not hold {failed}")
    print(
        f"options: expected calibration error {calibration(np.array(chances), np.array(hits)):.3f} over "
        f"{len(chances)} options of {len(best)} questions, the likeliest right {np.mean(best):.3f}"
    )
    print(f"processor seconds a question: median {np.median(seconds):.3f}, most {np.max(seconds):.2f}")


if __name__ == "__main__":
    main()
