"""Registers our classes with the Auto classes of transformers, without importing transformers before its user does."""

import importlib
from types import ModuleType

import wrapt

_MODELING = "ts_llm_fusion.modeling"
_PROCESSING = "ts_llm_fusion.processing"

# transformers module -> rows of (Auto class in it, where our config class is, where the registered class is).
# A config registers under its `model_type`, and its row names it once.
_REGISTRY: dict[str, list[tuple[str, str, str]]] = {
    "transformers.models.auto.configuration_auto": [
        ("AutoConfig", f"{_MODELING}.configuration_llmps:LLMPSConfig", ""),
        ("AutoConfig", f"{_MODELING}.configuration_t2t:T2TConfig", ""),
    ],
    "transformers.models.auto.modeling_auto": [
        ("AutoModel", f"{_MODELING}.configuration_llmps:LLMPSConfig", f"{_MODELING}.modeling_llmps:LLMPSModel"),
        (
            "AutoModelForTimeSeriesPrediction",
            f"{_MODELING}.configuration_llmps:LLMPSConfig",
            f"{_MODELING}.modeling_llmps:LLMPSForForecasting",
        ),
        ("AutoModel", f"{_MODELING}.configuration_t2t:T2TConfig", f"{_MODELING}.modeling_t2t:T2TModel"),
        (
            "AutoModelForPreTraining",
            f"{_MODELING}.configuration_t2t:T2TConfig",
            f"{_MODELING}.modeling_t2t:T2TForPreTraining",
        ),
    ],
    "transformers.models.auto.feature_extraction_auto": [
        (
            "AutoFeatureExtractor",
            f"{_MODELING}.configuration_llmps:LLMPSConfig",
            f"{_PROCESSING}.feature_extraction_forecast:ForecastFeatureExtractor",
        ),
    ],
}


def _load(path: str) -> type:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)


def _register(auto_module: ModuleType) -> None:
    for auto_name, config_path, class_path in _REGISTRY[auto_module.__name__]:
        auto_class, config_class = getattr(auto_module, auto_name), _load(config_path)
        if class_path:
            auto_class.register(config_class, _load(class_path), exist_ok=True)
        else:
            auto_class.register(config_class.model_type, config_class, exist_ok=True)


def register_auto_classes() -> None:
    """Registers every row of the table: at once where transformers' module is loaded, else right after it is."""
    for module in _REGISTRY:
        wrapt.register_post_import_hook(_register, module)
