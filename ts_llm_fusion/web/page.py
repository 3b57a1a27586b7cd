"""The page in Gradio: its parts, and which handler changes them when."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from ..requirements import require
from .forecasts import Offer
from .handlers import BANDS, NO_OTHER, Changes, Download, Handlers, Menu
from .requests import guarded, guarded_stream
from .uploads import SUFFIXES

TITLE = "Forecasts with their reasons"
_INTRO = (
    f"<h1>{TITLE}</h1><p>Upload a table of time series, write what you know of their future, and ask about them. Not "
    "for decisions about people's health or safety.</p>"
)
_COLUMNS = {"ids": "Ids of series (--id)", "timestamp": "Timestamps", "targets": "Values (--target)"}
# Line that page.js fills.
_OWN_FAULT = '<p class="fault own-fault" role="alert" hidden></p>'
_BAND = "both"
_PASTE = "date,sales\n2026-01-01,12\n2026-01-02,15"
# Requests that wait, and requests of a kind that run at once.
_MOST_WAITING, _AT_ONCE = 40, 2
# Seconds after which the state of a visitor who has left, and an upload that was not read, are removed.
_KEPT = 3600
# Saves a file that is never on the server.
_SAVE = """(file) => {
    if (!file) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text], {type: file.kind}));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}"""

# Gradio, imported when a page is made; parts of the page by the names that `Changes` have.
_Gradio = Any
_Parts = dict[str, Any]


def make_page(offer: Offer, reader: str | None = None) -> Any:
    """Lay out the page.

    Args:
        offer: its forecasters.
        reader: TSLM for questions of shape, as of `ask`.

    Returns:
        `gradio.Blocks`.

    Raises:
        MissingPackageError: Gradio is not installed.
    """
    gr = require("gradio", "web")
    # Gradio reads the folder of uploads from the environment alone, when a page is made; by default all pages of a
    # machine share one.
    os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="ts-llm-fusion-")
    atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)
    handlers = Handlers(offer, reader)
    first = handlers.open_example(_BAND)
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(_KEPT, _KEPT)) as page:
        gr.HTML(_INTRO, elem_classes="intro")
        parts = _table_parts(gr, first)
        with gr.Row(elem_classes="body"):
            with gr.Column(elem_classes="controls"):
                parts |= _setting_parts(gr, first, offer) | _other_table_parts(gr, first)
            with gr.Column():
                parts |= _forecast_parts(gr, first)
            with gr.Column(elem_classes="told"):
                parts |= _reason_parts(gr, first, offer) | _question_parts(gr)
        parts["visit"] = gr.State(None, time_to_live=_KEPT)
        _wire(gr, parts, handlers)
    page.queue(default_concurrency_limit=_AT_ONCE, max_size=_MOST_WAITING)
    return page


def _table_parts(gr: _Gradio, first: Changes) -> _Parts:
    """Parts that open a table."""
    parts = {}
    with gr.Row(elem_classes="buttons opening"):
        parts["upload"] = gr.UploadButton("Upload a table", file_types=[*SUFFIXES], size="sm", min_width=120)
        parts["example"] = gr.Button("Example", size="sm", min_width=80)
        parts["about"] = gr.HTML(first["about"])
    return parts


def _other_table_parts(gr: _Gradio, first: Changes) -> _Parts:
    """Parts to open a table in other ways."""
    parts = {}
    with gr.Accordion("Paste a table or numbers", open=False):
        parts["pasted"] = gr.Textbox(show_label=False, placeholder=_PASTE, container=False, lines=5, max_lines=8)
        parts["paste"] = gr.Button("Read it", size="sm")
    with gr.Accordion("Columns", open=False) as parts["columns"]:
        for name, label in _COLUMNS.items():
            menu, several = first[name], name != "timestamp"
            parts[name] = gr.Dropdown(menu.offered, value=menu.chosen, label=label, multiselect=several)
        parts["choose"] = gr.Button("Read by these", size="sm")
    return parts


def _setting_parts(gr: _Gradio, first: Changes, offer: Offer) -> _Parts:
    """Parts that say what is forecast."""
    series, others = first["series"], [NO_OTHER, *offer.others]
    return {
        "series": gr.Dropdown(series.offered, value=series.chosen, label="Series"),
        "steps": gr.Number(first["steps"], label="Steps to forecast", precision=0),
        "text": gr.Textbox(
            first["text"],
            label="What is known of the future",
            placeholder="Closed 3 to 9 March.",
            lines=3,
            visible=offer.reads_text,
        ),
        "other": gr.Dropdown(others, value=NO_OTHER, label="Compare with"),
        "band": gr.Radio([*BANDS], value=_BAND, label="Band"),
        "forecast": gr.Button("Forecast", variant="primary"),
    }


def _forecast_parts(gr: _Gradio, first: Changes) -> _Parts:
    """Parts that show a forecast."""
    return {
        "own_status": gr.HTML(_OWN_FAULT),
        "status": gr.HTML(""),
        "heading": gr.HTML(first["heading"], elem_classes="head"),
        "plot": gr.HTML(first["plot"]),
    }


def _reason_parts(gr: _Gradio, first: Changes, offer: Offer) -> _Parts:
    """Parts that say what the forecast is worth and why it is so."""
    parts = {
        "comparison": gr.HTML("", elem_classes="words"),
        "reasons": gr.HTML(first["reasons"], elem_classes="words"),
    }
    with gr.Row(elem_classes="buttons"):
        parts["table"] = gr.Button("Download table (CSV)", size="sm", min_width=160)
        parts["report"] = gr.Button("Download report (HTML)", size="sm", min_width=160, visible=offer.has_reasons)
    parts["download"] = gr.JSON(visible=False)
    return parts


def _question_parts(gr: _Gradio) -> _Parts:
    """Parts of the dialog."""
    gr.HTML("<h3>Ask about the table</h3>", elem_classes="words")
    asked = {"show_label": False, "container": False, "placeholder": "When was the highest week?", "submit_btn": "Ask"}
    return {"question": gr.Textbox(**asked), "dialog": gr.HTML("", elem_classes="words")}


def _wire(gr: _Gradio, parts: _Parts, handlers: Handlers) -> None:
    """Connect the parts of the page with the handlers."""
    outputs = [*parts.values()]

    def on(events: Any, handler: Callable[..., Changes], *inputs: str) -> Any:
        def run(*values: Any) -> dict[Any, Any]:
            return _returned(gr, parts, guarded(handler, *values))

        given, name = [parts[name] for name in inputs], handler.__name__
        return gr.on(events, run, given, outputs, api_name=name, show_progress_on=parts["plot"])

    def answer(*values: Any) -> Iterator[dict[Any, Any]]:
        for changes in guarded_stream(handlers.ask, *values):
            yield _returned(gr, parts, changes)

    on(parts["upload"].upload, handlers.open_file, "upload", "band")
    on(parts["example"].click, handlers.open_example, "band")
    on(parts["paste"].click, handlers.open_pasted, "pasted", "band")
    on(parts["choose"].click, handlers.choose_columns, "visit", "ids", "timestamp", "targets", "band")
    changed = [parts["series"].input, parts["other"].input, parts["steps"].submit, parts["text"].submit]
    settings = ("visit", "series", "steps", "text", "other", "band")
    on([parts["forecast"].click, *changed], handlers.forecast, *settings)
    on(parts["band"].input, handlers.draw, "visit", "band")
    asked = [parts["visit"], parts["question"]]
    parts["question"].submit(answer, asked, outputs, api_name="ask", show_progress="hidden")
    for button, handler in ((parts["table"], handlers.table), (parts["report"], handlers.report)):
        on(button.click, handler, "visit").then(None, [parts["download"]], None, js=_SAVE)


def _returned(gr: _Gradio, parts: _Parts, changes: Changes) -> dict[Any, Any]:
    """Changes as Gradio takes them."""
    return {parts[name]: _value(gr, change) for name, change in changes.items()}


def _value(gr: _Gradio, change: Any) -> Any:
    if isinstance(change, Menu):
        return gr.update(choices=change.offered, value=change.chosen)
    if isinstance(change, Download):
        return change._asdict()
    return gr.update(open=change) if isinstance(change, bool) else change
