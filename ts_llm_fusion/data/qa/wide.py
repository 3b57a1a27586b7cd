"""Wide synthetic questions: eighteen kinds on 1 to 12 series, with units and dates, options with letters, in chats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from string import ascii_uppercase
from typing import Any

import numpy as np

from ...processing.answer_checks import CANNOT_TELL, offer
from .patterns import TASKS, THIRDS, Drawn, Task, bump, smooth, wave
from .samples import Labels, make_sample, text_part

MOST_SERIES = 12
# Possible answers, in steps, to the question when a level changes.
CHANGE_POINTS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768)
_SERIES = [f"series {number}" for number in range(1, MOST_SERIES + 1)]
_RATIOS = {"a quarter": 0.25, "half": 0.5, "equal": 1.0, "double": 2.0, "four times": 4.0}
_EVENTS = ["peak", "dip", "step"]
_EVENT_PAIRS = [("peak", "dip"), ("peak", "step"), ("dip", "step")]
_LARGEST_OFFER = 4
# Kind beside the eighteen: options are looked up in the text of the question.
LETTERS = "letters"
_MOST_OPTIONS, _LETTERS_OF_AN_ANSWER = 6, 8

# Shares of the questions.
_SHARE_OF_CHATS = 0.4  # of those with other series that follow a question about another one
_SHARE_WITH_GAPS = 0.2
_SHARE_UNKNOWABLE = 0.06
_SHARE_WITH_UNITS = 0.5
_SHARE_WITH_DATES = 0.5

_UNITS = ("kW", "MWh", "°C", "mm", "m/s", "hPa", "bpm", "mg/dl", "%", "EUR", "km/h", "V", "kg")
_SPACINGS = ("every second", "every 5 minutes", "hourly", "daily", "weekly", "monthly")
_FIRST_DATE, _DATES = date(1990, 1, 1), 12_000


@dataclass(frozen=True)
class WideTask:
    """Kind of question.

    Args:
        task: labels, phrasings and draw.
        num_series: smallest and largest number of series that a draw makes.
        same_unit: whether all series of a draw keep their levels and scales against each other.
        gaps: whether any value may be missing without a change of the answer.
    """

    task: Task
    num_series: tuple[int, int] = (1, 1)
    same_unit: bool = False
    gaps: bool = True


def log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    """Draw a whole number, uniform on a logarithmic scale."""
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))


def _change_point(rng: np.random.Generator, length: int) -> Drawn:
    points = [point for point in CHANGE_POINTS if 0.2 * length <= point <= 0.8 * length]
    point = int(rng.choice(points))
    step = rng.choice([-1, 1]) * rng.uniform(2, 4) * (np.arange(length) >= point)
    return Drawn([step + 0.3 * rng.normal(size=length)], str(point))


def _outliers(rng: np.random.Generator, length: int) -> Drawn:
    count = int(rng.integers(4))
    series = 0.3 * rng.normal(size=length)
    slots = rng.choice(8, size=count, replace=False)
    places = ((slots + rng.uniform(0.2, 0.8, size=count)) / 8 * (length - 1)).round().astype(int)
    series[places] += rng.choice([-1, 1], size=count) * rng.uniform(4, 6, size=count)
    return Drawn([series], str(count))


def _missing(rng: np.random.Generator, length: int) -> Drawn:
    curve = smooth(rng, length)
    where = int(rng.integers(4))
    if where == 3:
        return Drawn([curve], "nowhere")
    size = rng.uniform(0.15, 0.25) * length
    start = (where / 3 + rng.uniform(0.02, 0.06)) * length
    return Drawn(
        [np.where((np.arange(length) >= start) & (np.arange(length) < start + size), np.nan, curve)], THIRDS[where]
    )


def _amplitude_ratio(rng: np.random.Generator, length: int) -> Drawn:
    answer = str(rng.choice(list(_RATIOS)))
    size = rng.uniform(1, 2)
    first, second = (wave(rng, length, rng.uniform(6, length / 4)) for _ in range(2))
    first, second = (curve / curve.std() for curve in (first, second))
    larger = max(1.0, 1 / _RATIOS[answer])  # the smaller of both stays well above the noise
    return Drawn([size * larger * first, size * larger * _RATIOS[answer] * second], answer)


def _odd_one_out(rng: np.random.Generator, length: int) -> Drawn:
    count = log_uniform(rng, 3, MOST_SERIES)
    odd = int(rng.integers(count))
    shape, other = smooth(rng, length), smooth(rng, length)
    other = other - shape * (shape @ other) / (shape @ shape)
    return Drawn([other / other.std() if index == odd else shape for index in range(count)], _SERIES[odd])


def _event_order(rng: np.random.Generator, length: int) -> Drawn:
    aspect = int(rng.integers(3))
    early, late = (_EVENT_PAIRS[aspect][index] for index in rng.permutation(2))
    start = rng.uniform(0.1, 0.6)
    places = {early: start * length, late: rng.uniform(start + 0.2, 0.9) * length}
    steps = np.arange(length)
    series = np.zeros(length)
    for event, place in places.items():
        if event == "step":
            series += rng.uniform(1.5, 2) * rng.choice([-1, 1]) * (steps >= place)
        else:
            series += (3 if event == "peak" else -3) * bump(length, place, length / 40)
    return Drawn([series], early, aspect)


def _phase(rng: np.random.Generator, length: int) -> Drawn:
    answer = str(rng.choice(["in step", "opposite", "a quarter apart"]))
    shift = {"in step": 0.0, "opposite": np.pi, "a quarter apart": rng.choice([-1, 1]) * np.pi / 2}[answer]
    angle = 2 * np.pi * np.arange(length) / rng.uniform(12, length / 3) + rng.uniform(0, 2 * np.pi)
    return Drawn([np.sin(angle), np.sin(angle + shift)], answer)


def _saturation(rng: np.random.Generator, length: int) -> Drawn:
    time, rate = np.linspace(0, 1, length), rng.uniform(4, 6)
    answer = str(rng.choice(["levels off", "steady", "accelerates"]))
    curve = {
        "levels off": -np.expm1(-rate * time),
        "steady": time,
        "accelerates": np.expm1(rate * time) / np.expm1(rate),
    }[answer]
    return Drawn([rng.choice([-1, 1]) * rng.uniform(2, 4) * curve], answer)


WIDE_TASKS = {
    "trend": WideTask(TASKS["trend"]),
    "seasonality": WideTask(TASKS["seasonality"]),
    "period": WideTask(TASKS["period"]),
    "level_shift": WideTask(TASKS["level_shift"]),
    "spike": WideTask(TASKS["spike"], gaps=False),
    "volatility": WideTask(TASKS["volatility"]),
    "extremum": WideTask(TASKS["extremum"], gaps=False),
    "comparison": WideTask(TASKS["comparison"], (2, 2)),
    "correlation": WideTask(TASKS["correlation"], (2, 2)),
    "lead_lag": WideTask(TASKS["lead_lag"], (2, 2), gaps=False),
    "change_point": WideTask(
        Task(
            [str(point) for point in CHANGE_POINTS],
            [
                [
                    "After how many steps does the level change?",
                    "At which step is the change point?",
                    "How many steps are there before the level jumps?",
                ]
            ],
            _change_point,
        ),
        gaps=False,
    ),
    "outliers": WideTask(
        Task(
            ["0", "1", "2", "3"],
            [
                [
                    "How many outliers are there?",
                    "How many values stick out?",
                    "Count the values that are far from all others.",
                ]
            ],
            _outliers,
        ),
        gaps=False,
    ),
    "missing": WideTask(
        Task(
            [*THIRDS, "nowhere"],
            [["Where are values missing?", "In which part is the gap, if any?", "Locate the stretch without values."]],
            _missing,
        ),
        gaps=False,
    ),
    "amplitude_ratio": WideTask(
        Task(
            list(_RATIOS),
            [
                [
                    "How large are the swings of the second series, compared with the first?",
                    "By what factor do the swings of the second series differ from the first?",
                    "What is the amplitude of the second series relative to the first?",
                ]
            ],
            _amplitude_ratio,
        ),
        (2, 2),
        same_unit=True,
    ),
    "odd_one_out": WideTask(
        Task(
            _SERIES,
            [
                [
                    "Which series is unlike the others?",
                    "Which one does not move with the rest?",
                    "Find the series with another shape than all others.",
                ]
            ],
            _odd_one_out,
        ),
        (3, MOST_SERIES),
    ),
    "event_order": WideTask(
        Task(
            _EVENTS,
            [
                [
                    f"Which comes first, the {first} or the {second}?",
                    f"Is the {first} or the {second} earlier?",
                    f"What happens first, the {second} or the {first}?",
                ]
                for first, second in _EVENT_PAIRS
            ],
            _event_order,
        ),
        gaps=False,
    ),
    "phase": WideTask(
        Task(
            ["in step", "opposite", "a quarter apart"],
            [
                [
                    "What is the phase between the two cycles?",
                    "How are the cycles of the two series shifted against each other?",
                    "Do both series cycle in step, opposite or a quarter apart?",
                ]
            ],
            _phase,
        ),
        (2, 2),
    ),
    "saturation": WideTask(
        Task(
            ["levels off", "steady", "accelerates"],
            [
                [
                    "Does the change level off, stay steady or accelerate?",
                    "Does the series saturate, go on evenly or speed up?",
                    "How does the pace of the series change?",
                ]
            ],
            _saturation,
        )
    ),
}
_LABELS = [kind.task.labels for kind in WIDE_TASKS.values()]
_EVERY_LABEL = list(dict.fromkeys(label for labels in _LABELS for label in labels))
_ABOUT_ONE = [name for name, kind in WIDE_TASKS.items() if kind.num_series == (1, 1)]
_ABOUT_TWO = [name for name, kind in WIDE_TASKS.items() if kind.num_series == (2, 2)]
_ASKS_UNIT, _ASKS_DATE = "In which unit are the values?", "On which date does the series start?"
# Questions that no series answers, and those two that a title may.
_UNKNOWABLE = [
    "Why did the values change?",
    "What caused this?",
    "Who recorded this series?",
    "Where was this measured?",
    _ASKS_UNIT,
    _ASKS_DATE,
    "What does the series measure?",
    "Will it rain tomorrow?",
    "How much did the sensor cost?",
    "Is this good news?",
    "Which company do these values belong to?",
    "What should we do about it?",
]


@dataclass(frozen=True)
class _Asked:
    """Question with its series.

    Args:
        name: kind.
        series: arrays (time,), NaN where missing, in the unit of the data.
        question: text without options.
        answer: true answer in words.
        labels: possible answers for these series.
    """

    name: str
    series: list[np.ndarray]
    question: str
    answer: str
    labels: list[str]


def _with_gaps(rng: np.random.Generator, series: np.ndarray) -> np.ndarray:
    """Take out single values, or a stretch of up to a tenth."""
    length = len(series)
    if rng.random() < 0.5:
        return np.where(rng.random(length) < rng.uniform(0.02, 0.15), np.nan, series)
    start, size = rng.uniform(0, 0.9) * length, rng.uniform(0.03, 0.1) * length
    return np.where((np.arange(length) >= start) & (np.arange(length) < start + size), np.nan, series)


def _ask(rng: np.random.Generator, name: str, length: int, noise: float) -> _Asked:
    """Draw a question of a kind about series of a length."""
    kind = WIDE_TASKS[name]
    drawn = kind.task.draw(rng, length)
    series = np.stack(drawn.series)
    if kind.task.noisy:
        series = series + noise * rng.normal(size=series.shape)
    # Random level and scale, which say nothing about the answer.
    shape = (1 if kind.same_unit else len(series), 1)
    series = rng.normal(scale=10, size=shape) + 10 ** rng.uniform(-1, 1, size=shape) * series
    has_gaps = kind.gaps and rng.random() < _SHARE_WITH_GAPS
    labels = [label for label in kind.task.labels if label not in _SERIES[len(series) :]]
    return _Asked(
        name,
        [_with_gaps(rng, values) if has_gaps else values for values in series],
        str(rng.choice(kind.task.phrasings[drawn.aspect])),
        str(drawn.answer),
        labels,
    )


def _unknowable(rng: np.random.Generator, asked: _Asked, titles: Sequence[str]) -> _Asked:
    """Question that the series of `asked` do not answer: about others, about two of one, or not about values."""
    way = int(rng.integers(3))
    missing = _SERIES[len(titles) :]
    if way == 0 and len(titles) > 1 and missing:
        about = WIDE_TASKS[str(rng.choice(_ABOUT_ONE))].task
        question = f"{str(rng.choice(missing)).capitalize()}: {rng.choice(about.phrasings[0])}"
    elif way == 1 and len(titles) == 1:
        about = WIDE_TASKS[str(rng.choice(_ABOUT_TWO))].task
        question = str(rng.choice(about.phrasings[0]))
    else:
        return _Asked(CANNOT_TELL, asked.series, str(rng.choice(_UNKNOWABLE)), CANNOT_TELL, [])
    return _Asked(CANNOT_TELL, asked.series, question, CANNOT_TELL, about.labels)


def _start(rng: np.random.Generator) -> str:
    """Spacing of the steps and time of the first one, "hourly from 3 May 2021, 08:00", in one of four styles."""
    spacing = str(rng.choice(_SPACINGS))
    day = _FIRST_DATE + timedelta(days=int(rng.integers(_DATES)))
    styles = (f"{day.day} {day:%B} {day.year}", f"{day:%B} {day.day}, {day.year}", day.isoformat(), f"{day:%d/%m/%Y}")
    hour = "" if spacing in ("daily", "weekly", "monthly") else f", {int(rng.integers(24)):02}:00"
    return f"{spacing} from {rng.choice(styles)}{hour}"


def _described(rng: np.random.Generator, titles: Sequence[str], asked: _Asked) -> list[str]:
    """Titles with units behind them, and the dates behind the first, where they do not answer the question."""
    units = [""] * len(titles)
    if rng.random() < _SHARE_WITH_UNITS and asked.question != _ASKS_UNIT:
        units = rng.choice(_UNITS, size=len(titles)).tolist()
        if asked.name in WIDE_TASKS and WIDE_TASKS[asked.name].same_unit:
            units = units[:1] * len(titles)
    start = _start(rng) if rng.random() < _SHARE_WITH_DATES and asked.question != _ASKS_DATE else ""
    notes = [", ".join(filter(None, (unit, "" if place else start))) for place, unit in enumerate(units)]
    return [f"{title} ({note})" if note else title for title, note in zip(titles, notes, strict=True)]


def _with_options(rng: np.random.Generator, asked: _Asked, shares: Mapping[str, Any]) -> tuple[str, str]:
    """Text of a question, in a share of cases with options, with or without letters, and its answer."""
    if not asked.labels or rng.random() >= shares["multiple_choice"]:
        return asked.question, asked.answer
    wrong = rng.permutation([label for label in asked.labels if label != asked.answer])
    options = [asked.answer, *wrong[: _LARGEST_OFFER - 1].tolist()]
    if asked.answer != CANNOT_TELL and rng.random() < 0.3:
        options.append(CANNOT_TELL)
    options = rng.permutation(options).tolist()
    answer = asked.answer
    if rng.random() < shares["letters"]:
        answer = _lettered(options)[options.index(answer)]
        options = _lettered(options)
    return asked.question + offer(options), answer


def _lettered(options: Sequence[str]) -> list[str]:
    """Options with a letter behind each, "rising (A)", so that an answer says its option before its letter."""
    return [f"{option} ({letter})" for option, letter in zip(options, ascii_uppercase, strict=False)]


def _look_up(rng: np.random.Generator, length: int, noise: float) -> _Asked:
    """Draw options with any letters, some of which are to be repeated with theirs, whatever the series.

    An answer has several letters, so that a small model learns to look one up before it has to choose the option.
    """
    known = _EVERY_LABEL if rng.random() < 0.5 else _LABELS[int(rng.integers(len(_LABELS)))]
    offered = rng.permutation(known)[: int(rng.integers(2, _MOST_OPTIONS + 1))].tolist()
    letters = rng.permutation(list(ascii_uppercase))
    lettered = [f"{option} ({letter})" for option, letter in zip(offered, letters, strict=False)]
    # With replacement, so that the letters that are left tell nothing.
    answer = ", ".join(rng.choice(lettered, size=_LETTERS_OF_AN_ANSWER).tolist())
    series = _ask(rng, str(rng.choice(_ABOUT_ONE)), length, noise).series
    return _Asked(LETTERS, series, "Repeat options with their letters." + offer(lettered), answer, [])


def wide_sample(rng: np.random.Generator, options: Mapping[str, Any], source: str, sample_id: str) -> dict[str, Any]:
    """Generate a question, in a share of cases after another one about other series in the same chat.

    Args:
        rng: random generator.
        options: fields of `SyntheticArguments`.
        source: name of the data set.
        sample_id: id of the sample.

    Returns:
        A row of `FEATURES`; `task` and `answer` are those of the last question.
    """
    length = log_uniform(rng, options["shortest_series"], options["longest_series"])
    name = str(rng.choice(options["tasks"] or list(WIDE_TASKS)))
    noise = options["noise"]
    asked = _look_up(rng, length, noise) if name == LETTERS else _ask(rng, name, length, noise)
    earlier = None
    if len(asked.series) > 2:
        titles = [title.capitalize() for title in _SERIES[: len(asked.series)]]
    elif len(asked.series) == 2:
        titles = ["First series", "Second series"]
    elif rng.random() >= options["other_series"]:
        titles = ["Series"]
    else:
        count = log_uniform(rng, 2, MOST_SERIES)
        others = [_ask(rng, str(rng.choice(_ABOUT_ONE)), length, options["noise"]) for _ in range(count - 1)]
        place = int(rng.integers(count))
        together = [*others[:place], asked, *others[place:]]
        titles = [title.capitalize() for title in _SERIES[:count]]
        named = [
            _Asked(one.name, one.series, f"{title}: {one.question}", one.answer, one.labels)
            for one, title in zip(together, titles, strict=True)
        ]
        if rng.random() < _SHARE_OF_CHATS:
            earlier = named[int(rng.choice([index for index in range(count) if index != place]))]
        series = [values for one in together for values in one.series]
        asked = _Asked(asked.name, series, named[place].question, asked.answer, asked.labels)
    if rng.random() < _SHARE_UNKNOWABLE:
        asked = _unknowable(rng, asked, titles)
    question, answer = _with_options(rng, asked, options)
    first = None if earlier is None else _with_options(rng, earlier, options)
    series_by_title = dict(zip(_described(rng, titles, asked), asked.series, strict=True))
    if first is None:
        return make_sample(question, series_by_title, answer, asked.name, source, sample_id)
    sample = make_sample(first[0], series_by_title, first[1], asked.name, source, sample_id)
    turns = [
        {"role": "user", "content": [text_part(question)]},
        {"role": "assistant", "content": [text_part(answer)]},
    ]
    return {**sample, "messages": [*sample["messages"], *turns], "answer": answer}


def wide_labels(tasks: Sequence[str] | None) -> Labels:
    """Each kind of question with its answers, without and with letters; those of `LETTERS` are open."""
    names = list(tasks or WIDE_TASKS)
    found = {name: WIDE_TASKS[name].task.labels for name in names if name != LETTERS} | {CANNOT_TELL: [CANNOT_TELL]}
    letters = ascii_uppercase[: _LARGEST_OFFER + 1]
    labels: Labels = {
        name: [*options, *(f"{option} ({letter})" for option in options for letter in letters)]
        for name, options in found.items()
    }
    return labels | ({LETTERS: None} if LETTERS in names else {})


__all__ = ["CHANGE_POINTS", "LETTERS", "MOST_SERIES", "WIDE_TASKS", "wide_labels", "wide_sample"]
