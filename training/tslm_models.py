"""Time-series language models of the recipes: built from settings, with parts that are not trained."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModelForCausalLM,
    AutoModelForTimeSeriesPrediction,
    AutoProcessor,
)
from trl import ModelConfig, get_quantization_config

from ..errors import UserError
from ..families import checkpoint_place
from ..modeling.configuration_random_convolutions import RandomConvolutionConfig
from ..modeling.configuration_tsfusion import TSFusionConfig
from ..modeling.configuration_tslm import TSLMConfig
from ..modeling.modeling_text_sources import find_text_model
from ..modeling.modeling_tsfusion_causal_lm import TSFusionForCausalLM
from ..modeling.modeling_tslm import TSLMForCausalLM
from ..processing.processing_fusion import TSFusionProcessor
from ..processing.processing_time_series import TimeSeriesProcessor
from ..requirements import require
from .arguments import config_arguments, mapping
from .fresh_backbone import save_fresh_backbone

TSLMConfigArguments = config_arguments("TSLMConfigArguments", TSLMConfig)

# Part in a recipe -> modules of `TSLMModel`.
PARTS = {
    "encoder": ("encoder",),
    "projector": ("scale_embedding", "cross_series_layers", "projector", "resampler", "cross_attention_layers"),
    "backbone": ("backbone",),
}
TIME_SERIES_TOKEN = "<|time_series|>"

# A language model, or one that is joined with a forecaster.
TSLM = TSLMForCausalLM | TSFusionForCausalLM


@dataclass
class TSLMArguments:
    """Encoder, forecaster and frozen parts of the model, beside `ModelConfig` of trl."""

    encoder_name_or_path: str | None = field(
        default=None,
        metadata={
            "help": "Name or path of a pretrained encoder of series; by default a new one of encoder_config, and "
            "without that the built-in encoder."
        },
    )
    forecaster: str | None = field(
        default=None,
        metadata={
            "help": "TSFusion checkpoint to join the language model with, which stays as it is: a folder, a name of "
            "the Hub, or built-in. It fills in the forecasts of a chat."
        },
    )
    freeze: list[str] = field(
        default_factory=list, metadata={"help": "Parts to exclude from training: encoder, projector, backbone."}
    )
    cache_encoder: bool = field(
        default=False,
        metadata={
            "help": "Keep the outputs of a frozen encoder in memory from the first epoch on, those of each series of "
            "training and validation. Series of one length; others are computed again with another padding."
        },
    )
    scale_text: bool = field(
        default=True,
        metadata={
            "help": "Write mean and deviation before each series; a small model reads them better as scale_embedding."
        },
    )

    def __post_init__(self):
        unknown = set(self.freeze) - set(PARTS)
        if unknown:
            raise UserError(f"freeze: {min(unknown)!r} is not a part of the model; parts are {', '.join(PARTS)}.")
        if self.cache_encoder and "encoder" not in self.freeze:
            raise UserError("cache_encoder keeps the outputs of an encoder that is trained; add encoder to freeze.")


def tslm_of(model: TSLM) -> TSLMForCausalLM:
    """Language model of one that is joined with a forecaster, or the model itself."""
    return model.tslm if isinstance(model, TSFusionForCausalLM) else model


def part_of(parameter: str) -> str | None:
    """Part of `PARTS` that a parameter belongs to by its name, also inside adapters and wrappers.

    Those of a forecaster belong to none.
    """
    part_of_module = {module: part for part, modules in PARTS.items() for module in modules}
    return next((part_of_module[name] for name in parameter.split(".") if name in part_of_module), None)


def _loading_arguments(model_arguments: ModelConfig) -> dict[str, Any]:
    """Arguments of `from_pretrained` for precision and attention."""
    if model_arguments.load_in_4bit or model_arguments.load_in_8bit:
        require("bitsandbytes", "quantization")
    arguments = {
        "dtype": model_arguments.dtype,
        "attn_implementation": model_arguments.attn_implementation,
        "quantization_config": get_quantization_config(model_arguments),
    }
    return {name: value for name, value in arguments.items() if value is not None}


def _check_start(config_arguments: Any, tslm_arguments: TSLMArguments, model_arguments: ModelConfig) -> None:
    """Refuse contradictory settings before a model is loaded."""
    if tslm_arguments.encoder_name_or_path is not None and config_arguments.encoder_config is not None:
        raise UserError(
            "encoder_name_or_path and encoder_config are both set; the first has its own, so set one of them."
        )
    if tslm_arguments.forecaster is not None and (model_arguments.load_in_4bit or model_arguments.load_in_8bit):
        raise UserError(
            "forecaster joins whole weights, and load_in_4bit or load_in_8bit quantizes them; leave one of them out."
        )
    source, is_described = model_arguments.model_name_or_path, config_arguments.text_config is not None
    if source is None and not is_described:
        raise UserError("neither model_name_or_path nor text_config is set; name a backbone, or describe a new one.")
    if source is not None and is_described:
        raise UserError("model_name_or_path and text_config are both set; the first has its own, so set one.")
    if source is None and (model_arguments.use_peft or "backbone" in tslm_arguments.freeze):
        raise UserError(
            "a new backbone must be trained in full; set model_name_or_path, or neither use_peft nor freeze it."
        )
    if model_arguments.use_peft and "backbone" in tslm_arguments.freeze:
        raise UserError("use_peft trains adapters in the backbone, and freeze names it; leave one out.")
    encoder = mapping(config_arguments.encoder_config, "encoder_config") or {}
    if (
        model_arguments.use_peft
        and "encoder" in tslm_arguments.freeze
        and encoder.get("model_type") == RandomConvolutionConfig.model_type
    ):
        raise UserError(
            "freeze names the encoder, and use_peft saves no frozen parts; leave it out, as this encoder is fitted to "
            "the data."
        )


def _joined(model: TSLMForCausalLM, processor: TimeSeriesProcessor, name: str) -> tuple[TSLM, TimeSeriesProcessor]:
    """Language model and processor, joined with a forecaster."""
    place = checkpoint_place(name)
    kind = AutoConfig.from_pretrained(place).model_type
    if kind != TSFusionConfig.model_type:
        raise UserError(f"forecaster is {name!r}, a model of type {kind!r}; give one of type tsfusion, or built-in.")
    forecaster = AutoModelForTimeSeriesPrediction.from_pretrained(place)
    extractor = AutoFeatureExtractor.from_pretrained(place)
    return TSFusionForCausalLM.from_parts(forecaster, model), TSFusionProcessor.from_parts(extractor, processor)


def build_tslm(
    config_arguments: Any,
    tslm_arguments: TSLMArguments,
    model_arguments: ModelConfig,
    fresh_folder: Path,
    texts: Iterable[str],
    is_writer: bool,
    derived: Mapping[str, Any] | None = None,
) -> tuple[TSLM, TimeSeriesProcessor]:
    """Build the model of a recipe and its processor.

    Args:
        config_arguments: fields of `TSLMConfig`, for a new model.
        tslm_arguments: the encoder, the forecaster, and the frozen parts.
        model_arguments: the backbone or a saved `TSLMForCausalLM` or `TSFusionForCausalLM`, its precision and
            adapters; without a name, a new backbone of `text_config` is made.
        fresh_folder: folder for a new backbone.
        texts: training texts for the tokenizer of a new backbone.
        is_writer: whether this process writes that folder; the others must come later.
        derived: fields of the configuration of a new model that go by the training samples.

    Raises:
        ValueError: for settings that contradict each other.
        OSError: there is no such language model.
    """
    _check_start(config_arguments, tslm_arguments, model_arguments)
    load = _loading_arguments(model_arguments)
    name = model_arguments.model_name_or_path
    source = str(fresh_folder) if name is None else find_text_model(name)
    if name is None:
        if is_writer:
            text_config = mapping(config_arguments.text_config, "text_config") or {}
            save_fresh_backbone(source, text_config, texts, [TIME_SERIES_TOKEN])
    elif (kind := AutoConfig.from_pretrained(source).model_type) in (TSLMConfig.model_type, TSFusionConfig.model_type):
        defaults = vars(type(config_arguments)())
        changed = [name for name, value in vars(config_arguments).items() if value != defaults[name]]
        if tslm_arguments.encoder_name_or_path is not None:
            changed.append("encoder_name_or_path")
        if tslm_arguments.forecaster is not None and kind == TSFusionConfig.model_type:
            changed.append("forecaster")
        if changed:
            raise UserError(f"{name} is a saved model with a configuration of its own; leave {changed[0]} out.")
        loaded: Any = AutoModelForCausalLM.from_pretrained(source, **load)
        processor = AutoProcessor.from_pretrained(source)
        if tslm_arguments.forecaster is not None:
            return _joined(loaded, processor, tslm_arguments.forecaster)
        return loaded, processor
    fields = {name: value for name, value in vars(config_arguments).items() if name != "text_config"}
    fields["encoder_config"] = mapping(fields["encoder_config"], "encoder_config")
    fields |= derived or {}
    model = TSLMForCausalLM.from_backbone(
        source, encoder=tslm_arguments.encoder_name_or_path, time_series_token=TIME_SERIES_TOKEN, config=fields, **load
    )
    texts_of_processor = {} if tslm_arguments.scale_text else {"scale_text": None}
    processor = TimeSeriesProcessor.from_backbone(
        source, model.config, time_series_token=TIME_SERIES_TOKEN, **texts_of_processor
    )
    if tslm_arguments.forecaster is not None:
        return _joined(model, processor, tslm_arguments.forecaster)
    return model, processor


def freeze_parts(model: TSLM, parts: Sequence[str | None]) -> None:
    """Exclude the parameters of some parts of a model from training."""
    for name, parameter in model.named_parameters():
        if part_of(name) in parts:
            parameter.requires_grad_(False)
