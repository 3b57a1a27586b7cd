"""Command line: one module for each command, imported when the command is run."""

import importlib
import logging
import os
import sys
from collections.abc import Sequence

from ..errors import RunStopped, UserError, refuses_input
from ..requirements import UNUSED_KERNELS, MissingPackageError
from ..suggestions import nearest
from .parsing import PROGRAM, with_underscores
from .recipe_help import RECIPE_HELP

# command -> (module with `main(args)`, description)
_COMMANDS = {
    "forecast": ("ts_llm_fusion.cli.forecast", "forecast the series of a file"),
    "ask": ("ts_llm_fusion.cli.ask", "answer a question about the series of a file"),
    "explain": ("ts_llm_fusion.cli.explain", "forecast the series of a file and say why"),
    "demo": ("ts_llm_fusion.cli.demo", "open a web page of forecasts, their reasons, texts and questions"),
    "evaluate": ("ts_llm_fusion.cli.evaluate", "evaluate forecasters or question answering beside baselines"),
    "benchmark": ("ts_llm_fusion.cli.benchmark", "run models x datasets x horizons x seeds to one table"),
    "train forecaster": ("ts_llm_fusion.cli.train_forecaster", "train an LLM-PS forecaster, or fine-tune TSFusion"),
    "train fusion": ("ts_llm_fusion.cli.train_fusion", "train the TSFusion forecaster on synthetic series"),
    "train context": ("ts_llm_fusion.cli.train_context", "train the part of TSFusion that reads texts"),
    "train sft": ("ts_llm_fusion.cli.train_sft", "fine-tune a language model to answer questions about series"),
    "train curriculum": ("ts_llm_fusion.cli.train_curriculum", "fine-tune one on sets of questions, stage by stage"),
    "train grpo": ("ts_llm_fusion.cli.train_grpo", "train such a language model on the rewards of its answers"),
    "train t2t": ("ts_llm_fusion.cli.train_t2t", "pre-train the time-to-text encoder of LLM-PS"),
    "data": ("ts_llm_fusion.cli.data", "list, describe, download and preview data sets"),
    "fuse": ("ts_llm_fusion.cli.fuse", "join a forecaster and a language model in one checkpoint"),
    "push": ("ts_llm_fusion.cli.push", "push a checkpoint to the Hub"),
    "export": ("ts_llm_fusion.cli.export", "export a forecaster to torch.export or ONNX"),
    "convert-opentslm": ("ts_llm_fusion.cli.convert_opentslm", "convert a published OpenTSLM checkpoint"),
    "env": ("ts_llm_fusion.cli.env", "show versions, devices and optional packages, for a report of a fault"),
}
# Exit statuses of a shell for a command that SIGPIPE or SIGINT ends.
_PIPE_CLOSED, _INTERRUPTED = 141, 130
_HELP = ("-h", "--help", "--help_all")


def _overview(group: str = "") -> str:
    """Help page of the program, or of a group of commands such as "train"."""
    start = f"{group} " if group else ""
    listing = [f"  {name:<17} {text}" for name, (_, text) in _COMMANDS.items() if name.startswith(start)]
    parts = [
        f"usage: {PROGRAM} {start}{'KIND' if group else '[--debug] COMMAND'} [options]",
        "\n".join(["commands (each has a --help):", *listing]),
    ]
    if not group:
        flags = ("  --debug           show the traceback of an error", "  --version         show the version")
        parts += [
            "\n".join(["options:", *flags]),
            f"examples:\n  {PROGRAM} forecast sales.csv --id store --target sales --horizon 14\n"
            f"  {PROGRAM} train forecaster --config demo --data sales.csv --output_dir outputs/sales",
            "exit status: 0 success; 1 a fault of the program, with its traceback; 2 input or flags to change.",
        ]
    else:
        kinds = [name for name in _COMMANDS if name.startswith(start)]
        parts.append(f"example:\n  {PROGRAM} {kinds[0]} {RECIPE_HELP[kinds[0]].example}")
    return "\n\n".join(parts) + "\n"


def _find_command(args: Sequence[str]) -> tuple[str, list[str]]:
    """Command at the start of the arguments, and those after it.

    Raises:
        ValueError: no such command; the nearest is given.
    """
    for length in (1, 2):
        if " ".join(args[:length]) in _COMMANDS:
            return " ".join(args[:length]), list(map(with_underscores, args[length:]))
    kinds = [name for name in _COMMANDS if name.startswith(f"{args[0]} ")]
    if kinds and len(args) == 1:
        raise UserError(f"{args[0]} what? give one of {', '.join(name.split()[1] for name in kinds)}.")
    given = " ".join(args[: 2 if kinds else 1])
    raise UserError(f"{given!r} is not a command; {nearest(given, kinds or _COMMANDS, f'see {PROGRAM} --help.')}")


def _page(args: Sequence[str]) -> str | None:
    """Page that is asked for and needs no command, or None."""
    if not args or args[0] in _HELP:
        return _overview()
    if args[0] == "--version":
        from importlib.metadata import version

        return f"{PROGRAM} {version('ts-llm-fusion')}\n"
    is_group = any(name.startswith(f"{args[0]} ") for name in _COMMANDS)
    return _overview(args[0]) if is_group and len(args) > 1 and args[1] in _HELP else None


def _start_logging(debug: bool) -> None:
    """Log to the error stream; of the processes of a launch, only the first logs what is not an error."""
    is_first = os.environ.get("RANK", "0") == "0"
    if not is_first:
        os.environ |= {"TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}
    level = logging.WARNING if is_first else logging.ERROR
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("ts_llm_fusion").setLevel(logging.DEBUG if debug else logging.INFO if is_first else level)


def _one_line(error: Exception) -> str:
    """Message of an error; that of the system, such as "No such file or directory", without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return " ".join(str(error).split())


def _leave_process_group() -> None:
    """Leave the process group of a launch by accelerate: its threads abort a process that ends before they do."""
    # A command that has not imported torch has no group.
    if "torch" in sys.modules:
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()


def _run(args: Sequence[str]) -> None:
    """Print the page that is asked for, or run a command.

    Raises:
        ValueError, OSError: for input that has to be changed.
    """
    page = _page(args)
    if page is None:
        command, rest = _find_command(args)
        if command not in RECIPE_HELP:
            # Threads that wait for work in a loop take more processor time than the forecast of a table itself.
            os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
            importlib.import_module(_COMMANDS[command][0]).main(rest)
            return
        if not set(_HELP).intersection(rest):
            checked = RECIPE_HELP[command].checked(command, rest)
            importlib.import_module(_COMMANDS[command][0]).main(checked)
            return
        page = RECIPE_HELP[command].page(f"{PROGRAM} {command}", everything="--help_all" in rest)
    print(page, end="")


def main(args: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        Exit status: 0, also for a run that a signal has stopped, or 2 for input that has to be changed, after one line
        about it; those of a shell for a command that Ctrl+C ends, or whose output nobody reads on.
    """
    given = list(sys.argv[1:] if args is None else args)
    if "_ARGCOMPLETE" in os.environ:
        from .completion import complete

        complete(_COMMANDS)
    debug = "--debug" in given
    _start_logging(debug)
    if not debug:
        for name in UNUSED_KERNELS:
            logging.getLogger(name).setLevel(logging.ERROR)
    try:
        _run([arg for arg in given if arg != "--debug"])
        sys.stdout.flush()
    except RunStopped as stop:
        logging.getLogger("ts_llm_fusion").info("%s", stop)
    except BrokenPipeError:
        # The reader of the output has seen enough, as `head` does; nothing is left to write at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except Exception as error:
        # Anything else is a fault of the package and shows its traceback.
        if debug or not (isinstance(error, OSError | MissingPackageError) or refuses_input(error)):
            raise
        print(f"{PROGRAM}: error: {_one_line(error)}", file=sys.stderr)
        return 2
    finally:
        _leave_process_group()
    return 0
