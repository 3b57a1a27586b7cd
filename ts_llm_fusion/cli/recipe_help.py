"""Settings of the commands that take a recipe: their help pages and flags, without the imports of the commands."""

import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UserError
from ..files import read_mapping
from ..training.settings import Setting, read_settings, unknown_setting
from .packaged_recipes import find_recipe, packaged_recipes
from .parsing import PROGRAM, CommandParser
from .setting_flags import add_setting

_INDENT = 34
# Defaults that add nothing to the description.
_NO_DEFAULT = ("", "None", "()")


@dataclass(frozen=True)
class RecipeHelp:
    """Help page of a command that takes a recipe.

    Args:
        description: one sentence.
        example: arguments of a run.
        groups: title -> classes of its settings, as "module:Class"; of a setting in two of them the first counts.
        inherited: public name of a dataclass whose fields are settings too -> it and its bases, as "module:Class";
            `--help-all` alone shows them.
        folders: folders of `configs` with recipes for this command.
    """

    description: str
    example: str
    groups: Mapping[str, Sequence[str]]
    inherited: Mapping[str, Sequence[str]] = field(default_factory=dict)
    folders: Sequence[str] = ()

    def settings(self) -> dict[str, list[Setting]]:
        """Settings by the title of their group."""
        return _grouped(self.groups, ())

    def inherited_settings(self) -> dict[str, list[Setting]]:
        """Settings of the inherited classes by their names, without those of `settings`."""
        return _grouped(self.inherited, [setting.name for group in self.settings().values() for setting in group])

    def all_settings(self) -> list[Setting]:
        """Settings that are shown, and then those that are inherited."""
        groups = [*self.settings().values(), *self.inherited_settings().values()]
        return [setting for group in groups for setting in group]

    def parser(self, command: str) -> CommandParser:
        """Parser of the flags, as that of the command itself but for what needs its classes, such as enumerations."""
        parser = CommandParser(f"{PROGRAM} {command}", self.example, description=self.description)
        parser.add_argument("--config", metavar="FILE", help="recipe (YAML), or the name of one of the package")
        for setting in self.all_settings():
            add_setting(parser, setting)
        return parser

    def recipes(self) -> dict[str, Path]:
        """Recipes of the package for this command, by their names."""
        known = {setting.name for setting in self.all_settings()}
        found = {name: path for folder in self.folders for name, path in packaged_recipes(folder).items()}
        return {name: path for name, path in found.items() if known.issuperset(read_mapping(path))}

    def checked(self, command: str, args: Sequence[str]) -> list[str]:
        """Check a recipe and flags as far as the classes of the settings are not needed.

        Returns:
            The arguments, with the path of the recipe where it is given by its name.

        Raises:
            ValueError: for an unknown key or flag, naming the nearest known one, or a number that is none.
            FileNotFoundError: if there is no such recipe.
        """
        flags = [part for arg in args for part in (arg.split("=", 1) if arg.startswith("--config=") else [arg])]
        recipe = {}
        if "--config" in flags:
            place = flags.index("--config") + 1
            if place == len(flags):
                raise UserError(f"--config: give a recipe file, or one of {', '.join(self.recipes())}.")
            path = find_recipe(flags[place], self.folders)
            flags[place], recipe = str(path), read_mapping(path)
            recipe.pop("env", None)
        parser = self.parser(command)
        known = [setting.name for setting in self.all_settings()]
        wrong = next((key for key in recipe if key not in known), None)
        if wrong is not None:
            raise UserError(unknown_setting(str(wrong), known, " in the recipe"))
        parser.set_values(recipe)
        unknown = parser.unknown_flag(flags)
        if unknown is not None:
            raise UserError(unknown_setting(unknown.removeprefix("--"), known, " in the command line"))
        parser.parse(flags)
        return flags

    def page(self, prog: str, everything: bool = False) -> str:
        """Format the help page.

        Args:
            prog: name of the command, such as "ts-llm-fusion train forecaster".
            everything: whether to show the inherited settings too.
        """
        width = min(shutil.get_terminal_size().columns, 120)
        about = "Each setting is a key of the recipe FILE (YAML) and a flag; flags override FILE."
        if recipes := self.recipes():
            about += f" FILE may be the name of a recipe of the package: {', '.join(recipes)}."
        parts = [
            f"usage: {prog} [--config FILE] [--SETTING VALUE ...]",
            self.description,
            textwrap.fill(about, width),
        ]
        for title, settings in {**self.settings(), **(self.inherited_settings() if everything else {})}.items():
            parts.append("\n".join([f"{title}:", *(_entry(setting, width) for setting in settings)]))
        if self.inherited and not everything:
            parts.append(f"--help-all also shows the settings of {' and '.join(self.inherited)}.")
        parts.append(f"example:\n  {prog} {self.example}")
        return "\n\n".join(parts) + "\n"


def _grouped(groups: Mapping[str, Sequence[str]], taken: Iterable[str]) -> dict[str, list[Setting]]:
    """Settings of classes by the title of their group; of a name in two of them the first counts."""
    seen = set(taken)
    found: dict[str, list[Setting]] = {}
    for title, places in groups.items():
        for setting in (setting for place in places for setting in read_settings(place)):
            if setting.name not in seen:
                seen.add(setting.name)
                found.setdefault(title, []).append(setting)
    return found


def _entry(setting: Setting, width: int) -> str:
    default = "" if setting.default in _NO_DEFAULT else f" (default: {setting.default})"
    if setting.default is None:
        default = " (required)"
    flag = f"  --{setting.name}".ljust(_INDENT)
    head, start = ("", flag) if flag.endswith(" ") else (f"{flag}\n", " " * _INDENT)
    indent = " " * _INDENT
    return head + textwrap.fill(setting.help + default, width, initial_indent=start, subsequent_indent=indent)


_TRAINING = "ts_llm_fusion.training"
_FOLDER = f"{_TRAINING}.runs:RunFolder"
_RUN = (f"{_TRAINING}.runs:RunDefaults", _FOLDER)
_ANSWERS = (f"{_TRAINING}.sft:AnswerDefaults", *_RUN)
_FORECASTER = f"{_TRAINING}.forecaster:ForecastTrainingArguments"
_SERIES = ("ts_llm_fusion.data.series.preparation:DataArguments",)
_STREAMED = "ts_llm_fusion.data.series.streaming:StreamingArguments"
_TRAINER = {"transformers.TrainingArguments": ("transformers.training_args:TrainingArguments",)}
_QUESTIONS = (
    "ts_llm_fusion.data.qa.questions:QuestionArguments",
    "ts_llm_fusion.data.qa.synthetic:SyntheticArguments",
    "ts_llm_fusion.data.qa.archives:ArchiveArguments",
)

# command -> its help
RECIPE_HELP = {
    "train forecaster": RecipeHelp(
        "Train an LLM-PS forecaster, or with --start fine-tune the built-in one, select it on validation, test it "
        "once and save it with its report.",
        "--config demo --data sales.csv --output_dir outputs/sales",
        {
            "data": (*_SERIES, _STREAMED),
            "model": ("ts_llm_fusion.modeling.configuration_llmps:LLMPSConfig",),
            "backbone": (f"{_TRAINING}.forecaster:BackboneArguments",),
            "training": (_FORECASTER, *_RUN),
            "fine-tuning, with context_length and prediction_length instead of model and backbone": (
                f"{_TRAINING}.fine_tuning:FineTuningArguments",
            ),
        },
        _TRAINER,
        ("llmps", "fusion"),
    ),
    "train fusion": RecipeHelp(
        "Train the TSFusion forecaster on synthetic series, and save it with its report.",
        "--config forecaster --output_dir outputs/fusion",
        {
            "data": ("ts_llm_fusion.recipes.fusion:PriorArguments",),
            "model": ("ts_llm_fusion.modeling.configuration_tsfusion:TSFusionConfig",),
            "training": (f"{_TRAINING}.fusion:FusionTrainingArguments", _FOLDER),
        },
        _TRAINER,
        ("fusion",),
    ),
    "train context": RecipeHelp(
        "Give a TSFusion forecaster a head that reads texts, train it on synthetic ones, and save both with a report.",
        "--config context --output_dir outputs/fusion_context",
        {
            "data and model": ("ts_llm_fusion.recipes.fusion_context:ContextArguments",),
            "training": (f"{_TRAINING}.fusion_context:FusionContextTrainingArguments", _FOLDER),
        },
        _TRAINER,
        ("fusion",),
    ),
    "train sft": RecipeHelp(
        "Fine-tune a language model to answer questions about series, and save it with its report.",
        "--config synthetic_qa --output_dir outputs/synthetic_qa",
        {
            "data": (*_QUESTIONS, "ts_llm_fusion.data.qa.questions:StreamedQuestionArguments"),
            "model": ("ts_llm_fusion.modeling.configuration_tslm:TSLMConfig",),
            "backbone": ("trl.trainer.model_config:ModelConfig", f"{_TRAINING}.tslm_models:TSLMArguments"),
            "training": (f"{_TRAINING}.sft:TSLMTrainingArguments", *_ANSWERS),
        },
        {
            "trl.SFTConfig": ("trl.trainer.sft_config:SFTConfig", "trl.trainer.base_config:_BaseConfig"),
            **_TRAINER,
        },
        ("tslm",),
    ),
    "train curriculum": RecipeHelp(
        "Fine-tune a language model on sets of questions, one stage after another, each from the best weights of the "
        "last, and validate each stage on all.",
        "--config curriculum_small --output_dir outputs/curriculum_small",
        {
            "stages": ("ts_llm_fusion.recipes.curriculum:CurriculumArguments",),
            "data": ("ts_llm_fusion.recipes.stages:StageArguments", *_QUESTIONS),
            "model": ("ts_llm_fusion.modeling.configuration_tslm:TSLMConfig",),
            "backbone": ("trl.trainer.model_config:ModelConfig", f"{_TRAINING}.tslm_models:TSLMArguments"),
            "training": (f"{_TRAINING}.sft:TSLMTrainingArguments", *_ANSWERS),
        },
        {
            "trl.SFTConfig": ("trl.trainer.sft_config:SFTConfig", "trl.trainer.base_config:_BaseConfig"),
            **_TRAINER,
        },
        ("tslm",),
    ),
    "train grpo": RecipeHelp(
        "Train a language model that reads series on the rewards of its own answers, and save it with its report.",
        "--config grpo --model_name_or_path outputs/synthetic_qa --output_dir outputs/grpo",
        {
            "data": _QUESTIONS,
            "rewards": ("ts_llm_fusion.evaluation.rewards:RewardArguments",),
            "backbone": ("trl.trainer.model_config:ModelConfig",),
            "training": (f"{_TRAINING}.grpo:TSLMGRPOArguments", *_ANSWERS),
        },
        {
            "trl.GRPOConfig": ("trl.trainer.grpo_config:GRPOConfig", "trl.trainer.base_config:_BaseConfig"),
            **_TRAINER,
        },
        ("tslm",),
    ),
    "train t2t": RecipeHelp(
        "Pre-train the time-to-text encoder of LLM-PS, for `train forecaster` with `t2t: FOLDER`.",
        "--data ETTh1 --word_embeddings openai-community/gpt2 --output_dir outputs/t2t",
        {
            "data": _SERIES,
            "model": ("ts_llm_fusion.modeling.configuration_t2t:T2TConfig",),
            "backbone": (f"{_TRAINING}.t2t:WordArguments",),
            "training": (f"{_TRAINING}.t2t:T2TTrainingArguments", _FORECASTER, *_RUN),
        },
        _TRAINER,
        ("llmps",),
    ),
    "evaluate": RecipeHelp(
        "Evaluate checkpoints and baselines in one table: from rolling origins on own series, or on the test split of "
        "a set.",
        "--data sales.csv --horizon 14 --windows 4 --baselines seasonal_naive flair auto_ets",
        {
            "evaluation": ("ts_llm_fusion.cli.evaluate:_Set", "ts_llm_fusion.recipes.evaluation:EvaluationArguments"),
            "series": (*_SERIES, "ts_llm_fusion.recipes.evaluation:ForecastArguments"),
            "rolling origins": ("ts_llm_fusion.recipes.backtest:BacktestArguments",),
            "questions": (*_QUESTIONS, "ts_llm_fusion.recipes.evaluation:AnswerArguments"),
        },
        folders=("eval",),
    ),
}
