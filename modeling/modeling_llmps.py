"""LLM-PS forecaster (arXiv 2503.09656): multi-scale CNN, wavelet decoupling, language model, output head."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import torch
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers import initialization as init
from transformers.utils import ModelOutput, can_return_tuple, logging

from .configuration_llmps import LLMPSConfig
from .modeling_covariates import FutureCovariateHead, ZeroInitLinear, checked_covariates
from .modeling_mscnn import MSCNN
from .modeling_quantile_paths import NUM_PATHS, mixture_quantiles, path_scores, sample_paths
from .modeling_scaling import fit_to_length, observed, standardize
from .modeling_shared_layers import init_fan_in
from .modeling_text_sources import find_text_model, location_of
from .modeling_wavelet import WaveletDecoupling

logger = logging.get_logger(__name__)


@dataclass
class LLMPSModelOutput(ModelOutput):
    """Output of [`LLMPSModel`].

    Args:
        last_hidden_state: tokens after the backbone, (batch, variables, tokens, hidden_size).
        multi_scale_features: F_MS of the paper, (batch, variables, mscnn_channels, context_length).
        loc: mean of each observed window, (batch, 1, variables); float64 for float64 input, else float32.
        scale: its standard deviation, 0 for a constant, of the same shape and type.
        hidden_states: tokens after each layer of the backbone, on request.
        attentions: attention weights of each layer of the backbone, on request.
    """

    last_hidden_state: torch.Tensor | None = None
    multi_scale_features: torch.Tensor | None = None
    loc: torch.Tensor | None = None
    scale: torch.Tensor | None = None
    hidden_states: tuple[torch.Tensor, ...] | None = None
    attentions: tuple[torch.Tensor, ...] | None = None


@dataclass
class LLMPSForForecastingOutput(ModelOutput):
    """Output of [`LLMPSForForecasting`].

    Args:
        loss: mean loss over the observed future values, scalar; None without `future_values`.
        mean_predictions: point forecast in the units of the input, (batch, prediction_length, variables); float64 for
            float64 input, else float32. Never below the lowest or above the highest quantile, as far as these lie on
            that side of the median.
        full_predictions: quantile forecasts, (batch, prediction_length, variables, quantiles) of the same type,
            rising along the last axis; None without a quantile head.
        hidden_states: tokens after each layer of the backbone, on request.
        attentions: attention weights of each layer of the backbone, on request.
    """

    loss: torch.Tensor | None = None
    mean_predictions: torch.Tensor | None = None
    full_predictions: torch.Tensor | None = None
    hidden_states: tuple[torch.Tensor, ...] | None = None
    attentions: tuple[torch.Tensor, ...] | None = None


# Values of the sample paths of a longer forecast that are in one batch: 0.2 GB with 32 channels.
_MAX_PATH_VALUES = 2**20


def _repeated(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Inputs with every sample once for each path."""
    return {name: given.repeat_interleave(NUM_PATHS, dim=0) for name, given in inputs.items()}


def _concatenate(
    outputs: list[LLMPSForForecastingOutput], dim: int, length: int | None = None
) -> LLMPSForForecastingOutput:
    """Concatenate forecasts along an axis, and keep their first `length` steps."""
    joined: dict[str, Any] = {
        name: torch.cat([output[name] for output in outputs], dim=dim)[:, :length]
        for name in ("mean_predictions", "full_predictions")
        if name in outputs[0]
    }
    return LLMPSForForecastingOutput(**joined)


class LLMPSPreTrainedModel(PreTrainedModel):
    """Base class: weight initialization and loading."""

    config: LLMPSConfig
    base_model_prefix = "model"
    main_input_name = "past_values"
    input_modalities = ["time"]
    _input_embed_layer = "token_projection"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _no_split_modules = ["MSCNNBlock"]

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, WaveletDecoupling):
            init.copy_(module.low_pass, module.initial_low_pass())
        elif isinstance(module, nn.Conv1d) or module is self.base_model.token_projection:
            # The fixed deviation of a language model is too large for the projection of a whole series.
            init_fan_in(module)
        elif isinstance(module, ZeroInitLinear):
            init.zeros_(module.weight)
            init.zeros_(module.bias)
        elif isinstance(module, FutureCovariateHead):
            init_fan_in(module.future_projection)
            init_fan_in(module.state_projection)
        elif isinstance(module, PerVariableLinear):
            init.normal_(module.weight, std=self.config.initializer_range)
            init.zeros_(module.bias)
        else:
            super()._init_weights(module)


def drop_input_embeddings(language_model: PreTrainedModel) -> str:
    """Remove the word embeddings of a language model that reads `inputs_embeds`, and return their name."""
    embeddings = language_model.get_input_embeddings()
    name = next(name for name, module in language_model.named_modules() if module is embeddings)
    language_model.set_input_embeddings(None)  # type: ignore[arg-type]  # allowed, as annotations of models have it
    for plan in (language_model._tp_plan, language_model._pp_plan, language_model._fsdp_plan):
        if plan is not None:
            plan.pop(name, None)
    return name


class PerVariableLinear(nn.Module):
    """Linear map with separate weights for each variable."""

    def __init__(self, num_variables: int, in_features: int, out_features: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_variables, in_features, out_features))
        self.bias = nn.Parameter(torch.empty(num_variables, out_features))

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """Map (batch, variables, in_features) to (batch, variables, out_features)."""
        return torch.einsum("bvi,vio->bvo", hidden_states, self.weight) + self.bias


class LLMPSModel(LLMPSPreTrainedModel):
    """Encoder of any number of series: normalization, multi-scale CNN, tokens, language model."""

    def __init__(self, config: LLMPSConfig):
        super().__init__(config)
        self.mscnn = MSCNN(
            channels=config.mscnn_channels,
            num_layers=config.mscnn_layers,
            num_branches=config.effective_branches,
            length=config.context_length,
            wavelet_levels=config.effective_wavelet_levels,
        )
        self.patch_length = config.patch_length or config.context_length
        self.patch_stride = config.patch_stride or self.patch_length
        self.token_projection = nn.Linear(config.mscnn_channels * self.patch_length, config.hidden_size)
        num_past = config.num_known_covariates + config.num_past_covariates
        self.covariate_projection = ZeroInitLinear(num_past, config.mscnn_channels) if num_past else None
        self.static_projection = (
            ZeroInitLinear(config.num_static_covariates, config.hidden_size) if config.num_static_covariates else None
        )
        self.backbone = AutoModel.from_config(config.text_config) if config.use_llm else None
        if self.backbone is not None:
            # Word embeddings and a classifier's pooler would never be used or trained.
            embeddings = drop_input_embeddings(self.backbone)
            if getattr(self.backbone, "pooler", None) is not None:
                self.backbone.pooler = None
            # Older checkpoints have them.
            self._keys_to_ignore_on_load_unexpected = [rf"(^|\.)backbone\.{re.escape(embeddings)}\."]
        self.post_init()

    def _check_tokens(self, num_variables: int) -> None:
        tokens = self.config.tokens_per_variable * (num_variables if self.config.mix_variables else 1)
        most = getattr(self.config.text_config, "max_position_embeddings", None)
        if most is not None and tokens > most:
            raise ValueError(
                f"past_values of {num_variables} variables need {tokens} tokens, but the backbone has positions for "
                f"{most}; give fewer variables, longer patches or mix_variables: false."
            )

    def _backbone_arguments(self, flags: dict[str, bool | None]) -> dict[str, Any]:
        """Arguments of the backbone besides its input; by default flags are those of the configuration."""
        arguments: dict[str, Any] = {"return_dict": True}
        for name, value in flags.items():
            if value is None:
                value = getattr(self.config, name) or None
            if value is not None:
                arguments[name] = value
        if hasattr(self.config.text_config, "use_cache"):
            arguments["use_cache"] = False
        return arguments

    @can_return_tuple
    def forward(
        self,
        past_values: torch.Tensor,
        past_observed_mask: torch.Tensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        past_covariates: torch.Tensor | None = None,
        static_covariates: torch.Tensor | None = None,
    ) -> LLMPSModelOutput:
        """Encode series; the arguments are those of [`LLMPSForForecasting.forward`].

        Raises:
            ValueError: `past_values` does not have three axes, or has more variables than the backbone has positions,
                or covariates are missing or of another shape.
        """
        if past_values.ndim != 3:
            raise ValueError(f"past_values has shape {tuple(past_values.shape)}; give (batch, time, variables).")
        batch_size, length, num_variables = past_values.shape
        num_past = self.config.num_known_covariates + self.config.num_past_covariates
        past_covariates = checked_covariates(
            past_covariates, "past_covariates", batch_size, length, num_past, dtype=self.dtype
        )
        num_static = self.config.num_static_covariates
        static_covariates = checked_covariates(
            static_covariates, "static_covariates", batch_size, num_static, dtype=self.dtype
        )
        values, mask = fit_to_length(past_values, past_observed_mask, self.config.context_length)
        values, loc, scale = standardize(values, mask)

        values, mask = (x.transpose(1, 2).flatten(0, 1) for x in (values.to(self.dtype), mask))
        features = self.mscnn(values, mask)
        with_covariates = features
        if self.covariate_projection is not None and past_covariates is not None:
            covariates, _ = fit_to_length(past_covariates, None, self.config.context_length)
            by_step = self.covariate_projection(covariates).transpose(1, 2)
            with_covariates = features + by_step.repeat_interleave(num_variables, dim=0)
        # (series, channels, time) -> (series, tokens, channels * patch): a view where a whole series is one token.
        patches = with_covariates.unfold(-1, self.patch_length, self.patch_stride).transpose(1, 2).flatten(2)
        tokens = self.token_projection(patches)
        if self.static_projection is not None and static_covariates is not None:
            tokens = (
                tokens + self.static_projection(static_covariates).repeat_interleave(num_variables, dim=0)[:, None]
            )
        shape = (batch_size, num_variables, *tokens.shape[1:])
        hidden_states = tokens
        backbone_outputs: Any = {}
        if self.backbone is not None:
            self._check_tokens(num_variables)
            sequences = tokens.reshape(batch_size, -1, tokens.shape[-1]) if self.config.mix_variables else tokens
            flags = {"output_hidden_states": output_hidden_states, "output_attentions": output_attentions}
            backbone_outputs = self.backbone(inputs_embeds=sequences, **self._backbone_arguments(flags))
            hidden_states = tokens + backbone_outputs.last_hidden_state.reshape(tokens.shape)
        return LLMPSModelOutput(
            last_hidden_state=hidden_states.view(shape),
            multi_scale_features=features.view(batch_size, num_variables, *features.shape[1:]),
            loc=loc,
            scale=scale,
            hidden_states=backbone_outputs.get("hidden_states"),
            attentions=backbone_outputs.get("attentions"),
        )


class LLMPSForForecasting(LLMPSPreTrainedModel):
    """Forecaster of any number of series, with a point head and, for the levels of the configuration, quantiles."""

    accepts_loss_kwargs = True

    def __init__(self, config: LLMPSConfig):
        super().__init__(config)
        self.model = LLMPSModel(config)
        in_features = config.tokens_per_variable * config.hidden_size
        out_features = config.prediction_length * (1 + len(config.quantiles))
        self.dropout = nn.Dropout(config.head_dropout)
        # The configuration requires num_input_channels for separate heads.
        self.head = (
            nn.Linear(in_features, out_features)
            if config.share_projection
            else PerVariableLinear(cast(int, config.num_input_channels), in_features, out_features)
        )
        self.feature_projection = (
            nn.Linear(config.mscnn_channels, config.t2t_hidden_size) if config.t2t_hidden_size else None
        )
        self.covariate_head = (
            FutureCovariateHead(config.num_known_covariates, in_features, 1 + len(config.quantiles))
            if config.num_known_covariates
            else None
        )
        self.post_init()

    def _check_variables(self, num_variables: int) -> None:
        expected = self.config.num_input_channels
        if not self.config.share_projection and num_variables != expected:
            raise ValueError(
                f"past_values has {num_variables} variables; this model has a head for each of its {expected} "
                "(share_projection: false) and takes exactly these."
            )

    @can_return_tuple
    def forward(
        self,
        past_values: torch.Tensor,
        past_observed_mask: torch.Tensor | None = None,
        future_values: torch.Tensor | None = None,
        future_observed_mask: torch.Tensor | None = None,
        semantic_features: torch.Tensor | None = None,
        num_items_in_batch: torch.Tensor | int | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        past_covariates: torch.Tensor | None = None,
        future_covariates: torch.Tensor | None = None,
        static_covariates: torch.Tensor | None = None,
    ) -> LLMPSForForecastingOutput:
        """Forecast `prediction_length` steps.

        Args:
            past_values: (batch, time, variables); NaN is missing. Fewer steps than `context_length` are padded on the
                left with missing values, of more steps the last `context_length` are used.
            past_observed_mask: same shape, True or 1 where a value is used; the others have no influence.
            future_values: targets of the loss, (batch, prediction_length, variables); NaN is missing and not counted.
            future_observed_mask: same shape, True or 1 where a value counts.
            semantic_features: time-to-text features of `past_values`, (batch, variables, patches, t2t_hidden_size),
                the targets of the feature loss.
            num_items_in_batch: number of observed future values in all parts of a global batch; the loss is then this
                part's share of the global mean, however the batch is divided. By default the mean of this part.
            output_hidden_states: whether to return the hidden states of the backbone; by default as configured.
            output_attentions: whether to return its attention weights, which needs `attn_implementation="eager"`; by
                default as configured.
            past_covariates: covariates of the past steps as the feature extractor scales them, common to all
                variables, (batch, time, num_known_covariates + num_past_covariates), the known ones first; NaN is
                missing.
            future_covariates: known covariates of the future steps, (batch, prediction_length, num_known_covariates).
            static_covariates: (batch, num_static_covariates).
            return_dict: False for a tuple of the outputs that are not None; by default as configured.

        Raises:
            ValueError: wrong number of variables or axes, `future_values` of another shape than the forecast, or
                covariates that are missing or of another shape.
        """
        self._check_variables(past_values.shape[-1])
        horizon, batch_size = self.config.prediction_length, past_values.shape[0]
        future_covariates = checked_covariates(
            future_covariates,
            "future_covariates",
            *(batch_size, horizon, self.config.num_known_covariates),
            dtype=self.dtype,
        )
        encoded = self.model(
            past_values,
            past_observed_mask,
            output_hidden_states,
            output_attentions,
            past_covariates,
            static_covariates,
            return_dict=True,
        )
        states = self.dropout(encoded.last_hidden_state.flatten(2))
        head_outputs = self.head(states).float()
        # (batch, variables, horizon, 1 + quantiles) -> time before variables
        forecasts = head_outputs.unflatten(-1, (horizon, -1)).transpose(1, 2)
        if self.covariate_head is not None and past_covariates is not None:
            known = past_covariates[:, -self.config.context_length :, : self.config.num_known_covariates]
            past_mean = known.to(self.dtype).nanmean(1, keepdim=True).nan_to_num(nan=0.0)
            forecasts = forecasts + self.covariate_head(future_covariates, past_mean, states).float()
        mean = forecasts[..., 0] * encoded.scale + encoded.loc
        quantiles = None
        if self.config.quantiles:
            quantiles = forecasts[..., 1:].sort(-1).values * encoded.scale[..., None] + encoded.loc[..., None]

        loss = None
        if future_values is not None:
            if future_values.shape != mean.shape:
                raise ValueError(
                    f"future_values has shape {tuple(future_values.shape)}; the forecast has {tuple(mean.shape)}."
                )
            # A variable without an observed past value cannot be forecast.
            counted = observed(future_values, future_observed_mask) & observed(past_values, past_observed_mask).any(
                1, keepdim=True
            )
            num_counted = counted.sum().clamp(min=1)
            loss = self._forecast_losses(mean, quantiles, future_values, counted).sum() / num_counted
            if semantic_features is not None:
                loss = loss + self.config.feature_loss_weight * self._feature_loss(
                    encoded.multi_scale_features, semantic_features
                )
            if num_items_in_batch is not None:
                loss = loss * num_counted / num_items_in_batch
        return LLMPSForForecastingOutput(
            loss=loss,
            # The loss is that of the point head itself, which has no gradient where it is clipped.
            mean_predictions=self._within_band(mean, quantiles),
            full_predictions=quantiles,
            hidden_states=encoded.hidden_states,
            attentions=encoded.attentions,
        )

    def _within_band(self, mean: torch.Tensor, quantiles: torch.Tensor | None) -> torch.Tensor:
        """Clip a point forecast to the lowest and the highest quantile, where these lie below and above the median."""
        if quantiles is not None and self.config.quantiles[0] < 0.5:
            mean = torch.maximum(mean, quantiles[..., 0])
        if quantiles is not None and self.config.quantiles[-1] > 0.5:
            mean = torch.minimum(mean, quantiles[..., -1])
        return mean

    def load_backbone(self, backbone: str, **kwargs: Any) -> None:
        """Copy the weights of a pretrained text model, or of its first layers, into the backbone.

        Args:
            backbone: name or path of a text model; `text_config` is its configuration, perhaps with fewer layers.
            **kwargs: passed to `AutoModel.from_pretrained`, for example `revision`.

        Raises:
            ValueError: this model has no backbone (`use_llm=False`).
            KeyError: the text model lacks weights of the backbone.
            OSError: there is no such text model.
        """
        if self.model.backbone is None:
            raise ValueError(f"use_llm is False, so the model has no backbone for the weights of {backbone!r}.")
        backbone = find_text_model(backbone, **location_of(kwargs))
        text_model = AutoModel.from_pretrained(backbone, config=self.config.text_config, dtype=self.dtype, **kwargs)
        weights = text_model.state_dict()
        self.model.backbone.load_state_dict({name: weights[name] for name in self.model.backbone.state_dict()})

    def _forecast_losses(
        self, mean: torch.Tensor, quantiles: torch.Tensor | None, target: torch.Tensor, counted: torch.Tensor
    ) -> torch.Tensor:
        """Loss of each value, (batch, time, variables), 0 where it does not count."""
        target = torch.where(counted, target.to(mean.dtype), mean.detach())
        if self.config.loss == "mse":
            losses = nn.functional.mse_loss(mean, target, reduction="none")
        elif self.config.loss == "mae":
            losses = nn.functional.l1_loss(mean, target, reduction="none")
        else:
            losses = nn.functional.huber_loss(mean, target, reduction="none", delta=float(self.config.huber_delta))
        if quantiles is not None:
            levels = torch.tensor(self.config.quantiles, device=mean.device)
            error = target[..., None] - quantiles
            # Pinball loss, doubled so that the median's is the absolute error (Koenker and Bassett, 1978).
            losses = losses + 2 * torch.maximum(levels * error, (levels - 1) * error).mean(-1)
        return torch.where(counted, losses, 0.0)

    def _feature_loss(self, features: torch.Tensor, semantic_features: torch.Tensor) -> torch.Tensor:
        """Distance of multi-scale features, averaged over each patch, from those of the patch (LLM-PS, equation 9)."""
        if self.feature_projection is None:
            raise ValueError("semantic_features were given but t2t_hidden_size is not set; set it.")
        length, stride = self.config.t2t_patch_length, self.config.t2t_patch_stride
        used = (semantic_features.shape[2] - 1) * stride + length
        pooled = nn.functional.avg_pool1d(features.flatten(0, 1)[..., -used:], length, stride).transpose(1, 2)
        projected = self.feature_projection(pooled).view(semantic_features.shape)
        return nn.functional.mse_loss(projected.float(), semantic_features.float())

    @torch.no_grad()
    def predict(
        self,
        past_values: torch.Tensor,
        past_observed_mask: torch.Tensor | None = None,
        prediction_length: int | None = None,
        past_covariates: torch.Tensor | None = None,
        future_covariates: torch.Tensor | None = None,
        static_covariates: torch.Tensor | None = None,
    ) -> LLMPSForForecastingOutput:
        """Forecast any number of steps, in evaluation mode and without gradient.

        Beyond `config.prediction_length`, forecasts are made from forecasts, with a warning, and their quantiles widen
        by the uncertainty of these. More variables than the backbone has positions for are forecast in groups of
        consecutive ones, with a warning: each group ignores the others.

        Args:
            past_values: (batch, time, variables), as in `forward`.
            past_observed_mask: same shape, as in `forward`.
            prediction_length: steps to forecast; `config.prediction_length` by default.
            past_covariates: as in `forward`.
            future_covariates: those of every step to forecast, (batch, prediction_length, num_known_covariates).
            static_covariates: as in `forward`.

        Raises:
            ValueError: horizon below 1, wrong number of variables or axes, a variable without an observed value, or
                covariates that are missing or of another shape.
        """
        horizon = self.config.prediction_length if prediction_length is None else prediction_length
        if horizon < 1:
            raise ValueError(f"prediction_length is {horizon}; it must be at least 1.")
        if past_values.ndim != 3:
            raise ValueError(f"past_values has shape {tuple(past_values.shape)}; give (batch, time, variables).")
        self._check_variables(past_values.shape[-1])
        future_covariates = checked_covariates(
            future_covariates,
            "future_covariates",
            *(past_values.shape[0], horizon, self.config.num_known_covariates),
            dtype=self.dtype,
        )
        mask = observed(past_values, past_observed_mask)
        length = self.config.context_length
        values, mask = past_values[:, -length:], mask[:, -length:]
        empty = (~mask.any(1)).nonzero()
        if len(empty):
            batch, variable = empty[0].tolist()
            raise ValueError(
                f"variable {variable} of sample {batch} has no observed value in its last {values.shape[1]} steps; "
                "drop it or give a longer history."
            )
        if horizon > self.config.prediction_length:
            logger.warning(
                f"prediction_length {horizon} is longer than the {self.config.prediction_length} this model was "
                "trained for; forecasts beyond that are made from forecasts."
            )
        size = self._group_size(values.shape[-1])
        covariates = {"static_covariates": static_covariates}
        if past_covariates is not None:
            covariates["past_covariates"] = past_covariates[:, -length:]
        shared = {name: given for name, given in covariates.items() if given is not None}
        training = self.training
        self.eval()
        groups = [
            self._forecast({"past_values": group, "past_observed_mask": seen, **shared}, future_covariates, horizon)
            for group, seen in zip(values.split(size, 2), mask.split(size, 2), strict=True)
        ]
        self.train(training)
        return _concatenate(groups, dim=2)

    def _group_size(self, num_variables: int) -> int:
        """Number of variables to forecast at once: all of them, or as many as the backbone has positions for."""
        most = self.config.most_variables
        if not most or num_variables <= most or not self.config.share_projection:
            return num_variables
        logger.warning_once(
            f"{num_variables} variables are forecast in groups of {most}, for which the backbone has positions; each "
            "group ignores the others."
        )
        return most

    def _forecast(
        self, inputs: dict[str, torch.Tensor], future_covariates: torch.Tensor | None, horizon: int
    ) -> LLMPSForForecastingOutput:
        """Forecast block after block, as many samples at a time as their sample paths fit in memory."""
        samples, _, num_variables = inputs["past_values"].shape
        if self.config.quantiles and horizon > self.config.prediction_length:
            values = NUM_PATHS * num_variables * (self.config.context_length + self.config.prediction_length)
            samples = min(samples, max(1, _MAX_PATH_VALUES // values))
        given = inputs if future_covariates is None else inputs | {"future_covariates": future_covariates}
        parts = zip(*(x.split(samples) for x in given.values()), strict=True)
        outputs = [self._roll_out(dict(zip(given, part, strict=True)), horizon) for part in parts]
        return _concatenate(outputs, dim=0)

    def _roll_out(self, inputs: dict[str, torch.Tensor], horizon: int) -> LLMPSForForecastingOutput:
        """Forecast block after block, each from the series and the blocks before.

        Point forecasts continue from point forecasts. The quantiles of a later block are those of a mixture of
        forecasts, each from the series and a sample path through the blocks before, which is at one level in a whole
        block, and at levels that are independent in different blocks.
        """
        levels = self.config.quantiles
        futures = self._future_blocks(inputs.pop("future_covariates", None), horizon)
        scores = path_scores(len(futures) - 1) if levels and len(futures) > 1 else None
        blocks = [self(**inputs, **futures[0], return_dict=True)]
        paths, by_path = _repeated(inputs), blocks[0].full_predictions
        for number, (before, future) in enumerate(pairwise(futures)):
            inputs = self._append(inputs, blocks[-1].mean_predictions, before)
            block = self(**inputs, **future, return_dict=True)
            if scores is not None:
                if number == 0:
                    by_path = by_path.unsqueeze(1).expand(-1, NUM_PATHS, -1, -1, -1)
                steps = sample_paths(by_path, levels, scores[:, number])
                paths = self._append(paths, steps.flatten(0, 1), _repeated(before))
                by_path = self(**paths, **_repeated(future), return_dict=True).full_predictions
                by_path = by_path.unflatten(0, (-1, NUM_PATHS))
                block.full_predictions = mixture_quantiles(by_path.movedim(1, -2), levels)
                block.mean_predictions = self._within_band(block.mean_predictions, block.full_predictions)
            blocks.append(block)
        return _concatenate(blocks, dim=1, length=horizon)

    def _future_blocks(self, future_covariates: torch.Tensor | None, horizon: int) -> list[dict[str, torch.Tensor]]:
        """Known covariates of each block of a longer forecast, missing beyond its end."""
        length = self.config.prediction_length
        if future_covariates is None:
            return [{}] * -(-horizon // length)
        padded = nn.functional.pad(future_covariates, (0, 0, 0, -horizon % length), value=torch.nan)
        return [{"future_covariates": block} for block in padded.split(length, dim=1)]

    def _append(
        self, inputs: dict[str, torch.Tensor], forecast: torch.Tensor, future: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Inputs with a forecast and its known covariates as their newest steps, cut to the look-back."""
        values = forecast.to(inputs["past_values"].dtype)
        newest = {"past_values": values, "past_observed_mask": torch.ones_like(values, dtype=torch.bool)}
        if "past_covariates" in inputs:
            known = future.get("future_covariates", values[..., :0])
            unknown = inputs["past_covariates"].shape[-1] - known.shape[-1]
            newest["past_covariates"] = nn.functional.pad(known, (0, unknown), value=torch.nan)
        length = self.config.context_length
        joined = {name: torch.cat((inputs[name], steps), dim=1)[:, -length:] for name, steps in newest.items()}
        return inputs | joined


__all__ = ["LLMPSForForecasting", "LLMPSModel", "LLMPSPreTrainedModel"]

# Checkpoints carry this code, which loads with `trust_remote_code=True`.
LLMPSConfig.register_for_auto_class()
LLMPSModel.register_for_auto_class("AutoModel")
LLMPSForForecasting.register_for_auto_class("AutoModelForTimeSeriesPrediction")
