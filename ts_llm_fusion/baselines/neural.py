"""Neural baselines, with the arguments and outputs of our forecaster, so that the same Trainer trains them."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PatchTSTConfig, PatchTSTForPrediction
from transformers.utils import ModelOutput

from ..errors import UserError
from .forecaster import Forecast, ForecastTask, fill_missing, last_steps


@dataclass
class NeuralForecasterOutput(ModelOutput):
    """Output of a [`NeuralForecaster`].

    Args:
        loss: mean squared error over the observed future values, scalar; where `future_values` were given.
        mean_predictions: point forecast, (batch, prediction_length, variables).
    """

    loss: Tensor | None = None
    mean_predictions: Tensor | None = None


class NeuralForecaster(nn.Module):
    """Network from past to future values, with missing values filled before it and the loss after it.

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
        **covariates: Tensor,
    ) -> NeuralForecasterOutput:
        """Forecast, with arguments as `LLMPSForForecasting.forward`.

        Missing past values are filled, covariates are ignored.
        """
        if past_observed_mask is not None:
            past_values = past_values.masked_fill(~past_observed_mask.bool(), torch.nan)
        mean = self.network(fill_missing(past_values))
        loss = None
        if future_values is not None:
            counted = ~torch.isnan(future_values)
            errors = (torch.where(counted, future_values, mean.detach()) - mean).square().sum()
            loss = errors / (counted.sum().clamp(min=1) if num_items_in_batch is None else num_items_in_batch)
        return NeuralForecasterOutput(loss=loss, mean_predictions=mean)

    @torch.no_grad()
    def forecast(self, past_values: Tensor) -> Forecast:
        """Forecast from past values of any length; the `Forecaster` of this model."""
        self.eval()
        window = last_steps(past_values, self.context_length).to(next(self.parameters()))
        return Forecast(self(window).mean_predictions.float().cpu())


class DLinear(nn.Module):
    """Linear map of the moving average plus one of the remainder, shared by all variables (arXiv 2205.13504).

    Args:
        context_length: look-back.
        prediction_length: horizon.
        moving_average: steps of the moving average, odd; the end values are repeated beyond the window.
    """

    def __init__(self, context_length: int, prediction_length: int, moving_average: int = 25):
        super().__init__()
        if moving_average < 1 or moving_average % 2 == 0:
            raise UserError(f"moving_average is {moving_average}; it must be odd and at least 1.")
        self.moving_average = moving_average
        self.trend = nn.Linear(context_length, prediction_length)
        self.rest = nn.Linear(context_length, prediction_length)

    def forward(self, past_values: Tensor) -> Tensor:
        """Map (batch, context_length, variables) to (batch, prediction_length, variables)."""
        series = past_values.transpose(1, 2)
        padded = F.pad(series, (self.moving_average // 2,) * 2, mode="replicate")
        trend = F.avg_pool1d(padded, self.moving_average, stride=1)
        return (self.trend(trend) + self.rest(series - trend)).transpose(1, 2)


class PatchTST(nn.Module):
    """`PatchTSTForPrediction` of transformers (arXiv 2211.14730), which normalizes each window.

    Args:
        config: of the model, with `loss="mse"`.
    """

    def __init__(self, config: PatchTSTConfig):
        super().__init__()
        self.model = PatchTSTForPrediction(config)

    def forward(self, past_values: Tensor) -> Tensor:
        """Map (batch, context_length, variables) to (batch, prediction_length, variables)."""
        return self.model(past_values=past_values).prediction_outputs


@dataclass
class DLinearArguments:
    """Settings of `DLinear`."""

    moving_average: int = field(default=25, metadata={"help": "Steps of the moving average, odd."})


@dataclass
class PatchTSTArguments:
    """Settings of `PatchTST`; the defaults are its authors' for small sets."""

    patch_length: int = field(default=16, metadata={"help": "Steps of a patch."})
    patch_stride: int = field(default=8, metadata={"help": "Steps between two patches."})
    num_hidden_layers: int = field(default=3, metadata={"help": "Layers."})
    d_model: int = field(default=16, metadata={"help": "Width of a patch's token."})
    num_attention_heads: int = field(default=4, metadata={"help": "Attention heads."})
    ffn_dim: int = field(default=128, metadata={"help": "Width of the feed-forward network."})
    dropout: float = field(default=0.3, metadata={"help": "Dropout of attention and feed-forward network."})
    head_dropout: float = field(default=0.0, metadata={"help": "Dropout before the output."})


def make_dlinear(task: ForecastTask) -> NeuralForecaster:
    """Make a `DLinear` to be trained; the settings of the task are `DLinearArguments`."""
    length = task.training_windows.context_length
    return NeuralForecaster(DLinear(length, task.prediction_length, task.settings.moving_average), length)


def make_patchtst(task: ForecastTask) -> NeuralForecaster:
    """Make a `PatchTST` to be trained; the settings of the task are `PatchTSTArguments`."""
    windows, settings = task.training_windows, dict(vars(task.settings))
    dropout = settings.pop("dropout")
    config = PatchTSTConfig(
        context_length=windows.context_length,
        prediction_length=task.prediction_length,
        num_input_channels=windows.values.shape[1],
        attention_dropout=dropout,
        ff_dropout=dropout,
        # The forecast is a map of all patches, as in the paper; the default of transformers is their mean.
        pooling_type=None,
        **settings,
    )
    return NeuralForecaster(PatchTST(config), windows.context_length)
