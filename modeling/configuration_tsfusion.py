"""Configuration of the TSFusion forecaster."""

from transformers import PreTrainedConfig

from .configuration_checks import validated


@validated
class TSFusionConfig(PreTrainedConfig):
    r"""Configuration of [`TSFusionModel`] and [`TSFusionForForecasting`].

    Args:
        context_length (`int`, defaults to 2112): most time steps of history that are used, the last ones.
        prediction_length (`int`, defaults to 64): steps that are forecast where no other number is asked for.
        hidden_size (`int`, defaults to 192): width of the gate.
        quantile_levels (`list[float]`, defaults to 13 levels from 0.01 to 0.99): levels whose quantiles the spread
            head learns, rising, each between 0 and 1, with 0.5 among them. Quantiles of all other levels follow from
            these.
        quantiles (`list[float]`, defaults to 0.1, 0.2, ..., 0.9): levels that are returned where no others are asked
            for.
        backtest_length (`int`, defaults to 96): most steps at the end of a history that the experts are back-tested
            on.
        backtest_min_history (`int`, defaults to 96): shortest history that is back-tested.
        masked_experts (`list[str]`, defaults to none): names of experts that never get weight (ablation).
    """

    model_type = "tsfusion"

    context_length: int = 2112
    prediction_length: int = 64
    hidden_size: int = 192
    quantile_levels: list[float] | tuple[float, ...] = (
        0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99,
    )  # fmt: skip
    quantiles: list[float] | tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    backtest_length: int = 96
    backtest_min_history: int = 96
    masked_experts: list[str] | tuple[str, ...] = ()

    def __post_init__(self, **kwargs):
        self.quantile_levels = list(self.quantile_levels)
        self.quantiles = list(self.quantiles)
        self.masked_experts = list(self.masked_experts)
        super().__post_init__(**kwargs)

    def validate_lengths(self):
        """Part of `@strict`-powered validation."""
        for name, least in (
            ("context_length", 3),
            ("prediction_length", 1),
            ("hidden_size", 1),
            ("backtest_length", 1),
            ("backtest_min_history", 8),
        ):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {least}.")

    def validate_levels(self):
        """Part of `@strict`-powered validation."""
        for name in ("quantile_levels", "quantiles"):
            levels = getattr(self, name)
            if not levels or any(not 0 < q < 1 for q in levels) or sorted(set(levels)) != list(levels):
                raise ValueError(f"{name} is {levels}; it must be rising levels between 0 and 1.")
        if 0.5 not in self.quantile_levels or min(self.quantile_levels) >= 0.5 or max(self.quantile_levels) <= 0.5:
            raise ValueError(f"quantile_levels is {self.quantile_levels}; 0.5 and levels on both sides must be in it.")


__all__ = ["TSFusionConfig"]
