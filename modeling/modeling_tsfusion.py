"""TSFusion forecaster: closed-form experts of any series, mixed for each step by a small learned gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.utils import ModelOutput

from .configuration_tsfusion import EXPERTS, SPREADS, TSFusionConfig
from .modeling_scaling import observed
from .modeling_shared_layers import init_fan_in
from .modeling_tsfusion_analysis import Analysis, analyze, seasonal_contrast
from .modeling_tsfusion_context import ContextHead
from .modeling_tsfusion_context_effects import ContextEffect, apply_contexts
from .modeling_tsfusion_context_reading import read_contexts
from .modeling_tsfusion_covariates import check_covariates, covariate_effects
from .modeling_tsfusion_experts import Experts, run_experts
from .modeling_tsfusion_features import NUM_FEATURES, series_features
from .modeling_tsfusion_head import (
    GateProjection,
    TSFusionHead,
    about_median,
    never_shrinking,
    normal_quantile,
    quantile_interpolation,
)
from .modeling_tsfusion_series import Histories, align, find_periods

# Values, in or behind the histories, of one pass of the experts, which bounds their memory.
_VALUES_A_PASS = 2**17
# Points that stand for a distribution in a sum with another, and sums of one pass, which bounds its memory.
_NODES, _SUMS_A_PASS = 25, 2**13
# Loss of one series at one step, in usual errors, above which it counts no more.
_LARGEST_LOSS = 8.0
# The width of the band is held against every fourth back-tested step. So many of these count as much as the gate.
_TEST_STRIDE, _STEPS_OF_TRUST = 4, 48
# Features of a knot besides those of the experts and spreads: its position.
_PLACES = 4


@dataclass
class TSFusionModelOutput(ModelOutput):
    """Output of [`TSFusionModel`]. Series are the batch times the channels, in this order.

    Args:
        last_hidden_state: states of the gate at 1, 2, 4, ... steps, (series, knots, hidden_size).
        expert_forecasts: float32 (series, prediction_length, experts), in units of `scale` about `loc`.
        available: 1 where an expert exists for a series, (series, experts).
        spreads: positive, (series, prediction_length, spreads), in units of `scale`.
        steps: from the last observed value, int64 (series, prediction_length).
        loc: float64 (series,); NaN for a series without any observed value.
        scale: float64 (series,), negative for a falling series, 0 for a constant.
        unit: error of the seasonal naive in the history, in units of `scale`, (series,).
        series_features: of the gate, (series, features).
        knot_features: of the gate at 1, 2, 4, ... steps, (series, knots, features).
        tested_forecasts: what the experts forecast of the end of each history from what came before it, at steps 4,
            8, ... up to `backtest_length`, (series, tested, experts); 0 for a history too short for it.
        tested_spreads: their spreads, (series, tested, spreads).
        tested_values: what came, (series, tested).
        tested_mask: 1 where it was observed and lies in the history, same shape.
        covariate_effects: float64 (series, prediction_length, features), in the units of the input; None without
            covariates. All other fields are of the history without them.
        effect_variance: of their sum, float64 (series, prediction_length).
        effect_surprises: what covariates without a future may add to it, float64 (series, prediction_length, samples).
        surprise_shares: of each covariate in these, float64 (series, features).
        seasonal_periods: of the two seasons of each series, given or found, int64 (series, 2); 1 where there is none.
        seasonal_contrast: how clearly the history is calmer at some phases of the first season than at others, 0 to 1,
            (series,).
    """

    last_hidden_state: Tensor | None = None
    expert_forecasts: Tensor | None = None
    available: Tensor | None = None
    spreads: Tensor | None = None
    steps: Tensor | None = None
    loc: Tensor | None = None
    scale: Tensor | None = None
    unit: Tensor | None = None
    series_features: Tensor | None = None
    knot_features: Tensor | None = None
    tested_forecasts: Tensor | None = None
    tested_spreads: Tensor | None = None
    tested_values: Tensor | None = None
    tested_mask: Tensor | None = None
    covariate_effects: Tensor | None = None
    effect_variance: Tensor | None = None
    effect_surprises: Tensor | None = None
    surprise_shares: Tensor | None = None
    seasonal_periods: Tensor | None = None
    seasonal_contrast: Tensor | None = None


@dataclass
class TSFusionForForecastingOutput(ModelOutput):
    """Output of [`TSFusionForForecasting`].

    Args:
        loss: scalar, of the quantiles as the gate has them; where `future_values` were given.
        mean_predictions: the point forecast, which is the median, in the units of the input,
            (batch, prediction_length, channels); NaN for a series without any observed value.
        full_predictions: quantiles, (batch, prediction_length, channels, levels), rising along the last axis; None in
            training with `future_values`, where the loss is all that counts.
        expert_weights: share of each expert in the point forecast, (batch, prediction_length, channels, experts); they
            add up to 1. Their names are `config.experts`.
        expert_predictions: forecast of each expert, same shape; the point forecast is the sum of the products, plus
            the effects of the covariates.
        covariate_effects: what each covariate adds to the point forecast, against its median in the history, in the
            units of the input, (batch, prediction_length, channels, features); None without covariates. Of covariates
            without a future, what is to be expected of them.
        seasonal_periods: steps of the two seasons that the experts used, given or found, int64 (batch, channels, 2); 1
            where there is none.
        context_effects: operations that the text of each series states, in its order, a list for each channel of each
            sample; None without a context.
        numeric_predictions: the point forecast before these operations, (batch, prediction_length, channels); None
            without a context.
    """

    loss: Tensor | None = None
    mean_predictions: Tensor | None = None
    full_predictions: Tensor | None = None
    expert_weights: Tensor | None = None
    expert_predictions: Tensor | None = None
    covariate_effects: Tensor | None = None
    seasonal_periods: Tensor | None = None
    context_effects: list[list[ContextEffect]] | None = None
    numeric_predictions: Tensor | None = None


class TSFusionPreTrainedModel(PreTrainedModel):
    """Weight initialization and loading, as in all models of transformers."""

    config: TSFusionConfig
    base_model_prefix = "model"
    main_input_name = "past_values"
    input_modalities = ["time"]
    # The gate is small, and stored in 16 bits for its size only.
    _keep_in_fp32_modules_strict = ["series_projection", "knot_projection", "mixer", "head.projection"]
    # There is no attention here, so that any kind is fine, which is meant for a language model around.
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    # The language model of a checkpoint of TSFusionForCausalLM, where the forecaster is loaded alone.
    _keys_to_ignore_on_load_unexpected = [r"^tslm\."]

    def __init__(self, config: TSFusionConfig):
        super().__init__(self._own_config(config))

    @classmethod
    def _own_config(cls, config: TSFusionConfig) -> TSFusionConfig:
        """Configuration of what the model has: a forecaster that is saved alone promises no language model."""
        return config if config.tslm_config is None else config.without_tslm()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, GateProjection):
            # Without training all experts count the same.
            init.zeros_(module.weight)
            init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            init_fan_in(module)


def _steps_ahead(gap: Tensor, prediction_length: int) -> Tensor:
    return gap[:, None] + torch.arange(1, prediction_length + 1, device=gap.device)


def _centered_logs(values: Tensor, weight: Tensor) -> Tensor:
    """Logarithms without their weighted mean over the last axis, held to [-4, 4]; 0 where there is no weight."""
    logs = values.clamp(min=1e-6).log()
    mean = (logs * weight).sum(-1, keepdim=True) / weight.sum(-1, keepdim=True)
    return ((logs - mean) * weight).clamp(-4, 4)


class TSFusionModel(TSFusionPreTrainedModel):
    """Experts of each series, and states of the gate that weights them."""

    def __init__(self, config: TSFusionConfig):
        super().__init__(config)
        experts, spreads = len(config.experts), len(config.spreads)
        self.num_checked = 2 * experts + spreads + 1
        self.series_projection = nn.Linear(NUM_FEATURES + self.num_checked, config.hidden_size)
        self.knot_projection = nn.Linear(experts + spreads + _PLACES, config.hidden_size)
        self.mixer = nn.Linear(config.hidden_size, config.hidden_size)
        self.post_init()

    def _periods(self, seasonal_period: int | Sequence[int] | Tensor | None, batch: int, channels: int) -> Tensor:
        """Given periods, int64 (series, 2), 0 where a period has to be found."""
        device = self.device
        if seasonal_period is None:
            return torch.zeros(batch * channels, 2, dtype=torch.int64, device=device)
        given = torch.as_tensor(seasonal_period, device=device)
        if given.is_floating_point() or given.is_complex() or (given < 0).any():
            raise ValueError(
                f"seasonal_period is {seasonal_period}; give steps as whole numbers: 1 for no season, 0 or None to "
                "find it."
            )
        if not isinstance(seasonal_period, Tensor) and given.ndim == 1 and 1 <= len(given) <= 2:
            # The list is complete: no further season is searched for.
            given = nn.functional.pad(given, (0, 2 - len(given)), value=1).expand(batch, channels, 2)
        elif given.shape in ((), (batch,), (batch, channels)):
            given = given.view(*given.shape, *[1] * (2 - given.ndim)).expand(batch, channels)
            given = torch.stack((given, torch.zeros_like(given)), -1)
        if given.shape != (batch, channels, 2):
            raise ValueError(
                f"seasonal_period has shape {tuple(given.shape)}; give one number, two as in (24, 168) for two "
                f"seasons, or a tensor of shape {(batch,)}, {(batch, channels)} or {(batch, channels, 2)}."
            )
        return given.reshape(-1, 2).long()

    def _experts(self, facts: Analysis, steps: Tensor) -> Experts:
        """Forecasts and spreads of the experts that the configuration lists."""
        out = run_experts(facts, steps)
        experts = [EXPERTS.index(name) for name in self.config.experts]
        spreads = [SPREADS.index(name) for name in self.config.spreads]
        return Experts(out.forecasts[..., experts], out.available[:, experts], out.spreads[..., spreads])

    @torch.no_grad()
    def _compute(self, histories: Histories, periods: Tensor, last_knot: int, length: int) -> tuple[Tensor, ...]:
        """Compute the parts that are not learned: outputs of the experts, features of the series and of the knots."""
        device = histories.values.device
        periods = find_periods(histories, periods)
        knots = 2 ** torch.arange(last_knot + 1, device=device)
        rows = len(histories.values)
        steps = torch.cat((knots.expand(rows, -1), _steps_ahead(histories.gap, length)), 1)
        facts = analyze(histories, periods)
        experts = self._experts(facts, steps)
        n = histories.length
        sizes = (experts.forecasts.shape[-1], experts.spreads.shape[-1])
        kept = self.config.backtest_length // _TEST_STRIDE
        checked, *held_out = (
            torch.zeros(rows, *shape, device=device)
            for shape in ((self.num_checked,), (kept, sizes[0]), (kept, sizes[1]), (kept,), (kept,))
        )
        tested = (n >= self.config.backtest_min_history).nonzero().squeeze(1)
        if len(tested) > 0:
            found = self._backtest(histories, periods, tested, experts.available[tested])
            for whole, part in zip((checked, *held_out), found, strict=True):
                whole[tested] = part
        series = torch.cat((series_features(facts), checked), 1)

        shown = experts.available[:, None]
        at_knots, spreads = experts.forecasts[:, : len(knots)], experts.spreads[:, : len(knots)]
        plain = (at_knots * shown).sum(-1, keepdim=True) / shown.sum(-1, keepdim=True)
        unit = spreads.log().mean(-1, keepdim=True).exp()
        ratio = knots / n.clamp(min=1)[:, None]
        places = torch.stack(
            (
                knots.float().log2().expand(rows, -1) / 4 - 1,
                ratio.log2().clamp(-10, 4) / 4,
                (knots / periods[:, :1]).log2().clamp(-8, 8) / 4,
                unit.squeeze(-1).log().clamp(-8, 4) / 2,
            ),
            -1,
        )
        deviations = ((at_knots - plain) / unit).asinh() * shown
        knot = torch.cat((deviations, _centered_logs(spreads, torch.ones_like(spreads)), places), -1)
        return (
            experts.forecasts[:, len(knots) :],
            experts.available,
            experts.spreads[:, len(knots) :],
            facts.unit,
            series,
            knot,
            steps[:, len(knots) :],
            periods,
            seasonal_contrast(facts),
            *held_out,
        )

    def _backtest(
        self, histories: Histories, periods: Tensor, rows: Tensor, available: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Errors of the experts, and sizes of the spreads, on the last steps of long histories, (rows, features).

        Then the forecasts, spreads, values and mask of some of these steps, see [`TSFusionModelOutput`].
        """
        length = histories.length[rows]
        held = (length // 4).clamp(max=self.config.backtest_length)
        past = histories.cut(rows, held)
        steps = torch.arange(1, self.config.backtest_length + 1, device=rows.device).expand(len(rows), -1)
        experts = self._experts(analyze(past, periods[rows]), steps)
        index = (past.length[:, None] + steps - 1).clamp(max=histories.values.shape[1] - 1)
        truth = histories.values[rows].gather(1, index)
        known = histories.observed[rows].gather(1, index) * (steps <= held[:, None])
        errors = (experts.forecasts - truth[..., None]).abs()
        features = []
        for counted in (known, known * (4 * steps <= held[:, None])):
            mean = (errors * counted[..., None]).sum(1) / counted.sum(1, keepdim=True).clamp(min=1)
            features.append(_centered_logs(mean + 1e-4, available * experts.available))
        shown = available[:, None]
        plain = (experts.forecasts * shown).sum(-1) / shown.sum(-1)
        share = counted_mean((plain - truth).abs(), known)
        sizes = counted_mean(experts.spreads, known[..., None].expand_as(experts.spreads))
        features.append((share[:, None] / sizes).clamp(min=1e-4).log().clamp(-4, 4))
        kept = slice(_TEST_STRIDE - 1, None, _TEST_STRIDE)
        held_out = (experts.forecasts[:, kept], experts.spreads[:, kept], truth[:, kept], known[:, kept])
        return torch.cat((*features, torch.ones_like(share)[:, None]), 1), *held_out

    def gate(self, series_features: Tensor, knot_features: Tensor) -> Tensor:
        """States of the gate, (series, knots, hidden_size), all that is learned before the head."""
        series, knot = series_features.to(self.dtype), knot_features.to(self.dtype)
        hidden = nn.functional.gelu(self.series_projection(series)[:, None] + self.knot_projection(knot))
        return hidden + nn.functional.gelu(self.mixer(hidden))

    def forward(
        self,
        past_values: Tensor,
        past_observed_mask: Tensor | None = None,
        seasonal_period: int | Sequence[int] | Tensor | None = None,
        prediction_length: int | None = None,
        past_covariates: Tensor | None = None,
        future_covariates: Tensor | None = None,
    ) -> TSFusionModelOutput:
        """Run the experts and the gate.

        Args:
            past_values: (batch, time, channels) of any length; NaN is missing.
            past_observed_mask: same shape, True or 1 where a value is used; the others have no influence.
            seasonal_period: see [`TSFusionForForecasting.forward`].
            prediction_length: steps to forecast; `config.prediction_length` by default.
            past_covariates: see [`TSFusionForForecasting.forward`].
            future_covariates: likewise.

        Raises:
            ValueError: if `past_values` does not have three axes, has an empty one or an infinity, for a horizon below
                1, or a period that does not fit.
        """
        length = self.config.prediction_length if prediction_length is None else prediction_length
        if past_values.ndim != 3 or 0 in past_values.shape:
            raise ValueError(
                f"past_values has shape {tuple(past_values.shape)}; give (batch, time, channels), none of them empty."
            )
        if length < 1:
            raise ValueError(f"prediction_length is {length}; it must be at least 1.")
        batch, _, channels = past_values.shape
        periods = self._periods(seasonal_period, batch, channels)
        mask = observed(past_values, past_observed_mask)
        if (torch.isinf(past_values) & mask).any():
            raise ValueError("past_values holds an infinity; correct the value or make it NaN.")
        values, mask = (x.transpose(1, 2).flatten(0, 1) for x in (past_values, mask))
        effects = None
        if past_covariates is not None or future_covariates is not None:
            past, future = check_covariates(past_covariates, future_covariates, batch, values.shape[1], length)
            effects = covariate_effects(values, mask, periods, past, future, self.config.context_length)
            values = values - effects.past
        gaps = torch.where(mask.any(1), mask.flip(1).float().argmax(1), 0).clamp(max=self.config.context_length)
        last_step = int(gaps.max()) + length
        if values.shape[1] >= self.config.backtest_min_history:
            last_step = max(last_step, self.config.backtest_length)
        last_knot = (last_step - 1).bit_length()
        width = max(1, _VALUES_A_PASS // max(min(values.shape[1], self.config.context_length), length))
        parts, locs, scales = [], [], []
        for rows, shown, known in zip(values.split(width), mask.split(width), periods.split(width), strict=True):
            histories = align(rows, shown, self.config.context_length)
            parts.append(self._compute(histories, known, last_knot, length))
            locs.append(torch.where(histories.length > 0, histories.loc, torch.nan))
            scales.append(histories.scale)
        forecasts, available, spreads, unit, series, knot, steps, periods, contrast, *held_out = (
            torch.cat(part) for part in zip(*parts, strict=True)
        )
        tested = ("tested_forecasts", "tested_spreads", "tested_values", "tested_mask")
        return TSFusionModelOutput(
            last_hidden_state=self.gate(series, knot),
            expert_forecasts=forecasts,
            available=available,
            spreads=spreads,
            steps=steps,
            loc=torch.cat(locs),
            scale=torch.cat(scales),
            unit=unit,
            series_features=series,
            knot_features=knot,
            **dict(zip(tested, held_out, strict=True)),
            covariate_effects=None if effects is None else effects.future,
            effect_variance=None if effects is None else effects.variance,
            effect_surprises=None if effects is None else effects.surprises,
            surprise_shares=None if effects is None else effects.shares,
            seasonal_periods=periods,
            seasonal_contrast=contrast,
        )


def _with_surprises(offsets: Tensor, surprises: Tensor, levels: Sequence[float]) -> Tensor:
    """Quantiles of the sum of a distribution and an independent one of a few values of equal weight.

    Args:
        offsets: quantiles of the distribution, (series, steps, levels).
        surprises: values of the other, (series, steps, samples); where all are 0, the offsets stay as they are.
        levels: of the quantiles, rising.
    """
    moves = (surprises != 0).any(-1)
    if not moves.any():
        return offsets
    nodes = (torch.arange(_NODES, dtype=torch.float64, device=offsets.device) + 0.5) / _NODES
    nodes, wanted = quantile_interpolation(levels, nodes), offsets.new_tensor(levels)
    moved = []
    for own, added in zip(offsets[moves].split(_SUMS_A_PASS), surprises[moves].split(_SUMS_A_PASS), strict=True):
        alone = own @ nodes.T
        sums = (alone[:, :, None] + added[:, None]).flatten(1)
        change = sums.quantile(wanted, 1) - alone.quantile(wanted, 1)
        moved.append((own + change.T).cummax(1).values)
    return offsets.masked_scatter(moves[..., None], torch.cat(moved))


def counted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over the second axis."""
    return (values * weight).sum(1) / weight.sum(1).clamp(min=1)


class TSFusionForForecasting(TSFusionPreTrainedModel):
    """Forecaster of any series without training on it: closed-form experts, weighted for each step by a learned gate.

    The median is a convex combination of named experts, exactly; `expert_weights` are the weights. Each series is
    forecast from itself alone, and the forecast of a * x + b is a times that of x plus b, with the quantiles of the
    opposite levels where a is negative. The band of a history of `backtest_min_history` steps or more is made wider or
    narrower by how it did on the last of them. From step to step the band never narrows; where the history is clearly
    calmer at some phases of its season, it may within a season, and never from a season to the next. What the effects
    of covariates add to it belongs to their steps.
    """

    def __init__(self, config: TSFusionConfig):
        super().__init__(config)
        self.model = TSFusionModel(config)
        self.head = TSFusionHead(config)
        self.context_head = None if config.text_encoder is None else ContextHead(config)
        self.post_init()

    def forward(
        self,
        past_values: Tensor,
        past_observed_mask: Tensor | None = None,
        future_values: Tensor | None = None,
        future_observed_mask: Tensor | None = None,
        seasonal_period: int | Sequence[int] | Tensor | None = None,
        prediction_length: int | None = None,
        quantile_levels: Sequence[float] | None = None,
        past_covariates: Tensor | None = None,
        future_covariates: Tensor | None = None,
        context: Sequence[Mapping[str, Any] | None] | None = None,
    ) -> TSFusionForForecastingOutput:
        """Forecast any number of steps at once.

        Args:
            past_values: (batch, time, channels) of any length; NaN is missing. The last `context_length` steps are
                used, of each channel by itself.
            past_observed_mask: same shape, True or 1 where a value is used; the others have no influence.
            future_values: (batch, prediction_length, channels); NaN is missing and not counted. Given, a loss is
                returned.
            future_observed_mask: same shape, True or 1 where a value counts.
            seasonal_period: steps of a season: one number for all series or a tensor (batch,) or (batch, channels),
                beside which a longer season is searched for; two for two seasons, (24, 168) or a tensor
                (batch, channels, 2). 1 is no season, 0 or None a season to find in the history.
            prediction_length: steps to forecast; those of `future_values` or `future_covariates`, else
                `config.prediction_length` by default.
            quantile_levels: rising levels between 0 and 1 of `full_predictions`; `config.quantiles` by default.
            past_covariates: (batch, time, features), numbers or 0 and 1, shared by the channels; NaN is missing and
                interpolated. Effects are learned from each history alone, and are nothing where it does not show any.
            future_covariates: (batch, prediction_length, known), the first `known` features in the horizon. The others
                explain the history; in the horizon they return to their median, and the forecast allows for what they
                did at earlier times after as many steps. Values beyond those of the history count at most as if they
                were half its range beyond.
            context: for each series, the batch times the channels in this order, the features of a text from
                `ForecastFeatureExtractor.prepare_context`, for its history and this horizon, or None. Operations that
                the text states are chosen once, and applied to all quantiles, in the order of the text, but for
                bounds, which hold for the result; a stretch of the history that it calls faulty is not used. Without
                one that is chosen, the forecast is as without a text, bit by bit. The loss is that of the forecast
                before the operations.

        Raises:
            OSError: for a context, where the text encoder that the model names cannot be had.
            ValueError: for wrong axes, an infinity, a horizon below 1, levels that do not rise between 0 and 1, a
                period that does not fit, `future_values` of another shape than the forecast, covariates that do not
                fit or are missing in the horizon, or a context that does not fit or that the model does not read.
        """
        levels = list(self.config.quantiles if quantile_levels is None else quantile_levels)
        if not levels or any(not 0 < q < 1 for q in levels) or sorted(set(levels)) != levels:
            raise ValueError(f"quantile_levels is {levels}; give rising levels between 0 and 1.")
        for future in (future_values, future_covariates):
            if prediction_length is None and future is not None:
                prediction_length = future.shape[1]
        if context is not None:
            length = self.config.prediction_length if prediction_length is None else prediction_length
            context_effects, past_observed_mask = self._read(context, past_values, past_observed_mask, length)
        encoded = self.model(
            past_values, past_observed_mask, seasonal_period, prediction_length, past_covariates, future_covariates
        )
        weights, median, offsets = self.head(encoded)
        effects = encoded.covariate_effects
        batch, _, channels = past_values.shape
        loss = None
        if future_values is not None:
            if future_values.shape != (batch, encoded.steps.shape[1], channels):
                raise ValueError(
                    f"future_values has shape {tuple(future_values.shape)}; the forecast has "
                    f"{(batch, encoded.steps.shape[1], channels)}."
                )
            counted = observed(future_values, future_observed_mask).transpose(1, 2).flatten(0, 1)
            target = future_values.transpose(1, 2).flatten(0, 1)
            if effects is not None:
                target = target - effects.sum(-1)
            loss = self._loss(encoded, median, self._with_effects(offsets, encoded), target, counted)

        dtype = past_values.dtype if past_values.dtype == torch.float64 else torch.float32

        def in_units(z: Tensor, added: Tensor | None = None) -> Tensor:
            shape = [-1] + [1] * (z.ndim - 1)
            out = encoded.loc.view(shape) + encoded.scale.view(shape) * z.double()
            if added is not None:
                out = out + added.view(*added.shape, *[1] * (z.ndim - 2))
            return _by_channel(out.to(dtype), batch, channels)

        quantiles = band = None
        if loss is None or not self.training:
            band = self._band(encoded, offsets)
            # The median of what covariates without a future add is theirs, so that experts and effects add up.
            shift = band[..., self.config.quantile_levels.index(0.5)]
            band = band - shift[..., None]
            if effects is not None:
                shift = shift * encoded.scale[:, None]
                effects = effects + shift[..., None] * encoded.surprise_shares[:, None]
        effect = None if effects is None else effects.sum(-1)
        if band is not None:
            quantiles = in_units(self._at_levels(encoded, median, band, levels), effect)

        mean = in_units(median, effect)
        periods = encoded.seasonal_periods.view(batch, channels, 2)
        outputs = TSFusionForForecastingOutput(
            loss=loss,
            mean_predictions=mean,
            full_predictions=quantiles,
            expert_weights=_by_channel(weights, batch, channels),
            expert_predictions=in_units(encoded.expert_forecasts),
            covariate_effects=None if effects is None else _by_channel(effects.to(dtype), batch, channels),
            seasonal_periods=periods,
        )
        if context is not None and quantiles is not None:
            mask = observed(past_values, past_observed_mask)
            outputs.context_effects, outputs.numeric_predictions = context_effects, mean
            outputs.mean_predictions, outputs.full_predictions = apply_contexts(
                context_effects, context, (mean, quantiles), past_values, mask, periods
            )
        return outputs

    def _read(
        self, context: Sequence[Mapping[str, Any] | None], values: Tensor, mask: Tensor | None, length: int
    ) -> tuple[list[list[ContextEffect]], Tensor]:
        """What the texts of a batch do, and the mask of the values that they leave."""
        name = self.config.text_encoder
        if name is None or self.context_head is None:
            raise ValueError("a context is given, but this model reads no text (text_encoder is None); leave it out.")
        # Imported here: it imports Auto classes, with which this model may be about to be registered.
        from .modeling_text_encoder import load_text_encoder

        encoder = load_text_encoder(name, self.config.text_layer)
        return read_contexts(self.context_head, encoder, context, values, mask, length, self.config.context_threshold)

    def _band(self, encoded: Any, offsets: Tensor) -> Tensor:
        """Quantiles less the median without covariate effects, (series, steps, levels), of the learned offsets."""
        # Of the widths, and so of the distances from the median at all levels, those beyond the outermost too.
        widths = never_shrinking(offsets.diff(dim=-1), encoded.seasonal_periods[:, :1], encoded.seasonal_contrast)
        middle = self.config.quantile_levels.index(0.5)
        band = about_median(widths * self._width_factor(encoded)[:, None, None], middle)
        return self._with_effects(band, encoded)

    def _at_levels(self, encoded: Any, median: Tensor, band: Tensor, levels: Sequence[float]) -> Tensor:
        """Quantiles at any levels, (series, steps, levels), of a band about the median."""
        known = self.config.quantile_levels
        wanted = torch.tensor(levels, dtype=torch.float64, device=median.device)
        # A reflected series has its quantiles at the opposite levels.
        matrices = torch.stack((quantile_interpolation(known, wanted), quantile_interpolation(known, 1 - wanted)))
        turned = (encoded.scale < 0).long()
        return median[..., None] + torch.einsum("nhk,nlk->nhl", band, matrices[turned])

    @torch.no_grad()
    def _width_factor(self, encoded: Any) -> Tensor:
        """Factors by which the bands are widened after the back-test of their histories, (series,).

        The errors of the mixture in the back-test over what its band there lets expect, r on average over n steps:
        the factor is r^(n / (n + 48)), and 1 without a back-test. The gate has learned how wide bands are of series
        in general; this is how wide they are for this series.
        """
        factor = torch.ones_like(encoded.unit)
        rows = encoded.tested_mask.any(1).nonzero().squeeze(1)
        if len(rows) == 0:
            return factor
        known = encoded.tested_mask[rows]
        held_out = TSFusionModelOutput(
            last_hidden_state=encoded.last_hidden_state[rows],
            expert_forecasts=encoded.tested_forecasts[rows],
            available=encoded.available[rows],
            spreads=encoded.tested_spreads[rows],
            steps=_TEST_STRIDE * torch.arange(1, known.shape[1] + 1, device=rows.device).expand_as(known),
        )
        _, median, offsets = self.head(held_out)
        normal = normal_quantile(torch.tensor(self.config.quantile_levels, device=rows.device))
        deviation = offsets.abs().mean(-1) / normal.abs().mean()
        expected = (2 / torch.pi) ** 0.5 * deviation
        ratio = counted_mean((encoded.tested_values[rows] - median).abs() / expected, known)
        count = known.sum(1)
        return factor.index_put((rows,), ratio.clamp(0.05, 20) ** (count / (count + _STEPS_OF_TRUST)))

    def _with_effects(self, offsets: Tensor, encoded: Any) -> Tensor:
        """Offsets of the quantiles with the uncertainty of the covariate effects: variances add up.

        What covariates without a future may add is far from normal, such as a promotion in one week of four, and moves
        the median too.
        """
        if encoded.covariate_effects is None:
            return offsets
        one_deviation = torch.special.ndtr(offsets.new_tensor((-1.0, 1.0), dtype=torch.float64))
        low, high = (offsets @ quantile_interpolation(self.config.quantile_levels, one_deviation).T).unbind(-1)
        scale = torch.where(encoded.scale == 0, torch.inf, encoded.scale)[:, None]
        ratio = encoded.effect_variance.sqrt() / scale / ((high - low) / 2).clamp(min=1e-6)
        widened = offsets * (1 + ratio.square()).sqrt()[..., None].to(offsets.dtype)
        surprises = encoded.effect_surprises / scale[..., None]
        return _with_surprises(widened, surprises.to(offsets.dtype), self.config.quantile_levels)

    def _loss(self, encoded: Any, median: Tensor, offsets: Tensor, future: Tensor, counted: Tensor) -> Tensor:
        """Pinball loss in errors of the seasonal naive, or mean spreads of the step where these are larger; mean over
        the levels, steps and series.
        """
        usable = (encoded.scale != 0) & encoded.loc.isfinite()
        counted = counted & usable[:, None]
        scale = torch.where(usable, encoded.scale, 1.0)
        future = torch.where(counted, future, 0.0).double()
        target = ((future - encoded.loc.nan_to_num()[:, None]) / scale[:, None]).float()
        target = torch.where(counted, target, median.detach())
        levels = torch.tensor(self.config.quantile_levels, device=median.device)
        error = (target - median)[..., None] - offsets
        # Far ahead, a walk would outweigh all else, and lose its largest errors to the cap.
        unit = encoded.spreads.log().mean(-1).exp().maximum(encoded.unit[:, None])
        losses = 2 * torch.maximum(levels * error, (levels - 1) * error).mean(-1) / unit
        # Beyond the cap the loss goes on as its logarithm: a series that nothing forecasts does not rule the batch.
        cap = _LARGEST_LOSS
        losses = torch.where(losses > cap, cap * (1 + (losses.clamp(min=cap) / cap).log()), losses)
        by_series = (losses * counted).sum(1) / counted.sum(1).clamp(min=1)
        has_target = counted.any(1)
        return by_series.sum() / has_target.sum().clamp(min=1)

    @torch.no_grad()
    def predict(
        self,
        past_values: Tensor,
        past_observed_mask: Tensor | None = None,
        prediction_length: int | None = None,
        quantile_levels: Sequence[float] | None = None,
        seasonal_period: int | Sequence[int] | Tensor | None = None,
        past_covariates: Tensor | None = None,
        future_covariates: Tensor | None = None,
        context: Sequence[Mapping[str, Any] | None] | None = None,
    ) -> TSFusionForForecastingOutput:
        """Forecast in evaluation mode and without gradient; arguments and errors as `forward`."""
        training = self.training
        self.eval()
        try:
            return self(
                past_values=past_values,
                past_observed_mask=past_observed_mask,
                seasonal_period=seasonal_period,
                prediction_length=prediction_length,
                quantile_levels=quantile_levels,
                past_covariates=past_covariates,
                future_covariates=future_covariates,
                context=context,
            )
        finally:
            self.train(training)


def _by_channel(values: Tensor, batch: int, channels: int) -> Tensor:
    """Reshape (series, steps, ...) to (batch, steps, channels, ...)."""
    return values.unflatten(0, (batch, channels)).transpose(1, 2)


__all__ = ["TSFusionForForecasting", "TSFusionModel", "TSFusionPreTrainedModel"]

# Checkpoints carry this code, which loads with `trust_remote_code=True`.
TSFusionConfig.register_for_auto_class()
TSFusionModel.register_for_auto_class("AutoModel")
TSFusionForForecasting.register_for_auto_class("AutoModelForTimeSeriesPrediction")
