"""Tables of the known future of covariates, and tables of series in Python, forecast by the built-in forecaster."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st

from ts_llm_fusion import BUILT_IN, predict_df
from ts_llm_fusion.forecasting import load_forecaster

from .harness import Family

HORIZON = 3
ROWS = 20
STAMPS = pd.date_range("2024-01-01", periods=ROWS + HORIZON, freq="D")
NUMBERS = ["predictions", "0.1", "0.5", "0.9"]


@cache
def model() -> Any:
    return load_forecaster(BUILT_IN)


def table() -> pd.DataFrame:
    """Two series with covariates of two types over history and horizon."""
    days = np.tile(np.arange(ROWS + HORIZON), 2)
    return pd.DataFrame(
        {
            "item_id": np.repeat(["a", "b"], ROWS + HORIZON),
            "timestamp": np.tile(STAMPS, 2),
            "target": 50 + 5 * np.sin(days * 2 * np.pi / 7) + np.repeat([0, 20], ROWS + HORIZON),
            "price": 1 + days % 5 / 10,
            "promo": days % 6 == 0,
        }
    )


WHOLE = table()
PAST = WHOLE[WHOLE["timestamp"] < STAMPS[ROWS]].reset_index(drop=True)
FUTURE = WHOLE[WHOLE["timestamp"] >= STAMPS[ROWS]].drop(columns="target").reset_index(drop=True)


@cache
def clean() -> pd.DataFrame:
    """Forecast of the clean tables."""
    return predict_df(PAST, HORIZON, future_df=FUTURE, model=model())


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from([pd.NaT, pd.NA, np.inf, 1e308, "2024-01-21", "21.01.2024", STAMPS[0], STAMPS[-1],
        STAMPS[-1] + pd.Timedelta(days=400),
                     pd.Timestamp("2024-01-21", tz="UTC"), [1], {}, (1, 2), b"a", "a", "b", 1 + 2j]),
)  # fmt: skip


@st.composite
def changes(draw: st.DrawFn, kinds: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
    """A change of a table: its kind, and numbers or a cell."""
    kind = draw(st.sampled_from(kinds))
    return kind, (draw(st.integers(0, 200)), draw(st.integers(0, 10)), draw(CELLS))


# Changes that leave what a table says as it is.
SAME = ("shuffle", "columns", "polars", "arrow", "index", "categories", "zone of times")
OTHER = ("cell", "cell", "drop row", "double row", "drop column", "rename", "type", "empty", "shift", "add column")


def changed(frame: pd.DataFrame, change: tuple[str, tuple[Any, ...]]) -> Any:
    """A table with a change."""
    kind, (row, column, cell) = change
    name = frame.columns[column % frame.shape[1]]
    row %= max(len(frame), 1)
    if kind == "shuffle":
        return frame.sample(frac=1, random_state=row)
    if kind == "columns":
        return frame[frame.columns[np.random.default_rng(row).permutation(frame.shape[1])]]
    if kind == "polars":
        return pl.from_pandas(frame)
    if kind == "arrow":
        return pa.Table.from_pandas(frame, preserve_index=False)
    if kind == "index":
        return frame.set_index(np.arange(len(frame)) + row)
    if kind == "categories":
        return frame.astype({"item_id": "category"})
    if kind == "zone of times":
        return frame.assign(timestamp=frame["timestamp"].astype("datetime64[us]"))
    if kind == "cell":
        found = frame.astype({name: object}).reset_index(drop=True)
        if len(found):
            found.at[row, name] = cell
        return found.infer_objects()
    if kind == "drop row":
        return frame.drop(index=frame.index[row : row + 1])
    if kind == "double row":
        return pd.concat([frame, frame.iloc[row : row + 1]])
    if kind == "drop column":
        return frame.drop(columns=name)
    if kind == "rename":
        return frame.rename(columns={name: cell if isinstance(cell, str | int | float) else "x"})
    if kind in ("type", "shift") and not {"item_id", "timestamp", "target"} <= {*frame.columns}:
        return frame
    if kind == "type":
        return frame.astype({name: ["str", "object", "category", "string"][row % 4]})
    if kind == "empty":
        return frame.iloc[:0]
    if kind == "shift":
        stamps = pd.to_datetime(frame["timestamp"].astype(str), errors="coerce", utc=True, format="ISO8601")
        return frame.assign(timestamp=stamps.dt.tz_localize(None) + pd.Timedelta(hours=row * 3))
    return frame.assign(**{"extra": [cell] * len(frame)})


def check_forecast(found: Any, horizon: int) -> pd.DataFrame:
    """Check what holds of every forecast of a table."""
    frame = found if isinstance(found, pd.DataFrame) else found.to_pandas()
    values = frame[NUMBERS].to_numpy(dtype=np.float64)
    assert len(frame) and len(frame) % horizon == 0
    assert np.isfinite(values).all()
    assert (values[:, 1] <= values[:, 2]).all() and (values[:, 2] <= values[:, 3]).all()
    times = frame[frame.columns[frame.columns.get_loc("target_name") - 1]].to_numpy().reshape(-1, horizon)
    assert (times[:, 1:] > times[:, :-1]).all()
    return frame


def check_future(case: tuple[str, tuple[str, tuple[Any, ...]], int], folder: Path) -> None:
    side, change, horizon = case
    past, future = (changed(PAST, change), FUTURE) if side == "past" else (PAST, changed(FUTURE, change))
    found = check_forecast(predict_df(past, horizon, future_df=future, model=model()), horizon)
    if change[0] in SAME and horizon == HORIZON:
        ordered = found.assign(item_id=found["item_id"].astype(str)).sort_values(["item_id", "timestamp"])
        pd.testing.assert_frame_equal(ordered[NUMBERS].reset_index(drop=True), clean()[NUMBERS], rtol=1e-5)


def check_table(case: tuple[list[tuple[str, tuple[Any, ...]]], int], folder: Path) -> None:
    frame: Any = PAST[["item_id", "timestamp", "target"]]
    for change in case[0]:
        frame = changed(frame, change)
    check_forecast(predict_df(frame, case[1], model=model()), case[1])


HORIZONS = st.sampled_from([HORIZON] * 6 + [1, 7])
FAMILIES = [
    Family("known futures", st.tuples(st.sampled_from(["past", "future", "future"]), changes(SAME + OTHER),
        HORIZONS), check_future, 0.01, clean),
    Family("tables in Python", st.tuples(st.lists(changes(OTHER), min_size=1, max_size=2), HORIZONS), check_table,
        0.01, model),
]  # fmt: skip
