"""Phrases of each split: those to train on, those to choose a model by, and those to test it with."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

from . import context_compositions, context_phrases, context_sentences, context_test_phrases

SPLITS = ("train", "validation", "test")
# Of each list, every eighth phrase is kept for validation.
_EVERY, _VALIDATION = 8, 6
# Behind the name of a family: its whole sentences.
SENTENCE = ", sentence"
# Words that no phrase is kept out for.
_FILLERS = (
    "a an the of to at by on in it is be as if for and or not no than that there this will would was were been have "
    "has had with from up down over under units above below",
)


@dataclass(frozen=True)
class Grammar:
    """Phrases of one split; see `context_phrases` for their templates."""

    predicates: Mapping[str, Sequence[str]]
    composed: Mapping[str, Sequence[str]]
    sentences: Mapping[str, Sequence[str]]
    past_faults: Sequence[str]
    tenses: Sequence[str]
    frames: Sequence[str]
    timeless_frames: Sequence[str]
    no_effect: Mapping[str, Sequence[str]]
    subjects: Mapping[str, Sequence[str]]
    causes: Sequence[str]


def _of_split(phrases: Sequence[str], split: str) -> list[str]:
    is_validation = split == "validation"
    return [
        phrase for k, phrase in enumerate(phrases) if split == "test" or (k % _EVERY == _VALIDATION) == is_validation
    ]


def _words(phrases: Iterable[str]) -> set[str]:
    return set(re.findall(r"[a-z]+", " ".join(phrases).lower()))


def _composed(phrases: Sequence[str], train: Sequence[str], held_out: Sequence[str]) -> list[str]:
    """Composed phrases that are not held out and have no word that only held-out phrases have."""
    kept = _words(held_out) - _words(train)
    return [phrase for phrase in phrases if phrase not in held_out and not kept & _words([phrase])]


@lru_cache(maxsize=len(SPLITS))
def grammar_of(split: str) -> Grammar:
    """The phrases of "train", "validation" or "test"."""
    words: ModuleType = context_test_phrases if split == "test" else context_phrases
    sentences = (context_test_phrases if split == "test" else context_sentences).SENTENCES

    def each(lists: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        return {name: _of_split(phrases, split) for name, phrases in lists.items()}

    return Grammar(
        predicates=each(words.PREDICATES),
        composed={} if split != "train" else _all_composed(),
        sentences=each(sentences),
        past_faults=_of_split(words.PAST_FAULTS, split),
        tenses=_of_split(words.TENSES, split),
        frames=_of_split(words.FRAMES, split),
        timeless_frames=_of_split(words.TIMELESS_FRAMES, split),
        no_effect=each(words.NO_EFFECT),
        subjects=words.SUBJECTS,
        causes=words.CAUSES,
    )


def _all_composed() -> dict[str, list[str]]:
    """Composed predicates by family, sentences by "family, sentence", and those without an effect by kind."""
    found = {}
    lists = (
        ("", context_compositions.COMPOSED, context_phrases.PREDICATES, context_test_phrases.PREDICATES),
        (
            SENTENCE,
            context_compositions.COMPOSED_SENTENCES,
            context_sentences.SENTENCES,
            context_test_phrases.SENTENCES,
        ),
        ("", context_compositions.NO_EFFECT, context_phrases.NO_EFFECT, context_test_phrases.NO_EFFECT),
    )
    for kind, composed, phrases, test in lists:
        for name, some in composed.items():
            held_out = [*_of_split(phrases[name], "validation"), *test[name]]
            found[name + kind] = _composed(some, [*_of_split(phrases[name], "train"), *_FILLERS], held_out)
    return found


__all__ = ["SENTENCE", "SPLITS", "Grammar", "grammar_of"]
