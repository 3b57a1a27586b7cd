"""Files of tables: the same panel in every usual dialect, and files that are damaged."""

import bz2
import csv
import gzip
import io
import lzma
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from ts_llm_fusion.data.series.panel_reading import load_panel
from ts_llm_fusion.data.series.panels import Panel

from .harness import Family

# Steps whose grid a reader can tell, and formats of their timestamps.
STEPS = {
    "D": ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y", "%Y/%m/%d"],
    "h": ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M"],
    "15min": ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%MZ"],
    "W-SUN": ["%Y-%m-%d", "%d.%m.%Y"],
    "MS": ["%Y-%m-%d", "%Y-%m", "%b %Y"],
}
IDS = st.lists(st.sampled_from(["a", "B 2", "x;y", 'say "hi"', "Köln", "1", "007", "n,m", "../up", "=1+1", "日本"]),
               min_size=1, max_size=3, unique=True)  # fmt: skip
PACKERS = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


@dataclass(frozen=True)
class Table:
    """A panel, and how it is written."""

    ids: list[str]
    step: str
    stamps: pd.DatetimeIndex
    # float (ids, rows), NaN where the cell is empty
    values: np.ndarray
    wide: bool
    format: str
    separator: str
    decimal: str
    encoding: str
    newline: str
    suffix: str

    def text(self) -> str:
        """Text of the file."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.separator, lineterminator=self.newline)
        stamps = self.stamps.strftime(self.format)
        if self.wide:
            writer.writerow(["timestamp", *self.ids])
            writer.writerows([stamp, *map(self.number, row)] for stamp, row in zip(stamps, self.values.T, strict=True))
        else:
            writer.writerow(["item_id", "timestamp", "target"])
            for name, values in zip(self.ids, self.values, strict=True):
                writer.writerows([name, s, self.number(v)] for s, v in zip(stamps, values, strict=True))
        return out.getvalue()

    def number(self, value: float) -> str:
        """Text of a cell."""
        return "" if np.isnan(value) else repr(float(value)).replace(".", self.decimal)

    def data(self) -> bytes:
        """Bytes of the file."""
        return PACKERS[self.suffix](self.text().encode(self.encoding))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    step = draw(st.sampled_from(list(STEPS)))
    rows = draw(st.integers(4, 30))
    start = pd.Timestamp("2023-01-15") + pd.Timedelta(days=draw(st.integers(0, 400)))
    stamps = pd.date_range(start.normalize(), periods=rows, freq=step)
    written = draw(st.sampled_from(STEPS[step]))
    # A day above 12 tells days from months.
    if "%d" in written and "%m" in written and not (stamps.day > 12).any():
        written = STEPS[step][0]
    ids = draw(IDS)
    digits = draw(st.integers(0, 4))
    cells = st.one_of(
        st.integers(-(10**6), 10**6).map(lambda n: n / 10**digits), st.just(np.nan), st.sampled_from([0.0, 1e-7, 1e15])
    )
    values = np.array(draw(st.lists(cells, min_size=rows * len(ids), max_size=rows * len(ids)))).reshape(
        len(ids), rows
    )
    separator = draw(st.sampled_from(",;\t"))
    decimal = draw(st.sampled_from(".,"))
    names = "".join(ids)
    encodings = ["utf-8", "utf-8-sig", "utf-16"] + (["cp1252"] if all(c in "ö" or ord(c) < 128 for c in names) else [])
    return Table(
        ids, step, stamps, values, draw(st.booleans()) and "W-" not in step, written, separator, decimal,
            draw(st.sampled_from(encodings)),
        draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from(list(PACKERS)))
    )  # fmt: skip


def check_whole(panel: Panel) -> None:
    """Check what holds of every panel."""
    assert panel.offsets[0] == 0 and panel.offsets[-1] == len(panel.values) == len(panel.timestamps)
    assert (np.diff(panel.offsets) > 0).all() and len(panel.offsets) == len(panel.ids) + 1
    assert panel.values.dtype == np.float64 and not np.isinf(panel.values).any()
    steps = np.diff(panel.timestamps.asi8)
    inside = np.ones(len(steps), dtype=bool)
    inside[panel.offsets[1:-1] - 1] = False
    assert (steps[inside] > 0).all()
    future = panel.future_timestamps(3)
    assert len(future) == 3 * len(panel) and not future.isna().any()


def check_dialect(table: Table, folder: Path) -> None:
    path = folder / f"table.csv{table.suffix}"
    path.write_bytes(table.data())
    panel = load_panel(path)
    check_whole(panel)
    found = {}
    for number, name in enumerate(panel.ids):
        span = slice(*panel.offsets[number : number + 2])
        stamps = panel.timestamps[span]
        found[str(name)] = pd.Series(
            panel.values[span, 0], stamps.tz_localize(None) if stamps.tz is not None else stamps
        )
    for name, values in zip(table.ids, table.values, strict=True):
        if np.isnan(values).all() and name not in found:
            continue
        # Ids of numbers are numbers.
        own = found[name if name in found else str(int(name))]
        given = pd.Series(values, table.stamps)
        assert own.index.isin(given.index).all() and own.dropna().equals(given.dropna()), (own, given)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """Suffix and bytes of a file that is not whole."""
    table = draw(tables())
    text = table.text()
    for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
        place = draw(st.integers(0, len(text)))
        kind = draw(st.sampled_from(["cut", "drop", "insert", "double", "cell", "cell", "cell"]))
        if kind == "cut":
            text = text[:place]
        elif kind == "drop":
            text = text[:place] + text[place + draw(st.integers(1, 9)) :]
        elif kind == "insert":
            text = text[:place] + draw(ODD_TEXT) + text[place:]
        elif kind == "double":
            text = text[:place] + text[max(0, place - draw(st.integers(1, 60))) :]
        else:
            lines = text.splitlines(keepends=True)
            if lines:
                row = draw(st.integers(0, len(lines) - 1))
                parts = lines[row].rstrip("\r\n").split(table.separator)
                parts[draw(st.integers(0, len(parts) - 1))] = draw(ODD_TEXT)
                lines[row] = table.separator.join(parts) + table.newline
                text = "".join(lines)
    data = PACKERS[table.suffix](text.encode(table.encoding, errors="replace"))
    if draw(st.integers(0, 2)) == 0 and data:
        place = draw(st.integers(0, len(data) - 1))
        data = data[:place] + draw(st.binary(min_size=1, max_size=3)) + data[place + draw(st.integers(0, 3)) :]
    suffix = draw(st.sampled_from([f".csv{table.suffix}"] * 6 + [".csv.zip", ".csv.zst", ".tsv", ".parquet", ".xlsx"]))
    return suffix, data


ODD_TEXT = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["", "NaN", "inf", "-inf", "1e400", "-", "#DIV/0!", '"', "'", "\r", "\n", ";", ",", "\t", "\0",
        "1,5", "1.5", "1.234,5",
                     "12:00", "2024-02-30", "2024-13-01", "31.12.2024", "Total", "None", "NULL", "TRUE", "0x10",
                     "1_000", "\uff19", "\u0661\u0662", "1 000",
                     "\ufeff", "\u202e", "=cmd()", "9" * 400, "1" * 40, "0001-01-01", "9999-12-31", "99999-01-01",
                     "1e3", "+5", "--5",
                     "2024-01-01T00:00:00+25:00", "2024-01-01 00:00 Europe/Berlin", "sep=;\n", "timestamp",
                     "item_id", "target"]),
)  # fmt: skip


def check_damaged(case: tuple[str, bytes], folder: Path) -> None:
    suffix, data = case
    path = folder / f"table{suffix}"
    path.write_bytes(data)
    check_whole(load_panel(path))


FAMILIES = [
    Family("tables in all dialects", tables(), check_dialect, 0.02),
    Family("damaged tables", damaged(), check_damaged, 0.04),
]
