"""Completion of commands, flags and recipes in a shell, by argcomplete."""

import argparse
import importlib
import os

from .parsing import PROGRAM, CommandParser
from .recipe_help import RECIPE_HELP


def _parser_of(command: str, module: str) -> CommandParser:
    if command not in RECIPE_HELP:
        return importlib.import_module(module).make_parser()
    parser = RECIPE_HELP[command].parser(command)
    config = next(action for action in parser._actions if action.dest == "config")
    config.completer = lambda **_: [*RECIPE_HELP[command].recipes()]  # type: ignore[attr-defined]
    return parser


def program_parser(commands: dict[str, tuple[str, str]], line: str) -> argparse.ArgumentParser:
    """Make the parser of all commands, with the flags of those that a line names, so that none is imported in vain.

    Args:
        commands: command -> (module, description).
        line: what has been typed.
    """
    words = line.split()
    parser = CommandParser(PROGRAM)
    for flag in ("--debug", "--version"):
        parser.add_argument(flag, action="store_true")
    first = parser.add_subparsers()
    groups: dict[str, argparse._SubParsersAction] = {}
    for command, (module, text) in commands.items():
        *group, name = command.split()
        place = first
        if group:
            if group[0] not in groups:
                groups[group[0]] = first.add_parser(group[0]).add_subparsers()
            place = groups[group[0]]
        if all(word in words for word in command.split()):
            own = _parser_of(command, module)
            place.add_parser(name, help=text, parents=[own], add_help=False, conflict_handler="resolve")
        else:
            place.add_parser(name, help=text)
    return parser


def complete(commands: dict[str, tuple[str, str]]) -> None:
    """Answer the shell and exit, where it asks for a completion and argcomplete is installed."""
    try:
        import argcomplete
    except ModuleNotFoundError:
        return
    argcomplete.autocomplete(program_parser(commands, os.environ.get("COMP_LINE", "")))
