"""Windows of a long table in parquet files: all of them, each once, with a part of the table in memory."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from accelerate.data_loader import BatchSamplerShard
from torch.utils.data import BatchSampler

from ts_llm_fusion.data.series.parquet_files import LongFiles, index_files
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.data.series.streaming import StreamedWindows, StreamingArguments, prepare_training
from ts_llm_fusion.errors import UserError

CONTEXT, HORIZON, SERIES = 12, 4, 40


def stores() -> pd.DataFrame:
    """Series of 5 to 120 days, one after the other, with missing values."""
    rng = np.random.default_rng(0)
    tables = []
    for number in range(SERIES):
        steps = int(rng.integers(5, 120))
        days = pd.date_range("2024-01-01", periods=steps) + pd.Timedelta(days=number)
        sales = rng.normal(size=steps).cumsum() + 10 * number
        tables.append(pd.DataFrame({"store": f"store {number:02d}", "day": days, "sales": sales}))
    table = pd.concat(tables, ignore_index=True)
    table["kind"] = table["store"].str[-1].isin(list("02468")).map({True: "food", False: "garden"})
    # One store has no value at all.
    table.loc[(rng.random(len(table)) < 0.03) | (table["store"] == "store 07"), "sales"] = np.nan
    return table


def write(table: pd.DataFrame, folder: Path, rows: int = 90) -> Path:
    """Two files, whose row groups begin and end anywhere in a series."""
    folder.mkdir()
    half = len(table) // 2 + 3
    for name, part in (("a", table[:half]), ("b", table[half:])):
        part.to_parquet(folder / f"{name}.parquet", row_group_size=rows, index=False)
    return folder


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return stores()


@pytest.fixture(scope="module")
def folder(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(table, tmp_path_factory.mktemp("stream") / "stores")


def streamed(data: Path, **settings: object) -> StreamedWindows:
    arguments = StreamingArguments(str(data), id_column=["store"], streaming=True, **{"buffer_rows": 720} | settings)
    found = prepare_training(arguments, CONTEXT, HORIZON)[1]
    assert isinstance(found, StreamedWindows)
    return found


def keys(windows: StreamedWindows) -> list[int]:
    return [start for block in range(windows.num_blocks) for start in windows.starts(block).tolist()]


def with_targets(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    is_counted = ~batch["future_values"].isnan().all(2).all(1)
    return {name: values[is_counted] for name, values in batch.items()}


def test_a_stream_has_the_windows_that_memory_has(table: pd.DataFrame, folder: Path, tmp_path: Path) -> None:
    """Scaled by the same rows, with the same covariates; those without an observed past or future have no targets."""
    table.to_csv(tmp_path / "stores.csv", index=False)
    covariates = {"static_covariates": ["kind"], "time_features": ["day_of_week"]}
    whole = prepare(DataArguments(str(tmp_path / "stores.csv"), id_column=["store"], **covariates), CONTEXT, HORIZON)
    train = whole.splits["train"]
    windows = streamed(folder, **covariates)
    assert len(keys(windows)) == len(windows) > len(train) > 1000
    found, expected = (
        with_targets(windows.__getitems__(keys(windows))),
        with_targets(train.__getitems__(range(len(train)))),
    )
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        torch.testing.assert_close(found[name], values, rtol=0, atol=0, equal_nan=True)
    torch.testing.assert_close(
        windows[keys(windows)[500]]["past_values"],
        windows.__getitems__([keys(windows)[500]])["past_values"][0],
        equal_nan=True,
    )


@pytest.mark.parametrize(("processes", "workers"), [(1, 1), (2, 1), (2, 3)])
def test_processes_and_workers_see_each_window_once_and_read_shares(
    folder: Path, processes: int, workers: int
) -> None:
    windows = streamed(folder, buffer_rows=360)
    order = windows.order(16, processes * workers, seed=3)
    order.set_epoch(1)
    assert len(order) == len(windows)
    batches = [list(batch) for batch in BatchSampler(order, 16, drop_last=False)]
    assert sorted(start for batch in batches for start in batch) == keys(windows)
    assert list(map(len, batches[:-1])) == [16] * (len(batches) - 1)

    firsts = np.array([windows.starts(block)[0] for block in range(windows.num_blocks) if len(windows.starts(block))])
    reads = []
    for process in range(processes):
        # In whole batches: the last ones are dealt again to processes that have fewer.
        own = BatchSampler(order, 16, drop_last=True)
        dealt = list(BatchSamplerShard(own, processes, process)) if processes > 1 else list(own)
        for worker in range(workers):
            starts = np.array([start for batch in dealt[worker::workers] for start in batch])
            reads.append(len(np.unique(np.searchsorted(firsts, starts, side="right"))))
    # Of its share, each reads the blocks alone; all of them read those of the last buffers, one of each.
    assert len(firsts) >= 25
    shared = windows.buffer_blocks * len(reads) if len(reads) > 1 else 0
    assert max(reads) <= len(firsts) / len(reads) + shared + 1 < len(firsts) + 2


def test_the_order_is_that_of_seed_and_epoch_and_mixes_blocks(folder: Path) -> None:
    windows = streamed(folder)
    first, again, other = (windows.order(16, 1, seed=seed) for seed in (0, 0, 1))
    assert list(first) == list(again) != list(other)
    again.set_epoch(1)
    assert list(first) != list(again)
    starts = np.array(list(first))
    # Neighbors are of several blocks, and far from the order of the files.
    assert windows.buffer_blocks > 3
    assert np.mean(np.abs(np.diff(starts)) < 90) < 0.5


def test_memory_holds_the_blocks_of_a_buffer(folder: Path) -> None:
    windows = streamed(folder, buffer_rows=720)
    for batch in BatchSampler(windows.order(64, 1, 0), 64, drop_last=False):
        windows.__getitems__(batch)
        rows = sum(len(block.windows.values) for block in windows._held.values())
        assert len(windows._held) <= windows.buffer_blocks and rows <= 720
    # The steps of a window are read where they lie: a block has each step once.
    block = next(iter(windows._held.values()))
    assert len(block.windows.values) == len(block.rows)


def row_of(table: pd.DataFrame, store: str, number: int) -> int:
    return int(np.flatnonzero(table["store"] == store)[number])


def damaged(table: pd.DataFrame, fault: str) -> pd.DataFrame:
    """The table with a fault in its tenth row of store 30, which is in the second file."""
    row = row_of(table, "store 30", 9)
    changed = table.copy()
    if fault == "gap":
        return table.drop(index=row)
    if fault == "twice":
        changed.loc[row, "day"] = changed.loc[row - 1, "day"]
    if fault == "empty":
        changed.loc[row, "day"] = pd.NaT
    if fault == "text":
        changed["day"] = changed["day"].dt.strftime("%Y-%m-%d")
        changed.loc[row, "day"] = "soon"
    if fault == "infinite":
        changed.loc[row, "sales"] = np.inf
    if fault == "static":
        changed.loc[row, "kind"] = "none"
    if fault == "back":
        order = np.delete(np.arange(len(table)), row)
        return table.iloc[[*order, row]]
    return changed


FAULTS = {
    "gap": r"b\.parquet: id 'store 30' has no row for 1 of its 113 time steps of D, the first 2024-02-09",
    "twice": r"b\.parquet: id 'store 30': timestamp 2024-02-08 00:00:00 appears more than once",
    "empty": r"b\.parquet: id 'store 30': row 10 of column 'day' is not a timestamp but empty",
    "text": r"b\.parquet: id 'store 30': row 10 of column 'day' is not a timestamp.*'soon'",
    "infinite": r"b\.parquet: id 'store 30' has an infinite sales at 2024-02-09",
    "static": r"b\.parquet: id 'store 30': static covariate 'kind' changes over time",
    "back": r"b\.parquet: id 'store 30' comes back at 2024-02-09 00:00:00, after rows of other ids; sort",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("held", [10**6, 400], ids=["small", "large"])
def test_rows_at_fault_are_told_before_training(
    table: pd.DataFrame, tmp_path: Path, fault: str, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the series at fault is held for validation or not: with its file, id and time."""
    monkeypatch.setattr("ts_llm_fusion.data.series.streaming._ROWS_HELD", held)
    monkeypatch.setattr("ts_llm_fusion.data.series.streaming._PLACES_HELD", 4)
    data = write(damaged(table, fault), tmp_path / "stores")
    with pytest.raises(UserError, match=FAULTS[fault]) as error:
        streamed(data, static_covariates=["kind"] if fault == "static" else []).check()
    assert "\n" not in str(error.value)


def test_of_a_clean_table_the_times_alone_are_read(
    table: pd.DataFrame, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any order within a series; statistics of the files tell that values are finite, where they have any."""
    shuffled = table.sample(frac=1, random_state=0).sort_values("store", kind="stable")
    windows = {"plain": streamed(folder), "shuffled": streamed(write(shuffled, tmp_path / "shuffled"))}
    table.to_parquet(tmp_path / "bare.parquet", write_statistics=False)
    windows["bare"] = streamed(tmp_path / "bare.parquet")
    read = LongFiles.read
    columns: set[str] = set()
    monkeypatch.setattr(
        LongFiles, "read", lambda files, begin, end, names: columns.update(names) or read(files, begin, end, names)
    )
    for name, expected in {"plain": {"day"}, "shuffled": {"store", "day"}, "bare": {"day", "sales"}}.items():
        columns.clear()
        windows[name].check()
        assert columns == expected


def test_a_stride_and_a_share_of_rows_leave_windows_out(folder: Path) -> None:
    every, third = streamed(folder), streamed(folder, window_stride=3)
    assert set(keys(third)) < set(keys(every))
    assert abs(len(third) - len(every) / 3) < SERIES
    assert len(streamed(folder, few_shot=20)) < len(every) / 3


def test_validation_has_series_of_all_places_of_a_large_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ts_llm_fusion.data.series.streaming._ROWS_HELD", 400)
    monkeypatch.setattr("ts_llm_fusion.data.series.streaming._PLACES_HELD", 4)
    arguments = StreamingArguments(str(folder), id_column=["store"], streaming=True, held_windows=15)
    data, train = prepare_training(arguments, CONTEXT, HORIZON)
    assert {"store 00", "store 10", "store 20", "store 30"} <= set(data.source.ids)
    assert len(data.source.series) < 800
    assert [len(windows) for windows in data.splits.values()] == [15, 15, 15]
    assert len(train) > 1000


def test_files_that_cannot_be_streamed_are_refused(table: pd.DataFrame, folder: Path, tmp_path: Path) -> None:
    def refused(data: object, message: str, **columns: object) -> None:
        with pytest.raises((ValueError, OSError), match=message) as error:
            index_files(str(data), *columns.pop("ids", ("store",)), "timestamp", "target", **columns)
        assert "\n" not in str(error.value)

    def written(name: str, changed: pd.DataFrame) -> Path:
        changed.to_parquet(tmp_path / name, index=False, row_group_size=500)
        return tmp_path / name

    assert index_files(str(folder / "*.parquet"), "store", "timestamp", "target").offsets[-1] == len(table)
    refused(tmp_path / "none", "no parquet file; give one, a folder, or a pattern")
    table.to_csv(tmp_path / "stores.csv")
    refused(tmp_path / "stores.csv", "streaming reads parquet files")
    refused(written("mixed.parquet", table.sample(frac=1, random_state=0)), "comes back at .*; sort the table by id")
    refused(
        written("one.parquet", table[["day", "sales"]].assign(item_id=None)),
        "has a row without an id",
        ids=("item_id",),
    )
    refused(folder, "no column 'shop'", ids=("shop",))
    refused(written("wide.parquet", table[["day", "sales"]]), "takes a long table", ids=("item_id",))
    (tmp_path / "cut.parquet").write_bytes((folder / "a.parquet").read_bytes()[:500])
    refused(tmp_path / "cut.parquet", "not a readable parquet file")
    for sales, message in (
        (table["sales"].astype(str), "later.parquet: column 'sales' holds text"),
        (table["sales"] > 0, "later.parquet: a column has another type than in the files before"),
        (None, "later.parquet: no column 'sales'; the columns are store, day, kind"),
    ):
        later = table.drop(columns="sales") if sales is None else table.assign(sales=sales)
        (tmp_path / "two").mkdir(exist_ok=True)
        table[:500].to_parquet(tmp_path / "two" / "first.parquet")
        later[500:].to_parquet(tmp_path / "two" / "later.parquet", index=False)
        refused(tmp_path / "two", message)
    with pytest.raises(ValueError, match="no series has the 420 training rows of a window"):
        StreamedWindows(
            index_files(str(folder), "store", "timestamp", "target"), StreamingArguments(str(folder)), 400, 20
        )
    with pytest.raises(ValueError, match="is a folder; give a file, or set streaming"):
        prepare(DataArguments(str(folder)), CONTEXT, HORIZON)
    with pytest.raises(ValueError, match="noise_splits: train is among them"):
        StreamingArguments(str(folder), streaming=True, noise_std=1.0, noise_splits=["train"])
    with pytest.raises(ValueError, match="buffer_rows is 0"):
        StreamingArguments(str(folder), buffer_rows=0)
