"""Compare encoders of series on classification archives at equal processor time, beside the recipe and the baselines.

python -m benchmarks.archive_encoders [--encoders patches ...] [--archives GunPoint ...] [--seeds 1 2 3] [--seconds 15]

Each encoder trains the small language model of configs/tslm/archive.yaml for so many processor seconds, without early
stopping and without the second training on all samples; `recipe` is that recipe as it is. Prints validation accuracy,
by which encoders are chosen, and test accuracy. Every seed holds out other validation samples. Runs that are there
already are taken from --output.
"""

import argparse
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import nn

from ts_llm_fusion.data.series.priors import draw_batch
from ts_llm_fusion.evaluation.report import results_table
from ts_llm_fusion.modeling.configuration_ts_encoder import TSEncoderConfig
from ts_llm_fusion.modeling.modeling_ts_encoder import TSEncoderModel
from ts_llm_fusion.recipes.sft import SFT_SETTINGS, run_sft_recipe
from ts_llm_fusion.training.arguments import RecipeParser

logger = logging.getLogger(__name__)
RECIPE = Path(__file__).parent.parent / "configs" / "tslm" / "archive.yaml"
ARCHIVES = ["BasicMotions", "Epilepsy", "GunPoint", "SyntheticControl", "ItalyPowerDemand"]
PATCHES = {"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4}
# What the patches and the CNN need to compare series, and to read their levels.
_SERIES = {"freeze": [], "scale_embedding": True, "cross_series_layers": 1, "max_series_tokens": 16}
_SHARE_MASKED = 0.4


def pretrain(folder: Path, seconds: float, seed: int = 0) -> None:
    """Pretrain the patch encoder on synthetic histories: it predicts the values of masked patches.

    Args:
        folder: where to save the encoder.
        seconds: processor seconds.
        seed: of weights, series and masks.
    """
    torch.manual_seed(seed)
    encoder = TSEncoderModel(TSEncoderConfig(patch_length=8, dropout=0.1, **PATCHES)).train()
    head = nn.Linear(PATCHES["hidden_size"], 8)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *head.parameters()], lr=1e-3)
    end, number, losses = time.process_time() + seconds, 0, []
    while time.process_time() < end:
        values = torch.tensor(draw_batch(seed, number, 64, longest=512)["past_values"])
        number += 1
        values = values[:, values.shape[1] % 8 :]
        observed = ~values.isnan()
        counts = observed.sum(1, keepdim=True).clamp(min=1)
        values = values.nan_to_num()
        values = (values - values.sum(1, keepdim=True) / counts) * observed
        values = values / (values.square().sum(1, keepdim=True) / counts).sqrt().clamp(min=1e-6)
        if not values.shape[1]:
            continue
        hidden = torch.rand(len(values), values.shape[1] // 8) < _SHARE_MASKED
        visible = observed & ~hidden.repeat_interleave(8, dim=1)
        predicted = head(encoder(values, visible).last_hidden_state).flatten(1)
        scored = observed & ~visible
        loss = ((predicted - values).abs() * scored).sum() / scored.sum().clamp(min=1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    encoder.save_pretrained(folder)
    logger.info("pretraining: %d batches, mean absolute error %.3f at the end", number, np.mean(losses[-50:]))


def _pretrained(options: argparse.Namespace) -> dict[str, Any]:
    folder = options.output / "pretrained_encoder"
    if not (folder / "config.json").is_file():
        pretrain(folder, options.pretraining_seconds)
    return {"encoder_config": None, "encoder_name_or_path": str(folder), **_SERIES}


# Encoder -> settings of the recipe.
ENCODERS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "patches": lambda _: {
        "encoder_config": {"model_type": "ts_patch_encoder", "patch_length": 8, "dropout": 0.1, **PATCHES},
        **_SERIES,
    },
    "cnn": lambda _: {
        "encoder_config": {"model_type": "ts_mscnn_encoder", "patch_length": 8, "hidden_size": 64},
        **_SERIES,
    },
    "pretrained": _pretrained,
    "convolutions": lambda _: {},
}
RECIPE_ITSELF = "recipe"


def train(encoder: str, archive: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Metrics of a run, trained now unless its folder has them."""
    folder = options.output / encoder / archive / str(seed)
    if not (folder / "metrics.json").is_file():
        settings = yaml.safe_load(RECIPE.read_text())
        if encoder != RECIPE_ITSELF:
            settings |= {"refit": False, "max_steps": 100_000, "early_stopping_patience": None, "eval_steps": 50}
            settings |= {"save_steps": 50, "max_seconds": options.seconds, **ENCODERS[encoder](options)}
        settings |= {"data": archive, "seed": seed, "split_seed": seed, "output_dir": str(folder)}
        settings |= {"overwrite": True, "disable_tqdm": True, "report_to": "none", "logging_steps": 50}
        run_sft_recipe(*RecipeParser(SFT_SETTINGS).parse_settings(settings))
    metrics = json.loads((folder / "metrics.json").read_text())
    log = json.loads((folder / "log_history.json").read_text())
    best = min((entry for entry in log if "eval_loss" in entry), key=lambda entry: entry["eval_loss"])
    return {**metrics, "validation_accuracy": best["eval_accuracy"]}


def print_table(title: str, rows: dict[str, dict[str, float]]) -> None:
    """Print a table whose last column is the mean of the others."""
    with_mean = {name: {**row, "mean": np.mean(list(row.values()))} for name, row in rows.items()}
    print(f"\n{title}\n{results_table(with_mean)}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*ENCODERS, RECIPE_ITSELF]
    parser.add_argument("--encoders", nargs="+", choices=names, default=names)
    parser.add_argument("--archives", nargs="+", default=ARCHIVES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--seconds", type=float, default=15.0, help="processor seconds of training of each encoder")
    parser.add_argument("--pretraining_seconds", type=float, default=180.0)
    parser.add_argument("--output", type=Path, default=Path("outputs/archive_encoders"))
    options = parser.parse_args()
    found: dict[str, dict[str, list[dict[str, Any]]]] = {encoder: {} for encoder in options.encoders}
    for seed in options.seeds:
        for encoder in options.encoders:
            for archive in options.archives:
                found[encoder].setdefault(archive, []).append(train(encoder, archive, seed, options))
    for title, value in (
        ("Validation accuracy", lambda metrics: metrics["validation_accuracy"]),
        ("Test accuracy", lambda metrics: metrics["test"]["accuracy"]),
        ("Seconds of training", lambda metrics: metrics["seconds"]),
    ):
        rows = {}
        for encoder, by_archive in found.items():
            values = {archive: [value(metrics) for metrics in runs] for archive, runs in by_archive.items()}
            rows[f"{encoder}, mean of {len(options.seeds)}"] = {name: np.mean(each) for name, each in values.items()}
            if title == "Test accuracy":
                rows[f"{encoder}, lowest"] = {name: np.min(each) for name, each in values.items()}
        if title == "Test accuracy":
            by_archive = found[options.encoders[-1]]
            for baseline in by_archive[options.archives[0]][0]["baselines"]:
                rows[baseline] = {
                    name: np.mean([metrics["baselines"][baseline]["accuracy"] for metrics in runs])
                    for name, runs in by_archive.items()
                }
        print_table(title, rows)


if __name__ == "__main__":
    main()
