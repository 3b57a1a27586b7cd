"""Recipe of a curriculum: stages of fine-tuning, each from the best weights of the one before."""

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from accelerate import PartialState
from datasets import concatenate_datasets
from transformers import AutoModelForCausalLM, AutoProcessor, set_seed
from trl import ModelConfig

from ..data.qa.archives import ArchiveArguments
from ..data.qa.questions import QuestionArguments
from ..data.qa.samples import QuestionData
from ..data.qa.synthetic import SyntheticArguments
from ..errors import UserError
from ..evaluation.answers import overall_metrics, task_metrics
from ..evaluation.report import align_columns, markdown_table
from ..families import BUILT_IN_NAME
from ..files import check_output_folder, write_json, write_yaml
from ..hub.push import Publication, requested_publication
from ..modeling.modeling_tsfusion_causal_lm import TSFusionForCausalLM
from ..suggestions import nearest
from ..training.answers import generate_shared_answers
from ..training.arguments import RecipeParser, changed_settings
from ..training.sft import TSLMTrainingArguments
from ..training.tslm_models import TSLMArguments
from .endings import RECIPE, carry_recipe, saved_report
from .sft import SFT_SETTINGS, Earlier, build_model, fit_encoder, train_on_questions
from .stages import (
    STAGE_SETTINGS,
    START,
    Stage,
    StageArguments,
    model_settings,
    prepare_stage,
    read_stages,
    replayed_samples,
    stage_rng,
)

logger = logging.getLogger(__name__)

STATE_FILE = "curriculum.json"


@dataclass
class CurriculumArguments:
    """Stages of a curriculum."""

    curriculum: dict[str, Any] | str | None = field(
        default=None,
        metadata={
            "help": "Stages in their order: name -> settings of train sft, mix, at_most and replay, where they differ "
            "from the common ones."
        },
    )
    stages: list[str] | None = field(default=None, metadata={"help": "Names of stages to run; all by default."})


# Settings of the recipe; those beside `CurriculumArguments` are common to the stages.
CURRICULUM_SETTINGS = (CurriculumArguments, *STAGE_SETTINGS)


class _State:
    """What is done of a curriculum, in a file that the first process writes.

    Args:
        folder: of the curriculum.
        names: of the stages, in order.
    """

    def __init__(self, folder: Path, names: Sequence[str]):
        self.path = folder / STATE_FILE
        self._order = {name: place for place, name in enumerate((START, *names))}
        # Every process reads the file before the first one writes.
        read = json.loads(self.path.read_text(encoding="utf-8")) if self.path.is_file() else {}
        # Stage -> what it was trained by and from, and whether it is done.
        self.stages: dict[str, dict[str, Any]] = read.get("stages", {})
        # Trained stage -> stage of the questions -> metric on their validation split.
        self.validation: dict[str, dict[str, dict[str, float]]] = read.get("validation", {})
        PartialState().wait_for_everyone()

    def is_done(self, stage: Stage) -> bool:
        return bool(self.stages.get(stage.name, {}).get("done"))

    def forget(self, name: str) -> None:
        """Forget a stage, and the metrics on its questions, which may be others next."""
        self.stages.pop(name, None)
        self.validation.pop(name, None)
        for row in self.validation.values():
            row.pop(name, None)

    def content(self) -> dict[str, Any]:
        """Contents of the file, in the order of the curriculum."""
        last = len(self._order)

        def ordered(values: Mapping[str, Any]) -> dict[str, Any]:
            return dict(sorted(values.items(), key=lambda item: self._order.get(item[0], last)))

        rows = {name: ordered(row) for name, row in self.validation.items()}
        return {"stages": ordered(self.stages), "validation": ordered(rows)}

    def write(self) -> None:
        if PartialState().is_main_process:
            write_json(self.path, self.content())


def validation_table(state: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Table of a curriculum, a row for each trained stage and a column for each validation split.

    A cell is the accuracy where the answers are labels, and ROUGE-L where they are free text.

    Args:
        state: trained stage -> stage of the questions -> metrics.
    """
    names: dict[str, str] = {}
    for row in state.values():
        for column, metrics in row.items():
            names[column] = "accuracy" if "accuracy" in metrics else "rouge_l"
    lines = [["after stage", *(f"{column} ({metric})" for column, metric in names.items())]]
    for name, row in state.items():
        cells = [row.get(column, {}).get(metric) for column, metric in names.items()]
        lines.append([name, *("-" if cell is None else f"{cell:.4f}" for cell in cells)])
    return markdown_table(align_columns(lines, right=True))


def _wanted(names: Sequence[str] | None, stages: Sequence[Stage]) -> list[Stage]:
    """Stages to run, in the order of the curriculum."""
    known = [stage.name for stage in stages]
    unknown = next((name for name in names or () if name not in known), None)
    if unknown is not None:
        raise UserError(f"stages: {unknown!r} is not one of the curriculum; {nearest(unknown, known)}")
    return [stage for stage in stages if names is None or stage.name in names]


def _check_unchanged(settings: Mapping[str, Mapping[str, Any]], state: _State) -> None:
    """Refuse other settings than a stage, or the model before them, was begun with.

    Args:
        settings: name of a stage, or `START` -> its settings, as they are read from JSON.
        state: of the curriculum.
    """
    for name, now in settings.items():
        before = state.stages.get(name, {}).get("settings", now)
        if before != now:
            different = sorted(key for key in before | now if before.get(key) != now.get(key))
            raise UserError(
                f"{state.path.parent / name} was made with another {different[0]}; name another output_dir, or give "
                "--overwrite to train anew."
            )


def _begin(
    arguments: TSLMTrainingArguments, stages: Sequence[Stage], wanted: Sequence[Stage], inputs: Sequence[str | None]
) -> _State:
    """Check the folder of a curriculum, and read what is done in it; with `overwrite`, forget the wanted stages."""
    output = Path(arguments.output_dir)
    if str(arguments.resume_from_checkpoint or "auto").lower() not in ("auto", "true"):
        raise UserError(
            f"resume_from_checkpoint is {arguments.resume_from_checkpoint!r}; a curriculum goes on from where it is, "
            "so leave it out."
        )
    if arguments.process_index == 0:
        is_own = (output / STATE_FILE).is_file()
        check_output_folder(output, ("[!.]*",), inputs, arguments.overwrite or is_own)
    state = _State(output, [stage.name for stage in stages])
    if not arguments.overwrite:
        return state
    for stage in wanted:
        state.forget(stage.name)
    if not state.stages.keys() - {START}:
        state.forget(START)
    if arguments.process_index == 0:
        if START not in state.stages:
            shutil.rmtree(output / START, ignore_errors=True)
        for stage in stages:
            # One that was not finished would go on from weights that are no longer those before it.
            if stage.number >= wanted[0].number and not state.is_done(stage):
                _remove_checkpoints(stage.folder)
    PartialState().wait_for_everyone()
    return state


def _remove_checkpoints(folder: Path) -> None:
    for checkpoint in folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)


def _make_start(folder: Path, settings: Sequence[Any], model: Mapping[str, Any], data: Sequence[QuestionData]) -> None:
    """Build the model that the first stage starts from, and save it, if it is not there.

    Every stage then starts from a whole model, and adapters that go on through stages are on top of the same one.

    Args:
        folder: of the model.
        settings: of the first stage, without those of the model.
        model: settings of the model.
        data: questions of all stages, for the tokenizer of a new backbone and for an encoder that is fitted.
    """
    if (folder / "config.json").is_file():
        return
    _, question, synthetic, archive, _, tslm_arguments, model_arguments, arguments = settings
    config_arguments, tslm_arguments, model_arguments = RecipeParser(SFT_SETTINGS[3:6]).parse_settings(
        {**changed_settings((tslm_arguments, model_arguments)), **model}
    )
    whole = replace(model_arguments, load_in_4bit=False, load_in_8bit=False)
    samples = concatenate_datasets([part.splits["train"] for part in data]).shuffle(seed=arguments.seed)
    labels = {task: known for part in data for task, known in part.labels.items()}
    together = QuestionData({"train": samples}, labels)
    made, fresh = folder.with_name(f".{START}"), folder.with_name(".fresh_backbone")
    built = (question, synthetic, archive, config_arguments, tslm_arguments, whole, arguments)
    start, processor = build_model(built, together, fresh)
    fit_encoder(start, processor, config_arguments, together, samples)
    # Others read the new backbone after the first process, which removes it.
    PartialState().wait_for_everyone()
    if arguments.process_index == 0:
        start.save_pretrained(made)
        processor.save_pretrained(made)
        if isinstance(start, TSFusionForCausalLM):
            # Recipe and report of the forecaster, which goes on as it is.
            source = str(tslm_arguments.forecaster or model_arguments.model_name_or_path)
            carry_recipe(source, RECIPE, made, RECIPE)
            write_json(made / "metrics.json", saved_report(source))
        made.replace(folder)
        shutil.rmtree(fresh, ignore_errors=True)
    PartialState().wait_for_everyone()


def _adapter_settings(stage: Stage) -> dict[str, Any] | None:
    """Settings that adapters of two stages must share to be the same ones; None without adapters."""
    *_, tslm_arguments, model_arguments, _ = stage.settings()
    if not model_arguments.use_peft:
        return None
    return {**vars(model_arguments), "freeze": sorted(tslm_arguments.freeze)}


def _train_stage(
    stage: Stage,
    trained: Sequence[Stage],
    data: Mapping[str, QuestionData],
    state: _State,
    recipe: Mapping[str, Any],
    publication: Publication | None,
) -> None:
    """Train a stage from the best weights of the last one of those trained, and note in the state that it is done.

    Args:
        stage: the stage.
        trained: stages before it that are done, in order.
        data: stage -> its questions.
        state: of the curriculum; changed.
        recipe: of the curriculum.
        publication: options of the push, or None.
    """
    previous = trained[-1] if trained else None
    adapters = None
    if previous is None:
        model, trained_on = stage.folder.parent / START, None
    else:
        model = previous.folder
        trained_on = AutoProcessor.from_pretrained(model).trained_on
        if _adapter_settings(stage) is not None and _adapter_settings(stage) == _adapter_settings(previous):
            adapters = previous.folder / "adapter"
            model = stage.folder.parent / state.stages[previous.name]["model"]
    arguments, *settings = stage.settings(model_name_or_path=str(model))
    questions = data[stage.name]
    replayed = replayed_samples(
        len(questions.splits["train"]),
        arguments.replay,
        [data[before.name].splits["train"] for before in trained],
        stage_rng(stage, 1),
    )
    logger.info(
        "stage %s starts from %s%s, with %d samples of earlier stages",
        stage.name,
        START if previous is None else previous.name,
        "" if adapters is None else " and goes on with its adapters",
        0 if replayed is None else len(replayed),
    )
    begun = {
        "settings": stage.identity(),
        "started_from": START if previous is None else previous.name,
        # Below its adapters, if there are any.
        "model": model.name,
        "kept_adapters": adapters is not None,
        "replayed": 0 if replayed is None else len(replayed),
        "done": False,
    }
    if state.stages.get(stage.name, begun) != begun and PartialState().is_main_process:
        # Another stage has come before it meanwhile.
        _remove_checkpoints(stage.folder)
    PartialState().wait_for_everyone()
    state.stages[stage.name] = begun
    state.write()
    # Tasks of an earlier stage may have the names of own ones.
    labels = {
        task: known
        for name in (*(before.name for before in trained), stage.name)
        for task, known in data[name].labels.items()
    }
    sets = " + ".join(dict.fromkeys(questions.splits["train"].unique("source")))
    settings[0] = replace(settings[0], data=sets if arguments.mix else settings[0].data)
    train_on_questions(
        settings,
        QuestionData(questions.splits, labels),
        {**recipe, "stages": [stage.name]},
        publication,
        Earlier(trained_on, adapters, replayed, recipe.get("model_name_or_path")),
    )
    PartialState().wait_for_everyone()
    state.stages[stage.name]["done"] = True
    state.write()


def _validate(
    name: str, folder: Path, stages: Sequence[Stage], data: Mapping[str, QuestionData], state: _State
) -> None:
    """Note the metrics of a checkpoint on the validation splits of stages, where they are not there."""
    found = state.validation.setdefault(name, {})
    missing = [stage for stage in stages if stage.name not in found]
    if not missing:
        return
    model, processor = AutoModelForCausalLM.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
    # It is asked for what it was not trained on, too.
    processor.trained_on = None
    model.to(PartialState().device)
    for stage in missing:
        arguments, questions = stage.settings()[-1], data[stage.name]
        samples = questions.splits["validation"]
        answers = generate_shared_answers(model, processor, samples, arguments)
        found[stage.name] = overall_metrics(task_metrics(answers, samples, questions.labels))
    state.write()


def run_curriculum_recipe(
    curriculum: CurriculumArguments,
    stage_arguments: StageArguments,
    question: QuestionArguments,
    synthetic: SyntheticArguments,
    archive: ArchiveArguments,
    config_arguments: Any,
    tslm_arguments: TSLMArguments,
    model_arguments: ModelConfig,
    arguments: TSLMTrainingArguments,
    recipe: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Train the stages of a curriculum, each from the best weights of the one before, and validate each on all.

    A stage is what `run_sft_recipe` does, in a folder of its name in `arguments.output_dir`. Adapters go on through
    stages whose settings of adapters and frozen parts are the same; otherwise they are merged, and a stage with
    adapters starts new ones. Stages that are done are skipped, and one that was interrupted goes on from its last
    checkpoint. A stage without the one before it starts from the last one before it that is done, or from the model of
    the recipe.

    Args:
        curriculum: the stages, and which of them to run.
        stage_arguments: common settings of the stages, as all that follow: mix, replay and number of samples.
        question: the questions.
        synthetic: settings of the synthetic questions.
        archive: settings of the classification archives.
        config_arguments: `TSLMConfigArguments`, the fields of `TSLMConfig`.
        tslm_arguments: the encoder, the forecaster, and the frozen parts.
        model_arguments: the language model and its adapters.
        arguments: arguments of the Trainer; `push_to_hub` publishes the checkpoint of the last stage that is run.
        recipe: common settings by name; by default those that differ from their defaults.

    Returns:
        The contents of curriculum.json: "stages", what each was trained by and from, and "validation": trained stage
        -> stage of the questions -> metric on their validation split; "start" is the model before the first stage.

    Raises:
        ValueError, OSError: for settings, questions or a model that are not usable, before any stage is trained, and
            for a stage that was trained with other settings.
        RunStopped: SIGTERM came; the same call goes on.

    Example:

    ```python
    >>> state = run_curriculum_recipe(
    ...     CurriculumArguments({"questions": {"data": "synthetic"}, "captions": {"data": "truce", "replay": 0.2}}),
    ...     StageArguments(),
    ...     QuestionArguments(),
    ...     SyntheticArguments(),
    ...     ArchiveArguments(),
    ...     TSLMConfigArguments(),
    ...     TSLMArguments(),
    ...     ModelConfig(model_name_or_path="HuggingFaceTB/SmolLM2-135M-Instruct"),
    ...     TSLMTrainingArguments(output_dir="outputs/curriculum"),
    ... )
    >>> state["validation"]["captions"]["questions"]["accuracy"]
    ```
    """
    common = (
        stage_arguments,
        question,
        synthetic,
        archive,
        config_arguments,
        tslm_arguments,
        model_arguments,
        arguments,
    )
    recipe = changed_settings((curriculum, *common)) if recipe is None else recipe
    output = Path(arguments.output_dir)
    shared = {name: value for name, value in recipe.items() if name not in ("curriculum", "stages")}
    stages = read_stages(curriculum.curriculum, shared, output)
    wanted = _wanted(curriculum.stages, stages)
    forecaster = tslm_arguments.forecaster
    inputs = (model_arguments.model_name_or_path, None if forecaster == BUILT_IN_NAME else forecaster)
    state = _begin(arguments, stages, wanted, inputs)
    model = json.loads(json.dumps(model_settings(shared)))
    _check_unchanged({START: model, **{stage.name: stage.identity() for stage in wanted}}, state)
    publication = requested_publication(arguments)
    # Of stages that are done, for replay and for the report.
    known = [stage for stage in stages if stage in wanted or state.is_done(stage)]
    data = {stage.name: prepare_stage(stage) for stage in known}
    state.stages.setdefault(START, {"settings": model})
    state.write()
    if arguments.process_index == 0:
        write_yaml(output / RECIPE, dict(recipe))
    set_seed(arguments.seed)
    _make_start(output / START, wanted[0].settings(), model, list(data.values()))
    _validate(START, output / START, known, data, state)
    for stage in wanted:
        if state.is_done(stage):
            logger.info("stage %s is done", stage.name)
        else:
            before = [other for other in known if other.number < stage.number and state.is_done(other)]
            later = [other.name for other in known if other.number > stage.number and state.is_done(other)]
            if later:
                logger.warning("%s was trained without this training of %s.", ", ".join(later), stage.name)
            _train_stage(stage, before, data, state, recipe, publication if stage is wanted[-1] else None)
        _validate(stage.name, stage.folder, known, data, state)
        if PartialState().is_main_process:
            logger.info("validation after each stage:\n%s", validation_table(state.content()["validation"]))
    return state.content()
