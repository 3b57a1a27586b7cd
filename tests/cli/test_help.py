"""Help pages: complete, described, and quick."""

import ast
import dataclasses
import importlib
import subprocess
import sys

import pytest

from ts_llm_fusion.cli import main
from ts_llm_fusion.cli.recipe_help import RECIPE_HELP
from ts_llm_fusion.training.forecaster import ForecasterConfigArguments
from ts_llm_fusion.training.fusion import FusionConfigArguments
from ts_llm_fusion.training.t2t import T2TConfigArguments
from ts_llm_fusion.training.tslm_models import TSLMConfigArguments

COMMANDS = (
    *RECIPE_HELP,
    "forecast",
    "explain",
    "demo",
    "env",
    "benchmark",
    "push",
    "export",
    "convert-opentslm",
    "data",
)
# Configuration class -> the dataclass of its settings.
OF_CONFIG = {
    "LLMPSConfig": ForecasterConfigArguments,
    "T2TConfig": T2TConfigArguments,
    "TSFusionConfig": FusionConfigArguments,
    "TSLMConfig": TSLMConfigArguments,
}


def settings_class(place: str) -> type:
    module, name = place.split(":")
    return OF_CONFIG.get(name) or getattr(importlib.import_module(module), name)


def default_of(field: dataclasses.Field) -> object:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


@pytest.mark.parametrize("command", RECIPE_HELP)
def test_the_page_shows_each_setting_of_the_classes_with_its_default(command: str) -> None:
    shown = {setting.name: setting for group in RECIPE_HELP[command].settings().values() for setting in group}
    expected: dict[str, dataclasses.Field] = {}
    ours: set[str] = set()
    for place in (place for places in RECIPE_HELP[command].groups.values() for place in places):
        dataclass_type = settings_class(place)
        for field in dataclasses.fields(dataclass_type):
            if field.name in dataclass_type.__annotations__:
                if field.name not in expected and place.startswith("ts_llm_fusion."):
                    ours.add(field.name)
                expected.setdefault(field.name, field)
    assert set(shown) == set(expected)
    for name, field in expected.items():
        setting, default = shown[name], default_of(field)
        assert setting.help == field.metadata["help"]
        assert len(setting.help) > 5 and setting.help[0].isupper(), name
        # Descriptions of trl are as it has them.
        assert setting.help.endswith(".") or name not in ours, name
        if not setting.default:
            assert (setting.default is None) == (default is dataclasses.MISSING)
        else:
            found = ast.literal_eval(setting.default)
            assert (list(found) if isinstance(found, tuple) else found) == default


def test_everything_is_shown_only_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "forecaster", "--help"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("usage: ts-llm-fusion train forecaster ")
    assert "--per_device_train_batch_size" in page
    assert "--weight_decay" not in page
    assert main(["train", "forecaster", "--help-all"]) == 0
    assert "--weight_decay" in capsys.readouterr().out


def test_help_answers_at_once_and_without_torch() -> None:
    code = (
        "import sys, time\nfrom ts_llm_fusion.cli import main\n"
        f"for command in {COMMANDS!r}:\n"
        "    before = time.process_time()\n"
        "    try:\n        main([*command.split(), '--help'])\n    except SystemExit:\n        pass\n"
        "    print('\\nseconds', time.process_time() - before)\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, "torch was imported"
    assert done.stderr == ""
    pages = done.stdout.split("\nseconds ")
    for command, page, seconds in zip(COMMANDS, pages[:-1], pages[1:], strict=True):
        assert f"usage: ts-llm-fusion {command}" in page
        assert f"example:\n  ts-llm-fusion {command} " in page
        assert float(seconds.split()[0]) < 0.8, command


def test_dashes_and_underscores_are_the_same_in_flags(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--timestamp-column", "--timestamp_column"):
        assert main(["forecast", "--model", "m", "--data", "d.csv", "--output", "o.txt", flag, "t"]) == 2
        assert "--output o.txt: unknown kind of file" in capsys.readouterr().err
