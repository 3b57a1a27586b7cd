"""Tables of Dask, Ray and Spark: forecasts and backtests are those of a table of pandas."""

import importlib.util
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from dask.distributed import Client

import ts_llm_fusion
from ts_llm_fusion import cross_validation, predict_df
from ts_llm_fusion.data.series.panel_reading import Names
from ts_llm_fusion.distributed import TIMES, map_series
from ts_llm_fusion.forecasting import load_forecaster

HORIZON = 7
NAMES = {"id_column": "store", "timestamp_column": "day", "target": "sales"}


def stores() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Daily sales of stores of different lengths, with a price that is known and a weather that is not, and a kind."""
    rng = np.random.default_rng(0)
    past, future = [], []
    for number in range(6):
        steps = int(rng.integers(50, 80))
        price, day = rng.normal(size=steps + HORIZON), np.arange(steps + HORIZON)
        table = pd.DataFrame(
            {
                "store": f"store {number}",
                "day": pd.date_range("2024-01-01", periods=steps + HORIZON),
                "sales": (20 + 3 * np.sin(2 * np.pi * day / 7) + 2 * price + rng.normal(size=len(day)))
                .round()
                .astype("int64"),
                "price": price,
                "kind": "food" if number % 2 else "garden",
                "weather": rng.choice(["sun", "rain"], len(day)),
            }
        )
        past.append(table[:steps])
        future.append(table[steps:].drop(columns=["sales", "weather"]))
    return pd.concat(past, ignore_index=True), pd.concat(future, ignore_index=True)


def of_dask(table: pd.DataFrame) -> dd.DataFrame:
    """Cut anywhere, also within a store."""
    return dd.from_pandas(table, npartitions=3)


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    keys = [name for name in ("store", "day", "cutoff", "forecaster") if name in expected.columns]
    found, expected = (table.sort_values(keys, ignore_index=True) for table in (found, expected))
    assert list(found.columns) == list(expected.columns)
    for name in keys:
        assert (found[name].astype(expected[name].dtype) == expected[name]).all(), name
    numbers = expected.select_dtypes("number").columns
    difference = np.abs(found[numbers].to_numpy(np.float64, na_value=np.nan) - expected[numbers].to_numpy())
    # Of float32 in batches of other sizes, for values of about twenty.
    assert np.nanmax(difference) <= 1e-5
    assert (np.isnan(difference) == expected[numbers].isna().to_numpy()).all()


@pytest.fixture(scope="module")
def worker() -> Iterator[None]:
    """A worker in a thread of this process."""
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None):
        yield


def dtypes(table: pd.DataFrame) -> dict[str, Any]:
    return dict(table.dtypes)


def check(
    make: Callable[[pd.DataFrame], Any],
    get: Callable[[Any], pd.DataFrame],
    types: Callable[[Any], dict[str, Any]] = dtypes,
) -> None:
    """Forecasts with covariates of all kinds, forecasts with texts, and a backtest, of an engine against pandas."""
    past, future = stores()
    expected = predict_df(past, HORIZON, future_df=future, **NAMES)
    forecast = predict_df(make(past), HORIZON, future_df=make(future), **NAMES)
    assert type(forecast).__module__.partition(".")[0] == type(make(past)).__module__.partition(".")[0]
    assert_same(get(forecast), expected)
    given, found = types(make(past)), types(forecast)
    assert [found[name] for name in ("store", "day")] == [given[name] for name in ("store", "day")]
    alone = past[["store", "day", "sales"]]
    assert not np.allclose(expected["predictions"], predict_df(alone, HORIZON, **NAMES)["predictions"], atol=0.1)
    closed = past.loc[past["store"] == "store 5", "day"].max() + pd.Timedelta(days=2)
    texts = {"store 2": "Sales are doubled on the last day.", "store 5": f"Closed on {closed.day} {closed:%B}."}
    told = predict_df(alone, HORIZON, context=texts, **NAMES)
    assert_same(get(predict_df(make(alone), HORIZON, context=texts, **NAMES)), told)
    assert told.loc[(told["store"] == "store 5") & (told["day"] == closed), "predictions"].tolist() == [0]
    options = {"windows": 2, "known_covariates": "price", "baselines": ["seasonal_naive"], **NAMES}
    backtest = cross_validation(make(past), HORIZON, **options)
    assert_same(get(backtest), cross_validation(past, HORIZON, **options))
    assert types(backtest)["cutoff"] == given["day"]


def test_dask_forecasts_as_pandas_does_and_loads_the_model_once(
    worker: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loads = []
    load = ts_llm_fusion.prediction.load_model
    monkeypatch.setattr(ts_llm_fusion.prediction, "load_model", lambda model: loads.append(model) or load(model))
    ts_llm_fusion.prediction._loaded.cache_clear()
    past = stores()[0][["store", "day", "sales"]]
    forecast = predict_df(of_dask(past), 2, quantile_levels=[0.1, 0.9], **NAMES)
    assert isinstance(forecast, dd.DataFrame)
    assert not loads
    found = forecast.compute()
    assert loads == [ts_llm_fusion.BUILT_IN]
    assert_same(found, predict_df(past, 2, quantile_levels=[0.1, 0.9], **NAMES))
    past["sales"] = past["sales"].where(past["store"] == "store 5")
    assert predict_df(of_dask(past), 2, **NAMES).compute()["store"].tolist() == ["store 5"] * 2
    # Of its two parts, the other has nothing to forecast from.
    assert "there is nothing to forecast from: every series is without an observed value" in caplog.text


def test_a_backtest_on_dask_is_that_of_pandas(worker: None) -> None:
    past = stores()[0].drop(columns=["weather", "kind"])
    options = {"windows": 2, "model": [], "baselines": ["seasonal_naive", "repeat_last"], **NAMES}
    expected = cross_validation(past, HORIZON, **options)
    assert_same(cross_validation(of_dask(past), HORIZON, **options).compute(), expected)


def test_a_part_has_all_rows_of_its_ids_and_their_future(worker: None) -> None:
    """The numbers of both are as they were given, though the price is whole in the past and not in the future."""
    past, future = stores()
    past, future = past.assign(price=np.arange(len(past))), future.assign(price=np.arange(len(future)) + 0.5)

    def sums(table: pd.DataFrame, ahead: pd.DataFrame | None, names: Names) -> pd.DataFrame:
        assert ahead is not None and set(ahead["store"]) == set(table["store"])
        assert list(ahead.columns) == ["store", "day", "price", "kind"]
        assert table["weather"].notna().all() and names.targets == ("sales",)
        found = table.groupby("store", as_index=False).agg(
            day=("day", "max"), rows=("sales", "size"), sales=("sales", "sum")
        )
        kinds = ahead.groupby("store").agg(price=("price", "sum"), kind=("kind", "first"))
        return found.assign(price=kinds["price"].to_numpy(), kind=kinds["kind"].to_numpy())

    made = {"rows": pa.int64(), "sales": pa.float64(), "price": pa.float64(), "kind": pa.string()}
    names = Names(("store",), "day", ("sales",))
    expected = sums(past, future[["store", "day", "price", "kind"]], names)
    for ahead in (of_dask(future), future):
        found = map_series(of_dask(past), sums, made, "store", "day", "sales", ahead).compute()
        found = found.sort_values("store", ignore_index=True)
        assert len(found) == 6
        assert (found.astype(expected.dtypes.to_dict()) == expected).all(axis=None)


def test_what_a_cluster_cannot_do_is_refused_before_work(worker: None, tmp_path: Path) -> None:
    past, future = stores()
    table = of_dask(past)
    with pytest.raises(ValueError, match=r"model is a tuple, and the workers of a cluster load theirs; save it"):
        predict_df(table, HORIZON, model=load_forecaster(ts_llm_fusion.BUILT_IN), **NAMES)
    text = dd.from_pandas(past.astype({"day": "str"}), npartitions=2)
    with pytest.raises(
        ValueError, match="column 'day' holds text or objects, which each part of a cluster might read"
    ):
        predict_df(text, HORIZON, **NAMES)
    with pytest.raises(ValueError, match="future_df has a column 'size' that the table of the past lacks"):
        predict_df(table, HORIZON, future_df=of_dask(future.assign(size=1.0)), **NAMES)
    with pytest.raises(ValueError, match="not a long one; name its columns of ids"):
        predict_df(of_dask(past[["day", "sales"]]), HORIZON, timestamp_column="day", target="sales")
    with pytest.raises(ValueError, match="prediction_length is 0"):
        predict_df(table, 0, **NAMES)


def count_rows(table: pd.DataFrame, ahead: pd.DataFrame | None, names: Names) -> pd.DataFrame:
    """Rows of each id, and its last time."""
    logging.getLogger("ts_llm_fusion.prediction").warning("a part is read")
    (name,) = names.ids
    found = table.groupby(name, as_index=False, observed=True).agg(**{names.timestamp: (names.timestamp, "max")})
    return found.assign(rows=table.groupby(name, observed=True).size().to_numpy(), last=found[names.timestamp])


def counted(table: pd.DataFrame, npartitions: int = 3) -> pd.DataFrame:
    made = {"rows": pa.int64(), "last": TIMES}
    frame = dd.from_pandas(table, npartitions=npartitions)
    return map_series(frame, count_rows, made, "store", "day", "sales").compute()


@pytest.mark.parametrize(
    ("ids", "times"),
    [
        ("int64", "datetime64[ns]"),
        ("int8", "datetime64[s]"),
        ("float32", "datetime64[us, Europe/Berlin]"),
        ("string", "date32[pyarrow]"),
        ("category", "int64"),
    ],
)
def test_ids_and_times_keep_their_types(worker: None, ids: str, times: str) -> None:
    numbers = np.repeat(np.arange(1, 5), 3)
    table = pd.DataFrame({"store": numbers, "day": np.tile(np.arange(3), 4), "sales": numbers * 1.5})
    table["store"] = (table["store"].astype("string") if ids == "category" else table["store"]).astype(ids)
    if times != "int64":
        days = pd.Series(pd.date_range("2024-01-01", periods=3).as_unit("us")[table["day"]])
        table["day"] = days.dt.tz_localize("Europe/Berlin") if "Berlin" in times else days.astype(times)
    given, found = dd.from_pandas(table, npartitions=3).dtypes, counted(table)
    assert list(found["rows"]) == [3] * 4
    assert (found["store"].dtype, found["day"].dtype, found["last"].dtype) == (
        given["store"],
        given["day"],
        given["day"],
    )
    assert sorted(map(float, found["store"])) == [1, 2, 3, 4]
    assert (found["day"] == table["day"].max()).all() and (found["last"] == table["day"].max()).all()


def test_a_table_without_rows_has_no_forecasts_and_empty_parts_say_nothing(
    worker: None, caplog: pytest.LogCaptureFixture
) -> None:
    past = stores()[0][["store", "day", "sales"]]
    table = of_dask(past)
    for empty in (of_dask(past[:0]), table[table["store"] == "none"]):
        found = predict_df(empty, 2, **NAMES).compute()
        assert found.empty and list(found.columns[:3]) == ["store", "day", "target_name"]
        assert found["day"].dtype == past["day"].dtype
    one = predict_df(table[table["store"] == "store 1"], 2, **NAMES).compute()
    assert one["store"].tolist() == ["store 1"] * 2
    assert (one.dtypes.iloc[3:] == np.float64).all()
    assert not [record for record in caplog.records if record.name.startswith("ts_llm_fusion")]


def test_what_all_parts_say_is_said_once_a_call(worker: None, caplog: pytest.LogCaptureFixture) -> None:
    past = stores()[0]
    for calls in (1, 2):
        counted(past, npartitions=6)
        assert caplog.text.count("a part is read") == calls


def test_ids_of_several_types_and_types_that_a_cluster_lacks_are_refused(worker: None) -> None:
    past = stores()[0][["store", "day", "sales"]]
    mixed = past.assign(store=past["store"].map(lambda name: 1 if name == "store 1" else name).astype(object))
    with (
        dask.config.set({"dataframe.convert-string": False}),
        pytest.raises(ValueError, match="'store' holds objects"),
    ):
        predict_df(of_dask(mixed), 2, **NAMES).compute()
    for odd in (past["day"].dt.to_period("D"), past["day"] - past["day"].min(), past["sales"] * 1j):
        with pytest.raises(ValueError, match="has a column of a type that a cluster does not take"):
            predict_df(of_dask(past.assign(odd=odd)), 2, **NAMES)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_a_dask_cluster_of_two_workers_equals_pandas() -> None:
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None):
        check(of_dask, lambda table: table.compute())


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_ray_equals_pandas() -> None:
    import ray

    ray.init(num_cpus=2, include_dashboard=False)
    try:
        check(
            lambda table: ray.data.from_pandas(table).repartition(3),
            lambda table: table.to_pandas(),
            lambda table: dict(zip(table.schema().names, table.schema().types, strict=True)),
        )
    finally:
        ray.shutdown()


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark runs on Java, which is not installed")
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed")
def test_spark_equals_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.sql import SparkSession

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "3",
        "spark.sql.session.timeZone": "UTC",
    }
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    try:
        check(
            session.createDataFrame,
            lambda table: table.toPandas(),
            lambda table: {field.name: field.dataType for field in table.schema},
        )
        past = session.createDataFrame(stores()[0][["store", "day", "sales"]])
        by_day = past.withColumn("day", past["day"].cast("date"))
        for table in (past, by_day):
            found = predict_df(table, 2, **NAMES)
            assert found.schema["day"].dataType == table.schema["day"].dataType
            assert_same(found.toPandas(), predict_df(table.toPandas(), 2, **NAMES))
        assert predict_df(past.filter("store = 'none'"), 2, **NAMES).count() == 0
    finally:
        session.stop()
