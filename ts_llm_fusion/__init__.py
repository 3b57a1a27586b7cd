"""Language models that read and forecast time series, native to the Hugging Face stack.

Importing this package registers its models with the Auto classes of transformers and loads nothing heavy: torch and
transformers are imported when a public name or an Auto class is first used.
"""

import importlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .registration import register_auto_classes

__version__ = version("ts-llm-fusion")

# The forecaster that needs no training, for `from_pretrained`: see README.md in this folder.
BUILT_IN = str(Path(__file__).parent / "checkpoints" / "tsfusion")

# public name -> module that defines it
_PUBLIC = {
    "LLMPSConfig": "ts_llm_fusion.modeling.configuration_llmps",
    "LLMPSModel": "ts_llm_fusion.modeling.modeling_llmps",
    "LLMPSForForecasting": "ts_llm_fusion.modeling.modeling_llmps",
    "MSCNNEncoderConfig": "ts_llm_fusion.modeling.configuration_mscnn_encoder",
    "MSCNNEncoderModel": "ts_llm_fusion.modeling.modeling_mscnn_encoder",
    "TSFusionConfig": "ts_llm_fusion.modeling.configuration_tsfusion",
    "TSFusionModel": "ts_llm_fusion.modeling.modeling_tsfusion",
    "TSFusionForForecasting": "ts_llm_fusion.modeling.modeling_tsfusion",
    "T2TConfig": "ts_llm_fusion.modeling.configuration_t2t",
    "T2TModel": "ts_llm_fusion.modeling.modeling_t2t",
    "T2TForPreTraining": "ts_llm_fusion.modeling.modeling_t2t",
    "TSEncoderConfig": "ts_llm_fusion.modeling.configuration_ts_encoder",
    "TSEncoderModel": "ts_llm_fusion.modeling.modeling_ts_encoder",
    "TSLMConfig": "ts_llm_fusion.modeling.configuration_tslm",
    "TSLMModel": "ts_llm_fusion.modeling.modeling_tslm",
    "TSLMForCausalLM": "ts_llm_fusion.modeling.modeling_tslm",
    "TimeSeriesFeatureExtractor": "ts_llm_fusion.processing.feature_extraction_time_series",
    "TimeSeriesProcessor": "ts_llm_fusion.processing.processing_time_series",
    "convert_opentslm": "ts_llm_fusion.conversion",
    "ForecastFeatureExtractor": "ts_llm_fusion.processing.feature_extraction_forecast",
    "forecast_frame": "ts_llm_fusion.forecasting",
    "load_series": "ts_llm_fusion.data.sources",
    "load_dataset": "ts_llm_fusion.data.registry",
    "load_metric": "ts_llm_fusion.evaluation.modules",
    "predict_fev": "ts_llm_fusion.evaluation.fev_predictions",
}

__all__ = sorted([*_PUBLIC, "BUILT_IN", "__version__"])

register_auto_classes()


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
