"""Phrases of each split: those to train on, those to choose a model by, and those to test it with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from . import context_phrases, context_sentences, context_test_phrases

SPLITS = ("train", "validation", "test")
# Of each list, every eighth phrase is kept for validation.
_EVERY, _VALIDATION = 8, 6


@dataclass(frozen=True)
class Grammar:
    """Phrases of one split; see `context_phrases` for their templates."""

    predicates: Mapping[str, Sequence[str]]
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


def grammar_of(split: str) -> Grammar:
    """The phrases of "train", "validation" or "test"."""
    words: ModuleType = context_test_phrases if split == "test" else context_phrases
    sentences = (context_test_phrases if split == "test" else context_sentences).SENTENCES

    def each(lists: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        return {name: _of_split(phrases, split) for name, phrases in lists.items()}

    return Grammar(
        predicates=each(words.PREDICATES),
        sentences=each(sentences),
        past_faults=_of_split(words.PAST_FAULTS, split),
        tenses=_of_split(words.TENSES, split),
        frames=_of_split(words.FRAMES, split),
        timeless_frames=_of_split(words.TIMELESS_FRAMES, split),
        no_effect=each(words.NO_EFFECT),
        subjects=words.SUBJECTS,
        causes=words.CAUSES,
    )


__all__ = ["SPLITS", "Grammar", "grammar_of"]
