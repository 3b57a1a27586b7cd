"""Series in any container, for both feature extractors."""

import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import torch
from hypothesis import strategies as st

from ts_llm_fusion import ForecastFeatureExtractor
from ts_llm_fusion.processing.feature_extraction_time_series import TimeSeriesFeatureExtractor

from .harness import Family

NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.floats(-100, 100, width=32),
    st.floats(),
    st.sampled_from([0.0, -0.0, 1e-320, 1e308, -1e308, 3.5e38, 1e-45, 2**63, -(2**63), 10**400, np.nan]),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=3),
    st.complex_numbers(),
    st.sampled_from([pd.NA, pd.NaT, np.ma.masked, decimal.Decimal("1.5"), decimal.Decimal("sNaN"), b"1", {}, [], [[1]],
                     np.datetime64("2024-01-01"), np.timedelta64(3, "D"), pd.Timestamp("2024-01-01"),
                         torch.tensor(2.0),
                     np.float16(2), np.array(3), range(3)]),
)  # fmt: skip
PLAIN = st.lists(NUMBERS, min_size=1, max_size=12)


def _as(kind: str, values: list[Any]) -> Any:
    makers = {
        "list": list,
        "tuple": tuple,
        "object": lambda v: np.array(v, dtype=object),
        "float64": lambda v: np.array(v, dtype=np.float64),
        "float32": lambda v: np.array(v, dtype=np.float64).astype(np.float32),
        "float16": lambda v: np.array(v, dtype=np.float64).astype(np.float16),
        "int8": lambda v: (
            np.nan_to_num(np.array(v, dtype=np.float64), posinf=1, neginf=1).clip(-100, 100).astype("i1")
        ),
        "torch": lambda v: torch.tensor(v, dtype=torch.float64),
        "bfloat16": lambda v: torch.tensor(v, dtype=torch.float64).bfloat16(),
        "pandas": pd.Series,
        "index": pd.Index,
        "nullable": lambda v: pd.Series(v, dtype="Float64"),
        "category": lambda v: pd.Series(v).astype("category"),
        "polars": lambda v: pl.Series(v, dtype=pl.Float64),
        "arrow": lambda v: pa.array(v, pa.float64()),
        "masked": lambda v: np.ma.masked_invalid(np.array(v, dtype=np.float64)),
        "reversed": lambda v: np.array(v, dtype=np.float64)[::-1],
        "big endian": lambda v: np.array(v, dtype=">f8"),
    }
    with np.errstate(all="ignore"):
        return makers[kind](values)


KINDS = ["list", "tuple", "object", "float64", "float32", "float16", "int8", "torch", "bfloat16", "pandas", "index",
         "nullable", "category", "polars", "arrow", "masked", "reversed", "big endian"]  # fmt: skip


@st.composite
def containers(draw: st.DrawFn) -> Any:
    """A series in a container; one of strange values where the container takes them."""
    values = draw(st.one_of(PLAIN, PLAIN, st.lists(st.one_of(NUMBERS, ODD), max_size=8)))
    try:
        return _as(draw(st.sampled_from(KINDS)), values)
    except (ValueError, TypeError, OverflowError, RuntimeError, pa.ArrowException, decimal.InvalidOperation):
        return values
    except pl.exceptions.PanicException:  # not an Exception
        return values


def _table(columns: dict[str, list[Any]]) -> Any:
    try:
        return pd.DataFrame(dict(columns))
    except ValueError:
        return columns


def _matrix(rows: list[list[Any]]) -> Any:
    width = min(map(len, rows), default=0)
    return np.array([[float(v) if abs(v) < 1e300 or v != v else 0.0 for v in row[:width]] for row in rows])


SAMPLES = st.recursive(
    containers(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from("abc"), PLAIN, max_size=3).map(_table),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
        st.lists(PLAIN, max_size=3).map(_matrix),
    ),
    max_leaves=4,
)


EXTRACTORS = st.fixed_dictionaries(
    {
        "patch_length": st.integers(1, 5),
        "do_normalize": st.booleans(),
        "allow_missing": st.booleans(),
        "return_scales": st.booleans(),
        "max_tokens": st.sampled_from([None, 1, 2]),
    }
)


def check_time_series(case: tuple[dict[str, Any], Any], folder: Path) -> None:
    options, samples = case
    extractor = TimeSeriesFeatureExtractor(**options)
    inputs = extractor(samples, return_tensors="np")
    if not inputs:
        return
    values, mask = inputs["time_series"], inputs["time_series_mask"]
    assert values.dtype == np.float32 and mask.dtype == bool and values.shape == mask.shape
    assert len(values) == len(samples)
    assert np.isfinite(values).all()
    assert (values[~mask] == 0).all()
    if "time_series_scales" in inputs:
        assert np.isfinite(inputs["time_series_scales"]).all()
    for row, sample in enumerate(samples):
        for column, series in enumerate(extractor.prepare(sample)):
            observed = mask[row, column, : len(series.values)]
            assert np.isfinite([series.mean, series.std]).all() and series.std >= 0
            assert 1 <= series.num_tokens <= -(-len(series.values) // options["patch_length"])
            assert observed.any() and not mask[row, column, len(series.values) :].any()
            if options["do_normalize"]:
                own = values[row, column][mask[row, column]].astype(np.float64)
                assert abs(own.mean()) < 1e-5
                # Of a spread that is rounding errors alone, the values are 0.
                assert abs(own.std() - 1) < 1e-5 or not own.any()
                if not own.any():
                    assert series.std <= 1e-12 * abs(series.mean) * 1.01 or series.std < 1e-300


def check_forecast(case: tuple[Any, int], folder: Path) -> None:
    series, context_length = case
    inputs = ForecastFeatureExtractor(context_length=context_length, min_length=1)(series, return_tensors="np")
    values, mask = inputs["past_values"], inputs["past_observed_mask"]
    assert values.dtype == np.float64 and mask.dtype == bool and values.shape == mask.shape and values.ndim == 3
    assert 1 <= values.shape[1] <= context_length
    assert (np.abs(values) <= np.finfo(np.float32).max).all() and (values[~mask] == 0).all()
    assert mask.any(1).all()


FAMILIES = [
    Family("series for questions", st.tuples(EXTRACTORS, st.lists(SAMPLES, max_size=3)), check_time_series, 0.24),
    Family("series for forecasts", st.tuples(SAMPLES, st.integers(1, 12)), check_forecast, 0.2),
]
