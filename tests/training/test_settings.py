"""Settings of recipes, read from source code."""

import sys

import pytest

from ts_llm_fusion.training.settings import argument_descriptions, read_settings


def test_descriptions_come_from_the_args_section_in_one_line() -> None:
    docstring = """A summary.

Args:
    width (`int`, defaults to 8): channels of a layer,
        a multiple of `heads`.
    name: of the layer.

Raises:
    ValueError: never.
"""
    assert argument_descriptions(docstring) == {
        "width": "Channels of a layer, a multiple of heads.",
        "name": "Of the layer.",
    }
    assert argument_descriptions("A summary.") == {}


@pytest.mark.parametrize(
    ("place", "name", "default", "text"),
    [
        ("ts_llm_fusion.modeling.configuration_t2t:T2TConfig", "patch_length", "24", "Time steps of a patch."),
        ("ts_llm_fusion.training.forecaster:BackboneArguments", "lora_r", "8", "Rank of the adapters."),
        (
            "ts_llm_fusion.training.tslm_models:TSLMArguments",
            "freeze",
            "",
            "Parts to exclude from training: encoder, ",
        ),
    ],
)
def test_a_setting_has_its_default_and_description(place: str, name: str, default: str, text: str) -> None:
    found = {setting.name: setting for setting in read_settings(place)}
    assert found[name].default == default
    assert found[name].help.startswith(text)


def test_fields_that_follow_from_data_are_not_settings() -> None:
    names = [setting.name for setting in read_settings("ts_llm_fusion.modeling.configuration_llmps:LLMPSConfig")]
    assert "context_length" in names
    assert "num_input_channels" not in names


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"ts_llm_fusion\.nowhere: no such module"):
        read_settings("ts_llm_fusion.nowhere:Class")
    assert "ts_llm_fusion.nowhere" not in sys.modules
