"""`ts-llm-fusion forecast`: from a table of series to a table of forecasts and a picture."""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..families import BUILT_IN
from ..files import atomic_path, check_output
from .flags import (
    FILE_HELP,
    READING,
    add_context_flag,
    add_non_negative_flag,
    add_table_flags,
    as_given,
    check_horizon,
    check_inputs,
    load_context,
    load_tables,
)
from .parsing import PROGRAM, CommandParser, print_next, quick_imports

if TYPE_CHECKING:
    import pandas as pd

    from ..data.series.panels import Panel

logger = logging.getLogger(__name__)

# Series that are drawn.
_PICTURES = 6


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(
        f"{PROGRAM} forecast", "sales.csv --id store --target sales --horizon 14", description=__doc__
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help=FILE_HELP,
    )
    parser.add_argument("--data", help="the same as FILE")
    parser.add_argument(
        "--model",
        default=BUILT_IN,
        help="folder or Hub name of a forecaster; the built-in one, which needs no training, by default",
    )
    add_table_flags(parser)
    add_context_flag(parser)
    parser.add_argument(
        "--levels",
        "--quantile_levels",
        "--quantiles",
        nargs="+",
        type=float,
        help="quantile levels, such as 0.1 0.9; those of the model by default",
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="table to write, .csv or .parquet, with a .png beside it; NAME_forecast.csv here for NAME.csv by default",
    )
    add_non_negative_flag(parser)
    parser.add_argument(
        "--json", action="store_true", help="print the forecasts as JSON; files are written only with --output"
    )
    parser.add_argument("--overwrite", action="store_true", help="overwrite an existing table and picture")
    return parser


def _parse(args: Sequence[str]) -> argparse.Namespace:
    parser = make_parser()
    options = parser.parse(args)
    if (options.file is None) == (options.data is None):
        parser.error("give one FILE to forecast")
    options.file = options.file or options.data
    if options.output is None and not options.json:
        options.output = Path(f"{Path(options.file).name.partition('.')[0]}_forecast.csv")
    return options


def _write_table(table: "pd.DataFrame", path: Path) -> None:
    with atomic_path(path) as temporary:
        if path.suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False)


def _as_json(table: "pd.DataFrame") -> str:
    """Rows of a table of forecasts, with the digits of its CSV file, where pandas writes others."""
    place = table.columns.get_loc("predictions")
    names, numbers = table.columns[place:], table.iloc[:, place:].to_numpy().tolist()
    keys = json.loads(table.iloc[:, :place].to_json(orient="records", date_format="iso"))
    records = [{**key, **dict(zip(names, row, strict=True))} for key, row in zip(keys, numbers, strict=True)]
    return json.dumps(records, indent=2, ensure_ascii=False)


def _first_series(panel: "Panel", table: "pd.DataFrame", horizon: int) -> "list[tuple[Any, ...]]":
    """Name, past, forecast and season of the first series of a table of forecasts."""
    import pandas as pd

    first = []
    for start in range(0, min(len(table), _PICTURES * horizon), horizon):
        rows = table.iloc[start : start + horizon]
        named = rows.iloc[0]
        series, target = panel.find(named), str(named["target_name"])
        span = slice(*panel.offsets[series : series + 2])
        column = panel.targets.index(target) if target in panel.targets else 0
        history = pd.Series(panel.values[span, column], panel.as_given(panel.timestamps[span]))
        forecast = rows.set_index(panel.timestamp_column).drop(columns=[*panel.id_columns, "target_name"])
        forecast = forecast.drop(columns="item_id", errors="ignore")
        period = int(panel.seasonal_periods()[series, 0])
        first.append((panel.title(series, column), history, forecast, period if period > 1 else None))
    return first


def _print_next(options: argparse.Namespace, horizon: int, has_reasons: bool) -> None:
    """Print the command for the reasons of the forecasts, or where there are none, for their errors."""
    model = [] if options.model == BUILT_IN else ["--model", options.model]
    if has_reasons:
        known = as_given(options, *READING, "future", "context", "non_negative")
        report = f"{Path(options.file).name.partition('.')[0]}_report.html"
        print_next("explain", options.file, *model, *known, "--horizon", horizon, "--output", report)
    else:
        reading = as_given(options, *READING)
        print_next("evaluate", "--data", options.file, "--models", options.model, *reading, "--horizon", horizon)


def _draw(panel: "Panel", table: "pd.DataFrame", horizon: int, options: argparse.Namespace) -> None:
    """Draw the picture of the forecasts beside their table."""
    with quick_imports():
        from ..plots import forecast_figure, save_figure

    count, picture = len(table) // horizon, options.output.with_suffix(".png")
    title = f"{Path(options.file).name}: {horizon} steps of {count} series"
    save_figure(forecast_figure(_first_series(panel, table, horizon), title, count), picture)
    logger.info("%d steps of %d series in %s, picture in %s", horizon, count, options.output, picture)


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = _parse(args)
    if options.output is not None:
        if options.output.suffix not in (".csv", ".parquet"):
            raise UserError(f"--output {options.output}: unknown kind of file; give .csv or .parquet.")
        for path in (options.output, options.output.with_suffix(".png")):
            check_output(path, (options.file, options.future), options.overwrite)
    check_horizon(options.horizon)
    for level in options.levels or ():
        if not 0 < level < 1:
            raise UserError(f"--levels {level:g}: give numbers between 0 and 1, such as 0.1 and 0.9.")
    check_inputs(options)
    # Imported here, so that --help needs no torch; a model imports the rest.
    with quick_imports():
        from ..prediction import check_levels, default_horizon, default_levels, forecast_panel, load, rounded

        context = load_context(options.context)
        model, feature_extractor = load(options.model)
    levels = default_levels(model.config) if options.levels is None else sorted(check_levels(options.levels))
    panel, future = load_tables(options, feature_extractor)
    horizon = options.horizon or default_horizon(model.config, panel)
    table = forecast_panel(
        panel, model, feature_extractor, horizon, levels, future, context, non_negative=options.non_negative
    )
    shown = rounded(table, horizon)
    if options.output is not None:
        _draw(panel, table, horizon, options)
        _write_table(shown, options.output)
    if options.json:
        print(_as_json(shown))
        return
    _print_next(options, horizon, has_reasons=hasattr(model.config, "experts"))
