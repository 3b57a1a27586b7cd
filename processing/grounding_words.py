"""Tokens of a text, and the words of numbers, units of time, days and months among them."""

import re
import unicodedata
from typing import NamedTuple

_PATTERN = re.compile(
    r"""
    (?P<date>[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}(?![0-9])
    | [0-9]{1,2}[./][0-9]{1,2}[./](?:[0-9]{4}|[0-9]{2})(?![0-9]) | [0-9]{1,2}-[0-9]{1,2}-[0-9]{4}(?![0-9]))
  | (?P<clock>T[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2}\b)?
    | [0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z\b|\s?[apAP]\.?[mM]\b)?
    | [0-9]{1,2}\s?[apAP](?:\.[mM]\.|[mM]\b))
  | (?P<ordinal>[0-9]{1,3}[snrt][dht]\b)
  | (?P<number>[0-9]{1,3}(?:(?:\.[0-9]{3})+,[0-9]+|(?:\.[0-9]{3}){2,})(?![.,]?[0-9])
    | [0-9]{1,3}(?:['\N{RIGHT SINGLE QUOTATION MARK}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}][0-9]{3})+
      (?![0-9])(?:[.,][0-9]+)?
    | (?:(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:[.,][0-9]+)?|(?<![\w.])\.[0-9]+)(?:[eE][-+]?[0-9]{1,3}\b)?
      [¼½¾⅓⅔⅛⅜⅝⅞]?
    | [¼½¾⅓⅔⅛⅜⅝⅞])
  | (?P<word>[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W\d_]+)*)
  | (?P<mark>[^\s])
    """,
    re.VERBOSE,
)


# Marks of one meaning -> the one that is looked for.
_PLAIN = str.maketrans(
    {
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{FULLWIDTH EXCLAMATION MARK}": "!",
        "\N{FULLWIDTH QUESTION MARK}": "?",
        "\N{ARABIC QUESTION MARK}": "?",
        "\N{IDEOGRAPHIC FULL STOP}": "!",
    }
)
# What may stand between the end of a sentence and the next one: 'The note says: "We close."'
CLOSING = "\"')\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


class Token(NamedTuple):
    """A piece of a text: `kind` is date, clock, ordinal, number, word or mark; `word` is in lower case.

    `capital` says whether its first letter is one, `begins_line` whether a line ends before it.
    """

    kind: str
    word: str
    start: int
    stop: int
    capital: bool
    begins_line: bool


def tokenize(text: str) -> list[Token]:
    """Split a text, in time that grows with its length alone."""
    tokens: list[Token] = []
    for match in _PATTERN.finditer(text):
        piece = match.group().translate(_PLAIN)
        begins_line = "\n" in text[tokens[-1].stop if tokens else 0 : match.start()]
        tokens.append(Token(str(match.lastgroup), piece.lower(), *match.span(), piece[:1].isupper(), begins_line))
    return tokens


def _numbered(words: str, start: int = 0) -> dict[str, int]:
    """Words, synonyms joined by a stroke, to their position."""
    return {word: k for k, group in enumerate(words.split(), start) for word in group.split("|")}


MONTHS = _numbered(
    "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug september|sept|sep "
    "october|oct november|nov december|dec",
    1,
)
WEEKDAYS = _numbered(
    "monday|mon tuesday|tue|tues wednesday|wed|weds thursday|thu|thur|thurs friday|fri saturday|sat sunday|sun"
)
# Words that are rather something else unless they are capitalized.
AMBIGUOUS = {"may", "march", "mar", "sat", "sun", "wed", "mon", "jan", "dec", "sep", "second"}
WEEKEND = frozenset((5, 6))
WORKDAYS = frozenset(range(5))

SMALL = _numbered(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = {word: 10 * k for word, k in _numbered("twenty thirty forty fifty sixty seventy eighty ninety", 2).items()}
MAGNITUDES = {
    "hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9, "trillion": 1e12,
}  # fmt: skip
ORDINALS = _numbered(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth",
    1,
)

# Units of time -> their name in the singular.
UNITS = {
    word: unit
    for unit, words in {
        "minute": "minute minutes min mins",
        "hour": "hour hours hr hrs",
        "day": "day days",
        "week": "week weeks",
        "month": "month months",
        "quarter": "quarter quarters",
        "year": "year years",
        "step": "step steps period periods timestep timesteps point points observation observations reading readings",
    }.items()
    for word in words.split()
}
SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
CALENDAR_MONTHS = {"month": 1, "quarter": 3, "year": 12}
# Parts of a day in seconds after midnight.
DAY_PARTS = {
    "morning": (6, 12), "mornings": (6, 12), "afternoon": (12, 18), "afternoons": (12, 18), "evening": (18, 22),
    "evenings": (18, 22), "night": (22, 6), "nights": (22, 6), "overnight": (22, 6), "nighttime": (22, 6),
}  # fmt: skip
TO = words("to until till through - thru bis")
# What a series is of.
SERIES = words(
    "sales orders visitors visits customers calls patients load consumption demand output production usage traffic "
    "business trade service deliveries trips passengers bookings requests"
)
HORIZON = words("forecast horizon forecasts prediction outlook")


_THOUSANDS_BY_POINTS = re.compile(r"[0-9]{1,3}(?:(?:\.[0-9]{3})+,[0-9]+|(?:\.[0-9]{3}){2,})")
_OTHER_THOUSANDS = re.compile(r"['\s]")


def _in_digits(word: str) -> float:
    """The value of a number in digits: "1,200.5", "1.200,50", "1'200", ".5", "2½"."""
    digits = word.rstrip("¼½¾⅓⅔⅛⅜⅝⅞")
    part = unicodedata.numeric(word[-1]) if digits != word else 0.0
    plain = _OTHER_THOUSANDS.sub("", digits)
    if _THOUSANDS_BY_POINTS.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    if "." in plain or plain.count(",") > 1 or (plain.count(",") == 1 and len(plain.split(",")[1]) == 3):
        plain = plain.replace(",", "")
    return float(plain.replace(",", ".") or 0) + part


def number_at(tokens: list[Token], i: int) -> tuple[float, int] | None:
    """A count in digits or words, with its magnitude ("2.5 million", "twenty-five"), and the index behind it."""
    if i >= len(tokens):
        return None
    token, j = tokens[i], i + 1
    if token.kind == "number":
        value = _in_digits(token.word)
        tight = i + 1 < len(tokens) and tokens[i + 1].start == token.stop
        if tight and tokens[i + 1].word == "m":
            return value * 1e6, j + 1
    elif token.kind == "word" and token.word in TENS:
        value = float(TENS[token.word])
        k = j + 1 if j < len(tokens) and tokens[j].word == "-" else j
        if k < len(tokens) and 0 < SMALL.get(tokens[k].word, 0) < 10:
            value, j = value + SMALL[tokens[k].word], k + 1
    elif token.kind == "word" and token.word in SMALL:
        value = float(SMALL[token.word])
    elif token.word == "dozen":
        return 12.0, j
    elif token.word in ("a", "an") and j < len(tokens) and tokens[j].word == "dozen":
        return 12.0, j + 1
    elif token.word in ("a", "an") and j < len(tokens) and tokens[j].word in ("hundred", "thousand", "million"):
        value = 1.0
    else:
        return None
    smallest = 1.0
    while j < len(tokens) and tokens[j].word in MAGNITUDES:
        smallest = MAGNITUDES[tokens[j].word]
        value, j = value * smallest, j + 1
    # "One hundred and twenty", "two thousand five hundred".
    k = j + (j < len(tokens) and tokens[j].word == "and")
    if smallest > 1 and k < len(tokens) and tokens[k].kind == "word" and tokens[k].word not in ("a", "an"):
        rest = number_at(tokens, k)
        if rest is not None and 0 < rest[0] < smallest:
            return value + rest[0], rest[1]
    return value, j


__all__ = ["Token", "number_at", "tokenize"]
