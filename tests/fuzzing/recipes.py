"""Recipes in YAML, up to the settings that a command runs with; and flags."""

import math
import os
from pathlib import Path

import yaml
from hypothesis import strategies as st

from ts_llm_fusion.cli.recipe_help import RECIPE_HELP
from ts_llm_fusion.recipes.forecaster import FORECASTER_SETTINGS
from ts_llm_fusion.recipes.sft import SFT_SETTINGS
from ts_llm_fusion.training.arguments import RecipeParser

from .harness import Family

# command -> classes of its settings
CLASSES = {"train forecaster": FORECASTER_SETTINGS, "train sft": SFT_SETTINGS}
NAMES = {command: [setting.name for setting in RECIPE_HELP[command].all_settings()] for command in CLASSES}

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["1e-3", "auto", "true", "no", "steps", "epoch", "cpu", "/dev/null", "..", "{", "[1]", "{}",
        "1_000",
                     "2024-01-01", "bfloat16", "adamw_torch", "%s", "$HOME", "~", "\0", "\ud800", "None"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=4), st.integers(), st.none()), inner, max_size=3),
    ),
    max_leaves=5,
)
# Documents that a writer of YAML does not make.
SNIPPETS = st.sampled_from(
    ["!!python/object/apply:os.system ['true']", "!!python/name:os.system", "!!int x", "!!float ''", "!!timestamp x",
     "!!binary '*'", "2024-13-45", "9" * 5000, "&a [*a]", "*b", "<<: 1", "? [1]\n: 2", "[" * 2000, "{" * 2000, "\t",
     "---\n---",
     "%YAML 9.9\n---\n", "&a [x,x]\nb: &b [*a,*a]", "0x", "0b", "1:60", "=", "!!set {1}", "!!omap [a: 1]", "\u0085",
     "- - -",
     "!!bool maybe", "!<tag:yaml.org,2002:int> 1", "seed: 1\nseed: 2", "0o9", "_", "0._", "-", "!!null x", ".inf",
     "'", '"\\x']
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, bytes]:
    """A command, and the bytes of a recipe."""
    command = draw(st.sampled_from(list(CLASSES)))
    keys = st.one_of(
        st.sampled_from(NAMES[command]), st.sampled_from(NAMES[command]), SCALARS.filter(lambda v: v != "")
    )
    settings = draw(st.dictionaries(keys, VALUES, max_size=5))
    if draw(st.booleans()):
        settings.setdefault("data", "ETTh1")
        settings.setdefault("output_dir", "out")
    try:
        text = yaml.safe_dump(settings, allow_unicode=draw(st.booleans()), default_flow_style=draw(st.booleans()))
    except (yaml.YAMLError, UnicodeError):
        text = "data: \ud800"
    if draw(st.integers(0, 3)) == 0:
        place = draw(st.integers(0, len(text)))
        text = f"{text[:place]}{draw(SNIPPETS)}{text[place:]}"
    elif draw(st.integers(0, 5)) == 0:
        text = f"{draw(st.sampled_from(NAMES[command]))}: {draw(SNIPPETS)}"
    data = text.encode(errors="surrogatepass")
    if draw(st.integers(0, 5)) == 0 and data:
        place = draw(st.integers(0, len(data) - 1))
        data = data[:place] + bytes([draw(st.integers(0, 255))]) + data[place + 1 :]
    return command, data


def check_recipe(case: tuple[str, bytes], folder: Path) -> None:
    command, data = case
    path = folder / "recipe.yaml"
    path.write_bytes(data)
    before, here = dict(os.environ), Path.cwd()
    os.chdir(folder)
    try:
        arguments = RECIPE_HELP[command].checked(command, ["--config", str(path)])
        settings, recipe = RecipeParser(CLASSES[command]).parse_run(arguments)
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
    # What was given is what the settings hold, and the recipe that repeats the run has it too.
    given = yaml.safe_load(data)
    given.pop("env", None)
    for name, value in given.items():
        held = [getattr(instance, name) for instance in settings if hasattr(instance, name)]
        assert held, name
        if isinstance(value, int | float | str) and isinstance(held[0], int | float | str) and name in CHECKED:
            same = any(one == value or (one != one and value != value) or str(one) == str(value) for one in held)
            assert same or math.isclose(float(value), float(held[0])), (name, value, held)
    assert isinstance(recipe, dict)


CHECKED = ("seed", "learning_rate", "max_steps", "context_length", "prediction_length", "num_train_epochs", "data",
           "per_device_train_batch_size", "weight_decay", "warmup_steps", "mscnn_channels", "target")  # fmt: skip

FAMILIES = [Family("recipes", texts(), check_recipe, 0.01)]
