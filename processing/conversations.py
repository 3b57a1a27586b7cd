"""Chat messages with time series in them: their series, what a template gets of them, what the assistant wrote."""

from typing import Any

from transformers.utils.chat_template_utils import render_jinja_template

Message = dict[str, Any]


def unused_character(conversations: list[list[Message]]) -> str:
    """A private-use character that no text of the conversations holds."""
    texts = "".join(
        str(part.get("text")) for messages in conversations for message in messages for part in _parts(message)
    )
    return next(chr(code) for code in range(0xE000, 0xF900) if chr(code) not in texts)


def _parts(message: Message) -> list[dict[str, Any]]:
    """The content of a message as parts.

    Raises:
        ValueError: it is no message, or a part of it is neither text nor a series.
    """
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
        if kind not in ("text", "time_series"):
            raise ValueError(f"A message has a part of type {kind!r}; parts are of type 'text' or 'time_series'.")
        if kind == "text" and not isinstance(part.get("text"), str):
            raise ValueError(f"A part of type 'text' has text {part.get('text')!r}; it must be a string.")
    return content


def series_of_messages(messages: list[Message], column: list[Any] | None, number: int) -> list[Any]:
    """The series of a conversation in order: those in its parts, and those of `column` for parts without."""
    parts = [part for message in messages for part in _parts(message)]
    own = [part.get("time_series") for part in parts if part["type"] == "time_series"]
    needed = sum(series is None for series in own)
    column = [] if column is None else list(column)
    if len(column) != needed:
        raise ValueError(
            f"Conversation {number} has {needed} placeholders of type 'time_series' without values for {len(column)} "
            "series; give one series for each, in order."
        )
    rest = iter(column)
    return [next(rest) if series is None else series for series in own]


def mark_messages(messages: list[Message], scales: list[str], token: str, cut: str, structured: bool) -> list[Message]:
    """Messages for a template: series as placeholders, their scales as text before them, literal placeholders cut.

    Args:
        messages: of one conversation.
        scales: what is written before each series, in order.
        token: the placeholder.
        cut: what a placeholder's own string in text is cut in two with, so that it stays text.
        structured: whether the template takes the content as parts; it gets a string otherwise.
    """
    literal = token[:1] + cut + token[1:]
    rest = iter(scales)
    marked = []
    for message in messages:
        message = {name: value for name, value in message.items() if value is not None}
        if "content" not in message:
            marked.append(message)
            continue
        parts = []
        for part in _parts(message):
            if part["type"] == "text":
                parts.append({"type": "text", "text": part["text"].replace(token, literal)})
                continue
            if scale := next(rest):
                parts.append({"type": "text", "text": scale})
            parts.append({"type": "time_series"})
        if not structured:
            parts = "".join(part.get("text", token) for part in parts)
        marked.append({**message, "content": parts})
    return marked


def assistant_spans(messages: list[Message], text: str, render_kwargs: dict[str, Any]) -> list[tuple[int, int]]:
    """Characters that the assistant wrote, for a template that does not mark them: what its turn adds to the text.

    Raises:
        ValueError: the template renders the beginning of a conversation differently when the conversation goes on.
    """
    spans = []
    for number, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prompt = render_jinja_template(conversations=[messages[:number]], add_generation_prompt=True, **render_kwargs)[
            0
        ][0]
        turn = render_jinja_template(conversations=[messages[: number + 1]], **render_kwargs)[0][0]
        if not text.startswith(turn) or not turn.startswith(prompt):
            raise ValueError(
                "The chat template does not mark the assistant's text, and rewrites earlier turns, so its tokens "
                "cannot be told; add {% generation %} blocks to the template."
            )
        spans.append((len(prompt), len(turn)))
    return spans


__all__ = ["Message", "assistant_spans", "mark_messages", "series_of_messages", "unused_character"]
