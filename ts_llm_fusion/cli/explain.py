"""`ts-llm-fusion explain`: forecasts of a file with their reasons, in checked words and a report."""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from ..errors import UserError
from ..families import BUILT_IN
from ..files import check_output
from .flags import add_reading_flags

logger = logging.getLogger(__name__)


def _parse(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ts-llm-fusion explain", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "file", metavar="FILE", help="CSV, parquet or xlsx file, or the name of a set; wide (a column for each series)"
    )
    parser.add_argument(
        "--model", default=BUILT_IN, help="folder or Hub name of a TSFusion forecaster; the built-in one by default"
    )
    parser.add_argument("--timestamp_column", help="column of timestamps; found by its name by default")
    add_reading_flags(parser)
    parser.add_argument(
        "--target", "--target_columns", nargs="+", metavar="COLUMN", help="columns to explain; all by default"
    )
    parser.add_argument("--horizon", "--prediction_length", type=int, help="steps to forecast; two seasons by default")
    parser.add_argument("--unit", default="", help="unit of the values in the words, such as MW")
    parser.add_argument("--seed", type=int, default=0, help="seed of the choice among phrasings; 0 by default")
    parser.add_argument("--json", action="store_true", help="print facts, sentences and checked claims as JSON")
    parser.add_argument("--output", type=Path, help="report to write, .html or .md, with the pictures inside")
    parser.add_argument("--overwrite", action="store_true", help="overwrite an existing report")
    return parser.parse_args(args)


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = _parse(args)
    if options.horizon is not None and options.horizon < 1:
        raise UserError(f"--horizon is {options.horizon}; it must be at least 1.")
    if options.seed < 0:
        raise UserError(f"--seed is {options.seed}; it must be at least 0.")
    if options.output is not None:
        if options.output.suffix not in (".html", ".md"):
            raise UserError(f"--output {options.output}: unknown kind of report; give .html or .md.")
        check_output(options.output, (options.file,), options.overwrite)
    # Imported here, so that --help needs no torch.
    from ..data.series.sources import load_series
    from ..data.series.tables import check_file
    from ..explanations.explain import check_unit, explain_source
    from ..explanations.report import write_report
    from ..forecasting import load_forecaster

    unit = check_unit(options.unit)
    if Path(options.data).suffix:
        check_file(options.data)
    model, feature_extractor = load_forecaster(options.model)
    source = load_series(
        options.file,
        options.timestamp_column,
        options.target,
        options.dayfirst,
        options.freq,
        default_freq=feature_extractor.freq,
    )
    explanations = explain_source(model, source, options.horizon, unit, options.seed)
    if options.json:
        print(json.dumps([explanation.to_dict() for explanation in explanations], indent=2, ensure_ascii=False))
    else:
        for explanation in explanations:
            heading = f"{explanation.facts.name}: " if len(explanations) > 1 else ""
            print(f"{heading}{explanation.text}")
    if options.output is not None:
        write_report(explanations, options.output, f"{Path(options.file).name}: the forecast and its reasons")
        logger.info("report in %s", options.output)
