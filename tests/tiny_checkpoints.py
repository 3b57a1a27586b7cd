"""Tiny checkpoints as they are pushed, made on the spot."""

from pathlib import Path

import torch
from tiny_configs import TINY_GPT2
from tslm_models import encoder_config, save_backbone

from ts_llm_fusion import (
    ForecastFeatureExtractor,
    LLMPSConfig,
    LLMPSForForecasting,
    TimeSeriesProcessor,
    TSLMForCausalLM,
    fuse,
)


def save_forecaster(folder: Path) -> Path:
    """A forecaster with quantiles, 48 to 12 steps, whose training had a column `series 1` of mean 100."""
    torch.manual_seed(0)
    config = LLMPSConfig(
        context_length=48,
        prediction_length=12,
        text_config=dict(TINY_GPT2),
        mscnn_channels=8,
        quantiles=[0.1, 0.5, 0.9],
    )
    LLMPSForForecasting(config).save_pretrained(folder)
    ForecastFeatureExtractor(context_length=48, scaler={"series 1": [100.0, 10.0]}).save_pretrained(folder)
    return folder


def save_tslm(folder: Path) -> Path:
    """A soft-prompt model on a random Llama with a tokenizer of bytes."""
    backbone = save_backbone(folder / "backbone")
    model = TSLMForCausalLM.from_backbone(backbone, config={"encoder_config": encoder_config()})
    with torch.no_grad():
        # Sharper than at first, so that its answers depend on what it is asked.
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    model.save_pretrained(folder / "model")
    TimeSeriesProcessor.from_backbone(backbone, model.config).save_pretrained(folder / "model")
    return folder / "model"


def save_fused(folder: Path) -> Path:
    """The built-in forecaster with the model of `save_tslm`."""
    return fuse(save_tslm(folder), folder / "fused")
