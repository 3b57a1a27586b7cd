"""What a training run asks of the processor."""

import pytest
import torch

from ts_llm_fusion.training.forecaster import ForecastTrainingArguments
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
