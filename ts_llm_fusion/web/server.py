"""Server of the page."""

import logging
from importlib.resources import files
from typing import Any

from ..requirements import require
from .uploads import MOST_BYTES

logger = logging.getLogger(__name__)

# Visitors whose state is kept.
_MOST_VISITORS = 200
# Fonts of the visitor's own machine.
_FONT, _MONO = ("system-ui", "-apple-system", "Segoe UI", "sans-serif"), ("ui-monospace", "monospace")


def _text(name: str) -> str:
    return files(__package__ or "").joinpath(name).read_text(encoding="utf-8")


def serve(page: Any, host: str | None = None, port: int | None = None, wait: bool = True) -> str:
    """Serve a page.

    Nothing is shared with or reported to others. Of the machine's files none is served; an upload is removed as soon
    as it was read.

    Args:
        page: of `make_page`.
        host: address to listen at; by default the machine itself alone can open the page.
        port: by default the first one that is free from 7860 on.
        wait: whether to return only after an interrupt.

    Returns:
        Address of the page.

    Raises:
        OSError: the port is taken.
    """
    gr = require("gradio", "web")
    # The page shows what commands print.
    logging.getLogger("ts_llm_fusion").setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    _, address, _ = page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        prevent_thread_lock=True,
        show_error=False,
        max_file_size=MOST_BYTES,
        state_session_capacity=_MOST_VISITORS,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        run_history=False,
        footer_links=[],
        theme=gr.themes.Base(primary_hue="orange", neutral_hue="slate", font=_FONT, font_mono=_MONO),
        css=_text("page.css"),
        head=f"<script>{_text('chart.js')}{_text('page.js')}</script>",
    )
    logger.info("the page is at %s, until Ctrl+C", address)
    if wait:
        page.block_thread()
    return str(address)
