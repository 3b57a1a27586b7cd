"""`ts-llm-fusion explain`: forecasts of a file with their reasons, in checked words and a report."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from ..errors import UserError
from ..families import BUILT_IN
from ..files import check_output
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

logger = logging.getLogger(__name__)


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(
        f"{PROGRAM} explain", "sales.csv --id store --horizon 14 --output report.html", description=__doc__
    )
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument(
        "--model", default=BUILT_IN, help="folder or Hub name of a TSFusion forecaster; the built-in one by default"
    )
    add_table_flags(parser)
    add_context_flag(parser)
    add_non_negative_flag(parser)
    parser.add_argument("--unit", default="", help="unit of the values in the words, such as MW")
    parser.add_argument("--seed", type=int, default=0, help="seed of the choice among phrasings; 0 by default")
    parser.add_argument(
        "--voice",
        metavar="NAME",
        help="language model that chooses among the phrasings, their order and connectives: smollm2, or the name or "
        "folder of a chat model; none by default. It writes no word of its own",
    )
    parser.add_argument("--json", action="store_true", help="print facts, sentences and checked claims as JSON")
    parser.add_argument("--output", type=Path, help="report to write, .html or .md, with the pictures inside")
    parser.add_argument("--overwrite", action="store_true", help="overwrite an existing report")
    return parser


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = make_parser().parse(args)
    check_horizon(options.horizon)
    if options.seed < 0:
        raise UserError(f"--seed is {options.seed}; it must be at least 0.")
    if options.output is not None:
        if options.output.suffix not in (".html", ".md"):
            raise UserError(f"--output {options.output}: unknown kind of report; give .html or .md.")
        check_output(options.output, (options.file, options.future), options.overwrite)
    check_inputs(options)
    # Imported here, so that --help needs no torch.
    with quick_imports():
        from ..explanations.explain import check_model, check_unit, explain_panel
        from ..explanations.report import write_report
        from ..explanations.voice import load_voice
        from ..prediction import load

    unit = check_unit(options.unit)
    context = load_context(options.context)
    voice = None if options.voice is None else load_voice(options.voice)
    model, feature_extractor = load(options.model)
    check_model(model)
    panel, future = load_tables(options, feature_extractor)
    explanations = explain_panel(
        panel,
        model,
        feature_extractor,
        options.horizon,
        future,
        unit=unit,
        seed=options.seed,
        voice=voice,
        context=context,
        non_negative=options.non_negative,
    )
    for explanation in explanations:
        if explanation.voice.startswith("rejected"):
            logger.warning("%s: voice %s %s", explanation.facts.name, options.voice, explanation.voice)
    if options.json:
        print(json.dumps([explanation.to_dict() for explanation in explanations], indent=2, ensure_ascii=False))
    else:
        for explanation in explanations:
            heading = f"{explanation.facts.name}: " if len(explanations) > 1 else ""
            print(f"{heading}{explanation.text}")
    if options.output is not None:
        write_report(explanations, options.output, f"{Path(options.file).name}: the forecast and its reasons")
        logger.info("report in %s", options.output)
        if not options.json:
            several = len(explanations) > 1 and len(options.target or ()) < 2
            named = f" of {explanations[0].facts.name}" if several else ""
            print_next("ask", options.file, f"What was the highest value{named}?", *as_given(options, *READING))
