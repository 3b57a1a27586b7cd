"""Forecasts whose facts are known by hand, for the tests of explanations."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ts_llm_fusion.explanations.evidence import Evidence, TextPart

# A season of twelve months of mean 0: a peak in July, a trough in November.
SEASON = np.array([-1.0, -1, -1, -1, -1, -1, 30, -1, -1, -1, -20, -1])
GROUPS = {"theta": "trend", "seasonal_naive": "season", "mean": "level"}


def evidence_of_values(
    values: np.ndarray,
    steps: int,
    freq: str = "MS",
    start: str = "1957-01-01",
    periods: tuple[int, ...] = (),
    widths: tuple[float, float] = (8.0, 16.0),
    unit: str = "",
    dated: bool = True,
) -> Evidence:
    """Evidence of a series whose last steps are its forecast, mixed of two experts that are 2 above and 6 below it.

    Args:
        values: history and forecast.
        steps: of the forecast.
        freq: of the timestamps.
        start: first timestamp.
        periods: of the seasons.
        widths: of the 80 % band at first and at the end.
        unit: of the values.
        dated: whether the dates are real.
    """
    index = pd.date_range(start, periods=len(values), freq=freq)
    future = values[-steps:]
    half = np.linspace(*widths, steps) / 2
    return Evidence(
        name="passengers",
        history=pd.Series(values[:-steps], index[:-steps]),
        forecast=pd.DataFrame({"mean": future, "0.1": future - half, "0.9": future + half}, index[-steps:]),
        weights=pd.DataFrame({"theta": 0.75, "seasonal_naive": 0.25}, index[-steps:]),
        predictions=pd.DataFrame({"theta": future + 2, "seasonal_naive": future - 6}, index[-steps:]),
        groups=GROUPS,
        periods=periods,
        unit=unit,
        dated=dated,
    )


def yearly(steps: int = 12, unit: str = "") -> Evidence:
    """Four years and `steps` months of 100 + t + the season, from January 1957 on."""
    time = np.arange(48 + steps)
    return evidence_of_values(100 + time + SEASON[time % 12], steps, periods=(12,), unit=unit)


def with_covariates(evidence: Evidence, **effects: dict[int, float] | float) -> Evidence:
    """The same forecast and effects of covariates on top: a constant, or those of some steps and 0 elsewhere."""
    index = evidence.forecast.index
    columns = {
        name: [effect.get(step, 0.0) if isinstance(effect, dict) else effect for step in range(1, len(index) + 1)]
        for name, effect in effects.items()
    }
    table = pd.DataFrame(columns, index, dtype=float)
    return replace(evidence, forecast=evidence.forecast.add(table.sum(axis=1), axis=0), effects=table)


def with_text(
    evidence: Evidence, *phrases: tuple[str, str, tuple[float, ...], tuple[int, ...], float], share: float = 1.0
) -> Evidence:
    """The same forecast with phrases of a text: words, operation, operands, steps, and what it adds at each of them.

    A phrase on the history, whose steps are 0 and below, adds to the whole forecast, as one that is refit does. Share
    is the part of each step that the phrases are stated for.
    """
    index, mean = evidence.forecast.index, evidence.forecast["mean"]
    added = pd.DataFrame(0.0, index, range(len(phrases)))
    for place, (_, _, _, steps, value) in enumerate(phrases):
        added.loc[[at + 1 in steps or max(steps) < 1 for at in range(len(index))], place] = value
    total = mean + added.sum(axis=1)
    texts = tuple(
        TextPart(words, operation, operands, 6, steps, (share,) * len(steps), total - added[place])
        for place, (words, operation, operands, steps, _) in enumerate(phrases)
    )
    forecast = evidence.forecast.add(added.sum(axis=1), axis=0)
    return replace(evidence, forecast=forecast, texts=texts, numeric=mean)


def promoted(unit: str = "") -> Evidence:
    """`yearly` with a promotion in May and June 1961, a price that lowers it by 5, and weather without effect."""
    return with_covariates(yearly(unit=unit), weather=0.01, price=-5.0, is_promo={5: 60.0, 6: 48.0})
