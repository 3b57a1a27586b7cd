"""Chat messages with time series: reading their series, marking their places, and rendering them to text."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from transformers.utils.chat_template_utils import render_jinja_template

Message = dict[str, Any]
# Begin and end of characters in a text, the end excluded.
Span = tuple[int, int]

_GENERATION_BLOCK = re.compile(r"\{%-?\s*generation\s*-?%\}")


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
        if kind not in ("text", "time_series"):
            raise ValueError(f"A message has a part of type {kind!r}; parts are of type 'text' or 'time_series'.")
        if kind == "text" and not isinstance(part.get("text"), str):
            raise ValueError(f"A part of type 'text' has text {part.get('text')!r}; it must be a string.")
    return content


def series_of_messages(messages: list[Message], column: Sequence[Any] | None, index: int) -> list[Any]:
    """Series of a conversation in order: those in its parts, and those of `column` for parts without.

    Raises:
        ValueError: if `column` has more or fewer series than the parts need; names the conversation by `index`.
    """
    parts = [part for message in messages for part in _parts(message)]
    own = [part.get("time_series") for part in parts if part["type"] == "time_series"]
    needed = sum(series is None for series in own)
    column = [] if column is None else list(column)
    if len(column) != needed:
        raise ValueError(
            f"Conversation {index} has {needed} placeholders of type 'time_series' without values for {len(column)} "
            "series; give one series for each, in order."
        )
    rest = iter(column)
    return [next(rest) if series is None else series for series in own]


def mark_messages(
    conversations: list[list[Message]], scales: list[list[str]], token: str, separator: str, structured: bool
) -> list[list[Message]]:
    """Copy conversations for a template: series as placeholders, scales as text before them.

    Args:
        conversations: lists of messages.
        scales: text before each series of each conversation, in order.
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


__all__ = ["Message", "Span", "mark_messages", "render_messages", "series_of_messages", "unused_character"]
