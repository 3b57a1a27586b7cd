"""Forecaster and time-series language model in one: it forecasts, and talks about series and their forecasts."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from os import PathLike
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_tsfusion import TSFusionConfig
from .modeling_encoders import checked_mask
from .modeling_quantization import sparing_arguments
from .modeling_series_states import SeriesStates
from .modeling_shared_layers import series_lengths
from .modeling_tsfusion import TSFusionForForecasting
from .modeling_tslm import TSLMForCausalLM


def forecast_places(time_series: Tensor, time_series_mask: Tensor) -> tuple[Tensor, Tensor]:
    """Places of forecasts in the series of a batch.

    Args:
        time_series: (batch, series, time), NaN at the steps of a forecast.
        time_series_mask: same shape, 1 where a value is observed, or is to be forecast.

    Returns:
        Bool (batch, series, time), True at the steps of a forecast; and int64 (batch, series), the nearest series
        before each that is given, -1 where there is none.
    """
    wanted = time_series.isnan() & time_series_mask.bool()
    numbers = torch.arange(wanted.shape[1], device=wanted.device).expand(wanted.shape[:2])
    return wanted, torch.where(wanted.any(-1), -1, numbers).cummax(1).values


class TSFusionForCausalLM(TSFusionForForecasting, GenerationMixin):
    """Forecaster and time-series language model ([`TSLMForCausalLM`]) in one checkpoint.

    The forecaster has the weights, the names and the numbers of [`TSFusionForForecasting`], so that
    `AutoModelForTimeSeriesPrediction` loads it alone from the same file; the language model is `tslm`. A forecast in
    the chat is a series whose values the forecaster fills in, its median, before the language model reads it.

    Args:
        config (`TSFusionConfig`): configuration with a `tslm_config`.
        tslm (`TSLMForCausalLM`, *optional*): language model of `config.tslm_config`; by default a new one.

    Raises:
        ValueError: no `tslm_config`.
    """

    main_input_name = "input_ids"
    input_modalities = ["text", "time"]
    supports_gradient_checkpointing = True

    def __init__(self, config: TSFusionConfig, tslm: TSLMForCausalLM | None = None):
        if config.tslm_config is None:
            raise ValueError(
                "tslm_config is None: this checkpoint forecasts and has no language model; load it with "
                "AutoModelForTimeSeriesPrediction, or join it with one (ts-llm-fusion fuse)."
            )
        super().__init__(config)
        self.tslm = TSLMForCausalLM._from_config(config.tslm_config) if tslm is None else tslm
        self.tslm.model.fill_forecasts = self.fill_forecasts
        tied = self.tslm._tied_weights_keys
        self._tied_weights_keys = {f"tslm.{name}": f"tslm.{source}" for name, source in tied.items()}
        self.post_init()

    @classmethod
    def _own_config(cls, config: TSFusionConfig) -> TSFusionConfig:
        return config

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | PathLike | None, *args: Any, **kwargs: Any) -> Self:
        """Load a model, as [`TSLMForCausalLM`] does: a quantization is for the layers of the text model alone."""
        kwargs = sparing_arguments(cls, pretrained_model_name_or_path, kwargs)
        return super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)

    @classmethod
    def from_parts(cls, forecaster: TSFusionForForecasting, tslm: TSLMForCausalLM) -> Self:
        """Join a forecaster and a language model, which becomes a part of the new model.

        Args:
            forecaster: copied; of a [`TSFusionForCausalLM`] its forecaster.
            tslm: from [`TSLMForCausalLM.from_backbone`] or a checkpoint.

        Returns:
            The model, in evaluation mode.
        """
        config = deepcopy(forecaster.config)
        config.tslm_config = tslm.config
        model = cls(config, tslm)
        for name, module in forecaster.named_children():
            if name != "tslm":
                setattr(model, name, deepcopy(module))
        return model.eval()

    # The language path of the model: as `SFTTrainer` asks for it, and for everything about words.

    @property
    def base_model(self) -> nn.Module:
        """The language model up to its last hidden state, whose series have their forecasts filled in."""
        # The common code of models asks for it before there is one.
        return self.tslm.model if "tslm" in self._modules else super().base_model

    @property
    def dtype(self) -> torch.dtype:
        """Type of the language model's weights; those of the forecaster are float32 in memory."""
        return self.tslm.dtype if "tslm" in self._modules else super().dtype

    @property
    def generation_config(self) -> Any:
        """Settings of `generate`, those of the language model."""
        return self.tslm.generation_config if "tslm" in self._modules else None

    @generation_config.setter
    def generation_config(self, value: Any) -> None:
        if "tslm" in self._modules:
            self.tslm.generation_config = value

    def get_decoder(self) -> PreTrainedModel:
        return self.tslm.get_decoder()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.tslm.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.tslm.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module | None:
        return self.tslm.get_output_embeddings()

    def set_output_embeddings(self, value: nn.Module) -> None:
        self.tslm.set_output_embeddings(value)

    def load_backbone(self, backbone: str, **kwargs: Any) -> None:
        """Load the text model inside the language model, as [`TSLMForCausalLM.load_backbone`] does."""
        self.tslm.load_backbone(backbone, **kwargs)

    def get_time_series_features(self, time_series: Tensor, *args: Any, **kwargs: Any) -> SeriesStates:
        """Encode series and forecasts, as [`TSLMForCausalLM.get_time_series_features`] does."""
        return self.tslm.get_time_series_features(time_series, *args, **kwargs)

    @torch.no_grad()
    def fill_forecasts(self, time_series: Tensor, time_series_mask: Tensor | None = None) -> Tensor:
        """Fill the forecasts among series in: the median of the steps after the series before.

        A forecast has a row of its own, whose step k is the k-th after the last observed value of the nearest series
        before it that is given. It is in the units of that series, so that both keep their normalization in common.

        Args:
            time_series: (batch, series, time), NaN at the steps of a forecast.
            time_series_mask: same shape, 1 where a value is observed, or is to be forecast.

        Returns:
            The series, as given where there is no forecast among them.

        Raises:
            ValueError: wrong shapes or dtype, or a forecast without a series before it.
        """
        time_series_mask = checked_mask(time_series, time_series_mask)
        wanted, history = forecast_places(time_series, time_series_mask)
        samples, rows = wanted.any(-1).nonzero(as_tuple=True)
        if len(samples) == 0:
            return time_series
        sources = history[samples, rows]
        if (sources < 0).any():
            sample = int(samples[(sources < 0).nonzero()[0, 0]])
            raise ValueError(f"Sample {sample} begins with a forecast; give the series to forecast before it.")
        values, known = time_series[samples, sources], time_series_mask[samples, sources].bool()
        # Histories end together, where their forecasts begin.
        time = values.shape[1]
        steps = torch.arange(time, device=values.device) - (time - series_lengths(known))[:, None]
        known = known.gather(1, steps.clamp(min=0)) & (steps >= 0)
        values = values.gather(1, steps.clamp(min=0))
        horizon = int(series_lengths(wanted[samples, rows]).max())
        with torch.autocast(values.device.type, enabled=False):
            forecast = super().forward(
                past_values=values[..., None].float(), past_observed_mask=known[..., None], prediction_length=horizon
            )
        found = torch.zeros_like(time_series)
        median = cast(Tensor, forecast.mean_predictions)[..., 0]
        found[samples, rows, :horizon] = median.to(found.dtype)
        return torch.where(wanted, found, time_series)

    def forward(  # type: ignore[override]  # of a text; `predict` names the arguments of the forecaster
        self, input_ids: Tensor | None = None, *args: Any, **kwargs: Any
    ) -> ModelOutput:
        r"""Score the next tokens of a text, or forecast.

        With text, arguments, output and errors are those of [`TSLMForCausalLM.forward`]. With `past_values`, which
        have to be named, they are those of [`TSFusionForForecasting.forward`], for the stages of training that teach
        numbers; [`~TSFusionForForecasting.predict`] is the way to forecast.

        Raises:
            ValueError: text and `past_values` at once.
        """
        if kwargs.get("past_values") is None:
            return self.tslm(input_ids, *args, **{name: kwargs[name] for name in kwargs if name != "past_values"})
        if input_ids is not None or args or kwargs.get("inputs_embeds") is not None:
            raise ValueError("Give either a text (input_ids) or past_values; a series of a text goes to time_series.")
        return super().forward(**kwargs)

    def generate(self, *args: Any, **kwargs: Any) -> Any:
        """Generate text, as [`TSLMForCausalLM`] does."""
        return cast(Any, self.tslm).generate(*args, **kwargs)

    def prepare_inputs_for_generation(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return self.tslm.prepare_inputs_for_generation(*args, **kwargs)

    def save_pretrained(self, save_directory: str | PathLike, *args: Any, **kwargs: Any) -> None:
        """Save as [`PreTrainedModel.save_pretrained`] does, with the code of both Auto classes."""
        own = {"AutoModelForTimeSeriesPrediction": "modeling_tsfusion.TSFusionForForecasting"}
        self.config.auto_map = {**(getattr(self.config, "auto_map", None) or {}), **own}
        super().save_pretrained(save_directory, *args, **kwargs)


def _joined_signature(*functions: Callable) -> inspect.Signature:
    """Signature with the parameters of several methods, for `Trainer`, which drops columns that are not in it."""
    merged: dict[str, inspect.Parameter] = {}
    for function in functions:
        merged = {**inspect.signature(function).parameters, **merged}
    instance, first, rest = (merged.pop(name) for name in ("self", "input_ids", "kwargs"))
    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, default=None) for parameter in merged.values()]
    return inspect.Signature([instance, first, *named, rest])


setattr(  # noqa: B010  (a type checker forbids assignments to functions)
    TSFusionForCausalLM.forward,
    "__signature__",
    _joined_signature(TSLMForCausalLM.forward, TSFusionForForecasting.forward),
)

__all__ = ["TSFusionForCausalLM", "forecast_places"]

# Checkpoints carry this code, which loads with `trust_remote_code=True`.
TSFusionForCausalLM.register_for_auto_class("AutoModelForCausalLM")
