"""Evidence of a forecast: what the model read, what it forecast, and the parts that the forecast is the sum of."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .lexicon import Calendar, find_calendar

# Largest difference of the point forecast and the sum of its parts, as a share of the range of the parts and of their
# size: they are float32 in units of the history.
_OF_RANGE, _OF_SIZE = 1e-3, 1e-12


@dataclass(frozen=True)
class TextPart:
    """A phrase of a text that changes the forecast, and the forecast without it.

    Args:
        phrase: its words, at most 120 characters.
        operation: of `configuration_tsfusion.OPERATIONS`.
        operands: of the operation.
        weekday: that "like_day" compares with, 0 for Monday; -1 for others.
        steps: that it is stated for, rising; 1 is the first of the forecast, 0 the last of the history.
        shares: part of each of these that it is stated for, above 0; 1 for all of it.
        without: point forecast with the phrase taken out of the text, by timestamp.
    """

    phrase: str
    operation: str
    operands: tuple[float, ...]
    weekday: int
    steps: tuple[int, ...]
    shares: tuple[float, ...]
    without: pd.Series


@dataclass(frozen=True)
class TextClause:
    """A clause of a text.

    Args:
        phrase: its words, at most 120 characters.
        used: whether it changes the forecast.
        does: the operation that it states, its operands and its steps; "" where it states none.
        reason: why it is not used; "" where it is.
    """

    phrase: str
    used: bool
    does: str
    reason: str


@dataclass(frozen=True)
class Evidence:
    """History, forecast and computation of one series; facts are computed, and claims are checked, from this alone.

    Args:
        name: of the series.
        history: float64, the values that the model read, NaN where missing, by timestamp.
        forecast: by timestamp, column `mean` and one for each quantile level, such as `0.1`.
        weights: share of each expert in `mean`, by timestamp, a column for each that has one; rows add up to 1.
        predictions: forecast of each expert, same shape.
        groups: group of each expert of the model, such as `season`.
        effects: what each covariate adds to `mean`, by timestamp, a column for each; none without covariates.
        periods: of the seasons that the experts used, in steps; none where there is none.
        unit: of the values, such as `passengers`; empty where it is not told.
        dated: whether the timestamps are real dates.
        texts: phrases of the text that change it, in their order.
        clauses: all clauses of the text in their order, used or not.
        numeric: point forecast before the operations that the text states, and before it is held at 0; None where it
            is the forecast.

    Raises:
        RuntimeError: the experts and the covariates do not add up to the forecast.
    """

    name: str
    history: pd.Series
    forecast: pd.DataFrame
    weights: pd.DataFrame
    predictions: pd.DataFrame
    groups: dict[str, str]
    effects: pd.DataFrame = field(default_factory=pd.DataFrame)
    periods: tuple[int, ...] = ()
    unit: str = ""
    dated: bool = True
    texts: tuple[TextPart, ...] = ()
    clauses: tuple[TextClause, ...] = ()
    numeric: pd.Series | None = None

    def __post_init__(self) -> None:
        parts, mixed = self.predictions.to_numpy(), self.mixed.to_numpy()
        error = np.abs((self.weights.to_numpy() * (parts - mixed[:, None])).sum(1)).max()
        size = max(np.abs(parts).max(), np.abs(self.forecast["mean"]).max())
        if not error <= _OF_RANGE * np.ptp(parts) + _OF_SIZE * size:
            raise RuntimeError(f"{self.name}: the experts differ from the forecast that they add up to by {error:g}.")

    @property
    def mixed(self) -> pd.Series:
        """Weighted mean of the experts: the point forecast without the effects of text and covariates."""
        mean = self.forecast["mean"] if self.numeric is None else self.numeric
        return mean - self.effects.sum(axis=1) if self.effects.size else mean

    @property
    def added(self) -> str:
        """What is added to the mean of the experts: "covariates", "text", "covariates and text", or ""."""
        parts = [name for name, is_there in (("covariates", self.effects.size), ("text", self.texts)) if is_there]
        return " and ".join(parts)

    @cached_property
    def calendar(self) -> Calendar:
        """Names of times and steps: days without their year, where all named times lie in one."""
        found = find_calendar(self.timestamps, self.dated)
        observed = pd.DatetimeIndex(self.history.dropna().index)
        years = {observed[-1].year, *pd.DatetimeIndex(self.forecast.index).year}
        return replace(found, year=years.pop()) if self.dated and len(years) == 1 else found

    @cached_property
    def timestamps(self) -> pd.DatetimeIndex:
        """Timestamps of the history, then of the forecast."""
        return pd.DatetimeIndex(self.history.index.append(self.forecast.index))

    @property
    def levels(self) -> list[float]:
        """Quantile levels of the forecast, rising."""
        return sorted(float(name) for name in self.forecast.columns if name != "mean")

    def moment(self, step: int) -> pd.Timestamp | int:
        """Timestamp of a step, 1 the first of the forecast and 0 the last of the history; the step without dates."""
        return self.timestamps[len(self.history) - 1 + step] if self.dated else step


def evidence_of(
    outputs: Any,
    sample: int,
    experts: Sequence[str],
    groups: dict[str, str],
    history: pd.Series,
    forecast: pd.DataFrame,
    unit: str = "",
    dated: bool = True,
    channel: int = 0,
    covariates: Sequence[str] = (),
    texts: Sequence[TextPart] = (),
    clauses: Sequence[TextClause] = (),
) -> Evidence:
    """Evidence of one series of a batch.

    Args:
        outputs: of `TSFusionForForecasting`.
        sample: its place in the batch.
        experts: their names, `config.experts`.
        groups: group of each.
        history: see [`Evidence`].
        forecast: see [`Evidence`].
        unit: see [`Evidence`].
        dated: see [`Evidence`].
        channel: place of the series in the sample.
        covariates: column that each feature of a covariate encodes; the effects of those of a column are summed.
        texts: see [`Evidence`].
        clauses: see [`Evidence`].
    """

    def frame(tensor: Any, columns: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame(tensor[sample, :, channel].double().cpu().numpy(), forecast.index, list(columns))

    weights = frame(outputs.expert_weights, experts)
    effects = pd.DataFrame(index=forecast.index)
    if outputs.covariate_effects is not None:
        features = frame(outputs.covariate_effects, covariates[: outputs.covariate_effects.shape[-1]])
        effects = features.T.groupby(level=0, sort=False).sum().T
    used = list(weights.columns[(weights > 0).any()])
    periods = outputs.seasonal_periods[sample, channel].tolist()
    return Evidence(
        name=str(history.name),
        history=history,
        forecast=forecast,
        weights=weights[used],
        predictions=frame(outputs.expert_predictions, experts)[used],
        groups={name: groups[name] for name in experts},
        effects=effects,
        periods=tuple(dict.fromkeys(period for period in periods if period > 1)),
        unit=unit,
        dated=dated,
        texts=tuple(texts),
        clauses=tuple(clauses),
        numeric=_numeric(outputs, sample, channel, forecast["mean"], bool(texts)),
    )


def _numeric(outputs: Any, sample: int, channel: int, mean: pd.Series, has_texts: bool) -> pd.Series | None:
    """Point forecast before what a text states and before it is held at 0; None where it is the forecast."""
    values = outputs.numeric_predictions if has_texts else outputs.mean_predictions
    numeric = pd.Series(values[sample, :, channel].double().cpu().numpy(), mean.index)
    return None if not has_texts and numeric.eq(mean).all() else numeric
