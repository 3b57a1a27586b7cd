"""`ts-llm-fusion fuse`: a forecaster and a language model in one checkpoint."""

from collections.abc import Sequence

from ..families import BUILT_IN_NAME
from .parsing import PROGRAM, CommandParser, print_next


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(
        f"{PROGRAM} fuse",
        "outputs/questions --output_dir outputs/fused",
        description="Join a TSFusion forecaster and a time-series language model in one checkpoint.",
    )
    parser.add_argument("tslm", metavar="TSLM", help="folder or Hub name of a language model that `train sft` made")
    parser.add_argument("--output_dir", required=True, help="folder of the new checkpoint")
    parser.add_argument(
        "--forecaster",
        default=BUILT_IN_NAME,
        help="folder or Hub name of a TSFusion forecaster; %(default)s by default",
    )
    parser.add_argument(
        "--weights_dtype",
        choices=("float32", "float16", "bfloat16"),
        help="type in which the weights of the language model are saved; that in which it computes by default",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="write in a folder that is not empty, over files of the same names"
    )
    return parser


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = make_parser().parse(args)
    # Imported here, so that --help needs no torch.
    from ..recipes.fusing import fuse

    folder = fuse(options.tslm, options.output_dir, options.forecaster, options.weights_dtype, options.overwrite)
    print(f"Everything is in {folder}")
    print_next("forecast", "FILE", "--model", folder)
