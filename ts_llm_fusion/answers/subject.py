"""Series that questions are about, and their forecasts."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
from transformers import PreTrainedModel

from ..data.series.panels import Panel
from ..errors import UserError
from ..explanations.lexicon import Calendar, find_calendar, rounding_place
from ..prediction import default_levels, predict_panel, usual_horizon
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..processing.grounding_axis import Axis

# Most steps behind the history that a question may ask for: as many as the history has, within these.
_LEAST_REACH, _MOST_REACH = 24, 2000
# Decimals up to which values are shown as they are given; significant digits beyond.
_DECIMALS, _DIGITS = 3, 6
_MOST_DECIMALS = 6
# Magnitude below which numbers are written with an exponent.
_SMALL = 1e-3


class Subject:
    """One series that a question is about.

    Args:
        panel: of this series alone, with one target.
        name: of the series.
        model: that forecasts it.
        feature_extractor: that of the model, if it has one.
        unit: of the values; empty where it is not told.
        like: another series of the same steps, whose times this one shares.
    """

    def __init__(
        self,
        panel: Panel,
        name: str,
        model: PreTrainedModel,
        feature_extractor: ForecastFeatureExtractor | None,
        unit: str = "",
        like: "Subject | None" = None,
    ):
        self.panel, self.name, self.unit, self._like = panel, name, unit, like
        self._model, self._feature_extractor = model, feature_extractor
        self._forecast: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def values(self) -> np.ndarray:
        """float64 (time,), NaN where missing."""
        return self.panel.values[:, 0]

    @cached_property
    def extent(self) -> tuple[float, float]:
        """Lowest and highest value; zeros where there is none."""
        known = self.values[~np.isnan(self.values)]
        return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)

    @property
    def dated(self) -> bool:
        """Whether the timestamps are real dates."""
        return self.panel.dated

    @cached_property
    def reach(self) -> int:
        """Steps behind the history that a question may ask for."""
        if self._like is not None:
            return self._like.reach
        return min(max(len(self), _LEAST_REACH, self.usual_horizon), _MOST_REACH)

    @cached_property
    def usual_horizon(self) -> int:
        """Steps of a forecast where a question names none."""
        if self._like is not None:
            return self._like.usual_horizon
        return usual_horizon(self._model.config, self.panel)[0]

    @cached_property
    def timestamps(self) -> pd.DatetimeIndex:
        """Of the history and of all steps within reach, in the time of their clocks."""
        if self._like is not None:
            return self._like.timestamps
        stamps = self.panel.timestamps.append(self.panel.future_timestamps(self.reach))
        return pd.DatetimeIndex(stamps).tz_localize(None)

    @cached_property
    def calendar(self) -> Calendar:
        """Names of times and steps."""
        if self._like is not None:
            return self._like.calendar
        return find_calendar(self.timestamps, self.dated)

    @cached_property
    def axis(self) -> Axis:
        """Time axis of the history and of all steps within reach."""
        if self._like is not None:
            return self._like.axis
        stamps = self.timestamps
        if (self.dated and not stamps.is_monotonic_increasing) or stamps.has_duplicates:
            # The hour that a summer time repeats.
            stamps = pd.DatetimeIndex(self.panel.timestamps.append(self.panel.future_timestamps(self.reach)))
            stamps = stamps.tz_convert(None)
        return Axis(len(self), self.reach, stamps.to_numpy() if self.dated else None)

    def moment(self, row: int) -> pd.Timestamp | int:
        """Time of a row of history and forecast; its number from 1 where there are no dates."""
        return self.timestamps[row] if self.dated else row + 1

    def when(self, row: int) -> str:
        """Time of a row in words, such as `in May 1960`."""
        return self.calendar.words(self.moment(row), with_year=True)

    @cached_property
    def observed_place(self) -> int:
        """Exponent of the power of ten that observed values are written to: their own decimals, 3 at most."""
        known = self.values[~np.isnan(self.values)]
        if not len(known):
            return 0
        for decimals in range(_DECIMALS + 1):
            if np.abs(known - known.round(decimals)).max() <= 1e-9 * max(1.0, np.abs(known).max()):
                return -decimals
        size = float(np.abs(known).max())
        place = int(np.floor(np.log10(size))) + 1 - _DIGITS
        return min(max(place, -_MOST_DECIMALS) if size >= _SMALL else place, 0)

    def derived_place(self, value: float) -> int:
        """The same for a number computed from observed values: of four digits, and no coarser than these."""
        if abs(value - round(value, -self.observed_place)) <= 1e-9 * abs(value):
            return self.observed_place
        place = int(np.floor(np.log10(abs(value)))) - 3
        return min(self.observed_place, max(place, -_MOST_DECIMALS) if abs(value) >= _SMALL else place)

    def take_forecast(self, mean: np.ndarray, quantiles: np.ndarray, levels: Sequence[float]) -> None:
        """Keep a forecast: (steps,) and (steps, levels)."""
        columns = {"mean": mean} | {f"{level:g}": quantiles[:, k] for k, level in enumerate(levels)}
        self._forecast = pd.DataFrame(columns, index=range(len(self), len(self) + len(mean)))

    def forecast(self, steps: int) -> pd.DataFrame:
        """Forecast of the next steps: `mean` and a column for each quantile level, such as `0.1`.

        Raises:
            ValueError: there is no observed value.
        """
        steps = max(steps, min(self.usual_horizon, self.reach))
        if self._forecast is None or len(self._forecast) < steps:
            if np.isnan(self.values).all():
                raise UserError(f"{self.name}: every value is missing; there is nothing to forecast from.")
            levels = default_levels(self._model.config)
            found = predict_panel(self.panel, self._model, steps, levels, 1, self._feature_extractor)
            self.take_forecast(found.mean[0, :, 0], found.quantiles[0, :, 0], levels)
        assert self._forecast is not None
        return self._forecast

    def with_forecast(self, steps: int) -> np.ndarray:
        """Values of the history, then of the point forecast, float64 (time + steps,)."""
        if steps < 1:
            return self.values
        return np.concatenate((self.values, self.forecast(steps)["mean"].to_numpy()[:steps]))

    @property
    def forecast_place(self) -> int:
        """Exponent of the power of ten that forecasts are rounded to, by the width of their band."""
        band = self.forecast(1)
        levels = [name for name in band.columns if name != "mean"]
        width = float((band[levels[-1]] - band[levels[0]]).mean()) if len(levels) > 1 else 0.0
        size = max(float(band["mean"].abs().max()), float(np.nanmax(np.abs(self.values))))
        return min(rounding_place(width, size), 0)


def one_series(panel: Panel, series: int, target: int) -> Panel:
    """A series of a panel, with one of its targets, as a panel of its own."""
    span = slice(int(panel.offsets[series]), int(panel.offsets[series + 1]))
    grids = replace(panel.grids, grid_of=panel.grids.grid_of[[series]], starts=panel.grids.starts[[series]])
    return replace(
        panel,
        ids=panel.ids[[series]],
        offsets=np.array([0, span.stop - span.start]),
        timestamps=panel.timestamps[span],
        values=panel.values[span, target : target + 1],
        targets=(panel.targets[target],),
        past=panel.past.iloc[span],
        grids=grids,
    )


def forecast_together(
    panel: Panel,
    chosen: Sequence[int],
    subjects_: Sequence[Subject],
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor | None,
    steps: int,
) -> None:
    """Forecast many series of a panel in batches, for each to keep."""
    levels = default_levels(model.config)
    found = predict_panel(panel, model, steps, levels, feature_extractor=feature_extractor)
    for place, subject in zip(chosen, subjects_, strict=True):
        series, target = divmod(place, len(panel.targets))
        mean, quantiles = found.mean[series, :, target], found.quantiles[series, :, target]
        if not np.isnan(mean).any():
            subject.take_forecast(mean, quantiles, levels)


def names_of(panel: Panel) -> list[str]:
    """Names of the series of a panel, target by target of each id."""
    return [panel.title(series, target) for series in range(len(panel)) for target in range(len(panel.targets))]


def subjects(
    panel: Panel,
    chosen: Sequence[int],
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor | None,
    unit: str,
) -> list[Subject]:
    """Some of the series of a panel, by their position among `names_of`."""
    count, found = len(panel.targets), []
    alike: dict[tuple[int, int, int], Subject] = {}
    for number in chosen:
        series, target = divmod(number, count)
        steps = int(panel.grids.grid_of[series]), int(panel.grids.starts[series]), int(panel.lengths[series])
        part, like = one_series(panel, series, target), alike.get(steps)
        subject = Subject(part, panel.title(series, target), model, feature_extractor, unit, like)
        alike.setdefault(steps, subject)
        found.append(subject)
    return found
