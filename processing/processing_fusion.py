"""Processor of the forecaster with a language model: series for forecasts, and chats about series and forecasts."""

from os import PathLike
from typing import Any, Self, cast

from transformers import AutoFeatureExtractor, BatchFeature
from transformers.utils import PROCESSOR_NAME, cached_file

from .feature_extraction_forecast import ForecastFeatureExtractor
from .feature_extraction_time_series import TimeSeriesFeatureExtractor
from .processing_time_series import TimeSeriesProcessor


class TSFusionProcessor(TimeSeriesProcessor):
    r"""Processor of [`TSFusionForCausalLM`]: as [`TimeSeriesProcessor`], and series without text for `predict`.

    Args:
        feature_extractor (`ForecastFeatureExtractor`): prepares series for forecasts; `AutoFeatureExtractor` loads it.
        time_series_feature_extractor (`TimeSeriesFeatureExtractor`): prepares the series in a text.
        tokenizer: see [`TimeSeriesProcessor`] for this and all below.
        chat_template (`str`, *optional*): template of a chat.
        time_series_token (`str`, defaults to `"<|time_series|>"`): placeholder of a series.
        expand_placeholders (`bool`, defaults to `True`): whether to repeat a placeholder.
        scale_text (`str`, *optional*): text before each series.
        context_length (`int`, *optional*): most tokens that the language model takes.
        trained_on (`dict`, *optional*): extent of the prompts that the language model was trained on.

    Example:

    ```python
    >>> processor = AutoProcessor.from_pretrained("outputs/fused")
    >>> model = AutoModelForCausalLM.from_pretrained("outputs/fused")
    >>> model.predict(**processor(time_series=[1.0, 2.0, 4.0, 3.0]), prediction_length=2)
    >>> series = {"type": "time_series", "time_series": [1.0, 2.0, 4.0, 3.0]}
    >>> forecast = {"type": "forecast", "prediction_length": 2}
    >>> content = [series, forecast, {"type": "text", "text": "Does it go on rising?"}]
    >>> messages = [{"role": "user", "content": content}]
    >>> inputs = processor.apply_chat_template(
    ...     messages, add_generation_prompt=True, tokenize=True, return_dict=True
    ... )
    >>> model.generate(**inputs)
    ```
    """

    has_forecaster = True
    time_series_feature_extractor: TimeSeriesFeatureExtractor

    def __init__(
        self,
        feature_extractor: ForecastFeatureExtractor,
        time_series_feature_extractor: TimeSeriesFeatureExtractor,
        tokenizer: Any,
        chat_template: str | dict[str, str] | None = None,
        time_series_token: str = "<|time_series|>",
        expand_placeholders: bool = True,
        scale_text: str | None = "(mean {mean:.4g}, std {std:.4g}) ",
        context_length: int | None = None,
        trained_on: dict[str, Any] | None = None,
    ):
        super().__init__(
            cast(Any, feature_extractor),
            tokenizer,
            chat_template,
            time_series_token,
            expand_placeholders,
            scale_text,
            context_length,
            trained_on,
            time_series_feature_extractor=time_series_feature_extractor,
        )

    @classmethod
    def from_parts(cls, feature_extractor: ForecastFeatureExtractor, processor: TimeSeriesProcessor) -> Self:
        """Join the feature extractor of a forecaster and the processor of a language model."""
        return cls(
            feature_extractor,
            processor.series_extractor,
            processor.tokenizer,
            processor.chat_template,
            processor.time_series_token,
            processor.expand_placeholders,
            processor.scale_text,
            processor.context_length,
            processor.trained_on,
        )

    @classmethod
    def from_backbone(cls, backbone: str, config: Any, *args: Any, **kwargs: Any) -> Self:
        """Build the processor for a new model of `config`, a `TSFusionConfig`; see [`TimeSeriesProcessor`]."""
        processor = TimeSeriesProcessor.from_backbone(backbone, config.tslm_config, *args, **kwargs)
        return cls.from_parts(ForecastFeatureExtractor(config.context_length, min_length=1), processor)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | PathLike, *args: Any, **kwargs: Any) -> Any:
        """Load the processor of a checkpoint; of a forecaster without language model, its feature extractor.

        `AutoProcessor`, which comes here by the type of the model, gives what there is for other models too.
        """
        names = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")
        location = {name: kwargs[name] for name in names if name in kwargs}
        found = cached_file(
            pretrained_model_name_or_path, PROCESSOR_NAME, _raise_exceptions_for_missing_entries=False, **location
        )
        if found is None:
            return AutoFeatureExtractor.from_pretrained(pretrained_model_name_or_path, *args, **kwargs)
        return super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)

    @staticmethod
    def get_possibly_dynamic_module(module_name: str) -> Any:
        """Class of a part by its name; where only a checkpoint's code is, its own are registered nowhere."""
        if module_name == TimeSeriesFeatureExtractor.__name__:
            return TimeSeriesFeatureExtractor
        return TimeSeriesProcessor.get_possibly_dynamic_module(module_name)

    @property
    def series_extractor(self) -> TimeSeriesFeatureExtractor:
        """Feature extractor of the series in a text."""
        return self.time_series_feature_extractor

    @property
    def model_input_names(self) -> list[str]:
        return [*super().model_input_names, *self.feature_extractor.model_input_names]

    def check_model(self, config: Any) -> None:
        """Check that processor and model of `config`, a `TSFusionConfig`, agree; see [`TimeSeriesProcessor`]."""
        super().check_model(config.tslm_config)

    def __call__(self, text: str | list[str] | None = None, time_series: Any = None, **kwargs: Any) -> BatchFeature:
        """Prepare text and series as [`TimeSeriesProcessor`], or series alone for a forecast.

        Args:
            text: one text or a list of them.
            time_series: with text, the series of its placeholders. Without, series to forecast, in any form that
                [`ForecastFeatureExtractor`] takes.
            **kwargs: settings of the tokenizer; without text, arguments of [`ForecastFeatureExtractor`].

        Returns:
            Inputs of `generate`, or of `predict`.

        Raises:
            ValueError: as the one or the other.
        """
        if text is None:
            return self.feature_extractor(time_series, **kwargs)
        return super().__call__(text, time_series, **kwargs)


TSFusionProcessor.register_for_auto_class()

__all__ = ["TSFusionProcessor"]
