"""Trained baselines, with the arguments and outputs of our forecaster, so that the same Trainer trains them."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PatchTSTConfig, PatchTSTForPrediction
from transformers.utils import ModelOutput

from .forecasters import Forecast, fill_missing, last_steps


@dataclass
class BaselineOutput(ModelOutput):
    """Output of a [`BaselineModel`].

    Args:
        loss: mean squared error over the observed future values, scalar; where `future_values` were given.
        mean_predictions: point forecast, (batch, prediction_length, variables).
    """

    loss: Tensor | None = None
    mean_predictions: Tensor | None = None


class BaselineModel(nn.Module):
    """A network from past to future values, with missing values filled before it and a loss after it.

    Args:
        network: maps (batch, context_length, variables) to (batch, prediction_length, variables).
        context_length: look-back.
    """

    # The loss is scaled by `num_items_in_batch`.
    accepts_loss_kwargs = True

    def __init__(self, network: nn.Module, context_length: int):
        super().__init__()
        self.network = network
        self.context_length = context_length

    def forward(
        self,
        past_values: Tensor,
        past_observed_mask: Tensor | None = None,
        future_values: Tensor | None = None,
        num_items_in_batch: Tensor | int | None = None,
    ) -> BaselineOutput:
        """As `LLMPSForForecasting.forward`; missing past values are carried forward."""
        if past_observed_mask is not None:
            past_values = past_values.masked_fill(~past_observed_mask.bool(), torch.nan)
        mean = self.network(fill_missing(past_values))
        loss = None
        if future_values is not None:
            counted = ~torch.isnan(future_values)
            errors = (torch.where(counted, future_values, mean.detach()) - mean).square().sum()
            loss = errors / (counted.sum().clamp(min=1) if num_items_in_batch is None else num_items_in_batch)
        return BaselineOutput(loss=loss, mean_predictions=mean)

    @torch.no_grad()
    def forecast(self, past_values: Tensor) -> Forecast:
        """The model as a `Forecaster`."""
        self.eval()
        window = last_steps(past_values, self.context_length).to(next(self.parameters()))
        return Forecast(self(window).mean_predictions.float().cpu())


class DLinear(nn.Module):
    """A linear map of the moving average plus one of the rest, shared by all variables (arXiv 2205.13504).

    Args:
        context_length: look-back.
        prediction_length: horizon.
        moving_average: steps of the moving average, odd; the ends are repeated beyond the window.
    """

    def __init__(self, context_length: int, prediction_length: int, moving_average: int = 25):
        super().__init__()
        if moving_average < 1 or moving_average % 2 == 0:
            raise ValueError(f"moving_average is {moving_average}; it must be odd and at least 1.")
        self.moving_average = moving_average
        self.trend = nn.Linear(context_length, prediction_length)
        self.rest = nn.Linear(context_length, prediction_length)

    def forward(self, past_values: Tensor) -> Tensor:
        """Maps (batch, context_length, variables) to (batch, prediction_length, variables)."""
        series = past_values.transpose(1, 2)
        padded = F.pad(series, (self.moving_average // 2,) * 2, mode="replicate")
        trend = F.avg_pool1d(padded, self.moving_average, stride=1)
        return (self.trend(trend) + self.rest(series - trend)).transpose(1, 2)


class PatchTST(nn.Module):
    """`PatchTSTForPrediction` of transformers (arXiv 2211.14730), which normalises each window.

    Args:
        config: of the model, with `loss="mse"`.
    """

    def __init__(self, config: PatchTSTConfig):
        super().__init__()
        self.model = PatchTSTForPrediction(config)

    def forward(self, past_values: Tensor) -> Tensor:
        """Maps (batch, context_length, variables) to (batch, prediction_length, variables)."""
        return self.model(past_values=past_values).prediction_outputs
