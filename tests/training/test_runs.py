"""What a training run asks of the processor."""

import pytest
import torch
from tslm_models import tslm

from ts_llm_fusion.errors import UserError
from ts_llm_fusion.training import processes, runs
from ts_llm_fusion.training.forecaster import ForecastTrainingArguments
from ts_llm_fusion.training.runs import check_ranges
from ts_llm_fusion.training.sft import TSLMTrainingArguments
from ts_llm_fusion.training.t2t import T2TTrainingArguments

AVX2 = {"avx2": True, "avx512_f": False, "avx512_bf16": False, "amx_bf16": False}


@pytest.mark.parametrize("arguments", (ForecastTrainingArguments, T2TTrainingArguments, TSLMTrainingArguments))
@pytest.mark.parametrize(
    ("capabilities", "is_faster"),
    [
        (AVX2, False),
        (AVX2 | {"avx512_f": True}, False),
        (AVX2 | {"avx512_bf16": True}, True),
        (AVX2 | {"amx_bf16": True}, True),
        ({"architecture": "aarch64"}, False),
    ],
)
def test_bfloat16_is_what_the_processor_is_faster_with_unless_the_user_says_otherwise(
    arguments: type, capabilities: dict[str, bool], is_faster: bool, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert arguments(tmp_path, bf16=None).bf16 is is_faster
    assert arguments(tmp_path, use_cpu=True, bf16=True).bf16 is True
    assert arguments(tmp_path, use_cpu=True).bf16 is False


@pytest.mark.parametrize(
    ("setting", "value"),
    [("per_device_train_batch_size", 0), ("learning_rate", -1e-3), ("learning_rate", float("inf")), ("seed", -1),
     ("seed", 2**32), ("adam_beta2", 1.0), ("num_train_epochs", -1), ("max_steps", 10**30)],
)  # fmt: skip
def test_numbers_that_end_or_spoil_a_training_are_refused_before_it(setting: str, value: float, tmp_path) -> None:
    check_ranges(ForecastTrainingArguments(tmp_path, use_cpu=True))
    with pytest.raises(ValueError, match=f"{setting} is .*; give a finite number of at least"):
        check_ranges(ForecastTrainingArguments(tmp_path, use_cpu=True, **{setting: value}))


def test_liger_is_refused_where_it_is_missing(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "is_liger_kernel_available", lambda: False)
    with pytest.raises(UserError, match=r"liger-kernel is not installed; run pip install liger-kernel\.$"):
        TSLMTrainingArguments(tmp_path, use_cpu=True, use_liger_kernel=True)


def test_liger_is_applied_to_the_language_model_in_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    monkeypatch.setattr(processes, "apply_liger_kernel", lambda model, config: found.append((model, config)))
    model = tslm("flamingo")
    processes.apply_liger_to_backbones(model, {"rope": False})
    ((applied, config),) = found
    assert applied is model.model.backbone and applied.config.model_type == "llama"
    assert config == {"rope": False, "fused_linear_cross_entropy": False}
