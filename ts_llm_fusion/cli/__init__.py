"""The command line: one command for each job, each in a module of its own that is imported when it is asked for."""

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence

# command -> (module with `main(args)`, what it does)
_TRAIN = {
    "forecaster": ("ts_llm_fusion.cli.train_forecaster", "train an LLM-PS forecaster"),
    "fusion": ("ts_llm_fusion.cli.train_fusion", "train the TSFusion forecaster on made-up series"),
    "sft": ("ts_llm_fusion.cli.train_sft", "fine-tune a language model to answer questions about series"),
    "t2t": ("ts_llm_fusion.cli.train_t2t", "pre-train the time-to-text encoder of LLM-PS"),
}
_COMMANDS = {
    "data": ("ts_llm_fusion.cli.data", "list, describe, download and preview data sets"),
    "evaluate": ("ts_llm_fusion.cli.evaluate", "evaluate checkpoints and baselines on a test split"),
    "benchmark": ("ts_llm_fusion.cli.benchmark", "run models x datasets x horizons x seeds to one table"),
    "forecast": ("ts_llm_fusion.cli.forecast", "forecast the series of a file"),
    "push": ("ts_llm_fusion.cli.push", "push a checkpoint to the Hub"),
    "export": ("ts_llm_fusion.cli.export", "export a forecaster to torch.export or ONNX"),
    "convert-opentslm": ("ts_llm_fusion.cli.convert_opentslm", "convert a published OpenTSLM checkpoint"),
}


def _usage() -> str:
    lines = [f"  train {name:<11} {text}" for name, (_, text) in _TRAIN.items()]
    lines += [f"  {name:<17} {text}" for name, (_, text) in _COMMANDS.items()]
    return "\n".join(lines)


def _parse(args: Sequence[str]) -> tuple[str, bool, list[str]]:
    """The module to run, whether to show tracebacks, and the arguments of the command."""
    parser = argparse.ArgumentParser(
        prog="ts-llm-fusion",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"commands (each has a --help):\n{_usage()}",
        usage="ts-llm-fusion [--debug] COMMAND [options]",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.add_argument("command", choices=["train", *_COMMANDS], metavar="COMMAND", help="see above")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    debug = "--debug" in args
    parsed = parser.parse_args([arg for arg in args if arg != "--debug"])
    if parsed.command != "train":
        return _COMMANDS[parsed.command][0], debug, parsed.rest
    if not parsed.rest or parsed.rest[0] not in _TRAIN:
        parser.error(f"train what? give one of {', '.join(_TRAIN)}")
    return _TRAIN[parsed.rest[0]][0], debug, parsed.rest[1:]


def _is_user_error(error: Exception) -> bool:
    """Whether bad input raises such an error; anything else is a fault of ours and shows its traceback."""
    from huggingface_hub.errors import StrictDataclassError

    return isinstance(error, ValueError | OSError | StrictDataclassError)


def one_line(error: BaseException) -> str:
    """The message of an error in one line; of a configuration's, what the validator said."""
    message = " ".join(str(error).split())
    return message.rsplit("Error: ", 1)[-1] if "alidation error for" in message else message


def main(args: Sequence[str] | None = None) -> int:
    """Runs a command; an error of the user's is one line and exit status 2."""
    module, debug, rest = _parse(sys.argv[1:] if args is None else args)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("ts_llm_fusion").setLevel(logging.DEBUG if debug else logging.INFO)
    try:
        importlib.import_module(module).main(rest)
    except Exception as error:
        if debug or not _is_user_error(error):
            raise
        print(f"ts-llm-fusion: error: {one_line(error)}", file=sys.stderr)
        return 2
    return 0
