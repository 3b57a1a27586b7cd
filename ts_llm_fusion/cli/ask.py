"""`ts-llm-fusion ask`: a question about the series of a file, answered from computed facts in checked words."""

import json
import sys
from collections.abc import Sequence

from ..families import BUILT_IN
from .flags import FILE_HELP, READING, add_reading_flags, as_given, check_inputs
from .parsing import PROGRAM, CommandParser, print_next, quick_imports

# Exit status of a question that was understood and cannot be answered.
REFUSED = 3


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(
        f"{PROGRAM} ask",
        description=__doc__,
        epilog=f"example:\n  {PROGRAM} ask sales.csv 'When was the highest week?' --id store\n\n"
        f"exit status: 0 answered; 2 bad input; {REFUSED} the series cannot tell.",
    )
    parser.add_argument("file", metavar="FILE", help=FILE_HELP)
    parser.add_argument("question", metavar="QUESTION", help='in English, such as "When was the highest week?"')
    parser.add_argument(
        "--after", nargs="+", default=[], metavar="QUESTION", help="earlier questions, which this one follows up on"
    )
    parser.add_argument(
        "--option", dest="options", nargs="+", metavar="TEXT", help="answers to choose from; each gets a probability"
    )
    parser.add_argument(
        "--model", default=BUILT_IN, help="folder or Hub name of a forecaster; the built-in one by default"
    )
    parser.add_argument("--reader", metavar="MODEL", help="folder or Hub name of a TSLM, for questions of shape")
    parser.add_argument("--id", "--id_column", nargs="+", metavar="COLUMN", help="columns of ids of a long file")
    parser.add_argument("--timestamp_column", help="column of timestamps; found by its name by default")
    parser.add_argument("--target", "--target_columns", nargs="+", metavar="COLUMN", help="columns to ask about")
    add_reading_flags(parser)
    parser.add_argument("--unit", default="", help="unit of the values in the words, such as MW")
    parser.add_argument("--json", action="store_true", help="print route, text, facts and checked claims as JSON")
    return parser


def main(args: Sequence[str]) -> None:
    """Run the command.

    Raises:
        SystemExit: with `REFUSED`, if the question cannot be answered.
    """
    options = make_parser().parse(args)
    check_inputs(options)
    # Imported here, so that --help needs no torch.
    with quick_imports():
        from ..answers.ask import ask

    answer = ask(
        options.file,
        options.question,
        [(question, "") for question in options.after],
        options=options.options,
        reader=options.reader,
        id_column=options.id,
        timestamp_column=options.timestamp_column,
        target=options.target,
        freq=options.freq,
        dayfirst=options.dayfirst,
        model=options.model,
        unit=options.unit,
    )
    if options.json:
        print(json.dumps(answer.to_dict(), indent=2, ensure_ascii=False))
    else:
        for piece in answer:
            sys.stdout.write(piece)
            sys.stdout.flush()
        for option, probability in (answer.options or {}).items():
            sys.stdout.write(f"\n{100 * probability:3.0f} %  {option}")
        sys.stdout.write("\n")
    if not answer.is_answered:
        raise SystemExit(REFUSED)
    if not options.json:
        print_next("forecast", options.file, *as_given(options, *READING))
