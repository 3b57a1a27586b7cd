"""Features of a grounded text for the head that chooses operations: plain words of its clauses, numbers, windows."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .context_cues import cues_of
from .context_sentences import FUTURE, Written, complete
from .grounding import Grounding, ground_on_axis, with_history
from .grounding_axis import Axis
from .grounding_clauses import Clause
from .grounding_words import CLOSING, UNITS
from .hindsight import future_forms
from .series_names import Mention, SeriesNames

# Clauses between a clause without a window and the one whose window it may mean.
_FARTHEST = 2
# Most clauses of a text, and most characters of a clause, that are read.
MOST_CLAUSES, MOST_CHARACTERS = 200, 600
_FORMS = ("value", "percent", "factor")
_BOUNDS = {"floor": -1, "": 0, "cap": 1}
# What stands for a window in the words of its clause, by the part of the axis that it lies in.
_WINDOW_WORDS = {
    "future": FUTURE,
    "past": "back in the past",
    "both": "all the time",
    "none": "at some other time",
}
# Words of a clause that may take back what it says: it is a condition, denied, of another place, of the past.
_TAKEN_BACK = tuple(
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in (
        r"if|unless|provided|supposing|in (?:the )?(?:case|event) of|would|might|could|were (?:there|it)|"
        r"had (?:there|it)|(?:^|, )(?:should|had|were)",
        r"not|no|never|none|nobody|nothing|neither|nor|without|\w+n't|\w+n\u2019t|false|wrong|wrongly|untrue|"
        r"incorrect|mistaken?|denied|excluded|ruled out|rumou?rs?|myth|unaffected|unchanged|despite|cancel+ed|"
        r"called off|dropped|withdrawn|unfounded|usual way|as usual",
        r"elsewhere|others?|another|different|neighbou?r(?:ing|s)?|competitors?|rivals?|sister|partners?|abroad|"
        r"next door|(?:[Ii]n|[Aa]t|[Ff]or|[Ff]rom) (?-i:[A-Z][a-z]+)",
        r"was|were|had|did|been|rose|fell|ago|previously|formerly|last year|over the past|used to",
    )
)
# A value, and no denial.
_NONE_THEN = re.compile(r"\b(?:none|nothing)(?= during that period)", re.IGNORECASE)
# What ends a sentence, behind what a line does not end one, and the end of a line, with pictures before it.
_STOPS = (".", "!", "?")
_NOT_ENDED = (*_STOPS, ":", ";", ",", "-", "\N{HORIZONTAL ELLIPSIS}")
_LINE_ENDS = re.compile(r"[^\w\n]*(?:\n|$)")
# The end of a clause at a mark that belongs to no clause.
_ENDS_AT_MARK = re.compile(r"\s*[,()]")
_NUMBER_WORDS = {"value": "100", "percent": "10%"}
# Units of a value, which go without saying: those of many series, and those of what the text speaks of.
# Lengths, speeds and times are mostly those of something else.
_BEHIND = r"(?![^\W_])(?! of\b)"
_UNITS = re.compile(
    r"[^\S\n]?(?:(?i:units|(?:kilo|mega|giga)?watt(?:-?hours?|s)?|lit(?:er|re)s?|gallons?|cubic met(?:er|re)s?|"
    r"tons?|tonnes?|kilos?|kilograms?)|[kMG]?Wh?|[kM]VA|kg|m3|m\N{SUPERSCRIPT THREE}|hl)" + _BEHIND
)
_MONEY = r"sales|revenues?|takings|turnover|income|receipts|spending|expenses|costs?|prices?|donations?|payments?"
_UNITS_OF = tuple(
    (re.compile(rf"\b(?:{subjects})\b", re.IGNORECASE), re.compile(rf"[^\S\n]?(?:{units}){_BEHIND}"))
    for subjects, units in (
        (r"temperatures?", r"(?i:degrees(?: celsius| fahrenheit)?)|\N{DEGREE SIGN} ?[CF]?"),
        (r"heart|pulse", r"(?i:beats(?: per minute| a minute)?)|bpm"),
        (r"\w*pressure", r"mmHg|hPa|mbar|bar"),
        (r"glucose|sugar|cholesterol|lactate|creatinine", r"mg/d[lL]|mmol/[lL]"),
        (_MONEY, r"(?i:euros?|dollars?|pounds?)|EUR|USD|GBP|CHF|[\N{EURO SIGN}$\N{POUND SIGN}]"),
    )
)
_IS_OF_MONEY = re.compile(rf"\b(?:{_MONEY})\b", re.IGNORECASE)
_CURRENCY = re.compile(r"[\N{EURO SIGN}$\N{POUND SIGN}]\s?\Z")
_BY, _NEAR = re.compile(r"\b(?:by|of)\s*\Z", re.IGNORECASE), 6
# "A day" behind "120" and behind "120 visitors".
_RATE = re.compile(r"(?: [^\W\d_]+){0,2}?(?P<per> ?/ ?| (?:per|an?) )(?P<unit>[a-z]+)\b", re.IGNORECASE)
# Roles of words: 0 for a word, 1 to 9 for a number by its form and bound, then windows by their kind, and days.
_WINDOW_ROLES = {"future": 10, "past": 11, "both": 12, "none": 13}
_DAY_ROLE = 14
# What stands for a mention of the series itself, and of another one of its table; both are plain words.
_NAMES = {True: "the series", False: "another series"}
_NAME_ROLE = 0
# What a clause without a name says of all series, and what it says of the one of the clause before.
_OF_ALL = re.compile(r"\b(?:all|every\w*|each|both|total|overall|together|whole)\b", re.IGNORECASE)
# Parts of a clause that say why or when something holds of a series.
_SUBORDINATE = re.compile(
    r"^(?:(?:and|but|so) )?(?:as|because|since|while|whereas|when|after|before|although|though|with|once|given|due to|"
    r"thanks to|owing to|despite|unlike)\b[^,]*,"
    r"|\b(?:as|because|since|while|whereas|although|though|when|after|due to|thanks to|owing to|driven by|caused by|"
    r"despite|given)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
# Changes of the weather, of prices and of staff; what they do to the series is another sentence.
_ANOTHER_QUANTITY = re.compile(
    r"\b(?:temperatures?|rainfall|precipitation|wind(?: speeds?)?|humidity|snowfall|sunshine|prices?|fares|wages|"
    r"salaries|"
    r"rents?|costs?|budgets?|inflation|interest rates?|staff|employees|volunteers|nurses|operators|drivers|beds|"
    r"followers|lead times?)\b"
    r"(?: (?!which|that|and|so|the|demand|load|consumption|sales|output|of the)[^\s,;:]+){0,4}? "
    r"(?:(?:is|are|was|were|will be)\b(?! (?:also |\w+ly )?\w+ing\b)|"
    r"(?:will(?! be\b)|rises?|rose|falls?|fell|drops?|dropped|increases?d?|decreases?d?|doubles?d?|reach(?:es)?|"
    r"exceeds?|goes|go|went|climbs?|stays?|needed)\b"
    r"(?! (?:also |then |\w+ly )?(?:cut|lift|add|rais|lower|reduc|boost|bring|cost|mean|caus|lead|driv|push|keep)))",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"^(?:(?:and|but|then|so|also|there(?:fore|after)|afterwards?)\b,? )?(?:it|its|they|their)\b"
    r"(?! (?:is|was|will be) (?:expected|likely|known|said|planned|assumed))"
    r"|(?<=\w )there\b(?! (?:is|are|will|would|was|were)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Part:
    """A number, window, name, verb or day that is compared with: its characters in the text and what stands for it."""

    start: int
    stop: int
    words: str
    role: int


def _told_before(grounding: Grounding, clauses: Sequence[Clause]) -> tuple[list[_Part], np.ndarray]:
    """Verbs that tell of times to come in the past tense, and whether each clause tells of no such times in it.

    A clause without a window may have the times of those before it.
    """
    ends = [clause.stop for clause in clauses]
    held: list[list[str]] = [[] for _ in (*clauses, None)]
    for window in grounding.windows:
        held[bisect_right(ends, window.start)].append(window.kind)
    parts, of_past = [], np.zeros(len(clauses), dtype=bool)
    for k, clause in enumerate(clauses):
        before = [kind for some in held[max(k - _FARTHEST, 0) : k] for kind in some]
        words = grounding.words(clause)[:MOST_CHARACTERS]
        forms = list(future_forms(words))
        if set(held[k] or before) == {"future"}:
            parts += [_Part(clause.start + a, clause.start + b, said, _NAME_ROLE) for a, b, said in forms]
        if set(held[k]) != {"future"}:
            main = _SUBORDINATE.sub(lambda part: " " * len(part.group()), words)
            of_past[k] = any(not main[a:b].isspace() and ":" not in words[b:] for a, b, _ in forms)
    return parts, of_past


def _unsaid(grounding: Grounding, unit: str) -> list[_Part]:
    """What goes without saying beside a value: its unit, and "a day" where each step is one."""
    parts = []
    is_of_money = _IS_OF_MONEY.search(grounding.text) is not None
    units = [_UNITS, *(unit for subject, unit in _UNITS_OF if subject.search(grounding.text))]
    for number in grounding.numbers:
        if number.form != "value":
            continue
        if named := next(filter(None, (unit.match(grounding.text, number.stop) for unit in units)), None):
            parts.append(_Part(named.start(), named.end(), "", _NAME_ROLE))
        before = _CURRENCY.search(grounding.text, max(number.start - 2, 0), number.start)
        if before is not None and is_of_money:
            parts.append(_Part(before.start(), number.start, "", _NAME_ROLE))
        rate = _RATE.match(grounding.text, number.stop)
        if rate is not None and UNITS.get(rate["unit"].lower()) == unit:
            parts.append(_Part(rate.start("per"), rate.end(), "", _NAME_ROLE))
    return parts


def _parts(grounding: Grounding, mentions: Sequence[Mention], others: Sequence[_Part]) -> list[_Part]:
    """Numbers, windows, names, days and others of a text with the words that stand for them, in their order."""
    told = {part.start: part.words.removeprefix("will ") for part in others}
    parts = [_Part(one.start, one.stop, _WINDOW_WORDS[one.kind], _WINDOW_ROLES[one.kind]) for one in grounding.windows]
    for number in grounding.numbers:
        words = grounding.words(number)
        if number.form == "factor" and any(letter.isdecimal() for letter in words):
            plain = "5 times" if "t" in words.lower() else "5x"
        else:
            # "Doubled" is a number and a verb.
            words = told.get(number.start, words)
            nothing = "unchanged" if number.form == "percent" else "zero"
            plain = _NUMBER_WORDS.get(number.form, words) if number.value else nothing
        # The sign of "-5" is that of a value, or turns "by -5" around; "minus 5" and "sales -5%" say what is done.
        is_change = number.form == "percent" and not _BY.search(
            grounding.text[max(number.start - _NEAR, 0) : number.start]
        )
        plain = f"minus {plain}" if number.value < 0 and (words[0].isalpha() or is_change) else plain
        role = 2 + 3 * _FORMS.index(number.form) + _BOUNDS[number.bound]
        parts.append(_Part(number.start, number.stop, plain, role))
    parts += [_Part(one.start, one.stop, "like on a Sunday", _DAY_ROLE) for one in grounding.references]
    for one in mentions:
        capital = grounding.text[one.start].isupper() and grounding.text[: one.start].rstrip()[-1:] in ("", *_STOPS)
        parts.append(
            _Part(one.start, one.stop, _NAMES[one.own].capitalize() if capital else _NAMES[one.own], _NAME_ROLE)
        )
    # A number in a name ("store 3") is a part of it.
    return sorted([*parts, *others], key=lambda part: (part.start, -part.stop))


def plain_clause(text: str, clause: Clause, parts: Sequence[_Part]) -> Written:
    """Words of a clause in which numbers, windows, names and days stand for all of their kind.

    So the choice of an operation depends on no magnitude, date or name, and the clauses of many series are one. What
    ends with its line ends with a period.

    Returns:
        The words, and for the first character of each part the characters that stand for it in them.
    """
    pieces, places, at, length = [], {}, clause.start, 0
    for part in parts:
        if part.start < at or part.start >= clause.stop:
            continue
        before = text[at : part.start]
        pieces += [before, part.words]
        places[part.start] = (length + len(before), length + len(before) + len(part.words))
        length += len(before) + len(part.words)
        at = part.stop
    pieces.append(text[at : max(clause.stop, at)])
    ends = _LINE_ENDS.match(text, clause.stop) or _ENDS_AT_MARK.match(text, clause.stop)
    if ends and pieces[-1].rstrip(CLOSING)[-1:] not in _NOT_ENDED:
        # As those that the head was trained with.
        pieces.append(".")
    return "".join(pieces)[:MOST_CHARACTERS], places


def context_features(
    grounding: Grounding, axis: Axis, mentions: Sequence[Mention] = (), is_measured: bool = False
) -> dict[str, Any]:
    """What the head that chooses operations reads of a text; the model adds the states of its words.

    Args:
        grounding: of the text, on the axis.
        axis: of the history and the horizon.
        mentions: of the series and of others of its table, from `SeriesNames`, in their order.
        is_measured: whether the series is none of the weather, of prices or of staff, from `SeriesNames`.

    Returns:
        `text`, `clause_span` int64 (clauses, 2) and `window_span` (windows + 1, 2), characters of its parts; `texts`,
        the words of each clause from `plain_clause`; `roles`, characters and role of each part of them; `clause_cut`
        bool (clauses,), whether the end of a clause is left out; `window_reasons`, why each has no step, else "".
        `grounding`, what was found, as plain data.
        Hints of single words, see `context_cues`: `cue_clause` int64 (cues,), `cue_place` int64 (cues, 2), characters
        in the words, and `cue_role` int64 (cues,).
        Numbers: `number`, places in the grounding, `number_clause`, the clause of each, `number_form` (0 value, 1
        percent, 2 factor) and `number_bound` (1 cap, -1 floor, 0 neither), int64 (numbers,), `number_place` int64
        (numbers, 2), characters in the words, and `number_value` float64.
        Pairs of a clause and a window that it may mean: `window_clause`, `window_owner`, the clause that the window
        stands in, and `window_index`, the last one of which is the whole horizon, int64 (pairs,), `window_place` int64
        (pairs, 2) and `window_cues` float32 (pairs, 8).
        `clause_cues` float32 (clauses, 12); `clause_links` float32 (clauses, 4), whether there is a clause before, and
        behind, and whether these are of the same sentence; `reference` int64 (clauses,), the weekday that a clause
        compares with, -1 for none; `shares` float64 (windows + 1, history + horizon), of each step the part that lies
        in a window; `about_another` bool (clauses,), whether a clause is said of another series, alone or beside this;
        `another_quantity` bool (clauses,), whether it is of the weather, prices or staff, where the series is not;
        `goes_on` bool (clauses,), whether a clause has the subject of the one before; it is none without that one;
        `of_past` bool (clauses,), whether it is in the past tense, and not of a time to come;
        `weekday` int64 (history + horizon,), -1 where a step is longer than a day; `day_length` int64, steps of a day;
        `history` int64, steps of the history.
    """
    clauses = grounding.clauses[:MOST_CLAUSES]
    verbs, of_past = _told_before(grounding, clauses)
    parts = _parts(grounding, mentions, [*verbs, *_unsaid(grounding, axis.unit)])
    starts = np.array([part.start for part in parts])
    written = []
    for clause in clauses:
        first, last = np.searchsorted(starts, (clause.start, clause.stop)) if parts else (0, 0)
        written.append(plain_clause(grounding.text, clause, parts[first:last]))
    ends = np.array([clause.stop for clause in clauses])

    def clause_of(start: int) -> int:
        return int(np.searchsorted(ends, start, side="right"))

    def named(part: Any) -> bool:
        """Whether a part is one of a name: the 3 of "store 3"."""
        k = bisect_right(mentions, part.start, key=lambda one: one.start) - 1
        return k >= 0 and part.start < mentions[k].stop

    def readable(part: Any) -> bool:
        k = clause_of(part.start)
        reaches = written[k][1].get(part.start, (0, MOST_CHARACTERS + 1))[1] if k < len(clauses) else 0
        return k < len(clauses) and reaches <= MOST_CHARACTERS and not named(part)

    numbers = [(k, one) for k, one in enumerate(grounding.numbers) if readable(one)]
    number_clause = [clause_of(one.start) for _, one in numbers]
    held: list[list[int]] = [[] for _ in clauses]
    for k, window in enumerate(grounding.windows):
        if readable(window):
            held[clause_of(window.start)].append(k)
    for own in held:
        # "On 28 May a furnace starts and adds 80 from then on": the day is that of the event alone.
        own[:] = [k for k in own if not (k + 1 in own and grounding.windows[k + 1].by_event)]
    numbered = set(number_clause)
    ahead = [any(grounding.windows[i].kind in ("future", "both") for i in own) for own in held]
    same_sentence = [not grounding.text[: one.stop].rstrip(CLOSING).endswith(_STOPS) for one in clauses[:-1]]
    # Of parts that begin at one character the longest stands in the words.
    roles = {part.start: part.role for part in reversed(parts)}
    goes_on = complete(
        written,
        roles,
        [k > 0 and same_sentence[k - 1] and ahead[k] for k in range(len(held))],
        [not any(cue.search(_NONE_THEN.sub("", words)) for cue in _TAKEN_BACK) for words, _ in written],
    )
    reference = np.full(len(clauses), -1)
    for one in grounding.references:
        if clause_of(one.start) < len(clauses) and not named(one):
            reference[clause_of(one.start)] = one.weekday

    pairs: list[tuple[int, int, int, tuple[int, int]]] = []
    cues: list[list[float]] = []
    whole = len(grounding.windows)
    for k in range(len(clauses)):
        around = [d for d in range(-_FARTHEST, _FARTHEST + 1) if d and 0 <= k + d < len(clauses)]
        for distance in [0] if held[k] else around:
            for index in held[k + distance]:
                window = grounding.windows[index]
                pairs.append((k, k + distance, index, written[k + distance][1][window.start]))
                cues.append(
                    [
                        float(distance == 0),
                        float(distance < 0),
                        float(abs(distance) == 1),
                        float(window.kind == "future"),
                        float(window.kind == "past"),
                        float(window.recurs),
                        float((k + distance) in numbered),
                        0.0,
                    ]
                )
        if not held[k]:
            pairs.append((k, k, whole, (0, 0)))
            cues.append([0.0] * 7 + [1.0])
    shares = np.zeros((whole + 1, len(axis)))
    for k, window in enumerate(grounding.windows):
        shares[k] = window.shares
    shares[whole, axis.history :] = 1
    forms = np.array([_FORMS.index(one.form) for _, one in numbers], dtype=np.int64)
    # The bound of one may be that of the clause before.
    bounds = np.array([roles[one.start] for _, one in numbers], dtype=np.int64) - 2 - 3 * forms
    owners = np.array(number_clause, dtype=np.int64)
    clause_cues = np.zeros((len(clauses), 8 + len(_TAKEN_BACK)), dtype=np.float32)
    for column, which in enumerate((forms == 0, forms == 1, forms == 2, bounds > 0, bounds < 0)):
        clause_cues[owners[which], column] = 1
    clause_cues[:, 5] = reference >= 0
    clause_cues[:, 6] = ahead
    clause_cues[:, 7] = [any(grounding.windows[i].kind == "past" for i in own) for own in held]
    for column, pattern in enumerate(_TAKEN_BACK, 8):
        clause_cues[:, column] = [pattern.search(words) is not None for words, _ in written]
    links = np.zeros((len(clauses), 4), dtype=np.float32)
    links[1:, 0] = links[:-1, 1] = 1
    links[1:, 2] = same_sentence
    links[:-1, 3] = links[1:, 2]
    spans = [(window.start, window.stop) for window in grounding.windows]
    hints = np.array([(k, *hint) for k, (words, _) in enumerate(written) for hint in cues_of(words)], dtype=np.int64)
    hints = hints.reshape(-1, 4)
    named_in: list[list[Mention]] = [[] for _ in clauses]
    for mention in mentions:
        k = clause_of(mention.start)
        if mention.about is not None and k < len(clauses) and mention.start in written[k][1]:
            named_in[k].append(mention)
    return {
        "text": grounding.text,
        "clause_span": np.array([(one.start, one.stop) for one in clauses], dtype=np.int64).reshape(-1, 2),
        "window_span": np.array([*spans, (0, 0)], dtype=np.int64),
        "texts": [words for words, _ in written],
        "clause_cut": np.array([len(words) == MOST_CHARACTERS for words, _ in written], dtype=bool),
        "window_reasons": [window.reason for window in grounding.windows],
        "grounding": grounding.summary() | {"names": [_named(grounding.text, one) for one in mentions]},
        "roles": [[(*place, roles[start]) for start, place in places.items()] for _, places in written],
        "cue_clause": hints[:, 0],
        "cue_place": hints[:, 1:3],
        "cue_role": hints[:, 3],
        "number": np.array([k for k, _ in numbers], dtype=np.int64),
        "number_clause": owners,
        "number_place": np.array(
            [written[k][1][one.start] for k, (_, one) in zip(number_clause, numbers, strict=True)], dtype=np.int64
        ).reshape(-1, 2),
        "number_value": np.array([one.value for _, one in numbers], dtype=np.float64),
        "number_form": forms,
        "number_bound": bounds,
        "window_clause": np.array([pair[0] for pair in pairs], dtype=np.int64),
        "window_owner": np.array([pair[1] for pair in pairs], dtype=np.int64),
        "window_index": np.array([pair[2] for pair in pairs], dtype=np.int64),
        "window_place": np.array([pair[3] for pair in pairs], dtype=np.int64).reshape(-1, 2),
        "window_cues": np.array(cues, dtype=np.float32).reshape(-1, 8),
        "clause_cues": clause_cues,
        "clause_links": links,
        "about_another": _about_another(grounding, named_in, links[:, 2] > 0),
        "of_past": of_past,
        "goes_on": goes_on,
        "another_quantity": _another_quantity(grounding, clauses, named_in) & is_measured,
        "shares": shares,
        "weekday": axis.weekdays(),
        "day_length": np.array(axis.day_length),
        "reference": reference.astype(np.int64),
        "history": np.array(axis.history),
    }


def _another_quantity(
    grounding: Grounding, clauses: Sequence[Clause], named: Sequence[Sequence[Mention]]
) -> np.ndarray:
    """Whether each clause says how the weather, prices or staff change, and names no series."""
    return np.array(
        [
            not mentions
            and _ANOTHER_QUANTITY.search(_SUBORDINATE.sub("", grounding.words(clause)[:MOST_CHARACTERS])) is not None
            for clause, mentions in zip(clauses, named, strict=True)
        ],
        dtype=bool,
    )


def _is_of_another(clause: str, start: int, named: Sequence[Mention]) -> bool:
    """Whether a clause that begins at `start` is said of another series, alone or beside this one.

    Names in its main part count, and others where there are none.
    """
    main = _SUBORDINATE.sub(lambda part: " " * len(part.group()), clause)
    told = [one for one in named if not main[one.start - start].isspace()]
    return any(not one.about for one in told or named)


def _about_another(grounding: Grounding, named: Sequence[Sequence[Mention]], same_sentence: np.ndarray) -> np.ndarray:
    """Whether each clause is said of another series.

    One without a name is of the series of the clause before, if it is of the same sentence and does not speak of all,
    or says "it" or "there".

    Args:
        grounding: of the text.
        named: mentions in each clause that tell of which series it is.
        same_sentence: whether the clause before each is of the same sentence.
    """
    another = np.zeros(len(named), dtype=bool)
    for k, (clause, mentions) in enumerate(zip(grounding.clauses, named, strict=False)):
        words = grounding.words(clause)
        if mentions:
            another[k] = _is_of_another(words, clause.start, mentions)
        elif k and (_PRONOUN.search(words) or (same_sentence[k] and not _OF_ALL.search(words))):
            another[k] = another[k - 1]
    return another


def with_values(features: dict[str, Any], grounding: Grounding, history: np.ndarray) -> dict[str, Any]:
    """Features with what depends on the values of a history.

    Args:
        features: from `context_features`.
        grounding: with the history, from `grounding.with_history`.
        history: (time,), NaN where missing.

    Returns:
        The features, `number_reasons`, why each number cannot be of the series, "" where it can, and `value_range`
        float64 (2,), the least and largest value of the history.
    """
    seen = history[np.isfinite(history)]
    return features | {
        "number_reasons": [grounding.numbers[k].reason for k in features["number"]],
        "value_range": np.array([seen.min(), seen.max()] if len(seen) else [0.0, 0.0]),
        "grounding": features["grounding"] | {"numbers": grounding.numbers_found()},
    }


def _named(text: str, mention: Mention) -> dict[str, Any]:
    """A mention as plain data."""
    return {"text": text[mention.start : mention.stop], **vars(mention)}


def prepare_context(
    text: str,
    history: Any,
    horizon: int,
    timestamps: Any,
    names: Sequence[object] = (),
    others: Sequence[object] = (),
) -> tuple[Grounding, dict[str, Any]]:
    """Ground a text and make its features.

    Args:
        text: as all but the names, see `ground`, which raises the same errors.
        history: (time,).
        horizon: steps ahead.
        timestamps: of both.
        names: of the series, see `SeriesNames`.
        others: names of other series that the text may speak of.
    """
    history = np.asarray(history, dtype=np.float64)
    axis = Axis(len(history), horizon, timestamps)
    grounding = with_history(ground_on_axis(text, axis), history)
    known = SeriesNames([[names], [others]])
    features = context_features(grounding, axis, known.mentions(grounding.text, 0), known.is_measured(0))
    return grounding, with_values(features, grounding, history)


__all__ = ["context_features", "prepare_context", "with_values"]
