"""Recipes: YAML, flags that override it, and errors that name the nearest setting."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from ts_llm_fusion import LLMPSConfig
from ts_llm_fusion.training.arguments import RecipeParser, config_arguments, mapping


@dataclass
class Settings:
    learning_rate: float = 1e-3
    num_epochs: int = 3
    levels: list[float] = field(default_factory=list)
    shuffle: bool = True
    loss: Literal["mse", "mae"] = "mse"


def parse(tmp_path: Path, recipe: str, *flags: str) -> Settings:
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe)
    (settings,) = RecipeParser([Settings]).parse_recipe(["--config", str(path), *flags])
    return settings


def test_flags_override_the_recipe_and_the_recipe_the_defaults(tmp_path: Path) -> None:
    settings = parse(tmp_path, "learning_rate: 5e-4\nnum_epochs: 7\nlevels: [0.1, 0.9]\n", "--num_epochs", "9")
    assert settings == Settings(learning_rate=5e-4, num_epochs=9, levels=[0.1, 0.9])


def test_values_of_a_recipe_have_the_types_of_their_settings(tmp_path: Path) -> None:
    settings = parse(tmp_path, "learning_rate: 1\nlevels: 0.5\nshuffle: no\n")
    assert settings == Settings(learning_rate=1.0, levels=[0.5], shuffle=False)
    assert isinstance(settings.learning_rate, float)


@pytest.mark.parametrize(
    ("recipe", "flags", "message"),
    [
        ("learning_rat: 1\n", (), "'learning_rat' in the recipe is not a setting; did you mean 'learning_rate'?"),
        ("", ("--num-epoch", "3"), "'num-epoch' in the command line is not a setting; did you mean 'num_epochs'?"),
        ("learning_rate: fast\n", (), "invalid float value: 'fast'"),
        ("loss: mea\n", (), "loss is 'mea'; give one of mse, mae."),
        ("", ("--loss", "mea"), "invalid choice: 'mea'"),
        ("- 1\n", (), "a recipe is a mapping"),
        ("num_epochs: 2.5\n", (), "invalid int value: '2.5'"),
        ("num_epochs: true\n", (), "invalid int value: 'True'"),
        ("num_epochs: [3]\n", (), "num_epochs is [3]; give a single value."),
        ("num_epochs: {a: 1}\n", (), "num_epochs is {'a': 1}; give a single value."),
        ("num_epochs: null\n", (), "num_epochs is null; give a value, or leave it out."),
        ("learning_rate: .nan\n", (), "learning_rate is nan; give a number."),
        ("levels: [0.1, low]\n", (), "invalid float value: 'low'"),
        ("levels: [[0.1]]\n", (), "levels is [0.1]; give a single value."),
        ("a: [1\n", (), "not YAML"),
    ],
)
def test_mistakes_are_named(recipe: str, flags: tuple, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError) as raised:
        parse(tmp_path, recipe or "num_epochs: 1\n", *flags)
    assert message in str(raised.value)


def test_a_missing_recipe_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"--config none.yaml: no such recipe file"):
        RecipeParser([Settings]).parse_recipe(["--config", "none.yaml"])


def test_a_configuration_becomes_arguments_with_its_own_defaults() -> None:
    arguments = config_arguments("Arguments", LLMPSConfig)
    flags = ["--quantiles", "0.1", "0.9", "--text_config", '{"model_type": "gpt2"}', "--mix_variables", "false"]
    (parsed,) = RecipeParser([arguments]).parse_recipe(flags)
    assert not hasattr(parsed, "num_input_channels")
    assert parsed.quantiles == [0.1, 0.9]
    assert parsed.mix_variables is False
    config = LLMPSConfig(**{**vars(parsed), "text_config": mapping(parsed.text_config, "text_config")})
    assert config.text_config.model_type == "gpt2"
    (defaults,) = RecipeParser([arguments]).parse_recipe([])
    assert LLMPSConfig(**vars(defaults)).to_dict() == LLMPSConfig().to_dict()


@pytest.mark.parametrize(("value", "message"), [("{", "not JSON"), ("[1]", "is not a mapping")])
def test_a_mapping_on_the_command_line_is_json(value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mapping(value, "text_config")
    assert mapping(None, "text_config") is None
    assert mapping('{"a": 1}', "text_config") == {"a": 1}
