"""Model cards, from the templates in hub_cards."""

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from ..evaluation.report import results_table
from ..families import BUILT_IN_NAME, Family, find_family

if TYPE_CHECKING:
    from ..data.entries import DatasetEntry

_TAG = "ts-llm-fusion"
# Metrics of answers in the table that the Hub shows beside a card.
_ANSWER_METRICS = ("exact_match", "accuracy", "macro_f1", "rouge_l", "claims_hold")
# Columns of a table whose errors a card lists.
_MOST_COLUMNS = 12
_REPOSITORY_LINE = re.compile(r'^repository = "(.*)"$', re.M)


@dataclass(frozen=True)
class Adapter:
    """Base of an adapter, for its card.

    Args:
        base: repository of the base model.
        on_backbone: whether the base is a plain text model, so that all other parts come with the adapter.
    """

    base: str
    on_backbone: bool


def _template(name: str) -> str:
    return files("ts_llm_fusion.hub_cards").joinpath(name).read_text(encoding="utf-8")


def _is_repository(name: str | None) -> bool:
    """Whether a name is a valid repository name, not a local folder and not that of the built-in forecaster."""
    if not name or name == BUILT_IN_NAME or Path(name).exists():
        return False
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def _license(base: str | None) -> dict[str, str]:
    """License metadata: that of this package for weights from scratch, else that of the base model."""
    if base is None:
        return {"license": "apache-2.0"}
    link = {"license_link": f"https://huggingface.co/{base}"} if _is_repository(base) else {}
    return {"license": "other", "license_name": "that-of-the-base-model", **link}


def _entry(name: str) -> "DatasetEntry | None":
    from ..data.registry import REGISTRY

    return REGISTRY.get(name)


def _training_data(name: str) -> str:
    """Description of the training data; a local file is reduced to its name."""
    entry = _entry(name)
    if entry is None:
        return f"`{Path(name).name}`"
    title = f"[{name}]({entry.homepage})" if entry.homepage else name
    return f"{title}: {entry.description} License: {entry.license}."


def _tested_on(metrics: Mapping[str, Any]) -> str:
    return Path(metrics.get("tested_on") or metrics["data"]).name


def _eval_results(family: Family, metrics: Mapping[str, Any]) -> list[EvalResult]:
    """Results on the test split, for the table that the Hub shows beside a card."""
    name, test = _tested_on(metrics), metrics["test"]
    entry = _entry(name)
    errors = [metric for metric in test if metric != "nominal"]
    shown = {m: test[m] for m in (errors if family.task == "forecasting" else _ANSWER_METRICS) if m in test}
    return [
        EvalResult(
            task_type=family.pipeline_tag,
            dataset_type=entry.hub_id if entry and entry.hub_id else re.sub(r"[^\w.-]+", "-", name),
            dataset_name=name,
            dataset_split="test",
            metric_type=metric,
            metric_value=round(value, 6),
        )
        for metric, value in shown.items()
    ]


def _baselines(metrics: Mapping[str, Any], suffix: str = "") -> Mapping[str, Any]:
    """Results of the baselines; metrics.json of earlier versions calls them floors."""
    return metrics.get(f"baselines{suffix}") or metrics.get(f"floors{suffix}", {})


def forecasts_table(metrics: Mapping[str, Any]) -> str:
    """Table of the errors of a forecaster and of the baselines, from metrics.json of `train forecaster`."""
    return results_table({"this model": metrics["test"], **_baselines(metrics)})


def _answer_rows(metrics: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    """Results of this model, of this model with shuffled series, and of the baselines."""
    keys = {"this model": f"test{suffix}", "series shuffled": f"shuffled{suffix}"}
    rows = {name: metrics[key] for name, key in keys.items() if key in metrics}
    return {**rows, **_baselines(metrics, suffix)}


def answers_by_task(metrics: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Exact match of the model and of the baselines for each task, from metrics.json of `train sft`."""
    rows = _answer_rows(metrics, "_by_task")
    return {name: {task: values["exact_match"] for task, values in tasks.items()} for name, tasks in rows.items()}


def answers_table(metrics: Mapping[str, Any]) -> str:
    """Table of the model and the baselines over all questions, then exact match by task if there are several."""
    overall = {
        name: {metric: value for metric, value in row.items() if metric != "chance"}
        for name, row in _answer_rows(metrics, "").items()
    }
    by_task = answers_by_task(metrics)
    table = results_table(overall)
    if len(by_task["this model"]) == 1:
        return table
    return f"{table}\n\nExact match by kind of question:\n\n{results_table(by_task)}"


def _forecaster_values(config: Mapping[str, Any], metrics: Mapping[str, Any] | None) -> dict[str, Any]:
    any_number, variables = config.get("share_projection", True), config.get("num_input_channels")
    return {
        "variables": "any number of variables" if any_number else f"exactly {variables} variables",
        "example_variables": 2 if any_number else variables,
        "table": forecasts_table(metrics) if metrics else "",
        "in_units": _in_units(metrics),
    }


def _in_units(metrics: Mapping[str, Any] | None) -> str:
    """Errors on the test split in the units of the data, in words; empty where they are not known."""
    errors = (metrics or {}).get("mae_in_units", {})
    parts = [f"{error:.4g} ({name})" for name, error in itertools.islice(errors.items(), _MOST_COLUMNS)]
    return ", ".join([*parts, "..."] if len(errors) > _MOST_COLUMNS else parts)


def _question_values(config: Mapping[str, Any], metrics: Mapping[str, Any] | None) -> dict[str, Any]:
    if not metrics:
        return {"question": "What is the trend of this series?\nSeries: ", "max_new_tokens": 32}
    return {
        "question": f"{metrics['example_question']}\nSeries: ",
        "max_new_tokens": metrics["recipe"]["max_new_tokens"],
        "table": answers_table(metrics),
    }


def _fusion_values(config: Mapping[str, Any], metrics: Mapping[str, Any] | None) -> dict[str, Any]:
    if not metrics or "start" not in metrics:
        return {}
    start = metrics["start"]
    start = start if _is_repository(start) else Path(start).name
    return {"table": forecasts_table(metrics), "in_units": _in_units(metrics), "start": start}


def _tslm_part(config: Mapping[str, Any], report: Mapping[str, Any] | None) -> dict[str, Any]:
    """Values of the language model in a forecaster's checkpoint; `report` is that of its training."""
    if report:
        report = {**report, "training_data": _training_data(report["data"]), "tested_on": _tested_on(report)}
    backbone = _backbone(config, report)[1]
    return {"config": config, "report": report, "backbone": backbone, **_question_values(config, report)}


# template of a card -> its further values
_TEMPLATE_VALUES = {"forecaster.md": _forecaster_values, "tsfusion.md": _fusion_values, "tslm.md": _question_values}


def _backbone(config: Mapping[str, Any], metrics: Mapping[str, Any] | None) -> tuple[str | None, str]:
    """Name of the model that training started from, and the description of the backbone."""
    if metrics and "start" in metrics:
        return metrics["start"] if _is_repository(metrics["start"]) else None, "none"
    if "text_config" not in config or not config.get("use_llm", True):
        return None, "none"
    recipe = metrics.get("recipe", {}) if metrics else {}
    base = recipe.get("backbone") or recipe.get("model_name_or_path")
    if metrics is None:
        origin = "weights of unknown origin"
    elif base is None:
        origin = "random weights"
    else:
        origin = base if _is_repository(base) else Path(base).name
    training = f", {recipe['backbone_training']}" if "backbone_training" in recipe else ""
    return base, f"{origin} ({config['text_config']['model_type']}{training})"


def _base_model(base: str | None, adapter: Adapter | None) -> dict[str, str]:
    """Metadata of the base model, if others can load it."""
    if adapter:
        return {"base_model": adapter.base, "base_model_relation": "adapter"}
    return {"base_model": base, "base_model_relation": "finetune"} if base and _is_repository(base) else {}


def _recipe_command(path: Path) -> str | None:
    """Command that a recipe of a language model is for; None where there is none."""
    if not path.is_file():
        return None
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return "train curriculum" if "curriculum" in settings else "train grpo" if "rewards" in settings else "train sft"


def model_card(folder: Path, repository: str, adapter: Adapter | None = None) -> ModelCard:
    """Card of a checkpoint, from the files in its folder: config.json, metrics.json, plots and recipe.yaml.

    Args:
        folder: folder of the checkpoint.
        repository: name or path that the snippet loads.
        adapter: base of the adapter, for a card of the adapter alone.

    Raises:
        ValueError: the model is not of this package.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    family = find_family(config.get("model_type"), folder)
    path = folder / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    tslm_config, tslm_report = config.get("tslm_config"), metrics.pop("tslm", None)
    # A joined checkpoint may have a report of its language model alone.
    metrics = metrics if "data" in metrics else None
    base, backbone = _backbone(config, metrics)
    values: dict[str, Any] = {"backbone": backbone}
    if tslm_config:
        base = base or _backbone(tslm_config, tslm_report)[0]
        values["questions"] = _tslm_part(tslm_config, tslm_report)
        values["questions"]["recipe"] = _recipe_command(folder / "tslm_recipe.yaml")
    metadata: dict[str, Any] = _base_model(base, adapter) | _license(adapter.base if adapter else base)
    if family.card in _TEMPLATE_VALUES:
        values |= _TEMPLATE_VALUES[family.card](config, metrics)
    if metrics:
        values |= {
            "tested_on": _tested_on(metrics),
            "training_data": _training_data(metrics["data"]),
            "versions": ", ".join(f"{name} {version}" for name, version in metrics.get("versions", {}).items()),
        }
        entry = _entry(metrics["data"])
        if entry and entry.hub_id:
            metadata["datasets"] = [entry.hub_id]
        if "test" in metrics:
            eval_results = _eval_results(family, metrics)
            metadata |= {
                "metrics": sorted({result.metric_type for result in eval_results}),
                "model_name": Path(repository).name,
                "eval_results": eval_results,
            }
    data = ModelCardData(
        library_name="peft" if adapter else "transformers",
        pipeline_tag=family.pipeline_tag,
        tags=[*family.tags, _TAG],
        **metadata,
    )
    return ModelCard.from_template(
        data,
        template_str=_template(family.card),
        name=Path(repository).name,
        repository=repository,
        adapter=adapter,
        config=config,
        metrics=metrics,
        plots=sorted(file.relative_to(folder).as_posix() for file in folder.glob("plots/*.png")),
        recipe=_recipe_command(folder / "recipe.yaml"),
        citations=_template("citations.md").strip(),
        **values,
    )


def card_for(folder: Path, repository: str) -> str:
    """Text of the card for a push: the card in the folder if it was edited by hand, else a new one.

    The snippet of an edited card gets the name of the repository.
    """
    path = folder / "README.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    named = _REPOSITORY_LINE.search(text)
    if not text or (named and text.strip() == str(model_card(folder, named[1])).strip()):
        return str(model_card(folder, repository))
    return _REPOSITORY_LINE.sub(f'repository = "{repository}"', text)
