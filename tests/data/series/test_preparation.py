"""The protocols: few-shot, zero-shot, noise."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ts_llm_fusion.data.series.borders import few_shot_end
from ts_llm_fusion.data.series.ltsf import LTSF_DATASETS
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.data.series.windows import split_windows


@pytest.mark.parametrize(("percent", "counts"), [(10, (759, 663, 519, 135)), (5, (332, 236, 92, None))])
def test_the_windows_of_few_shot_are_those_of_the_protocol(percent: int, counts: tuple[int | None, ...]) -> None:
    borders = LTSF_DATASETS["ETTh1"].borders
    values = torch.zeros(1).expand(borders[-1], 7)
    stop = few_shot_end(borders[0], 96, percent)
    for horizon, count in zip((96, 192, 336, 720), counts, strict=True):
        if count is None:
            with pytest.raises(ValueError, match="train split: the series have 523 steps; a window takes 816"):
                split_windows(values, borders, 96, horizon, stop)
        else:
            splits = split_windows(values, borders, 96, horizon, stop)
            assert len(splits["train"]) == count
            assert len(splits["validation"]) == len(splits["test"]) == 2880 - horizon + 1


@pytest.mark.parametrize("percent", (0, 101))
def test_few_shot_is_a_percentage(percent: int) -> None:
    with pytest.raises(ValueError, match=f"few_shot is {percent}; give a percentage"):
        few_shot_end(1000, 96, percent)


def write(path: Path, seed: int, scale: float) -> str:
    values = np.random.default_rng(seed).normal(size=(1000, 2)) * scale + 10 * scale
    frame = pd.DataFrame(values, columns=["a", "b"])
    frame.insert(0, "date", pd.date_range("2024", periods=1000, freq="h"))
    frame.to_csv(path, index=False)
    return str(path)


@pytest.fixture
def own(tmp_path: Path) -> str:
    return write(tmp_path / "own.csv", 0, 1.0)


def test_few_shot_keeps_the_scaler_and_takes_the_earliest_rows(own: str) -> None:
    whole = prepare(DataArguments(data=own), 24, 6)
    few = prepare(DataArguments(data=own, few_shot=10), 24, 6)
    assert few.scaler == whole.scaler
    # 700 rows of training: (700 - 24) * 10 // 100 + 24 = 91 rows, 91 - 24 - 6 + 1 = 62 windows.
    assert len(few.splits["train"]) == 62
    for name, value in whole.splits["train"][61].items():
        assert torch.equal(few.splits["train"][61][name], value)
    assert len(few.splits["test"]) == len(whole.splits["test"])


def test_zero_shot_tests_on_the_other_set_scaled_by_its_own_training_rows(own: str, tmp_path: Path) -> None:
    other = write(tmp_path / "other.csv", 1, 1000.0)
    data = prepare(DataArguments(data=own, zero_shot=other, few_shot=50), 24, 6)
    alone = prepare(DataArguments(data=other), 24, 6)
    assert data.tested.source.name == other
    assert data.tested.scaler == alone.scaler
    assert torch.equal(data.tested.splits["test"].values, alone.splits["test"].values)
    assert len(data.splits["train"]) == (700 - 24) // 2 + 24 - 24 - 6 + 1
    assert alone.tested is alone


def test_zero_shot_takes_columns_by_their_names(own: str, tmp_path: Path) -> None:
    other = write(tmp_path / "other.csv", 1, 1000.0)
    swapped = pd.read_csv(other)[["date", "b", "a"]]
    swapped.to_csv(tmp_path / "swapped.csv", index=False)
    expected = prepare(DataArguments(data=own, zero_shot=other), 24, 6).tested
    found = prepare(DataArguments(data=own, zero_shot=str(tmp_path / "swapped.csv")), 24, 6).tested
    assert list(found.source.series.columns) == ["a", "b"]
    assert torch.equal(found.splits["test"].values, expected.splits["test"].values)


def past_noise(data_arguments: DataArguments, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise on past and future of all windows of a split, each (windows, steps, variables)."""
    clean = prepare(DataArguments(data=data_arguments.data), 24, 6).splits[split]
    noisy = prepare(data_arguments, 24, 6).splits[split]
    rows = range(len(clean))
    return tuple(noisy.__getitems__(rows)[k] - clean.__getitems__(rows)[k] for k in ("past_values", "future_values"))


def test_noise_is_on_the_look_back_of_the_test_windows_alone(own: str) -> None:
    arguments = DataArguments(data=own, noise_std=0.3)
    past, future = past_noise(arguments, "test")
    assert torch.count_nonzero(future) == 0
    # 224 rows of 2 variables: the standard error of the deviation is 0.01.
    rows = torch.cat((past[:-1, 0], past[-1]))
    assert rows.std().item() == pytest.approx(0.3, abs=0.03)
    assert rows.mean().item() == pytest.approx(0.0, abs=0.05)
    for split in ("train", "validation"):
        assert torch.count_nonzero(past_noise(arguments, split)[0]) == 0


def test_noise_is_seeded_and_the_same_in_every_window_and_batch(own: str) -> None:
    splits = ["train", "test"]
    past, _ = past_noise(DataArguments(data=own, noise_std=0.1, noise_splits=splits), "train")
    again, _ = past_noise(DataArguments(data=own, noise_std=0.1, noise_splits=splits), "train")
    other, _ = past_noise(DataArguments(data=own, noise_std=0.1, noise_splits=splits, noise_seed=1), "train")
    assert torch.equal(past, again)
    assert (past - other).abs().mean() > 0.05
    assert torch.equal(past[5, 1:], past[6, :-1])
    windows = prepare(DataArguments(data=own, noise_std=0.1, noise_splits=splits), 24, 6).splits["train"]
    assert torch.equal(windows[5]["past_values"], windows.__getitems__([9, 5])["past_values"][1])


def test_noise_that_makes_no_sense() -> None:
    with pytest.raises(ValueError, match=r"noise_std is -0\.1; give 0 or a positive number"):
        DataArguments(data="co2", noise_std=-0.1)
    with pytest.raises(ValueError, match="noise_splits: no split 'tests'; the splits are train, validation, test"):
        DataArguments(data="co2", noise_splits=["tests"])
