"""Fine-tuning of a TSFusion forecaster: the experts of all windows are computed once, the gate is trained on them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from ..errors import UserError
from ..modeling.modeling_tsfusion import TSFusionForForecasting, TSFusionModelOutput
from ..modeling.modeling_tsfusion_head import quantile_interpolation
from .forecaster import ForecastTrainingArguments


@dataclass
class FineTuningArguments:
    """Checkpoint to start from, and the windows to train on."""

    start: str | None = field(
        default=None,
        metadata={
            "help": "Fine-tune this TSFusion checkpoint instead of training an LLM-PS forecaster: a folder, a name of "
            "the Hub, or built-in."
        },
    )
    context_length: int | None = field(
        default=None, metadata={"help": "Most steps of history that are used; as many as the start uses by default."}
    )
    prediction_length: int | None = field(
        default=None, metadata={"help": "Steps to forecast; as many as the start forecasts by default."}
    )
    max_windows: int = field(
        default=8192,
        metadata={"help": "Most windows of single series to train on, drawn at random, and to validate on."},
    )

    def __post_init__(self) -> None:
        if self.max_windows < 1:
            raise UserError(f"max_windows is {self.max_windows}; it must be at least 1.")


@dataclass
class FineTuningTrainingArguments(ForecastTrainingArguments):
    """`ForecastTrainingArguments` with the defaults of a gate that is trained already."""

    output_dir: str = field(
        default="outputs/fine_tuned", metadata={"help": "Folder of the checkpoint and its report."}
    )
    per_device_train_batch_size: int = field(default=256, metadata={"help": "Windows in a training batch."})
    per_device_eval_batch_size: int = field(default=1024, metadata={"help": "Windows in an evaluation batch."})
    learning_rate: float = field(default=3e-4, metadata={"help": "Peak learning rate."})
    weight_decay: float = field(default=0.1, metadata={"help": "Weight decay of AdamW."})
    warmup_steps: float = field(default=20, metadata={"help": "Steps until the peak learning rate."})
    num_train_epochs: float = field(
        default=4.0, metadata={"help": "Largest number of passes over the training windows."}
    )
    metric_for_best_model: str | None = field(
        default="quantile_loss", metadata={"help": "Metric of the best checkpoint: quantile_loss, mse or mae."}
    )
    seed: int = field(default=0, metadata={"help": "Seed of the windows and their order."})


class ComputedWindows(Dataset[dict[str, Tensor]]):
    """Windows with the outputs of their experts.

    Args:
        columns: arguments of [`GateTuner.forward`], one row a window.
    """

    def __init__(self, columns: dict[str, Tensor]):
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns["future_values"])

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {name: column[index] for name, column in self.columns.items()}

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """Return a batch, batch axis first."""
        rows = torch.as_tensor(indices)
        return {name: column[rows] for name, column in self.columns.items()}


@torch.no_grad()
def compute_windows(
    model: TSFusionForForecasting, past: Tensor, future: Tensor, seasonal_period: int | None
) -> ComputedWindows:
    """Run the experts on windows of single series.

    Args:
        model: forecaster.
        past: (windows, time), NaN where missing; something is observed in each.
        future: (windows, prediction_length), NaN where missing.
        seasonal_period: steps of the season; None to find it in each history.
    """
    encoded = model.model(past[..., None].to(model.device), None, seasonal_period, future.shape[1])
    names = ("expert_forecasts", "available", "spreads", "steps", "loc", "scale", "series_features", "knot_features")
    return ComputedWindows({"future_values": future, **{name: encoded[name].cpu() for name in names}})


class GateTuner(nn.Module):
    """Gate and head of a forecaster as a module from computed windows to quantiles and their loss.

    Args:
        forecaster: whose weights are trained.
    """

    accepts_loss_kwargs = True

    def __init__(self, forecaster: TSFusionForForecasting):
        super().__init__()
        self.forecaster = forecaster

    def forward(
        self,
        future_values: Tensor,
        expert_forecasts: Tensor,
        available: Tensor,
        spreads: Tensor,
        steps: Tensor,
        loc: Tensor,
        scale: Tensor,
        series_features: Tensor,
        knot_features: Tensor,
        num_items_in_batch: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Weigh the experts.

        Args:
            future_values: (windows, prediction_length), NaN where missing.
            expert_forecasts: see [`TSFusionModelOutput`] for this and all below.
            available: 1 where an expert exists.
            spreads: sizes of the band.
            steps: from the last observed value.
            loc: level of each history.
            scale: signed scale of each history.
            series_features: of the gate.
            knot_features: of the gate.
            num_items_in_batch: observed values in all parts of a global batch; those of this batch by default.

        Returns:
            "loss", twice the pinball loss in the units of `future_values`, mean over the observed values and
            `config.quantile_levels`; "mean" (windows, prediction_length), the median; "quantiles" (windows,
            prediction_length, levels) at `config.quantiles`, as the gate has them.
        """
        encoded = TSFusionModelOutput(
            last_hidden_state=self.forecaster.model.gate(series_features, knot_features),
            expert_forecasts=expert_forecasts,
            available=available,
            spreads=spreads,
            steps=steps,
        )
        _, median, offsets = self.forecaster.head(encoded)
        loc, scale = loc.float()[:, None], scale.float()[:, None]
        mean = loc + scale * median

        def at_levels(levels: Tensor) -> Tensor:
            """Quantiles; those of a series that was turned are at the opposite levels of its offsets."""
            matrices = (quantile_interpolation(config.quantile_levels, level) for level in (levels, 1 - levels))
            straight, turned = (offsets @ matrix.T for matrix in matrices)
            return mean[..., None] + scale[..., None] * torch.where(scale[..., None] < 0, turned, straight)

        config = self.forecaster.config
        levels, shown = (
            torch.tensor(levels, dtype=torch.float64, device=mean.device)
            for levels in (config.quantile_levels, config.quantiles)
        )
        counted = ~torch.isnan(future_values)
        error = torch.where(counted, future_values, mean.detach())[..., None] - at_levels(levels)
        levels = levels.float()
        pinball = 2 * torch.maximum(levels * error, (levels - 1) * error).mean(-1)
        number = counted.sum().clamp(min=1) if num_items_in_batch is None else num_items_in_batch
        loss = (pinball * counted).sum() / number
        return {"loss": loss, "mean": mean, "quantiles": at_levels(shown)}
