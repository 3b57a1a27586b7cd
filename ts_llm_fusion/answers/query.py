"""A question as the computation that answers it."""

from dataclasses import dataclass, field

from ..errors import UserError
from .times import Times


class CannotTellError(UserError):
    """A question that the series cannot answer; the message is the reason."""


class NotUnderstoodError(CannotTellError):
    """A question that asks for nothing that is computed."""


class UnknownWordError(NotUnderstoodError):
    """A question with a word that is not understood in it."""


@dataclass(frozen=True)
class Query:
    """What is asked of which series and steps.

    Args:
        kind: of the computation, a key of `facts.KINDS`.
        statistic: of the steps, one of `frames.STATISTICS`.
        side: `highest` or `lowest` of an extreme; `above`, `below`, `at least`, `at most` or `equal to` of a bound.
        times: named in the question, in their order; none for the whole history, or the usual horizon.
        series: positions of the named series.
        bounds: numbers to compare with.
        unit: of periods that are compared, such as `week`.
        count: of the values that are listed, or the place of one in their order.
        order: whether the `first` or the `last` one is asked for.
        future: whether the forecast is asked for.
        when: whether a time is asked for.
        percent: whether a share is asked for.
        reaches: whether a bound is to be reached, from whichever side the values lie on.
        expected: what a question to be answered by yes or no supposes: `rises`, `falls`, `more`, `less`, `some`,
            `none` or `all`; empty for other questions.
        reading: standard question that the question was read as; empty where all of its words are understood.
    """

    kind: str
    statistic: str = "mean"
    side: str = "highest"
    times: tuple[Times, ...] = ()
    series: tuple[int, ...] = ()
    bounds: tuple[float, ...] = ()
    unit: str = ""
    count: int = 1
    order: str = "first"
    future: bool = False
    when: bool = False
    percent: bool = False
    reaches: bool = False
    expected: str = ""
    reading: str = ""
    words: dict[str, str] = field(default_factory=dict, compare=False)
