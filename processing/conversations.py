"""Chat messages with time series: reading their series, marking their places, and rendering them to text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from transformers.utils.chat_template_utils import render_jinja_template

from .series_arrays import columns_of, is_list

Message = dict[str, Any]
# Begin and end of characters in a text, the end excluded.
Span = tuple[int, int]

_GENERATION_BLOCK = re.compile(r"\{%-?\s*generation\s*-?%\}")


@dataclass(frozen=True)
class ForecastPart:
    """Forecast in a conversation, of the series before it.

    Args:
        prediction_length: its steps.
        future_values: what came, which stands for the forecast; None for the forecast of the model.
    """

    prediction_length: int
    future_values: Any = None


def unused_character(conversations: list[list[Message]]) -> str:
    """First private-use character that occurs in no text of the conversations."""
    texts = "".join(
        str(part.get("text")) for messages in conversations for message in messages for part in _parts(message)
    )
    return next(chr(code) for code in range(0xE000, 0xF900) if chr(code) not in texts)


def _parts(message: Message) -> Sequence[dict[str, Any]]:
    """Parts of the content of a message; a string is one part."""
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise ValueError(f"A message is {str(message)[:80]!r}; it must be a mapping with a role and a content.")
    content = message.get("content") or ""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list | tuple):
        raise ValueError(
            f"A message has a content of type {type(content).__name__}; give a string or a list of parts."
        )
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else type(part).__name__
        if kind not in ("text", "time_series", "forecast"):
            raise ValueError(
                f"A message has a part of type {kind!r}; parts are of type 'text', 'time_series' or 'forecast'."
            )
        if kind == "text" and not isinstance(part.get("text"), str):
            raise ValueError(f"A part of type 'text' has text {part.get('text')!r}; it must be a string.")
        length = part.get("prediction_length")
        if kind == "forecast" and (not isinstance(length, Integral) or isinstance(length, bool) or length < 1):
            raise ValueError(
                f"A part of type 'forecast' has prediction_length {length!r}; give its number of steps, at least 1."
            )
    return content


def entries(column: Any, name: str) -> list[Any]:
    """Entries of a list or array of any number of dimensions.

    Raises:
        ValueError: for anything else; the message starts with `name`.
    """
    if not is_list(column) and (getattr(column, "ndim", 0) < 1 or columns_of(column) is not None):
        raise ValueError(f"{name} is a {type(column).__name__}; give a list with an entry for each, in order.")
    return list(column)


def series_of_messages(
    messages: list[Message], column: Sequence[Any] | None, futures: Sequence[Any] | None, index: int
) -> list[Any]:
    """Series and forecasts of a conversation in order.

    Args:
        messages: the conversation.
        column: series of the parts that hold none.
        futures: what came, for the forecasts that do not hold it; None for the model's forecast, each or all.
        index: number of the conversation, for errors.

    Returns:
        Series as they were given, and a `ForecastPart` for each forecast.

    Raises:
        ValueError: if `column` or `futures` have more or fewer series than the parts need.
    """
    parts = [part for message in messages for part in _parts(message)]
    needed, asked = (
        sum(part["type"] == kind and part.get(name) is None for part in parts)
        for kind, name in (("time_series", "time_series"), ("forecast", "future_values"))
    )
    column = [] if column is None else entries(column, f"Conversation {index}: time_series")
    if len(column) != needed:
        raise ValueError(
            f"Conversation {index} has {needed} placeholders of type 'time_series' without values for {len(column)} "
            "series; give one series for each, in order."
        )
    futures = [None] * asked if futures is None else entries(futures, f"Conversation {index}: future_values")
    if len(futures) != asked:
        raise ValueError(
            f"Conversation {index} has {asked} parts of type 'forecast' for {len(futures)} future_values; give one "
            "for each, in order, None for the forecast of the model."
        )
    series, rest = iter(column), iter(futures)
    found: list[Any] = []
    for part in parts:
        if part["type"] == "time_series":
            own = part.get("time_series")
            found.append(next(series) if own is None else own)
        elif part["type"] == "forecast":
            own = part.get("future_values")
            found.append(ForecastPart(int(part["prediction_length"]), next(rest) if own is None else own))
    return found


def mark_messages(
    conversations: list[list[Message]], scales: list[list[str]], token: str, separator: str, structured: bool
) -> list[list[Message]]:
    """Copy conversations for a template: series and forecasts as placeholders, scales as text before them.

    Args:
        conversations: lists of messages.
        scales: text before each series and forecast of each conversation, in order.
        token: the placeholder.
        separator: character that splits the placeholder's own string in a text, so that it stays text.
        structured: whether the template takes the content as parts; otherwise it is one string.
    """
    literal = token[:1] + separator + token[1:]

    def marked(message: Message, rest: Iterator[str]) -> Message:
        message = {name: value for name, value in message.items() if value is not None}
        if "content" not in message:
            return message
        parts = []
        for part in _parts(message):
            if part["type"] == "text":
                parts.append({"type": "text", "text": part["text"].replace(token, literal)})
                continue
            if scale := next(rest):
                parts.append({"type": "text", "text": scale})
            parts.append({"type": "time_series"})
        return {**message, "content": parts if structured else "".join(part.get("text", token) for part in parts)}

    pairs = zip(conversations, map(iter, scales), strict=True)
    return [[marked(message, rest) for message in messages] for messages, rest in pairs]


def render_messages(
    conversations: list[list[Message]],
    with_spans: bool,
    add_generation_prompt: bool,
    continue_final_message: bool,
    **variables: Any,
) -> tuple[list[str], list[list[Span]] | list[None]]:
    """Render conversations from `mark_messages` by the `chat_template` among the variables.

    Returns:
        The texts; and for each its spans of characters that the assistant wrote, or None without `with_spans`.
    """
    has_blocks = bool(_GENERATION_BLOCK.search(variables["chat_template"]))
    rendered: Any = render_jinja_template(
        conversations=conversations,
        return_assistant_tokens_mask=with_spans and has_blocks,
        continue_final_message=continue_final_message,
        add_generation_prompt=add_generation_prompt,
        **variables,
    )
    texts, spans = rendered
    if not with_spans:
        return texts, [None] * len(texts)
    if not has_blocks:
        pairs = zip(conversations, texts, strict=True)
        spans = [_turns_of_assistant(messages, text, variables) for messages, text in pairs]
    return texts, spans


def _turns_of_assistant(messages: list[Message], text: str, variables: dict[str, Any]) -> list[Span]:
    """Spans of the assistant for a template without generation blocks: the text that each of its turns adds.

    Raises:
        ValueError: if the template renders the beginning of a conversation differently when the conversation goes on.
    """
    spans = []
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before = render_jinja_template(conversations=[messages[:index]], add_generation_prompt=True, **variables)[0]
        after = render_jinja_template(conversations=[messages[: index + 1]], **variables)[0]
        prompt, turn = before[0], after[0]
        if not text.startswith(turn) or not turn.startswith(prompt):
            raise ValueError(
                "The chat template does not mark the assistant's text, and rewrites earlier turns, so its tokens "
                "cannot be found; add {% generation %} blocks to the template."
            )
        spans.append((len(prompt), len(turn)))
    return spans


__all__ = [
    "ForecastPart",
    "Message",
    "Span",
    "entries",
    "mark_messages",
    "render_messages",
    "series_of_messages",
    "unused_character",
]
