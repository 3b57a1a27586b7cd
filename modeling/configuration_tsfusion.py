"""Configuration of the TSFusion forecaster, and of the language model that may read its forecasts."""

from copy import deepcopy
from typing import Any, Self, cast

from transformers import PreTrainedConfig

from .configuration_checks import build_config, check_at_least, validated
from .configuration_tslm import TSLMConfig

# Experts that may be mixed, in the order of `expert_weights`.
EXPERTS = (
    "last_value",
    "seasonal_naive",
    "seasonal_drift",
    "seasonal_naive_long",
    "seasonal_profile",
    "seasonal_average",
    "seasonal_recent",
    "seasonal_average_long",
    "seasonal_drift_long",
    "seasonal_level_long",
    "level_times_shape_long",
    "level_times_shape",
    "naive",
    "simple_smoothing",
    "holt",
    "damped_holt",
    "theta",
    "drift",
    "recent_drift",
    "global_line",
    "local_line",
    "growth",
    "recent_mean",
    "mean",
    "autoregression",
    "autoregression_local",
    "autoregression_of_changes",
    "linear_predictor",
    "seasonal_lags",
    "seasonal_lags_of_changes",
)
# What each of them goes by, for explanations. Experts of level and trend forecast the history without its season, and
# put the season back.
EXPERT_GROUPS = {
    **dict.fromkeys(("last_value", "naive", "simple_smoothing", "recent_mean", "mean"), "level"),
    **dict.fromkeys(
        ("holt", "damped_holt", "theta", "drift", "recent_drift", "global_line", "local_line", "growth"), "trend"
    ),
    **dict.fromkeys(
        (
            "seasonal_naive",
            "seasonal_drift",
            "seasonal_naive_long",
            "seasonal_profile",
            "seasonal_average",
            "seasonal_recent",
            "seasonal_average_long",
            "seasonal_drift_long",
            "seasonal_level_long",
            "level_times_shape_long",
            "level_times_shape",
        ),
        "season",
    ),
    **dict.fromkeys(
        (
            "autoregression",
            "autoregression_local",
            "autoregression_of_changes",
            "linear_predictor",
            "seasonal_lags",
            "seasonal_lags_of_changes",
        ),
        "autoregression",
    ),
}
# Spreads that the width of the quantile band may be mixed from.
SPREADS = (
    "one_step",
    "one_step_random_walk",
    "smoothing",
    "holt",
    "change_over_steps",
    "seasonal_cycles",
    "about_mean",
    "about_line",
    "disagreement",
    "autoregression",
    "linear_predictor",
)
# What a text may do to a forecast, clause by clause.
OPERATIONS = (
    "keep",
    "zero",
    "set",
    "times",
    "rise",
    "cut",
    "plus",
    "minus",
    "cap",
    "floor",
    "range",
    "ramp_up",
    "ramp_down",
    "flat",
    "reverse",
    "like_day",
    "ignore",
)
# Experts that only a seasonal series has.
_SEASONAL = frozenset(name for name in EXPERTS if name.startswith(("seasonal_", "level_times_shape"))) - {
    "seasonal_lags",
    "seasonal_lags_of_changes",
}


@validated
class TSFusionConfig(PreTrainedConfig):
    r"""Configuration of [`TSFusionModel`], [`TSFusionForForecasting`] and [`TSFusionForCausalLM`].

    Args:
        context_length (`int`, defaults to 2112): largest number of past time steps used, the last ones.
        prediction_length (`int`, defaults to 64): forecast horizon in time steps unless another one is requested.
        hidden_size (`int`, defaults to 256): width of the gate.
        quantile_levels (`list[float]`, defaults to 13 levels from 0.01 to 0.99): levels whose quantiles the spread
            head learns, rising, each between 0 and 1, with 0.5 among them. Quantiles of all other levels follow from
            these.
        quantiles (`list[float]`, defaults to 0.1, 0.2, ..., 0.9): levels that are returned where no others are asked
            for.
        backtest_length (`int`, defaults to 64): most steps at the end of a history that the experts are back-tested
            on.
        backtest_min_history (`int`, defaults to 96): shortest history that is back-tested.
        experts (`list[str]`, defaults to all): names of the experts that are mixed.
        spreads (`list[str]`, defaults to all): names of the spreads that are mixed.
        text_encoder (`str`, *optional*): Hub id of the frozen text encoder whose states the model reads; None for a
            model that reads no texts.
        text_layer (`int`, *optional*): layer of it whose output is read, counted from 1; by default the last one.
        text_hidden_size (`int`, defaults to 384): width of these states.
        text_adapter_maps (`dict[str, list[int]]`, *optional*): linear maps of the text encoder, by name, that get
            low-rank additions, each with its inputs and outputs; None for an encoder as it is.
        text_adapter_rank (`int`, defaults to 8): rank of the additions.
        text_adapter_dropout (`float`, defaults to 0.1): dropout within them in training.
        context_hidden_size (`int`, defaults to 128): width of the head that chooses operations.
        context_heads (`int`, defaults to 4): heads of its attention.
        context_dropout (`float`, defaults to 0.3): dropout in its training.
        context_cues (`bool`, defaults to `False`): whether it sees hints of single words beside their states, and
            the clauses before and behind each clause.
        context_readers (`int`, defaults to 1): heads of different seeds, which choose by the geometric mean of their
            probabilities.
        tslm_config (`dict` or `TSLMConfig`, *optional*): configuration of the language model of
            [`TSFusionForCausalLM`]; None for a forecaster alone.
        context_threshold (`float`, defaults to 0.8): probability from which on a chosen operation is applied.
    """

    model_type = "tsfusion"
    sub_configs = {"tslm_config": TSLMConfig}
    keys_to_ignore_at_inference = TSLMConfig.keys_to_ignore_at_inference

    context_length: int = 2112
    prediction_length: int = 64
    hidden_size: int = 256
    quantile_levels: list[float] | tuple[float, ...] = (
        0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99,
    )  # fmt: skip
    quantiles: list[float] | tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    backtest_length: int = 64
    backtest_min_history: int = 96
    experts: list[str] | tuple[str, ...] = EXPERTS
    spreads: list[str] | tuple[str, ...] = SPREADS
    text_encoder: str | None = None
    text_layer: int | None = None
    text_hidden_size: int = 384
    text_adapter_maps: dict[str, list[int]] | None = None
    text_adapter_rank: int = 8
    text_adapter_dropout: float = 0.1
    context_hidden_size: int = 128
    context_heads: int = 4
    context_dropout: float = 0.3
    context_cues: bool = False
    context_readers: int = 1
    tslm_config: dict | PreTrainedConfig | None = None
    context_threshold: float = 0.8

    def __post_init__(self, **kwargs):
        self.quantile_levels = list(self.quantile_levels)
        self.quantiles = list(self.quantiles)
        self.experts = list(self.experts)
        self.spreads = list(self.spreads)
        if self.tslm_config is not None:
            own = {TSLMConfig.model_type: TSLMConfig}
            self.tslm_config = build_config("tslm_config", self.tslm_config, own)
        super().__post_init__(**kwargs)

    def get_text_config(self, *args: Any, **kwargs: Any) -> PreTrainedConfig:
        """Return the configuration of the text model inside the language model; this one where there is none."""
        if self.tslm_config is None:
            return self
        return cast(PreTrainedConfig, self.tslm_config).get_text_config(*args, **kwargs)

    def without_tslm(self) -> Self:
        """Copy of the configuration for the forecaster alone."""
        config = deepcopy(self)
        config.tslm_config = None
        auto_map = getattr(config, "auto_map", None) or {}
        auto_map.pop("AutoModelForCausalLM", None)
        return config

    @property
    def share_projection(self) -> bool:
        """Whether any number of variables is accepted: each series is forecast from itself alone."""
        return True

    @property
    def depends_on_order(self) -> bool:
        """Whether a forecast depends on the order of the variables."""
        return False

    @property
    def most_variables(self) -> int | None:
        """Most variables of a forecast at once; None for any number."""
        return None

    def validate_lengths(self):
        """Validate the lengths; called by `@strict`."""
        check_at_least(self, 1, "prediction_length", "hidden_size", "backtest_length")
        check_at_least(self, 1, "text_hidden_size", "context_hidden_size", "context_heads", "text_adapter_rank")
        check_at_least(self, 1, "context_readers")
        check_at_least(self, 3, "context_length")
        check_at_least(self, 8, "backtest_min_history")

    def validate_context(self):
        """Validate the settings of the head that reads texts; called by `@strict`."""
        if self.context_hidden_size % self.context_heads:
            raise ValueError(
                f"context_hidden_size is {self.context_hidden_size}; it must be a multiple of context_heads, "
                f"{self.context_heads}."
            )
        for name in ("context_dropout", "text_adapter_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be from 0 to below 1.")
        if not 0 < self.context_threshold <= 1:
            raise ValueError(f"context_threshold is {self.context_threshold}; it must be above 0 and at most 1.")

    def validate_levels(self):
        """Validate the levels; called by `@strict`."""
        for name in ("quantile_levels", "quantiles"):
            levels = getattr(self, name)
            if not levels or any(not 0 < q < 1 for q in levels) or sorted(set(levels)) != list(levels):
                raise ValueError(f"{name} is {levels}; it must be rising levels between 0 and 1.")
        if 0.5 not in self.quantile_levels or min(self.quantile_levels) >= 0.5 or max(self.quantile_levels) <= 0.5:
            raise ValueError(f"quantile_levels is {self.quantile_levels}; 0.5 and levels on both sides must be in it.")

    def validate_tslm_config(self):
        """Validate the kind of language model; called by `@strict`."""
        kind = getattr(self.tslm_config, "model_type", None)
        if self.tslm_config is not None and kind != TSLMConfig.model_type:
            raise ValueError(f"tslm_config: {kind!r} is not a time-series language model; give one of type 'tslm'.")

    def validate_names(self):
        """Validate the names; called by `@strict`."""
        for name, known in (("experts", EXPERTS), ("spreads", SPREADS)):
            given = getattr(self, name)
            unknown = [one for one in given if one not in known]
            if unknown or not given or len(set(given)) < len(given):
                raise ValueError(f"{name} is {unknown or given}; give each once, of {', '.join(known)}.")
        if _SEASONAL.issuperset(self.experts):
            raise ValueError(f"experts is {self.experts}; add one that does not need a season, such as last_value.")


__all__ = ["EXPERTS", "EXPERT_GROUPS", "OPERATIONS", "SPREADS", "TSFusionConfig"]
