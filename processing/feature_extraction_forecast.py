"""Feature extractor of the forecaster: series to model inputs, and forecasts back to the units of the series."""

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from transformers import BatchFeature, FeatureExtractionMixin
from transformers.utils import TensorType, logging

from .context_features import prepare_context
from .covariate_inputs import CovariateInputs
from .series_arrays import (
    column_moments,
    columns_of,
    is_container,
    is_list,
    shortened,
    stack_columns,
    to_array,
)

logger = logging.get_logger(__name__)


def _named_columns(sample: Any) -> dict[str, Any] | None:
    """Columns of a table by name; a named pandas or polars series is a table of one; None for any other object."""
    name = getattr(sample, "name", None)
    has_name = name is not None and name != ""
    if has_name and is_container(sample) and hasattr(sample, "to_numpy") and len(getattr(sample, "shape", ())) == 1:
        return {str(name): sample}
    return columns_of(sample)


def _columns(table: Any) -> dict[str, Any]:
    columns = columns_of(table)
    if columns is None:
        raise ValueError(f"series is a {type(table).__name__}; give a table of pandas, polars or pyarrow.")
    return columns


def _checked_moments(column: Any, moments: Any) -> list[float]:
    """Mean and standard deviation of a column as a list."""
    given = list(moments) if is_list(moments) or is_container(moments) else []
    numbers = [value for value in given if isinstance(value, Real) and math.isfinite(value)]
    if len(given) != 2 or len(numbers) != 2 or numbers[1] <= 0:
        raise ValueError(f"scaler of column {str(column)!r} is {moments!r:.80}; give [mean, standard deviation].")
    return given


class ForecastFeatureExtractor(FeatureExtractionMixin):
    """Feature extractor for [`LLMPSForForecasting`]: scales, checks, pads and batches series.

    Args:
        context_length: look-back of the model in steps; longer series are cut to it.
        min_length: fewest steps of a series for a forecast.
        scaler: column -> [mean, standard deviation] over the training split; other columns are not scaled (the model
            normalizes every window anyway, so that a forecast does not depend on the scaler).
        freq: time step of the training data, a pandas alias; None to infer it from timestamps.
        columns: names of the variables in the order of training, by default that of `scaler`; empty if not known, as
            in checkpoints of earlier versions (JSON keeps no order of `scaler`).
        covariates: covariates of the model, as from `CovariateInputs.to_dict`; none by default.
    """

    model_input_names = ["past_values", "past_observed_mask"]  # noqa: RUF012

    def __init__(
        self,
        context_length: int = 96,
        min_length: int = 2,
        scaler: Mapping[str, Sequence[float]] | None = None,
        freq: str | None = None,
        columns: Sequence[str] | None = None,
        covariates: CovariateInputs | Mapping[str, Any] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, steps in (("context_length", context_length), ("min_length", min_length)):
            if not isinstance(steps, Integral) or isinstance(steps, bool) or steps < 1:
                raise ValueError(f"{name} is {steps!r:.80}; give a whole number of at least 1.")
        self.context_length = context_length
        self.min_length = min_length
        if scaler is not None and not isinstance(scaler, Mapping):
            raise ValueError(f"scaler is {scaler!r:.80}; give a mapping of columns to [mean, standard deviation].")
        self.scaler = {str(column): _checked_moments(column, moments) for column, moments in (scaler or {}).items()}
        is_names = columns is None or (is_list(columns) and all(isinstance(name, str | Integral) for name in columns))
        if not is_names:
            raise ValueError(f"columns is {columns!r:.80}; give a list of names.")
        if freq is not None and not isinstance(freq, str):
            raise ValueError(f"freq is {freq!r:.80}; give an alias of pandas.")
        self.freq = freq
        self.columns = list(self.scaler if columns is None else columns)
        self.covariates = CovariateInputs(**covariates) if isinstance(covariates, Mapping) else covariates

    def to_dict(self) -> dict[str, Any]:
        """Plain description, for JSON."""
        state = super().to_dict()
        del state["covariates"]
        return state if self.covariates is None else state | {"covariates": self.covariates.to_dict()}

    @classmethod
    def from_dict(cls, feature_extractor_dict: dict[str, Any], **kwargs):
        """Build from a saved configuration; without `columns` in it, the order of several is not known."""
        scaler = feature_extractor_dict.get("scaler") or {}
        return super().from_dict(
            {"columns": list(scaler) if len(scaler) == 1 else [], **feature_extractor_dict}, **kwargs
        )

    @staticmethod
    def fit_scaler(series: Any) -> dict[str, list[float]]:
        """Mean and population standard deviation (ddof 0) of the observed values of each column of a table.

        A column that is constant up to the rounding of its floating-point type has standard deviation 1; a column
        without values has mean 0 and standard deviation 1.
        """
        return {name: column_moments(column, f"column {name!r}") for name, column in _columns(series).items()}

    def training_order(self, columns: Iterable[Any]) -> np.ndarray:
        """Positions that sort columns into the order of training, unknown columns last and by name.

        Without a known order of training, columns keep their order.

        Args:
            columns: names, in any order.

        Returns:
            int64 (columns,): `columns[positions[k]]` comes k-th.
        """
        names = [str(column) for column in columns]
        if not self.columns:
            return np.arange(len(names))
        rank = {name: position for position, name in enumerate(self.columns)}
        keys = [(rank.get(name, len(rank)), name) for name in names]
        return np.array(sorted(range(len(names)), key=keys.__getitem__), dtype=np.int64)

    def _moments(self, columns: Iterable[Any]) -> np.ndarray:
        return np.array([self.scaler.get(str(c), (0.0, 1.0)) for c in columns], dtype=np.float64).reshape(-1, 2).T

    def scale(self, series: Any) -> np.ndarray:
        """Scale a table to float64 (time, variables) in units of the training split's standard deviation."""
        return self._scaled(_columns(series))

    def _scaled(self, columns: Mapping[str, Any]) -> np.ndarray:
        mean, std = self._moments(columns)
        return (stack_columns(columns) - mean) / std

    def unscale(self, forecasts: np.ndarray, columns: Iterable[Any], axis: int = -1) -> np.ndarray:
        """Bring forecasts back from the units of `scale`, in float64.

        Scaling and unscaling cost digits of a series whose spread is far below the training split's mean or standard
        deviation; `forecast_frame` and arrays without names avoid both.

        Args:
            forecasts: (..., variables), or quantiles (..., variables, levels) with `axis` -2.
            columns: names of the variables.
            axis: axis of the variables, counted from the end.
        """
        mean, std = self._moments(columns).reshape(2, -1, *[1] * (-1 - axis))
        return forecasts * std + mean

    def __call__(self, series: Any, return_tensors: str | TensorType | None = "pt") -> BatchFeature:
        """Prepare a batch.

        Args:
            series: one sample or a list of them. A sample is a pandas, polars or pyarrow table with a variable in each
                column, or a named series, both scaled by name; or an array or tensor (time,) or (time, variables), or
                a list of numbers, not scaled. NaN, None, nulls and masked values are missing. Samples may differ in
                length, but not in their variables, which keep their order.
            return_tensors: `"pt"`, `"np"`, or None for numpy arrays.

        Returns:
            `past_values` float64 (batch, time, variables), padded on the left with zeros to the longest sample, and
            `past_observed_mask` bool of the same shape. The model converts to float32 after normalization.

        Raises:
            ValueError: for an empty, non-numeric or infinite sample, values beyond float32, a variable without values,
                fewer than `min_length` steps, samples that differ in their number of variables, or a column that is
                a covariate.
        """
        # A list of numbers is one sample; a list of arrays or lists holds samples.
        items = list(series) if is_list(series) else [series]
        is_samples = is_list(series) and any(is_list(item) or is_container(item) for item in items)
        samples = items if is_samples or not is_list(series) or not items else [items]
        if not samples:
            raise ValueError("no series were given; give at least one.")
        return self.pad([self._values(sample, index) for index, sample in enumerate(samples)], return_tensors)

    @staticmethod
    def prepare_context(
        text: str,
        history: Any,
        prediction_length: int,
        timestamps: Any = None,
        names: Sequence[object] = (),
        others: Sequence[object] = (),
    ) -> dict[str, Any]:
        """Ground a text on the time axis of a series: what [`TSFusionForForecasting`] takes as its `context`.

        Args:
            text: what is known of the series and of its future, in English.
            history: (time,), the values that the model gets, NaN where missing.
            prediction_length: steps of the forecast.
            timestamps: of history and horizon, (time + prediction_length,), without a time zone; None where there are
                none.
            names: that the text may call the series by: the column of its values, its id.
            others: the same of other series that it may speak of, whose effects are not those of this one.

        Returns:
            Features, and under `grounding` what was found in the text, as plain data.

        Raises:
            ValueError: as `grounding.ground`.
        """
        return prepare_context(text, history, prediction_length, timestamps, names, others)[1]

    def pad(self, arrays: Sequence[np.ndarray], return_tensors: str | TensorType | None = "pt") -> BatchFeature:
        """Check, cut and stack float64 arrays (time, variables), NaN where missing; see `__call__`."""
        arrays = [self._checked(array, index) for index, array in enumerate(arrays)]
        if len({array.shape[1] for array in arrays}) > 1:
            raise ValueError(f"samples have {[a.shape[1] for a in arrays]} variables; all must have the same number.")
        longest = max(map(len, arrays))
        padded = np.stack([np.pad(a, ((longest - len(a), 0), (0, 0)), constant_values=np.nan) for a in arrays])
        mask = ~np.isnan(padded)
        data = {"past_values": np.where(mask, padded, 0.0), "past_observed_mask": mask}
        return BatchFeature(data, tensor_type=return_tensors)

    def _values(self, sample: Any, index: int) -> np.ndarray:
        """Convert a sample to float64 (time, variables), scaled if its variables have names."""
        columns = _named_columns(sample)
        if columns is not None:
            given = [name for name in columns if self.covariates is not None and name in self.covariates.names]
            if given:
                raise ValueError(
                    f"series {index}: columns {shortened(given)} are covariates of this model, not series; forecast "
                    "such a table with predict_df, or give the series alone."
                )
            self._warn_of_order(list(columns))
            return self._scaled(columns)
        values = to_array(sample, f"series {index}")
        if values.ndim == 2 and values.shape[1] > 1 and len(self.columns) > 1:
            logger.warning_once(
                "series without names of columns: they are taken to be in the order of training, "
                f"{shortened(self.columns)}."
            )
        return values[:, None] if values.ndim == 1 else values

    def _warn_of_order(self, names: list[str]) -> None:
        """Warn of columns out of the order of training, which a model that mixes variables depends on."""
        if len(names) > 1 and len(self.columns) > 1 and (self.training_order(names) != np.arange(len(names))).any():
            logger.warning_once(
                f"columns {shortened(names)} are not in the order of training, {shortened(self.columns)}, on "
                "which a forecast may depend; forecast_frame sorts them."
            )

    def _checked(self, values: np.ndarray, index: int) -> np.ndarray:
        if values.ndim != 2 or 0 in values.shape:
            raise ValueError(
                f"series {index} has shape {values.shape}; give (time, variables), neither of them empty."
            )
        values = values[-self.context_length :]
        if np.isinf(values).any():
            raise ValueError(f"series {index} holds an infinity; correct the value or make it NaN.")
        if (np.abs(values) > np.finfo(np.float32).max).any():
            raise ValueError(f"series {index} has values beyond float32; divide it by a power of ten.")
        is_empty = np.isnan(values).all(0)
        if is_empty.any():
            raise ValueError(
                f"series {index}: variable {is_empty.argmax()} has no value in its last {len(values)} steps; drop it."
            )
        if len(values) < self.min_length:
            raise ValueError(f"series {index} has {len(values)} steps; at least {self.min_length} are needed.")
        return values


__all__ = ["ForecastFeatureExtractor", "shortened"]

ForecastFeatureExtractor.register_for_auto_class()
