"""Rewards of generated answers, computed from the questions, the true answers and the series."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ..data.qa.rationales import final_answer
from ..errors import UserError
from ..processing.answer_checks import answer_fault, questions_of
from ..suggestions import nearest
from .answers import answer_label, exact_matches

# As `GRPOTrainer` of trl calls it: completions, and each column of their samples by its name.
Reward = Callable[..., list[float | None]]

# Statistic of a series -> its names in a text, as a regular expression.
_NAMES = {
    "mean": "mean|average",
    "median": "median",
    "minimum": "minimum|min|lowest value",
    "maximum": "maximum|max|highest value",
    "standard deviation": "standard deviation|std",
    "first value": "first value",
    "last value": "last value",
}
_STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "mean": np.mean,
    "median": np.median,
    "minimum": np.min,
    "maximum": np.max,
    "standard deviation": np.std,
    "first value": lambda values: values[0],
    "last value": lambda values: values[-1],
}
# The sign that texts set before a negative number, which Python does not read.
_MINUS = "\N{MINUS SIGN}"
_NUMBER = r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?"
_CLAIM = re.compile(
    rf"\b(?P<statistic>{'|'.join(_NAMES.values())})\b(?: of (?:the )?(?P<series>[^.,;:=\n]*?))?"
    rf"\s*(?:(?:is|was|of|at|about|around|near|equals|[=:~≈])\s*)+(?P<number>{_NUMBER})(?!\w|[.,]\d)",
    re.IGNORECASE,
)


@dataclass
class RewardArguments:
    """Rewards of an answer."""

    rewards: list[str] = field(
        default_factory=lambda: ["exact_answer", "answer_format"],
        metadata={
            "help": "Rewards: exact_answer, numeric_claims (statements such as 'the mean is 3.2' that hold for the "
            "series) and answer_format (an option or label, without repeats); reward_weights gives each a weight."
        },
    )
    tolerance: float = field(
        default=0.05,
        metadata={
            "help": "Largest error of a number that holds, as a share of the standard deviation of its series, or of "
            "the true answer."
        },
    )

    def __post_init__(self):
        if not self.rewards:
            raise UserError(f"rewards is empty; give at least one of {', '.join(REWARDS)}.")
        unknown = next((name for name in self.rewards if name not in REWARDS), None)
        if unknown is not None:
            raise UserError(f"rewards: {unknown!r} is not one; {nearest(unknown, REWARDS)}")
        if not self.tolerance > 0:
            raise UserError(f"tolerance is {self.tolerance}; it must be above 0.")


def _texts(completions: Sequence[Any]) -> list[str]:
    """Texts of completions, which are chats of one message."""
    return [completion[-1]["content"] for completion in completions]


def _number(text: str) -> float | None:
    """Number that is all of a text, but for a unit after it and a final period; None if there is none."""
    found = re.fullmatch(rf"({_NUMBER})\s*(?:%|[^\W\d]*)\.?", text.replace(_MINUS, "-").strip(), re.IGNORECASE)
    return float(found[1].replace(",", "")) if found else None


def _claims(text: str) -> Iterator[tuple[str, str, float]]:
    """Yield the claims of a text once each: statistic, name of the series or "", and number."""
    seen = set()
    for found in _CLAIM.finditer(text.replace(_MINUS, "-")):
        statistic = next(name for name, names in _NAMES.items() if re.fullmatch(names, found["statistic"], re.I))
        claim = statistic, (found["series"] or "").strip().lower(), float(found["number"].replace(",", ""))
        if claim not in seen:
            seen.add(claim)
            yield claim


def _holds(claim: tuple[str, str, float], series: Mapping[str, np.ndarray], tolerance: float) -> bool:
    """Whether a claim holds for the series that it names, or for all of them if it names none of them."""
    statistic, name, number = claim
    meant = [series[name]] if name in series else list(series.values())
    observed = [values[np.isfinite(values)] for values in meant]
    return bool(observed) and all(
        len(values) and np.isclose(number, _STATISTICS[statistic](values), rtol=1e-6, atol=tolerance * values.std())
        for values in observed
    )


def exact_answer(completions: Sequence[Any], answer: Sequence[str], **columns: Any) -> list[float | None]:
    """1 for an answer that is, after its last "Answer:", the true one to the letter, else 0."""
    return [float(match) for match in exact_matches(_texts(completions), answer)]


def numeric_claims(
    completions: Sequence[Any],
    answer: Sequence[str],
    time_series: Sequence[Sequence[Sequence[float]]],
    time_series_names: Sequence[Sequence[str]],
    *,
    tolerance: float,
    **columns: Any,
) -> list[float | None]:
    """Share of the numbers of an answer that hold.

    A number is that of a claim, such as "the mean of Series is 3.2", which is computed anew from the series, or the
    answer itself, where the true one is a number.

    Args:
        completions: chats of one message.
        answer: true answers.
        time_series: series of each sample, in the unit of the data; missing values are left out.
        time_series_names: their names.
        tolerance: largest error, as a share of the standard deviation of the series, or of the true answer.
        **columns: the other columns of the samples.

    Returns:
        A share for each completion; None, which is no reward, where neither it nor the true answer has a number.
    """
    rewards: list[float | None] = []
    for text, truth, series, names in zip(_texts(completions), answer, time_series, time_series_names, strict=True):
        by_name = {
            name.lower(): np.asarray(values, dtype=np.float64) for name, values in zip(names, series, strict=True)
        }
        held = [_holds(claim, by_name, tolerance) for claim in _claims(text)]
        true_number = _number(final_answer(truth))
        if true_number is not None:
            given = _number(final_answer(text))
            held.append(given is not None and abs(given - true_number) <= tolerance * abs(true_number))
        rewards.append(sum(held) / len(held) if held else None)
    return rewards


def answer_format(
    completions: Sequence[Any],
    messages: Sequence[Sequence[Mapping[str, Any]]],
    task: Sequence[str],
    *,
    labels: Mapping[str, Sequence[str] | None],
    **columns: Any,
) -> list[float | None]:
    """1 for an answer without an `answer_fault` that is, where its task has labels, one of them; else 0.

    Args:
        completions: chats of one message.
        messages: chats of the samples, with the question and its options.
        task: tasks of the samples.
        labels: task -> its labels, or None where answers are open.
        **columns: the other columns of the samples.
    """
    rewards: list[float | None] = []
    for text, chat, name in zip(_texts(completions), messages, task, strict=True):
        known = labels[name]
        is_label = known is None or answer_label(text) in set(map(answer_label, known))
        rewards.append(float(is_label and answer_fault(text, questions_of(chat)[-1]) is None))
    return rewards


# name in a recipe -> reward
REWARDS: dict[str, Reward] = {
    "exact_answer": exact_answer,
    "numeric_claims": numeric_claims,
    "answer_format": answer_format,
}


def make_rewards(arguments: RewardArguments, labels: Mapping[str, Sequence[str] | None]) -> list[Reward]:
    """Rewards of a recipe, in its order.

    Args:
        arguments: names and tolerance.
        labels: task -> its labels, or None where answers are open.
    """
    options: dict[str, dict[str, Any]] = {
        "numeric_claims": {"tolerance": arguments.tolerance},
        "answer_format": {"labels": labels},
    }
    return [partial(REWARDS[name], **options.get(name, {})) for name in arguments.rewards]
