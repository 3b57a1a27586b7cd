"""Help pages of the commands that take a recipe, made without the imports of the commands."""

import dataclasses
import inspect
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pkgutil import resolve_name

from ..training.settings import Setting, argument_descriptions, read_settings

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
        inherited: public dataclasses whose fields are settings too, as "module:Class"; `--help-all` alone shows them.
    """

    description: str
    example: str
    groups: Mapping[str, Sequence[str]]
    inherited: Sequence[str] = field(default=())

    def settings(self) -> dict[str, list[Setting]]:
        """Settings by the title of their group."""
        seen: set[str] = set()
        found: dict[str, list[Setting]] = {}
        for title, places in self.groups.items():
            for setting in (setting for place in places for setting in read_settings(place)):
                if setting.name not in seen:
                    seen.add(setting.name)
                    found.setdefault(title, []).append(setting)
        return found

    def inherited_settings(self) -> dict[str, list[Setting]]:
        """Settings of the inherited classes by their names, without those of `settings`; imports the classes."""
        seen = {setting.name for group in self.settings().values() for setting in group}
        found: dict[str, list[Setting]] = {}
        for place in self.inherited:
            settings = _dataclass_settings(resolve_name(place))
            found[place.replace(":", ".")] = [setting for setting in settings if setting.name not in seen]
            seen |= {setting.name for setting in settings}
        return found

    def page(self, prog: str, everything: bool = False) -> str:
        """Format the help page.

        Args:
            prog: name of the command, such as "ts-llm-fusion train forecaster".
            everything: whether to show the inherited settings too.
        """
        width = min(shutil.get_terminal_size().columns, 120)
        parts = [
            f"usage: {prog} [--config FILE] [--SETTING VALUE ...]",
            self.description,
            textwrap.fill("Each setting is a key of the recipe FILE (YAML) and a flag; flags override FILE.", width),
        ]
        for title, settings in {**self.settings(), **(self.inherited_settings() if everything else {})}.items():
            parts.append("\n".join([f"{title}:", *(_entry(setting, width) for setting in settings)]))
        if self.inherited and not everything:
            classes = " and ".join(place.replace(":", ".") for place in self.inherited)
            parts.append(f"--help-all also shows the settings of {classes}.")
        parts.append(f"example:\n  {prog} {self.example}")
        return "\n\n".join(parts) + "\n"


def _dataclass_settings(dataclass_type: type) -> list[Setting]:
    described = argument_descriptions(inspect.getdoc(dataclass_type) or "")
    settings = []
    for item in dataclasses.fields(dataclass_type):
        factory = item.default_factory
        default = item.default if factory is dataclasses.MISSING else factory()
        text = " ".join((item.metadata.get("help") or described.get(item.name, "")).split())
        settings.append(Setting(item.name, None if default is dataclasses.MISSING else repr(default), text))
    return settings


def _entry(setting: Setting, width: int) -> str:
    default = "" if setting.default in _NO_DEFAULT else f" (default: {setting.default})"
    if setting.default is None:
        default = " (required)"
    flag = f"  --{setting.name}".ljust(_INDENT)
    head, start = ("", flag) if flag.endswith(" ") else (f"{flag}\n", " " * _INDENT)
    indent = " " * _INDENT
    return head + textwrap.fill(setting.help + default, width, initial_indent=start, subsequent_indent=indent)


_TRAINING = "ts_llm_fusion.training"
_RUN = f"{_TRAINING}.runs:RunDefaults"
_FORECASTER = f"{_TRAINING}.forecaster:ForecastTrainingArguments"
_SERIES = ("ts_llm_fusion.data.series.preparation:DataArguments",)
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
        "--config configs/llmps/demo.yaml --data sales.csv --output_dir outputs/sales",
        {
            "data": _SERIES,
            "model": ("ts_llm_fusion.modeling.configuration_llmps:LLMPSConfig",),
            "backbone": (f"{_TRAINING}.forecaster:BackboneArguments",),
            "training": (_FORECASTER, _RUN),
            "fine-tuning, with context_length and prediction_length instead of model and backbone": (
                f"{_TRAINING}.fine_tuning:FineTuningArguments",
            ),
        },
        ("transformers:TrainingArguments",),
    ),
    "train fusion": RecipeHelp(
        "Train the TSFusion forecaster on synthetic series, and save it with its report.",
        "--config configs/fusion/forecaster.yaml --output_dir outputs/fusion",
        {
            "data": ("ts_llm_fusion.recipes.fusion:PriorArguments",),
            "model": ("ts_llm_fusion.modeling.configuration_tsfusion:TSFusionConfig",),
            "training": (f"{_TRAINING}.fusion:FusionTrainingArguments",),
        },
        ("transformers:TrainingArguments",),
    ),
    "train context": RecipeHelp(
        "Give a TSFusion forecaster a head that reads texts, train it on synthetic ones, and save both with a report.",
        "--config configs/fusion/context.yaml --output_dir outputs/fusion_context",
        {
            "data and model": ("ts_llm_fusion.recipes.fusion_context:ContextArguments",),
            "training": (f"{_TRAINING}.fusion_context:FusionContextTrainingArguments",),
        },
        ("transformers:TrainingArguments",),
    ),
    "train sft": RecipeHelp(
        "Fine-tune a language model to answer questions about series, and save it with its report.",
        "--config configs/tslm/synthetic_qa.yaml --output_dir outputs/synthetic_qa",
        {
            "data": _QUESTIONS,
            "model": ("ts_llm_fusion.modeling.configuration_tslm:TSLMConfig",),
            "backbone": ("trl.trainer.model_config:ModelConfig", f"{_TRAINING}.sft:TSLMArguments"),
            "training": (f"{_TRAINING}.sft:TSLMTrainingArguments", _RUN),
        },
        ("trl:SFTConfig",),
    ),
    "train t2t": RecipeHelp(
        "Pre-train the time-to-text encoder of LLM-PS, for `train forecaster` with `t2t: FOLDER`.",
        "--data ETTh1 --word_embeddings openai-community/gpt2 --output_dir outputs/t2t",
        {
            "data": _SERIES,
            "model": ("ts_llm_fusion.modeling.configuration_t2t:T2TConfig",),
            "backbone": (f"{_TRAINING}.t2t:WordArguments",),
            "training": (f"{_TRAINING}.t2t:T2TTrainingArguments", _FORECASTER, _RUN),
        },
        ("transformers:TrainingArguments",),
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
    ),
}
