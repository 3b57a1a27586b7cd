"""Command line: one module for each command, imported when the command is run."""

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence

from ..errors import refuses_input
from ..requirements import MissingPackageError
from .recipe_help import RECIPE_HELP

# command -> (module with `main(args)`, description)
_COMMANDS = {
    "train forecaster": ("ts_llm_fusion.cli.train_forecaster", "train an LLM-PS forecaster, or fine-tune TSFusion"),
    "train fusion": ("ts_llm_fusion.cli.train_fusion", "train the TSFusion forecaster on synthetic series"),
    "train context": ("ts_llm_fusion.cli.train_context", "train the part of TSFusion that reads texts"),
    "train sft": ("ts_llm_fusion.cli.train_sft", "fine-tune a language model to answer questions about series"),
    "train t2t": ("ts_llm_fusion.cli.train_t2t", "pre-train the time-to-text encoder of LLM-PS"),
    "data": ("ts_llm_fusion.cli.data", "list, describe, download and preview data sets"),
    "evaluate": ("ts_llm_fusion.cli.evaluate", "evaluate forecasters or question answering beside baselines"),
    "benchmark": ("ts_llm_fusion.cli.benchmark", "run models x datasets x horizons x seeds to one table"),
    "forecast": ("ts_llm_fusion.cli.forecast", "forecast the series of a file"),
    "explain": ("ts_llm_fusion.cli.explain", "forecast the series of a file and say why"),
    "push": ("ts_llm_fusion.cli.push", "push a checkpoint to the Hub"),
    "export": ("ts_llm_fusion.cli.export", "export a forecaster to torch.export or ONNX"),
    "convert-opentslm": ("ts_llm_fusion.cli.convert_opentslm", "convert a published OpenTSLM checkpoint"),
}


def _parse(args: Sequence[str]) -> tuple[str, list[str], bool]:
    """Parse the command, its arguments, and whether to show tracebacks."""
    listing = "\n".join(f"  {name:<17} {text}" for name, (_, text) in _COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="ts-llm-fusion",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"commands (each has a --help):\n{listing}",
        usage="ts-llm-fusion [--debug] COMMAND [options]",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    names = dict.fromkeys(name.split()[0] for name in _COMMANDS)
    parser.add_argument("command", choices=names, metavar="COMMAND", help="see above")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    debug = "--debug" in args
    parsed = parser.parse_args([arg for arg in args if arg != "--debug"])
    command, rest = parsed.command, parsed.rest
    kinds = [name.removeprefix(f"{command} ") for name in _COMMANDS if name.startswith(f"{command} ")]
    if kinds:
        if not rest or rest[0] not in kinds:
            parser.error(f"{command} what? give one of {', '.join(kinds)}")
        command, rest = f"{command} {rest[0]}", rest[1:]
    return command, [_with_underscores(arg) for arg in rest], debug


def _with_underscores(arg: str) -> str:
    """Replace `-` by `_` in the name of a flag, since commands take both."""
    if not arg.startswith("--"):
        return arg
    name, equals, value = arg[2:].partition("=")
    return f"--{name.replace('-', '_')}{equals}{value}"


def _help_page(command: str, args: Sequence[str]) -> str | None:
    """Requested help page of a command with a recipe, or None."""
    if command not in RECIPE_HELP or not {"-h", "--help", "--help_all"}.intersection(args):
        return None
    return RECIPE_HELP[command].page(f"ts-llm-fusion {command}", everything="--help_all" in args)


def _leave_process_group() -> None:
    """Leave the process group of a launch by accelerate: its threads abort a process that ends before they do."""
    # A command that has not imported torch has no group.
    if "torch" in sys.modules:
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


def main(args: Sequence[str] | None = None) -> int:
    """Run a command; bad input is one line and exit status 2."""
    command, rest, debug = _parse(sys.argv[1:] if args is None else args)
    page = _help_page(command, rest)
    if page is not None:
        print(page, end="")
        return 0
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("ts_llm_fusion").setLevel(logging.DEBUG if debug else logging.INFO)
    try:
        importlib.import_module(_COMMANDS[command][0]).main(rest)
    except Exception as error:
        # Anything else is a fault of the package and shows its traceback.
        if debug or not (isinstance(error, OSError | MissingPackageError) or refuses_input(error)):
            raise
        print(f"ts-llm-fusion: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    finally:
        _leave_process_group()
    return 0
