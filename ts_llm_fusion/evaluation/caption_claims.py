"""Check of captions: where a short text says that a series rises, falls, peaks or dips, against the series."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Kind = Literal["rise", "fall", "above", "below", "peak", "trough", "bump", "dip"]

# Shares of the range of a series: what counts as a change, or still as the extreme; and the depth of a dip.
_TOLERANCE = 0.1
_DEPTH = 0.2

_BEGINNING = r"(?:begg?inn?ing?|start(?:ing point)?|outset)"
_MIDDLE = r"(?:middle|cent(?:er|re)|mid(?:point|way)?|half ?way(?: point)?)"
_END = r"(?:end(?:ing|point)?|finish)"
_ARTICLES = r"(?:(?:the|very|about|near|just)\s+)*"
_PART = r"(?:part|portion|section|stretch|few|value|point|steps?)"
_WHOLE, _FIRST_HALF, _SECOND_HALF = (0.0, 1.0), (0.0, 1 / 2), (1 / 2, 1.0)
_PARTS = {"beginning": (0.0, 1 / 3), "middle": (1 / 3, 2 / 3), "end": (2 / 3, 1.0)}
_ORDINALS = {"first": 0, "initial": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3}
_FRACTIONS = {"half": 2, "third": 3, "quarter": 4}
_FRACTION = re.compile(rf"\b({'|'.join(_ORDINALS)}|last|final|latter|middle)\s+({'|'.join(_FRACTIONS)})\b")
_STRETCH = re.compile(
    rf"\b(?:from|between)\s+{_ARTICLES}({_BEGINNING}|{_MIDDLE})\s+(?:to|and|till?|until|towards?|through)\s+"
    rf"{_ARTICLES}({_MIDDLE}|{_END})\b"
)
# Phrases of a place in the order in which they are looked for; `None` is a place that cannot be told.
_PLACES = [
    (re.compile(pattern), place)
    for pattern, place in (
        (r"\bfirst two thirds\b", (0.0, 2 / 3)),
        (r"\b(?:last|final) two thirds\b", (1 / 3, 1.0)),
        (rf"\b(?:from|after|past|since)\s+{_ARTICLES}{_MIDDLE}\b|\b{_MIDDLE}\s+onwards?\b", _SECOND_HALF),
        (rf"\b(?:before|until|till?|up to|to)\s+{_ARTICLES}{_MIDDLE}\b", _FIRST_HALF),
        (rf"\b(?:after|past|before)\s+{_ARTICLES}(?:{_BEGINNING}|{_END})\b", None),
        (rf"\b(?:from|since)\s+{_ARTICLES}{_BEGINNING}\b|\b(?:until|till?|to|through)\s+{_ARTICLES}{_END}\b", _WHOLE),
        (r"\b(?:throughout|overall|entire(?:ly)?|whole)\b", _WHOLE),
        (rf"\bfirst\s+{_PART}\b|\binitial(?:ly)?\b|\bearly\b", _PARTS["beginning"]),
        (rf"\blast\s+{_PART}\b|\bfinal\b|\blate\b", _PARTS["end"]),
        (rf"\b(?:in|at|near|towards?|by|around|of|on|during|the|very)\s+{_BEGINNING}\b", _PARTS["beginning"]),
        (rf"\b(?:in|at|near|towards?|by|around|of|on|during|the|very)\s+{_END}\b", _PARTS["end"]),
        (rf"\b{_MIDDLE}\b", _PARTS["middle"]),
    )
]
_STARTS = re.compile(r"\b(?:starts?|started|begins?|began)\b")
_ENDS = re.compile(r"\b(?:ends?|ended|ending|finish(?:es|ed)?)\b")

_SMALL = r"(?:small|slight|little|minor|tiny)\s+"
_WORDS: dict[Kind, str] = {
    "rise": r"increase[sd]?|increasing|ris(?:es?|en|ing)|rose|climb\w*|gr[eo]w\w*|soar\w*|surg\w+|jump\w*|ascen\w+"
    r"|inclines?|upwards?|uphill|up(?:tick|turn|trend)s?|(?:go(?:es|ing)?|shoots?|moves?) up",
    "fall": r"decrease[sd]?|decreasing|declin\w+|falls?|fallen|falling|fell|drop\w*|sinks?|sank|plung\w+|plummet\w*"
    r"|descen\w+|reduc\w+|downwards?|downhill|down(?:tick|turn|trend)s?|(?:go(?:es|ing)?|slides?|moves?) down",
    "bump": rf"bumps?|humps?|hills?|spik(?:es?|ed|ing)|{_SMALL}peaks?",
    "dip": rf"dip(?:s|ped|ping)?|valleys?|{_SMALL}troughs?",
    "peak": r"peak(?:s|ed|ing)?|maximum|max|highest|high ?point|climax\w*",
    "trough": r"trough\w*|minimum|min|lowest|low ?point|bottom\w*",
}
_KINDS = {kind: re.compile(rf"\b(?:{words})\b") for kind, words in _WORDS.items()}
_COMPARISON = re.compile(
    rf"\b(?:ends?|ended|ending|endpoint|final|finish\w*|last)\b.*\b(?:(higher|above|greater|larger)|lower|below|less"
    rf"|smaller)\b.*\b(?:than|where|the|its?)\b.*\b(?:{_BEGINNING}|starts|started|began|begins|initial|first)\b"
)
_NEGATION = re.compile(r"\b(?:no|not|never|without|neither|nor|hardly|barely|stops?|slows|\w+n't|do(?:es)?nt)\b")
_BREAK = re.compile(r"[.,;:!?]|\b(?:and|then|but|while|with|except|however|although|followed by)\b")
_PHRASES: dict[Kind, str] = {
    "rise": "rises",
    "fall": "falls",
    "above": "ends above its first value",
    "below": "ends below its first value",
    "peak": "has its highest value",
    "trough": "has its lowest value",
    "bump": "has a bump",
    "dip": "has a dip",
}


@dataclass(frozen=True)
class CaptionClaim:
    """What a caption says of a stretch of a series.

    Args:
        kind: "rise" and "fall", from the first to the last value of the stretch; "above" and "below", the last value
            beside the first; "peak" and "trough", that the extreme of the series is there; "bump" and "dip", that a
            value there is above, or below, values on both sides of it.
        start: of the stretch, as a share of the series.
        end: of the stretch, as a share of the series.
    """

    kind: Kind
    start: float
    end: float


def _fraction(match: re.Match[str]) -> tuple[float, float] | None:
    """Place of an ordinal and a fraction, such as "second half"."""
    ordinal, parts = match[1], _FRACTIONS[match[2]]
    if ordinal == "middle":
        return (1 / 3, 2 / 3) if parts == 3 else None
    number = parts - 1 if ordinal in ("last", "final", "latter") else _ORDINALS[ordinal]
    return (number / parts, (number + 1) / parts) if number < parts else None


def _stretch(match: re.Match[str]) -> tuple[float, float]:
    """Place of two parts with "from ... to" or "between ... and"."""
    start = 0.0 if re.fullmatch(_BEGINNING, match[1]) else 1 / 2
    return start, 1 / 2 if re.fullmatch(_MIDDLE, match[2]) else 1.0


def _find_places(clause: str) -> list[tuple[float, float] | None]:
    places: list[tuple[float, float] | None] = []
    for pattern, place in ((_FRACTION, _fraction), *_PLACES):
        for match in pattern.finditer(clause):
            places.append(place(match) if callable(place) else place)
        clause = pattern.sub(" ", clause)
    return places


def _find_kinds(clause: str) -> list[Kind]:
    kinds: list[Kind] = []
    for kind, pattern in _KINDS.items():
        clause, count = pattern.subn(" ", clause)
        kinds += [kind] * bool(count)
    return kinds


def _clause_claim(clause: str, place: tuple[float, float] | None, is_whole: bool) -> CaptionClaim | None:
    """Claim of a clause; `place` is one that was found already, `is_whole` that the caption has no other clause."""
    if _NEGATION.search(clause):
        return None
    kinds = _find_kinds(clause)
    if not kinds and (comparison := _COMPARISON.search(clause)):
        return CaptionClaim("above" if comparison[1] else "below", *_WHOLE)
    places = [*([] if place is None else [place]), *_find_places(clause)]
    if len(kinds) != 1 or len(set(places)) > 1:
        return None
    is_direction = kinds[0] in ("rise", "fall")
    if not places:
        if _ENDS.search(clause):
            places = [_PARTS["end"]]
        elif _STARTS.search(clause):
            places = [_PARTS["beginning"]]
        else:
            places = [_WHOLE if is_direction and is_whole else None]
    found = places[0]
    # Every series has its extremes somewhere.
    if found is None or (found == _WHOLE and not is_direction):
        return None
    return CaptionClaim(kinds[0], *found)


def find_claims(caption: str) -> list[CaptionClaim]:
    """Find the claims of a short English caption that can be checked, at most one a clause.

    A clause counts if it has one word of a direction or of an extreme, one place, and no negation. The beginning, the
    middle and the end are thirds of a series. A direction without a place, in a caption of one clause, is that of the
    whole series. What people call flat, steady, sharp or volatile is not checked: in TRUCE, "flat" holds by any simple
    rule hardly more often for the series that people wrote it of than for others.

    Example:

    ```python
    >>> find_claims("rises at the beginning, and peaks in the second half")
    [CaptionClaim(kind='rise', start=0.0, end=0.3333333333333333), CaptionClaim(kind='peak', start=0.5, end=1.0)]
    ```
    """
    text = caption.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    # "ends with a rise" is of the end, and "a rise with a dip" two clauses.
    text = re.sub(r"\b(end\w*|finish\w*|start\w*|beg[aiu]n\w*) with\b", r"\1 at", text)
    stretch = _STRETCH.search(text)
    place = _stretch(stretch) if stretch else None
    if stretch:
        text = f"{text[: stretch.start()]} @ {text[stretch.end() :]}"
    clauses = [clause for clause in _BREAK.split(text) if clause.strip()]
    claims = [_clause_claim(clause, place if "@" in clause else None, len(clauses) == 1) for clause in clauses]
    return [claim for claim in claims if claim is not None]


def _is_extreme(values: np.ndarray, inside: np.ndarray, kind: Kind) -> bool:
    """Whether an extreme, upward, is where a claim says; arguments as those of `claim_holds`."""
    highest = np.where(inside, values, -np.inf).argmax()
    if kind == "peak":
        return bool(np.ptp(values) > 0 and values[highest] >= values.max() - _TOLERANCE * np.ptp(values))
    # A bump at an end of the series has one side only.
    sides = [side.min() for side in (values[:highest], values[highest + 1 :]) if len(side)]
    return bool(values[highest] - max(sides) > _DEPTH * np.ptp(values))


def claim_holds(claim: CaptionClaim, values: np.ndarray) -> bool | None:
    """Check a claim.

    A rise or fall is one of more than a tenth of the range of the series. A peak or trough is there if a value there
    is within a tenth of the range of the extreme of the series; a bump or dip if the extreme of the stretch is above,
    or below, some values on both sides of it by more than a fifth of the range.

    Args:
        claim: of a caption.
        values: (time,), with NaN where a value is missing.

    Returns:
        `None` where fewer than two values of the stretch are known.
    """
    values = np.asarray(values, dtype=np.float64)
    shares = np.linspace(0, 1, len(values))
    observed = np.isfinite(values)
    values, shares = values[observed], shares[observed]
    inside = (shares >= claim.start - 1e-9) & (shares <= claim.end + 1e-9)
    if inside.sum() < 2:
        return None
    is_upward = claim.kind in ("rise", "above", "peak", "bump")
    values = values if is_upward else -values
    if claim.kind in ("rise", "fall", "above", "below"):
        first, *_, last = values[inside]
        least = 0.0 if claim.kind in ("above", "below") else _TOLERANCE * np.ptp(values)
        return bool(last - first > least)
    return _is_extreme(values, inside, "peak" if claim.kind in ("peak", "trough") else "bump")


def caption_fault(caption: str, values: np.ndarray) -> str | None:
    """Name the first claim of a caption that does not hold for its series.

    People write loosely: in TRUCE, one in eight of those with a claim does not hold.

    Args:
        caption: of the series.
        values: (time,), with NaN where a value is missing.

    Returns:
        One line; `None` for a caption whose claims hold, or that has none.

    Example:

    ```python
    >>> caption_fault("falls at the end", np.arange(12.0))
    'The caption says that the series falls between 67 % and 100 % of its length, which it does not.'
    ```
    """
    false = next((claim for claim in find_claims(caption) if claim_holds(claim, values) is False), None)
    if false is None:
        return None
    place = f"between {100 * false.start:.0f} % and {100 * false.end:.0f} % of its length"
    return f"The caption says that the series {_PHRASES[false.kind]} {place}, which it does not."


def _held(caption: str, values: np.ndarray) -> list[bool]:
    """Whether each claim of a caption holds, of those that can be checked."""
    checked = [claim_holds(claim, values) for claim in find_claims(caption)]
    return [holds for holds in checked if holds is not None]


def claim_metrics(captions: Sequence[str], samples: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Metrics of the claims of captions.

    Args:
        captions: generated texts, in the order of the samples.
        samples: samples with `answer`, the true caption, and `time_series`.

    Returns:
        "with_claims", the share of captions with a claim that can be checked; "claims_hold", the share of these
        captions whose claims all hold, and not there where none has a claim; "true_with_claims" and
        "true_claims_hold", the same of the true captions, an upper bound of it below one as people write loosely.
        Nothing where no true caption has a claim. Samples that do not have exactly one series are left out.
    """
    rows = [row for row, sample in enumerate(samples) if len(sample.get("time_series") or ()) == 1]
    held: dict[str, list[list[bool]]] = {"": [], "true_": []}
    for row in rows:
        values = np.asarray(samples[row]["time_series"][0], dtype=np.float64)
        held[""].append(_held(captions[row], values))
        held["true_"].append(_held(samples[row]["answer"], values))
    if not any(held["true_"]):
        return {}
    metrics = {}
    for prefix, claims in held.items():
        checked = [all(holds) for holds in claims if holds]
        metrics[f"{prefix}with_claims"] = len(checked) / len(claims)
        if checked:
            metrics[f"{prefix}claims_hold"] = sum(checked) / len(checked)
    return metrics
