"""MiniRocket with a ridge classifier."""

import numpy as np
import torch
from datasets import Dataset

from ts_llm_fusion.baselines.minirocket import MiniRocket, fit_minirocket, shape_of, stacked_series
from ts_llm_fusion.baselines.questions import make_question_baselines


def bumps(count: int, seed: int) -> Dataset:
    """Noise of 40 to 60 steps with a bump anywhere, narrow or wide, and a second series that says nothing."""
    rng = np.random.default_rng(seed)
    series, answers = [], []
    for row in range(count):
        length, width = int(rng.integers(40, 61)), (1.0, 3.0)[row % 2]
        place = rng.uniform(10, length - 10)
        values = 3 * np.exp(-(((np.arange(length) - place) / width) ** 2)) + 0.3 * rng.normal(size=length)
        values[rng.integers(length)] = np.nan
        series.append([values.tolist(), rng.normal(size=length).tolist()])
        answers.append(("narrow", "wide")[row % 2])
    return Dataset.from_dict({"time_series": series, "answer": answers, "task": ["bump"] * count})


def test_it_tells_shapes_apart_wherever_they_are() -> None:
    train, test = bumps(80, seed=0), bumps(40, seed=1)
    found = fit_minirocket(train, train["answer"])(test)
    assert np.mean([one == other for one, other in zip(found, test["answer"], strict=True)]) >= 0.95
    labels = {"bump": ["narrow", "wide"]}
    assert list(make_question_baselines(train, labels)) == ["majority", "ridge classifier"]
    assert list(make_question_baselines(train, labels, with_minirocket=True))[-1] == "MiniRocket and ridge"


def test_features_are_shares_and_their_number_is_that_of_the_paper() -> None:
    samples = bumps(6, seed=2)
    assert shape_of(samples)[0] == 2 and 40 <= shape_of(samples)[1] <= 60
    values = stacked_series(samples, 2, 50)
    assert values.shape == (6, 2, 50) and torch.isfinite(values).all()
    for length in (9, 24, 50):
        features = MiniRocket(values[..., :length])(values[..., :length])
        assert features.shape == (6, 9996)
        assert features.min() >= 0 and features.max() <= 1


def test_series_are_resampled_over_gaps() -> None:
    samples = Dataset.from_dict({"time_series": [[[0.0, None, 2.0]], [[5.0]]]})
    assert stacked_series(samples, 2, 5)[0].tolist() == [[0, 0.5, 1, 1.5, 2], [0, 0, 0, 0, 0]]
    assert stacked_series(samples, 1, 5)[1].tolist() == [[5] * 5]
