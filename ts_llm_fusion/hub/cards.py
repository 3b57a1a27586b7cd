"""Cards of models and data sets, from the templates in hub_cards."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import DatasetCard, DatasetCardData, EvalResult, ModelCard, ModelCardData
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from ..evaluation.report import results_table

if TYPE_CHECKING:
    from ..data.entries import DatasetEntry

# model_type -> (template, task of the Hub, tags)
_KINDS = {
    "llmps": ("forecaster.md", "time-series-forecasting", ("time-series", "forecasting", "llm-ps")),
    "tsfusion": ("tsfusion.md", "time-series-forecasting", ("time-series", "forecasting", "zero-shot")),
    "tslm": ("tslm.md", "text-generation", ("time-series", "question-answering", "opentslm")),
    "llmps_t2t": ("t2t.md", "feature-extraction", ("time-series", "llm-ps")),
}
MODEL_TYPES = tuple(_KINDS)
_TAG = "ts-llm-fusion"

# Licences that the Hub knows by an identifier, among those that data sets here have.
_LICENCES = ("apache-2.0", "mit", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-4.0", "odc-by")

# task of a data set here -> category of the Hub
_TASK_CATEGORIES = {
    "forecasting": "time-series-forecasting",
    "question-answering": "question-answering",
    "captioning": "text-generation",
}

_REPOSITORY_LINE = re.compile(r'^repository = "(.*)"$', re.M)


@dataclass(frozen=True)
class Adapter:
    """What the card of an adapter says of its base.

    Args:
        base: name of the base in a repository.
        on_backbone: whether the base is a plain text model, so that everything else comes with the adapter.
    """

    base: str
    on_backbone: bool


def _template(name: str) -> str:
    return files("ts_llm_fusion.hub_cards").joinpath(name).read_text(encoding="utf-8")


def _is_repository(name: str | None) -> bool:
    """Whether a name can be that of a repository, and is no folder of this machine."""
    if not name or Path(name).exists():
        return False
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def _licence(text: str) -> dict[str, str]:
    """Metadata for a licence as its source states it."""
    identifier = re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
    return {"license": identifier} if identifier in _LICENCES else {"license": "other", "license_name": identifier}


def _model_licence(base: str | None) -> dict[str, str]:
    """Weights from scratch have the licence of this package's code; others, that of what they were made of."""
    if base is None:
        return {"license": "apache-2.0"}
    link = {"license_link": f"https://huggingface.co/{base}"} if _is_repository(base) else {}
    return {"license": "other", "license_name": "that-of-the-base-model", **link}


def _entry(name: str) -> "DatasetEntry | None":
    """The data set of the registry, if it is one of it."""
    from ..data.registry import REGISTRY

    return REGISTRY.get(name)


def _training_data(name: str) -> str:
    """What is known of the data of a recipe; of a file its name alone, not where it was."""
    entry = _entry(name)
    if entry is None:
        return f"`{Path(name).name}`"
    return f"[{name}]({entry.homepage}): {entry.description} Licence: {entry.licence}."


def _tested_on(metrics: Mapping[str, Any]) -> str:
    return Path(metrics.get("tested_on") or metrics["data"]).name


def _eval_results(kind: str, metrics: Mapping[str, Any]) -> list[EvalResult]:
    """Results of the test split, for the table that the Hub shows beside a card."""
    name, test = _tested_on(metrics), metrics["test"]
    entry = _entry(name)
    shown = test if kind == "llmps" else {m: test[m] for m in _ANSWER_METRICS if m in test}
    return [
        EvalResult(
            task_type=_KINDS[kind][1],
            dataset_type=entry.hub_id if entry and entry.hub_id else re.sub(r"[^\w.-]+", "-", name),
            dataset_name=name,
            dataset_split="test",
            metric_type=metric,
            metric_value=round(value, 6),
        )
        for metric, value in shown.items()
    ]


_ANSWER_METRICS = ("exact_match", "accuracy", "macro_f1", "rouge_l")


def _answers(metrics: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    """Of the metrics of `train sft`: this model, this model with the wrong series, and the floors."""
    own = {"this model": f"test{suffix}", "series shuffled": f"shuffled{suffix}"}
    rows = {name: metrics[key] for name, key in own.items() if key in metrics}
    return rows | metrics.get(f"floors{suffix}", {})


def answers_by_task(metrics: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Exact match of each kind of question, of the model and of the floors."""
    rows = _answers(metrics, "_by_task")
    return {name: {task: values["exact_match"] for task, values in tasks.items()} for name, tasks in rows.items()}


def answers_table(metrics: Mapping[str, Any]) -> str:
    """The model beside the floors over all questions, and where there are several kinds the exact match of each."""
    overall = {
        name: {metric: value for metric, value in row.items() if metric != "chance"}
        for name, row in _answers(metrics, "").items()
    }
    by_task = answers_by_task(metrics)
    table = results_table(overall)
    if len(by_task["this model"]) == 1:
        return table
    return f"{table}\n\nExact match by kind of question:\n\n{results_table(by_task)}"


def _of_forecaster(config: Mapping[str, Any], metrics: Mapping[str, Any] | None) -> dict[str, Any]:
    shared, number = config.get("share_projection", True), config.get("num_input_channels")
    values: dict[str, Any] = {
        "variables": "any number of variables" if shared else f"exactly {number} variables",
        "example_variables": 2 if shared else number,
    }
    if metrics:
        values["table"] = results_table({"this model": metrics["test"], **metrics["floors"]})
    return values


def _of_tslm(config: Mapping[str, Any], metrics: Mapping[str, Any] | None) -> dict[str, Any]:
    if not metrics:
        return {"question": "What is the trend of this series?\nSeries: ", "max_new_tokens": 32}
    return {
        "question": f"{metrics['example_question']}\nSeries: ",
        "max_new_tokens": metrics["recipe"]["max_new_tokens"],
        "table": answers_table(metrics),
    }


def _backbone(config: Mapping[str, Any], metrics: Mapping[str, Any] | None) -> tuple[str | None, str]:
    """Name of the text model that training started from, and what the card says of the backbone."""
    if not config.get("use_llm", True):
        return None, "none"
    recipe = metrics.get("recipe", {}) if metrics else {}
    base = recipe.get("backbone") or recipe.get("model_name_or_path")
    started = (
        "weights of unknown origin"
        if metrics is None
        else "random weights"
        if base is None
        else base
        if _is_repository(base)
        else Path(base).name
    )
    training = f", {recipe['backbone_training']}" if "backbone_training" in recipe else ""
    return base, f"{started} ({config['text_config']['model_type']}{training})"


def model_card(folder: Path, repository: str, adapter: Adapter | None = None) -> ModelCard:
    """The card of a checkpoint, from the files that are in its folder: config.json, metrics.json, plots, recipe.yaml.

    Args:
        folder: of the checkpoint.
        repository: its name or path, which the snippet loads.
        adapter: for a card of its adapter alone.

    Raises:
        ValueError: its model is none of this package.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind = config.get("model_type")
    if kind not in _KINDS:
        raise ValueError(f"{folder}: a model of type {kind!r}; a card is made of {', '.join(_KINDS)}.")
    path = folder / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    template, task, tags = _KINDS[kind]
    values: dict[str, Any] = {}
    base, backbone = None, ""
    if kind in ("llmps", "tslm"):
        base, backbone = _backbone(config, metrics)
        values = (_of_forecaster if kind == "llmps" else _of_tslm)(config, metrics)
    eval_results = _eval_results(kind, metrics) if metrics and "test" in metrics else None
    entry = _entry(metrics["data"]) if metrics else None
    public_base = adapter.base if adapter else base if _is_repository(base) else None
    data = ModelCardData(
        library_name="peft" if adapter else "transformers",
        pipeline_tag=task,
        tags=[*tags, _TAG],
        base_model=public_base,
        base_model_relation=None if public_base is None else "adapter" if adapter else "finetune",
        datasets=[entry.hub_id] if entry and entry.hub_id else None,
        metrics=sorted({result.metric_type for result in eval_results}) if eval_results else None,
        model_name=Path(repository).name if eval_results else None,
        eval_results=eval_results,
        **_model_licence(adapter.base if adapter else base),
    )
    return ModelCard.from_template(
        data,
        template_str=_template(template),
        name=Path(repository).name,
        repository=repository,
        adapter=adapter,
        config=config,
        metrics=metrics,
        backbone=backbone,
        tested_on=_tested_on(metrics) if metrics else "",
        training_data=_training_data(metrics["data"]) if metrics else "",
        versions=", ".join(f"{name} {number}" for name, number in metrics.get("versions", {}).items())
        if metrics
        else "",
        plots=sorted(file.relative_to(folder).as_posix() for file in folder.glob("plots/*.png")),
        recipe=(folder / "recipe.yaml").is_file(),
        citations=_template("citations.md").strip(),
        **values,
    )


def card_for(folder: Path, repository: str) -> str:
    """The text of the card that a checkpoint goes to a repository with: the one in its folder where someone has
    written in it, with the name of the repository in its snippet, else a new one.

    Args:
        folder: of the checkpoint.
        repository: name of the repository.
    """
    path = folder / "README.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    named = _REPOSITORY_LINE.search(text)
    if not text or (named and text.strip() == str(model_card(folder, named[1])).strip()):
        return str(model_card(folder, repository))
    return _REPOSITORY_LINE.sub(f'repository = "{repository}"', text)


def dataset_card(entry: "DatasetEntry", description: str = "") -> DatasetCard:
    """The card of a data set of the registry.

    Args:
        entry: its `DatasetEntry`.
        description: what a row of it is.
    """
    category, citation = _TASK_CATEGORIES.get(entry.task), entry.citation.strip()
    data = DatasetCardData(
        pretty_name=entry.name,
        task_categories=[category] if category else None,
        tags=["time-series", entry.task, _TAG],
        **_licence(entry.licence),
    )
    return DatasetCard.from_template(
        data,
        template_str=_template("dataset.md"),
        entry=entry,
        what=description or "One row for each series.",
        citation=f"```bibtex\n{citation}\n```" if citation.startswith("@") else citation,
    )
