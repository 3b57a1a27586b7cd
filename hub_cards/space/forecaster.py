"""Demo of {{ repo_id }}: forecasts for an uploaded table."""

import os
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd
from handler import EndpointHandler
from huggingface_hub import snapshot_download
from matplotlib.figure import Figure

MODEL = os.environ.get("TS_LLM_FUSION_MODEL", "{{ repo_id }}")
EXAMPLE = str(Path(__file__).with_name("example.csv"))
TIMESTAMP_NAMES = ("timestamp", "date", "datetime", "time", "ds")
HISTORY, FORECAST = "#4c566a", "#d9480f"
MAX_PANELS = 6

handler = EndpointHandler(MODEL if Path(MODEL).is_dir() else snapshot_download(MODEL))
trained_for = handler.model.config.prediction_length
known_levels = [f"{level:g}" for level in handler.model.config.quantiles]


def times(column: pd.Series, errors: str = "raise") -> pd.DatetimeIndex:
    """Parse timestamps like the handler."""
    return pd.DatetimeIndex(pd.to_datetime(column.astype(str), errors=errors, format="mixed"))


def timestamp_column(table: pd.DataFrame) -> str | None:
    """First column with a usual name, else first text column with timestamps only, else None."""
    named = (name for name in table.columns if name.lower() in TIMESTAMP_NAMES)
    text = table.select_dtypes(exclude=["number", "bool"])
    dated = (name for name in text.columns if times(text[name], errors="coerce").notna().all())
    return next(named, None) or next(dated, None)


def ask(table: pd.DataFrame, column: str | None, horizon: int, levels: list[str]) -> dict[str, Any]:
    """Response of the handler.

    Raises:
        ValueError: the response is an error.
    """
    request: dict[str, Any] = {"series": {name: table[name].tolist() for name in table.columns if name != column}}
    if column is not None:
        request["timestamps"] = table[column].tolist()
    parameters = {"prediction_length": horizon, "quantile_levels": sorted(map(float, levels))}
    answer = handler({"inputs": request, "parameters": parameters})
    if "error" in answer:
        raise ValueError(answer["error"].removeprefix("input 0: "))
    return answer


def draw(history: pd.DataFrame, forecasts: dict[str, pd.DataFrame], title: str) -> Figure:
    """Draw the end of the history, the forecast and its bands, one panel for each of the first series."""
    mean = forecasts["mean"]
    columns = mean.columns[:MAX_PANELS]
    mirrored = {level: f"{1 - float(level):g}" for level in forecasts if level != "mean" and float(level) < 0.5}
    figure = Figure(figsize=(10, 0.9 + 2.4 * len(columns)), layout="constrained")
    panels = figure.subplots(len(columns), 1, sharex=True, squeeze=False)[:, 0]
    for panel, column in zip(panels, columns, strict=True):
        panel.plot(history.index, history[column], color=HISTORY, linewidth=1.2, label="history")
        for low, high in mirrored.items():
            if high in forecasts:
                between = (forecasts[low][column], forecasts[high][column])
                label = f"{low} to {high} quantile"
                panel.fill_between(mean.index, *between, color=FORECAST, alpha=0.18, linewidth=0, label=label)
        panel.plot(mean.index, mean[column], color=FORECAST, linewidth=1.6, label="forecast")
        panel.axvline(history.index[-1], color="#adb5bd", linewidth=0.8)
        panel.set_ylabel(column, parse_math=False)
        panel.margins(x=0.01)
        panel.grid(alpha=0.25, linewidth=0.5)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(loc="upper left", ncols=4, frameon=False, fontsize="small", bbox_to_anchor=(0, 1.18))
    note = f" (first {len(columns)} of {mean.shape[1]} series)" if mean.shape[1] > len(columns) else ""
    figure.suptitle(title + note, x=0.01, ha="left", fontsize="medium", parse_math=False)
    return figure


def forecast(file: str | None, horizon: float, levels: list[str]) -> tuple[Figure, pd.DataFrame, str]:
    """Figure, table, and path of the table as CSV."""
    if file is None:
        raise gr.Error("No file: upload a table, or take the example.", print_exception=False)
    name = Path(file).name
    try:
        uploaded = pd.read_csv(file)
        column = timestamp_column(uploaded)
        answer = ask(uploaded, column, int(horizon), levels)
    except (ValueError, OSError) as error:
        raise gr.Error(f"{name}: {' '.join(str(error).split())}", print_exception=False) from error
    if "warning" in answer:
        gr.Warning(answer["warning"])
    if column is None:
        history, label = uploaded, "step"
        index = pd.RangeIndex(len(uploaded), len(uploaded) + int(horizon))
    else:
        history, label = uploaded.drop(columns=column).set_index(times(uploaded[column])), "timestamp"
        index = pd.DatetimeIndex(pd.to_datetime(answer["timestamps"], format="ISO8601"))
    parts = {"mean": answer["mean"], **answer["quantiles"]}
    forecasts = {part: pd.DataFrame(values, index=index) for part, values in parts.items()}
    tidy = {label: np.repeat(index, history.shape[1]), "series": np.tile(history.columns, len(index))}
    table = pd.DataFrame(tidy | {part: values.to_numpy().ravel() for part, values in forecasts.items()})
    path = Path(tempfile.mkdtemp(), "forecast.csv")
    table.to_csv(path, index=False)
    figure = draw(history.iloc[-3 * len(index) :], forecasts, f"{name}: next {len(index)} steps")
    return figure, table.astype({label: str}).round(4), str(path)


with gr.Blocks(title="{{ repo_id }}") as demo:
    gr.Markdown(
        "# {{ repo_id }}\n\nForecasts a table with one column for each series and an optional column of timestamps; "
        "empty cells are missing values. The model looks back "
        f"{handler.model.config.context_length} steps and was trained to forecast {trained_for}. Not for decisions "
        "about people's health or safety."
    )
    with gr.Row():
        with gr.Column(scale=1):
            file = gr.File(label="CSV file", file_types=[".csv"])
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
