"""`ts-llm-fusion convert-opentslm`: from a published OpenTSLM checkpoint to one that `from_pretrained` loads."""

from collections.abc import Sequence

from ..files import check_output_folder
from .parsing import PROGRAM, CommandParser, print_push


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(
        f"{PROGRAM} convert-opentslm",
        "best_model.pt --llm meta-llama/Llama-3.2-1B --output outputs/opentslm",
        description=__doc__,
    )
    parser.add_argument("checkpoint", help="the .pt file; it is read as tensors only, never as code")
    parser.add_argument("--llm", required=True, help="name or path of the language model that it was trained on")
    parser.add_argument("--output", required=True, help="folder for the model and its processor")
    parser.add_argument(
        "--joint_latents",
        action="store_true",
        help="Flamingo: compress all series of a sample together, as the reference did in training",
    )
    parser.add_argument(
        "--no_observe_padding",
        action="store_true",
        help="mask the padding of series, which the reference treats as values in training",
    )
    parser.add_argument("--dtype", default="float32", help="dtype of the converted weights; float32 by default")
    parser.add_argument(
        "--overwrite", action="store_true", help="write in a folder that is not empty, over files of the same names"
    )
    return parser


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = make_parser().parse(args)
    check_output_folder(options.output, ("[!.]*",), (options.llm,), options.overwrite)
    # Imported here, so that --help needs no torch.
    from ..checkpoints import check_checkpoint
    from ..conversion import convert_opentslm

    check_checkpoint(options.llm)
    folder = convert_opentslm(
        options.checkpoint,
        options.llm,
        options.output,
        joint_latents=options.joint_latents,
        observe_padding=not options.no_observe_padding,
        dtype=options.dtype,
    )
    print(f"Everything is in {folder}")
    print_push(folder)
