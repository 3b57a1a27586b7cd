"""`ts-llm-fusion data`: list, describe, download and preview data sets."""

from collections.abc import Sequence
from pathlib import Path

from .flags import add_series_flags
from .parsing import PROGRAM, CommandParser


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(f"{PROGRAM} data", "preview sales.csv", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="list all data sets")
    info = commands.add_parser("info", help="describe a data set")
    download = commands.add_parser("download", help="download and verify the missing files of a data set")
    preview = commands.add_parser("preview", help="print and draw a few samples")
    for command in (listing, info):
        command.add_argument("--json", action="store_true", help="print the fields of the sets as JSON")
    for command in (info, download):
        command.add_argument("name", help="name of the data set")
    preview.add_argument("name", help="name of the data set, or a CSV, parquet or xlsx file of series")
    preview.add_argument("--split", help="split to show; the first of the set by default")
    preview.add_argument("--samples", type=int, default=3, help="number of samples; 3 by default")
    preview.add_argument("--output", type=Path, help="PNG file to write; NAME.png by default")
    preview.add_argument("--overwrite", action="store_true", help="overwrite an existing picture")
    add_series_flags(preview)
    return parser


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = make_parser().parse(args)
    # Imported here, so that --help does not wait for pandas and matplotlib.
    from ..data.registry import find_dataset
    from . import data_actions

    if options.command == "list":
        data_actions.list_sets(options.json)
    elif options.command == "info":
        data_actions.show_info(find_dataset(options.name), options.json)
    elif options.command == "download":
        data_actions.download(find_dataset(options.name))
    else:
        data_actions.preview(options)
