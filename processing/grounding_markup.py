"""Text under markup: tags, entities and marks of emphasis become spaces, so that every character keeps its place."""

import html
import re

_TAG = re.compile(r"<(?:!--[^<>]{0,500}--|[/!]?[a-zA-Z][^<>]{0,500})>")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#[0-9]{2,6});")
# Emphasis and code of Markdown, and the cells of its tables; a star or a dash at the start of a line is a list.
_EMPHASIS = re.compile(
    r"\*{2,3}|_{1,3}(?!\w)|(?<!\w)_{1,3}|`{1,3}|(?<=\w)\*(?!\w)|(?<![\w\s])\*(?=\w)|(?<=[^\S\n])\*(?=\w)"
)
_CELL = re.compile(r"\|")


def without_markup(text: str) -> str:
    """The text without markup, of the same length."""
    text = _TAG.sub(lambda tag: " " * len(tag.group()), text)
    text = _ENTITY.sub(lambda entity: html.unescape(entity.group())[:1].ljust(len(entity.group())), text)
    text = _EMPHASIS.sub(lambda mark: " " * len(mark.group()), text)
    return _CELL.sub(",", text)


__all__ = ["without_markup"]
