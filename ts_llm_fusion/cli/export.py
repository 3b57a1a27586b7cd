"""`ts-llm-fusion export`: from a trained forecaster to a graph for torch.export or onnxruntime."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

from ..checkpoints import check_available
from ..families import checkpoint_place
from ..files import check_output_folder
from .parsing import PROGRAM, CommandParser, print_push


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(
        f"{PROGRAM} export", "outputs/sales --format onnx --output outputs/sales_onnx", description=__doc__
    )
    parser.add_argument("model", help="folder or Hub name of an LLM-PS forecaster")
    parser.add_argument("--format", choices=("torch", "onnx"), required=True, help="runtime of the graph")
    parser.add_argument("--quantize", choices=("int8",), help="int8 weights; float32 by default")
    parser.add_argument("--output", required=True, type=Path, help="folder for the graph and export.json")
    parser.add_argument("--overwrite", action="store_true", help="overwrite an earlier export")
    parser.add_argument("--json", action="store_true", help="print the contents of export.json")
    return parser


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = make_parser().parse(args)
    check_output_folder(options.output, ("export.json", "model.pt2", "model.onnx*"), overwrite=options.overwrite)
    check_available(checkpoint_place(options.model))
    # Imported here, so that --help needs no torch.
    from ..export import export_forecaster
    from ..forecasting import load_forecaster

    # These warn of packages that are not used, and of their own code.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="copyreg")
    model, _ = load_forecaster(options.model)
    path = export_forecaster(model, options.output, options.format, int8=options.quantize == "int8")
    description = options.output / "export.json"
    if options.json:
        print(description.read_text(encoding="utf-8"), end="")
        return
    print(f"{path} forecasts {model.config.prediction_length} steps, no more; {description} says how to use it")
    if Path(options.model).is_dir():
        print_push(options.model)
