"""Windows: which there are, that they are views, and the borders of the benchmark sets."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ts_llm_fusion.data.series.borders import split_borders
from ts_llm_fusion.data.series.ltsf import LTSF_DATASETS
from ts_llm_fusion.data.series.windows import (
    WindowDataset,
    collate_windows,
    pooled_windows,
    single_windows,
    split_windows,
)

# Published protocol: (train windows at look-back 96, or 104 for ILI; test windows), by horizon.
COUNTS = {
    "ETTh1": {96: (8449, 2785), 192: (8353, 2689), 336: (8209, 2545), 720: (7825, 2161)},
    "ETTm1": {96: (34369, 11425), 192: (34273, 11329), 336: (34129, 11185), 720: (33745, 10801)},
    "Weather": {96: (36696, 10444), 192: (36600, 10348), 336: (36456, 10204), 720: (36072, 9820)},
    "Electricity": {96: (18221, 5165), 192: (18125, 5069), 336: (17981, 4925), 720: (17597, 4541)},
    "Traffic": {96: (12089, 3413), 192: (11993, 3317), 336: (11849, 3173), 720: (11465, 2789)},
    "Exchange": {96: (5120, 1422), 192: (5024, 1326), 336: (4880, 1182), 720: (4496, 798)},
    "ILI": {24: (549, 170), 36: (537, 158), 48: (525, 146), 60: (513, 134)},
}


def test_a_window_is_a_view_of_the_right_rows() -> None:
    values = torch.arange(40.0).view(20, 2)
    windows = WindowDataset(values, context_length=5, prediction_length=3)
    assert len(windows) == 13
    window = windows[4]
    assert torch.equal(window["past_values"], values[4:9])
    assert torch.equal(window["future_values"], values[9:12])
    assert window["past_values"].untyped_storage().data_ptr() == values.untyped_storage().data_ptr()


def test_a_gathered_batch_equals_stacked_windows() -> None:
    windows = WindowDataset(torch.randn(50, 3), context_length=8, prediction_length=4)
    indices = [7, 0, 38, 7]
    gathered = collate_windows(windows.__getitems__(indices))
    stacked = collate_windows([windows[i] for i in indices])
    assert gathered["past_values"].shape == (4, 8, 3)
    for key, values in stacked.items():
        assert torch.equal(gathered[key], values)


@pytest.mark.parametrize("name", COUNTS)
def test_the_windows_of_the_benchmark_sets_are_those_of_the_protocol(name: str) -> None:
    dataset = LTSF_DATASETS[name]
    values = torch.zeros(1).expand(dataset.borders[2], dataset.num_variables)
    context_length = 104 if name == "ILI" else 96
    for horizon, (train, test) in COUNTS[name].items():
        splits = split_windows(values, dataset.borders, context_length, horizon)
        assert (len(splits["train"]), len(splits["test"])) == (train, test)


def test_validation_and_test_look_back_but_their_targets_do_not() -> None:
    values = torch.arange(100.0)[:, None]
    splits = split_windows(values, (60, 80, 100), context_length=10, prediction_length=5)
    for name, first, last in (("train", 10, 60), ("validation", 60, 80), ("test", 80, 100)):
        assert splits[name][0]["future_values"][0].item() == first
        assert splits[name][len(splits[name]) - 1]["future_values"][-1].item() == last - 1
    assert splits["test"][0]["past_values"][0].item() == 70


def test_borders_by_fractions() -> None:
    assert split_borders(7588, (0.7, 0.1, 0.2)) == LTSF_DATASETS["Exchange"].borders
    with pytest.raises(ValueError, match="three positive fractions that add up to 1"):
        split_borders(100, (0.5, 0.5, 0.5))


def test_series_too_short_for_a_window_name_the_split() -> None:
    with pytest.raises(ValueError, match="validation split: the series have 14 steps; a window takes 15"):
        split_windows(torch.zeros(100, 1), (90, 94, 100), context_length=10, prediction_length=5)


# The peak of the resident memory is reset first, so that nothing that was freed before (such as imports) hides a rise.
MEASURE = """
import re, torch
from pathlib import Path
from torch.utils.data import DataLoader
from ts_llm_fusion.data.series.ltsf import LTSF_DATASETS
from ts_llm_fusion.data.series.windows import collate_windows, split_windows


def megabytes(name):
    return int(re.search(rf"{name}:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def read(splits):
    for windows in splits.values():
        for batch in DataLoader(windows, batch_size=32, shuffle=True, collate_fn=collate_windows):
            last = batch["future_values"][0, 0, 0]


values = torch.randn(69680, 7)
# A first pass over a few windows loads what is loaded on first use.
read(split_windows(values[:4000], (1200, 2400, 3600), 96, 720))
Path("/proc/self/clear_refs").write_text("5")
before = megabytes("VmRSS")
splits = split_windows(values, LTSF_DATASETS["ETTm1"].borders, 96, 720)
read(splits)
print(*map(len, splits.values()), megabytes("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs the memory counters of Linux")
def test_reading_every_window_of_ettm1_at_96_and_720_adds_less_than_50_megabytes() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    output = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, env=environment
    )
    *counts, added = output.stdout.split()
    assert list(map(int, counts)) == [33745, 10801, 10801]
    assert float(added) < 50


def test_windows_of_single_series_may_begin_before_the_first_row() -> None:
    values = torch.arange(20.0).view(10, 2)
    origins, columns, firsts = torch.tensor([[1, 8, 6], [1, 0, 0], [0, 0, 5]])
    past, future = single_windows(values, origins, columns, firsts, 3, 2)
    assert past[0].isnan().tolist() == [True, True, False]
    assert past[0, 2] == 1
    assert past[1].tolist() == [10, 12, 14]
    # The third window is of a series that begins in row 5.
    assert past[2].isnan().tolist() == [True, True, False]
    assert future.tolist() == [[3, 5], [16, 18], [12, 14]]


def test_pooled_windows_lie_within_one_series() -> None:
    values = np.array([0.0, 1, 2, 3, 10, 11, 20, 21, 22])
    windows = pooled_windows(values, np.array([4, 2, 3]), 2, 1)
    batch = windows.__getitems__(range(len(windows)))
    assert batch["past_values"][..., 0].tolist() == [[0, 1], [1, 2], [20, 21]]
    assert batch["future_values"].flatten().tolist() == [2, 3, 22]
    with pytest.raises(ValueError, match="no series has 5 steps, which a window takes"):
        pooled_windows(values, np.array([4, 2, 3]), 3, 2)
