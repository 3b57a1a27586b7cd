"""Checks around an answer: whether a question is like those of the training, and whether the answer is one at all."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Self

import numpy as np

# Answer to a question that its series do not answer.
CANNOT_TELL = "cannot tell"
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_SAYS = re.compile(r"\w")
# Behind the options of a question that has several answers.
SEVERAL = " Where several apply, name them all, with semicolons between them."
# A sentence behind the options may ask again or say how to answer ("Options: up, down. Choose one."), or a title.
_OPTIONS_IN_WORDS = re.compile(
    rf"(?:^|[.?!:;]\s+)(?:[Oo]ptions|OPTIONS|[Cc]hoices): (.+?)(?:[.?]|\. [A-Z][^.?!|]*[.?!]|\. [A-Z][^.?!|:]*:)?"
    rf"(?:{SEVERAL})?\s*$"
)
_LETTERED = re.compile(r"(?<!\w)(\(?)([A-Za-z])\) ?")
# Before a letter in parentheses in running text: "group (A)".
_IN_TEXT = re.compile(r"[\w'\"] $")
_HOW_TO_ANSWER = re.compile(
    r"[.?!] +(?=(?:please|answer|choose|reply|respond|select|pick|give|which|what|say|write|use|name)\b)",
    re.IGNORECASE,
)
_OFFERS = re.compile(r"\b(?:options?|choices?|choose|answers?|select|pick|one of)\b", re.IGNORECASE)
_JOINED_BY = re.compile(r"(?:^|(?<=[\s,;]))(?:or|and)$")
_OPTION_OF_A_LINE = re.compile(r"\s*\(?([A-Z]|\d{1,2})([).:]) +(.+)")
# More different words than this are a language, not a set of questions.
_MOST_KNOWN_WORDS = 3000
# Share of words of a question that training may lack: names and synonyms, not another kind of question.
_NEW_WORDS = 0.34
# A deviation is far from those of the training beyond this factor, a level beyond so many of their largest deviations.
_FAR_FACTOR, _FAR_DEVIATIONS = 10.0, 3.0
# Share of the longest length by which a series may be shorter or longer, and least share of the shortest.
_NEAR_LENGTH = 0.05
_LEAST_LENGTH = 0.5
# Share of a level that is a matter of rounding or of the sample.
_NEAR_SHARE = 0.01
_REPEATS = 3
# Of numbers, which may be equal values of a series.
_NUMBER_REPEATS = 10
_NUMBERS = re.compile(r"[-+\d.,%\s]*\d[-+\d.,%\s]*")
# The same within a word: as many signs at most, as often at least.
_SIGNS, _SIGN_REPEATS = 12, 10


# Lowest and highest mean, and smallest and largest standard deviation, of series in the units of the data; a constant
# series has deviation 0.
SeriesScale = tuple[float, float, float, float]


def _union(scales: Iterable[SeriesScale]) -> SeriesScale:
    lowest, highest, smallest, largest = zip(*scales, strict=True)
    return min(lowest), max(highest), min(smallest), max(largest)


def scales_of(counts: np.ndarray, means: np.ndarray, deviations: np.ndarray) -> tuple[SeriesScale, ...]:
    """Ranges of the levels and scales of series, for each place in a prompt where all prompts have as many, else one.

    Args:
        counts: number of series of each prompt, int (prompts,).
        means: of all series, those of a prompt one after the other, in the units of the data, float (series,).
        deviations: as the means; 0 for a constant series.
    """
    if not len(means):
        return ()
    places = int(counts[0]) if (counts == counts[0]).all() else 1
    table = np.stack((means, means, deviations, deviations)).reshape(4, -1, places)
    ends = table[0].min(0), table[1].max(0), table[2].min(0), table[3].max(0)
    return tuple((low, high, small, large) for low, high, small, large in np.stack(ends, axis=1).tolist())


@dataclass(frozen=True)
class TrainingRange:
    """Extent of the prompts that a checkpoint was trained on.

    Args:
        num_series: smallest and largest number of series of a prompt.
        series_length: shortest and longest series, in steps.
        most_words: words of the longest question, without the titles of its series.
        words: all words of the questions, lower case, without those of titles; empty where they are too many to say
            anything.
        scales: levels and scales of the series, from `scales_of`; empty where they say nothing, as for a model that
            does not read them or for series drawn at any level, or are not known, as for a checkpoint of an earlier
            version.
    """

    num_series: tuple[int, int]
    series_length: tuple[int, int]
    most_words: int
    words: tuple[str, ...] = ()
    scales: tuple[SeriesScale, ...] = ()

    @classmethod
    def of(
        cls,
        counts: Collection[int],
        lengths: Collection[int],
        questions: Iterable[str],
        with_words: bool,
        scales: tuple[SeriesScale, ...] = (),
    ) -> Self:
        """Range of training prompts.

        Args:
            counts: number of series of each prompt.
            lengths: number of steps of each series.
            questions: texts of the user, from `asked_in`.
            with_words: whether to keep the words of the questions; not for a backbone that knows a language.
            scales: levels and scales of the series.
        """
        most = 0
        words: set[str] = set()
        for question in questions:
            found = words_of(question)
            most = max(most, len(found))
            words.update(found if with_words else ())
        known = tuple(sorted(words)) if len(words) <= _MOST_KNOWN_WORDS else ()
        spans = [(int(min(values)), int(max(values))) if len(values) else (0, 0) for values in (counts, lengths)]
        return cls(spans[0], spans[1], most, known, scales)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Range from the fields of `to_dict`."""
        counts, lengths = fields["num_series"], fields["series_length"]
        scales = tuple((low, high, small, large) for low, high, small, large in fields.get("scales", ()))
        words = tuple(fields["words"])
        return cls((counts[0], counts[1]), (lengths[0], lengths[1]), fields["most_words"], words, scales)

    def to_dict(self) -> dict[str, Any]:
        """Fields as a dictionary for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def joined(self, other: Self) -> Self:
        """Range of the prompts of both trainings; without words or scales if one of them has none."""
        spans = [
            (min(one[0], two[0]), max(one[1], two[1]))
            for one, two in ((self.num_series, other.num_series), (self.series_length, other.series_length))
        ]
        words = {*self.words, *other.words} if self.words and other.words else set()
        known = tuple(sorted(words)) if len(words) <= _MOST_KNOWN_WORDS else ()
        pairs = [self.scales, other.scales]
        if len(self.scales) != len(other.scales):
            pairs = [(_union(scales),) if scales else () for scales in pairs]
        common = tuple(_union(pair) for pair in zip(*pairs, strict=False))
        return type(self)(spans[0], spans[1], max(self.most_words, other.most_words), known, common)

    def differences(
        self, lengths: Sequence[int], question: str, levels: Sequence[tuple[float, float]] = ()
    ) -> list[str]:
        """Ways in which a prompt is unlike those of the training, each a short phrase; empty if it is like them.

        Args:
            lengths: number of steps of each series.
            question: text of the last question.
            levels: mean and standard deviation of each series, in the units of the data; not compared by default.
        """
        found = []
        fewest, most = self.num_series
        if fewest and not lengths:
            found.append(
                f"no series to read (trained on {_span(fewest, most)}; give each as a part of type 'time_series'), so "
                "that the answer is from the text alone"
            )
        elif not fewest <= len(lengths) <= most:
            found.append(f"{len(lengths)} series (trained on {_span(fewest, most)})")
        shortest, longest = self.series_length
        margin = _NEAR_LENGTH * longest
        least = max(shortest - margin, _LEAST_LENGTH * shortest)
        outside = [length for length in lengths if not least <= length <= longest + margin]
        if outside:
            found.append(f"a series of {max(outside)} steps (trained on {_span(shortest, longest)})")
        found += self._scale_differences(levels)
        words = words_of(question)
        if len(words) > 2 * self.most_words:
            found.append(f"a question of {len(words)} words (trained on at most {self.most_words})")
        new = list(dict.fromkeys(word for word in words if word not in set(self.words)))
        if self.words and (not words or len(new) > _NEW_WORDS * len(set(words))):
            named = ", ".join(repr(word) for word in new[:3]) or "no words"
            found.append(f"another kind of question (new to it: {named})")
        return found

    def _scale_differences(self, levels: Sequence[tuple[float, float]]) -> list[str]:
        """Phrases for the first series whose level is far from those of the training, and for that of the scale."""
        if not self.scales:
            return []
        scales = self.scales if len(self.scales) == len(levels) else (_union(self.scales),) * len(levels)
        far_levels, far_scales = [], []
        for number, ((mean, deviation), scale) in enumerate(zip(levels, scales, strict=True)):
            lowest, highest, smallest, largest = scale
            margin = max(highest - lowest, _FAR_DEVIATIONS * largest, _NEAR_SHARE * max(abs(lowest), abs(highest)))
            if not lowest - margin <= mean <= highest + margin:
                far_levels.append(f"series {number} of mean {mean:.4g} (trained on {_range(lowest, highest)})")
            if not smallest / _FAR_FACTOR <= deviation <= largest * _FAR_FACTOR:
                far_scales.append(
                    f"series {number} of standard deviation {deviation:.4g} (trained on {_range(smallest, largest)})"
                )
        return [
            far[0] + (f", and {len(far) - 1} more" if len(far) > 1 else "") for far in (far_levels, far_scales) if far
        ]


def _range(low: float, high: float) -> str:
    return f"{low:.4g}" if f"{low:.4g}" == f"{high:.4g}" else f"{low:.4g} to {high:.4g}"


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low:,} to {high:,}"


def words_of(text: str) -> list[str]:
    """Words of a text, lower case, without numbers."""
    return [word.lower() for word in _WORD.findall(text)]


def questions_of(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Text of each message of the user."""
    contents = (message.get("content") or "" for message in messages if message.get("role") == "user")
    return [
        content if isinstance(content, str) else "".join(part.get("text") or "" for part in content)
        for content in contents
    ]


def asked_in(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Text of each message of the user without the titles of series: a last line that ends in a colon before one."""
    kept = []
    for message in messages:
        content = message.get("content") or ""
        parts = [] if isinstance(content, str) else list(content)
        for place, part in enumerate(parts[:-1]):
            earlier, _, title = (part.get("text") or "").rpartition("\n")
            if title.rstrip().endswith(":") and parts[place + 1].get("type") in ("time_series", "forecast"):
                parts[place] = {**part, "text": earlier}
        kept.append({**message, "content": parts or content})
    return questions_of(kept)


def offer(options: Sequence[str]) -> str:
    """Text that offers options, with bars between them where one has a comma; the answer is one, word for word."""
    separator = " | " if any(", " in option for option in options) else ", "
    return f" Options: {separator.join(options)}."


def offered_options(question: str) -> list[str]:
    """Options that a question offers, in the first line that offers any; of options by letter, the letters.

    They are those of `Options: up, down.` at its end (or before `SEVERAL`), `Options: slow | up, then down.` where one
    has a comma, `A) up B) down`, or `A) up` or `(A) up` in a line each; behind a question also `A. up`, `A: up` or
    `1) up`, where these ask nothing themselves.
    """
    return [letter or text for letter, text in _offered(question)]


def possible_answers(question: str) -> list[str]:
    """Answers that choose an option that a question offers: the option, its letter, or both."""
    return list(dict.fromkeys(answer for option in _offered(question) for answer in _answers_of(*option)))


def _answers_of(letter: str, text: str) -> list[str]:
    return [letter, text, f"{letter}) {text}", f"{letter}. {text}"] if letter else [text]


def _as_written(letter: str, text: str) -> list[str]:
    """Further ways in which the option is answered that are no fault."""
    return [f"{letter}: {text}", f"{letter} {text}", f"{text} ({letter})"] if letter else []


def _offered(question: str) -> list[tuple[str, str]]:
    """Letters, empty where there are none, and texts of the options of a question."""
    lines = question.splitlines()
    for line in lines:
        in_words = _OPTIONS_IN_WORDS.search(line)
        if in_words and not _LETTERED.match(in_words[1]):
            return [("", text) for text in _listed(in_words[1])]
    return _lettered(question) or _of_lines(lines)


def _listed(text: str) -> list[str]:
    """Options of a list, between bars, semicolons or commas, the last of which may have "or" before it."""
    separator = next((sign for sign in (" | ", "; ") if sign in text), ", ")
    *others, last = text.split(separator)
    return [*others, last.removeprefix("or ") if others else last]


def _lettered(question: str) -> list[tuple[str, str]]:
    """Options by letters in their order, in one line or in a line each."""
    marks = list(_LETTERED.finditer(question))
    letters = [mark[2] for mark in marks]
    for start in range(len(marks) - 1):
        if letters[start] not in "Aa":
            continue
        run = letters[start:]
        if run not in (list(ascii_uppercase[: len(run)]), list(ascii_lowercase[: len(run)])):
            continue
        if marks[start][1] and _IN_TEXT.search(question[: marks[start].start()]):
            continue
        ends = [mark.start() for mark in marks[start + 1 :]] + [len(question)]
        texts = [question[mark.end() : end] for mark, end in zip(marks[start:], ends, strict=True)]
        cut = [_HOW_TO_ANSWER.split(text.partition("\n")[0], maxsplit=1)[0] for text in texts]
        found = [_JOINED_BY.sub("", text.strip(" ,;.?-")).strip(" ,;.?") for text in cut]
        if all(found):
            return list(zip(run, found, strict=True))
    return []


def _of_lines(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Options in a line each, by letters or numbers, behind a question."""
    found = [(place, match) for place, line in enumerate(lines) if (match := _OPTION_OF_A_LINE.fullmatch(line))]
    if len(found) < 2:
        return []
    matches = [match for _, match in found]
    letters = [match[1] for match in matches]
    in_order = letters in (list(ascii_uppercase[: len(found)]), [str(k) for k in range(1, len(found) + 1)])
    # Other lists may be of questions, or of facts.
    before = next((line for line in reversed(lines[: found[0][0]]) if line.strip()), "")
    asked = "?" in before or _OFFERS.search(before) is not None
    if not (in_order and asked) or any("?" in match[3] for match in matches):
        return []
    return [(match[1], match[3].strip(" ,;.")) for match in matches]


def _repeats(parts: Sequence[str], unit: Sequence[str]) -> int:
    """How often a unit ends a sequence, without a break; its last one counts whatever it is."""
    size, repeats = len(unit), 1
    while parts[-size * (repeats + 1) : -size * repeats] == unit:
        repeats += 1
    return repeats


def _repetition(answer: str) -> tuple[str, int] | None:
    """What an answer repeats at its end, and how many times, whatever the case and the punctuation."""
    words = [word.rstrip(".,;:!?").lower() or word for word in answer.split()]
    for size in range(1, len(words) // _REPEATS + 1):
        # The last word may be cut, at the largest number of tokens.
        earlier = words[-1 - size]
        unit = [*words[-size:-1], earlier if earlier.startswith(words[-1]) else words[-1]]
        least = _NUMBER_REPEATS if _NUMBERS.fullmatch(" ".join(unit)) else _REPEATS
        if (repeats := _repeats(words, unit)) >= least:
            return " ".join(unit), repeats
    signs = answer.split()[-1]
    for size in range(1, min(_SIGNS, len(signs) // _SIGN_REPEATS) + 1):
        if (repeats := _repeats(signs, signs[-size:])) >= _SIGN_REPEATS:
            return signs[-size:], repeats
    return None


def _plain(text: str) -> str:
    """Text in lower case, without signs around it."""
    return text.strip("*").lstrip("(").rstrip(".!)").lower()


def answer_fault(answer: str, question: str = "") -> str | None:
    """Fault of an answer as a whole, in one line; `None` where there is none to see.

    An answer that is free of faults may still be wrong.

    Args:
        answer: text that a model generated; of a reasoned one, what follows its last `Answer:` must be an option, or
            several where the question asks for them.
        question: its question, with the options if it offers any (`offered_options`).
    """
    if not answer.split():
        return "The model gave an empty answer."
    options = offered_options(question)
    given = answer.rsplit("Answer:", 1)[-1].strip()
    # An option may itself end in a sign, and be a repetition.
    parts = given.split("; ") if SEVERAL in question else [given]
    accepted = [answer for option in _offered(question) for answer in (*_answers_of(*option), *_as_written(*option))]
    is_option = {_plain(part) for part in parts} <= {_plain(option) for option in accepted}
    if not is_option and (repetition := _repetition(answer)):
        return f"The answer repeats {repetition[0]!r} {repetition[1]} times."
    if not options and not _SAYS.search(given):
        return f"The answer {given[:80]!r} has no word and no number."
    if options and not is_option:
        return f"The answer {given[:80]!r} is none of the options: {', '.join(options)}."
    return None


def generated_fault(text: str, generation_prompt: str, special_tokens: Collection[str]) -> str | None:
    """Fault of the answer in a generated text that has its prompt before it.

    A text without a special token after the last `generation_prompt` has no whole answer, but a prompt alone, the
    beginning of an answer that was to be continued, or one that was cut: only its repetition is a fault.

    Args:
        text: prompt and answer, with special tokens.
        generation_prompt: text that opens an answer.
        special_tokens: those of the tokenizer, one of which ends an answer.

    Returns:
        As [`answer_fault`]; also `None` where the generation prompt is empty or is not found.
    """
    if not generation_prompt or generation_prompt not in text:
        return None
    special = re.compile("|".join(map(re.escape, special_tokens)))
    *_, prompt, last = text.split(generation_prompt)
    answer, *rest = special.split(last, maxsplit=1)
    if not rest:
        return answer_fault(answer) if answer.split() else None
    return answer_fault(answer, special.sub("\n", prompt))


__all__ = [
    "CANNOT_TELL",
    "SEVERAL",
    "TrainingRange",
    "answer_fault",
    "asked_in",
    "generated_fault",
    "offer",
    "offered_options",
    "possible_answers",
    "questions_of",
    "scales_of",
    "words_of",
]
