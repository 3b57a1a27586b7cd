"""Flags, recipes and commands are checked before anything is imported, and what is misspelled is told its nearest."""

import argparse
import gc
import os
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from ts_llm_fusion import cli
from ts_llm_fusion.cli import _COMMANDS, main
from ts_llm_fusion.cli.completion import program_parser
from ts_llm_fusion.cli.flags import as_given
from ts_llm_fusion.cli.packaged_recipes import find_recipe, packaged_recipes
from ts_llm_fusion.cli.parsing import quick_imports
from ts_llm_fusion.cli.recipe_help import RECIPE_HELP
from ts_llm_fusion.recipes.backtest import BacktestArguments
from ts_llm_fusion.recipes.evaluation import ANSWER_SETTINGS, FORECAST_SETTINGS
from ts_llm_fusion.recipes.fine_tuning import FINE_TUNING_SETTINGS
from ts_llm_fusion.recipes.forecaster import FORECASTER_SETTINGS
from ts_llm_fusion.recipes.fusion import FUSION_SETTINGS
from ts_llm_fusion.recipes.sft import SFT_SETTINGS
from ts_llm_fusion.recipes.t2t import T2T_SETTINGS
from ts_llm_fusion.training.arguments import RecipeParser

CONFIGS = Path(__file__).parents[2] / "configs"
# command -> the classes of its settings, one tuple for each kind of run
SETTINGS = {
    "train forecaster": (FORECASTER_SETTINGS, FINE_TUNING_SETTINGS),
    "train fusion": (FUSION_SETTINGS,),
    "train sft": (SFT_SETTINGS,),
    "train t2t": (T2T_SETTINGS,),
    "evaluate": ((*FORECAST_SETTINGS, BacktestArguments), ANSWER_SETTINGS),
}
# What is wrong, and the one line about it.
WRONG = [
    ("forcast sales.csv", "'forcast' is not a command; did you mean 'forecast'?"),
    ("train", "train what? give one of forecaster, fusion, context, sft, curriculum, grpo, t2t."),
    ("train forcaster", "'train forcaster' is not a command; did you mean 'train forecaster'?"),
    ("forecast sales.csv --horizn 3", "unknown flag --horizn; did you mean '--horizon'?"),
    ("forecast sales.csv --horizon x", "invalid int value: 'x'; see ts-llm-fusion forecast --help."),
    ("forecast sales.csv more", "'more' is one argument too many; see ts-llm-fusion forecast --help."),
    ("forecast no-sales.csv", "no-sales.csv: no such file; give a CSV, parquet or xlsx file."),
    ("forecast ETTh3", "ETTh3: neither a file nor a known set; did you mean 'ETTh"),
    (
        "explain x.csv --model ./none",
        "./none: neither a folder nor a name of the Hub; give the folder",
    ),
    (
        "train forecaster --learning_ratee 3",
        "'learning_ratee' in the command line is not a setting; did you",
    ),
    (
        "train sft --num_train_epochs many",
        "--num_train_epochs: invalid float value: 'many'; see",
    ),
    ("train t2t --config no", "--config no: no such recipe file; "),
    ("evaluate --windows 3", "the following arguments are required: --data; see ts-llm-fusion evaluate --help."),
    ("benchmark --config illi", "--config illi: no such recipe file; did you mean 'ili'?"),
    ("push . me/x --privat", "unknown flag --privat; did you mean '--private'?"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_is_wrong_is_one_line(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments.split()) == 2
    error = capsys.readouterr().err
    assert error.startswith("ts-llm-fusion: error: ")
    assert message in error
    assert error.count("\n") == 1


def test_it_is_told_at_once_and_without_torch() -> None:
    code = (
        "import sys\nfrom ts_llm_fusion.cli import main\n"
        f"for arguments in {[arguments for arguments, _ in WRONG]!r}:\n    assert main(arguments.split()) == 2\n"
        "sys.exit('torch' in sys.modules)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == len(WRONG)
    # All of them take less than twice the second that one may take.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def flags_of(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    flags = {flag: action for action in parser._actions for flag in action.option_strings}
    return {flag: action for flag, action in flags.items() if "-" not in flag[2:] and flag not in ("-h", "--help")}


def read(action: argparse.Action, text: str) -> object:
    """Value that a flag reads from a text, "refused" for none."""
    try:
        return text if action.type is None else action.type(text)
    except (ValueError, TypeError, argparse.ArgumentTypeError):
        return "refused"


@pytest.mark.parametrize("command", SETTINGS)
def test_flags_without_their_classes_are_those_with_them(command: str) -> None:
    light, kinds = (
        flags_of(RECIPE_HELP[command].parser(command)),
        [flags_of(RecipeParser(classes)) for classes in SETTINGS[command]],
    )
    assert set(light) == {"--config"}.union(*kinds)
    for flag in set(light) - {"--config"}:
        actions = [flags[flag] for flags in kinds if flag in flags]
        assert (light[flag].dest, light[flag].nargs) == (actions[0].dest, actions[0].nargs), flag
        for text in ("3", "none", "x"):
            # Enumerations and the like are known to their classes alone, and taken as text.
            assert read(light[flag], text) in (text, *(read(action, text) for action in actions)), (flag, text)


def test_recipes_have_names(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("demo", "llmps/demo", "configs/llmps/demo.yaml"):
        assert find_recipe(name, ("llmps", "fusion")).samefile(CONFIGS / "llmps" / "demo.yaml")
    assert find_recipe("demo", ("eval",)).samefile(CONFIGS / "eval" / "demo.yaml")
    assert set(packaged_recipes("tslm")) == {path.stem for path in (CONFIGS / "tslm").glob("*.yaml")}
    assert main(["train", "forecaster", "--config=demo", "--contxt_length", "3"]) == 2
    assert "'contxt_length' in the command line is not a setting; did you mean 'context_" in capsys.readouterr().err
    Path("own.yaml").write_text("data: ETTh1\nlearningrate: 1\n")
    assert main(["train", "forecaster", "--config", "own.yaml"]) == 2
    assert "'learningrate' in the recipe is not a setting; did you mean 'learning_rate'?" in capsys.readouterr().err


def test_flags_are_repeated_as_they_were_given() -> None:
    options = argparse.Namespace(id=["shop", "item"], target=None, freq="h", dayfirst=False, non_negative=True)
    flags = as_given(options, "id", "target", "freq", "dayfirst", "non_negative")
    assert flags == ["--id", "shop", "item", "--freq", "h", "--dayfirst", "false", "--non_negative"]


def test_a_reader_who_has_seen_enough_and_an_interrupt_end_a_command_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", closed)
        assert main(["--help"]) == 141

    def interrupt(args: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupt)
    assert main(["--help"]) == 130
    assert capsys.readouterr().err == "ts-llm-fusion: interrupted\n"


def test_the_overview_and_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for arguments in ([], ["--help"], ["train", "--help"]):
        assert main(arguments) == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1]
    assert "\n  train forecaster  train an LLM-PS forecaster" in pages[0]
    assert "  forecast   " not in pages[2]
    assert "example:\n  ts-llm-fusion train forecaster --config demo" in pages[2]
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ts-llm-fusion {version('ts-llm-fusion')}\n"


def test_the_environment_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if " extra " not in line)
    assert lines["ts-llm-fusion"] == version("ts-llm-fusion")
    assert lines["torch"]


def test_a_shell_gets_completions() -> None:
    argcomplete = pytest.importorskip("argcomplete")

    def completions(line: str) -> set[str]:
        finder = argcomplete.CompletionFinder(program_parser(_COMMANDS, line))
        *words, prefix = line.split(" ")
        return {found.strip() for found in finder._get_completions(words, prefix, "", None)}

    assert completions("ts-llm-fusion for") == {"forecast"}
    assert {"forecaster", "sft"} <= completions("ts-llm-fusion train ")
    assert completions("ts-llm-fusion forecast --hor") == {"--horizon"}
    assert "demo" in completions("ts-llm-fusion train forecaster --config ")
    assert completions("ts-llm-fusion evaluate --base") == {"--baselines"}


def test_an_unknown_choice_is_answered_with_the_nearest(capsys: pytest.CaptureFixture) -> None:
    for args, known in (
        (["data", "previw"], "preview"),
        (["export", "x", "--format", "onx", "--output", "y"], "onnx"),
    ):
        assert main(args) == 2
        assert f"is unknown; did you mean {known!r}? See ts-llm-fusion {args[0]} --help." in capsys.readouterr().err


def test_collection_of_cycles_goes_on_after_imports() -> None:
    with pytest.raises(ImportError), quick_imports():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()
