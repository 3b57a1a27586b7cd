"""Demo of {{ repo_id }}: forecasts of a table that you upload."""

import os
import tempfile
from pathlib import Path

import gradio as gr
import pandas as pd
from matplotlib.figure import Figure

from ts_llm_fusion import forecast_frame, load_series
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.plots import forecast_figure

MODEL = os.environ.get("TS_LLM_FUSION_MODEL", "{{ repo_id }}")
EXAMPLE = str(Path(__file__).with_name("example.csv"))

model, feature_extractor = load_forecaster(MODEL)
trained_for = model.config.prediction_length
known_levels = [f"{level:g}" for level in model.config.quantiles]


def forecast(file: str | None, horizon: float, levels: list[str]) -> tuple[Figure, pd.DataFrame, str]:
    """The picture, the table, and the path of the table as CSV."""
    if file is None:
        raise gr.Error("No file: upload a table, or take the example.", print_exception=False)
    try:
        series = load_series(file).series
        chosen = sorted(map(float, levels))
        table = forecast_frame(model, feature_extractor, series, int(horizon), chosen)
    except (ValueError, OSError) as error:
        message = " ".join(str(error).replace(file, Path(file).name).split())
        raise gr.Error(message, print_exception=False) from error
    if horizon > trained_for:
        gr.Warning(f"Steps after the first {trained_for} are forecast from forecasts: less certain than they look.")
    path = Path(tempfile.mkdtemp(), "forecast.csv")
    table.to_csv(path, index=False)
    shown = table.assign(timestamp=table["timestamp"].astype(str)).round(4)
    return forecast_figure(series, table, title=f"{Path(file).name}: next {int(horizon)} steps"), shown, str(path)


with gr.Blocks(title="{{ repo_id }}") as demo:
    gr.Markdown(
        "# {{ repo_id }}\n\nForecasts series with a timestamp column and one column for each series; empty cells are "
        f"missing values. The model looks back {model.config.context_length} steps and was trained to forecast "
        f"{trained_for}. Not for decisions about people's health or safety."
    )
    with gr.Row():
        with gr.Column(scale=1):
            file = gr.File(label="CSV or parquet file", file_types=[".csv", ".gz", ".parquet"])
            horizon = gr.Slider(1, 4 * trained_for, value=trained_for, step=1, label="Steps to forecast")
            levels = gr.CheckboxGroup(
                known_levels, value=known_levels, label="Quantile levels", visible=bool(known_levels)
            )
            button = gr.Button("Forecast", variant="primary")
            gr.Examples([[EXAMPLE]], inputs=[file], label="Example")
        with gr.Column(scale=2):
            picture = gr.Plot(show_label=False)
            download = gr.DownloadButton("Download the table")
            table = gr.Dataframe(label="Table", interactive=False)
    button.click(forecast, [file, horizon, levels], [picture, table, download], api_name="forecast")

if __name__ == "__main__":
    demo.launch(max_file_size="20mb")
