"""The Spaces as they are generated: started as the Hub starts them, and asked as a visitor asks."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from huggingface_hub import SpaceCard
from tiny_checkpoints import save_forecaster, save_tslm

from ts_llm_fusion import TimeSeriesProcessor, TSLMForCausalLM, __version__, forecast_frame, load_series
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.hub.space import space_files


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_forecaster(tmp_path_factory.mktemp("forecaster"))


@pytest.fixture(scope="module")
def tslm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tslm(tmp_path_factory.mktemp("tslm"))


@contextmanager
def running(checkpoint: Path, folder: Path) -> Iterator[Client]:
    """The app of a checkpoint, in a folder and a process of its own."""
    for name, contents in space_files(checkpoint, "user/model").items():
        (folder / name).write_bytes(contents)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "TS_LLM_FUSION_MODEL": str(checkpoint),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    with (folder / "log").open("w") as log:
        app = subprocess.Popen(
            [sys.executable, "app.py"], cwd=folder, env={**os.environ, **settings}, stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 120
        while "Running on local URL" not in (folder / "log").read_text():
            assert app.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.2)
        yield Client(f"http://127.0.0.1:{port}", verbose=False)
    finally:
        app.terminate()
        app.wait()


def test_the_forecasting_space_gives_what_forecast_frame_gives(forecaster: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    with running(forecaster, tmp_path) as client:
        picture, table, file = client.predict(
            handle_file(tmp_path / "example.csv"), 14, ["0.9", "0.1"], api_name="/forecast"
        )
        with pytest.raises(AppError, match=r"bad\.csv: no timestamp column"):
            client.predict(handle_file(bad), 12, [], api_name="/forecast")
        with pytest.raises(AppError, match="No file: upload a table"):
            client.predict(None, 12, [], api_name="/forecast")
    series = load_series(tmp_path / "example.csv").series
    expected = forecast_frame(*load_forecaster(forecaster), series, 14, [0.1, 0.9])
    given = pd.read_csv(file, parse_dates=["timestamp"])
    assert list(given.columns) == ["timestamp", "series", "mean", "0.1", "0.9"]
    assert list(given["timestamp"]) == list(expected["timestamp"])
    np.testing.assert_allclose(given[["mean", "0.1", "0.9"]], expected[["mean", "0.1", "0.9"]], rtol=1e-6)
    assert len(table["data"]) == 28
    assert picture["plot"].startswith("data:image/")


def test_the_question_space_streams_what_generate_gives(tslm: Path, tmp_path: Path) -> None:
    table = tmp_path / "series.csv"
    pd.DataFrame({"name": ["x", "y", "z"], "a": [1.0, 2.0, 4.0], "b": [3.0, 2.0, 1.0]}).to_csv(table, index=False)
    with running(tslm, tmp_path) as client:
        stream = list(client.submit("Trend?", "1, 2, nan, 4\n", None, 8, api_name="/answer"))
        of_file = client.predict("Trend?", "", handle_file(table), 8, api_name="/answer")
        with pytest.raises(AppError, match="The pasted series are not numbers"):
            client.predict("Trend?", "1, two", None, 8, api_name="/answer")
        with pytest.raises(AppError, match="more than the 512 of the language model"):
            client.predict("x" * 600, "", None, 8, api_name="/answer")
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
    for checkpoint, example in ((forecaster, {"example.csv"}), (tslm, set())):
        files = space_files(checkpoint, "user/model")
        assert set(files) == {"README.md", "app.py", "requirements.txt"} | example
        card = SpaceCard(files["README.md"].decode())
        assert (card.data.sdk, card.data.app_file, card.data.models) == ("gradio", "app.py", ["user/model"])
        assert f"ts-llm-fusion~={__version__}" in files["requirements.txt"].decode()
        app = files["app.py"].decode()
        assert 'os.environ.get("TS_LLM_FUSION_MODEL", "user/model")' in app
        assert "{{" not in app
