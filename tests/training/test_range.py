"""Extent of the prompts of a training set."""

import numpy as np
import pytest
from datasets import Dataset

from ts_llm_fusion.data.qa.samples import FEATURES, make_sample
from ts_llm_fusion.training.sft import training_range


def test_levels_and_scales_are_those_of_each_channel_in_the_units_of_the_data() -> None:
    channels = [
        {"pulse": np.array([60.0, 80.0, np.nan, 70.0]), "flow": np.full(5, 0.1)},
        {"pulse": np.array([100.0, 100.0, 106.0]), "flow": np.array([np.nan, 2.0, 4.0])},
    ]
    samples = Dataset.from_list(
        [make_sample("Well?", series, "yes", "a", "a", str(row)) for row, series in enumerate(channels)],
        features=FEATURES,
    )
    found = training_range(samples, with_words=True, with_scales=True)
    assert (found.num_series, found.series_length, found.words) == ((2, 2), (3, 5), ("flow", "pulse", "well"))
    pulse, flow = found.scales
    assert pulse == pytest.approx((70, 102, 8**0.5, np.sqrt(200 / 3)), rel=1e-6)
    assert flow == pytest.approx((0.1, 3, 0, 1), rel=1e-6)
    assert training_range(samples, with_words=True, with_scales=False).scales == ()
