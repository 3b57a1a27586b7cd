"""The pipeline "time-series-forecasting" of transformers."""

import inspect
from typing import Any

from transformers import AutoModelForTimeSeriesPrediction
from transformers.pipelines import PIPELINE_REGISTRY
from transformers.pipelines.base import Pipeline

from .data.series.panels import read_panel, to_kind
from .errors import UserError
from .families import BUILT_IN
from .prediction import check_horizon, check_levels, default_horizon, forecast_panel, predict_df, reading_options

TASK = "time-series-forecasting"
_OPTIONS = [name for name in inspect.signature(predict_df).parameters if name not in ("df", "model", "batch_size")]
_READING = ("id_column", "timestamp_column", "target", "freq")


class TimeSeriesForecastingPipeline(Pipeline):
    """Pipeline of transformers from tables of series to tables of forecasts.

    Called with a table and the options of [`predict_df`], all by name and without `model` and `batch_size`; returns
    its table. `prediction_length` is the horizon of the model by default.

    Example:

    ```python
    >>> import ts_llm_fusion
    >>> from transformers import pipeline

    >>> forecaster = pipeline("time-series-forecasting", model=ts_llm_fusion.BUILT_IN)
    >>> forecaster(sales, prediction_length=14, id_column="store", target="sales")
    ```
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_tokenizer = False
    _load_feature_extractor = None

    def _sanitize_parameters(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        unknown = [name for name in options if name not in _OPTIONS]
        if unknown:
            raise UserError(f"{unknown[0]!r} is none of the options of {TASK}: {', '.join(_OPTIONS)}.")
        reading = {name: options.pop(name) for name in _READING if name in options}
        return reading, options, {}

    def preprocess(self, input_: Any, **reading: Any) -> dict[str, Any]:
        """Read a table."""
        return {"panel": read_panel(input_, **reading, **reading_options(self.feature_extractor))}

    def _forward(
        self,
        input_tensors: dict[str, Any],
        prediction_length: int | None = None,
        quantile_levels: Any = (0.1, 0.5, 0.9),
        **options: Any,
    ) -> dict[str, Any]:
        panel, horizon = input_tensors["panel"], default_horizon(self.model.config)
        if prediction_length is not None:
            horizon = check_horizon(prediction_length)
        levels = check_levels(quantile_levels)
        table = forecast_panel(panel, self.model, self.feature_extractor, horizon, levels, **options)
        return {"table": to_kind(table, panel.kind)}

    def postprocess(self, model_outputs: dict[str, Any]) -> Any:
        """Table of the forecasts."""
        return model_outputs["table"]


def register_pipeline() -> None:
    """Register the pipeline, with the built-in forecaster as its default model."""
    PIPELINE_REGISTRY.register_pipeline(
        TASK,
        pipeline_class=TimeSeriesForecastingPipeline,
        pt_model=AutoModelForTimeSeriesPrediction,
        default={"model": (BUILT_IN, "main")},
    )
