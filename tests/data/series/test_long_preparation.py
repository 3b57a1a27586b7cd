"""Windows of long tables: each within its id and split, none copied, whatever the ids look like."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ts_llm_fusion.data.series.borders import series_borders
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.data.series.windows import StepCovariates, WindowDataset, split_windows
from ts_llm_fusion.processing.series_arrays import column_moments, grouped_moments

SHOPS = {"a": 100, "b": 60, "c": 9, "d": 80}


def shop(name: str, steps: int) -> pd.DataFrame:
    place = list(SHOPS).index(name)
    days = pd.date_range(f"2024-0{place + 1}-05", periods=steps)
    values = 100 * place + np.sin(np.arange(steps)) * (place + 1)
    static = {"kind": ["x", "y", "y", "z"][place], "size": float(place), "roof": place == 1}
    return pd.DataFrame({"unique_id": name, "ds": days, "y": values, "visits": np.arange(steps)} | static)


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.concat([shop(name, steps) for name, steps in SHOPS.items()], ignore_index=True)


def prepared(table: pd.DataFrame, folder: Path, **settings: object):
    table.to_csv(folder / "shops.csv", index=False)
    return prepare(DataArguments(data=str(folder / "shops.csv"), **settings), 10, 5)


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=8), context=st.integers(1, 8), horizon=st.integers(1, 5)
)
@settings(max_examples=60, deadline=None)
def test_windows_lie_within_their_id_and_their_targets_within_the_split(
    lengths: list[int], context: int, horizon: int
) -> None:
    offsets = np.cumsum([0, *lengths])
    # Each value tells its row.
    values, owner = torch.arange(float(offsets[-1]))[:, None], np.repeat(np.arange(len(lengths)), lengths)
    borders = series_borders(offsets, (0.6, 0.2, 0.2))
    expected = {}
    for place, name in enumerate(("train", "validation", "test")):
        begins = offsets[:-1] if place == 0 else borders[:, place - 1] - context
        expected[name] = [
            start
            for series, begin in enumerate(begins)
            for start in range(max(begin, offsets[series]), borders[series, place] - context - horizon + 1)
        ]
    if not all(expected.values()):
        with pytest.raises(ValueError, match="split: "):
            split_windows(values, borders, context, horizon, firsts=offsets[:-1])
        return
    found = split_windows(values, borders, context, horizon, firsts=offsets[:-1])
    for name, windows in found.items():
        batch = windows.__getitems__(range(len(windows)))
        rows = torch.cat((batch["past_values"], batch["future_values"]), 1)[..., 0].long().numpy()
        assert rows[:, 0].tolist() == expected[name]
        assert (np.diff(rows) == 1).all()
        assert (owner[rows] == owner[rows[:, :1]]).all()
        assert windows.series_of(windows.starts).tolist() == owner[rows[:, 0]].tolist()


def test_each_id_has_its_own_split_scale_and_static_covariates(
    table: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    static = {"static_covariates": ["kind", "size", "roof"], "past_covariates": ["visits"]}
    with caplog.at_level(logging.WARNING):
        data = prepared(table.sample(frac=1, random_state=0), tmp_path, split=[0.6, 0.2, 0.2], **static)
    # Rows of training 60, 36, 5 and 48, of validation and test 20, 12, 2 and 16.
    ids = list(data.source.ids)
    assert {name: len(windows) for name, windows in data.splits.items()} == {
        "train": (60 - 14) + (36 - 14) + (48 - 14),
        "validation": 16 + 8 + 12,
        "test": 16 + 8 + 12,
    }
    assert "of 4 ids, 1 (train), 1 (validation), 1 (test) have no window of 10 + 5 steps" in caplog.text
    assert "the first id 'c'; they can be forecast nevertheless" in caplog.text
    for axis, name in enumerate(ids):
        rows = shop(name, SHOPS[name])["y"].iloc[: int(0.6 * SHOPS[name])]
        assert data.moments[axis, :, 0] == pytest.approx(column_moments(rows, "y"))
    test = data.splits["test"]
    batch = test.__getitems__(range(len(test)))
    for axis, name in enumerate(ids):
        own = batch["static_covariates"][test.series_of(test.starts) == axis]
        assert (own == own[:1]).all()
        # One feature for each kind; then size in its units, and roof.
        assert own[:1, [0, 1, 2, 4]].tolist() in ([], [[name == "a", name in "bc", name == "d", name == "b"]])
    assert test[0]["past_values"].untyped_storage().data_ptr() == data.values.untyped_storage().data_ptr()
    # A longer look-back begins before the first row of an id, where there is nothing.
    longer = data.test_windows(70, data.covariates)
    window = longer.__getitems__(range(len(longer)))
    assert torch.equal(window["future_values"], batch["future_values"])
    assert torch.equal(window["past_values"][:, -10:], batch["past_values"])
    is_of_b = longer.series_of(longer.starts) == ids.index("b")
    first = window["past_values"][is_of_b][0, :, 0]
    assert first.isnan().tolist() == [True] * (70 - 48) + [False] * 48
    assert window["past_covariates"][is_of_b][0, :, 0].isnan().sum() == 70 - 48
    assert longer[0]["past_values"].shape == (70, 1)


def test_a_window_without_a_value_in_past_or_future_is_none() -> None:
    values = torch.arange(40.0)[:, None]
    values[2:9] = torch.nan
    train = split_windows(values, np.array([[20, 30, 40]]), 3, 2, firsts=np.zeros(1, dtype=int))["train"]
    # The past of a window at 0 has values, its future (3 and 4) none; the past of one at 6 has none until row 9.
    assert train.starts.tolist() == [7, 8, 9, 10, 11, 12, 13, 14, 15]


def test_grouped_moments_are_those_of_each_series_alone() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.normal(1e8, 1, (30, 2)), np.full((5, 2), 0.1), np.full((4, 2), np.nan), rng.normal(0, 1e-200, (7, 2))]
    parts[0][::3, 1] = np.nan
    found = grouped_moments(np.concatenate(parts), np.cumsum([0, *map(len, parts)]))
    for moments, part in zip(found, parts, strict=True):
        for column in range(2):
            assert moments[:, column] == pytest.approx(column_moments(part[:, column], "y"), rel=1e-9)


def test_static_covariates_belong_to_their_series() -> None:
    covariates = StepCovariates(torch.zeros(20, 0), 0, torch.tensor([[1.0], [2.0]]))
    starts = torch.tensor([0, 5, 12, 13])
    windows = WindowDataset(torch.zeros(20, 1), 3, 2, None, starts, covariates, torch.tensor([0, 12]))
    assert windows.__getitems__(range(4))["static_covariates"].tolist() == [[1.0], [1.0], [2.0], [2.0]]
    assert [windows[place]["static_covariates"].item() for place in range(4)] == [1.0, 1.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        (
            lambda table: table,
            {"static_covariates": ["visits"]},
            "id 'a': static covariate 'visits' changes over time",
        ),
        (lambda table: table, {"static_covariates": ["area"]}, "no column 'area' of covariates; the others are"),
        (
            lambda table: table,
            {"static_covariates": ["y"]},
            "column 'y' is a covariate, and an id, timestamp or target",
        ),
        (lambda table: table, {"id_column": ["shop"]}, "no column 'shop'"),
        (
            lambda table: table.replace({"size": {3.0: np.inf}}),
            {"static_covariates": ["size"]},
            "covariate 'size' is infinite in id 'd' at 2024-04-05",
        ),
        (lambda table: table.rename(columns={"unique_id": "shop"}), {}, "with --id .*such as 'shop'"),
        (lambda table: table.drop(columns="y"), {"static_covariates": ["size"]}, None),
        (lambda table: table.head(9), {"id_column": ["unique_id"]}, "train split: the series have 6 steps"),
        (
            lambda table: pd.concat(
                [table, shop("a", 20).assign(ds=pd.date_range("2024", periods=20, freq="7D"), unique_id="w")]
            ),
            {},
            "id 'w' has a step of .* and most rows one of D; give ids of one time step",
        ),
    ],
)
def test_a_long_table_that_does_not_fit_is_one_line(
    change, settings: dict, message: str | None, table: pd.DataFrame, tmp_path: Path
) -> None:
    if message is None:
        # The only column of numbers besides covariates is the target.
        assert list(prepared(change(table), tmp_path, **settings).source.series.columns) == ["visits"]
        return
    with pytest.raises(ValueError, match=message) as raised:
        prepared(change(table), tmp_path, **settings)
    assert "\n" not in str(raised.value)


def test_ids_without_a_step_or_a_training_value_are_left_out_in_one_line(
    table: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weekly = shop("a", 8).assign(ds=pd.date_range("2024", periods=8, freq="7D"), unique_id="weekly")
    late = shop("b", 60).assign(unique_id="late")
    late.loc[:50, "y"] = np.nan
    with caplog.at_level(logging.WARNING):
        data = prepared(pd.concat([table, weekly, late]), tmp_path)
    assert list(data.source.ids) == list("abcd")
    assert (
        "1 ids left out, which have fewer than 15 rows and another step than D, the first id 'weekly'" in caplog.text
    )
    assert "1 of 5 ids left out: no value in the training split; the first are id 'late'" in caplog.text


def test_steps_may_be_numbered(table: pd.DataFrame, tmp_path: Path) -> None:
    dated = prepared(table, tmp_path)
    steps = table.groupby("unique_id").cumcount() + 5
    found = prepared(table.assign(ds=steps), tmp_path)
    assert found.seasonal_period is None
    for name, windows in dated.splits.items():
        assert torch.equal(windows.starts, found.splits[name].starts)
    with pytest.raises(ValueError, match="the rows have no dates; leave time_features out"):
        prepared(table.assign(ds=steps), tmp_path, time_features=["day_of_week"])
