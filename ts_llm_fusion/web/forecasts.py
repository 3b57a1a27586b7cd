"""Forecasts of one series with its reasons, with and without a text, and beside another forecaster."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from transformers import PreTrainedModel

from ..adapters import find_adapter
from ..answers.subject import one_series
from ..data.series.panels import Panel
from ..errors import UserError
from ..evaluation.backtests import backtest
from ..evaluation.cross_validation import Models, make_forecasters, panel_seasons
from ..evaluation.forecast_scores import score_forecasts
from ..evaluation.panel_forecasters import predict_baseline
from ..explanations.explain import Explanation, explain_panel
from ..explanations.lexicon import find_calendar
from ..explanations.report import render_report
from ..families import checkpoint_place
from ..prediction import BATCH_SIZE, check_horizon, default_horizon, default_levels, forecast_panel, load, rounded
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from .uploads import Upload

# Baselines on offer, which need neither training nor another package.
_BASELINES = ("seasonal_naive", "naive2", "repeat_last")
# Steps that are forecast at most, and characters of a text about the future.
_MOST_STEPS, _LONGEST_TEXT = 1_000, 2_000
# Rows before a held-out end, at least.
_LEAST_HISTORY = 3

# A forecaster and its feature extractor; positions of a series and a target in a panel.
_Loaded = tuple[PreTrainedModel, ForecastFeatureExtractor | None]
_Place = tuple[int, int]


@dataclass(frozen=True)
class Offer:
    """Forecasters of a page, loaded once for all visitors.

    Args:
        models: by name; the first one is that of the page, the others are compared with it.
    """

    models: Models

    @property
    def name(self) -> str:
        """Name of the forecaster of the page."""
        return next(iter(self.models))

    @property
    def main(self) -> _Loaded:
        """The forecaster of the page, and its feature extractor."""
        return self.models[self.name]

    @property
    def others(self) -> list[str]:
        """Names to compare with."""
        return [*(name for name in self.models if name != self.name), *_BASELINES]

    @property
    def reads_text(self) -> bool:
        """Whether the forecaster of the page reads texts."""
        return getattr(self.main[0].config, "text_encoder", None) is not None

    @property
    def has_reasons(self) -> bool:
        """Whether the forecasts of the page can be explained."""
        return hasattr(self.main[0].config, "experts")


def load_offer(places: Mapping[str, str | Path]) -> Offer:
    """Load the forecasters of a page.

    Args:
        places: folder or Hub name of each by the name that the page shows, first that of the page itself.

    Raises:
        ValueError, OSError: as `prediction.load`.
    """
    return Offer({name: load(checkpoint_place(place)) for name, place in places.items()})


@dataclass(frozen=True)
class Result:
    """Forecast of one series.

    Args:
        series: its name.
        stem: beginning of the names of files that are made of it.
        horizon: in words, such as "28 days".
        history: float64 by timestamp, or by the number of the step.
        forecast: by timestamp, `predictions` and a column for each quantile level.
        table: the forecast as the command line writes it.
        without: point forecast without the text, by timestamp; None without a text.
        other: name and point forecast of the forecaster to compare with; None without one.
        scores: mean absolute error of both on the held-out end, by name; None where there is nothing to hold out.
        held_out: steps of that end.
        explanation: reasons; None for a forecaster that has none.
    """

    series: str
    stem: str
    horizon: str
    history: pd.Series
    forecast: pd.DataFrame
    table: pd.DataFrame
    without: pd.Series | None = None
    other: tuple[str, pd.Series] | None = None
    scores: dict[str, float] | None = None
    held_out: int = 0
    explanation: Explanation | None = None

    def as_csv(self) -> str:
        """Table of the forecast as CSV."""
        return self.table.to_csv(index=False)

    def as_report(self) -> str:
        """Report in HTML, as `ts-llm-fusion explain` writes it.

        Raises:
            ValueError: there are no reasons.
        """
        if self.explanation is None:
            raise UserError("this forecaster gives no reasons; take the built-in one for a report.")
        return render_report([self.explanation], f"{self.series}: the forecast and its reasons")


def check_steps(steps: Any, offer: Offer, panel: Panel) -> int:
    """Steps to forecast; the usual number of the forecaster for None.

    Raises:
        ValueError: for anything but a whole number from 1 to 1,000.
    """
    if steps is None:
        return min(default_horizon(offer.main[0].config, panel), _MOST_STEPS)
    if isinstance(steps, float) and steps.is_integer():
        steps = int(steps)
    if check_horizon(steps) > _MOST_STEPS:
        raise UserError(f"prediction_length is {steps}; at most {_MOST_STEPS:,} steps are forecast on this page.")
    return int(steps)


def forecast_series(
    upload: Upload,
    offer: Offer,
    series: str | None = None,
    steps: float | None = None,
    text: str = "",
    other: str | None = None,
) -> Result:
    """Forecast a series of an upload.

    Args:
        upload: of the visitor.
        offer: forecasters of the page.
        series: its name; the first one by default.
        steps: to forecast; as many as the forecaster usually does by default.
        text: what is known of the series and its future, in English.
        other: name of a forecaster to compare with, of `offer.others`.

    Raises:
        ValueError: for an unknown series or forecaster, steps that are not from 1 to 1,000, a text of more than 2,000
            characters, and as `forecast_panel`.
    """
    place = upload.place(series)
    horizon = check_steps(steps, offer, upload.panel)
    if len(text) > _LONGEST_TEXT:
        raise UserError(f"context has {len(text):,} characters; give at most {_LONGEST_TEXT:,}.")
    if other is not None and other not in offer.others:
        raise UserError(f"no forecaster {other!r}; compare with one of {', '.join(offer.others)}.")
    context, panel = text.strip() or None, one_series(upload.panel, *place)
    table = _forecast(upload.panel, place, offer.main, horizon, context)
    explanation = explain_panel(panel, *offer.main, horizon, context=context)[0] if offer.has_reasons else None
    without = None
    if context is not None and offer.reads_text:
        without = _by_time(_forecast(upload.panel, place, offer.main, horizon, None), panel)["predictions"]
    compared, scores, held_out = None, None, 0
    if other is not None:
        compared = other, _other_forecast(upload.panel, place, offer, other, horizon, context)
        held_out = min(horizon, int(panel.lengths[0]) - _LEAST_HISTORY)
        scores = _scores(upload.panel, place, offer, other, held_out) if held_out > 0 else None
    stamps = pd.DatetimeIndex(panel.timestamps.append(panel.future_timestamps(horizon)))
    return Result(
        series=upload.series[place[0] * len(upload.panel.targets) + place[1]],
        stem=upload.stem,
        horizon=find_calendar(stamps, panel.dated and not panel.grids.numbered).duration(horizon),
        history=pd.Series(panel.values[:, 0], panel.as_given(panel.timestamps)),
        forecast=_by_time(table, panel),
        table=rounded(table, horizon),
        without=without,
        other=compared,
        scores=scores,
        held_out=held_out,
        explanation=explanation,
    )


def _read_by(panel: Panel, place: _Place, *models: PreTrainedModel) -> Panel:
    """What models read for a forecast of one series: it alone, or all series where one reads several together."""
    together = any(find_adapter(one.config, type(one).__name__).variables(one.config) is not None for one in models)
    return panel if together else one_series(panel, *place)


def _rows_of(table: pd.DataFrame, panel: Panel, place: _Place) -> pd.DataFrame:
    """Rows of one series in a table of forecasts."""
    keys = panel.keys(np.array([place[0]]), np.array([place[1]]))
    is_own = np.logical_and.reduce([table[name].eq(column[0]) for name, column in keys.items() if name in table])
    return table[is_own].reset_index(drop=True)


def _forecast(panel: Panel, place: _Place, loaded: _Loaded, horizon: int, context: str | None) -> pd.DataFrame:
    """Table of the forecast of one series, with the levels of the model."""
    model, extractor = loaded
    read = _read_by(panel, place, model)
    table = forecast_panel(read, model, extractor, horizon, default_levels(model.config), context=context)
    return _rows_of(table, panel, place)


def _by_time(table: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Columns of numbers of a table of forecasts, by timestamp."""
    first = [*table.columns].index("predictions")
    return table.set_index(panel.timestamp_column).iloc[:, first - 1 :]


def _other_forecast(
    panel: Panel, place: _Place, offer: Offer, name: str, horizon: int, context: str | None
) -> pd.Series:
    """Point forecast of another forecaster, by timestamp."""
    if name in offer.models:
        table = _forecast(panel, place, offer.models[name], horizon, context)
        return _by_time(table, panel)["predictions"]
    alone = one_series(panel, *place)
    found = predict_baseline(alone, horizon, (), panel_seasons(alone), None, name, 1)
    return pd.Series(found.mean[0, :, 0], alone.as_given(alone.future_timestamps(horizon)))


def _scores(panel: Panel, place: _Place, offer: Offer, other: str, steps: int) -> dict[str, float] | None:
    """Mean absolute error of the forecaster of the page and another on the last steps, forecast from those before."""
    models = {name: loaded for name, loaded in offer.models.items() if name in (offer.name, other)}
    read = _read_by(panel, place, *(model for model, _ in models.values()))
    forecasters = make_forecasters(models, [] if other in models else [other], BATCH_SIZE)
    table = _rows_of(backtest(read, forecasters, steps, 1, steps, (), panel_seasons(read)), panel, place)
    if table["actual"].isna().all():
        return None
    scores = score_forecasts(table).set_index("forecaster")["mae"]
    return {name: float(scores[name]) for name in (offer.name, other)}
