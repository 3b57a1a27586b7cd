"""Covariates as inputs of a trained model: encoded as in training, scaled, with features of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from transformers.utils import is_pandas_available

from .covariates import CovariateEncoder
from .series_arrays import column_moments

# A checkpoint carries this code to where pandas may be missing; models without covariates do not need it.
if is_pandas_available() or TYPE_CHECKING:
    import pandas as pd

# Name, as in GluonTS -> share of the period that has passed at each timestamp, in [0, 1).
TIME_FEATURES: dict[str, Callable[[pd.DatetimeIndex], Any]] = {
    "minute_of_hour": lambda index: (index.minute + index.second / 60) / 60,
    "hour_of_day": lambda index: (index.hour + index.minute / 60) / 24,
    "day_of_week": lambda index: index.dayofweek / 7,
    "day_of_month": lambda index: (index.day - 1) / index.days_in_month,
    "day_of_year": lambda index: (index.dayofyear - 1) / (365 + index.is_leap_year.astype(int)),
    "month_of_year": lambda index: (index.month - 1) / 12,
}


def time_features(names: Sequence[str], timestamps: pd.DatetimeIndex) -> np.ndarray:
    """Sine and cosine of the phase of each timestamp, float64 (timestamps, 2 * names).

    Args:
        names: keys of `TIME_FEATURES`.
        timestamps: dates; their time zone, if any, is that of the clock and calendar.
    """
    phases = 2 * np.pi * np.stack([np.asarray(TIME_FEATURES[name](timestamps)) for name in names], axis=-1)
    return np.stack([np.sin(phases), np.cos(phases)], axis=-1).reshape(len(timestamps), -1)


class CovariateInputs:
    """Covariates of a model, fitted on the rows of its training split.

    Columns of numbers are scaled to mean 0 and standard deviation 1 over these rows. The features of the future are
    those of the known covariates, then those of time; the features of the past are the same, then those of the past
    covariates.

    Args:
        known: encoding of the covariates that are known in the future, from `to_dict`.
        past: of those that are known in the past alone.
        static: of those that do not change over time.
        time_features: keys of `TIME_FEATURES`.
        scaler: column of numbers -> [mean, standard deviation].

    Raises:
        ValueError: unknown features of time.
    """

    def __init__(
        self,
        known: Sequence[Any] = (),
        past: Sequence[Any] = (),
        static: Sequence[Any] = (),
        time_features: Sequence[str] = (),
        scaler: Mapping[str, Sequence[float]] | None = None,
    ):
        unknown = [name for name in time_features if name not in TIME_FEATURES]
        if unknown:
            raise ValueError(f"time_features: {unknown[0]!r} is none of {', '.join(TIME_FEATURES)}.")
        self.known, self.past, self.static = CovariateEncoder(known), CovariateEncoder(past), CovariateEncoder(static)
        self.time_features = list(time_features)
        self.scaler = {name: list(moments) for name, moments in (scaler or {}).items()}

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        known: Sequence[str] = (),
        past: Sequence[str] = (),
        static: Sequence[str] = (),
        time_features: Sequence[str] = (),
    ) -> CovariateInputs:
        """Fit encoding and scale on the rows of the training split, which hold the named columns.

        Raises:
            ValueError: unknown features of time, or as `CovariateEncoder.fit`.
        """
        columns = [CovariateEncoder.fit(table[list(names)]).columns for names in (known, past, static)]
        numbers = [column.name for encoded in columns for column in encoded if column.kind == "number"]
        scaler = {name: column_moments(table[name], f"covariate {name!r}") for name in numbers}
        return cls(columns[0], columns[1], columns[2], time_features, scaler)

    @property
    def names(self) -> list[str]:
        """Names of the columns that the covariates are read from."""
        return [*self.known.names, *self.past.names, *self.static.names]

    @property
    def num_known(self) -> int:
        """Features of each step of the future."""
        return len(self.known.feature_names) + 2 * len(self.time_features)

    @property
    def num_past(self) -> int:
        """Features of each step of the past that are not known in the future."""
        return len(self.past.feature_names)

    @property
    def num_static(self) -> int:
        """Features of each series that do not change over time."""
        return len(self.static.feature_names)

    def encode_past(self, table: pd.DataFrame, timestamps: pd.DatetimeIndex) -> np.ndarray:
        """Features of the past, float64 (rows, num_known + num_past), NaN where missing.

        Args:
            table: rows of past steps, of any number of series, with the known and the past covariates.
            timestamps: the timestamp of each row.

        Raises:
            ValueError: as `CovariateEncoder.transform`.
        """
        return np.concatenate([self.encode_future(table, timestamps), self._scaled(self.past, table)], axis=1)

    def encode_future(self, table: pd.DataFrame, timestamps: pd.DatetimeIndex) -> np.ndarray:
        """Features of the future, float64 (rows, num_known), from a table with the known covariates; see there."""
        features = self._scaled(self.known, table)
        if self.time_features:
            features = np.concatenate([features, time_features(self.time_features, timestamps)], axis=1)
        return features

    def encode_static(self, table: pd.DataFrame) -> np.ndarray:
        """Static features, float64 (rows, num_static), from a table with the static covariates, one row a series."""
        return self._scaled(self.static, table)

    def _scaled(self, encoder: CovariateEncoder, table: pd.DataFrame) -> np.ndarray:
        moments = np.array([self.scaler.get(name, (0.0, 1.0)) for name in encoder.feature_names]).reshape(-1, 2)
        return (encoder.transform(table) - moments[:, 0]) / moments[:, 1]

    def to_dict(self) -> dict[str, Any]:
        """Plain description, for JSON."""
        return {
            "known": self.known.to_list(),
            "past": self.past.to_list(),
            "static": self.static.to_list(),
            "time_features": self.time_features,
            "scaler": self.scaler,
        }


__all__ = ["TIME_FEATURES", "CovariateInputs", "time_features"]
