"""Series by name: from a data directory, a checked download, or a package."""

import gzip
import hashlib
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion import ForecastFeatureExtractor, load_series
from ts_llm_fusion.data.entries import RemoteFile
from ts_llm_fusion.data.series import sources
from ts_llm_fusion.data.series.preparation import DataArguments, prepare
from ts_llm_fusion.data.series.time_axis import find_grid

ETTH1_MEAN = [7.9377, 2.0210, 5.0798, 0.7462, 2.7818, 0.7885, 17.1283]
ETTH1_STD = [5.8127, 2.0901, 5.5188, 1.9264, 1.0235, 0.6302, 9.1765]


def test_the_scaler_of_etth1_is_that_of_its_training_rows(data_dir: Path) -> None:
    source = load_series("ETTh1")
    assert source.series.shape == (17420, 7)
    moments = np.array(list(ForecastFeatureExtractor.fit_scaler(source.series.iloc[: source.borders[0]]).values()))
    np.testing.assert_allclose(moments[:, 0], ETTH1_MEAN, atol=5e-5)
    np.testing.assert_allclose(moments[:, 1], ETTH1_STD, atol=5e-5)


@pytest.mark.parametrize(("name", "shape", "missing"), [("co2", (2284, 1), 59), ("sunspots", (309, 1), 0)])
def test_embedded_sets(name: str, shape: tuple[int, int], missing: int) -> None:
    series = load_series(name).series
    assert series.shape == shape
    assert series.isna().sum().sum() == missing


def test_a_nearby_name_is_suggested() -> None:
    with pytest.raises(ValueError, match="ETTh11: neither a file nor a known set; did you mean 'ETTh1'"):
        load_series("ETTh11")


def test_a_set_without_file_or_address_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(tmp_path))
    weather = sources.LTSF_DATASETS["Weather"]
    monkeypatch.setitem(sources.LTSF_DATASETS, "Weather", replace(weather, file=RemoteFile("ltsf/weather.csv")))
    with pytest.raises(FileNotFoundError, match=r"put the file at \$TS_LLM_FUSION_DATA_DIR/ltsf/weather.csv"):
        load_series("Weather")


@pytest.fixture
def etth1_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """ETTh1 replaced by a small file of the same columns on a loopback server."""
    dates = pd.date_range("2016-07-01", periods=14400, freq="h")
    pd.DataFrame(np.ones((14400, 7)), index=pd.Index(dates, name="date")).to_csv(tmp_path / "ETTh1.csv")

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, directory=str(tmp_path), **kwargs)

        def log_message(self, *args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.delenv("TS_LLM_FUSION_DATA_DIR", raising=False)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    dataset = replace(
        sources.LTSF_DATASETS["ETTh1"],
        file=RemoteFile(
            "ltsf/ETTh1.csv",
            f"http://127.0.0.1:{server.server_port}/ETTh1.csv",
            hashlib.sha256((tmp_path / "ETTh1.csv").read_bytes()).hexdigest(),
        ),
    )
    monkeypatch.setitem(sources.LTSF_DATASETS, "ETTh1", dataset)
    yield tmp_path
    server.shutdown()
    server.server_close()


def test_a_download_is_checked(etth1_server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_series("ETTh1").series.shape == (14400, 7)
    dataset = sources.LTSF_DATASETS["ETTh1"]
    monkeypatch.setitem(sources.LTSF_DATASETS, "ETTh1", replace(dataset, file=replace(dataset.file, sha256="0" * 64)))
    with pytest.raises(ValueError, match=r"sha256 .* it was removed"):
        load_series("ETTh1")


def test_no_network_says_where_to_put_the_file(etth1_server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = sources.LTSF_DATASETS["ETTh1"]
    monkeypatch.setitem(
        sources.LTSF_DATASETS,
        "ETTh1",
        replace(dataset, file=RemoteFile("ltsf/ETTh1.csv", "http://127.0.0.1:9/ETTh1.csv")),
    )
    with pytest.raises(FileNotFoundError, match=r"cannot be downloaded .* put the file at \$TS_LLM_FUSION_DATA_DIR"):
        load_series("ETTh1")


def test_the_data_directory_wins_and_may_be_compressed(etth1_server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = etth1_server / "own" / "ltsf"
    folder.mkdir(parents=True)
    text = (etth1_server / "ETTh1.csv").read_bytes().replace(b"1.0", b"2.0")
    (folder / "ETTh1.csv.gz").write_bytes(gzip.compress(text))
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(folder.parent))
    assert load_series("ETTh1").series.iloc[0, 0] == 2.0


def test_a_set_with_too_few_rows_is_refused(etth1_server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = etth1_server / "own" / "ltsf"
    folder.mkdir(parents=True)
    lines = (etth1_server / "ETTh1.csv").read_text().splitlines()[:100]
    (folder / "ETTh1.csv").write_text("\n".join(lines))
    monkeypatch.setenv("TS_LLM_FUSION_DATA_DIR", str(folder.parent))
    with pytest.raises(ValueError, match="the file has 99 rows and 7 columns; the protocol needs 14400 and 7"):
        load_series("ETTh1")


@pytest.mark.parametrize(
    ("frequency", "period"), [("15min", 96), ("h", 24), ("D", 7), ("W", 52), ("MS", 12), ("QS", 4), ("YS", None)]
)
def test_the_usual_season(frequency: str, period: int | None) -> None:
    assert find_grid(pd.date_range("2000-01-01", periods=50, freq=frequency)).season == period


@pytest.mark.parametrize("freq", (None, "B"))
def test_absent_rows_are_missing_values_of_the_season(freq: str | None, tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=200, freq="B").delete([30, 31, 99])
    pd.DataFrame({"date": days, "a": np.arange(197.0)}).to_csv(tmp_path / "a.csv", index=False)
    assert find_grid(days).season == 5
    source = load_series(tmp_path / "a.csv", freq=freq)
    assert source.grid.season == 5
    assert list(np.flatnonzero(source.series["a"].isna())) == [30, 31, 99]
    data = prepare(DataArguments(data=str(tmp_path / "a.csv"), freq=freq), context_length=24, prediction_length=6)
    assert data.seasonal_period == 5
    assert data.borders.tolist() == [[140, 160, 200]]


def test_a_given_step_wins_but_not_over_a_protocol() -> None:
    days = pd.DataFrame({"a": np.arange(10.0)}, index=pd.date_range("2024-01-01", periods=10, freq="B"))
    assert len(load_series(days).series) == 10
    assert len(load_series(days, freq="D").series) == 12
    assert load_series("co2", freq="W-SAT").series.shape == (2284, 1)
    with pytest.raises(ValueError, match="ETTh1: freq is 'D', but the rows of this set are those of its protocol"):
        load_series("ETTh1", freq="D")
    with pytest.raises(ValueError, match="co2: timestamp 1958-04-05 00:00:00 is not on the grid of freq '2W-SAT'"):
        load_series("co2", freq="2W-SAT")


def test_prepared_windows_are_scaled_by_the_training_rows_alone(tmp_path: Path) -> None:
    values = np.concatenate((np.random.default_rng(0).normal(size=700), np.full(300, 1e6)))
    frame = pd.DataFrame({"date": pd.date_range("2024", periods=1000, freq="h"), "a": values})
    frame.to_csv(tmp_path / "a.csv", index=False)
    data = prepare(DataArguments(data=str(tmp_path / "a.csv")), context_length=24, prediction_length=6)
    assert data.scaler["a"] == pytest.approx([values[:700].mean(), values[:700].std()])
    assert data.borders.tolist() == [[700, 800, 1000]]
    assert data.seasonal_period == 24
    train = data.values[:700]
    assert train.mean().abs() < 1e-6
    assert train.std(correction=0).item() == pytest.approx(1.0, abs=1e-5)
