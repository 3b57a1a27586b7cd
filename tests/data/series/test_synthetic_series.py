"""Made-up series: the same for a seed, and what their families promise."""

import hashlib
import itertools
from pathlib import Path

import numpy as np
import pytest
from datasets.distributed import split_dataset_by_node

from ts_llm_fusion.data.registry import load_dataset
from ts_llm_fusion.data.series.synthetic import (
    FAMILIES,
    FEATURES,
    SyntheticSeriesArguments,
    arma_process,
    gaussian_process,
    intermittent,
    make_series,
    regimes,
    seasonal,
)

SMALL = {"num_series": 20, "length": 64, "num_shards": 4}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)


def stream(**options: object):
    return load_dataset("synthetic-series", "train", streaming=True, **{**SMALL, **options})


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_finite_series_that_move(family: str) -> None:
    arguments = SyntheticSeriesArguments(length=100, families=(family,))
    series = np.stack([make_series(arguments, number)[1] for number in range(40)])
    assert series.shape == (40, 100)
    assert np.isfinite(series).all()
    assert (series.std(1) > 0).all()


def test_a_series_is_the_same_whenever_it_is_asked_for() -> None:
    arguments = SyntheticSeriesArguments(seed=5)
    family, values = make_series(arguments, 17)
    make_series(arguments, 3)
    again = make_series(arguments, 17)
    assert again[0] == family
    assert np.array_equal(again[1], values)
    others = [
        make_series(arguments, 18),
        make_series(arguments, 17, "test"),
        make_series(SyntheticSeriesArguments(seed=6), 17),
    ]
    assert len({hashlib.sha256(one.tobytes()).digest() for one in (values, *(other for _, other in others))}) == 4


def test_rows_do_not_depend_on_shards_or_streaming() -> None:
    rows = list(stream())
    assert len(rows) == 20
    assert rows == list(stream(num_shards=7))
    assert rows == list(load_dataset("synthetic-series", "train", **SMALL))
    assert stream().features == FEATURES
    assert [row["item_id"] for row in rows] == [f"train-{number}" for number in range(20)]


def test_a_stream_resumes_where_it_stopped() -> None:
    whole = stream()
    first = list(itertools.islice(iter(whole), 7))
    rest = stream()
    rest.load_state_dict(whole.state_dict())
    assert first + list(rest) == list(stream())


def test_a_stream_is_dealt_to_processes_by_its_shards() -> None:
    assert stream().num_shards == 4
    parts = [list(split_dataset_by_node(stream(), rank=rank, world_size=2)) for rank in range(2)]
    assert [len(part) for part in parts] == [10, 10]
    assert sorted(row["item_id"] for part in parts for row in part) == sorted(row["item_id"] for row in stream())


def test_families_can_be_chosen() -> None:
    assert {row["family"] for row in stream(families=["arma", "trend"])} == {"arma", "trend"}


def test_the_autocorrelation_of_an_arma_process_is_that_of_theory() -> None:
    # AR(2) with coefficients 0.5 and 0.3: rho_1 = 0.5 / (1 - 0.3), rho_2 = 0.5 rho_1 + 0.3, and
    # variance 1 / (1 - 0.5 rho_1 - 0.3 rho_2) for innovations of variance 1.
    values = arma_process(np.random.default_rng(0), 400_000, np.array([0.5, 0.3]), np.array([]))
    lags = [np.mean(values[lag:] * values[: len(values) - lag]) for lag in range(3)]
    rho = [1, 0.5 / 0.7, 0.5 * 0.5 / 0.7 + 0.3]
    variance = 1 / (1 - 0.5 * rho[1] - 0.3 * rho[2])
    np.testing.assert_allclose(lags, np.multiply(variance, rho), rtol=0.02)


def test_a_moving_average_forgets_after_its_order() -> None:
    values = arma_process(np.random.default_rng(1), 400_000, np.array([]), np.array([0.8]))
    lags = [np.mean(values[lag:] * values[: len(values) - lag]) for lag in range(3)]
    np.testing.assert_allclose(lags, [1.64, 0.8, 0.0], atol=0.02)


def test_an_arma_process_is_the_recursion() -> None:
    # The same innovations through x_t = 0.6 x_(t-1) + e_t + 0.4 e_(t-1), begun early on the ring.
    length, ar, ma = 100, 0.6, 0.4
    values = arma_process(np.random.default_rng(2), length, np.array([ar]), np.array([ma]))
    noise = np.random.default_rng(2).standard_normal(512)
    state = np.zeros(512 + length)
    ring = np.concatenate((noise, noise))
    for step in range(1, 512 + length):
        state[step] = ar * state[step - 1] + ring[step] + ma * ring[step - 1]
    np.testing.assert_allclose(values, state[512:], atol=1e-12)


def test_a_gaussian_process_has_its_covariance() -> None:
    time = np.linspace(0, 1, 12)
    covariance = np.exp(-0.5 * ((time[:, None] - time) / 0.2) ** 2) * (0.2 + np.outer(time, time))
    rng = np.random.default_rng(0)
    draws = np.stack([gaussian_process(rng, covariance) for _ in range(20_000)])
    np.testing.assert_allclose(draws.T @ draws / len(draws), covariance, atol=0.03)


def test_a_seasonal_series_has_its_power_at_a_usual_period() -> None:
    found = 0
    for number in range(30):
        values = seasonal(np.random.default_rng(number), 2016)
        power = np.abs(np.fft.rfft(np.diff(values))) ** 2
        # 2,016 steps hold each of these periods a whole number of times, but for 30 and 52.
        bins = {round(2016 * harmonic / period) for period in (4, 7, 12, 24, 48, 96, 168) for harmonic in range(1, 5)}
        found += int(np.argmax(power)) in bins
    assert found >= 20


def test_regimes_change_their_level() -> None:
    ratios = []
    for number in range(50):
        values = regimes(np.random.default_rng(number), 400)
        step = np.diff(values)
        ratios.append(np.abs(step).max() / np.median(np.abs(step)))
    assert np.median(ratios) > 6  # a normal distribution's would be 4.5


def test_intermittent_demand_is_counts_that_are_mostly_zero() -> None:
    series = np.stack([intermittent(np.random.default_rng(number), 500) for number in range(50)])
    assert np.array_equal(series, series.round())
    assert series.min() == 0
    shares = (series > 0).mean(1)
    assert 0.02 < shares.min() < 0.15
    assert 0.3 < shares.max() < 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"families": ["trends"]}, r"families: \['trends'\]; give some of trend, seasonal"),
        ({"families": []}, "families: none; give some of"),
        ({"length": 4}, "length is 4; it must be at least 8"),
        ({"size": 3}, "synthetic-series: no option 'size'; the options are num_series, length"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_dataset("synthetic-series", "train", **options)
