"""Flags that several commands share, and the tables that they name."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..families import checkpoint_place

if TYPE_CHECKING:
    import pandas as pd

    from ..data.series.panels import Panel

FILE_HELP = (
    "CSV, parquet or xlsx file, or the name of a set; long (a row for each id and time step) or wide (a column for "
    "each series)"
)
# Flags that tell how a file is read, and which of its series are meant.
READING = ("id", "timestamp_column", "target", "freq", "dayfirst")
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


def add_series_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that tell which columns of a file are series, and how it is read: those of `READING`."""
    parser.add_argument(
        "--id",
        "--id_column",
        nargs="+",
        metavar="COLUMN",
        help="columns that tell the series of a long file apart; item_id or unique_id by default",
    )
    parser.add_argument("--timestamp_column", help="column of timestamps; found by its name by default")
    add_reading_flags(parser)
    parser.add_argument(
        "--target",
        "--target_columns",
        nargs="+",
        metavar="COLUMN",
        help="columns to forecast; by default target, y or the only column of numbers of a long file, and all of a "
        "wide file",
    )


def add_table_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that tell what in a file is forecast, and how far."""
    add_series_flags(parser)
    parser.add_argument(
        "--future", metavar="FILE", help="file of the known future of covariates, in the columns of FILE"
    )
    parser.add_argument(
        "--horizon",
        "--prediction_length",
        type=int,
        help="steps to forecast; the horizon of training by default, and with the built-in model two seasons",
    )


def add_context_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag of texts about the series."""
    parser.add_argument(
        "--context",
        metavar="TEXT",
        help="what is known of the series and their future, in English, such as 'Closed on 24 December.'; or a .txt "
        "file of it, or a .csv or .parquet file with the columns of ids and `context`",
    )


def load_context(context: str | None) -> Any:
    """A text as given, the contents of a text file, or a table of texts.

    Raises:
        OSError: for a file that is not there or is no text.
    """
    if context is None or "\n" in context or Path(context).suffix not in (".txt", ".md", ".csv", ".parquet"):
        return context
    # Imported here, so that --help needs no pandas.
    from ..data.series.tables import check_file, read_table

    check_file(context)
    if Path(context).suffix in (".csv", ".parquet"):
        return read_table(context)
    try:
        return Path(context).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise OSError(f"--context {context}: not a text in UTF-8; save it as such.") from error


def add_non_negative_flag(parser: argparse.ArgumentParser) -> None:
    """Add the flag that holds forecasts at 0 or above."""
    parser.add_argument(
        "--non_negative",
        nargs="?",
        const=True,
        type=_boolean,
        help="whether to hold forecasts at 0 or above; by default those of series whose history has no negative "
        "value, and holds a zero or whole numbers only",
    )


def check_horizon(horizon: int | None) -> None:
    """Check --horizon before anything is loaded.

    Raises:
        ValueError: for one below 1.
    """
    if horizon is not None and horizon < 1:
        raise UserError(f"--horizon is {horizon}; it must be at least 1.")


def as_given(options: object, *names: str) -> list[str]:
    """Flags of these names with their values, as they were given, for the next command."""
    parts = []
    for name in names:
        value = getattr(options, name)
        if value not in (None, []):
            values = value if isinstance(value, list) else [] if value is True else [value]
            parts += [f"--{name}", *("false" if part is False else str(part) for part in values)]
    return parts


def hide_bars(*models: str | Path) -> None:
    """Show no progress bars of transformers where all models are folders: bars for weights that are read at once."""
    if all(Path(checkpoint_place(model)).is_dir() for model in models):
        # Imported here, so that --help does not wait for it.
        from transformers.utils import logging

        logging.disable_progress_bar()


def check_inputs(options: argparse.Namespace) -> None:
    """Check that the files of `add_table_flags` and the model are there, before what takes seconds is imported.

    Raises:
        ValueError: for a set that is not known.
        OSError: for a file or a model that is not there.
    """
    # Imported here, as below, so that --help needs no pandas.
    from ..checkpoints import check_available
    from ..data.series.sources import check_name
    from ..data.series.tables import check_table

    check_available(checkpoint_place(options.model))
    for path in (options.file, getattr(options, "future", None)):
        if path is not None and Path(path).suffix:
            check_table(path)
    if not Path(options.file).suffix:
        check_name(options.file)
    hide_bars(options.model)


def load_tables(options: argparse.Namespace, feature_extractor: Any) -> "tuple[Panel, pd.DataFrame | None]":
    """Load the series that `add_table_flags` name, and the known future of their covariates if there is one."""
    from ..data.series.panel_reading import load_panel
    from ..data.series.tables import read_table
    from ..prediction import reading_options

    panel = load_panel(
        options.file,
        options.id,
        options.timestamp_column,
        options.target,
        options.freq,
        dayfirst=options.dayfirst,
        **reading_options(feature_extractor),
    )
    return panel, None if options.future is None else read_table(options.future)
