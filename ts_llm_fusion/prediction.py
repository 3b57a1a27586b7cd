"""Forecasts of tables of many series with any forecaster."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from tqdm.auto import tqdm
from transformers import PreTrainedModel
from transformers.utils import logging

from .adapters import ADAPTERS, Adapter, Batch, Prediction, find_adapter, load_model
from .data.series.panel_columns import id_index, to_kind
from .data.series.panel_reading import Names, read_panel
from .data.series.panels import ID, TARGET, TIMESTAMP, Panel, wide_panel
from .data.series.sources import SeriesSource, load_series
from .distributed import check_loadable, column_options, is_distributed, map_series
from .errors import NothingToForecastError, UserError
from .families import BUILT_IN, FAMILIES, checkpoint_place
from .forecasting import check_quantile_levels, model_order
from .panel_contexts import PanelContexts, encode_contexts, log_effects
from .panel_covariates import PanelCovariates, encode_covariates
from .processing.feature_extraction_forecast import ForecastFeatureExtractor, shortened
from .series_checks import held_series, warn_of_misfits

logger = logging.get_logger(__name__)

BATCH_SIZE = 256
# Batches from which on a progress bar is shown.
_LONG_WORK = 20
# Ids that a message lists.
_SHOWN = 3
# Steps to forecast by default of series without a season.
_WITHOUT_SEASON = 6
# Most steps of a forecast.
_LONGEST = 1_000_000

_LOADING = threading.Lock()

Forecaster = str | Path | PreTrainedModel | tuple[PreTrainedModel, ForecastFeatureExtractor | None]


def check_levels(quantile_levels: Sequence[float]) -> list[float]:
    """Levels as floats.

    Raises:
        ValueError: for anything but a sequence of numbers in (0, 1), or a level given twice.
    """
    given: list[Any] = list(quantile_levels) if pd.api.types.is_list_like(quantile_levels) else [quantile_levels]
    for level in given:
        if not isinstance(level, Real) or not 0 < float(level) < 1:
            shown = level if isinstance(level, Real) else repr(level)
            raise UserError(f"quantile level {shown} is asked for; give numbers between 0 and 1, such as 0.1 and 0.9.")
    levels = [float(level) for level in given]
    if len({f"{level:g}" for level in levels}) < len(levels):
        raise UserError(f"quantile_levels is {levels}; give each level once.")
    return levels


def check_count(name: str, value: Any) -> int:
    """A whole number of at least 1; ValueError for any other value."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise UserError(f"{name} is {value!r}; give a whole number of at least 1.")
    return int(value)


def check_horizon(prediction_length: int) -> int:
    """A whole number of steps, from 1 to 1,000,000; ValueError for any other value."""
    horizon = check_count("prediction_length", prediction_length)
    if horizon > _LONGEST:
        raise UserError(f"prediction_length is {horizon}; at most {_LONGEST} steps are forecast.")
    return horizon


def usual_horizon(config: Any, panel: Panel) -> tuple[int, str]:
    """Steps to forecast where no number is given, and why; see [`default_horizon`]."""
    trained = config.prediction_length if hasattr(config, "prediction_length") else config.horizon_length
    if config.model_type not in FAMILIES or not FAMILIES[config.model_type].any_history:
        return trained, ""
    usual = int(np.bincount(panel.grids.grid_of).argmax())
    season = next(iter(panel.grids.seasons[usual]), 0)
    horizon = min(2, trained // season) * season or trained if season else _WITHOUT_SEASON
    return horizon, f"the season is {season} steps" if season else "the series have no season"


def default_horizon(config: Any, panel: Panel) -> int:
    """Steps to forecast where no number is given: the horizon of the training.

    A model of any horizon forecasts one or two seasons of most series, as many as its `prediction_length` holds (and
    that number of steps where it holds none), and 6 steps of series without a season, such as yearly ones.
    """
    horizon, why = usual_horizon(config, panel)
    if why:
        logger.info(
            "%s: %d steps are forecast, as %s; --horizon (prediction_length) changes it.", panel.name, horizon, why
        )
    return horizon


def default_levels(config: Any) -> list[float]:
    """Quantile levels of a forecast where no others are asked for: those of the model."""
    known = ADAPTERS[config.model_type].levels(config)
    return list(getattr(config, "quantiles", (0.1, 0.5, 0.9))) if known is None else list(known)


def load(model: Forecaster | None) -> tuple[PreTrainedModel, ForecastFeatureExtractor | None]:
    """A forecaster and its feature extractor, if it has one, from a name, a folder, a loaded model or both as a pair.

    The built-in one is loaded once in a process, and shared by all that forecast with it.

    Args:
        model: the forecaster; by default the built-in one.

    Raises:
        ValueError, OSError: as `load_model`.
    """
    if isinstance(model, tuple) and len(model) == 2 and isinstance(model[0], PreTrainedModel):
        find_adapter(model[0].config, type(model[0]).__name__)
        return model
    if isinstance(model, PreTrainedModel):
        find_adapter(model.config, type(model).__name__)
        return model, None
    if model is not None and not isinstance(model, str | Path):
        raise UserError(
            f"model is a {type(model).__name__}; give a folder or Hub name, a loaded forecaster, or a pair of it and "
            "its feature extractor."
        )
    return load_once(None) if model is None or checkpoint_place(model) == BUILT_IN else load_model(model)


@cache
def _loaded(place: str) -> tuple[PreTrainedModel, ForecastFeatureExtractor | None]:
    # The weights of the built-in one are read at once, which needs no bar.
    hides_bars = place == BUILT_IN and logging.is_progress_bar_enabled()
    if not hides_bars:
        return load_model(place)
    logging.disable_progress_bar()
    try:
        return load_model(place)
    finally:
        logging.enable_progress_bar()


def load_once(model: str | Path | None) -> tuple[PreTrainedModel, ForecastFeatureExtractor | None]:
    """The forecaster of a name or folder, as `load` has it, loaded once in a process, whichever thread asks first."""
    with _LOADING:
        return _loaded(BUILT_IN if model is None else checkpoint_place(model))


def reading_options(feature_extractor: ForecastFeatureExtractor | None) -> dict[str, Any]:
    """Options of `read_panel` that a trained model brings: its time step, and the names of its covariates."""
    if feature_extractor is None:
        return {}
    covariates = getattr(feature_extractor, "covariates", None)
    return {"default_freq": feature_extractor.freq, "covariates": () if covariates is None else covariates.names}


def _last_observed(panel: Panel) -> np.ndarray:
    """Row of the last observed value, int64 (series, targets); -1 where there is none."""
    rows = np.where(np.isnan(panel.values), -1, np.arange(len(panel.values))[:, None])
    return np.maximum.reduceat(rows, panel.offsets[:-1], axis=0)


def panel_batches(
    panel: Panel,
    series: np.ndarray,
    context_length: int,
    batch_size: int,
    covariates: PanelCovariates | None = None,
    contexts: PanelContexts | None = None,
) -> Iterator[tuple[np.ndarray, Batch]]:
    """Batches of series of similar lengths, and the positions of these series.

    A target without a value in the last `context_length` rows holds its last value before throughout.
    """
    lengths = np.minimum(panel.lengths, context_length)
    periods = panel.seasonal_periods()
    last = _last_observed(panel)
    is_stale = (last >= 0) & (last < (panel.offsets[1:] - lengths)[:, None])
    if is_stale[series].any():
        stale = [panel.label(int(series[place]), target) for place, target in np.argwhere(is_stale[series]).tolist()]
        logger.warning(
            "%s: no value in the last %d steps; forecast from the last value before.",
            shortened(stale, _SHOWN),
            context_length,
        )
    ordered = series[np.argsort(lengths[series], kind="stable")]
    starts = range(0, len(ordered), batch_size)
    for start in tqdm(starts, desc="batches", leave=False, disable=None if len(starts) >= _LONG_WORK else True):
        chosen = ordered[start : start + batch_size]
        longest = int(lengths[chosen].max())
        rows = panel.offsets[chosen + 1][:, None] - np.arange(longest, 0, -1)
        values = panel.values[np.maximum(rows, 0)]
        values[rows < panel.offsets[chosen][:, None]] = np.nan
        for place, target in np.argwhere(is_stale[chosen]):
            values[place, -int(lengths[chosen[place]]) :, target] = panel.values[last[chosen[place], target], target]
        shared = {}
        if covariates is not None:
            past = covariates.past[np.maximum(rows, 0)]
            past[rows < panel.offsets[chosen][:, None]] = np.nan
            given = {"past_covariates": past, "future_covariates": covariates.future[chosen]}
            if covariates.static is not None:
                given["static_covariates"] = covariates.static[chosen]
            shared = {name: torch.from_numpy(features) for name, features in given.items() if features.shape[-1]}
        texts = None if contexts is None else contexts.of(chosen)
        yield chosen, Batch(torch.from_numpy(values), torch.from_numpy(periods[chosen]), shared, texts)


def usable_series(panel: Panel, adapter: Adapter, config: Any, min_length: int) -> np.ndarray:
    """Positions of the series that a model can forecast; one warning names the others."""
    has_value = _last_observed(panel) >= 0
    is_joint = adapter.variables(config) is not None
    usable = (has_value.all(1) if is_joint else has_value.any(1)) & (panel.lengths >= min_length)
    why = "without an observed value" + (f", or with fewer than {min_length} steps" if min_length > 1 else "")
    if not usable.any():
        raise NothingToForecastError(f"{panel.name}: there is nothing to forecast from: every series is {why}.")
    if not usable.all():
        left_out = [panel.label(number) for number in np.flatnonzero(~usable).tolist()]
        logger.warning("%s: %s left out: %s.", panel.name, shortened(left_out, _SHOWN), why)
    return np.flatnonzero(usable)


def predict_panel(
    panel: Panel,
    model: PreTrainedModel,
    prediction_length: int,
    quantile_levels: Sequence[float],
    batch_size: int = BATCH_SIZE,
    feature_extractor: ForecastFeatureExtractor | None = None,
    covariates: PanelCovariates | None = None,
    contexts: PanelContexts | None = None,
) -> Prediction:
    """Forecast the steps after each series of a panel.

    A model that reads several variables together (`llmps`, `patchtst`) gets the targets of an id as one sample; the
    series of a wide table, or ids that are the columns of its training and end together, are one sample as well.

    Args:
        panel: from `read_panel`.
        model: a forecaster of one of the types in `ADAPTERS`.
        prediction_length: steps to forecast.
        quantile_levels: rising levels.
        batch_size: series at once.
        feature_extractor: that of the model, with the order of its variables.
        covariates: from `encode_covariates`.
        contexts: from `encode_contexts`.

    Returns:
        Arrays (series, prediction_length, targets) and (series, prediction_length, targets, levels); NaN for a series,
        or a target of it, that has no observed value or is too short, with a warning. What the text of each target of
        each series does, series by series, where there are texts.

    Raises:
        ValueError: for a horizon, levels or variables that the model cannot forecast, or a forecast that is not
            finite.
    """
    config = model.config
    adapter = find_adapter(config, type(model).__name__)
    adapter.check(config, prediction_length, quantile_levels)
    variables = adapter.variables(config)
    if variables is not None and len(panel.targets) == 1 and _is_one_sample(panel, variables, feature_extractor):
        shared = None if covariates is None else covariates.joined(panel)
        found = predict_panel(panel.joined(), model, prediction_length, quantile_levels, 1, feature_extractor, shared)
        mean, quantiles = (np.moveaxis(values, 2, 0)[:, 0, :, None] for values in (found.mean, found.quantiles))
        return Prediction(mean, quantiles)
    if variables and len(panel.targets) != variables:
        raise UserError(
            f"this model ({config.model_type}) reads {variables} variables together, and the table gives "
            f"{len(panel.targets)}; name {variables} targets, or give a wide table of {variables} series."
        )
    order = np.arange(len(panel.targets))
    min_length = 1
    if feature_extractor is not None and config.model_type == "llmps":
        order, min_length = model_order(config, feature_extractor, panel.targets), feature_extractor.min_length
    given_order = np.argsort(order)
    series = usable_series(panel, adapter, config, min_length)
    shape = (len(panel), prediction_length, len(panel.targets))
    mean, quantiles = np.full(shape, np.nan), np.full((*shape, len(quantile_levels)), np.nan)
    effects: list[Sequence[Any]] = [()] * (len(panel) * len(panel.targets))
    model.eval()
    for chosen, batch in panel_batches(panel, series, config.context_length, batch_size, covariates, contexts):
        given = {name: features.to(model.device) for name, features in batch.covariates.items()}
        values, periods = batch.values[..., order].to(model.device), batch.seasonal_periods.to(model.device)
        found = adapter.predict(
            model, Batch(values, periods, given, batch.contexts), prediction_length, quantile_levels
        )
        mean[chosen], quantiles[chosen] = found.mean[:, :, given_order], found.quantiles[:, :, given_order]
        for place, own in enumerate(found.effects or ()):
            sample, target = divmod(place, len(panel.targets))
            effects[int(chosen[sample]) * len(panel.targets) + target] = own
    _check_finite(panel, np.concatenate((mean[..., None], quantiles), axis=-1), series)
    return Prediction(mean, quantiles, None if contexts is None else effects)


def _is_one_sample(panel: Panel, variables: int, feature_extractor: ForecastFeatureExtractor | None) -> bool:
    """Whether the series of a panel are the variables of one sample."""
    if len(panel) < 2:
        return False
    if panel.is_wide:
        return True
    known = set(feature_extractor.columns if feature_extractor is not None else ())
    if not known.issuperset(map(str, panel.ids)):
        return variables == len(panel) and panel.ends_together
    if not panel.ends_together:
        logger.warning("the ids are columns of the training, but end at different times; each is forecast by itself.")
    return panel.ends_together


def _check_finite(panel: Panel, forecasts: np.ndarray, series: np.ndarray) -> None:
    """Check forecasts (series, steps, targets, numbers) of the series at these positions."""
    wrong = np.argwhere(~np.isfinite(forecasts[series]).all((1, 3)) & (_last_observed(panel)[series] >= 0))
    if len(wrong):
        number, target = wrong[0].tolist()
        raise UserError(
            f"{panel.name}: the forecast of {panel.label(int(series[number]), target)} is not finite; its values are "
            "too large (divide them by a power of ten), or the weights of the model are damaged."
        )


def _check_names(panel: Panel, quantile_levels: Sequence[float]) -> None:
    """Raise ValueError for columns of ids or timestamps with the name of a column of the forecasts."""
    own = {"target_name", "predictions", *map("{:g}".format, quantile_levels)}
    clash = next((name for name in (*panel.id_columns, panel.timestamp_column) if name in own), None)
    if clash is not None:
        raise UserError(f"{panel.name}: column {clash!r} has the name of a column of the forecasts; rename it.")


def predict_df(
    df: Any,
    prediction_length: int,
    future_df: Any = None,
    context: Any = None,
    quantile_levels: Sequence[float] = (0.1, 0.5, 0.9),
    id_column: str | Sequence[str] = ID,
    timestamp_column: str = TIMESTAMP,
    target: str | Sequence[str] = TARGET,
    freq: str | int | None = None,
    model: Forecaster | None = None,
    batch_size: int = BATCH_SIZE,
    non_negative: bool | None = None,
) -> Any:
    """Forecast every series of a table.

    A long table of Dask, Ray or Spark is forecast by its workers, each of which loads the model once, in parts that
    hold all rows of some ids.

    Args:
        df: table of pandas, polars or pyarrow; see `read_panel` for its forms: long with a column of ids, one series,
            or wide. Of Dask, Ray or Spark (extra `distributed`) a long one, whose timestamps are not text.
        prediction_length: steps to forecast.
        future_df: known future of covariates: a row for each id and step of the horizon.
        context: what is known of the series and of their future, in English: one text for all, or texts by id as a
            mapping, a Series, or a table with the columns of ids and `context`. A forecaster that reads no text warns
            and ignores it. Where a time covers a part of a step, as a day of a month does, the step is changed by that
            share. What the texts do, and what of them is not applied, is logged; `explain` says more.
        quantile_levels: levels between 0 and 1.
        id_column: column of ids, or several.
        timestamp_column: column of timestamps.
        target: column to forecast, or several.
        freq: time step, a pandas alias; inferred for each id by default. Of timestamps that number the steps (1, 2, 3)
            a whole number.
        model: folder or Hub name of a forecaster, a loaded one, or one with its feature extractor; by default the
            built-in one, which needs no training.
        batch_size: series to forecast at once; memory grows with it and not with the number of series.
        non_negative: whether to hold forecasts at 0 or above; by default those of series whose history has no negative
            value, and holds a zero or whole numbers only.

    Returns:
        A table of the same library, lazy where its tables are, with the columns of ids and timestamps, `target_name`,
        `predictions` (the median; of a model without quantiles its point forecast) and a column for each level, named
        as "0.1". Ids keep the order in which they first appear, but on a cluster; the rows of each are sorted by
        target and time. Ids that cannot be forecast (no observed value) are left out, with a warning.

    Raises:
        ValueError: as `read_panel`; for a horizon below 1, a level outside (0, 1), what the model cannot give, or a
            context of an id that the table lacks (which a cluster does not tell), or a model in memory for a cluster.
        OSError: the text encoder that the model names cannot be had.

    Example:

    ```python
    >>> predict_df(sales, prediction_length=14, id_column="store", target="sales")
    ```
    """
    horizon, levels = check_horizon(prediction_length), check_levels(quantile_levels)
    batch_size = check_count("batch_size", batch_size)
    if is_distributed(df):
        (name,) = check_loadable([model])
        options: dict[str, Any] = {"prediction_length": horizon, "quantile_levels": levels, "freq": freq}
        options["batch_size"] = batch_size
        work = partial(_predict_part, model=name, context=context, non_negative=non_negative, **options)
        made = {"target_name": pa.string(), "predictions": pa.float64()}
        made |= {f"{level:g}": pa.float64() for level in levels}
        return map_series(df, work, made, id_column, timestamp_column, target, future_df)
    forecaster, extractor = load(model)
    ADAPTERS[forecaster.config.model_type].check(forecaster.config, horizon, sorted(levels))
    panel = read_panel(df, id_column, timestamp_column, target, freq, **reading_options(extractor))
    return to_kind(
        forecast_panel(panel, forecaster, extractor, horizon, levels, future_df, context, batch_size, non_negative),
        panel.kind,
    )


def _predict_part(
    df: pd.DataFrame,
    future_df: pd.DataFrame | None,
    names: Names,
    model: str | Path | None,
    context: Any,
    **options: Any,
) -> pd.DataFrame:
    """Forecasts of some ids of a table, in a worker; arguments as `predict_df`."""
    if isinstance(context, Mapping | pd.Series):
        context = {key: context[key] for key in id_index(df, names.ids).unique() if key in context}
    loaded = load_once(model)
    return predict_df(df, future_df=future_df, context=context, model=loaded, **column_options(names), **options)


def forecast_panel(
    panel: Panel,
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor | None,
    prediction_length: int,
    quantile_levels: Sequence[float],
    future_df: Any = None,
    context: Any = None,
    batch_size: int = BATCH_SIZE,
    non_negative: bool | None = None,
) -> pd.DataFrame:
    """Table of the forecasts of a panel; arguments, columns and errors as `predict_df`."""
    prediction_length = check_horizon(prediction_length)
    _check_names(panel, quantile_levels)
    warn_of_misfits(panel, model.config, feature_extractor)
    contexts = encode_contexts(panel, context, prediction_length, model)
    timestamps = panel.future_timestamps(prediction_length)
    covariates = encode_covariates(panel, future_df, prediction_length, model, feature_extractor)
    has_median = ADAPTERS[model.config.model_type].has_median(model.config)
    rising = sorted({*quantile_levels, *([0.5] if has_median else [])})
    found = predict_panel(panel, model, prediction_length, rising, batch_size, feature_extractor, covariates, contexts)
    if contexts is not None:
        log_effects(found.effects or (), contexts.features)
    found = _held(found, panel, non_negative)
    median = found.quantiles[..., rising.index(0.5)] if has_median else found.mean
    columns = {"predictions": median}
    columns |= {f"{level:g}": found.quantiles[..., rising.index(level)] for level in quantile_levels}
    return _long_table(panel, timestamps, columns)


def rounded(table: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Table of forecasts with the decimals that say something: five digits of the width of the band of each series.

    Without a band it is six digits of the largest value.

    Args:
        table: of `forecast_panel`.
        horizon: its steps.
    """
    columns = table.columns[table.columns.get_loc("predictions") :]
    values = table[columns].to_numpy().reshape(-1, horizon, len(columns))
    width = np.ptp(values, axis=-1).max(1)
    width = np.where(width > 0, width, np.abs(values).max((1, 2)) / 10)
    decimals = np.clip(4 - np.floor(np.log10(np.where(width > 0, width, 1.0))), 0, 15)
    unit = np.repeat(10.0**decimals, horizon)[:, None]
    # Adding 0 makes 0 of -0.
    numbers = np.rint(values.reshape(len(table), -1) * unit) / unit + 0.0
    return table.assign(**dict(zip(columns, numbers.T, strict=True)))


def _held(found: Prediction, panel: Panel, non_negative: bool | None) -> Prediction:
    """Forecasts with 0 in place of less, where `non_negative` or its rule asks for it; see `predict_df`."""
    held = held_series(panel, non_negative)
    lowest = np.fmin(found.mean, np.fmin.reduce(found.quantiles, axis=-1, initial=np.inf)).min(1)
    changed = np.argwhere(held & (lowest < 0))
    if not len(changed):
        return found
    if non_negative is None:
        logger.info(
            "%s: forecasts of %s are held at 0 or above, as the history has no negative value; --non-negative false "
            "(non_negative=False) leaves them.",
            panel.name,
            shortened([panel.label(series, target) for series, target in changed.tolist()], _SHOWN),
        )
    lower = np.where(held, 0.0, -np.inf)[:, None]
    return found._replace(mean=np.maximum(found.mean, lower), quantiles=np.maximum(found.quantiles, lower[..., None]))


def _long_table(panel: Panel, timestamps: pd.DatetimeIndex, columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Long table of arrays (series, steps, targets): by id, target and step; rows without a number are left out."""
    series, horizon, targets = next(iter(columns.values())).shape
    rows = np.repeat(np.arange(series), targets * horizon)
    step = np.tile(np.arange(horizon), series * targets)
    table: dict[str, Any] = panel.keys(rows, np.tile(np.repeat(np.arange(targets), horizon), series))
    target_name = table.pop("target_name")
    table |= {
        panel.timestamp_column: panel.as_given(timestamps)[rows * horizon + step],
        "target_name": target_name,
    }
    table |= {name: values.transpose(0, 2, 1).reshape(-1) for name, values in columns.items()}
    known = ~np.isnan(table["predictions"])
    return pd.DataFrame(table) if known.all() else pd.DataFrame(table)[known].reset_index(drop=True)


def _as_source(series: Any, freq: str | None, default_freq: str | None) -> SeriesSource:
    """Load a table, or return loaded series; arguments and errors as `forecast_frame`."""
    if isinstance(series, SeriesSource):
        if freq is not None:
            raise UserError(f"freq is {freq!r}, but the series are loaded; give it to load_series.")
        return series
    if isinstance(series, str | Path):
        raise UserError(f"series is {str(series)!r}; give a table, or what load_series reads from there.")
    if isinstance(series, pd.DataFrame) and not isinstance(series.index, pd.DatetimeIndex):
        raise UserError(
            f"the index of series is a {type(series.index).__name__}; make it a DatetimeIndex, one timestamp for "
            "each row, or pass the table through load_series."
        )
    if isinstance(series, pd.DataFrame) and not series.index.is_monotonic_increasing:
        raise UserError(
            "the index of series is not in order of time; sort it (sort_index), or pass the table through load_series."
        )
    return load_series(series, freq=freq, default_freq=default_freq)


def forecast_frame(
    model: PreTrainedModel,
    feature_extractor: ForecastFeatureExtractor,
    series: pd.DataFrame | SeriesSource,
    prediction_length: int | None = None,
    quantile_levels: Sequence[float] | None = None,
    freq: str | None = None,
) -> pd.DataFrame:
    """Forecast the rows after a wide table of series with a loaded model; `predict_df` for any table.

    Args:
        model: from `load_forecaster`.
        feature_extractor: from `load_forecaster`.
        series: one column for each series, indexed by increasing timestamps (in pyarrow and polars tables a column of
            them), NaN where missing; or the result of `load_series`, which is not checked again.
        prediction_length: steps to forecast; by default the horizon of the model.
        quantile_levels: levels; by default those of the model.
        freq: time step of a table, a pandas alias; by default that of the feature extractor if it fits, else it is
            inferred from the timestamps.

    Returns:
        Tidy table with columns `timestamp`, `series`, `mean` (the point forecast of the model) and one for each level,
        such as `0.1`.

    Raises:
        ValueError: for series, a horizon or a level that the model does not support, a forecast that is not finite,
            and as `load_series`.
    """
    horizon = check_horizon(model.config.prediction_length if prediction_length is None else prediction_length)
    levels = check_quantile_levels(quantile_levels, model.config.quantiles)
    source = _as_source(series, freq, feature_extractor.freq)
    if len(source.series) < feature_extractor.min_length:
        raise UserError(
            f"{source.name}: the series have {len(source.series)} steps; at least {feature_extractor.min_length} are "
            "needed."
        )
    panel = wide_panel(source)
    rising = sorted(levels)
    found = predict_panel(panel, model, horizon, rising, BATCH_SIZE, feature_extractor)
    tidy = {
        "timestamp": np.repeat(panel.future_timestamps(horizon)[:horizon], len(panel)),
        "series": np.tile(source.series.columns, horizon),
        "mean": found.mean[..., 0].T.ravel(),
    }
    tidy |= {f"{level:g}": found.quantiles[:, :, 0, rising.index(level)].T.ravel() for level in levels}
    return pd.DataFrame(tidy)
