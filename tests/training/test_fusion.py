"""`train fusion`: one pass over made-up series, resumed as if nothing had happened."""

import json
import shutil

import pytest
import torch
from interrupted import add_earlier_seconds
from safetensors.torch import load_file

from ts_llm_fusion import TSFusionForForecasting
from ts_llm_fusion.cli.train_fusion import main

RECIPE = [
    *("--batch_size", "64", "--hidden_size", "8", "--max_steps", "4", "--save_steps", "2", "--save_total_limit", "3"),
    *("--average_decay", "0.5", "--dataloader_num_workers", "0", "--logging_steps", "1", "--disable_tqdm", "true"),
]


def test_a_resumed_run_ends_where_the_whole_one_does(tmp_path, capsys):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    main([*RECIPE, "--output_dir", str(whole)])
    assert "synthetic series" in capsys.readouterr().out
    shutil.copytree(whole / "checkpoint-2", cut / "checkpoint-2")
    add_earlier_seconds(cut / "checkpoint-2", 5000)
    main([*RECIPE, "--output_dir", str(cut), "--resume_from_checkpoint", "true"])

    weights, resumed = load_file(whole / "model.safetensors"), load_file(cut / "model.safetensors")
    last = load_file(whole / "checkpoint-4" / "model.safetensors")
    for name, value in weights.items():
        assert value.dtype == torch.float16
        torch.testing.assert_close(value, resumed[name], rtol=1e-2, atol=1e-5)
    # Those before the checkpoint count, too.
    assert 5000 < json.loads((cut / "metrics.json").read_text())["processor_seconds"] < 6000
    # What is saved is the average of the weights, not the last ones.
    assert any((value.float() - last[name]).abs().max() > 1e-4 for name, value in weights.items())

    metrics = json.loads((whole / "metrics.json").read_text())
    assert metrics["data"] == "synthetic only"
    card = (whole / "README.md").read_text()
    assert "synthetic only" in card
    assert "growth" in card
    model = TSFusionForForecasting.from_pretrained(whole)
    assert model.dtype == torch.float32
    assert torch.isfinite(model.predict(torch.randn(2, 30, 1)).full_predictions).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--batch_size", "100"], "batch_size is 100"),
        (["--families", '{"trends": 1.0}'], "no family 'trends'"),
        (["--weights_dtype", "int8"], "weights_dtype is 'int8'"),
        (["--per_device_train_batch_size", "8"], "per_device_train_batch_size is 8"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_an_error(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        main([*RECIPE, "--output_dir", str(tmp_path), *arguments])
