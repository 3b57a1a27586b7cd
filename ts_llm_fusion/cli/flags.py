"""Flags that several commands share."""

import argparse

_BOOLEANS = {"true": True, "false": False}


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return _BOOLEANS[text.lower()]


def add_reading_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags for reading the timestamps of a file."""
    parser.add_argument(
        "--dayfirst",
        nargs="?",
        const=True,
        type=_boolean,
        help="whether 01/02/2024 in a file is 1 February; inferred from the whole column by default",
    )
    parser.add_argument(
        "--freq", help="time step of a file, an alias of pandas such as h, B or MS; inferred by default"
    )
