"""Train the TSFusion forecaster with parts left out, score it on development data, and print one table.

python -m benchmarks.zero_shot_ablation [--seeds 0 1] [--only NAME ...] [--max_steps 300] [any flag of the recipe]

Each variant is `ts-llm-fusion train fusion --config configs/fusion/forecaster.yaml` with the flags below. The first
row is the checkpoint that ships, the second one the same without training. Scores are those of
`python -m benchmarks.zero_shot --development`: means over the seeds, with half their range where it is 1 % or more.
Checkpoints and scores stay in the output folder: what is there is neither trained nor scored again.
"""

import argparse
import json
import shlex
from itertools import product
from pathlib import Path

import numpy as np
import torch

import ts_llm_fusion
from benchmarks.zero_shot import LTSF_HORIZONS, score_ltsf, score_m4, score_single
from ts_llm_fusion import TSFusionForForecasting
from ts_llm_fusion.cli import main as run
from ts_llm_fusion.evaluation.report import align_columns, markdown_table
from ts_llm_fusion.modeling.configuration_tsfusion import EXPERT_GROUPS, EXPERTS

_TEXTBOOK = "last_value seasonal_naive naive simple_smoothing holt damped_holt theta drift mean"


def _without(*groups: str) -> list[str]:
    return ["--experts", *(name for name in EXPERTS if EXPERT_GROUPS[name] not in groups)]


def _families(*names: str) -> list[str]:
    return ["--families", json.dumps(dict.fromkeys(names, 1.0))]


# name -> flags that differ from the recipe.
VARIANTS = {
    "all": [],
    "nine textbook experts": ["--experts", *_TEXTBOOK.split()],
    "without autoregressions": _without("autoregression"),
    "without trends": _without("trend"),
    "season and level alone": _without("autoregression", "trend"),
    "five spreads": shlex.split("--spreads one_step one_step_random_walk seasonal_cycles about_mean disagreement"),
    "without back-tests": ["--backtest_min_history", "1000000"],
    "gate of width 64": ["--hidden_size", "64"],
    "catalog of series": _families("catalog"),
    "structural series": _families("structural", "steady", "smoothing", "arima"),
    "without walks and growth": _families(
        "structural", "steady", "smoothing", "loads", "processes", "arima", "counts", "cycles", "shapes", "catalog"
    ),
}


def development_scores(model: TSFusionForForecasting) -> dict[str, float]:
    """Errors on development data, and the mean coverage of the 80 % band over the sets at their usual horizons."""
    m4, _, inside = score_m4(model, development=True)
    ltsf, _, inside_ltsf = score_ltsf(model, list(LTSF_HORIZONS), development=True)
    single, inside_single = score_single(model, development=True)
    scores = {name.removesuffix(" MASE"): value for name, value in m4.items()}
    scores |= {name: ltsf[f"{name} MSE"] for name in LTSF_HORIZONS}
    return scores | {
        "single series": single["mean"],
        "coverage": float(np.mean([*inside, *inside_ltsf, *inside_single])),
    }


def _kept(path: Path, folder: Path) -> dict[str, float]:
    """Scores of the checkpoint in a folder, from a file where they are there."""
    if not path.exists():
        scores = development_scores(TSFusionForForecasting.from_pretrained(folder))
        path.write_text(json.dumps(scores, indent=2))
    return json.loads(path.read_text())


def _cells(found: list[dict[str, float]]) -> list[str]:
    cells = []
    for name in found[0]:
        values = [scores[name] for scores in found]
        mean, half = float(np.mean(values)), (max(values) - min(values)) / 2
        cells.append(f"{mean:.3f}" + (f" ± {half:.3f}" if half >= 0.01 * mean else ""))
    return cells


def main() -> None:
    """Train and score the missing variants and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--max_steps", type=int, default=300, help="batches of each variant")
    parser.add_argument("--output_dir", type=Path, default=Path("outputs/fusion_ablation"))
    options, rest = parser.parse_known_args()
    torch.set_num_threads(1)
    options.output_dir.mkdir(parents=True, exist_ok=True)
    built_in = Path(ts_llm_fusion.BUILT_IN)
    untrained = options.output_dir / "untrained"
    if not untrained.exists():
        TSFusionForForecasting(TSFusionForForecasting.from_pretrained(built_in).config).save_pretrained(untrained)
    rows = {
        "built in": [_kept(options.output_dir / "built_in.json", built_in)],
        "no training": [_kept(options.output_dir / "untrained.json", untrained)],
    }
    rows |= {name: [] for name in options.only}
    for seed, name in product(options.seeds, options.only):
        folder = options.output_dir / name.replace(" ", "_") / str(seed)
        if not (folder / "metrics.json").exists():
            flags = ["--config", "configs/fusion/forecaster.yaml", "--max_steps", str(options.max_steps)]
            flags += ["--seed", str(seed), "--output_dir", str(folder), "--overwrite", "true"]
            # So few steps are no more than the memory of the recipe's average: the last weights count.
            flags += ["--average_decay", "0"]
            if run(["train", "fusion", *flags, *VARIANTS[name], *rest]):
                raise SystemExit(2)
        rows[name].append(_kept(folder / "development.json", folder))
    header = ["variant", *rows["built in"][0]]
    print(
        markdown_table(align_columns([header, *([name, *_cells(found)] for name, found in rows.items())], right=True))
    )


if __name__ == "__main__":
    main()
