"""Phrases of each split: those to train on, those to choose a model by, and those to test it with.

The files in `phrases` have an author each; some wrote nothing but sentences that change nothing, of which real texts
have the most. Validation and test have authors of their own, so that they measure how a model reads people whose
phrases it has not seen.

A phrase is a template: `{n}` and `{m}` are numbers, `{p}` an amount as a share, `{v}`, `{t}` and `{q}` factors, `{d}`
a day that is compared with, `{w}` a window of time, `{s}` the series, `{t}` in a frame its tense, `{f}` what it does,
`{c}` a cause, `{o}` another series. Capitals begin a sentence.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from .context_composed_frames import COMPOSED_FRAMES, COMPOSED_SUBJECTS, COMPOSED_TENSES, COMPOSED_TIMELESS_FRAMES
from .context_compositions import COMPOSED, COMPOSED_FAULTS, COMPOSED_NO_EFFECT, COMPOSED_SENTENCES

SPLITS = ("train", "validation", "test")
# Families of effects that phrases state; "ignore" has sentences alone, `past_faults`.
FAMILIES = (
    "zero", "set", "times", "rise", "cut", "plus", "minus", "cap", "floor", "range", "flat", "reverse", "like_day",
    "ramp_up", "ramp_down", "ignore",
)  # fmt: skip
# Authors of the phrases of each split.
_AUTHORS = {
    "train": (
        "general",
        "commerce",
        "operations",
        "notes",
        "venues",
        "agencies",
        "networks",
        "wards",
        "markets",
        "messages",
        "bulletins",
        "farms",
        "controls",
        "press",
        "waterworks",
        "plain",
        "ports",
        "factories",
        "energy",
        "kitchens",
        "transit",
        "airports",
        "callcenters",
        "hotels",
        "incidents",
        "insurers",
        "laboratories",
        "parks",
        "planners",
        "retailers",
        "schools",
        "shopkeepers",
        "stages",
        "villages",
        "warehouses",
    ),
    "validation": ("institutions", "rinks"),
    "test": ("cityhall", "platform", "pharmacies", "breweries", "libraries", "quarries"),
}
# Authors of sentences that change nothing, and of nothing else.
_NO_EFFECT_AUTHORS = {
    "train": (
        "gyms",
        "vets",
        "workshops",
        "museums",
        "centers",
        "hospitals",
        "software",
        "volunteers",
        "technicians",
        "accountants",
        "stations",
        "universities",
        "restaurants",
        "works",
        "growers",
        "webshops",
        "gauges",
        "counties",
        "wholesalers",
        "operators",
        "resorts",
        "theaters",
        "traders",
        "clinicians",
        "facilities",
        "personnel",
        "purchasing",
        "terminals",
        "banks",
        "secretaries",
        "utilities",
        "harbors",
        "analysts",
        "chains",
        "services",
        "clubs",
        "bakeries",
        "bikeshare",
        "broadcasters",
        "claims",
        "dairies",
        "datacenters",
        "daycares",
        "ferries",
        "fishfarms",
        "foodbanks",
        "mills",
        "pools",
        "railways",
        "telecoms",
        "wardclerks",
    ),
    "validation": (
        "zoos",
        "couriers",
        "emergencies",
        "housing",
        "wineries",
        "branches",
        "depots",
        "papers",
        "labs",
        "foremen",
    ),
    "test": (),
}
# Composed phrases by family, sentences by "family, sentence", those without an effect by kind, and their parts.
SENTENCE = ", sentence"
_COMPOSED = {
    **COMPOSED,
    **{family + SENTENCE: some for family, some in COMPOSED_SENTENCES.items()},
    **COMPOSED_NO_EFFECT,
    "ignore": COMPOSED_FAULTS,
    "frames": COMPOSED_FRAMES,
    "timeless_frames": COMPOSED_TIMELESS_FRAMES,
    "tenses": COMPOSED_TENSES,
    "subjects": COMPOSED_SUBJECTS,
}


@dataclass(frozen=True)
class Grammar:
    """Phrases of one split.

    Args:
        predicates: by family, what follows "will" or "is expected to".
        composed: the same, put together from parts; see `SENTENCE`.
        sentences: by family; one without `{w}` and `{W}` holds for the whole horizon.
        past_faults: sentences on a stretch of the past that is not to be used.
        tenses: what stands before a predicate.
        frames: sentences about a predicate.
        timeless_frames: the same without a window, for the whole horizon.
        no_effect: by kind, sentences that change nothing.
        subjects: names of the series.
        causes: with their articles.
    """

    predicates: Mapping[str, Sequence[str]]
    composed: Mapping[str, Sequence[str]]
    sentences: Mapping[str, Sequence[str]]
    past_faults: Sequence[str]
    tenses: Sequence[str]
    frames: Sequence[str]
    timeless_frames: Sequence[str]
    no_effect: Mapping[str, Sequence[str]]
    subjects: Sequence[str]
    causes: Sequence[str]


def _read(name: str) -> Any:
    return json.loads(files(__package__).joinpath("phrases", f"{name}.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def other_names() -> dict[str, list[str]]:
    """Names of other series (`others`), of `places` and of `units`, for all splits."""
    return _read("names")


def _joined(phrases: Sequence[Sequence[str]], known: Iterable[str]) -> list[str]:
    """Phrases of some authors, each once, without those that are known."""
    had = set(known)
    return [phrase for phrase in dict.fromkeys(one for some in phrases for one in some) if phrase not in had]


@lru_cache(maxsize=len(SPLITS))
def grammar_of(split: str) -> Grammar:
    """The phrases of "train", "validation" or "test"; one that is in several is of the first of them.

    Tenses ("will", "is due to") are the authors' own in each: the language has few.
    """
    authors = [_read(name) for name in (*_AUTHORS[split], *_NO_EFFECT_AUTHORS[split])]
    earlier = [grammar_of(name) for name in SPLITS[: SPLITS.index(split)]]

    def phrases(name: str) -> list[str]:
        known = (one for had in earlier for one in (*getattr(had, name), *had.composed.get(name, ())))
        return _joined([author.get(name, ()) for author in authors], known)

    def by_name(name: str, kind: str = "") -> dict[str, list[str]]:
        found = {}
        for key in authors[0][name]:
            known = (one for had in earlier for one in (*getattr(had, name)[key], *had.composed.get(key + kind, ())))
            found[key] = _joined([author.get(name, {}).get(key, ()) for author in authors], known)
        return found

    return Grammar(
        predicates=by_name("predicates"),
        composed=_COMPOSED if split == "train" else {},
        sentences=by_name("sentences", SENTENCE),
        past_faults=phrases("past_faults"),
        tenses=_joined([author.get("tenses", ()) for author in authors], ()),
        frames=phrases("frames"),
        timeless_frames=phrases("timeless_frames"),
        no_effect=by_name("no_effect"),
        subjects=phrases("subjects"),
        causes=phrases("causes"),
    )


__all__ = ["FAMILIES", "SENTENCE", "SPLITS", "Grammar", "grammar_of", "other_names"]
