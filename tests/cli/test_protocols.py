"""Few-shot, zero-shot and noise as settings of a training recipe."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from tiny_configs import TINY_GPT2

from ts_llm_fusion.cli import main


def test_a_recipe_trains_on_few_windows_and_tests_on_another_set_with_noise(tmp_path: Path) -> None:
    for name, scale in (("source", 1.0), ("target", 100.0)):
        values = scale * np.sin(np.arange(600) / 4)
        dates = pd.date_range("2024-01-01", periods=600, freq="h")
        pd.DataFrame({"date": dates, "a": values, "b": -values}).to_csv(tmp_path / f"{name}.csv", index=False)
    (tmp_path / "recipe.yaml").write_text(
        f"data: {tmp_path / 'source.csv'}\nzero_shot: {tmp_path / 'target.csv'}\nfew_shot: 50\nnoise_std: 0.5\n"
        "noise_splits: [test]\ncontext_length: 24\nprediction_length: 6\nmscnn_channels: 8\n"
        f"text_config: {json.dumps(TINY_GPT2)}\nnum_train_epochs: 1\ndisable_tqdm: true\n"
    )
    output = tmp_path / "model"
    assert main(["train", "forecaster", "--config", str(tmp_path / "recipe.yaml"), "--output_dir", str(output)]) == 0
    metrics = json.loads((output / "metrics.json").read_text())
    assert (metrics["data"], metrics["tested_on"]) == (str(tmp_path / "source.csv"), str(tmp_path / "target.csv"))
    # 420 rows of training: (420 - 24) * 50 // 100 + 24 = 222 rows, 222 - 24 - 6 + 1 windows; 120 - 6 + 1 of the test.
    assert metrics["windows"] == {"train": 193, "validation": 55, "test": 115}
    # A sine of variance 1 in scaled units; what is repeated is its last value and noise of variance 0.25.
    assert 0.25 < metrics["floors"]["repeat_last"]["mse"] < 3
    assert metrics["recipe"]["noise_std"] == 0.5
    card = (output / "README.md").read_text()
    assert "Test split of `target.csv`: every one of its 115 windows" in card
    assert "was not trained on this set but on other data, named below" in " ".join(card.split())
    assert "source.csv" in card
    assert str(tmp_path / "source.csv") not in card
    assert "The look-back contains Gaussian noise of 0.5 standard deviations." in card
