"""The lists of CONTRIBUTING.md, followed with toys."""

import importlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_MAPPING
from tslm_models import FUSIONS, TOKEN, batch, greedy, tslm

from ts_llm_fusion import TSLMForCausalLM, adapters, cross_validation, predict_df, registration
from ts_llm_fusion.families import MODEL_CLASSES
from ts_llm_fusion.modeling import configuration_encoders, modeling_encoders


class ToyEncoderConfig(PreTrainedConfig):
    model_type = "toy_encoder"

    patch_length: int = 3
    hidden_size: int = 16


class ToyEncoderModel(PreTrainedModel):
    config: ToyEncoderConfig
    config_class = ToyEncoderConfig
    main_input_name = "past_values"
    _supports_sdpa = True

    def __init__(self, config: ToyEncoderConfig):
        super().__init__(config)
        self.patch_embedding = nn.Conv1d(1, config.hidden_size, config.patch_length, stride=config.patch_length)
        self.post_init()

    def forward(self, past_values: torch.Tensor, past_observed_mask: torch.Tensor) -> BaseModelOutput:
        values = (past_values * past_observed_mask)[:, None]
        return BaseModelOutput(last_hidden_state=self.patch_embedding(values).transpose(1, 2))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_an_encoder(fusion: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for mapping in (CONFIG_MAPPING, MODEL_MAPPING):
        monkeypatch.setattr(mapping, "_extra_content", dict(mapping._extra_content))
    # Step 2: a row in each of the tables of encoders.
    monkeypatch.setitem(
        configuration_encoders.ENCODERS, "toy_encoder", configuration_encoders.EncoderConfig(ToyEncoderConfig)
    )
    monkeypatch.setitem(modeling_encoders.ENCODERS, "toy_encoder", modeling_encoders.EncoderModel(ToyEncoderModel))
    config = {"model_type": "toy_encoder", "patch_length": 3, "hidden_size": 16}
    model = tslm(fusion, encoder_config=config)
    series = torch.randn(8, generator=torch.Generator().manual_seed(0))
    inputs = batch(model, [[1, 5, series, 6, 7]])
    # Eight steps are three patches.
    assert (inputs["input_ids"] == TOKEN).sum() == (3 if fusion == "soft_prompt" else 1)
    logits = model(**inputs).logits
    assert not torch.equal(model(**inputs | {"time_series": -inputs["time_series"]}).logits, logits)
    assert greedy(model, inputs).shape == (1, 8)
    model(**inputs, labels=inputs["input_ids"]).loss.backward()
    assert model.model.encoder.patch_embedding.weight.grad.any()
    model.save_pretrained(tmp_path / "model")
    loaded = TSLMForCausalLM.from_pretrained(tmp_path / "model")
    assert type(loaded.model.encoder) is ToyEncoderModel and torch.equal(loaded(**inputs).logits, logits)

    # Step 3: a row of the Auto classes, by which a pretrained encoder is loaded.
    with pytest.raises(ValueError, match="toy_encoder"):
        AutoConfig.for_model("toy_encoder")
    monkeypatch.setitem(MODEL_CLASSES, f"{__name__}:ToyEncoderConfig", {"AutoModel": f"{__name__}:ToyEncoderModel"})
    importlib.reload(registration).register_auto_classes()
    model.model.encoder.save_pretrained(tmp_path / "encoder")
    encoder = AutoModel.from_pretrained(tmp_path / "encoder")
    assert torch.equal(encoder.patch_embedding.weight, model.model.encoder.patch_embedding.weight)


class ToyForecasterConfig(PreTrainedConfig):
    model_type = "toy_forecaster"

    context_length: int = 8
    prediction_length: int = 2


class ToyForecaster(PreTrainedModel):
    config: ToyForecasterConfig
    config_class = ToyForecasterConfig

    def __init__(self, config: ToyForecasterConfig):
        super().__init__(config)
        self.share = nn.Parameter(torch.tensor(2.0))
        self.post_init()


def predict_toy(
    model: ToyForecaster, batch: adapters.Batch, prediction_length: int, levels: Sequence[float]
) -> adapters.Prediction:
    mean = (model.share * batch.values[:, -1:]).repeat(1, prediction_length, 1).detach().numpy()
    return adapters.Prediction(mean, mean[..., None] * levels)


def test_a_type_of_forecaster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(adapters.ADAPTERS, "toy_forecaster", adapters.Adapter(predict_toy))
    model = ToyForecaster(ToyForecasterConfig())
    days = pd.date_range("2024-01-01", periods=10)
    table = pd.DataFrame({"item_id": "a", "timestamp": days, "target": np.arange(1.0, 11.0)})
    found = predict_df(table, 2, quantile_levels=[0.9], model=model)
    assert found["predictions"].tolist() == [10.0, 10.0]
    assert found["0.9"].tolist() == [18.0, 18.0]
    forecasts = cross_validation(table, 2, model=model, baselines=[], quantile_levels=[0.5])
    assert forecasts["predictions"].tolist() == [8.0, 8.0]
    assert forecasts["actual"].tolist() == [9.0, 10.0]
