"""`ts-llm-fusion data`: list, describe, download and preview data sets."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from .flags import add_reading_flags


def _parse(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ts-llm-fusion data", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="every data set in a line")
    info = commands.add_parser("info", help="everything that is known of a data set")
    download = commands.add_parser("download", help="download and verify what is not here")
    preview = commands.add_parser("preview", help="print and draw a few samples")
    for command in (info, download):
        command.add_argument("name", help="of the data set")
    preview.add_argument("name", help="of the data set, or a CSV, parquet or xlsx file of series")
    preview.add_argument("--split", help="one of its splits; the first by default")
    preview.add_argument("--samples", type=int, default=3, help="how many (3)")
    preview.add_argument("--output", type=Path, help="picture to write; NAME.png by default")
    preview.add_argument("--overwrite", action="store_true", help="write over a picture that is there")
    add_reading_flags(preview)
    return parser.parse_args(args)


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = _parse(args)
    # Imported here, so that --help does not wait for pandas and matplotlib.
    from ..data.registry import find_dataset
    from . import data_actions

    if options.command == "list":
        data_actions.list_sets()
    elif options.command == "info":
        data_actions.show_info(find_dataset(options.name))
    elif options.command == "download":
        data_actions.download(find_dataset(options.name))
    else:
        data_actions.preview(options)
