"""Language models that read and forecast time series, native to the Hugging Face stack.

Importing this package registers its models with the Auto classes of transformers, and a pipeline for forecasts, and
loads nothing heavy: torch and transformers are imported when a public name or a class of transformers is first used.
"""

import importlib
from importlib.metadata import version
from typing import Any

from .families import BUILT_IN, MODEL_CLASSES
from .registration import register_auto_classes, register_pipelines
from .requirements import quiet_kernels

__version__ = version("ts-llm-fusion")

_CLASSES = {path for config, classes in MODEL_CLASSES.items() for path in (config, *classes.values())}
# public name -> module that defines it
_PUBLIC = {
    **{name: module for module, name in (path.split(":") for path in _CLASSES)},
    "cross_validation": "ts_llm_fusion.evaluation.cross_validation",
    "score_forecasts": "ts_llm_fusion.evaluation.forecast_scores",
    "convert_opentslm": "ts_llm_fusion.conversion",
    "forecast_frame": "ts_llm_fusion.prediction",
    "fuse": "ts_llm_fusion.recipes.fusing",
    "explain": "ts_llm_fusion.explanations.explain",
    "ask": "ts_llm_fusion.answers.ask",
    "check_text": "ts_llm_fusion.explanations.checks",
    "load_series": "ts_llm_fusion.data.series.sources",
    "load_dataset": "ts_llm_fusion.data.registry",
    "run_curriculum_recipe": "ts_llm_fusion.recipes.curriculum",
    "run_grpo_recipe": "ts_llm_fusion.recipes.grpo",
    "run_benchmark": "ts_llm_fusion.recipes.benchmark",
    "run_fine_tuning_recipe": "ts_llm_fusion.recipes.fine_tuning",
    "run_forecaster_recipe": "ts_llm_fusion.recipes.forecaster",
    "run_sft_recipe": "ts_llm_fusion.recipes.sft",
    "load_metric": "ts_llm_fusion.evaluation.metrics",
    "predict_df": "ts_llm_fusion.prediction",
    "predict_fev": "ts_llm_fusion.evaluation.fev_predictions",
}

__all__ = ["BUILT_IN", "__version__", *sorted(_PUBLIC)]

register_auto_classes()
register_pipelines()


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with quiet_kernels():
        return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
