"""Series in the containers that Python users hold."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ts_llm_fusion import ForecastFeatureExtractor, TimeSeriesFeatureExtractor
from ts_llm_fusion.processing.series_arrays import columns_of, to_array

# Containers of the numbers 1, missing, 3 and 4.
GAPPED: dict[str, Callable[[], Any]] = {
    "list": lambda: [1, None, 3, 4.0],
    "list of scalars": lambda: [np.True_, np.ma.masked, torch.tensor(3), np.array(4.0)],
    "generator": lambda: (value for value in (1, pd.NA, 3, 4)),
    "numpy": lambda: np.array([1, np.nan, 3, 4], dtype=np.float16),
    "numpy objects": lambda: np.array([1, None, 3, Decimal("4")], dtype=object),
    "masked numpy": lambda: np.ma.masked_array([1, 99, 3, 4], [False, True, False, False]),
    "torch": lambda: torch.tensor([1, torch.nan, 3, 4], requires_grad=True) * 1,
    "torch bfloat16": lambda: torch.tensor([1, torch.nan, 3, 4], dtype=torch.bfloat16),
    "pandas": lambda: pd.Series([1, np.nan, 3, 4], index=pd.period_range("2024", periods=4, freq="M")),
    "pandas objects": lambda: pd.Series([1, None, Decimal(3), 4.0], dtype=object),
    "pandas Int64": lambda: pd.Series([1, None, 3, 4], dtype="Int64"),
    "pandas Float32": lambda: pd.Series([1, None, 3, 4], dtype="Float32"),
    "pandas Arrow": lambda: pd.Series([1, None, 3, 4], dtype="int64[pyarrow]"),
    "pandas Arrow decimal": lambda: pd.Series([1, None, 3, 4]).astype(pd.ArrowDtype(pa.decimal128(9, 2))),
    "pandas category": lambda: pd.Series([1, None, 3, 4]).astype("category"),
    "pandas sparse": lambda: pd.Series(pd.arrays.SparseArray([1, np.nan, 3, 4])),
    "polars": lambda: pl.Series([1, None, 3, 4]),
    "polars decimal": lambda: pl.Series([Decimal(1), None, Decimal(3), Decimal(4)]),
    "pyarrow": lambda: pa.array([1, None, 3, 4]),
    "pyarrow chunks": lambda: pa.chunked_array([[1.0, None], [3.0, 4.0]]),
}
WHOLE: dict[str, Callable[[], Any]] = {
    "range": lambda: range(1, 4),
    "range index": lambda: pd.RangeIndex(1, 4),
    "torch int8": lambda: torch.tensor([1, 2, 3], dtype=torch.int8),
    "numpy uint8": lambda: np.array([1, 2, 3], dtype=np.uint8),
    "pyarrow dictionary": lambda: pa.array([1, 2, 3]).dictionary_encode(),
}
REFUSED: dict[str, Callable[[], Any]] = {
    "text": lambda: "1, 2",
    "texts": lambda: ["1", "2"],
    "text among numbers": lambda: [1.0, "2"],
    "bytes": lambda: b"12",
    "numpy text": lambda: np.array(["1", "2"]),
    "numpy complex": lambda: np.array([1 + 0j]),
    "numpy dates": lambda: np.array(["2024-01-01"], dtype="datetime64[D]"),
    "numpy durations": lambda: np.array([1], dtype="timedelta64[s]"),
    "numpy records": lambda: np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
    "torch complex": lambda: torch.tensor([1j]).conj(),
    "torch without values": lambda: torch.ones(3, device="meta"),
    "pandas text": lambda: pd.Series(["1", "2"]),
    "pandas dates": lambda: pd.Series(pd.date_range("2024", periods=2)),
    "pandas periods": lambda: pd.Series(pd.period_range("2024", periods=2, freq="D")),
    "pandas category of text": lambda: pd.Series(["1", "2"]).astype("category"),
    "polars text": lambda: pl.Series(["1", "2"]),
    "polars lists": lambda: pl.Series([[1, 2], [3, 4]]),
    "pyarrow dates": lambda: pa.array([datetime.date(2024, 1, 1)]),
    "numpy durations in a list": lambda: [np.timedelta64(1, "ns"), 2.0],
    "numpy dates in a list": lambda: [np.datetime64(1, "ns")],
    "dates": lambda: [datetime.date(2024, 1, 1)],
    "not a time": lambda: [pd.NaT, 1.0],
    "a dictionary": lambda: {"a": [1.0, 2.0]},
    "a set": lambda: {1.0, 2.0},
    "nothing": lambda: None,
    "a number": lambda: 3.0,
    "unequal lengths": lambda: [[1.0, 2.0], [3.0]],
    "unequal depth": lambda: [1.0, [2.0]],
    "beyond float64": lambda: [10**400],
}


@pytest.mark.parametrize("kind", GAPPED)
def test_every_container_gives_the_same_numbers(kind: str) -> None:
    expected = [1.0, np.nan, 3.0, 4.0]
    found = to_array(GAPPED[kind](), "series 0")
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, expected)
    features = ForecastFeatureExtractor()(GAPPED[kind]())
    assert features["past_values"].tolist() == [[[1.0], [0.0], [3.0], [4.0]]]
    assert features["past_observed_mask"].flatten().tolist() == [True, False, True, True]
    answered = TimeSeriesFeatureExtractor(do_normalize=False)([GAPPED[kind]()])
    assert answered["time_series"].tolist() == [[[1.0, 0.0, 3.0, 4.0]]]
    assert answered["time_series_mask"].tolist() == [[[True, False, True, True]]]


@pytest.mark.parametrize("kind", WHOLE)
def test_containers_without_gaps(kind: str) -> None:
    np.testing.assert_array_equal(to_array(WHOLE[kind](), "series 0"), [1.0, 2.0, 3.0])


@pytest.mark.parametrize("kind", REFUSED)
def test_everything_else_is_one_line(kind: str) -> None:
    uses = [lambda series: to_array(series, "series 0")]
    if kind not in ("unequal lengths", "nothing"):  # samples of two lengths; and a question without series
        uses += [ForecastFeatureExtractor(min_length=1), lambda series: TimeSeriesFeatureExtractor()([series])]
    for use in uses:
        with pytest.raises(ValueError, match=r"series|column") as error:
            use(REFUSED[kind]())
        assert "\n" not in str(error.value)


@given(
    st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(np.nan)), min_size=6, max_size=24).filter(
        lambda v: not len(v) % 2
    )
)
@settings(max_examples=40, deadline=None)
def test_two_axes_mean_the_same_in_every_container(flat: list[float]) -> None:
    values = np.array(flat).reshape(-1, 2)
    table = pd.DataFrame(values, columns=["a", "b"])
    for one in (
        torch.from_numpy(values),
        np.ma.masked_invalid(values),
        values.tolist(),
        np.asfortranarray(values),
        values.astype(object),
    ):
        np.testing.assert_array_equal(to_array(one, "series 0"), values)
    for tabular in (table, table.convert_dtypes(), pl.from_pandas(table), pa.table(table), pa.record_batch(table)):
        columns = columns_of(tabular)
        assert list(columns) == ["a", "b"]
        np.testing.assert_array_equal(np.stack([to_array(c, "") for c in columns.values()], 1), values)


def test_a_tensor_of_two_axes_is_one_sample_and_a_list_is_many() -> None:
    extractor, values = ForecastFeatureExtractor(), np.arange(12.0).reshape(4, 3)
    for one in (values, torch.tensor(values), pl.DataFrame(values), pa.table(pd.DataFrame(values))):
        assert extractor(one)["past_values"].shape == (1, 4, 3)
    assert extractor([values, torch.tensor(values)])["past_values"].shape == (2, 4, 3)
    assert extractor(values.tolist())["past_values"].shape == (4, 3, 1)
    assert extractor([1.0, 2.0])["past_values"].shape == (1, 2, 1)


def test_a_column_that_appears_twice_is_refused() -> None:
    twice = pd.DataFrame(np.ones((3, 2)), columns=["a", "a"])
    with pytest.raises(ValueError, match="column 'a' appears twice"):
        ForecastFeatureExtractor()(twice)
    with pytest.raises(ValueError, match="sample 0: column 'a' appears twice"):
        TimeSeriesFeatureExtractor()([twice])
