"""Extent of the prompts of a training set."""

import numpy as np
import pytest
from datasets import Dataset

from ts_llm_fusion.data.qa.samples import FEATURES, make_sample
from ts_llm_fusion.training.question_samples import training_range, training_scales


def samples_of(channels: list[dict[str, np.ndarray]]) -> Dataset:
    rows = [make_sample("Well?", series, "yes", "a", "a", str(row)) for row, series in enumerate(channels)]
    return Dataset.from_list(rows, features=FEATURES)


def test_levels_and_scales_are_those_of_each_channel_in_the_units_of_the_data() -> None:
    channels = [
        {"pulse": np.array([60.0, 80.0, np.nan, 70.0]), "flow": np.full(5, 0.1)},
        {"pulse": np.array([100.0, 100.0, 106.0]), "flow": np.array([np.nan, 2.0, 4.0])},
    ]
    samples = samples_of(channels)
    found = training_range(samples, with_words=True, with_scales=True)
    assert (found.num_series, found.series_length, found.words) == ((2, 2), (3, 5), ("well",))
    pulse, flow = found.scales
    assert pulse == pytest.approx((70, 102, 8**0.5, np.sqrt(200 / 3)), rel=1e-6)
    assert flow == pytest.approx((0.1, 3, 0, 1), rel=1e-6)
    assert training_range(samples, with_words=True, with_scales=False).scales == ()


def test_typical_scales_are_those_of_a_place_or_of_all_series() -> None:
    one = {"pulse": np.array([60.0, 80.0]), "flow": np.full(5, 0.5)}
    two = {"pulse": np.array([90.0, 110.0, np.nan]), "flow": np.array([2.0, 4.0])}
    assert np.ravel(training_scales(samples_of([one, two]))) == pytest.approx([85, 10, 1.75, 1])
    three = {"pulse": np.array([93.25, 93.25])}
    squares = (100 + 100 + 1) / 3
    assert np.ravel(training_scales(samples_of([one, two, three]))) == pytest.approx([53.35, squares**0.5])
    assert training_scales(samples_of([{"flow": np.full(3, 2.0)}])) == [[2.0, 1.0]]
    assert training_scales(samples_of([{}])) is None
