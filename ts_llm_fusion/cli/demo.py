"""`ts-llm-fusion demo`: a web page of forecasts with their reasons, texts and questions, on this machine."""

import socket
from collections.abc import Sequence
from pathlib import Path

from ..errors import UserError
from ..families import BUILT_IN_NAME, checkpoint_place
from ..requirements import require
from .flags import hide_bars
from .parsing import PROGRAM, CommandParser, quick_imports


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(f"{PROGRAM} demo", "--compare outputs/sales --port 7860", description=__doc__)
    parser.add_argument(
        "--model",
        default=BUILT_IN_NAME,
        help="folder or Hub name of the forecaster; the built-in one, which needs no training, by default",
    )
    parser.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="MODEL",
        help="folders or Hub names of forecasters to compare with, besides naive baselines",
    )
    parser.add_argument("--reader", metavar="MODEL", help="folder or Hub name of a TSLM, for questions of shape")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; by default this machine alone can open the page, and with 0.0.0.0 its network",
    )
    parser.add_argument("--port", type=int, help="port to listen at; by default the first free one from 7860 on")
    return parser


def _by_name(models: Sequence[str]) -> dict[str, str]:
    """Models by the names that the page shows: that of the folder, without its path, or of the Hub.

    Raises:
        ValueError: two have the same name.
    """
    named: dict[str, str] = {}
    for model in models:
        name = Path(model).absolute().name if Path(model).is_dir() else model
        if name in named:
            raise UserError(f"--compare: two models are called {name!r}; give each once, in a folder of its own name.")
        named[name] = model
    return named


def _check_address(host: str, port: int | None) -> None:
    """Check that a page can be served there, before models are loaded.

    Raises:
        ValueError: the port is not one, or is taken, or the host is not of this machine.
    """
    if port is not None and not 1 <= port <= 65535:
        raise UserError(f"--port is {port}; give a number from 1 to 65535.")
    try:
        socket.create_server((host, port or 0)).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"--host {host} --port {port or 'any'}: cannot listen there ({reason}); give another address, or leave "
            "--port out for the first free one."
        ) from None


def main(args: Sequence[str]) -> None:
    """Run the command until it is interrupted."""
    options = make_parser().parse(args)
    _check_address(options.host, options.port)
    models = _by_name([options.model, *options.compare])
    require("gradio", "web")
    # Imported here, as below, so that --help needs neither torch nor the Hub.
    from ..checkpoints import check_available

    for model in (*models.values(), *([options.reader] if options.reader else [])):
        check_available(checkpoint_place(model))
    hide_bars(*models.values())
    with quick_imports():
        from ..web.forecasts import load_offer
        from ..web.page import make_page
        from ..web.server import serve

    serve(make_page(load_offer(models), options.reader), options.host, options.port)
