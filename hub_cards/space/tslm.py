"""Demo of {{ repo_id }}: questions about series that you paste or upload."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import numpy as np
import pandas as pd
import torch
from transformers import AutoModelForCausalLM, AutoProcessor, TextIteratorStreamer

import ts_llm_fusion  # noqa: F401  # registers the model with the Auto classes

MODEL = os.environ.get("TS_LLM_FUSION_MODEL", "{{ repo_id }}")
MOST_VALUES = 20_000

model = AutoModelForCausalLM.from_pretrained(MODEL).eval()
processor = AutoProcessor.from_pretrained(MODEL)


def read_series(pasted: str, file: str | None) -> dict[str, np.ndarray]:
    """Series by name: the numeric columns of a file, or one series for each line of text; NaN is missing."""
    if file is not None:
        table = pd.read_csv(file).select_dtypes("number")
        series = {str(name): table[name].to_numpy(dtype=np.float64) for name in table.columns}
    else:
        lines = [[word for word in re.split(r"[\s,;]+", line) if word] for line in pasted.splitlines() if line.strip()]
        names = ["Series"] if len(lines) == 1 else [f"Series {number + 1}" for number in range(len(lines))]
        try:
            series = {name: np.array(line, dtype=np.float64) for name, line in zip(names, lines, strict=True)}
        except ValueError as error:
            raise ValueError(f"The pasted series are not numbers ({error}); nan is a missing value.") from None
    if sum(map(len, series.values())) > MOST_VALUES:
        raise ValueError(f"More than {MOST_VALUES} values; give fewer.")
    return series


def show(pasted: str, file: str | None) -> pd.DataFrame:
    """The series as a tidy table to draw."""
    try:
        series = read_series(pasted, file)
    except (ValueError, OSError):
        series = {}
    frames = [pd.DataFrame({"step": range(len(v)), "value": v, "series": name}) for name, v in series.items()]
    return pd.concat(frames) if frames else pd.DataFrame({"step": [], "value": [], "series": []})


def answer(question: str, pasted: str, file: str | None, max_new_tokens: float) -> Iterator[str]:
    """The answer as far as it is written, again and again."""
    if not question.strip():
        raise gr.Error("No question: write one.", print_exception=False)
    try:
        content = [{"type": "text", "text": question}]
        for name, values in read_series(pasted, file).items():
            content += [{"type": "text", "text": f"\n{name}: "}, {"type": "time_series", "time_series": values}]
        inputs = processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True
        )
    except (ValueError, OSError) as error:
        raise gr.Error(" ".join(str(error).split()), print_exception=False) from error
    most = int(max_new_tokens)
    if processor.context_length is not None:
        most = min(most, processor.context_length - inputs["input_ids"].shape[1])
    if most < 1:
        raise gr.Error("The question leaves no room for an answer; give shorter series.", print_exception=False)
    streamer = TextIteratorStreamer(processor.tokenizer, skip_prompt=True, skip_special_tokens=True)

    def generate() -> None:
        try:
            with torch.inference_mode():
                model.generate(**inputs, streamer=streamer, max_new_tokens=most, do_sample=False)
        finally:
            # Also after an error, or the loop below would wait for ever.
            streamer.end()

    with ThreadPoolExecutor(1) as pool:
        generation = pool.submit(generate)
        text = ""
        for piece in streamer:
            text += piece
            yield text
        generation.result()


WAVE = ", ".join(f"{value:.2f}" for value in np.sin(np.arange(64) * 2 * np.pi / 16) + np.arange(64) * 0.03)

with gr.Blocks(title="{{ repo_id }}") as demo:
    gr.Markdown(
        "# {{ repo_id }}\n\nAnswers questions about one or more series. An answer is text that sounds sure also where "
        "the model is not. Not for decisions about people's health or safety."
    )
    with gr.Row():
        with gr.Column():
            pasted = gr.Textbox(label="Series, one on each line", lines=4, placeholder="1.0, 1.2, nan, 1.9, ...")
            file = gr.File(label="or a CSV file, one column for each series", file_types=[".csv"], height=120)
            question = gr.Textbox(label="Question")
            most = gr.Slider(1, 512, value=64, step=1, label="Most tokens of the answer")
            button = gr.Button("Ask", variant="primary")
            gr.Examples([[WAVE, "What is the trend of this series?"]], inputs=[pasted, question], label="Example")
        with gr.Column():
            picture = gr.LinePlot(x="step", y="value", color="series", label="Series")
            written = gr.Textbox(label="Answer", lines=6, interactive=False)
    gr.on([pasted.change, file.change], show, [pasted, file], picture, api_name=False)
    gr.on([button.click, question.submit], answer, [question, pasted, file, most], written, api_name="answer")

if __name__ == "__main__":
    demo.launch(max_file_size="5mb")
