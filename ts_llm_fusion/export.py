"""Export of forecasters to graphs that run without this package: torch.export and ONNX, in float32 or int8."""

import copy
import json
import logging
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from .errors import UserError
from .families import COVARIATE_FIELDS
from .files import write_json
from .requirements import require

logger = logging.getLogger(__name__)

FORMATS = {"torch": "model.pt2", "onnx": "model.onnx"}
# (format, whether int8) -> packages beside torch.
_PACKAGES: dict[tuple[str, bool], tuple[str, ...]] = {
    ("torch", False): (),
    ("torch", True): ("torchao",),
    ("onnx", False): ("onnx", "onnxscript"),
    ("onnx", True): ("onnx", "onnxscript", "onnxruntime"),
}


class _Graph(nn.Module):
    """Forward pass of a forecaster that returns its forecasts by name."""

    def __init__(self, model: PreTrainedModel):
        super().__init__()
        self.model = model

    def forward(self, past_values: Tensor, past_observed_mask: Tensor) -> dict[str, Tensor]:
        outputs = self.model(past_values, past_observed_mask)
        forecasts = {"mean_predictions": outputs.mean_predictions, "full_predictions": outputs.full_predictions}
        return {name: forecast for name, forecast in forecasts.items() if forecast is not None}


def _with_linear_layers(module: nn.Module) -> None:
    """Replace the `Conv1D` layers of GPT-2 by linear layers, which quantizers support."""
    for name, child in module.named_children():
        if isinstance(child, Conv1D):
            linear = nn.Linear(*child.weight.shape)
            linear.weight, linear.bias = nn.Parameter(child.weight.detach().T.contiguous()), child.bias
            setattr(module, name, linear)
        else:
            _with_linear_layers(child)


def _to_int8(module: nn.Module) -> None:
    """Quantize the weights of linear layers to int8 with a scale for each output; products stay in float32."""
    from torchao.quantization import Int8WeightOnlyConfig, quantize_
    from torchao.utils import unwrap_tensor_subclass

    _with_linear_layers(module)
    quantize_(module, Int8WeightOnlyConfig(version=2))
    # With plain tensors, the graph loads without torchao.
    unwrap_tensor_subclass(module)


def _axes(config: Any) -> dict[int, Any]:
    """Dynamic axes of `past_values` and its mask."""
    axes = {0: Dim("batch")}
    if config.share_projection and config.most_variables != 1:
        axes[2] = Dim("variables", max=config.most_variables)
    return axes


@torch.no_grad()
def export_program(model: PreTrainedModel, int8: bool = False) -> ExportedProgram:
    """Export a forecaster to a graph of torch.

    The graph maps `past_values` float32 and `past_observed_mask` bool, both (batch, context_length, variables), to
    `mean_predictions` (batch, prediction_length, variables) and, with a quantile head, `full_predictions` (batch,
    prediction_length, variables, levels), in float32. NaN is missing, as in the model. The batch size is dynamic, and
    the number of variables too unless each has a head of its own. Look-back and horizon are fixed: the graph neither
    pads nor rolls out.

    Args:
        model: an [`LLMPSForForecasting`], which is not changed.
        int8: whether to store the weights of linear layers as int8 with a scale for each output (needs torchao).
    """
    config = model.config
    module = copy.deepcopy(model).float().eval().requires_grad_(False)
    if int8:
        _to_int8(module)
    variables = config.num_input_channels if not config.share_projection else min(3, config.most_variables or 3)
    values = torch.randn(2, config.context_length, variables, device=model.device)
    axes = _axes(config)
    return torch.export.export(
        _Graph(module),
        (values, torch.ones_like(values, dtype=torch.bool)),
        dynamic_shapes={"past_values": axes, "past_observed_mask": axes},
    )


def export_onnx(model: PreTrainedModel, path: str | Path) -> None:
    """Write the graph of `export_program` as ONNX; above 2 GB, the weights go to a file beside it."""
    program = export_program(model)
    axes = _axes(model.config)
    names = ["mean_predictions", "full_predictions"][: 2 if model.config.quantiles else 1]
    onnx_program: Any = torch.onnx.export(
        program,
        dynamo=True,
        verbose=False,
        input_names=["past_values", "past_observed_mask"],
        output_names=names,
        # For the names of the axes only, which the mask shares.
        dynamic_shapes={"past_values": axes, "past_observed_mask": None},
    )
    onnx_program.model.metadata_props["ts_llm_fusion"] = json.dumps(_facts(model.config))
    onnx_program.save(str(path))


def quantize_onnx(source: str | Path, path: str | Path) -> None:
    """Quantize the matrix products of an ONNX graph: int8 weights, and int8 activations at run time."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        prepared = str(Path(folder) / "prepared.onnx")
        # The exporter has optimized the graph and inferred its shapes.
        quant_pre_process(str(source), prepared, skip_optimization=True, skip_symbolic_shape=True)
        # Processors without VNNI or AMX add two products of activation and weight in 16 bits, which 8-bit weights
        # overflow; reduce_range uses 7 bits. Unsigned weights would work too, at half the speed with VNNI.
        quantize_dynamic(
            prepared,
            str(path),
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
        )


def _facts(config: Any) -> dict[str, Any]:
    """Description of a graph for its user: lengths, inputs, outputs and limits."""
    limit = {"at_most": config.most_variables} if config.share_projection else {"exactly": config.num_input_channels}
    shape = ["batch", config.context_length, "variables"]
    forecast: list[Any] = ["batch", config.prediction_length, "variables"]
    outputs = {"mean_predictions": {"dtype": "float32", "shape": forecast}}
    if config.quantiles:
        outputs["full_predictions"] = {"dtype": "float32", "shape": [*forecast, len(config.quantiles)]}
    return {
        "context_length": config.context_length,
        "prediction_length": config.prediction_length,
        "quantiles": list(config.quantiles),
        "variables": limit,
        "inputs": {
            "past_values": {"dtype": "float32", "shape": shape, "missing": "NaN, or False in the mask"},
            "past_observed_mask": {"dtype": "bool", "shape": shape},
        },
        "outputs": outputs,
        "limits": (
            f"Look-back and horizon are fixed: cut longer series to their last {config.context_length} steps, pad "
            f"shorter ones on the left with NaN. More than {config.prediction_length} steps are not in the graph; "
            "append mean_predictions to the series and run it again, and expect errors to add up. A variable without "
            "any observed value gets zeros."
        ),
    }


def export_forecaster(model: PreTrainedModel, folder: str | Path, file_format: str, int8: bool = False) -> Path:
    """Write the graph of a forecaster, and its description as `export.json`.

    `torch.export.load` can run code in a file, so load only files that you trust; onnxruntime runs no code.

    Args:
        model: an [`LLMPSForForecasting`].
        folder: folder to write in.
        file_format: `"torch"` (`model.pt2`, for `torch.export.load`) or `"onnx"` (`model.onnx`, for onnxruntime).
        int8: `"torch"`: int8 weights by torchao; `"onnx"`: int8 weights and activations by onnxruntime.

    Returns:
        Path of the graph.

    Raises:
        ValueError: for an unknown format, another kind of model, or one with covariates.
        ImportError: if a package for the format is not installed.
    """
    if file_format not in FORMATS:
        raise UserError(f"format is {file_format!r}; give {' or '.join(FORMATS)}.")
    if model.config.model_type != "llmps":
        raise UserError(f"a graph is made of an LLM-PS forecaster, not of {type(model).__name__}; use the model.")
    if any(getattr(model.config, name, 0) for name in COVARIATE_FIELDS):
        raise UserError(
            "this model was trained with covariates, which a graph does not take; forecast with the model."
        )
    for package in _PACKAGES[file_format, int8]:
        require(package, "export")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = FORMATS[file_format]
    # A graph can be two files, which move into place together after both are written.
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as temporary:
        written = Path(temporary) / name
        if file_format == "torch":
            torch.export.save(export_program(model, int8), written)
        elif int8:
            with tempfile.TemporaryDirectory() as source:
                export_onnx(model, Path(source) / name)
                quantize_onnx(Path(source) / name, written)
        else:
            export_onnx(model, written)
        for path in Path(temporary).iterdir():
            path.replace(folder / path.name)
    facts = {"file": name, "format": file_format, "weights": "int8" if int8 else "float32", **_facts(model.config)}
    write_json(folder / "export.json", facts)
    logger.info("%s: %.1f MB", folder / name, (folder / name).stat().st_size / 1e6)
    return folder / name
