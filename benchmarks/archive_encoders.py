"""Compare encoders of series on classification archives at equal processor time, beside the recipe and the baselines.

python -m benchmarks.archive_encoders [--encoders patches ...] [--archives GunPoint ...] [--seeds 1 2 3] [--seconds 15]

Each encoder trains the small language model of configs/tslm/archive.yaml for so many processor seconds, without early
stopping and without the second training on all samples; `recipe` is that recipe as it is. Prints validation accuracy,
by which encoders are chosen, and test accuracy. `flamingo_patches` has the encoder of the paper, untrained, through
gated cross-attention, and `flamingo_built_in` the built-in one. Every seed holds out other validation samples. Runs
that are there already are taken from --output.
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

from ts_llm_fusion.baselines.questions import NUM_FEATURES, series_features
from ts_llm_fusion.data.series.priors import draw_batch
from ts_llm_fusion.evaluation.report import results_table
from ts_llm_fusion.modeling.configuration_tslm import TSLMConfig
from ts_llm_fusion.modeling.modeling_encoders import build_encoder, load_built_in_encoder
from ts_llm_fusion.recipes.sft import SFT_SETTINGS, run_sft_recipe
from ts_llm_fusion.training.arguments import RecipeParser

logger = logging.getLogger(__name__)
RECIPE = Path(__file__).parent.parent / "configs" / "tslm" / "archive.yaml"
ARCHIVES = ["BasicMotions", "Epilepsy", "GunPoint", "SyntheticControl", "ItalyPowerDemand"]
PATCHES = {"num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4}
# What the patches and the CNN need to compare series, and to read their levels.
_SERIES = {"freeze": [], "scale_embedding": True, "cross_series_layers": 1, "max_series_tokens": 16}
# Flamingo in the proportions of configs/tslm/epilepsy_flamingo.yaml, with heads that together are as wide as the text.
_FLAMINGO = {
    "fusion": "flamingo",
    "num_latents": 8,
    "resampler_num_layers": 2,
    "resampler_num_heads": 4,
    "resampler_head_dim": 16,
    "cross_attention_num_heads": 4,
    "cross_attention_head_dim": 16,
}
_SHARE_MASKED = 0.4
_PATCH = 8
_STATISTICS = NUM_FEATURES - 2  # of a standardized series


def _views(values: torch.Tensor, observed: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What is visible of series (rows, time): for one half some patches, for the other all before a patch.

    Returns:
        `visible` bool (rows, time), `hidden` bool (rows, patches), and for the other half int64 (rows,) the number of
        patches before the next one.
    """
    rows, patches = len(values), values.shape[1] // _PATCH
    hidden = torch.rand(rows, patches) < _SHARE_MASKED
    before = torch.randint(1, max(patches, 2), (rows,))
    hidden[rows // 2 :] = torch.arange(patches) >= before[rows // 2 :, None]
    return observed & ~hidden.repeat_interleave(_PATCH, dim=1), hidden, before[rows // 2 :]


def pretrain(folder: Path, config: dict[str, Any], seconds: float, seed: int = 0) -> None:
    """Pretrain an encoder on synthetic histories: on masked patches, the next patch, and statistics.

    From its token, the encoder predicts the values of a masked patch; from the last token before it, those of the next
    patch; and from the mean of all tokens the statistics that the ridge classifier reads, except level and scale.

    Args:
        folder: where to save the encoder.
        config: of the encoder, with patches of 8 steps.
        seconds: processor seconds.
        seed: of weights, series and masks.
    """
    torch.manual_seed(seed)
    encoder = build_encoder(TSLMConfig(encoder_config=config).get_encoder_config()).train()
    width = config["hidden_size"]
    masked, following, statistics = nn.Linear(width, _PATCH), nn.Linear(width, _PATCH), nn.Linear(width, _STATISTICS)
    heads = nn.ModuleList([masked, following, statistics])
    optimizer = torch.optim.AdamW([*encoder.parameters(), *heads.parameters()], lr=1e-3)
    end, number, losses = time.process_time() + seconds, 0, []
    while time.process_time() < end:
        drawn = draw_batch(seed, number, 64, longest=512)["past_values"]
        number += 1
        drawn = drawn[:, drawn.shape[1] % _PATCH :]
        if drawn.shape[1] < 2 * _PATCH:
            continue
        features = torch.tensor(series_features(drawn)[:, -_STATISTICS:]).float()
        values = torch.tensor(drawn)
        observed = ~values.isnan()
        counts = observed.sum(1, keepdim=True).clamp(min=1)
        values = values.nan_to_num()
        values = (values - values.sum(1, keepdim=True) / counts) * observed
        values = values / (values.square().sum(1, keepdim=True) / counts).sqrt().clamp(min=1e-6)
        visible, hidden, before = _views(values, observed)
        tokens = encoder(values, visible).last_hidden_state
        half = len(values) // 2
        patches, known = (part.unflatten(1, (-1, _PATCH)) for part in (values, observed))
        next_values, is_known = (part[half:][torch.arange(len(before)), before] for part in (patches, known))
        last = tokens[half:][torch.arange(len(before)), before - 1]
        exists = (~hidden)[..., None].float()
        mean_token = (tokens * exists).sum(1) / exists.sum(1).clamp(min=1)
        loss = (
            _mean_error(masked(tokens[:half]), patches[:half], known[:half] & hidden[:half, :, None])
            + _mean_error(following(last), next_values, is_known)
            + _mean_error(statistics(mean_token), features, torch.ones_like(features))
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    encoder.save_pretrained(folder)
    logger.info("pretraining: %d batches, sum of the three errors %.3f at the end", number, np.mean(losses[-50:]))


def _mean_error(predicted: torch.Tensor, true: torch.Tensor, scored: torch.Tensor) -> torch.Tensor:
    """Mean absolute error where `scored`."""
    return ((predicted - true).abs() * scored).sum() / scored.sum().clamp(min=1)


def _pretrained(options: argparse.Namespace, name: str) -> dict[str, Any]:
    """Settings of the recipe with an encoder of `ENCODERS` that is pretrained, once."""
    folder = options.output / f"pretrained_{name}"
    if not (folder / "config.json").is_file():
        pretrain(folder, ENCODERS[name](options)["encoder_config"], options.pretraining_seconds)
    return {"encoder_config": None, "encoder_name_or_path": str(folder), **_SERIES}


def _built_in(options: argparse.Namespace) -> dict[str, Any]:
    """Settings of the recipe with the built-in encoder."""
    folder = options.output / "built_in_encoder"
    if not (folder / "config.json").is_file():
        load_built_in_encoder().save_pretrained(folder)
    return {"encoder_config": None, "encoder_name_or_path": str(folder), **_SERIES}


# Encoder -> settings of the recipe.
ENCODERS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "patches": lambda _: {
        "encoder_config": {"model_type": "ts_patch_encoder", "patch_length": _PATCH, "dropout": 0.1, **PATCHES},
        **_SERIES,
    },
    "cnn": lambda _: {
        "encoder_config": {"model_type": "ts_mscnn_encoder", "patch_length": _PATCH, "hidden_size": 64},
        **_SERIES,
    },
    "pretrained_patches": lambda options: _pretrained(options, "patches"),
    "pretrained_cnn": lambda options: _pretrained(options, "cnn"),
    "built_in": _built_in,
    "convolutions": lambda _: {},
    "flamingo_patches": lambda _: {
        "encoder_config": {"model_type": "ts_patch_encoder", "num_hidden_layers": 0},
        **_SERIES,
        **_FLAMINGO,
    },
    "flamingo_built_in": lambda options: {**_built_in(options), **_FLAMINGO},
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
