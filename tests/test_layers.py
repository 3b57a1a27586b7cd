"""Direction of imports: each folder imports only folders below it, wherever in a module the import stands."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_TOP_LEVEL = ("modeling", "processing", "training")
_BOTTOM = {"errors", "files", "requirements", "suggestions", "families", "checkpoints"}
_DATA = {"data", "data.series", "data.qa"}
_MODELS = {"modeling", "processing", "training"}
_MEASURED = {
    "baselines",
    "distributed",
    "forecasting",
    "adapters",
    "panel_covariates",
    "series_checks",
    "prediction",
    "plots",
}

# Folder or module below ts_llm_fusion -> others that it may import; each stands above everything that it may import.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    **{name: {"errors"} for name in sorted(_BOTTOM - {"errors", "checkpoints"})},
    "checkpoints": {"errors", "files"},
    "registration": {"families"},
    # The code of these two goes with a checkpoint.
    "modeling": set(),
    "processing": set(),
    "training": {"modeling", "processing"} | _BOTTOM,
    "data": _BOTTOM,
    "data.series": {"processing", "data"} | _BOTTOM,
    # Keeps a name of earlier versions importable.
    "data.preparation": {"data.series"},
    "data.qa": {"processing", "data", "data.series"} | _BOTTOM,
    "plots": _BOTTOM,
    "forecasting": {"processing", "data", "data.series"} | _BOTTOM,
    "adapters": {"forecasting", "processing"} | _BOTTOM,
    "panel_covariates": {"processing", "data", "data.series"} | _BOTTOM,
    "series_checks": {"processing", "data.series"} | _BOTTOM,
    "panel_contexts": {"modeling", "processing", "data", "data.series"} | _BOTTOM,
    "distributed": {"data", "data.series"} | _BOTTOM,
    "prediction": {
        "adapters",
        "distributed",
        "panel_contexts",
        "panel_covariates",
        "series_checks",
        "forecasting",
        "processing",
        "data",
        "data.series",
    }
    | _BOTTOM,
    "pipelines": {"prediction", "data", "data.series"} | _BOTTOM,
    "explanations": {
        "modeling",
        "processing",
        "data",
        "data.series",
        "plots",
        "adapters",
        "panel_contexts",
        "panel_covariates",
        "prediction",
        "series_checks",
    }
    | _BOTTOM,
    "answers": {"explanations", "modeling", "processing", "data", "data.series", "adapters", "prediction"} | _BOTTOM,
    "conversion": {"modeling", "processing"} | _BOTTOM,
    "export": {"modeling", "processing"} | _BOTTOM,
    "baselines": _DATA | _BOTTOM,
    "evaluation": _MODELS | _DATA | _MEASURED | _BOTTOM,
    "hub": {"evaluation"} | _DATA | _BOTTOM,
    "recipes": {"evaluation", "hub"} | _MODELS | _DATA | _MEASURED | _BOTTOM,
    "web": {"answers", "explanations", "evaluation", "baselines", "processing"}
    | {"data.series", "adapters", "prediction", "plots"}
    | _BOTTOM,
    "cli": {"web", "recipes", "hub", "evaluation", "explanations", "answers", "conversion", "export"}
    | _MODELS
    | _DATA
    | _MEASURED
    | _BOTTOM,
    "__init__": {"families", "registration", "requirements"},
}


def module_parts(path: Path) -> tuple[str, ...]:
    """Names of a module, from ts_llm_fusion on."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts if parts[0] == "ts_llm_fusion" else ("ts_llm_fusion", *parts)


def folder(parts: tuple[str, ...]) -> str:
    """Key of a module in `ALLOWED`."""
    below = parts[1:]
    if not below:
        return "__init__"
    return ".".join(below[:2]) if ".".join(below[:2]) in ALLOWED else below[0]


def imported_modules(code: str, parts: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Level and names of each import of this package in the code of a module."""
    for node in ast.walk(ast.parse(code)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.Import):
            found = [(0, tuple(name.split("."))) for name in names]
        elif isinstance(node, ast.ImportFrom):
            start = parts[: len(parts) - node.level] if node.level else ()
            base = (*start, *(node.module.split(".") if node.module else ()))
            # The imported name may itself be a module or folder.
            found = [(node.level, (*base, name)) for name in names]
        else:
            continue
        yield from ((level, module) for level, module in found if module[0] == "ts_llm_fusion")


def violations(code: str, parts: tuple[str, ...]) -> list[str]:
    """Imports that go to a folder that the module's own may not import."""
    own = folder(parts)
    return [
        f"{'.'.join(parts)} imports {'.'.join(module)}"
        for _, module in imported_modules(code, parts)
        if folder(module) != own and folder(module) not in ALLOWED[own]
    ]


def modules() -> list[Path]:
    return [path for top in (*_TOP_LEVEL, "ts_llm_fusion") for path in sorted((ROOT / top).rglob("*.py"))]


def test_no_import_runs_upwards() -> None:
    checked = {path: violations(path.read_text(encoding="utf-8"), module_parts(path)) for path in modules()}
    assert len(checked) > 100
    assert [line for found in checked.values() for line in found] == []


def test_every_folder_stands_above_all_that_it_may_import() -> None:
    above = list(ALLOWED)
    for position, name in enumerate(above):
        assert ALLOWED[name] <= set(above[:position]), name


def test_models_and_processors_import_their_own_files_by_one_dot() -> None:
    for top in ("modeling", "processing"):
        for path in (ROOT / top).rglob("*.py"):
            levels = [level for level, _ in imported_modules(path.read_text(encoding="utf-8"), module_parts(path))]
            assert set(levels) <= {1}, path.name


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("modeling.modeling_llmps", "from ..files import write_json"),
        ("modeling.modeling_llmps", "def load():\n    import ts_llm_fusion.training.runs"),
        ("processing.series_arrays", "from ..modeling import modeling_llmps"),
        ("training.sft", "from ts_llm_fusion.data.registry import REGISTRY"),
        ("data.registry", "from .series.rows import load_rows"),
        ("data.series.sources", "from ..qa.samples import FEATURES"),
        ("data.qa.samples", "from ... import prediction"),
        ("baselines.naive2", "from ..evaluation.point_metrics import mae"),
        ("evaluation.answers", "from ..recipes.sft import prediction_lines"),
        ("families", "from . import files"),
    ],
)
def test_an_import_upwards_or_sideways_is_found(module: str, code: str) -> None:
    assert len(violations(code, ("ts_llm_fusion", *module.split(".")))) == 1
