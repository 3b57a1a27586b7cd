"""Recipe that joins a forecaster and a time-series language model in one checkpoint."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoProcessor

from ..checkpoints import check_checkpoint, load_part
from ..errors import UserError
from ..families import BUILT_IN_NAME, checkpoint_place, find_family
from ..files import check_output_folder
from ..forecasting import load_forecaster
from ..modeling.modeling_tsfusion import TSFusionForForecasting
from ..modeling.modeling_tsfusion_causal_lm import TSFusionForCausalLM
from ..processing.processing_fusion import TSFusionProcessor
from .endings import RECIPE, TSLM_RECIPE, carry_recipe, finish_run, saved_report

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def _load_tslm(name: str, is_joined: bool) -> tuple[Any, Any, dict[str, Any]]:
    """Language model, of a checkpoint of one or of one that is joined already; its processor; its report."""
    report = saved_report(name)
    if not is_joined:
        find_family(load_part(AutoConfig, name).model_type, name, ["question-answering"])
    model = load_part(AutoModelForCausalLM, name)
    processor = load_part(AutoProcessor, name)
    return (model.tslm, processor, report.get("tslm", {})) if is_joined else (model, processor, report)


def in_few_bits(model: TSFusionForForecasting) -> TSFusionForForecasting:
    """The forecaster in 16 bits where they hold its numeric part exactly, else as it is."""
    numeric = [*model.model.parameters(), *model.head.parameters()]
    return model.half() if all((weights.half() == weights).all() for weights in numeric) else model


def fuse(
    tslm: str | Path,
    output_dir: str | Path,
    forecaster: str | Path = BUILT_IN_NAME,
    weights_dtype: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Join a forecaster and a language model in one checkpoint, with their processor, reports and card.

    The forecaster keeps its numbers to the last bit. `AutoModelForTimeSeriesPrediction` and `AutoFeatureExtractor`
    load it from the checkpoint, `AutoModelForCausalLM` and `AutoProcessor` all of it.

    Args:
        tslm: folder or name of the checkpoint of a `TSLMForCausalLM`; of a joined one, its language model.
        output_dir: folder of the new checkpoint.
        forecaster: folder or name of a TSFusion checkpoint, or "built-in"; of a joined one, its forecaster.
        weights_dtype: type in which the weights of the language model are saved, float32, float16 or bfloat16; that in
            which it computes by default, which stays as it is.
        overwrite: whether to write in a folder that is not empty.

    Returns:
        The folder.

    Raises:
        ValueError, OSError: for a checkpoint of another kind, a damaged one, or a folder that cannot be written.

    Example:

    ```python
    >>> fuse("outputs/tslm", "outputs/fused")
    >>> model = AutoModelForCausalLM.from_pretrained("outputs/fused")
    ```
    """
    if weights_dtype is not None and weights_dtype not in _DTYPES:
        raise UserError(f"weights_dtype is {weights_dtype!r}; give one of {', '.join(_DTYPES)}.")
    output = Path(output_dir)
    check_output_folder(output, ("[!.]*",), (tslm, checkpoint_place(forecaster)), overwrite)
    check_checkpoint(tslm)
    is_joined = getattr(load_part(AutoConfig, tslm), "tslm_config", None) is not None
    language_model, processor, tslm_report = _load_tslm(str(tslm), is_joined)
    numeric, extractor = load_forecaster(forecaster)
    if not isinstance(numeric, TSFusionForForecasting):
        raise UserError(
            f"forecaster is {str(forecaster)!r}, a model of type {numeric.config.model_type!r}; give one of type "
            "tsfusion, or built-in."
        )
    # In memory, the weights of a forecaster are float32.
    in_few_bits(numeric)
    dtype = language_model.dtype
    language_model.to(dtype if weights_dtype is None else _DTYPES[weights_dtype])
    model = TSFusionForCausalLM.from_parts(numeric, language_model)
    model.save_pretrained(output)
    model.config.dtype = dtype
    model.config.save_pretrained(output)
    TSFusionProcessor.from_parts(extractor, processor).save_pretrained(output)
    carry_recipe(forecaster, RECIPE, output, RECIPE)
    carry_recipe(tslm, TSLM_RECIPE if is_joined else RECIPE, output, TSLM_RECIPE)
    parts = {"forecaster": str(forecaster), "tslm": str(tslm), "weights_dtype": weights_dtype}
    report = {**saved_report(forecaster), "parts": parts, "tslm": tslm_report}
    if not tslm_report:
        del report["tslm"]
    finish_run(output, report, None)
    return output
