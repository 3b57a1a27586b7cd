"""The table of families: what it names is there, and one entry is all that a further family needs."""

import importlib
from pathlib import Path

import pytest

import ts_llm_fusion
from ts_llm_fusion.families import FAMILIES, MODEL_CLASSES, Family, find_family

CARDS = Path(__file__).parent.parent / "hub_cards"


def find(path: str) -> type:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))
def test_classes_and_templates_of_a_family_are_there(family: Family) -> None:
    assert find(family.config).model_type == family.model_type
    for auto, path in family.classes.items():
        ours = find(path)
        if auto.startswith("AutoModel"):
            assert ours.config_class is find(family.config)
    assert (CARDS / family.card).is_file()
    assert (family.task is None) == (family.app is None)
    if family.app:
        assert (CARDS / "endpoint" / family.app).is_file()
        assert (CARDS / "space" / family.app).is_file()


def test_every_class_of_the_table_is_public() -> None:
    paths = {path for config, classes in MODEL_CLASSES.items() for path in (config, *classes.values())}
    assert {path.split(":")[1] for path in paths} <= set(ts_llm_fusion.__all__)


def test_a_family_is_found_by_its_model_type_and_task() -> None:
    assert find_family("tslm", "somewhere") is FAMILIES["tslm"]
    assert find_family("llmps", "somewhere", ["forecasting"]) is FAMILIES["llmps"]
    with pytest.raises(ValueError, match="somewhere: a model of type 'tslm'; give one of type llmps"):
        find_family("tslm", "somewhere", ["forecasting"])
    with pytest.raises(ValueError, match="somewhere: a model of type None; give one of type llmps or tsfusion"):
        find_family(None, "somewhere")
