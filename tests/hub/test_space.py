"""The Spaces as they are generated: they run where this package is not, asked as a visitor asks."""

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
from tiny_checkpoints import save_forecaster, save_tslm

from ts_llm_fusion import TimeSeriesProcessor, TSLMForCausalLM, forecast_frame, load_series
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.hub.serving import endpoint_files, space_files

RUN = """
import runpy, sys
sys.modules["ts_llm_fusion"] = None  # importing it fails, as where it is not installed
runpy.run_path("app.py", run_name="__main__")
"""


# The package is the one in the folder of the Space, not the one that is tested.
RUN_PACKAGE = """
import runpy, sys
from pathlib import Path
import ts_llm_fusion.modeling
own = Path.cwd() / "ts_llm_fusion"
assert Path(ts_llm_fusion.__file__).parent == Path(ts_llm_fusion.modeling.__file__).parents[1] == own
runpy.run_path("app.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_forecaster(tmp_path_factory.mktemp("forecaster"))


@pytest.fixture(scope="module")
def tslm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tslm(tmp_path_factory.mktemp("tslm"))


@contextmanager
def running(fresh: FreshPython, checkpoint: Path, folder: Path, model: str, code: str = RUN) -> Iterator[Client]:
    """The app of a checkpoint, in a folder and a process of its own, told to load `model`."""
    for name, contents in space_files(checkpoint, "user/model").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
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
    app = fresh.start(code, environment={**os.environ, **settings}, folder=folder)
    try:
        end = time.monotonic() + 120
        while not re.search("Running on local URL|the page is at", app.out.read_text() + app.err.read_text()):
            assert app.poll() is None, app.err.read_text()
            assert time.monotonic() < end, app.err.read_text()
            time.sleep(0.2)
        yield Client(f"http://127.0.0.1:{port}", verbose=False)
    finally:
        if app.poll() is None:
            app.kill(signal.SIGTERM)


def test_the_forecasting_space_is_the_page_with_the_package_beside_it(
    forecaster: Path, tmp_path: Path, fresh: FreshPython
) -> None:
    table = tmp_path / "weekly.csv"
    weeks = pd.date_range("2024-01-07", periods=60, freq="W").strftime("%d %b %Y")
    table.write_text("week;a;$b_c\n" + "".join(f"{week};{k % 7};{k * 0.5}\n" for k, week in enumerate(weeks)))
    alone = tmp_path / "alone.csv"
    alone.write_text("date\n2024-01-01\n2024-01-02\n")
    with running(fresh, forecaster, tmp_path, str(forecaster), RUN_PACKAGE) as client:
        opened = client.predict(handle_file(table), "both", api_name="/open_file")
        assert any("a <span>next 12 weeks</span>" in str(part) for part in opened)
        failed = client.predict(handle_file(alone), "both", api_name="/open_file")
        assert any('<p class="fault" role="alert">alone.csv: ' in str(part) for part in failed)
        client.predict(handle_file(table), "both", api_name="/open_file")
        forecast = client.predict("$b_c", 14, "", "seasonal_naive", "both", api_name="/forecast")
        assert any("mean absolute error" in str(part) for part in forecast)
        saved = client.predict(api_name="/table")
    (download,) = (part for part in saved if isinstance(part, dict) and part.get("kind") == "text/csv")
    given = pd.read_csv(io.StringIO(download["text"]), parse_dates=["week"])
    model, feature_extractor = load_forecaster(forecaster)
    expected = forecast_frame(model, feature_extractor, load_series(table, "week").series, 14)
    expected = expected[expected["series"] == "$b_c"]
    assert list(given["week"]) == list(expected["timestamp"])
    np.testing.assert_allclose(given["0.9"], np.maximum(expected["0.9"], 0), rtol=1e-3)


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
    for checkpoint in (forecaster, tslm):
        files = space_files(checkpoint, "user/model")
        card = SpaceCard(files["README.md"].decode())
        assert (card.data.sdk, card.data.app_file, card.data.models) == ("gradio", "app.py", ["user/model"])
        runs_code = "the Python files in its repository run in this Space" in card.text.replace("\n", " ")
        assert runs_code == (checkpoint == tslm)
        app = files["app.py"].decode()
        assert '"user/model"' in app and 'os.environ.get("TS_LLM_FUSION_MODEL"' in app
        assert "{{" not in app and "{%" not in files["README.md"].decode()
        needed = {re.split("[<>=]", line)[0] for line in files["requirements.txt"].decode().splitlines()}
        assert needed >= {"gradio", "matplotlib", "numpy", "pandas", "torch", "transformers"}
        if checkpoint == tslm:
            assert set(files) == {"README.md", "app.py", "handler.py", "requirements.txt"}
            assert files["handler.py"] == endpoint_files(checkpoint, "user/model")["handler.py"]
            assert not any(b"import ts_llm_fusion" in text or b"from ts_llm_fusion" in text for text in files.values())
        else:
            folders = {"/".join(Path(name).parts[:2]) for name in files if name.startswith("ts_llm_fusion/")}
            assert folders >= {"ts_llm_fusion/modeling", "ts_llm_fusion/web", "ts_llm_fusion/built_in"}
            assert not folders & {"ts_llm_fusion/cli", "ts_llm_fusion/hub", "ts_llm_fusion/__pycache__"}
            assert "openpyxl" in needed and "pytest" not in needed
