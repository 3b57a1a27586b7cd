"""From what a visitor gives to what the page shows, without a browser."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ..answers.ask import ask
from ..errors import UserError
from ..prediction import reading_options
from . import words
from .charts import chart
from .example import example_for
from .forecasts import Offer, Result, forecast_series
from .uploads import PASTED, Columns, Upload, open_table, read_file, read_pasted, usual_columns

BANDS = {"80 %": (0.8,), "50 %": (0.5,), "both": (0.8, 0.5)}
NO_OTHER = "nothing"
# Turns of a dialog that are kept.
_MOST_TURNS = 20


class Menu(NamedTuple):
    """What a menu offers, and what is chosen of it."""

    offered: list[str]
    chosen: Any


class Download(NamedTuple):
    """File that the browser is to save."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Visit:
    """State of one visitor.

    Args:
        name: of the table.
        table: as it was read.
        upload: its series; None where its columns have to be chosen first.
        result: latest forecast; None without one.
        turns: questions and answers.
        is_example: whether the table is the example of the page.
    """

    name: str
    table: pd.DataFrame
    upload: Upload | None = None
    result: Result | None = None
    turns: tuple[tuple[str, str], ...] = ()
    is_example: bool = False


# Parts of the page by name, and what they show from now on; others stay as they are.
Changes = dict[str, Any]


class Handlers:
    """Handlers of a page; each raises ValueError or OSError for what the visitor has to change.

    A visit of None is that of a visitor who has done nothing yet.

    Args:
        offer: forecasters of the page.
        reader: TSLM for questions of shape, as of `ask`.

    Attributes:
        first: what a visitor finds.
    """

    def __init__(self, offer: Offer, reader: str | None = None):
        self.offer, self.reader = offer, reader
        model, extractor = offer.main
        example = example_for(model.config, extractor)
        self.text = example.text if offer.reads_text else ""
        upload = open_table(example.table, example.name, options=reading_options(extractor))
        result = forecast_series(upload, offer, None, example.steps, self.text)
        self.first = Visit(example.name, upload.table, upload, result, is_example=True)

    def open_example(self, band: str) -> Changes:
        """The page as it was at first."""
        return self._of_upload(self.first, self.text, band)

    def open_file(self, path: str, band: str) -> Changes:
        """Open an uploaded file, and remove it."""
        try:
            table = read_file(path)
        finally:
            Path(path).unlink(missing_ok=True)
        name = Path(path).name
        return self._opened(name, table, usual_columns(table, name), band)

    def open_pasted(self, text: str, band: str) -> Changes:
        """Open a pasted table."""
        table = read_pasted(text)
        return self._opened(PASTED, table, usual_columns(table, PASTED), band)

    def choose_columns(
        self, visit: Visit | None, ids: list[str] | None, timestamp: str | None, targets: list[str] | None, band: str
    ) -> Changes:
        """Open the table at hand by other columns."""
        visit = visit or self.first
        columns = Columns(tuple(ids or ()), timestamp or "", tuple(targets or ()))
        return self._opened(visit.name, visit.table, columns, band)

    def forecast(
        self, visit: Visit | None, series: str | None, steps: float | None, text: str, other: str, band: str
    ) -> Changes:
        """Forecast a series of the table at hand."""
        visit = visit or self.first
        compared = None if other == NO_OTHER else other
        result = forecast_series(_upload(visit), self.offer, series, steps, text or "", compared)
        return self._of_result(replace(visit, result=result), band) | {"steps": len(result.forecast)}

    def draw(self, visit: Visit | None, band: str) -> Changes:
        """Draw the latest forecast with another band."""
        return {"plot": _chart(visit or self.first, band)}

    def ask(self, visit: Visit | None, question: str) -> Iterator[Changes]:
        """Answer a question about the table at hand, piece by piece."""
        visit = visit or self.first
        upload = _upload(visit)
        answer = ask(
            upload.table,
            question,
            visit.turns,
            reader=self.reader,
            id_column=upload.columns.ids or None,
            timestamp_column=upload.columns.timestamp or None,
            target=upload.columns.targets or None,
            model=self.offer.main,
        )
        said = ""
        for piece in answer:
            said += piece
            yield {"dialog": words.dialog([*visit.turns, (question, said)])}
        turns = (*visit.turns, (question, said))[-_MOST_TURNS:]
        yield {"dialog": words.dialog(turns), "visit": replace(visit, turns=turns), "question": ""}

    def table(self, visit: Visit | None) -> Changes:
        """Save the table of the latest forecast."""
        result = _result(visit or self.first)
        return {"download": Download(f"{result.stem}_forecast.csv", "text/csv", result.as_csv())}

    def report(self, visit: Visit | None) -> Changes:
        """Save the report of the latest forecast."""
        result = _result(visit or self.first)
        return {"download": Download(f"{result.stem}_report.html", "text/html", result.as_report())}

    def _opened(self, name: str, table: pd.DataFrame, columns: Columns, band: str) -> Changes:
        """Show a table with its forecast, or, where its columns have to be chosen, the menus of these."""
        visit = Visit(name, table)
        try:
            upload = open_table(table, name, columns, reading_options(self.offer.main[1]))
        except UserError as error:
            empty = {"heading": "", "comparison": "", "reasons": "", "dialog": "", "series": Menu([], None)}
            about = words.about(name, len(table), 0, False)
            opened = {"status": words.fault(str(error)), "about": about, "visit": visit, "plot": ""}
            settings = {"text": "", "other": NO_OTHER}
            return {**empty, **opened, **settings, **_menus(table, columns), "columns": True}
        result = forecast_series(upload, self.offer)
        return self._of_upload(replace(visit, table=upload.table, upload=upload, result=result), "", band)

    def _of_upload(self, visit: Visit, text: str, band: str) -> Changes:
        """A table that was opened, with its first forecast."""
        upload, result = _upload(visit), _result(visit)
        return {
            **self._of_result(visit, band),
            "about": words.about(visit.name, len(visit.table), len(upload.series), visit.is_example),
            "series": Menu(upload.series, result.series),
            **_menus(upload.table, upload.columns),
            "columns": False,
            "steps": len(result.forecast),
            "text": text,
            "other": NO_OTHER,
            "dialog": "",
        }

    def _of_result(self, visit: Visit, band: str) -> Changes:
        """The latest forecast of a visitor."""
        result = _result(visit)
        return {
            "visit": visit,
            "heading": words.heading(result),
            "plot": _chart(visit, band),
            "comparison": words.comparison(result),
            "reasons": words.reasons(result),
        }


def _menus(table: pd.DataFrame, columns: Columns) -> Changes:
    """Menus of the columns of a table."""
    names = [*map(str, table.columns)]
    return {
        "ids": Menu(names, [*columns.ids]),
        "timestamp": Menu(names, columns.timestamp or None),
        "targets": Menu(names, [*columns.targets]),
    }


def _upload(visit: Visit) -> Upload:
    if visit.upload is None:
        raise UserError(f"{visit.name}: choose its columns first.")
    return visit.upload


def _result(visit: Visit) -> Result:
    if visit.result is None:
        raise UserError(f"{visit.name}: there is no forecast yet; choose its columns first.")
    return visit.result


def _chart(visit: Visit, band: str) -> str:
    return chart(_result(visit), BANDS[band])
