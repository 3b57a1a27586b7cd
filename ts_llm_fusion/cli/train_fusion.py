"""`ts-llm-fusion train fusion`: trains the TSFusion forecaster on made-up series; the built-in checkpoint is one."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import torch
from transformers import set_seed

from ..data.synthetic_priors import FAMILIES, SyntheticPriorDataset
from ..files import write_json, write_text, write_yaml
from ..hub.cards import model_card
from ..hub.push import publish, requested_publication
from ..modeling.configuration_tsfusion import TSFusionConfig
from ..modeling.modeling_tsfusion import TSFusionForForecasting
from ..processing.feature_extraction_forecast import ForecastFeatureExtractor
from ..training.arguments import RecipeParser, effective_recipe, mapping
from ..training.fusion import FusionConfigArguments, FusionTrainingArguments, train_fusion
from ..training.runs import trained_parameters

logger = logging.getLogger(__name__)

_PACKAGES = ("ts-llm-fusion", "torch", "transformers", "numpy")
_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass
class PriorArguments:
    """Which made-up series are trained on."""

    batch_size: int = field(
        default=256, metadata={"help": "Series of a step on short histories, a multiple of 64; long ones are fewer."}
    )
    families: dict | str | None = field(
        default=None, metadata={"help": "Family of series -> share; all of synthetic_priors by default."}
    )
    weights_dtype: str = field(
        default="float16", metadata={"help": "Type in which weights are saved: float32, float16 or bfloat16."}
    )

    def __post_init__(self):
        if self.weights_dtype not in _DTYPES:
            raise ValueError(f"weights_dtype is {self.weights_dtype!r}; give one of {', '.join(_DTYPES)}.")


def main(args: Sequence[str]) -> None:
    """Runs the command."""
    parsed = priors, config_arguments, arguments = RecipeParser(
        [PriorArguments, FusionConfigArguments, FusionTrainingArguments]
    ).parse_recipe(args)
    publication = requested_publication(arguments)
    families = mapping(priors.families, "families")
    batches = arguments.max_steps * arguments.gradient_accumulation_steps * arguments.world_size
    dataset = SyntheticPriorDataset(batches, priors.batch_size, arguments.seed, families)
    set_seed(arguments.seed)
    model = TSFusionForForecasting(TSFusionConfig(**vars(config_arguments)))
    start = time.process_time()
    trainer = train_fusion(model, arguments, dataset)
    seconds = time.process_time() - start
    if not trainer.is_world_process_zero():
        return
    output = Path(arguments.output_dir)
    model = trainer.accelerator.unwrap_model(trainer.model)
    parameters = trained_parameters(model)
    model.to(_DTYPES[priors.weights_dtype]).save_pretrained(output)
    ForecastFeatureExtractor(context_length=model.config.context_length, min_length=1).save_pretrained(output)
    log = trainer.state.log_history
    losses = [entry["loss"] for entry in log if "loss" in entry]
    metrics = {
        "data": "synthetic only",
        "families": families or {name: share for name, (_, share) in FAMILIES.items()},
        "batches": batches,
        "batch_size": priors.batch_size,
        "last_loss": losses[-1] if losses else None,
        **parameters,
        "processor_seconds": seconds,
        "seed": arguments.seed,
        "versions": {package: version(package) for package in _PACKAGES},
    }
    write_json(output / "metrics.json", metrics)
    write_json(output / "log_history.json", log)
    write_yaml(output / "recipe.yaml", effective_recipe(args, parsed))
    write_text(output / "README.md", str(model_card(output, str(output))))
    print(
        f"\n{batches:,} batches of up to {priors.batch_size} made-up series, {parameters['parameters_total']:,} "
        f"parameters, {seconds:.0f} s of processor time\n\nEverything is in {output}"
    )
    if publication is not None:
        print(f"Pushed: {publish(output, publication)}")
