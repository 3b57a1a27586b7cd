"""Stages of a curriculum: their settings, their questions, and the samples of earlier stages among them."""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, concatenate_datasets

from ..data.entries import SPLITS
from ..data.qa.questions import QuestionArguments, find_source, prepare_questions
from ..data.qa.samples import QuestionData
from ..errors import UserError
from ..training.arguments import RecipeParser, mapping
from ..training.runs import check_ranges
from .sft import SFT_SETTINGS

# Settings of the model that the stages have in common, as each goes on with that of the stage before.
_OF_THE_MODEL = ("model_name_or_path", "encoder_name_or_path", "forecaster", "scale_text")
# Settings that a stage may change from one start of the command to the next.
_OF_ONE_START = (
    "disable_tqdm",
    "report_to",
    "run_name",
    "save_total_limit",
    "dataloader_num_workers",
    "dataloader_persistent_workers",
    "dataset_num_proc",
)
_NAME = re.compile(r"[\w-]+")
START = "start"


@dataclass
class StageArguments:
    """Questions of a stage, beside those of `QuestionArguments`."""

    mix: dict[str, Any] | str | None = field(
        default=None,
        metadata={
            "help": "Sets of questions, in place of data -> their shares of the training samples, no sample of which "
            "comes twice in an epoch."
        },
    )
    at_most: dict[str, Any] | str | None = field(
        default=None,
        metadata={"help": "Split (train, validation or test) -> most of its samples, drawn at random."},
    )
    replay: float = field(
        default=0.0,
        metadata={
            "help": "Share of the training samples of a stage that are samples of the stages before it, of each the "
            "same number, against forgetting."
        },
    )

    def __post_init__(self):
        if not 0 <= self.replay < 1:
            raise UserError(f"replay is {self.replay}; it must be a share from 0 to below 1.")
        for name in ("mix", "at_most"):
            self._check(name, mapping(getattr(self, name), name) or {})
        unknown = sorted(set(mapping(self.at_most, "at_most") or {}) - set(SPLITS))
        if unknown:
            raise UserError(f"at_most: {unknown[0]!r} is not a split; splits are {', '.join(SPLITS)}.")

    @staticmethod
    def _check(name: str, values: Mapping[str, Any]) -> None:
        wrong = next(
            (key for key, value in values.items() if not isinstance(value, int | float) or not value > 0), None
        )
        if wrong is not None:
            raise UserError(f"{name}: {wrong} is {values[wrong]!r}; give a number above 0.")


# Settings of a stage.
STAGE_SETTINGS = (StageArguments, QuestionArguments, *SFT_SETTINGS[1:])


@dataclass(frozen=True)
class Stage:
    """Stage of a curriculum.

    Args:
        name: its name, and that of its folder.
        number: its place, from 0.
        given: its settings by name, the common ones among them, without those of the model.
        folder: folder of its checkpoint and report.
    """

    name: str
    number: int
    given: Mapping[str, Any]
    folder: Path

    def settings(self, **changes: Any) -> tuple[Any, ...]:
        """Instances of `STAGE_SETTINGS`, with further settings."""
        return RecipeParser(STAGE_SETTINGS).parse_settings(
            {**self.given, **changes, "output_dir": str(self.folder), "resume_from_checkpoint": "auto"}
        )

    def identity(self) -> dict[str, Any]:
        """Settings that the result depends on, as they are read from JSON."""
        kept = {
            name: value
            for name, value in self.given.items()
            if name not in _OF_ONE_START and not name.startswith("logging_")
        }
        return json.loads(json.dumps(kept))


def model_settings(common: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the common settings that make the model of the first stage."""
    config = [entry.name for entry in dataclasses.fields(SFT_SETTINGS[3])]
    return {name: value for name, value in common.items() if name in (*config, *_OF_THE_MODEL)}


def read_stages(curriculum: dict[str, Any] | str | None, common: Mapping[str, Any], output: Path) -> list[Stage]:
    """Stages of a curriculum in their order, all settings checked.

    Args:
        curriculum: name -> settings of the stage.
        common: settings of all stages, and of the model.
        output: folder of the curriculum.

    Raises:
        ValueError: no stages, a name that is none of a folder, settings that are unknown, of the wrong kind or those
            of the model, or a set of questions that is unknown or has no training split.
        OSError: a file of questions is not there.
    """
    described = mapping(curriculum, "curriculum") or {}
    if not described:
        raise UserError("curriculum has no stages; give a mapping of names to their settings.")
    of_model = model_settings(common)
    shared = {name: value for name, value in common.items() if name not in of_model}
    stages = []
    for number, (name, own) in enumerate(described.items()):
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name == START:
            raise UserError(
                f"curriculum: {name!r} is not a name of a stage; take letters, digits, - and _, but not {START!r}."
            )
        if not isinstance(own, dict | None):
            raise UserError(f"curriculum: {name} is {own!r}; give a mapping of settings.")
        taken = next(iter(model_settings(own or {})), None)
        if taken is not None:
            raise UserError(f"curriculum: {name} sets {taken}, which all stages share; set it beside curriculum.")
        stage = Stage(name, number, {**shared, **(own or {})}, output / name)
        try:
            _check_stage(stage)
        except UserError as error:
            raise UserError(f"curriculum: {name}: {error}") from None
        stages.append(stage)
    return stages


def _check_stage(stage: Stage) -> None:
    arguments, question, *_, model_arguments, training = stage.settings()
    for name in mixed_sets(arguments, question):
        source = find_source(name)
        missing = [split for split in SPLITS if split not in source.splits]
        if missing:
            raise UserError(f"{name} has no {missing[0]} split; it is to evaluate on, not to train.")
    check_ranges(training)
    if not training.load_best_model_at_end:
        raise UserError("load_best_model_at_end is off; a stage hands its best weights to the next one.")
    if training.refit and model_arguments.use_peft:
        raise UserError("refit goes on with a whole model, and use_peft trains adapters; leave one of them out.")


def mixed_sets(arguments: StageArguments, question: QuestionArguments) -> dict[str, float]:
    """Set of questions -> share of the training samples of a stage; the shares sum to 1."""
    mixed = mapping(arguments.mix, "mix") or {question.data: 1.0}
    return {name: share / sum(mixed.values()) for name, share in mixed.items()}


def _draw(samples: Dataset, count: int, rng: np.random.Generator) -> Dataset:
    """Draw samples at random, each as often as another, but for one, where there are fewer than `count`."""
    repeats = -(-count // len(samples))
    order = np.concatenate([rng.permutation(len(samples)) for _ in range(repeats)])
    return samples.select(order[:count])


def mix_samples(
    sets: Sequence[Dataset], shares: Sequence[float], most: int | None, rng: np.random.Generator
) -> Dataset:
    """Mix samples of sets by their shares, as many as there are without taking one twice, at most `most`."""
    total = min(len(samples) / share for samples, share in zip(sets, shares, strict=True))
    total = total if most is None else min(total, most)
    counts = [min(len(samples), round(total * share)) for samples, share in zip(sets, shares, strict=True)]
    if all(count == len(samples) for count, samples in zip(counts, sets, strict=True)):
        return concatenate_datasets(list(sets))
    return concatenate_datasets([_draw(samples, count, rng) for samples, count in zip(sets, counts, strict=True)])


def replayed_samples(count: int, share: float, earlier: Sequence[Dataset], rng: np.random.Generator) -> Dataset | None:
    """Draw samples of earlier stages, of each the same number, to be a share of the training samples of a stage.

    Args:
        count: number of the stage's own training samples.
        share: share of the drawn ones among all, from 0 to below 1.
        earlier: training samples of the earlier stages.
        rng: random generator.

    Returns:
        The samples, or None if there are to be none.
    """
    drawn = round(count * share / (1 - share))
    if not drawn or not earlier:
        return None
    sizes = [len(part) for part in np.array_split(np.arange(drawn), len(earlier))]
    return concatenate_datasets(
        [_draw(samples, size, rng) for samples, size in zip(earlier, sizes, strict=True) if size]
    )


def stage_rng(stage: Stage, purpose: int) -> np.random.Generator:
    """Random generator of a stage, a function of its seed and place and of the purpose alone."""
    return np.random.default_rng([stage.settings()[-1].seed, stage.number, purpose])


def prepare_stage(stage: Stage) -> QuestionData:
    """Prepare the questions of a stage.

    Raises:
        ValueError, OSError: as `prepare_questions`.
    """
    arguments, question, synthetic, archive, *_, training = stage.settings()
    shares = mixed_sets(arguments, question)
    parts = [
        prepare_questions(replace(question, data=name), synthetic, archive, num_proc=training.dataset_num_proc)
        for name in shares
    ]
    most, rng = mapping(arguments.at_most, "at_most") or {}, stage_rng(stage, 0)
    splits = {}
    for split in SPLITS:
        sets = [part.splits[split] for part in parts]
        if split == "train":
            splits[split] = mix_samples(sets, list(shares.values()), most.get(split), rng)
        else:
            whole = concatenate_datasets(sets)
            count = min(len(whole), most.get(split, len(whole)))
            splits[split] = whole if count == len(whole) else _draw(whole, count, rng)
    return QuestionData(splits, reduce(lambda known, part: known | part.labels, parts, {}))
