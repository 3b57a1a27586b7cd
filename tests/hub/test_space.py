"""The Spaces as they are generated: they run where this package is not, asked as a visitor asks."""

import base64
import io
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from fresh_python import FreshPython
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from huggingface_hub import SpaceCard
from PIL import Image
from tiny_checkpoints import save_forecaster, save_tslm

from ts_llm_fusion import TimeSeriesProcessor, TSLMForCausalLM, forecast_frame, load_series
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.hub.serving import endpoint_files, space_files

RUN = """
import runpy, sys
sys.modules["ts_llm_fusion"] = None  # importing it fails, as where it is not installed
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_forecaster(tmp_path_factory.mktemp("forecaster"))


@pytest.fixture(scope="module")
def tslm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tslm(tmp_path_factory.mktemp("tslm"))


@contextmanager
def running(fresh: FreshPython, checkpoint: Path, folder: Path, model: str) -> Iterator[Client]:
    """The app of a checkpoint, in a folder and a process of its own, told to load `model`."""
    for name, contents in space_files(checkpoint, "user/model").items():
        (folder / name).write_bytes(contents)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "TS_LLM_FUSION_MODEL": model,
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "HF_HOME": str(folder / "home"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    app = fresh.start(RUN, environment={**os.environ, **settings}, folder=folder)
    try:
        end = time.monotonic() + 120
        while "Running on local URL" not in app.out.read_text():
            assert app.poll() is None, app.err.read_text()
            assert time.monotonic() < end, app.err.read_text()
            time.sleep(0.2)
        yield Client(f"http://127.0.0.1:{port}", verbose=False)
    finally:
        if app.poll() is None:
            app.kill(signal.SIGTERM)


def orange_pixels(picture: dict[str, str]) -> tuple[int, int]:
    """Numbers of pixels of the line of a forecast and of the band around it."""
    image = Image.open(io.BytesIO(base64.b64decode(picture["plot"].partition(",")[2]))).convert("RGB")
    red, _, blue = np.asarray(image, dtype=int).reshape(-1, 3).T
    orange = red - blue
    return int((orange > 90).sum()), int(((orange > 20) & (orange < 60)).sum())


def test_the_forecasting_space_gives_what_forecast_frame_gives(
    forecaster: Path, tmp_path: Path, fresh: FreshPython
) -> None:
    def csv(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    weeks = pd.date_range("2024-01-07", periods=60, freq="W").strftime("%d %b %Y")
    rows = "".join(f"{k % 7},{week},{k * 0.5 if k % 5 else ''}\n" for k, week in enumerate(weeks))
    weekly = csv("weekly.csv", "a,week,$b_c\n" + rows)
    undated = csv("undated.csv", "a\n" + "".join(f"{k % 7}\n" for k in range(30)))
    bad = {
        "soon": (csv("soon.csv", "Date,a\n2024-01-01,1\nsoon,2\n"), r"soon\.csv: 'soon' is not a timestamp"),
        "text": (csv("text.csv", "time,a\n2024-01-01,x\n2024-01-02,2\n"), r"text\.csv: series 'a' is not a list of n"),
        "order": (csv("order.csv", "date,a\n2024-01-02,1\n2024-01-01,2\n"), r"order\.csv: timestamps do not rise"),
        "alone": (csv("alone.csv", "date\n2024-01-01\n2024-01-02\n"), r"alone\.csv: no series; give at least one"),
        "rowless": (csv("rowless.csv", "date,a\n"), r"rowless\.csv: give one timestamp for each of its 0 values"),
        "empty": (csv("empty.csv", ""), r"empty\.csv: No columns to parse"),
    }
    with running(fresh, forecaster, tmp_path, str(forecaster)) as client:

        def forecast(path: Path | None, horizon: int, levels: list[str]) -> tuple[dict, dict, str]:
            return client.predict(path and handle_file(path), horizon, levels, api_name="/forecast")

        picture, table, file = forecast(tmp_path / "example.csv", 14, ["0.9", "0.1"])
        _, _, weekly_file = forecast(weekly, 12, ["0.1", "0.5", "0.9"])
        undated_picture, undated_table, undated_file = forecast(undated, 12, [])
        for path, message in bad.values():
            with pytest.raises(AppError, match=message):
                forecast(path, 12, [])
        with pytest.raises(AppError, match="No file: upload a table"):
            forecast(None, 12, [])

    model, feature_extractor = load_forecaster(forecaster)
    expected = forecast_frame(model, feature_extractor, load_series(tmp_path / "example.csv").series, 14, [0.1, 0.9])
    given = pd.read_csv(file, parse_dates=["timestamp"])
    assert list(given.columns) == ["timestamp", "series", "mean", "0.1", "0.9"]
    assert list(given["timestamp"]) == list(expected["timestamp"])
    assert list(given["series"]) == list(expected["series"])
    np.testing.assert_allclose(given[["mean", "0.1", "0.9"]], expected[["mean", "0.1", "0.9"]], rtol=1e-6)
    assert table["headers"] == list(given.columns)
    assert table["data"][0] == ["2024-01-07 00:00:00", "series 1", *expected.iloc[0, 2:].astype(float).round(4)]
    assert len(table["data"]) == 28

    expected = forecast_frame(model, feature_extractor, load_series(weekly, "week").series)
    given = pd.read_csv(weekly_file, parse_dates=["timestamp"])
    assert list(given["timestamp"]) == list(expected["timestamp"])
    assert list(given["series"]) == ["a", "$b_c"] * 12
    np.testing.assert_allclose(given[expected.columns[2:]], expected[expected.columns[2:]], rtol=1e-6)

    dated = pd.read_csv(undated).set_index(pd.date_range("2024", periods=30))
    expected = forecast_frame(model, feature_extractor, dated, 12, [])
    given = pd.read_csv(undated_file)
    assert list(given["step"]) == list(range(30, 42))
    np.testing.assert_allclose(given["mean"], expected["mean"], rtol=1e-6)
    assert undated_table["headers"] == ["step", "series", "mean"]

    line, band = orange_pixels(picture)
    assert line > 500
    assert band > 2000
    line, band = orange_pixels(undated_picture)
    assert line > 200
    assert band < 1000


def test_the_question_space_streams_what_generate_gives(tslm: Path, tmp_path: Path, fresh: FreshPython) -> None:
    table = tmp_path / "series.csv"
    pd.DataFrame({"name": ["x", "y", "z"], "a": [1.0, 2.0, 4.0], "b": [3.0, 2.0, 1.0]}).to_csv(table, index=False)
    wordy = tmp_path / "wordy.csv"
    wordy.write_text("name\nx\ny\n")
    # As the Hub's client keeps a model that it has downloaded.
    downloaded = tmp_path / "home" / "hub" / "models--user--model"
    shutil.copytree(tslm, downloaded / "snapshots" / "0123abcd")
    (downloaded / "refs").mkdir()
    (downloaded / "refs" / "main").write_text("0123abcd")
    with running(fresh, tslm, tmp_path, "user/model") as client:
        stream = list(client.submit("Trend?", "1, 2, nan, 4\n", None, 8, api_name="/answer"))
        of_file = client.predict("Trend?", "", handle_file(table), 8, api_name="/answer")
        with pytest.raises(AppError, match="The pasted series are not numbers"):
            client.predict("Trend?", "1, two", None, 8, api_name="/answer")
        with pytest.raises(AppError, match="more than the 512 of the language model"):
            client.predict("x" * 600, "", None, 8, api_name="/answer")
        with pytest.raises(AppError, match="greater than maximum value 1024"):
            client.predict("x", "1, 2", None, 2000, api_name="/answer")
        with pytest.raises(AppError, match=r"wordy\.csv: no column of numbers"):
            client.predict("x", "", handle_file(wordy), 8, api_name="/answer")
        with pytest.raises(AppError, match="No question"):
            client.predict(" ", "1, 2", None, 8, api_name="/answer")
    model, processor = TSLMForCausalLM.from_pretrained(tslm).eval(), TimeSeriesProcessor.from_pretrained(tslm)

    def answer(**series: list[float]) -> str:
        content = [{"type": "text", "text": "Trend?"}]
        for name, values in series.items():
            content += [{"type": "text", "text": f"\n{name}: "}, {"type": "time_series", "time_series": values}]
        inputs = processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True
        )
        with torch.no_grad():
            generated = model.generate(**inputs, max_new_tokens=8, do_sample=False)
        return processor.decode(generated[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)

    assert stream[-1] == answer(Series=[1.0, 2.0, np.nan, 4.0])
    assert len(stream) > 1
    assert of_file == answer(a=[1.0, 2.0, 4.0], b=[3.0, 2.0, 1.0])
    assert of_file != stream[-1]


def test_a_space_says_what_it_needs_and_which_model_it_shows(forecaster: Path, tslm: Path) -> None:
    for checkpoint, own in ((forecaster, {"example.csv", "time_axis.py"}), (tslm, set())):
        files = space_files(checkpoint, "user/model")
        assert set(files) == {"README.md", "app.py", "handler.py", "requirements.txt"} | own
        card = SpaceCard(files["README.md"].decode())
        assert (card.data.sdk, card.data.app_file, card.data.models) == ("gradio", "app.py", ["user/model"])
        assert "`trust_remote_code=True`: the Python files in its repository run in this Space." in card.text.replace(
            "\n", " "
        )
        needed = {re.split("[<>=]", line)[0] for line in files["requirements.txt"].decode().splitlines()}
        assert needed == {"gradio", "matplotlib", "numpy", "pandas", "torch", "transformers"}
        assert files["handler.py"] == endpoint_files(checkpoint, "user/model")["handler.py"]
        app = files["app.py"].decode()
        assert 'os.environ.get("TS_LLM_FUSION_MODEL", "user/model")' in app
        assert "{{" not in app
        assert not any(b"import ts_llm_fusion" in text or b"from ts_llm_fusion" in text for text in files.values())
