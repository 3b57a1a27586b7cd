"""From series to the inputs of a forecaster, and from its forecasts back to the units of the series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from transformers import BatchFeature, FeatureExtractionMixin
from transformers.utils import TensorType, is_pandas_available

# A checkpoint carries this code to where pandas may be missing; arrays do not need it.
if is_pandas_available():
    import pandas as pd


def _is_frame(series: Any) -> bool:
    return is_pandas_available() and isinstance(series, pd.DataFrame)


class ForecastFeatureExtractor(FeatureExtractionMixin):
    """Scales, checks, pads and batches series for [`LLMPSForForecasting`].

    Args:
        context_length: look-back of the model; longer series are cut to it.
        min_length: fewest observed steps that are enough for a forecast.
        scaler: column -> [mean, standard deviation] over the training split; columns that are not in it are taken as
            they are (the model normalises every window anyway, so that a forecast does not depend on the scaler).
        timestamp_column: name of the timestamp column in the training data.
        freq: time step of the training data, an alias of pandas, where the user gave it; else it is told from the
            timestamps.
        feature_extractor_type: written by transformers, not used.
    """

    model_input_names = ["past_values", "past_observed_mask"]  # noqa: RUF012

    def __init__(
        self,
        context_length: int = 96,
        min_length: int = 2,
        scaler: Mapping[str, Sequence[float]] | None = None,
        timestamp_column: str | None = None,
        freq: str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.context_length = context_length
        self.min_length = min_length
        self.scaler = {column: list(moments) for column, moments in (scaler or {}).items()}
        self.timestamp_column = timestamp_column
        self.freq = freq

    @staticmethod
    def fit_scaler(series: pd.DataFrame) -> dict[str, list[float]]:
        """Mean and population standard deviation (ddof 0) of each column; a constant column keeps its scale."""
        std = series.std(ddof=0)
        return {c: [float(series[c].mean()), float(std[c]) if std[c] > 0 else 1.0] for c in series.columns}

    def _moments(self, columns: Sequence[str]) -> np.ndarray:
        return np.array([self.scaler.get(str(c), (0.0, 1.0)) for c in columns], dtype=np.float64).reshape(-1, 2).T

    def scale(self, series: pd.DataFrame) -> np.ndarray:
        """float64 values (time, variables) in units of the training split's standard deviation."""
        mean, std = self._moments(series.columns)
        return (series.to_numpy(dtype=np.float64) - mean) / std

    def unscale(self, forecasts: np.ndarray, columns: Sequence[str]) -> np.ndarray:
        """Undoes `scale` on forecasts (..., variables)."""
        mean, std = self._moments(columns)
        return forecasts * std + mean

    def _checked(self, series: pd.DataFrame | np.ndarray | Sequence, index: int) -> np.ndarray:
        if _is_frame(series):
            values = self.scale(series)
        else:
            try:
                values = np.asarray(series, dtype=np.float64)
            except (TypeError, ValueError) as error:
                raise ValueError(f"series {index} is not numeric: {error}.") from None
        if values.ndim == 1:
            values = values[:, None]
        if values.ndim != 2 or 0 in values.shape:
            raise ValueError(
                f"series {index} has shape {values.shape}; give (time, variables), neither of them empty."
            )
        values = values[-self.context_length :]
        if np.isinf(values).any():
            raise ValueError(f"series {index} holds an infinity; mend the value or make it NaN.")
        if (np.abs(values) > np.finfo(np.float32).max).any():
            raise ValueError(f"series {index} has values beyond float32; divide it by a power of ten.")
        if np.isnan(values).all(0).any():
            variable = int(np.flatnonzero(np.isnan(values).all(0))[0])
            raise ValueError(
                f"series {index}: variable {variable} has no value in its last {len(values)} steps; drop it."
            )
        if len(values) < self.min_length:
            raise ValueError(f"series {index} has {len(values)} steps; at least {self.min_length} are needed.")
        return values

    def __call__(
        self,
        series: pd.DataFrame | np.ndarray | Sequence[pd.DataFrame | np.ndarray],
        return_tensors: str | TensorType | None = "pt",
    ) -> BatchFeature:
        """Makes a batch.

        Args:
            series: one sample or a list of them; a sample is a DataFrame (scaled by its column names) or an array
                of shape (time,) or (time, variables), NaN where missing. Samples may differ in length, not in
                variables.
            return_tensors: as everywhere in transformers.

        Returns:
            `past_values` float32 (batch, time, variables), padded on the left with zeros to the longest sample, and
            `past_observed_mask` bool of the same shape.

        Raises:
            ValueError: for an empty, non-numeric or infinite sample, one beyond float32, a variable without any value,
                fewer than `min_length` steps, or samples that differ in their number of variables.
        """
        samples = [series] if _is_frame(series) or isinstance(series, np.ndarray) else list(series)
        if not samples:
            raise ValueError("no series were given; give at least one.")
        arrays = [self._checked(sample, index) for index, sample in enumerate(samples)]
        if len({array.shape[1] for array in arrays}) > 1:
            raise ValueError(f"samples have {[a.shape[1] for a in arrays]} variables; all must have the same number.")
        longest = max(map(len, arrays))
        padded = np.stack([np.pad(a, ((longest - len(a), 0), (0, 0)), constant_values=np.nan) for a in arrays])
        mask = ~np.isnan(padded)
        data = {"past_values": np.where(mask, padded, 0.0).astype(np.float32), "past_observed_mask": mask}
        return BatchFeature(data, tensor_type=return_tensors)


__all__ = ["ForecastFeatureExtractor"]

ForecastFeatureExtractor.register_for_auto_class()
