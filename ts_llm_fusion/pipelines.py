"""The pipeline "time-series-forecasting" of transformers."""

import inspect
from typing import Any, cast

from transformers import AutoModelForTimeSeriesPrediction
from transformers.pipelines import PIPELINE_REGISTRY
from transformers.pipelines.base import Pipeline

from .data.series.panel_columns import to_kind
from .data.series.panel_reading import read_panel
from .errors import UserError
from .families import BUILT_IN
from .prediction import check_horizon, check_levels, default_horizon, forecast_panel, predict_df, reading_options

TASK = "time-series-forecasting"
_OPTIONS = [name for name in inspect.signature(predict_df).parameters if name not in ("df", "model", "batch_size")]
_READING = ("id_column", "timestamp_column", "target", "freq")


class TimeSeriesForecastingPipeline(Pipeline):
    """Pipeline of transformers from tables of series to tables of forecasts.

    Called with a table and the options of [`predict_df`], all by name and without `model` and `batch_size`; returns
    its table. `prediction_length` is the horizon of the training by default, two seasons for the built-in model.

    Example:

    ```python
    >>> import ts_llm_fusion
    >>> from transformers import pipeline

    >>> forecaster = pipeline("time-series-forecasting", model=ts_llm_fusion.BUILT_IN)
    >>> forecaster(sales, prediction_length=14, id_column="store", target="sales")
    ```
    """

    # The base class has None, which means "if there is one".
    _load_processor = False  # type: ignore[assignment]
    _load_image_processor = False  # type: ignore[assignment]
    _load_video_processor = False  # type: ignore[assignment]
    _load_tokenizer = False  # type: ignore[assignment]
    _load_feature_extractor = None

    def _sanitize_parameters(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        unknown = [name for name in options if name not in _OPTIONS]
        if unknown:
            raise UserError(f"{unknown[0]!r} is none of the options of {TASK}: {', '.join(_OPTIONS)}.")
        reading = {name: options.pop(name) for name in _READING if name in options}
        return reading, options, {}

    def preprocess(self, input_: Any, **preprocess_parameters: Any) -> dict[str, Any]:
        """Read a table."""
        options = reading_options(cast(Any, self.feature_extractor))
        return {"panel": read_panel(input_, **preprocess_parameters, **options)}

    def _forward(self, input_tensors: dict[str, Any], **forward_parameters: Any) -> Any:
        panel, options = input_tensors["panel"], {"quantile_levels": (0.1, 0.5, 0.9), **forward_parameters}
        if options.get("prediction_length") is None:
            options["prediction_length"] = default_horizon(self.model.config, panel)
        options["prediction_length"] = check_horizon(options["prediction_length"])
        options["quantile_levels"] = check_levels(options["quantile_levels"])
        table = forecast_panel(panel, self.model, cast(Any, self.feature_extractor), **options)
        return {"table": to_kind(table, panel.kind)}

    def postprocess(self, model_outputs: Any, **postprocess_parameters: Any) -> Any:
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
