"""Handler of {{ repo_id }} for Inference Endpoints: questions about series over JSON.

A request; `inputs` is one such object or a list of them:

    {"inputs": {"text": "What is the trend of this series?", "time_series": [0.1, 0.4, null, 1.3]},
     "parameters": {"max_new_tokens": 64}}

`time_series` is one series, a list of series, or an object of series by name; null is a missing value. Instead of
`text` and `time_series` an input may have chat `messages` with the series in place:

    {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is the trend?\\nSeries: "},
                                               {"type": "time_series", "time_series": [0.1, 0.4, null, 1.3]}]}]}

`parameters` are optional: `max_new_tokens` (1 to 1,024, by default 128, limited by the context of the model),
`do_sample` (by default false), `temperature`, `top_p`, `top_k`, `repetition_penalty`, `num_beams` (1 to 8).

The response, one object or a list of them like `inputs`:

    {"generated_text": "..."}

with `"fault"`, one line, beside an answer that is empty, repeats itself or is none of the options of its question.
The response to an invalid request is `{"error": "one line"}`. A request has at most 32 inputs and 100,000 values.

The model runs with the code of the checkpoint; only the packages in requirements.txt are needed.
"""

from typing import Any

import torch
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoProcessor

MOST_INPUTS, MOST_VALUES = 32, 100_000
# parameter -> type, lowest and highest value
PARAMETERS = {
    "max_new_tokens": (int, 1, 1024),
    "do_sample": (bool, False, True),
    "temperature": (float, 0.01, 10),
    "top_p": (float, 0.01, 1),
    "top_k": (int, 1, 1000),
    "repetition_penalty": (float, 0.1, 10),
    "num_beams": (int, 1, 8),
}


class EndpointHandler:
    """Handler of requests for the checkpoint in the folder `path`; see above."""

    def __init__(self, path: str = ""):
        self.model = AutoModelForCausalLM.from_pretrained(path, trust_remote_code=True).eval()
        self.model.to("cuda" if torch.cuda.is_available() else "cpu")
        self.processor = AutoProcessor.from_pretrained(path, trust_remote_code=True)

    def __call__(self, data: dict[str, Any]) -> list[dict[str, Any]] | dict[str, Any]:
        try:
            arguments = self.arguments(data)
            with torch.inference_mode():
                generated = self.model.generate(**arguments)
        except ValueError as error:
            return {"error": " ".join(str(error).split())}
        texts = self.processor.batch_decode(generated[:, arguments["input_ids"].shape[1] :], skip_special_tokens=True)
        inputs = data["inputs"]
        answers = []
        for messages, text in zip(
            _conversations(inputs if isinstance(inputs, list) else [inputs]), texts, strict=True
        ):
            fault = self.processor.answer_fault(text, messages)
            answers.append({"generated_text": text} | ({"fault": fault} if fault else {}))
        return answers if isinstance(inputs, list) else answers[0]

    def arguments(self, data: Any) -> dict[str, Any]:
        """Arguments of `generate` for a request.

        Raises:
            ValueError: the request violates the contract, or leaves no room for an answer.
        """
        data = data if isinstance(data, dict) else {}
        inputs = data.get("inputs")
        parameters = _parameters(data.get("parameters"))
        conversations = _conversations(inputs if isinstance(inputs, list) else [inputs])
        try:
            batch = self.processor.apply_chat_template(
                conversations, add_generation_prompt=True, tokenize=True, return_dict=True, padding_side="left"
            )
        except TemplateError as error:
            raise ValueError(str(error)) from error
        if self.processor.context_length is not None:
            length = batch["input_ids"].shape[1]
            room = self.processor.context_length - length
            if room < 1:
                raise ValueError(f"inputs has {length} tokens, and the model has no room for an answer; shorten it.")
            parameters["max_new_tokens"] = min(parameters["max_new_tokens"], room)
        return {**batch.to(self.model.device), **parameters}


def _parameters(parameters: Any) -> dict[str, Any]:
    """Validated arguments of `generate`."""
    parameters = {} if parameters is None else parameters
    if not isinstance(parameters, dict) or set(parameters) - set(PARAMETERS):
        raise ValueError(f"parameters: give an object with any of {', '.join(PARAMETERS)}.")
    for name, value in parameters.items():
        kind, low, high = PARAMETERS[name]
        fits = type(value) is kind or (kind is float and type(value) is int)
        if not fits or not low <= value <= high:
            raise ValueError(f"{name} is {value!r:.80}; it must be {kind.__name__}, from {low} to {high}.")
    return {"max_new_tokens": 128, "do_sample": False, **parameters}


def _conversations(items: list[Any]) -> list[list[dict[str, Any]]]:
    """Inputs as chat messages."""
    if not 1 <= len(items) <= MOST_INPUTS:
        raise ValueError(f"inputs has {len(items)} questions; give 1 to {MOST_INPUTS}.")
    conversations = [_messages(item, f"input {index}") for index, item in enumerate(items)]
    parts = [part for messages in conversations for message in messages for part in _parts(message)]
    values = sum(len(part["time_series"]) for part in parts if part.get("type") == "time_series")
    if values > MOST_VALUES:
        raise ValueError(f"inputs has {values} values; give at most {MOST_VALUES}.")
    return conversations


def _messages(item: Any, where: str) -> list[dict[str, Any]]:
    if isinstance(item, dict) and isinstance(item.get("text"), str) and not set(item) - {"text", "time_series"}:
        content = [{"type": "text", "text": item["text"]}]
        for name, values in _named(item.get("time_series")).items():
            content += [{"type": "text", "text": f"\n{name}: "}, {"type": "time_series", "time_series": values}]
        messages = [{"role": "user", "content": content}]
    elif isinstance(item, dict) and set(item) == {"messages"} and isinstance(item["messages"], list):
        messages = item["messages"]
    else:
        raise ValueError(f'{where}: give an object with "text" and "time_series", or with "messages".')
    if not messages:
        raise ValueError(f"{where}: messages is empty; give at least the user's.")
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise ValueError(f'{where}: a message is an object with "role" and "content".')
        for part in _parts(message, where):
            if part["type"] == "time_series" and not _is_series(part.get("time_series")):
                raise ValueError(f"{where}: a series is a list of numbers; null is a missing value.")
    return messages


def _parts(message: dict[str, Any], where: str = "") -> list[dict[str, Any]]:
    """Parts of the content of a message; empty for a string."""
    content = message.get("content")
    parts = [] if isinstance(content, str) else content
    if not isinstance(parts, list) or not all(isinstance(part, dict) and "type" in part for part in parts):
        raise ValueError(f'{where}: content is a string, or a list of objects with "type".')
    return parts


def _named(series: Any) -> dict[str, Any]:
    """Series by name, from one series, a list of series, or series by name."""
    if isinstance(series, dict):
        return series
    if series is None:
        return {}
    if isinstance(series, list) and series and all(isinstance(values, list) for values in series):
        return {f"Series {index + 1}": values for index, values in enumerate(series)}
    return {"Series": series}


def _is_series(values: Any) -> bool:
    return isinstance(values, list) and all(value is None or type(value) in (int, float) for value in values)
