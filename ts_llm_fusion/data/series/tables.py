"""Reading of tables in any usual dialect: separators, decimal signs, encodings, compression, spreadsheets."""

import bz2
import codecs
import csv
import gzip
import io
import itertools
import logging
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from ...errors import UserError
from ...requirements import require
from .dates import is_written_date
from .frames import TIMESTAMP_NAMES

logger = logging.getLogger(__name__)

# Names that a message lists; lines of a title or of comments, at most.
_SHOWN, _MOST_ABOVE = 3, 20
_SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
# Part of a file from which the dialect is inferred.
_SAMPLE_ROWS, _SAMPLE_BYTES = 200, 1 << 20
# Missing values and errors as spreadsheets write them, in addition to those known by pandas.
_MISSING = ["", "-", "--", "\u2013", "\u2014", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!"]
# Typographic spaces, minus and apostrophe -> those of a keyboard.
_PLAIN_SIGNS = str.maketrans("\u00a0\u2007\u2009\u202f\u2212\u2019", "    -'")
_TOTAL = re.compile(
    r"\s*(?:(?:grand |sub)?totals?|sums?|summe|gesamt(?:summe)?|average|mean|mittelwert|durchschnitt)\s*:?\s*",
    re.IGNORECASE,
)


def _number(decimal: str, grouping: str) -> str:
    """Pattern of a number with the given decimal sign, with or without groups of three digits."""
    # Without leading zeros before a decimal part: 01.2024 is a month.
    whole = rf"(?:0|[1-9][0-9]*|[1-9][0-9]{{0,2}}(?:{grouping}[0-9]{{3}})+|[1-9][0-9]{{0,2}}(?:[ '][0-9]{{3}})+)"
    return rf"[+-]?(?:[0-9]+|{whole}(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][+-]?[0-9]+)?"


_WITH_POINT, _WITH_COMMA = _number(r"\.", ","), _number(",", r"\.")


def _unzip(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
        if len(names) != 1:
            raise UserError(f"the archive holds {len(names)} files; give one with a single table")
        return archive.read(names[0])


def _unzstd(data: bytes) -> bytes:
    return pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()


_DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zip": _unzip,
    ".zst": _unzstd,
}
# Suffixes of the files that are read, before that of a compression.
_KINDS = {".csv", ".tsv", ".parquet", ".xlsx"}
# Errors of the decompressors for damaged files; RuntimeError for files with a password.
_DAMAGE = (OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def check_file(path: str | Path) -> None:
    """Raise OSError if there is no file to read."""
    if Path(path).is_dir():
        raise IsADirectoryError(f"{path}: a folder; give a CSV, parquet or xlsx file.")
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such file; give a CSV, parquet or xlsx file.")


def check_table(path: str | Path) -> None:
    """Check that a file is there and of a kind that `read_table` reads.

    Raises:
        OSError: no such file.
        ValueError: another kind.
    """
    check_file(path)
    if _KINDS.isdisjoint(suffix.lower() for suffix in Path(path).suffixes):
        raise UserError(f"{path}: unknown kind of file; give .csv, .csv.gz, .tsv, .parquet or .xlsx.")


def read_table(path: str | Path, text_columns: Collection[str] = ()) -> pd.DataFrame:
    """Read the table of a CSV (or TSV), parquet or xlsx file; a CSV file may be compressed.

    Text is UTF-8, UTF-16 with a byte order mark, or Windows-1252. The separator (comma, semicolon, tab), the decimal
    sign and the sign for thousands are inferred from the whole file. Rows of totals and empty rows at the end are left
    out. Assumptions beyond a plain CSV are logged in one line.

    Args:
        path: file with the suffix .csv, .tsv, .parquet or .xlsx; .csv and .tsv may be followed by .gz, .bz2, .xz, .zip
            or .zst.
        text_columns: names, in lower case, of columns whose text stays as it is written, such as `001`.

    Returns:
        The table. A column of numbers is numeric; in a column of mostly numbers the other cells stay text.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is empty, damaged, of another kind, or in an ambiguous dialect.
        MissingPackageError: the file is xlsx and openpyxl is not installed.
    """
    check_table(path)
    path = Path(path)
    if path.stat().st_size == 0:
        raise UserError(f"{path}: the file is empty; give a header and at least one row.")
    kinds = {suffix.lower() for suffix in path.suffixes}
    assumed: list[str] = []
    if ".parquet" in kinds:
        table = _read_parquet(path)
    elif ".xlsx" in kinds:
        table = _read_xlsx(path, assumed, text_columns)
    else:
        table = _read_csv(path, assumed, text_columns)
    if ".parquet" not in kinds:
        _check_header([*table.columns], path)
        table = _without_margins(table, path, assumed, text_columns)
    if assumed:
        logger.info("%s: read with %s", path, "; ".join(assumed))
    if table.empty:
        raise UserError(f"{path}: the file has a header but no rows.")
    return table


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (ValueError, OSError, KeyError, TypeError) as error:  # from Arrow, and from the metadata of pandas
        raise UserError(f"{path}: not a readable parquet file ({_line(error)}).") from None


def _read_xlsx(path: Path, assumed: list[str], text_columns: Collection[str]) -> pd.DataFrame:
    require("openpyxl", "excel")
    try:
        sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object, engine="openpyxl", na_values=[])
    except (*_DAMAGE, KeyError, SyntaxError, TypeError, AttributeError) as error:  # from zip, XML and openpyxl
        raise UserError(f"{path}: not a readable xlsx file ({_line(error)}).") from None
    filled = {name: sheet.dropna(how="all").dropna(how="all", axis=1) for name, sheet in sheets.items()}
    filled = {name: sheet for name, sheet in filled.items() if len(sheet)}
    if not filled:
        raise UserError(f"{path}: every sheet is empty; give a header and at least one row.")
    name, sheet = next(iter(filled.items()))
    if len(sheets) > 1:
        assumed.append(f"sheet {name!r}, the first of {len(sheets)} that is not empty")
    if not any(isinstance(cell, str) for cell in sheet.iloc[0]):
        raise UserError(f"{path}: the first row of sheet {name!r} holds no names; give every column one.")
    header = ["" if pd.isna(cell) else str(cell) for cell in sheet.iloc[0]]
    table = sheet.iloc[1:].reset_index(drop=True)
    table.columns = _names(header, path)
    table = table.infer_objects()
    return _with_numbers(table, False, path, assumed, text_columns)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _read_csv(path: Path, assumed: list[str], text_columns: Collection[str]) -> pd.DataFrame:
    data = _utf8(path, assumed)
    separator, names, skipped = _layout(data, path, assumed)
    options = {"sep": separator, "names": names, "header": None, "skiprows": skipped}
    if separator == ",":
        kept = {name: str for name in names if name.lower() in text_columns}
        table = _parse(data, path, dtype=kept, **options)
        text = [name for name in table.columns if name not in kept and table[name].dtype in (object, "str")]
        if not any(_holds_numbers(table[name]) for name in text if name.lower() not in TIMESTAMP_NAMES):
            return table
    # As text: the format of the numbers is inferred from all cells.
    table = _parse(data, path, dtype=str, **options)
    return _with_numbers(table, separator == ",", path, assumed, text_columns)


def _parse(data: bytes, path: Path, **options: Any) -> pd.DataFrame:
    try:
        return pd.read_csv(io.BytesIO(data), **options)
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise UserError(f"{path}: not a readable table ({_line(error)}).") from None


def _utf8(path: Path, assumed: list[str]) -> bytes:
    """Read the text of a file as UTF-8 without a byte order mark."""
    data = path.read_bytes()
    if path.suffix.lower() in _DECOMPRESS:
        try:
            data = _DECOMPRESS[path.suffix.lower()](data)
        except _DAMAGE as error:
            raise UserError(f"{path}: damaged, or not what its name says ({_line(error)}); fetch it again.") from None
    if data.startswith(codecs.BOM_UTF8):
        assumed.append("a byte order mark")
        data = data[len(codecs.BOM_UTF8) :]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        assumed.append("the encoding UTF-16")
        data = _decode(data, "utf-16", path).encode()
    if b"\0" in data:
        raise UserError(f"{path}: not a readable table (it holds zero bytes, so it is not text in UTF-8).")
    try:
        data.decode()
    except UnicodeDecodeError:
        assumed.append("the encoding Windows-1252")
        return _decode(data, "cp1252", path).encode()
    return data


def _decode(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a readable table ({_line(error)}); save it as UTF-8.") from None


def _layout(data: bytes, path: Path, assumed: list[str]) -> tuple[str, list[str], int]:
    """Infer the separator, the names of all columns, and the number of lines before the first row."""
    lines = io.StringIO(data[:_SAMPLE_BYTES].decode(errors="ignore"), newline="").readlines()
    if len(data) > _SAMPLE_BYTES and len(lines) > 1:
        lines.pop()
    skipped = next((number for number, line in enumerate(lines) if line.strip()), 0)
    hint = re.fullmatch(r"sep=(.)\s*", lines[skipped], re.IGNORECASE) if lines else None
    separators = (hint[1],) if hint else _SEPARATORS
    skipped += hint is not None
    best: tuple[tuple[int, float], str, list[list[str]], int, int] | None = None
    for separator in separators:
        start = skipped + _lines_above(lines[skipped : skipped + _MOST_ABOVE], separator)
        rows = list(itertools.islice(filter(None, csv.reader(lines[start:], delimiter=separator)), _SAMPLE_ROWS))
        if not rows:
            break
        widths = Counter(map(len, rows[1:])) or Counter([len(rows[0])])
        width, count = widths.most_common(1)[0]
        score = ({0: 2, 1: 1}.get(width - len(rows[0]), 0), count / widths.total())
        if max(width, len(rows[0])) > 1 and (best is None or score > best[0]):
            best = score, separator, rows, width, start
    if best is None:
        header = next(csv.reader(lines[skipped:]), [])
        return ",", _names(header, path), skipped + 1
    (fit, _), separator, rows, width, start = best
    header, *rows = rows
    if separator != ",":
        assumed.append(_SEPARATORS.get(separator, f"the separator {separator!r}"))
    if start > skipped:
        assumed.append(f"the names of the columns in line {start + 1}, below a title")
    if len(rows) and (not fit or max(map(len, rows)) > width):
        row, wrong = next((n, len(r)) for n, r in enumerate(rows, start=1) if not fit or len(r) > width)
        raise UserError(f"{path}: not a readable table (row {row} has {wrong} cells, the header has {len(header)}).")
    if width > len(header):
        if any(len(row) == width and row[-1].strip() for row in rows):
            if separator == "," and _may_be_decimals(rows, width):
                cells = next(",".join(row[-2:]) for row in rows if len(row) == width)
                raise UserError(
                    f"{path}: the header is one name short, or {cells} is one number with a decimal comma; give a "
                    "name to every column, or write numbers with a decimal point."
                )
            assumed.append("a header that is one name short: the first column has none")
            header = ["", *header]
        else:
            header = [*header, ""]
    return separator, _names(header, path), start + 1


def _lines_above(lines: list[str], separator: str) -> int:
    """Number of lines above the names of the columns: a title or comments, of one cell each."""
    rows = [next(csv.reader([line], delimiter=separator), []) for line in lines]
    first = next((number for number, row in enumerate(rows) if len(row) > 1), 0)
    return first if first and not any(_is_value(cell) for cell in rows[first]) else 0


def _is_value(cell: str) -> bool:
    """Whether a cell is empty, a number or a date, and so no name."""
    cells = pd.Series([cell.strip()], dtype="str")
    is_number = cells.str.fullmatch(_WITH_POINT) | cells.str.fullmatch(_WITH_COMMA)
    return not cell.strip() or bool(is_number.all()) or is_written_date(cells)


def _may_be_decimals(rows: list[list[str]], width: int) -> bool:
    """Whether the last two cells of every full row may be the parts of one number, and none has a decimal point."""
    has_point = any("." in cell for row in rows for cell in row[1:])
    firsts = [row[0].strip() for row in rows]
    if any(firsts == [str(first + count) for count in range(len(rows))] for first in (0, 1)):
        return False  # row numbers, which have no name as a rule
    ends = [",".join(row[-2:]) for row in rows if len(row) == width > 2]
    return bool(ends) and not has_point and all(re.fullmatch(r"\s*[+-]?[0-9]+,[0-9]+\s*", end) for end in ends)


def _check_header(names: list[str], path: Path) -> None:
    """Raise ValueError if the names of the columns are values, as where the first row is not a header.

    Numbers from 0 on are names, such as pandas gives, and so are any beside a column without a name, an index.
    """
    if names == [str(number) for number in range(len(names))] or any(name.startswith("Unnamed: ") for name in names):
        return
    if all(map(_is_value, names)):
        shown = ", ".join(names[:_SHOWN])
        raise UserError(f"{path}: the first row ({shown}) holds values; put a row of names above it.")


def _names(header: list[str], path: Path) -> list[str]:
    """Strip the names of columns; a column without a name gets that of pandas."""
    names = [name.strip() or f"Unnamed: {number}" for number, name in enumerate(header)]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise UserError(f"{path}: column {twice!r} appears twice; give every column a name of its own.")
    return names


def _clean(cells: pd.Series) -> pd.Series:
    if cells.str.contains(f"[{''.join(map(chr, _PLAIN_SIGNS))}]", regex=True).any():
        cells = cells.str.translate(_PLAIN_SIGNS)
    return cells.str.strip()


def _holds_numbers(column: pd.Series) -> bool:
    """Whether at least half of the text cells of a column are numbers."""
    cells = column.dropna().iloc[:_SAMPLE_ROWS]
    if column.dtype == object:
        cells = cells[cells.map(lambda cell: isinstance(cell, str))]
    cells = _clean(cells.astype("str"))
    cells = cells[~cells.isin(_MISSING)]
    return bool((cells.str.fullmatch(_WITH_POINT) | cells.str.fullmatch(_WITH_COMMA)).mean() >= 0.5 or not len(cells))


def _has_decimal_commas(texts: dict[Any, pd.Series], is_comma_separated: bool, path: Path) -> bool:
    """Whether the decimal sign that fits every cell is a comma."""
    first: dict[str, tuple[Any, int, str]] = {}
    for name, text in texts.items():
        point, comma = text.str.fullmatch(_WITH_POINT), text.str.fullmatch(_WITH_COMMA)
        unclear = point & comma & text.str.contains("[.,]", regex=True)
        if is_comma_separated:
            unclear &= text.str.contains(",", regex=False)
        for kind, found in (("point", point & ~comma), ("comma", comma & ~point), ("unclear", unclear)):
            if found.any() and kind not in first:
                row = found.index[int(found.argmax())]
                first[kind] = (name, row, text.loc[row])
    shown = {kind: f"row {row + 1} of column {name!r} is {cell!r}" for kind, (name, row, cell) in first.items()}
    if {"point", "comma"} <= shown.keys():
        raise UserError(
            f"{path}: {shown['point']}, with a decimal point, and {shown['comma']}, with a decimal comma; write all "
            "numbers in one way."
        )
    if "unclear" in shown and len(shown) == 1:
        raise UserError(
            f"{path}: {shown['unclear']}: thousands or a decimal part? No number in the file decides it; write "
            "thousands without a sign, or one number with another count of decimals."
        )
    return "comma" in shown


def _with_numbers(
    table: pd.DataFrame, is_comma_separated: bool, path: Path, assumed: list[str], text_columns: Collection[str]
) -> pd.DataFrame:
    """Convert text to numbers with the decimal sign that fits every cell; other text stays as it is."""
    texts = {}
    for name in table.columns:
        column = table[name]
        # Dates may look like numbers, such as 10.2024 or 20240131; `dates` parses them.
        if column.dtype not in (object, "str") or str(name).lower() in {*TIMESTAMP_NAMES, *text_columns}:
            continue
        if _holds_numbers(column):
            is_text = column.map(lambda cell: isinstance(cell, str)) if column.dtype == object else column.notna()
            texts[name] = _clean(column[is_text].astype("str"))
        elif column.dropna().isin(["True", "False", "TRUE", "FALSE", "true", "false"]).all():
            table[name] = column.str.lower().map({"true": True, "false": False})
    has_commas = _has_decimal_commas(texts, is_comma_separated, path)
    grouping = r"[ '.]" if has_commas else r"[ ',]"
    if has_commas:
        assumed.append("decimal commas")
    is_grouped = False
    for name, text in texts.items():
        is_number = text.str.fullmatch(_WITH_COMMA if has_commas else _WITH_POINT)
        digits = text[is_number].str.replace(grouping, "", regex=True)
        is_grouped |= bool((digits.str.len() < text[is_number].str.len()).any())
        numbers = pd.to_numeric(digits.str.replace(",", ".", regex=False))
        rest = table[name].drop(numbers.index)
        is_missing = text.drop(numbers.index).isin(_MISSING)
        if is_missing.any():
            assumed.append(f"{text[is_missing.index[int(is_missing.argmax())]]!r} as missing")
            rest.loc[is_missing.index[is_missing]] = None
        if rest.isna().all():
            table[name] = numbers.reindex(table.index)
        else:
            table[name] = pd.concat([numbers.astype(object), rest.astype(object)]).reindex(table.index).infer_objects()
    if is_grouped:
        assumed.append("signs between thousands")
    return table


def _without_margins(
    table: pd.DataFrame, path: Path, assumed: list[str], text_columns: Collection[str]
) -> pd.DataFrame:
    """Drop empty columns without a name, and empty rows and rows of totals at the end.

    A word in one of `text_columns`, such as a class `average`, makes no row one of totals.
    """
    nameless = [name for name in table.columns if str(name).startswith("Unnamed: ") and table[name].isna().all()]
    if nameless:
        assumed.append("a column left out that has neither name nor cells")
        table = table.drop(columns=nameless)
    rows = len(table)
    while rows:
        last = table.iloc[rows - 1]
        if last.isna().all():
            rows -= 1
            continue
        total: Any = next(
            (
                name
                for name, cell in last.to_dict().items()
                if isinstance(cell, str) and _TOTAL.fullmatch(cell) and str(name).lower() not in text_columns
            ),
            None,
        )
        if total is None or (rows > 1 and table[total].iloc[rows - 2] == last[total]):
            break
        logger.warning("%s: row %d is left out: column %r says %r", path, rows, total, last[total])
        rows -= 1
    return table if rows == len(table) else table.iloc[:rows].infer_objects()
