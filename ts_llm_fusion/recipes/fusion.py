"""Recipe of the TSFusion forecaster: from synthetic series to a checkpoint that forecasts any series."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed

from ..data.series.priors import FAMILIES, SyntheticPriorDataset
from ..errors import UserError
from ..modeling.configuration_tsfusion import TSFusionConfig
from ..modeling.modeling_tsfusion import TSFusionForForecasting
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..requirements import versions
from ..training.arguments import mapping
from ..training.fusion import FusionConfigArguments, FusionTrainingArguments, train_fusion
from ..training.run_time import earlier_processor_seconds
from ..training.runs import trained_parameters
from .endings import finish_run, save_run
from .run_folder import start_run

_PACKAGES = ("transformers", "numpy")
_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass
class PriorArguments:
    """Synthetic series to train on, and the precision of the saved weights."""

    batch_size: int = field(
        default=256, metadata={"help": "Series of a step on short histories, a multiple of 64; long ones are fewer."}
    )
    families: dict | str | None = field(
        default=None, metadata={"help": "Family of series -> share; all of data.series.priors by default."}
    )
    weights_dtype: str = field(
        default="float16", metadata={"help": "Type in which weights are saved: float32, float16 or bfloat16."}
    )

    def __post_init__(self):
        if self.weights_dtype not in _DTYPES:
            raise UserError(f"weights_dtype is {self.weights_dtype!r}; give one of {', '.join(_DTYPES)}.")


# Settings of the recipe.
FUSION_SETTINGS = (PriorArguments, FusionConfigArguments, FusionTrainingArguments)


def run_fusion_recipe(
    priors: PriorArguments,
    config_arguments: Any,
    arguments: FusionTrainingArguments,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Train in one pass over synthetic series, and save the checkpoint with its report in `arguments.output_dir`.

    Result and errors are those of `run_forecaster_recipe`.

    Args:
        priors: the synthetic series, and the precision of the saved weights.
        config_arguments: `FusionConfigArguments`, the fields of `TSFusionConfig`.
        arguments: arguments of the Trainer; `push_to_hub` publishes the checkpoint at the end.
        recipe: contents of recipe.yaml; by default the settings that differ from their defaults.
    """
    recipe, publication = start_run((priors, config_arguments, arguments), recipe, ())
    families = mapping(priors.families, "families")
    batches = arguments.max_steps * arguments.gradient_accumulation_steps * arguments.world_size
    dataset = SyntheticPriorDataset(batches, priors.batch_size, arguments.seed, families)
    set_seed(arguments.seed)
    model = TSFusionForForecasting(TSFusionConfig(**vars(config_arguments)))
    start = time.process_time()
    trainer = train_fusion(model, arguments, dataset)
    seconds = time.process_time() - start + earlier_processor_seconds(trainer)
    model = trainer.whole_model()
    if not trainer.is_world_process_zero():
        return None
    output = Path(arguments.output_dir)
    parameters = trained_parameters(model)
    model.to(_DTYPES[priors.weights_dtype]).save_pretrained(output)
    ForecastFeatureExtractor(context_length=model.config.context_length, min_length=1).save_pretrained(output)
    save_run(output, trainer.state.log_history, recipe)
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    metrics = {
        "data": "synthetic only",
        "families": families or {name: share for name, (_, share) in FAMILIES.items()},
        "batches": batches,
        "batch_size": priors.batch_size,
        "last_loss": losses[-1] if losses else None,
        **parameters,
        "processor_seconds": seconds,
        "seed": arguments.seed,
        "versions": versions(_PACKAGES),
    }
    return finish_run(output, metrics, publication)
