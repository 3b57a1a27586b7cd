"""Registers our classes with the Auto classes of transformers, without importing transformers before its user does."""

import importlib
import sys
from types import ModuleType

import wrapt

_AUTO = "transformers.models.auto"
_MODELING = "ts_llm_fusion.modeling"
_PROCESSING = "ts_llm_fusion.processing"
_LLMPS = f"{_MODELING}.configuration_llmps:LLMPSConfig"
_MSCNN_ENCODER = f"{_MODELING}.configuration_mscnn_encoder:MSCNNEncoderConfig"
_T2T = f"{_MODELING}.configuration_t2t:T2TConfig"
_TS_ENCODER = f"{_MODELING}.configuration_ts_encoder:TSEncoderConfig"
_TSFUSION = f"{_MODELING}.configuration_tsfusion:TSFusionConfig"
_TSLM = f"{_MODELING}.configuration_tslm:TSLMConfig"

# (Auto class of transformers, our config class, the class of ours that it is to find by that config).
_ROWS = (
    (f"{_AUTO}.configuration_auto:AutoConfig", _LLMPS, _LLMPS),
    (f"{_AUTO}.modeling_auto:AutoModel", _LLMPS, f"{_MODELING}.modeling_llmps:LLMPSModel"),
    (
        f"{_AUTO}.modeling_auto:AutoModelForTimeSeriesPrediction",
        _LLMPS,
        f"{_MODELING}.modeling_llmps:LLMPSForForecasting",
    ),
    (
        f"{_AUTO}.feature_extraction_auto:AutoFeatureExtractor",
        _LLMPS,
        f"{_PROCESSING}.feature_extraction_forecast:ForecastFeatureExtractor",
    ),
    (f"{_AUTO}.configuration_auto:AutoConfig", _MSCNN_ENCODER, _MSCNN_ENCODER),
    (f"{_AUTO}.modeling_auto:AutoModel", _MSCNN_ENCODER, f"{_MODELING}.modeling_mscnn_encoder:MSCNNEncoderModel"),
    (f"{_AUTO}.configuration_auto:AutoConfig", _T2T, _T2T),
    (f"{_AUTO}.modeling_auto:AutoModel", _T2T, f"{_MODELING}.modeling_t2t:T2TModel"),
    (f"{_AUTO}.modeling_auto:AutoModelForPreTraining", _T2T, f"{_MODELING}.modeling_t2t:T2TForPreTraining"),
    (f"{_AUTO}.configuration_auto:AutoConfig", _TS_ENCODER, _TS_ENCODER),
    (f"{_AUTO}.modeling_auto:AutoModel", _TS_ENCODER, f"{_MODELING}.modeling_ts_encoder:TSEncoderModel"),
    (f"{_AUTO}.configuration_auto:AutoConfig", _TSFUSION, _TSFUSION),
    (f"{_AUTO}.modeling_auto:AutoModel", _TSFUSION, f"{_MODELING}.modeling_tsfusion:TSFusionModel"),
    (
        f"{_AUTO}.modeling_auto:AutoModelForTimeSeriesPrediction",
        _TSFUSION,
        f"{_MODELING}.modeling_tsfusion:TSFusionForForecasting",
    ),
    (
        f"{_AUTO}.feature_extraction_auto:AutoFeatureExtractor",
        _TSFUSION,
        f"{_PROCESSING}.feature_extraction_forecast:ForecastFeatureExtractor",
    ),
    (f"{_AUTO}.configuration_auto:AutoConfig", _TSLM, _TSLM),
    (f"{_AUTO}.modeling_auto:AutoModel", _TSLM, f"{_MODELING}.modeling_tslm:TSLMModel"),
    (f"{_AUTO}.modeling_auto:AutoModelForCausalLM", _TSLM, f"{_MODELING}.modeling_tslm:TSLMForCausalLM"),
    # What the pipeline "any-to-any" loads: chat messages with series in, text out.
    (f"{_AUTO}.modeling_auto:AutoModelForMultimodalLM", _TSLM, f"{_MODELING}.modeling_tslm:TSLMForCausalLM"),
    (
        f"{_AUTO}.feature_extraction_auto:AutoFeatureExtractor",
        _TSLM,
        f"{_PROCESSING}.feature_extraction_time_series:TimeSeriesFeatureExtractor",
    ),
    (
        f"{_AUTO}.processing_auto:AutoProcessor",
        _TSLM,
        f"{_PROCESSING}.processing_time_series:TimeSeriesProcessor",
    ),
)


def _loaded(path: str) -> type | None:
    """The class at `module:name`, or None while its module is not there or not yet that far."""
    module, name = path.split(":")
    return getattr(sys.modules.get(module), name, None)


def _imported(path: str) -> type | None:
    """The same, after importing the module; None only where that import is already under way further up the stack."""
    importlib.import_module(path.split(":")[0])
    return _loaded(path)


def _register(_: ModuleType) -> None:
    for auto_path, config_path, class_path in _ROWS:
        auto_class = _loaded(auto_path)
        if auto_class is None:
            continue
        config_class, our_class = _imported(config_path), _imported(class_path)
        if config_class is None or our_class is None:
            continue
        key = config_class.model_type if config_class is our_class else config_class
        auto_class.register(key, our_class, exist_ok=True)


def register_auto_classes() -> None:
    """Registers every row as soon as both sides of it are imported, whichever comes first."""
    for module in dict.fromkeys(path.split(":")[0] for auto, _, ours in _ROWS for path in (auto, ours)):
        wrapt.register_post_import_hook(_register, module)
