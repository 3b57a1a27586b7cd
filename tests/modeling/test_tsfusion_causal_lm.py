"""Forecaster and language model in one: what each Auto class loads, forecasts in a chat, and both ways of training."""

import copy
import inspect
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file
from tiny_checkpoints import save_fused
from torch.testing import assert_close
from transformers import (
    AutoFeatureExtractor,
    AutoModelForCausalLM,
    AutoModelForTimeSeriesPrediction,
    AutoProcessor,
    Trainer,
    TrainingArguments,
)

from ts_llm_fusion import BUILT_IN, ForecastFeatureExtractor, TSFusionForCausalLM, TSFusionForForecasting, fuse
from ts_llm_fusion.training.collator import AnswerCollator

# Models here are so small that a second thread costs more than it gives.
torch.set_num_threads(1)

HISTORY = 20 + np.sin(np.arange(60) / 3) + np.arange(60) / 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_fused(tmp_path_factory.mktemp("fused"))


@pytest.fixture(scope="module")
def fused(folder: Path) -> TSFusionForCausalLM:
    return AutoModelForCausalLM.from_pretrained(folder)


@pytest.fixture(scope="module")
def forecaster() -> TSFusionForForecasting:
    return AutoModelForTimeSeriesPrediction.from_pretrained(BUILT_IN)


@pytest.fixture(scope="module")
def processor(folder: Path):
    return AutoProcessor.from_pretrained(folder)


def chat(*content: dict, answer: str | None = None) -> list[dict]:
    messages = [{"role": "user", "content": [*content, {"type": "text", "text": "Does it rise?"}]}]
    return messages if answer is None else [*messages, {"role": "assistant", "content": answer}]


def series(values=None) -> dict:
    return {"type": "time_series", "time_series": HISTORY.tolist() if values is None else list(values)}


def forecast(steps: int, **fields) -> dict:
    return {"type": "forecast", "prediction_length": steps, **fields}


def prepare(processor, *content: dict, **options) -> dict[str, torch.Tensor]:
    options = {"add_generation_prompt": True, "tokenize": True, "return_dict": True, **options}
    return dict(processor.apply_chat_template(chat(*content), **options))


def tell(model, inputs: dict[str, torch.Tensor]) -> list[int]:
    return model.generate(**inputs, max_new_tokens=6, do_sample=False)[0, inputs["input_ids"].shape[1] :].tolist()


def median(model, values, steps: int) -> torch.Tensor:
    extractor = ForecastFeatureExtractor(context_length=2112, min_length=1)
    return model.predict(**extractor(list(values)), prediction_length=steps).mean_predictions[0, :, 0]


def test_each_auto_class_loads_its_part_of_one_file(
    folder: Path, fused: TSFusionForCausalLM, forecaster: TSFusionForForecasting, tmp_path: Path, caplog
) -> None:
    alone, loading = AutoModelForTimeSeriesPrediction.from_pretrained(folder, output_loading_info=True)
    assert type(alone) is TSFusionForForecasting
    assert not any(loading.values())
    assert "tslm" not in caplog.text
    tslm = AutoModelForCausalLM.from_pretrained(folder.parent / "model")
    # All weights are those of the parts, to the last bit.
    parts = forecaster.state_dict() | {f"tslm.{name}": value for name, value in tslm.state_dict().items()}
    found = fused.state_dict()
    assert found.keys() == parts.keys()
    assert all(torch.equal(found[name], value) for name, value in parts.items())
    past = torch.randn(2, 130, 2, generator=torch.Generator().manual_seed(0)).cumsum(1)
    expected = forecaster.predict(past, prediction_length=7).full_predictions
    for model in (alone, fused):
        assert torch.equal(model.predict(past, prediction_length=7).full_predictions, expected)
    assert isinstance(AutoFeatureExtractor.from_pretrained(folder), ForecastFeatureExtractor)

    # A forecaster saved alone promises no language model.
    alone.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["architectures"] == ["TSFusionForForecasting"]
    assert set(config["auto_map"]) == {"AutoConfig", "AutoModelForTimeSeriesPrediction"}
    with pytest.raises(ValueError, match="this checkpoint forecasts and has no language model"):
        AutoModelForCausalLM.from_pretrained(tmp_path)
    # What such a checkpoint has is a feature extractor.
    ForecastFeatureExtractor(32).save_pretrained(tmp_path)
    assert isinstance(AutoProcessor.from_pretrained(tmp_path), ForecastFeatureExtractor)


def test_it_is_saved_whole_and_in_any_precision(folder: Path, fused: TSFusionForCausalLM, processor, tmp_path) -> None:
    fused.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    again, loading = TSFusionForCausalLM.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(loading.values())
    saved = [json.loads((place / "processor_config.json").read_text()) for place in (folder, tmp_path)]
    assert saved[0] == saved[1]
    inputs = prepare(processor, series(), forecast(8))
    assert tell(again, inputs) == tell(fused, inputs) == tell(copy.deepcopy(fused), inputs)
    half = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float16)
    assert half.dtype == torch.float16
    assert {p.dtype for name, p in half.named_parameters() if name.startswith("tslm.")} == {torch.float16}
    assert {p.dtype for name, p in half.named_parameters() if not name.startswith("tslm.")} == {torch.float32}


@pytest.mark.parametrize("gap", [0, 3])
def test_a_forecast_in_a_chat_is_that_of_the_series_before_it(
    fused: TSFusionForCausalLM, forecaster: TSFusionForForecasting, processor, gap: int
) -> None:
    other = np.arange(30.0) ** 2
    history = [*HISTORY, *[None] * gap]
    content = [forecast(9), series(history), forecast(5), series(other), forecast(12)]
    with pytest.raises(ValueError, match="conversation 0: a forecast without a series before it"):
        prepare(processor, *content)
    inputs = prepare(processor, *content[1:])
    filled = fused.fill_forecasts(inputs["time_series"], inputs["time_series_mask"])[0].double()
    assert inputs["time_series_mask"][0].sum(-1).tolist() == [60, 5, 30, 12]
    for values, row, steps, shift in ((history, 1, 5, gap), (other, 3, 12, 0)):
        observed = HISTORY if row == 1 else other
        found = filled[row, shift : shift + steps] * observed.std() + observed.mean()
        assert_close(found, median(forecaster, values, steps), rtol=0, atol=1e-4 * observed.std())
    given = inputs["time_series"].isnan()
    assert torch.equal(filled.float()[~given[0]], inputs["time_series"][0][~given[0]])
    # The words before it are those of the series, as is its unit.
    text = processor.apply_chat_template(chat(*content[1:3]))
    assert text.count(f"(mean {HISTORY.mean():.4g}, std {HISTORY.std():.4g}) <|time_series|>") == 2


def test_what_is_told_of_a_forecast_is_what_is_told_of_its_values(fused: TSFusionForCausalLM, processor) -> None:
    asked = prepare(processor, series(), forecast(8))
    values = median(fused, HISTORY, 8)
    given = prepare(processor, series(), forecast(8), future_values=[values.tolist()])
    assert asked["input_ids"].tolist() == given["input_ids"].tolist()
    with torch.no_grad():
        logits = [fused(**inputs).logits for inputs in (asked, given)]
    assert_close(*logits, rtol=0, atol=1e-4)
    other = prepare(processor, series(), forecast(8, future_values=(40 - values).tolist()))
    with torch.no_grad():
        assert (fused(**other).logits - logits[0]).abs().max() > 0.01
    # A longer series beside it, and padding, change nothing.
    batch = processor.apply_chat_template(
        [chat(series(), forecast(8)), chat(series(np.arange(200)))],
        tokenize=True,
        return_dict=True,
        padding_side="left",
    )
    asked = processor.apply_chat_template(chat(series(), forecast(8)), tokenize=True, return_dict=True)
    with torch.no_grad():
        assert_close(fused(**batch).logits[0, -1], fused(**asked).logits[0, -1], rtol=0, atol=1e-4)


def test_a_language_model_alone_reads_a_future_but_cannot_forecast(folder: Path) -> None:
    alone = AutoProcessor.from_pretrained(folder.parent / "model")
    with pytest.raises(ValueError, match="conversation 0: this model has no forecaster to fill in a forecast"):
        prepare(alone, series(), forecast(3))
    inputs = prepare(alone, series([1.0, 3.0]), forecast(3, future_values=[2.0, None, 4.0]))
    assert inputs["time_series"][0].tolist() == [[-1, 1, 0], [0, 0, 2]]
    assert inputs["time_series_mask"][0].tolist() == [[True, True, False], [True, False, True]]
    constant = prepare(alone, series([5.0, 5.0]), forecast(2, future_values=[5.0, 9.0]))
    assert constant["time_series"][0].tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize(
    ("part", "options", "message"),
    [
        (forecast(0), {}, "prediction_length 0; give its number of steps, at least 1"),
        ({"type": "forecast"}, {}, "prediction_length None"),
        (forecast(3, future_values=[1.0]), {}, "series 1, a forecast has 3 steps, and 1 future_values"),
        (forecast(2), {"future_values": [[1.0, 2.0], [3.0]]}, "has 1 parts of type 'forecast' for 2 future_values"),
        (forecast(2, future_values=[1.0, np.inf]), {}, "future_values has infinite values"),
        (forecast(2, future_values=[None, None]), {}, "future_values has only missing values"),
        ({"type": "image"}, {}, "parts are of type 'text', 'time_series' or 'forecast'"),
    ],
)
def test_bad_parts_are_refused(processor, part: dict, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prepare(processor, series(), part, **options)


def parts_that_differ(one: torch.nn.Module, other: torch.nn.Module) -> set[str]:
    others = dict(other.named_parameters())
    return {name.split(".")[0] for name, value in one.named_parameters() if not torch.equal(value, others[name])}


def test_text_and_numbers_are_trained_by_the_trainer(fused: TSFusionForCausalLM, processor, tmp_path: Path) -> None:
    """Each stage moves its own part and saves the whole."""
    parameters = inspect.signature(type(fused).forward).parameters
    assert {"past_observed_mask", "future_values", "time_series_mask", "labels"} <= set(parameters)
    arguments = TrainingArguments(
        str(tmp_path),
        max_steps=2,
        per_device_train_batch_size=2,
        learning_rate=1e-2,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
    )
    model = copy.deepcopy(fused)
    windows = HISTORY[np.arange(4)[:, None] + np.arange(45)][..., None]
    rows = [{"past_values": window[:40], "future_values": window[40:]} for window in windows]
    Trainer(model, arguments, train_dataset=Dataset.from_list(rows).with_format("torch")).train()
    assert parts_that_differ(model, fused) == {"model", "head"}

    model = copy.deepcopy(fused)
    messages = chat({"type": "time_series"}, forecast(4), answer="Yes.")
    futures = (None, [[1.0] * 4])
    rows = [{"messages": messages, "time_series": [HISTORY.tolist()], "future_values": future} for future in futures]
    arguments.remove_unused_columns = False
    trainer = Trainer(model, arguments, train_dataset=rows, data_collator=AnswerCollator(processor))
    trainer.train()
    assert parts_that_differ(model, fused) == {"tslm"}
    trainer.save_model(tmp_path / "saved")
    assert TSFusionForCausalLM.from_pretrained(tmp_path / "saved").state_dict().keys() == fused.state_dict().keys()
    with pytest.raises(ValueError, match="either a text"):
        model(input_ids=torch.tensor([[1]]), past_values=torch.zeros(1, 3, 1))


@pytest.mark.parametrize(
    ("tslm", "forecaster", "dtype", "message"),
    [
        ("alone", "built-in", None, "a model of type 'tsfusion'; give one of type tslm"),
        ("model", "model", None, "a model of type 'tslm'; give one of type llmps or tsfusion"),
        ("model", "built-in", "int8", "weights_dtype is 'int8'; give one of float32, float16, bfloat16"),
        ("fused", "built-in", "float16", ""),
    ],
)
def test_what_cannot_be_joined_is_refused_and_a_part_of_a_joined_one_can(
    folder: Path, tmp_path: Path, tslm: str, forecaster: str, dtype: str | None, message: str
) -> None:
    AutoModelForTimeSeriesPrediction.from_pretrained(BUILT_IN).save_pretrained(folder.parent / "alone")
    places = [folder.parent / name if (folder.parent / name).exists() else name for name in (tslm, forecaster)]
    if message:
        with pytest.raises(ValueError, match=message):
            fuse(places[0], tmp_path, places[1], dtype)
        assert not list(tmp_path.iterdir())
        return
    again = load_file(fuse(places[0], tmp_path, places[1], dtype) / "model.safetensors")
    assert AutoModelForCausalLM.from_pretrained(tmp_path).dtype == torch.float32
    before = load_file(folder / "model.safetensors")
    assert again.keys() == before.keys()
    assert {value.dtype for value in again.values()} == {torch.float16}
    assert all(torch.equal(value.half(), again[name]) for name, value in before.items())
