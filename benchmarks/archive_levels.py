"""What scales relative to the training set tell, where classes differ in level: `python -m benchmarks.archive_levels`.

Temperature and pulse of 160 people for 40 steps; those who are ill have 0.6 degrees more, four deviations of one
person's temperature. The recipe configs/tslm/archive.yaml with a patch encoder that is trained by gradient, with
`training_scales` and without what they tell, for three seeds of the weights and of the validation samples; 400 steps,
some twenty seconds each.
"""

import argparse
import json
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import yaml

from benchmarks.archive_encoders import ENCODERS, RECIPE
from ts_llm_fusion.evaluation.report import results_table
from ts_llm_fusion.recipes import sft
from ts_llm_fusion.recipes.sft import SFT_SETTINGS
from ts_llm_fusion.training.arguments import RecipeParser

PEOPLE, STEPS = 160, 40
RECIPE_AS_IT_IS, WITHOUT = "scales relative to the training set", "without"


def people(seed: int = 0) -> pd.DataFrame:
    """Table (people * steps) of temperature and pulse with labels, half of them ill."""
    rng = np.random.default_rng(seed)
    label = np.repeat(["well", "ill"], PEOPLE // 2)
    level = np.where(label == "ill", 37.6, 37.0) + 0.15 * rng.normal(size=PEOPLE)
    temperature = level[:, None] + rng.normal(size=(PEOPLE, STEPS)).cumsum(axis=1) / 30
    phase = rng.uniform(0, 2 * np.pi, size=(PEOPLE, 1))
    pulse = 75 + 10 * rng.normal(size=(PEOPLE, 1)) + 5 * np.sin(np.arange(STEPS) / 5 + phase)
    columns = {"id": np.repeat(np.arange(PEOPLE), STEPS), "time": np.tile(np.arange(STEPS), PEOPLE)}
    series = {"temperature": temperature.ravel(), "pulse": pulse.ravel()}
    return pd.DataFrame({**columns, **series, "label": np.repeat(label, STEPS)})


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--output", type=Path, default=Path("outputs/archive_levels"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    table = options.output / "people.csv"
    people().to_csv(table, index=False)
    rows: dict[str, dict[str, float]] = {}
    for name in (RECIPE_AS_IT_IS, WITHOUT):
        for seed in options.seeds:
            folder = options.output / name.replace(" ", "_") / str(seed)
            settings = yaml.safe_load(RECIPE.read_text()) | ENCODERS["patches"](options)
            settings |= {"refit": False, "max_steps": 400, "eval_steps": 50, "save_steps": 50}
            settings |= {"data": str(table), "seed": seed, "split_seed": seed, "output_dir": str(folder)}
            settings |= {"overwrite": True, "disable_tqdm": True, "report_to": "none"}
            parsed = RecipeParser(SFT_SETTINGS).parse_settings(settings)
            with patch.object(sft, "training_scales", return_value=None) if name == WITHOUT else nullcontext():
                sft.run_sft_recipe(*parsed)
            metrics = json.loads((folder / "metrics.json").read_text())
            rows.setdefault(name, {})[f"seed {seed}"] = metrics["test"]["accuracy"]
            for baseline, values in metrics["baselines"].items():
                rows.setdefault(baseline, {})[f"seed {seed}"] = values["accuracy"]
    print(results_table({name: {**row, "mean": float(np.mean(list(row.values())))} for name, row in rows.items()}))


if __name__ == "__main__":
    main()
