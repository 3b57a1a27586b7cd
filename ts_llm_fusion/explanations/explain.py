"""Forecasts with their reasons, in facts and in checked words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from transformers import PreTrainedModel

from ..data.series.panels import wide_panel
from ..data.series.sources import SeriesSource, load_series
from ..errors import UserError
from ..families import BUILT_IN
from ..forecasting import load_forecaster
from ..modeling.configuration_tsfusion import EXPERT_GROUPS
from ..prediction import BATCH_SIZE, check_horizon, default_horizon, panel_batches
from .checks import Claim, check_text
from .evidence import Evidence, evidence_of
from .facts import Facts, find_facts
from .words import sentences

if TYPE_CHECKING:
    import polars
    import pyarrow

_LONGEST_UNIT = 40


@dataclass(frozen=True)
class Explanation:
    """Why the forecast of a series is what it is.

    Args:
        facts: of the forecast, which are its computation.
        sentences: two to six, rendered from the facts by a closed grammar.
        claims: every number, date and name in the sentences, checked against the evidence.
        evidence: history, forecast, and the experts that the forecast is the weighted mean of.
    """

    facts: Facts
    sentences: tuple[str, ...]
    claims: tuple[Claim, ...]
    evidence: Evidence

    @property
    def text(self) -> str:
        """The sentences."""
        return " ".join(self.sentences)

    def to_dict(self) -> dict[str, Any]:
        """Facts, sentences and claims as plain data for JSON."""
        return {
            "facts": self.facts.to_dict(),
            "sentences": list(self.sentences),
            "claims": [claim.to_dict() for claim in self.claims],
        }


def explain_evidence(evidence: Evidence, seed: int = 0) -> Explanation:
    """Explain a forecast by its evidence.

    Args:
        evidence: of the forecast.
        seed: of the choice among the ways to say the same.

    Raises:
        RuntimeError: a claim of the words does not hold, so that they cannot be shown.
    """
    facts = find_facts(evidence)
    said = tuple(sentences(facts, seed))
    claims = tuple(check_text(" ".join(said), evidence))
    failed = [claim for claim in claims if not claim.holds]
    if failed:
        raise RuntimeError(
            f"{evidence.name}: {failed[0].quantity} is {failed[0].actual}, but the words say {failed[0].words!r}."
        )
    return Explanation(facts, said, claims, evidence)


def check_unit(unit: str) -> str:
    """A unit of values, one line of at most 40 characters.

    Raises:
        ValueError: if it is not.
    """
    if len(unit) > _LONGEST_UNIT or not unit.isprintable() or unit != unit.strip():
        raise UserError(f"unit is {unit!r}; give at most {_LONGEST_UNIT} printable characters, such as MW or euros.")
    return unit


def explain(
    data: "str | Path | pd.DataFrame | pyarrow.Table | polars.DataFrame | SeriesSource",
    prediction_length: int | None = None,
    model: str | Path = BUILT_IN,
    target_columns: Sequence[str] | None = None,
    unit: str = "",
    freq: str | None = None,
    seed: int = 0,
) -> list[Explanation]:
    """Forecast series and say why.

    The reasons are the computation: the point forecast is the mean of named experts by the weights that are told, and
    all else is computed from the history and the forecast. The words are rendered from these facts, and every claim in
    them is checked against history, forecast and experts.

    Args:
        data: as of `load_series`, or its result.
        prediction_length: steps to forecast; by default two seasons, as far as the horizon of the model holds them.
        model: folder or Hub name of a TSFusion forecaster; the built-in one by default.
        target_columns: series to explain, all by default.
        unit: of the values, such as `MW`, for the words.
        freq: time step, as of `load_series`.
        seed: of the choice among the ways to say the same.

    Returns:
        One explanation for each series, in the order of the columns.

    Raises:
        ValueError: the model mixes no named experts, the unit is longer than 40 characters or not one line, and as
            `load_series` and `forecast_frame`.

    Example:

    ```python
    >>> (explanation,) = explain("passengers.csv", prediction_length=12, unit="passengers")
    >>> print(explanation.text)
    ```
    """
    check_unit(unit)
    forecaster, feature_extractor = load_forecaster(model)
    if not isinstance(data, SeriesSource):
        data = load_series(data, target_columns=target_columns, freq=freq, default_freq=feature_extractor.freq)
    elif target_columns is not None or freq is not None:
        raise UserError("target_columns or freq is given, but the series are loaded; give it to load_series.")
    return explain_source(forecaster, data, prediction_length, unit, seed)


def _history(series: pd.Series, context_length: int) -> pd.Series:
    """The rows that the model reads; all, where only a value before these is observed, which it goes by then."""
    history = series.iloc[-context_length:].astype(np.float64)
    return series.astype(np.float64) if history.isna().all() else history


def explain_source(
    model: PreTrainedModel,
    source: SeriesSource,
    prediction_length: int | None = None,
    unit: str = "",
    seed: int = 0,
) -> list[Explanation]:
    """Explain the forecast of loaded series by a loaded model; arguments, result and errors as `explain`."""
    if not hasattr(model.config, "experts"):
        raise UserError(
            f"a forecast of {type(model).__name__} has no named experts to explain it by; use a TSFusion forecaster, "
            "such as the built-in one."
        )
    panel, levels = wide_panel(source), model.config.quantiles
    horizon = check_horizon(default_horizon(model.config, panel) if prediction_length is None else prediction_length)
    timestamps = panel.future_timestamps(horizon)[:horizon]
    explanations: dict[int, Explanation] = {}
    predict: Any = model.predict
    for chosen, batch in panel_batches(panel, np.arange(len(panel)), model.config.context_length, BATCH_SIZE):
        periods = batch.seasonal_periods[:, None].to(model.device)
        outputs = predict(
            batch.values.to(model.device), prediction_length=horizon, quantile_levels=levels, seasonal_period=periods
        )
        for sample, column in enumerate(chosen.tolist()):
            quantiles = outputs.full_predictions[sample, :, 0].double().cpu().numpy()
            forecast = pd.DataFrame(quantiles, timestamps, [f"{level:g}" for level in levels])
            forecast.insert(0, "mean", outputs.mean_predictions[sample, :, 0].double().cpu().numpy())
            evidence = evidence_of(
                outputs,
                sample,
                model.config.experts,
                EXPERT_GROUPS,
                _history(source.series.iloc[:, column], model.config.context_length),
                forecast,
                unit,
                source.dated,
            )
            explanations[column] = explain_evidence(evidence, seed)
    return [explanations[column] for column in range(len(panel))]
