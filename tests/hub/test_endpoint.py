"""The endpoint handlers as they are generated: they run where this package is not, and give what it gives."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from fresh_python import FreshPython
from text_stub import WordEncoder
from tiny_checkpoints import save_forecaster, save_tslm

from ts_llm_fusion import ForecastFeatureExtractor, TimeSeriesProcessor, TSLMForCausalLM, forecast_frame
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.hub.serving import endpoint_files
from ts_llm_fusion.modeling import modeling_text_encoder
from ts_llm_fusion.modeling.configuration_tsfusion import OPERATIONS, TSFusionConfig
from ts_llm_fusion.modeling.modeling_tsfusion import TSFusionForForecasting

RUN = """
import importlib.util, json, sys
sys.modules["ts_llm_fusion"] = None  # importing it fails, as where it is not installed
for folder, checkpoint in zip(sys.argv[1::2], sys.argv[2::2]):
    spec = importlib.util.spec_from_file_location("handler", f"{folder}/handler.py")
    sys.path.insert(0, folder)  # as the server does
    handler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(handler)
    answer = handler.EndpointHandler(checkpoint)
    requests = json.load(open(f"{folder}/requests.json"))
    json.dump([answer(request) for request in requests], open(f"{folder}/answers.json", "w"), allow_nan=False)
"""


@pytest.fixture(scope="module")
def forecaster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_forecaster(tmp_path_factory.mktemp("forecaster"))


@pytest.fixture(scope="module")
def tslm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tslm(tmp_path_factory.mktemp("tslm"))


@pytest.fixture(scope="module")
def answers(
    forecaster: Path, tslm: Path, tmp_path_factory: pytest.TempPathFactory, fresh: FreshPython
) -> dict[str, list[Any]]:
    """Answers of the generated handlers to all requests, from one process without this package."""
    root = tmp_path_factory.mktemp("served")
    arguments = []
    for checkpoint, name, good, bad in (
        (forecaster, "forecaster", FORECASTS, BAD_FORECASTS),
        (tslm, "tslm", QUESTIONS, BAD_QUESTIONS),
    ):
        (root / name).mkdir()
        for file, contents in endpoint_files(checkpoint, "user/model").items():
            (root / name / file).write_bytes(contents)
        requests = [*good, *(request for some in bad.values() for request in some)]
        (root / name / "requests.json").write_text(json.dumps(requests))
        arguments += [name, str(checkpoint)]
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(root / "home"), "OMP_NUM_THREADS": "1"}
    run = fresh.run(RUN, *arguments, environment=environment, folder=root)
    assert run.returncode == 0, run.stderr
    return {name: json.loads((root / name / "answers.json").read_text()) for name in ("forecaster", "tslm")}


def assert_errors(bad: dict[str, list[Any]], answers: list[Any]) -> None:
    """Each bad request is answered by one line with its message."""
    expected = [(message, request) for message, requests in bad.items() for request in requests]
    for (message, request), answer in zip(expected, answers, strict=True):
        assert list(answer) == ["error"], str(request)[:100]
        assert message in answer["error"]
        assert "\n" not in answer["error"]


def table(steps: int, freq: str = "h", seed: int = 0) -> pd.DataFrame:
    values = 100 + 10 * np.random.default_rng(seed).normal(size=(steps, 2))
    values[steps // 2, 0] = np.nan
    index = pd.date_range("2024-01-31", periods=steps, freq=freq)
    return pd.DataFrame(values, index=index, columns=["series 1", "b"])


def as_input(series: pd.DataFrame, timestamps: bool = True) -> dict[str, Any]:
    columns = {name: [None if np.isnan(v) else v for v in series[name]] for name in series.columns}
    return {"series": columns, **({"timestamps": [str(t) for t in series.index]} if timestamps else {})}


FIRST, SECOND = table(60), table(30, freq="ME", seed=1)
ABSENT, GIVEN = table(60, seed=2).iloc[np.delete(np.arange(60), [5, 58])], table(60, freq="h").iloc[::2]
ROLLED = {"prediction_length": 14, "quantile_levels": [0.1, 0.3, 0.9]}
FORECASTS = [
    {"inputs": as_input(FIRST)},
    {
        "inputs": [as_input(FIRST), as_input(SECOND), {"series": [1, 2, 4, None]}, as_input(FIRST[["b", "series 1"]])],
        "parameters": ROLLED,
    },
    {"inputs": as_input(FIRST, timestamps=False), "parameters": {"quantile_levels": []}},
    {"inputs": as_input(ABSENT)},
    {"inputs": as_input(GIVEN), "parameters": {"freq": "h"}},
]
BAD_FORECASTS = {
    "give an object with": [None, {"inputs": {"values": [1, 2]}}, {"inputs": "text"}],
    "inputs has 0 series; give 1 to 64": [{"inputs": []}],
    "input 1: series 'series' is not a list of numbers": [
        {"inputs": [{"series": [1, 2]}, {"series": bad}]} for bad in ([1, "2"], [True, 1], "12", None)
    ],
    "input 0: no series; give at least one column": [{"inputs": {"series": {}}}],
    "columns have [2, 1] values": [{"inputs": {"series": {"a": [1, 2], "b": [1]}}}],
    "input 0: series 0 has 1 steps": [{"inputs": {"series": [1]}}],
    "has values beyond float32": [{"inputs": {"series": [1, 1e300]}}],
    "'soon' is not a timestamp": [{"inputs": {"series": [1, 2], "timestamps": ["2024-01-01", "soon"]}}],
    "timestamps do not rise": [{"inputs": {"series": [1, 2], "timestamps": ["2024-01-02", "2024-01-01"]}}],
    "one timestamp for each of its 2": [{"inputs": {"series": [1, 2], "timestamps": ["2024-01-02"]}}],
    "prediction_length is": [
        {"inputs": {"series": [1, 2]}, "parameters": {"prediction_length": bad}} for bad in (0, 5000, 1.5, True, "3")
    ],
    "quantile 0.95 is asked for; this model gives levels from 0.1 to 0.9": [
        {"inputs": {"series": [1, 2]}, "parameters": {"quantile_levels": [0.5, 0.95]}}
    ],
    "quantile_levels is": [{"inputs": {"series": [1, 2]}, "parameters": {"quantile_levels": 0.5}}],
    "parameters: give an object with prediction_length": [{"inputs": {"series": [1, 2]}, "parameters": {"steps": 3}}],
    "freq is 3; give an alias": [{"inputs": {"series": [1, 2]}, "parameters": {"freq": 3}}],
    "input 0: the time step cannot be determined": [
        {"inputs": {"series": [1, 2, 3, 4], "timestamps": ["2024-01-01", "2024-01-07", "2024-01-08", "2024-03-21"]}}
    ],
    "this model reads no text; leave context out": [{"inputs": {"series": [1, 2], "context": "Closed."}}],
    "input 0: context is a text, or an object of texts by column": [{"inputs": {"series": [1, 2], "context": 3}}],
    "input 0: context has a text for 'b', which is not a column": [
        {"inputs": {"series": [1, 2], "context": {"b": "Closed."}}}
    ],
    "give at most 1000000": [{"inputs": {"series": [0] * 1_000_001}}],
}


def test_the_forecaster_answers_as_forecast_frame_does(forecaster: Path, answers: dict) -> None:
    single, several, plain, absent, given, *errors = answers["forecaster"]
    model, feature_extractor = load_forecaster(forecaster)
    for answer, series, options in (
        (single, FIRST, {}),
        (several[0], FIRST, ROLLED),
        (several[1], SECOND, ROLLED),
        (absent, ABSENT, {}),
        (given, GIVEN, {"freq": "h"}),
    ):
        expected = forecast_frame(model, feature_extractor, series, **options)
        levels = [f"{level:g}" for level in options.get("quantile_levels", [0.1, 0.5, 0.9])]
        assert [pd.Timestamp(t) for t in answer["timestamps"]] == list(expected["timestamp"].unique())
        assert list(answer["quantiles"]) == levels
        for name in series.columns:
            rows = expected[expected["series"] == name]
            np.testing.assert_allclose(answer["mean"][name], rows["mean"], rtol=1e-6)
            for level in levels:
                np.testing.assert_allclose(answer["quantiles"][level][name], rows[level], rtol=1e-6)
    # Columns belong to their names.
    assert list(several[3]["mean"]) == ["b", "series 1"]
    for name in FIRST.columns:
        np.testing.assert_allclose(several[3]["mean"][name], several[0]["mean"][name], rtol=1e-6)
    assert "warning" not in single
    assert several[0]["warning"] == "Steps after the first 12 are forecast from forecasts."
    assert len(several[2]["mean"]["series"]) == 14
    assert set(plain) == {"mean", "quantiles"}
    assert plain["mean"]["b"] == single["mean"]["b"]
    assert plain["quantiles"] == {}
    assert_errors(BAD_FORECASTS, errors)


def test_a_text_moves_the_forecast_of_its_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = WordEncoder()
    monkeypatch.setattr(modeling_text_encoder, "load_text_encoder", lambda name, layer: encoder)
    sizes = {"text_hidden_size": encoder.hidden_size, "context_hidden_size": 8, "context_heads": 2}
    model = TSFusionForForecasting(TSFusionConfig(hidden_size=16, text_encoder="a/b", **sizes))
    with torch.no_grad():
        for weights in model.context_head.parameters():
            weights.zero_()
        model.context_head.operation.bias[OPERATIONS.index("zero")] = 60.0
    model.save_pretrained(tmp_path)
    ForecastFeatureExtractor(context_length=64).save_pretrained(tmp_path)
    for file, contents in endpoint_files(tmp_path, "user/model").items():
        (tmp_path / file).write_bytes(contents)
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = importlib.util.spec_from_file_location("handler", tmp_path / "handler.py")
    handler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(handler)
    endpoint = handler.EndpointHandler(str(tmp_path))
    # The first step of the forecast is 12:00 on 2 February.
    text = "Closed from 14:00 to 16:00 on 2 February. In 1999 it rained."
    request, parameters = as_input(FIRST), {"prediction_length": 6, "quantile_levels": [0.1]}
    plain = endpoint({"inputs": request, "parameters": parameters})
    read, both = endpoint({"inputs": [request | {"context": {"b": text}}, request | {"context": text}],
                           "parameters": parameters})  # fmt: skip
    assert [read["mean"]["b"][k] == 0 for k in range(6)] == [False, False, True, True, False, False]
    assert read["quantiles"]["0.1"]["b"][2:4] == [0, 0]
    assert read["mean"]["series 1"] == plain["mean"]["series 1"] != both["mean"]["series 1"]
    assert list(read["context"]) == ["b"] and "context" not in plain
    closed, rained = read["context"]["b"]
    assert (closed["operation"], closed["steps"], closed["used"]) == ("zero", [[3, 4]], True)
    assert not rained["used"] and "no step in the horizon" in rained["reason"]
    assert endpoint({"inputs": request | {"context": "x" * 100_001}})["error"].endswith("give at most 100000.")


QUESTION = {"text": "What is the trend?", "time_series": [1.0, 2.0, None, 4.0, 5.5]}
PARTS = [
    {"type": "text", "text": "Compare\nA: "},
    {"type": "time_series", "time_series": [1, 2, 3]},
    {"type": "text", "text": "\nB: "},
    {"type": "time_series", "time_series": [3, 2, 1, 0]},
]
NAMED = {"text": "Compare", "time_series": {"A": [1, 2, 3], "B": [3, 2, 1, 0]}}
BRIEF = {"max_new_tokens": 6}
QUESTIONS = [
    {"inputs": QUESTION, "parameters": BRIEF},
    {
        "inputs": [QUESTION, {"messages": [{"role": "user", "content": PARTS}]}, NAMED, {"text": "No series"}],
        "parameters": BRIEF,
    },
    {"inputs": {"text": "x" * 480}},
]
BAD_QUESTIONS = {
    'give an object with "text" and "time_series", or with "messages"': [None, {"inputs": {"text": 1}}],
    "inputs has 0 questions; give 1 to 32": [{"inputs": []}],
    "input 1: a series is a list of numbers": [
        {"inputs": [QUESTION, {"text": "x", "time_series": bad}]}
        for bad in ([1, "2"], "12", {"a": 1}, [[1], [2, [3]]])
    ],
    "series 0 has only missing values": [{"inputs": {"text": "x", "time_series": [None]}}],
    "messages is empty": [{"inputs": {"messages": []}}],
    'a message is an object with "role"': [{"inputs": {"messages": ["x"]}}],
    "content is a string, or a list": [{"inputs": {"messages": [{"role": "user", "content": 3}]}}],
    "part of type 'image'": [{"inputs": {"messages": [{"role": "user", "content": [{"type": "image"}]}]}}],
    "more than the 512 of the language model": [{"inputs": {"text": "x" * 600}}],
    "give at most 100000": [{"inputs": {"text": "x", "time_series": [0] * 100_001}}],
    "it must be int, from 1 to 1024": [
        {"inputs": QUESTION, "parameters": {"max_new_tokens": bad}} for bad in (0, 2000, 1.5, True)
    ],
    "num_beams is 9": [{"inputs": QUESTION, "parameters": {"num_beams": 9}}],
    "parameters: give an object with any of": [{"inputs": QUESTION, "parameters": {"min_new_tokens": 3}}],
}


def test_the_language_model_answers_as_generate_does(tslm: Path, answers: dict) -> None:
    single, several, long, *errors = answers["tslm"]
    model, processor = TSLMForCausalLM.from_pretrained(tslm).eval(), TimeSeriesProcessor.from_pretrained(tslm)

    def answer(content: list[dict[str, Any]]) -> str:
        inputs = processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True
        )
        with torch.no_grad():
            generated = model.generate(**inputs, do_sample=False, **BRIEF)
        return processor.decode(generated[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)

    first = [{"type": "text", "text": "What is the trend?"}, {"type": "text", "text": "\nSeries: "}]
    first.append({"type": "time_series", "time_series": [1.0, 2.0, np.nan, 4.0, 5.5]})
    compared, alone = answer(PARTS), answer([{"type": "text", "text": "No series"}])
    assert single["generated_text"] == answer(first)
    fault = processor.answer_fault(single["generated_text"], [{"role": "user", "content": first}])
    assert single.get("fault") == fault
    assert [one["generated_text"] for one in several] == [single["generated_text"], compared, compared, alone]
    assert len({single["generated_text"], compared, alone}) == 3
    assert 0 < len(long["generated_text"]) < 32
    assert_errors(BAD_QUESTIONS, errors)


def test_only_checkpoints_and_names_that_the_hub_allows_are_taken(forecaster: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no config\.json in it; give the folder of a saved model"):
        endpoint_files(tmp_path, "user/model")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ValueError, match="a model of type 'gpt2'; give one of type llmps or tsfusion or tslm"):
        endpoint_files(tmp_path, "user/model")
    with pytest.raises(ValueError, match="Repo id must"):
        endpoint_files(forecaster, 'user/model"); import os')
