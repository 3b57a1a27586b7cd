"""Exported forecasters: a graph gives what the model gives, whatever the batch, the variables and what is missing."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tiny_configs import TINY_GPT2
from transformers import AutoModelForTimeSeriesPrediction, TorchAoConfig

from ts_llm_fusion import BUILT_IN, ForecastFeatureExtractor, LLMPSConfig, LLMPSForForecasting
from ts_llm_fusion.cli import main
from ts_llm_fusion.export import export_forecaster, export_program, quantize_onnx

# One layer, because exporting costs seconds.
GPT2 = {**TINY_GPT2, "num_hidden_layers": 1}
LLAMA = {**GPT2, "model_type": "llama", "num_key_value_heads": 2, "intermediate_size": 48}
SHAPES = [(1, 1), (2, 3), (5, 7), (1, 20), (9, 2)]
VARIANTS = {
    "mixed": {"text_config": {**GPT2, "hidden_size": 256}, "quantiles": [0.1, 0.5, 0.9]},
    "llama, apart, patches": {"text_config": LLAMA, "mix_variables": False, "patch_length": 8, "quantiles": [0.5]},
}


def inputs(batch: int, variables: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows of 48 steps and many scales; some values NaN, some masked, and in one window a variable all but gone."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(batch, 48, variables, generator=generator)
    values = values * 10 ** torch.rand(1, 1, variables, generator=generator) + 3
    mask = torch.rand(values.shape, generator=generator) > (0.0, 0.3, 0.9)[seed % 3]
    values[torch.rand(values.shape, generator=generator) > 0.95] = torch.nan
    mask[0, 1:, 0] = False
    return values, mask


def eager(model: LLMPSForForecasting, values: torch.Tensor, mask: torch.Tensor) -> list[np.ndarray]:
    with torch.no_grad():
        outputs = model(values, mask)
    return [x.numpy() for x in (outputs.mean_predictions, outputs.full_predictions) if x is not None]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[LLMPSForForecasting, Path]]:
    """A variant and its ONNX graph, made once."""

    @cache
    def make(name: str) -> tuple[LLMPSForForecasting, Path]:
        fields = {"context_length": 48, "prediction_length": 12, "mscnn_channels": 8}
        torch.manual_seed(0)
        model = LLMPSForForecasting(LLMPSConfig(**fields, **VARIANTS[name])).eval()
        return model, export_forecaster(model, tmp_path_factory.mktemp("graph"), "onnx")

    return make


@pytest.mark.parametrize("name", VARIANTS)
def test_onnx_equals_eager_on_100_inputs_of_5_shapes(name: str, exported) -> None:
    model, path = exported(name)
    session = onnxruntime.InferenceSession(path)
    worst = 0.0
    for number in range(100):
        values, mask = inputs(*SHAPES[number % 5], number)
        given = session.run(None, {"past_values": values.numpy(), "past_observed_mask": mask.numpy()})
        expected = eager(model, values, mask)
        assert [x.shape for x in given] == [x.shape for x in expected]
        worst = max(worst, *(np.abs(a - b).max() for a, b in zip(given, expected, strict=True)))
    assert worst < 1e-4
    facts = json.loads(path.with_name("export.json").read_text())
    assert [output.name for output in session.get_outputs()] == list(facts["outputs"])
    assert session.get_outputs()[0].shape == ["batch", 12, "variables"]
    assert facts["quantiles"] == model.config.quantiles
    assert "More than 12 steps are not in the graph" in facts["limits"]
    assert json.loads(session.get_modelmeta().custom_metadata_map["ts_llm_fusion"])["prediction_length"] == 12


def test_int8_onnx_is_smaller_and_near(exported, tmp_path: Path) -> None:
    model, whole = exported("mixed")
    quantize_onnx(whole, tmp_path / "small.onnx")
    assert (tmp_path / "small.onnx").stat().st_size < 0.6 * whole.stat().st_size
    values, mask = torch.randn(8, 48, 3), torch.ones(8, 48, 3, dtype=torch.bool)
    feed = {"past_values": values.numpy(), "past_observed_mask": mask.numpy()}
    given = onnxruntime.InferenceSession(tmp_path / "small.onnx").run(None, feed)
    error = max(np.abs(a - b).max() for a, b in zip(given, eager(model, values, mask), strict=True))
    assert 0 < error < 0.05


def test_int8_products_saturate_on_no_processor(exported, tmp_path: Path) -> None:
    _, whole = exported("mixed")
    quantize_onnx(whole, tmp_path / "small.onnx")
    graph = onnx.load(tmp_path / "small.onnx").graph
    weights = {weight.name: onnx.numpy_helper.to_array(weight) for weight in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMulInteger"]
    # Two layers of attention and two of the feed-forward network, the projection and the head at least.
    assert len(products) >= 6
    for node in products:
        weight = weights[node.input[1]]
        # AVX2's vpmaddubsw adds two products of an unsigned activation and a signed weight in 16 bits.
        assert weight.dtype == np.int8
        assert 2 * 255 * np.abs(weight.astype(int)).max() < 2**15


def test_a_head_for_each_variable_exports_with_its_number_of_variables(tiny_model) -> None:
    model = tiny_model(use_llm=False, share_projection=False, num_input_channels=3)
    graph = export_program(model).module()
    for number, (batch, _) in enumerate(SHAPES):
        values, mask = inputs(batch, 3, number)
        given = graph(values, mask)["mean_predictions"].numpy()
        np.testing.assert_allclose(given, eager(model, values, mask)[0], atol=1e-5, rtol=0)
    with pytest.raises(AssertionError):
        graph(*inputs(2, 4, 0))


def test_a_saved_graph_runs_where_only_torch_is_also_with_int8_weights(tiny_model, tmp_path: Path) -> None:
    model = tiny_model(quantiles=[0.1, 0.9], text_config={**TINY_GPT2, "num_hidden_layers": 1, "vocab_size": 5000})
    values, mask = inputs(4, 5, 0)
    torch.save((values, mask), tmp_path / "inputs.pt")
    paths = [export_forecaster(model, tmp_path / str(int8), "torch", int8) for int8 in (False, True)]
    code = "import sys\nfor name in ('transformers', 'torchao', 'ts_llm_fusion'): sys.modules[name] = None\n"
    code += "import torch\nvalues, mask = torch.load('inputs.pt')\n"
    code += f"for path in {list(map(str, paths))}:\n"
    code += "    torch.save(torch.export.load(path).module()(values, mask), path + '.out')"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    whole, small = (torch.load(f"{path}.out") for path in paths)
    expected = eager(model, values, mask)
    np.testing.assert_allclose(whole["mean_predictions"].numpy(), expected[0], atol=1e-5, rtol=0)
    np.testing.assert_allclose(whole["full_predictions"].numpy(), expected[1], atol=1e-5, rtol=0)
    # int8 keeps 1/127 of the largest weight of a row; in units of the series' deviation, up to 10.
    error = (small["mean_predictions"] - whole["mean_predictions"]).abs().max()
    assert 0 < error < 0.2
    # The vocabulary alone would be 640 kB. A file also holds traces, which grow with the paths of the code.
    weights = torch.export.load(paths[0]).state_dict.values()
    assert sum(weight.numel() * weight.element_size() for weight in weights) < 400_000


def test_the_most_variables_are_those_that_the_backbone_has_positions_for(tiny_model, tiny_config) -> None:
    fields = {"text_config": {**TINY_GPT2, "num_hidden_layers": 1, "max_position_embeddings": 16}, "patch_length": 16}
    model = tiny_model(**fields)
    assert model.config.most_variables == 5
    graph = export_program(model).module()
    values, mask = inputs(2, 5, 0)
    np.testing.assert_allclose(
        graph(values, mask)["mean_predictions"], eager(model, values, mask)[0], atol=1e-5, rtol=0
    )
    with pytest.raises(AssertionError):
        graph(*inputs(2, 6, 0))
    assert tiny_config(**fields, mix_variables=False).most_variables is None
    assert tiny_config(**fields, use_llm=False).most_variables is None


def test_the_command_exports_a_checkpoint(tiny_model, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    tiny_model(use_llm=False).save_pretrained(tmp_path / "model")
    ForecastFeatureExtractor(context_length=48).save_pretrained(tmp_path / "model")
    arguments = ["export", str(tmp_path / "model"), "--format", "torch", "--output", str(tmp_path / "graph")]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "forecasts 12 steps, no more" in printed.out
    assert printed.err.splitlines()[-1] == f"next: ts-llm-fusion push {tmp_path / 'model'} me/model --dry_run"
    assert main([*arguments, "--overwrite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["prediction_length"] == 12
    assert {path.name for path in (tmp_path / "graph").iterdir()} == {"model.pt2", "export.json"}
    assert main(["export", str(tmp_path), "--format", "onnx", "--output", str(tmp_path / "graph")]) == 2


def test_a_forecaster_of_another_kind_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    arguments = ["export", BUILT_IN, "--format", "torch", "--output", str(tmp_path / "graph")]
    assert main(arguments) == 2
    assert "a graph is made of an LLM-PS forecaster, not of TSFusionForForecasting" in capsys.readouterr().err
    assert not (tmp_path / "graph").exists()


def test_a_missing_package_is_named_before_anything_is_written(tiny_model, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"onnxruntime is not installed; run pip install 'ts-llm-fusion\[export\]'"):
        export_forecaster(tiny_model(), tmp_path / "graph", "onnx", int8=True)
    with pytest.raises(ValueError, match="format is 'tflite'; give torch or onnx"):
        export_forecaster(tiny_model(), tmp_path / "graph", "tflite")
    assert not (tmp_path / "graph").exists()


def test_int8_weights_by_torchao_are_saved_and_loaded_again_bit_equal(tiny_model, tmp_path: Path) -> None:
    from torchao.quantization import Int8WeightOnlyConfig

    model = tiny_model(text_config={**LLAMA, "hidden_size": 64}, mscnn_channels=16)
    model.save_pretrained(tmp_path / "whole")
    settings = TorchAoConfig(Int8WeightOnlyConfig(version=2))
    small = AutoModelForTimeSeriesPrediction.from_pretrained(tmp_path / "whole", quantization_config=settings)
    small.save_pretrained(tmp_path / "small")
    loaded = AutoModelForTimeSeriesPrediction.from_pretrained(tmp_path / "small")
    values, mask = torch.randn(4, 48, 3), torch.ones(4, 48, 3, dtype=torch.bool)
    expected = eager(model, values, mask)[0]
    assert np.array_equal(eager(loaded, values, mask)[0], eager(small, values, mask)[0])
    error = np.abs(eager(loaded, values, mask)[0] - expected).max()
    assert 0 < error < 0.05
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("small", "whole")]
    assert sizes[0] < 0.4 * sizes[1]


def test_a_bfloat16_checkpoint_is_half_as_large_and_exports_in_float32(tiny_model, tmp_path: Path) -> None:
    model = tiny_model(text_config={**GPT2, "hidden_size": 128})
    model.save_pretrained(tmp_path / "whole")
    half = LLMPSForForecasting.from_pretrained(tmp_path / "whole", dtype=torch.bfloat16)
    half.save_pretrained(tmp_path / "half")
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("half", "whole")]
    assert 0.49 < sizes[0] / sizes[1] < 0.52
    loaded = LLMPSForForecasting.from_pretrained(tmp_path / "half", dtype=torch.bfloat16)
    values, mask = torch.randn(4, 48, 3), torch.ones(4, 48, 3, dtype=torch.bool)
    expected = eager(model, values, mask)[0]
    assert 0 < np.abs(eager(loaded, values, mask)[0] - expected).max() < 0.03
    graph = export_program(loaded).module()
    np.testing.assert_allclose(graph(values, mask)["mean_predictions"], expected, atol=0.03, rtol=0)
    assert loaded.dtype == torch.bfloat16
