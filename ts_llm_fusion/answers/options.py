"""Options of a question, and the probability of each by the facts of the answer."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from string import ascii_uppercase

import numpy as np

from ..errors import UserError
from .query import CannotTellError
from .scopes import rows_at, scope_of
from .statements import Fact, Statement
from .subject import Subject
from .times import Times

_LETTERED = re.compile(r"(?:^|(?<=[\s,;:?]))\(?([A-Ha-h1-8])[).:]\s+")
_LISTED = re.compile(
    r"\b(?:options?|choices?)\s*(?:are)?\s*:\s*(?P<listed>.+?)(?:\.\s+(?-i:(?P<rest>[A-Z].*)))?$",
    re.IGNORECASE | re.DOTALL,
)
_ANNOUNCED = re.compile(r"\b(?:options?|choices?|choose(?: from| one of)?)\s*(?:are)?\s*:\s*$", re.IGNORECASE)
# Between two options, and not within "1,071".
_BETWEEN = re.compile(r"\s\|\s|,(?!\d{3}\b)|;|\n| or ")
_NUMBER = re.compile(r"[-\N{MINUS SIGN}]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?")
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_PART_OF_A_YEAR = re.compile(r"^(?:in |the )*(?:q[1-4]|\w+ (?:quarter|half))(?: of the year)?$", re.IGNORECASE)
_LOWER = re.compile(
    r"\b(?:lower|lowest|less|least|smaller|smallest|fewer|fewest|weaker|weakest|worse|worst|quieter|colder|cheaper)\b",
    re.IGNORECASE,
)
_LETTER = re.compile(r"^\(?[A-Ha-h1-8][).:]\s+")
# Probability of the option that a computed fact is, which the reading of the question may miss; of the nearest number
# where none is the fact.
_COMPUTED, _NEAREST = 0.98, 0.7
_MOST_OPTIONS, _LONGEST = 26, 500
# Words of a fact -> words of options that say the same.
_SAME = {
    "rises": "rises rise rising up upward upwards increase increases increasing growing growth positive climbing",
    "falls": "falls fall falling down downward downwards decrease decreases decreasing declining decline negative",
    "no trend": "flat stable constant neither none no unchanged steady",
    "more": "more higher above larger greater yes",
    "less": "less lower below smaller fewer no",
}
_SAME_WORDS = {name: frozenset(said.split()) for name, said in _SAME.items()}


def check_options(options: Sequence[str] | None) -> list[str] | None:
    """Options as a list, at least 2 different ones.

    Raises:
        ValueError: if they are not.
    """
    if options is None:
        return None
    given = [options] if isinstance(options, str) else list(options)
    if not all(isinstance(option, str) and option.strip() and len(option) <= _LONGEST for option in given):
        raise UserError(f"options is {str(options)[:60]!r}; give texts of 1 to {_LONGEST} characters.")
    if not 2 <= len(set(given)) == len(given) <= _MOST_OPTIONS:
        raise UserError(f"options has {len(given)} texts; give 2 to {_MOST_OPTIONS} different ones.")
    return given


def split_options(question: str) -> tuple[str, list[str] | None]:
    """A question without its options, and these: "A) ... B) ...", or a list behind "Options:"."""
    marks = list(_LETTERED.finditer(question))
    letters = "".join(mark.group(1).lower() for mark in marks)
    for start in range(len(letters) - 1):
        run = letters[start:]
        if run and (run == "abcdefgh"[: len(run)] or run == "12345678"[: len(run)]):
            ends = [mark.start() for mark in marks[start + 1 :]] + [len(question)]
            options = [
                question[mark.start() : end].strip(" ,;\n") for mark, end in zip(marks[start:], ends, strict=True)
            ]
            stem = _ANNOUNCED.sub("", question[: marks[start].start()]).strip()
            return (stem, options) if stem and len(set(options)) == len(options) else (question, None)
    listed = _LISTED.search(question)
    if listed:
        parts = (part.strip().removeprefix("or ").strip(" .") for part in _BETWEEN.split(listed["listed"]))
        options = [part for part in parts if part]
        # Behind the options stands how to answer, or the question.
        rest = listed["rest"] if "?" in (listed["rest"] or "") else ""
        stem = f"{question[: listed.start()]} {rest}".strip()
        if stem and 2 <= len(set(options)) == len(options):
            return stem, options
    return question, None


def contents_of(options: Sequence[str]) -> list[str]:
    """Options without their letters: "A) ...", or "A ..." or "... (A)" where all have the next one."""
    if all(option.endswith(f" ({letter})") for letter, option in zip(ascii_uppercase, options, strict=False)):
        return [option[: -len(" (A)")] for option in options]
    bare = all(re.match(rf"{letter}\s+\S", option) for letter, option in zip("ABCDEFGH", options, strict=False))
    if bare and len(options) <= len("ABCDEFGH"):
        return [option[1:].strip() for option in options]
    return [_LETTER.sub("", option).strip() for option in options]


def _numbers(option: str) -> list[tuple[float, float]]:
    """Numbers of an option, each with half the unit of its last digit."""
    found = []
    for match in _NUMBER.finditer(option.replace("\N{MINUS SIGN}", "-")):
        digits = match.group().replace(",", "")
        decimals = len(digits.partition("e")[0].partition(".")[2])
        found.append((float(digits), 0.5 * 10.0**-decimals))
    return found


def _words(option: str) -> set[str]:
    return set(re.findall(r"[a-z]+", option.lower()))


def option_probabilities(
    options: Sequence[str],
    statements: Sequence[Statement],
    subjects: Sequence[Subject],
    times_of: Callable[[str], Sequence[Times]],
    question: str = "",
) -> list[float]:
    """Probability of each option by the facts of an answer.

    An option is the fact that is asked for within its rounding, or a time that holds the time asked for. Of a forecast
    the probability is the share of the outcomes by its quantiles that are nearest to an option, or on its side.

    Args:
        options: texts.
        statements: of the answer.
        subjects: series of the answer.
        times_of: reads the times of an option.
        question: which of two times that are compared is asked for, and of which year.
    """
    contents = contents_of(options)
    years = set(_YEAR.findall(question))
    if len(years) == 1:
        # "Q4" and "second half" are those of the year that is asked about.
        contents = [
            f"{content} of {min(years)}" if _PART_OF_A_YEAR.search(content) and not _YEAR.search(content) else content
            for content in contents
        ]
    said = next((one.topic for one in statements if one.topic in ("yes", "no")), None)
    told = [one for one in statements if one.facts]
    if not told:
        return [1 / len(options)] * len(options)
    main = next((one for one in told if one.topic.startswith("probability")), told[0])
    subject = next((one for one in subjects if one.name == main.series), subjects[0])
    yes_no = [
        bool(_words(content) & {"yes", "true"}) - bool(_words(content) & {"no", "false"}) for content in contents
    ]
    if sorted(yes_no) == [-1, *[0] * (len(options) - 2), 1]:
        return _yes_no(yes_no, main, said)
    fact = main.facts[0]
    if main.topic.startswith("probability"):
        share = float(fact.value)
        side = next(one.value for one in main.facts if one.quantity.endswith(".side"))
        up = share if side == "above" else 1 - share
        sides = [bool(_words(one) & _SAME_WORDS["more"]) - bool(_words(one) & _SAME_WORDS["less"]) for one in contents]
        if {1, -1} == set(sides):
            return [up / sides.count(1) if side > 0 else (1 - up) / sides.count(-1) for side in sides]
    if main.topic in ("forecast", "expected statistic") and isinstance(fact.value, float):
        numbers = [found[0][0] if (found := _numbers(content)) else np.nan for content in contents]
        if not np.isnan(numbers).any():
            return _of_forecast(np.array(numbers), main, subject)
    if main.topic.startswith("difference") and (hits := _of_two_times(contents, main, question)):
        return _spread(hits, _COMPUTED)
    return _matched(contents, main, fact, subject, times_of)


def _of_two_times(contents: Sequence[str], main: Statement, question: str) -> list[bool] | None:
    """Which option is the larger of two times that are compared, or the smaller; None where options are not these."""
    facts = {fact.quantity.partition(".")[2]: fact for fact in main.facts}
    named = [facts[slot].words.casefold() for slot in ("scope", "other") if slot in facts]
    said = [[content.casefold() in one for one in named] for content in contents]
    if len(named) < 2 or not all(sum(one) == 1 for one in said) or len({*map(tuple, said)}) < 2:
        return None
    first_is_larger = facts["direction"].value == "more"
    return [one[0] == (first_is_larger != bool(_LOWER.search(question))) for one in said]


def _yes_no(yes_no: Sequence[int], main: Statement, said: str | None) -> list[float]:
    if main.topic.startswith("probability"):
        yes = float(main.facts[0].value)
    elif said is None:
        yes = 0.5
    else:
        yes = _COMPUTED if said == "yes" else 1 - _COMPUTED
    return [yes if one > 0 else 1 - yes if one < 0 else 0.0 for one in yes_no]


def _of_forecast(numbers: np.ndarray, main: Statement, subject: Subject) -> list[float]:
    """Shares of the outcomes that are nearest to each number, by the mean of the quantiles of the steps."""
    slots = {fact.quantity.partition(".")[2]: fact.words for fact in main.facts}
    rows = rows_at(slots["when"], subject) if "when" in slots else None
    steps = int(np.flatnonzero(rows)[-1]) + 1 - len(subject) if rows is not None else subject.usual_horizon
    frame = subject.forecast(max(steps, 1)).iloc[:steps]
    band = (frame.iloc[-1] if rows is not None else frame.mean()).drop("mean")
    levels, values = band.index.astype(float).to_numpy(), np.maximum.accumulate(band.to_numpy())
    shift = float(main.facts[0].value) - float(np.interp(0.5, levels, values))
    values = values + shift
    tails = (values[0] - 2 * (values[1] - values[0]), values[-1] + 2 * (values[-1] - values[-2]))
    points, shares = np.r_[tails[0], values, tails[1]], np.r_[0.0, levels, 1.0]
    order = np.argsort(numbers)
    ranked = numbers[order]
    borders = (ranked[1:] + ranked[:-1]) / 2
    below = np.interp(borders, points, shares) if points[-1] > points[0] else (borders >= points[0]).astype(float)
    found = np.empty(len(numbers))
    found[order] = np.diff(np.r_[0.0, below, 1.0])
    return [float(share) for share in found]


def _matched(
    contents: Sequence[str],
    main: Statement,
    fact: Fact,
    subject: Subject,
    times_of: Callable[[str], Sequence[Times]],
) -> list[float]:
    """Nearly all for the options that are the fact; for the nearest number where none is; else the same for all."""
    value = fact.value
    if isinstance(value, int | float):
        percent = fact.words.endswith("%")
        actual = 100 * float(value) if percent else float(value)
        numbers = [_numbers(content) for content in contents]
        if any(one < 0 for found in numbers for one, _ in found) and _is_downward(main):
            actual = -actual
        hits = [any(abs(one - actual) <= half * (1 + 1e-9) for one, half in found) for found in numbers]
        if not any(hits) and all(numbers):
            distances = [min(abs(one - actual) for one, _ in found) for found in numbers]
            return _spread([distance == min(distances) for distance in distances], _NEAREST)
        return _spread(hits, _COMPUTED)
    slot = fact.quantity.partition(".")[2]
    if slot in ("when", "period", "scope", "other") and isinstance(value, str):
        return _spread([_holds(content, fact, subject, times_of) for content in contents], _COMPUTED)
    said = "no trend" if main.topic == "no trend" else str(value)
    if said in _SAME_WORDS:
        return _spread([bool(_words(content) & _SAME_WORDS[said]) for content in contents], _COMPUTED)
    plain = said.casefold()
    hits = [plain == content.casefold() for content in contents]
    if not any(hits):
        hits = [re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", content.casefold()) is not None for content in contents]
    return _spread(hits, _COMPUTED)


def _is_downward(main: Statement) -> bool:
    """Whether a difference or a change is one to less, which its words tell by a word and not by a sign."""
    direction = next((fact.value for fact in main.facts if fact.quantity.endswith(".direction")), "")
    return direction in ("less", "falls")


def _holds(content: str, fact: Fact, subject: Subject, times_of: Callable[[str], Sequence[Times]]) -> bool:
    """Whether an option is a time that holds the time of a fact."""
    try:
        read = times_of(content)
    except CannotTellError:
        return False
    if not read:
        return fact.words.casefold() in content.casefold() or (
            not subject.dated and [number for number, _ in _numbers(content)] == [float(fact.value)]
        )
    inside = rows_at(fact.words, subject)
    rows = np.flatnonzero(inside) if inside is not None else np.zeros(0, dtype=np.int64)
    start, stop = read[0].span.start, read[0].span.stop
    if not read[0].has_year and start is not None and stop is not None and len(rows):
        # "July" is that of any year.
        stamps = subject.timestamps[rows]
        day = stop - start <= timedelta(days=1)
        return bool((stamps.month == start.month).all() and (not day or (stamps.day == start.day).all()))
    scope = scope_of(read[0], subject)
    return bool(len(rows)) and bool(np.isin(rows, scope.rows).all())


def _spread(hits: Sequence[bool], share: float) -> list[float]:
    count, found = len(hits), sum(hits)
    if found in (0, count):
        return [1 / count] * count
    return [share / found if hit else (1 - share) / (count - found) for hit in hits]


def as_table(options: Sequence[str], chances: Sequence[float]) -> dict[str, float]:
    """Options with their probabilities, which add up to 1."""
    total = float(np.sum(chances)) or 1.0
    return {option: float(chance) / total for option, chance in zip(options, chances, strict=True)}
