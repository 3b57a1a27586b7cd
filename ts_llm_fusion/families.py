"""Table of model families: their classes, and how the Hub describes and serves them.

A class is written as "module:name", so that this module imports nothing heavy.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .errors import UserError

# Folder of the built-in forecaster, which needs no training, for `from_pretrained`; and its name in settings, where
# a folder or a name of the Hub is asked for.
BUILT_IN = str(Path(__file__).parent / "built_in" / "tsfusion")
BUILT_IN_NAME = "built-in"

_MODELING = "ts_llm_fusion.modeling"
_PROCESSING = "ts_llm_fusion.processing"


@dataclass(frozen=True)
class Family:
    """Family of models, identified by the `model_type` in config.json.

    Args:
        model_type: `model_type` of the configuration.
        config: configuration class.
        classes: Auto class of transformers -> our class for the configuration.
        pipeline_tag: task of the Hub.
        tags: further tags of the model card.
        card: template of the model card in hub_cards.
        task: "forecasting" or "question-answering"; None for a family that serves only to train others.
        app: file in hub_cards/endpoint and hub_cards/space, the templates of its handler and its demo.
        any_history: whether `context_length` is the most history that a forecaster uses, not that of its training.
    """

    model_type: str
    config: str
    classes: dict[str, str]
    pipeline_tag: str
    tags: tuple[str, ...]
    card: str
    task: str | None = None
    app: str | None = None
    any_history: bool = False


_FAMILIES = (
    Family(
        model_type="llmps",
        config=f"{_MODELING}.configuration_llmps:LLMPSConfig",
        classes={
            "AutoModel": f"{_MODELING}.modeling_llmps:LLMPSModel",
            "AutoModelForTimeSeriesPrediction": f"{_MODELING}.modeling_llmps:LLMPSForForecasting",
            "AutoFeatureExtractor": f"{_PROCESSING}.feature_extraction_forecast:ForecastFeatureExtractor",
        },
        pipeline_tag="time-series-forecasting",
        tags=("time-series", "forecasting", "llm-ps"),
        card="forecaster.md",
        task="forecasting",
        app="forecaster.py",
    ),
    Family(
        model_type="tsfusion",
        config=f"{_MODELING}.configuration_tsfusion:TSFusionConfig",
        classes={
            "AutoModel": f"{_MODELING}.modeling_tsfusion:TSFusionModel",
            "AutoModelForTimeSeriesPrediction": f"{_MODELING}.modeling_tsfusion:TSFusionForForecasting",
            # Of a checkpoint with a language model.
            "AutoModelForCausalLM": f"{_MODELING}.modeling_tsfusion_causal_lm:TSFusionForCausalLM",
            "AutoModelForMultimodalLM": f"{_MODELING}.modeling_tsfusion_causal_lm:TSFusionForCausalLM",
            "AutoFeatureExtractor": f"{_PROCESSING}.feature_extraction_forecast:ForecastFeatureExtractor",
            "AutoProcessor": f"{_PROCESSING}.processing_fusion:TSFusionProcessor",
        },
        pipeline_tag="time-series-forecasting",
        tags=("time-series", "forecasting", "zero-shot"),
        card="tsfusion.md",
        task="forecasting",
        app="forecaster.py",
        any_history=True,
    ),
    Family(
        model_type="tslm",
        config=f"{_MODELING}.configuration_tslm:TSLMConfig",
        classes={
            "AutoModel": f"{_MODELING}.modeling_tslm:TSLMModel",
            "AutoModelForCausalLM": f"{_MODELING}.modeling_tslm:TSLMForCausalLM",
            # Loaded by the pipeline "any-to-any": chat messages with series in, text out.
            "AutoModelForMultimodalLM": f"{_MODELING}.modeling_tslm:TSLMForCausalLM",
            "AutoFeatureExtractor": f"{_PROCESSING}.feature_extraction_time_series:TimeSeriesFeatureExtractor",
            "AutoProcessor": f"{_PROCESSING}.processing_time_series:TimeSeriesProcessor",
        },
        pipeline_tag="text-generation",
        tags=("time-series", "question-answering", "opentslm"),
        card="tslm.md",
        task="question-answering",
        app="tslm.py",
    ),
    Family(
        model_type="llmps_t2t",
        config=f"{_MODELING}.configuration_t2t:T2TConfig",
        classes={
            "AutoModel": f"{_MODELING}.modeling_t2t:T2TModel",
            "AutoModelForPreTraining": f"{_MODELING}.modeling_t2t:T2TForPreTraining",
        },
        pipeline_tag="feature-extraction",
        tags=("time-series", "llm-ps"),
        card="t2t.md",
    ),
)
FAMILIES = {family.model_type: family for family in _FAMILIES}

# Fields of a configuration that count the covariates of a trained forecaster.
COVARIATE_FIELDS = ("num_known_covariates", "num_past_covariates", "num_static_covariates")

# Configuration class -> Auto class -> our class; encoders are parts of families and have no checkpoints of their own.
MODEL_CLASSES: dict[str, dict[str, str]] = {
    **{family.config: family.classes for family in _FAMILIES},
    f"{_MODELING}.configuration_random_convolutions:RandomConvolutionConfig": {
        "AutoModel": f"{_MODELING}.modeling_random_convolutions:RandomConvolutionModel"
    },
    f"{_MODELING}.configuration_mscnn_encoder:MSCNNEncoderConfig": {
        "AutoModel": f"{_MODELING}.modeling_mscnn_encoder:MSCNNEncoderModel"
    },
    f"{_MODELING}.configuration_ts_encoder:TSEncoderConfig": {
        "AutoModel": f"{_MODELING}.modeling_ts_encoder:TSEncoderModel"
    },
}


def checkpoint_place(name_or_path: str | Path) -> str:
    """Folder or Hub name to load a checkpoint from: as given, and for "built-in" that of the package."""
    return BUILT_IN if str(name_or_path) == BUILT_IN_NAME else str(name_or_path)


def find_family(model_type: str | None, checkpoint: object, tasks: Iterable[str | None] | None = None) -> Family:
    """Find the family of a checkpoint.

    Args:
        model_type: `model_type` in its config.json.
        checkpoint: its name or folder, for the error.
        tasks: allowed tasks; any by default.

    Raises:
        ValueError: unknown model type, or a family with another task.
    """
    allowed = {name: family for name, family in FAMILIES.items() if tasks is None or family.task in tasks}
    if model_type not in allowed:
        raise UserError(f"{checkpoint}: a model of type {model_type!r}; give one of type {' or '.join(allowed)}.")
    return allowed[model_type]
