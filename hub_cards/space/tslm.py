"""Demo of {{ repo_id }}: questions about pasted or uploaded series."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import numpy as np
import pandas as pd
import torch
from handler import PARAMETERS, EndpointHandler
from huggingface_hub import snapshot_download
from transformers import TextIteratorStreamer

MODEL = os.environ.get("TS_LLM_FUSION_MODEL", "{{ repo_id }}")

handler = EndpointHandler(MODEL if Path(MODEL).is_dir() else snapshot_download(MODEL))


def read_series(pasted: str, file: str | None) -> dict[str, list[float]]:
    """Series by name: numeric columns of a file, or one series for each line of text; NaN is missing."""
    if file is not None:
        table = pd.read_csv(file).select_dtypes("number")
        if table.empty:
            raise ValueError(f"{Path(file).name}: no column of numbers.")
        return {name: table[name].tolist() for name in table.columns}
    lines = [[word for word in re.split(r"[\s,;]+", line) if word] for line in pasted.splitlines() if line.strip()]
    names = ["Series"] if len(lines) == 1 else [f"Series {index + 1}" for index in range(len(lines))]
    try:
        return {name: [float(word) for word in line] for name, line in zip(names, lines, strict=True)}
    except ValueError as error:
        raise ValueError(f"The pasted series are not numbers ({error}); nan is a missing value.") from None


def show(pasted: str, file: str | None) -> pd.DataFrame:
    """Tidy table of the series, for the plot."""
    try:
        series = read_series(pasted, file)
    except (ValueError, OSError):
        series = {}
    frames = [pd.DataFrame({"step": range(len(v)), "value": v, "series": name}) for name, v in series.items()]
    return pd.concat(frames) if frames else pd.DataFrame({"step": [], "value": [], "series": []})


def answer(question: str, pasted: str, file: str | None, most: float) -> Iterator[str]:
    """Stream the answer while it is generated."""
    if not question.strip():
        raise gr.Error("No question: write one.", print_exception=False)
    try:
        inputs = {"text": question, "time_series": read_series(pasted, file)}
        arguments = handler.arguments({"inputs": inputs, "parameters": {"max_new_tokens": int(most)}})
    except (ValueError, OSError) as error:
        message = " ".join(str(error).split()).removeprefix("input 0: ")
        raise gr.Error(message, print_exception=False) from error
    streamer = TextIteratorStreamer(handler.processor.tokenizer, skip_prompt=True, skip_special_tokens=True)

    def generate() -> None:
        try:
            with torch.inference_mode():
                handler.model.generate(**arguments, streamer=streamer)
        finally:
            # After an error too, or the loop below would wait forever.
            streamer.end()

    with ThreadPoolExecutor(1) as pool:
        generation = pool.submit(generate)
        text = ""
        for piece in streamer:
            text += piece
            yield text
        generation.result()
    if fault := handler.processor.answer_fault(text, [{"role": "user", "content": question}]):
        gr.Warning(fault)


WAVE = ", ".join(f"{value:.2f}" for value in np.sin(np.arange(64) * 2 * np.pi / 16) + np.arange(64) * 0.03)

with gr.Blocks(title="{{ repo_id }}") as demo:
    gr.Markdown(
        "# {{ repo_id }}\n\nAnswers questions about one or more series. Answers sound confident even where the model "
        "is not. Not for decisions about people's health or safety."
    )
    with gr.Row():
        with gr.Column():
            pasted = gr.Textbox(label="Series, one on each line", lines=4, placeholder="1.0, 1.2, nan, 1.9, ...")
            file = gr.File(label="or a CSV file, one column for each series", file_types=[".csv"], height=120)
            question = gr.Textbox(label="Question")
            most = gr.Slider(*PARAMETERS["max_new_tokens"][1:], value=64, step=1, label="Most tokens of the answer")
            button = gr.Button("Ask", variant="primary")
            gr.Examples([[WAVE, "What is the trend of this series?"]], inputs=[pasted, question], label="Example")
        with gr.Column():
            picture = gr.LinePlot(x="step", y="value", color="series", label="Series")
            written = gr.Textbox(label="Answer", lines=6, interactive=False)
    gr.on([pasted.change, file.change], show, [pasted, file], picture, api_name=False)
    gr.on([button.click, question.submit], answer, [question, pasted, file, most], written, api_name="answer")

if __name__ == "__main__":
    demo.launch(max_file_size="5mb")
