"""Sentences that state effects on a series, or none, with the positions of their parts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from .context_grammar import SENTENCE, grammar_of, other_names
from .context_tenses import agreeing, is_plural, present
from .context_windows import Calendar, draw_window

# Share of the effects that hold for the whole horizon, without a word on it.
_TIMELESS_SHARE = 0.08
# Share of the effects that whole sentences state.
_SENTENCE_SHARE = 0.4
# Share of the phrases that are composed, where there are any.
_COMPOSED_SHARE = 0.4
# Share of the frames that end like another one.
_CROSSED_SHARE = 0.4
# Share of the predicates that are in the present tense ("sales rise by 10% next week").
_PRESENT_SHARE = 0.2
_SAYS = re.compile(r"\{[sS]\} \{t\} \{f\}")
_WINDOW = re.compile(r"\{[wW]\}")
_OPEN = ("flat", "reverse")
_SHARES = {50: ("half",), 25: ("a quarter",), 20: ("a fifth",), 33: ("a third",)}
_DAYS = {6: ("Sunday", "public holiday", "holiday"), 5: ("Saturday",), 0: ("Monday",)}
# Marks of a number, a window and the words of an effect while a sentence is composed.
_MARKS = {"number": ("\x01", "\x02"), "window": ("\x03", "\x04"), "phrase": ("\x05", "\x06")}


@dataclass(frozen=True)
class Effect:
    """What a sentence states.

    Args:
        family: one of `FAMILIES`.
        operation: of the table of `contexts`.
        operands: the number, two for a range, none for some.
        steps: boolean (history + horizon,).
        weekday: that of `like_day`, 0 for Monday; -1 for others.
        phrase: first character of the words that state it and the one behind them.
        numbers: the same for each number.
        window: the same for the window of time; None for the whole horizon.
    """

    family: str
    operation: str
    operands: tuple[float, ...]
    steps: np.ndarray
    weekday: int = -1
    phrase: tuple[int, int] = (0, 0)
    numbers: tuple[tuple[int, int], ...] = ()
    window: tuple[int, int] | None = None


def _choice(rng: Generator, phrases: Sequence[str]) -> str:
    return phrases[int(rng.integers(len(phrases)))]


class Writer:
    """Draws the sentences of one example."""

    def __init__(self, rng: Generator, calendar: Calendar, values: np.ndarray, phrasings: str, numbers: str):
        self.rng, self.calendar, self.values = rng, calendar, values
        self.grammar, self.numbers = grammar_of(phrasings), numbers
        self.subject = self.drawn("subjects", self.grammar.subjects)
        # Other series and places that the sentences name.
        self.mentioned: list[str] = []

    def drawn(self, name: str, phrases: Sequence[str]) -> str:
        """One of some phrases, or a composed one of the same name."""
        composed = self.grammar.composed.get(name)
        return _choice(self.rng, composed if composed and self.rng.random() < _COMPOSED_SHARE else phrases)

    def framed(self, name: str) -> str:
        """One of the "frames" or "timeless_frames"; where phrases are composed, at times with the end of another."""
        frames = getattr(self.grammar, name)
        frame = self.drawn(name, frames)
        if self.grammar.composed and self.rng.random() < _CROSSED_SHARE:
            other = _choice(self.rng, frames)
            first, second = _SAYS.search(frame), _SAYS.search(other)
            if first and second:
                crossed = frame[: first.end()] + other[second.end() :]
                if len(_WINDOW.findall(crossed)) == len(_WINDOW.findall(frame)):
                    return crossed
        return frame

    def marked(self, kind: str, text: str) -> str:
        opening, closing = _MARKS[kind]
        return f"{opening}{text}{closing}"

    def share(self) -> tuple[str, float]:
        """An amount as a share, in words and as a number."""
        low, high = {"train": (5, 60), "validation": (60, 75), "test": (75, 95)}[self.numbers]
        share = int(self.rng.integers(low, high))
        if share % 100 in _SHARES and self.rng.random() < 0.5:
            return _choice(self.rng, list(_SHARES[share])), {33: 1 / 3}.get(share, share / 100)
        value = share + (0.5 if self.rng.random() < 0.1 else 0)
        return _choice(
            self.rng, [f"{value:g}%", f"{value:g}%", f"{value:g} %", f"{value:g} percent", f"{value:g} per cent"]
        ), value / 100

    def value(self, low: float, high: float) -> tuple[str, float]:
        """A value in the units of the series, with three digits."""
        drawn = float(f"{self.rng.uniform(low, high):.3g}")
        if drawn >= 1000:
            return _choice(self.rng, [f"{drawn:,.0f}", f"{drawn:.0f}"]), float(f"{drawn:.0f}")
        return f"{drawn:g}", drawn

    def factor(self, style: str) -> tuple[str, float]:
        """A factor: as a verb (v), "three times" (t), a part such as "half" or "80%" (q), or a number (n)."""
        low, high = {"train": (1.2, 4.0), "validation": (4.0, 5.5), "test": (5.5, 8.0)}[self.numbers]
        value = round(float(self.rng.uniform(low, high)), 1)
        if style == "v":
            words = {"double": 2.0, "triple": 3.0, "quadruple": 4.0, "halve": 0.5}
            word = _choice(self.rng, list(words))
            return word, words[word]
        if style == "q":
            words = {
                "half": 0.5,
                "a third": 1 / 3,
                "two thirds": 2 / 3,
                "a quarter": 0.25,
                "three quarters": 0.75,
                "a tenth": 0.1,
            }
            if self.rng.random() < 0.5:
                word = _choice(self.rng, list(words))
                return word, words[word]
            share = int(
                self.rng.integers(*{"train": (10, 95), "validation": (105, 150), "test": (150, 190)}[self.numbers])
            )
            return _choice(self.rng, [f"{share}%", f"{share} percent"]), share / 100
        if style == "t":
            whole = int(max(round(value), 2))
            words = {f"{value} times": value, f"{whole} times": float(whole)}
            words |= {"twice": 2.0} if whole == 2 else {}
            words |= {"three times": 3.0} if whole == 3 else {}
            word = _choice(self.rng, list(words))
            return word, words[word]
        value = value if self.rng.random() < 0.7 else round(float(self.rng.uniform(0.2, 0.9)), 1)
        return f"{value:g}", value

    def numbered(self, family: str, phrase: str) -> tuple[str, tuple[float, ...], int]:
        """A phrase with its numbers, marked, the operands, and the weekday that is compared with."""
        rng = self.rng
        values = self.values[self.calendar.history :]
        size = float(np.abs(values).mean())
        operands: list[float] = []
        spread = float(values.std()) + 0.1 * size
        far = {"train": 1.0, "validation": 1.5, "test": 2.0}[self.numbers]
        ranges = {
            "set": (0.2 * size, 1.5 * far * size),
            "plus": (0.1 * far * size, 0.6 * far * size),
            "minus": (0.05 * far * size, 0.35 * far * size),
            "cap": (values.min() - 0.2 * spread, values.mean()),
            "floor": (values.mean(), values.max() + 0.3 * spread),
        }
        for name in ("n", "m", "p", "v", "t", "q"):
            if f"{{{name}}}" not in phrase:
                continue
            if name == "p":
                words, number = self.share()
            elif family == "times":
                words, number = self.factor(name)
            elif family == "range":
                low = (
                    (values.mean() - spread, values.mean())
                    if name == "n"
                    else (values.mean(), values.mean() + 0.5 * spread)
                )
                words, number = self.value(*low)
            else:
                words, number = self.value(*ranges[family])
            operands.append(number)
            phrase = phrase.replace(f"{{{name}}}", self.marked("number", words))
        weekday = -1
        if "{d}" in phrase:
            weekday = int(_choice(rng, [str(day) for day in _DAYS]))
            phrase = phrase.replace("{d}", _choice(rng, list(_DAYS[weekday])))
        return phrase, tuple(operands), weekday

    def filled(self, frame: str, window: str, predicate: str) -> str:
        """A sentence of its parts."""
        rng, names = self.rng, other_names()
        cause, other = _choice(rng, self.grammar.causes), _choice(rng, names["others"])
        parts = {
            "w": window, "W": _capital(window), "f": predicate,
            "t": agreeing(self.drawn("tenses", self.grammar.tenses), is_plural(self.subject)),
            "s": self.subject, "S": _capital(self.subject), "c": cause, "C": _capital(cause),
            "o": other, "O": _capital(other),
            "place": _choice(rng, names["places"]), "year": str(rng.integers(1975, self.calendar.timestamps[0].year)),
            "k": str(rng.integers(2, 90)), "unit": _choice(rng, names["units"]),
        }  # fmt: skip
        self.mentioned += [parts[name] for name in ("o", "place") if re.search(rf"\{{{name}\}}", frame, re.IGNORECASE)]
        for name, words in parts.items():
            frame = frame.replace(f"{{{name}}}", words)
        return frame

    def effect(self, family: str) -> tuple[str, Effect]:
        """A sentence with its marks, and its effect without positions."""
        calendar = self.calendar
        kind = "past" if family == "ignore" else "open" if family in _OPEN else "any"
        window, steps = draw_window(self.rng, calendar, kind)
        marked = self.marked("window", window)
        if family == "ignore":
            frame = self.drawn("ignore", self.grammar.past_faults)
            return self.marked("phrase", self.filled(frame, marked, "")), Effect(family, "ignore", (), steps)
        whole = np.arange(len(calendar.timestamps)) >= calendar.history
        if self.rng.random() < _SENTENCE_SHARE:
            frame, operands, weekday = self.numbered(
                family, self.drawn(family + SENTENCE, self.grammar.sentences[family])
            )
            steps = steps if "{w}" in frame or "{W}" in frame else whole
            return self.marked("phrase", self.filled(frame, marked, "")), Effect(
                family, family, operands, steps, weekday
            )
        name = "frames"
        if self.rng.random() < _TIMELESS_SHARE:
            name, steps = "timeless_frames", whole
        frame, phrase = self.framed(name), self.drawn(family, self.grammar.predicates[family])
        if "{t} {f}" in frame and self.rng.random() < _PRESENT_SHARE:
            frame, phrase = frame.replace("{t} {f}", "{f}"), present(phrase, is_plural(self.subject), self.rng)
        predicate, operands, weekday = self.numbered(family, phrase)
        text = self.filled(frame, marked, self.marked("phrase", predicate))
        return text, Effect(family, family, operands, steps, weekday)

    def no_effect(self) -> str:
        """A sentence that changes nothing."""
        kind = _choice(self.rng, list(self.grammar.no_effect))
        return self.without_effect(kind, self.drawn(kind, self.grammar.no_effect[kind]))

    def without_effect(self, kind: str, frame: str) -> str:
        """A sentence that changes nothing, of a frame of one of the kinds of `Grammar.no_effect`."""
        past = "past" if kind == "past" else "any"
        window, _ = draw_window(self.rng, self.calendar, past)
        predicate = ""
        if "{f}" in frame:
            family = _choice(self.rng, list(self.grammar.predicates))
            # "Will not not exceed" is no sentence.
            plain = [phrase for phrase in self.grammar.predicates[family] if not phrase.startswith(("not ", "never "))]
            predicate, _, _ = self.numbered(family, self.drawn(family, plain))
        sentence = self.filled(frame, window, unmarked(predicate))
        average, most = float(self.values.mean()), float(self.values.max())
        return sentence.replace("{p}", self.share()[0]).replace("{n}", self.value(0.5 * average, most)[0])


def _capital(text: str) -> str:
    place = next((k for k, letter in enumerate(text) if letter not in "\x01\x03\x05"), 0)
    return text[:place] + text[place : place + 1].upper() + text[place + 1 :]


def unmarked(text: str) -> str:
    return "".join(letter for letter in text if letter not in "\x01\x02\x03\x04\x05\x06")


def positions(text: str) -> dict[str, list[tuple[int, int]]]:
    """Where the marks of a text lie once all marks are taken out."""
    found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in _MARKS}
    opened, place = {}, 0
    for letter in text:
        kind = next((kind for kind, marks in _MARKS.items() if letter in marks), None)
        if kind is None:
            place += 1
        elif letter == _MARKS[kind][0]:
            opened[kind] = place
        else:
            found[kind].append((opened[kind], place))
    return found


__all__ = ["Effect", "Writer", "positions", "unmarked"]
