"""Parser of the flags of a command: one line for an error, with the nearest known name, and an example in its help."""

import argparse
import gc
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from ..errors import UserError
from ..suggestions import nearest

PROGRAM = "ts-llm-fusion"


class CommandParser(argparse.ArgumentParser):
    """Parser of a command whose errors are a `UserError`; flags cannot be abbreviated.

    Args:
        prog: name of the program and the command.
        example: arguments of a run, for the help page; none by default.
        options: those of `argparse.ArgumentParser`.
    """

    def __init__(self, prog: str, example: str = "", **options: Any):
        if example:
            options.setdefault("epilog", f"example:\n  {prog} {example}")
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(prog=prog, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        see = " See" if message.endswith("?") else "; see"
        raise UserError(f"{message.removesuffix('.')}{see} {self.prog} --help.")

    def parse(self, args: Sequence[str]) -> argparse.Namespace:
        """Parse arguments; an unknown flag is answered, before anything else, with the nearest known one."""
        name = self.unknown_flag(args)
        if name is not None:
            flags = [flag for flag in self._all_flags() if flag.startswith("--")]
            raise UserError(f"unknown flag {name}; {nearest(name, flags, f'see {self.prog} --help.')}")
        parsed, unknown = self.parse_known_args(args)
        if unknown:
            self.error(f"{unknown[0]!r} is one argument too many")
        return parsed

    def unknown_flag(self, args: Sequence[str]) -> str | None:
        """First flag among the arguments that this parser does not know, or None."""
        known = set(self._all_flags())
        given = (arg.split("=")[0] for arg in args if arg.startswith("--"))
        return next((flag for flag in given if flag not in known), None)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Check a value against the choices of its flag; an unknown one is answered with the nearest."""
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(
                action, f"{value!r} is unknown; {nearest(str(value), map(str, action.choices))}"
            )

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Set values by the names of flags, which none of these has to be given then."""
        self.set_defaults(**values)
        for action in self._actions:
            action.required = action.required and action.dest not in values

    def _all_flags(self) -> Iterator[str]:
        """Flags of this parser and of those of its subcommands."""
        for action in self._actions:
            yield from action.option_strings
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    yield from parser._all_flags()


@contextmanager
def quick_imports() -> Iterator[None]:
    """Import without looking for cycles to free, which takes a fifth of the time: all that imports make stays."""
    gc.disable()
    try:
        yield
    finally:
        # Later searches leave out what is there now.
        gc.freeze()
        gc.enable()


def print_next(*arguments: object) -> None:
    """Print the command that usually comes next, on the error stream: standard output holds the result alone."""
    print(f"next: {PROGRAM} {shlex.join(map(str, arguments))}", file=sys.stderr)


def print_push(checkpoint: str | Path) -> None:
    """Print the command that lists what a push of a checkpoint would send."""
    name = re.sub(r"[^\w.-]+", "-", Path(checkpoint).absolute().name)
    print_next("push", checkpoint, f"me/{name}", "--dry_run")


def with_underscores(arg: str) -> str:
    """Replace `-` by `_` in the name of a flag, since commands take both."""
    if not arg.startswith("--"):
        return arg
    name, equals, value = arg[2:].partition("=")
    return f"--{name.replace('-', '_')}{equals}{value}"
