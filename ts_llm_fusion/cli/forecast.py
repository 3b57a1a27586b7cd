"""`ts-llm-fusion forecast`: from a table of series to a table of forecasts and a picture."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..errors import UserError
from ..families import BUILT_IN
from ..files import atomic_path, check_output
from .flags import add_reading_flags

logger = logging.getLogger(__name__)


def _parse(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ts-llm-fusion forecast", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--model",
        default=BUILT_IN,
        help="folder or Hub name of a forecaster; the built-in one, which needs no training, by default",
    )
    parser.add_argument(
        "--data", required=True, help="CSV, parquet or xlsx file with a timestamp column, or the name of a set"
    )
    parser.add_argument("--timestamp_column", help="column of timestamps; found by its name by default")
    add_reading_flags(parser)
    parser.add_argument("--target_columns", "--target", nargs="+", help="columns to forecast; all by default")
    parser.add_argument(
        "--prediction_length", "--horizon", type=int, help="steps to forecast; the horizon of training by default"
    )
    parser.add_argument(
        "--quantile_levels",
        "--quantiles",
        nargs="+",
        type=float,
        help="levels, such as 0.1 0.9; all of the model by default",
    )
    parser.add_argument(
        "--output", required=True, type=Path, help="table to write, .csv or .parquet; a .png goes beside it"
    )
    parser.add_argument("--overwrite", action="store_true", help="overwrite an existing table and picture")
    return parser.parse_args(args)


def _write_table(table: pd.DataFrame, path: Path) -> None:
    with atomic_path(path) as temporary:
        if path.suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False)


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = _parse(args)
    if options.output.suffix not in (".csv", ".parquet"):
        raise UserError(f"--output {options.output}: unknown kind of file; give .csv or .parquet.")
    picture = options.output.with_suffix(".png")
    for path in (options.output, picture):
        check_output(path, (options.data,), options.overwrite)
    if options.prediction_length is not None and options.prediction_length < 1:
        raise UserError(f"--prediction_length is {options.prediction_length}; it must be at least 1.")
    # Imported here, so that --help needs no torch.
    from ..data.series.sources import load_series
    from ..forecasting import check_quantile_levels, forecast_frame, load_forecaster
    from ..plots import forecast_figure, save_figure

    model, feature_extractor = load_forecaster(options.model)
    levels = sorted(check_quantile_levels(options.quantile_levels, model.config.quantiles))
    source = load_series(
        options.data,
        options.timestamp_column,
        options.target_columns,
        options.dayfirst,
        options.freq,
        default_freq=feature_extractor.freq,
    )
    table = forecast_frame(model, feature_extractor, source, options.prediction_length, levels)

    steps = table["timestamp"].nunique()
    title = f"{Path(options.data).name}: {steps} steps from {table['timestamp'].iloc[0]:%Y-%m-%d %H:%M}"
    figure = forecast_figure(source.series, table, title)
    _write_table(table, options.output)
    save_figure(figure, picture)
    logger.info("%d steps of %d series in %s, picture in %s", steps, source.series.shape[1], options.output, picture)
