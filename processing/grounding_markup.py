"""Text under markup: tags, entities, marks of emphasis and quotation marks around all of it become spaces.

So every character keeps its place.
"""

import html
import re

_TAG = re.compile(r"<(?:!--[^<>]{0,500}--|[/!]?[a-zA-Z][^<>]{0,500})>")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#[0-9]{2,6});")
# What is struck out is not said.
_STRUCK = re.compile(r"<(del|s|strike)\b[^<>]{0,500}>.{0,500}?</\1>|~~(?=\S).{1,500}?~~", re.IGNORECASE | re.DOTALL)
# Emphasis and code of Markdown, and the cells of its tables; a star or a dash at the start of a line is a list.
_EMPHASIS = re.compile(
    r"\*{2,3}|_{1,3}(?!\w)|(?<!\w)_{1,3}|`{1,3}|(?<=\w)\*(?!\w)|(?<![\w\s])\*(?=\w)|(?<=[^\S\n])\*(?=\w)(?!\d+(?:[.,]\d+)?(?![\w%*]))"
)
# Items of a list: with a mark, or numbered ("8. April" is a day) or lettered in a row.
_MARKED = re.compile(r"^([^\S\n]*)[-*\N{BULLET}](?=[^\S\n]+\S)", re.MULTILINE)
_NUMBERED = re.compile(
    r"^([^\S\n]*)(\d{1,2}|[a-z])[.)](?=[^\S\n]+(?!(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))\S)",
    re.IGNORECASE | re.MULTILINE,
)
# Items within a line: "1) closed in May; 2) 10 % more in June".
_INLINE = re.compile(r"(?<![\w(])\(?([1-9]|[a-i])\)(?=\s)")
_CELL = re.compile(r"\|")
# Quotation marks around all of a text, and none in it.
_QUOTES = '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}'
_QUOTED = re.compile(rf"(\s*)[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}](\s*)")


def _item_mark(item: re.Match[str]) -> str:
    """What stands for the number of an item within a line: the end of a sentence where none is before it."""
    before = item.string[: item.start()].rstrip(" ")
    return (";" if before and before[-1] not in ".:;!?,\n" else "").ljust(len(item.group()))


def without_markup(text: str) -> str:
    """The text without markup, of the same length."""
    if quoted := _QUOTED.fullmatch(text):
        text = f"{quoted[1]} {quoted[2]} {quoted[3]}"
    text = _STRUCK.sub(lambda struck: re.sub(r"[^\n]", " ", struck.group()), text)
    text = _TAG.sub(lambda tag: " " * len(tag.group()), text)
    text = _ENTITY.sub(lambda entity: html.unescape(entity.group())[:1].ljust(len(entity.group())), text)
    text = _EMPHASIS.sub(lambda mark: " " * len(mark.group()), text)
    places = [int(item[2]) if item[2].isdecimal() else ord(item[2].lower()) for item in _NUMBERED.finditer(text)]
    if len(places) > 1 and places == list(range(places[0], places[0] + len(places))):
        text = _NUMBERED.sub(lambda item: item[1] + "\N{BULLET}".ljust(len(item[2]) + 1), text)
    if any(item.start() for item in _MARKED.finditer(text)):
        # "- 20 % more" behind another line is no "-20 %", and the end of no "8 March -".
        text = _MARKED.sub(lambda item: item[1] + "\N{BULLET}", text)
    places = [int(item[1]) if item[1].isdecimal() else ord(item[1]) - 96 for item in _INLINE.finditer(text)]
    if len(places) > 1 and places == list(range(1, len(places) + 1)):
        text = _INLINE.sub(_item_mark, text)
    return _CELL.sub(",", text)


__all__ = ["without_markup"]
