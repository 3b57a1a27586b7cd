"""Parsing of timestamps: one format for a whole column, or an error of one line."""

import logging
import re

import numpy as np
import pandas as pd

from ...errors import UserError

logger = logging.getLogger(__name__)

# Two-digit years that Python reads as this century, and spreadsheets as the last.
_EITHER_CENTURY = (2030, 2068)
# Plausible years; numbers outside are not dates.
_FIRST_YEAR, _LAST_YEAR = 1500, 2500
_OFFSET = r"Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?"
# A cell: a date, of which this takes anything, lines too, optionally a time of day, optionally its offset from UTC.
_CELL = (
    r"^(?P<date>[\s\S]*?)(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>[.,]\d{1,9})?)?"
    rf"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>{_OFFSET})?)?$"
)
_WEEKDAY = r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+"
# A month and its year, or a day of it.
_MONTH_AND_NUMBER = r"[A-Za-z]{3,}-\d{2}"
# Forms of dates: a pattern, and its pandas formats once all separators are replaced by dashes.
_FORMS = (
    (r"\d{4}[./-]\d{1,2}[./-]\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}[./-]\d{1,2}", ("%Y-%m",)),
    (r"\d{1,2}[./-]\d{4}", ("%m-%Y",)),
    (r"\d{4}M\d{1,2}", ("%YM%m",)),
    (r"\d{4}-?W\d{1,2}", ("%G-W%V-%u",)),
    (r"\d{4}-?W\d{1,2}-\d", ("%G-W%V-%u",)),
    (r"\d{4}[ -]?Q[1-4]", ("%Y-%m",)),
    (r"Q[1-4][ /-]?\d{4}", ("%m-%Y",)),
    (r"\d{1,2}[ .-]+[A-Za-z]{3,}[ .,-]+\d{4}", ("%d-%b-%Y", "%d-%B-%Y")),
    (r"\d{1,2}[ -][A-Za-z]{3,}[ -]\d{2}", ("%d-%b-%y", "%d-%B-%y")),
    (r"[A-Za-z]{3,}[ .-]+\d{1,2},?[ -]+\d{4}", ("%b-%d-%Y", "%B-%d-%Y")),
    (r"\d{4}[ -][A-Za-z]{3,}[ -]\d{1,2}", ("%Y-%b-%d", "%Y-%B-%d")),
    (r"[A-Za-z]{3,}[ .,-]+\d{4}", ("%b-%Y", "%B-%Y")),
    (r"\d{4}[ -][A-Za-z]{3,}", ("%Y-%b", "%Y-%B")),
    (_MONTH_AND_NUMBER, ("%b-%y", "%B-%y")),
)
# Day, month and year in numbers, in an order that may be ambiguous.
_IN_NUMBERS = r"\d{1,2}(?:/\d{1,2}/|-\d{1,2}-|\.\d{1,2}\.)(?:\d{4}|\d{2})"
_ORDERS = {"day first": "%d-%m-", "month first": "%m-%d-"}
# Number of digits of a written date -> its format. `_from_numbers` tells ten digits from seconds since 1970.
_WRITTEN_NUMBERS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
# Ranges of seconds, milliseconds, ... since 1970 for the years 1973 to 2286 (nanoseconds: 2262); disjoint.
_EPOCHS = (("s", 1e8, 1e10), ("ms", 1e11, 1e13), ("us", 1e14, 1e16), ("ns", 1e17, 9.2e18))
_MIXED_OFFSETS = "and row 1 ({!r}) do not go together: one has an offset from UTC, the other none"
_HOW = "give dates such as 2024-01-31"
# Cells of a column by which it is known to hold dates.
_SAMPLE = 200


def are_dates(values: np.ndarray) -> bool:
    """Whether integers are dates such as 20240131, all valid and in rising order."""
    if values.dtype.kind not in "iu" or values.min() < 10**7 or (np.diff(values) < 0).any():
        return False
    return bool(_written_readings(values))


def are_years(values: np.ndarray) -> bool:
    """Whether numbers are plausible years."""
    return bool(((values >= _FIRST_YEAR) & (values <= _LAST_YEAR)).all())


def is_written_date(cells: pd.Series) -> bool:
    """Whether the first cells of a column of text are dates of one form; day and month may come in any order."""
    cells = cells.dropna().iloc[:_SAMPLE].astype(str).str.strip()
    if cells.empty:
        return False
    dates = _without_weekdays(cells).str.extract(_CELL)["date"].str.strip()
    try:
        form = _date_form(cells, dates, "the table")
    except UserError:
        return False
    return form is None or bool(_with_format(dates, *form).notna().all())


def parse_timestamps(column: pd.Series, source: str, dayfirst: bool | None = None) -> pd.DatetimeIndex:
    """Parse a column of datetimes, periods, written dates, years or seconds since 1970.

    The whole column has one format. Text whose UTC offsets change (a place with daylight saving time) becomes UTC.
    Numbers are recognized by their range: years, dates such as 20240131, and seconds to nanoseconds since 1970, from
    1973 on.

    Args:
        column: one cell for each time step.
        source: name of the table for errors.
        dayfirst: whether 01/02/2024 is 1 February; by default the order that fits and keeps the rows in order.

    Raises:
        ValueError: a cell that is not a timestamp, cells in different formats, or two formats that both fit.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = pd.Series(np.asarray(column), name=column.name)
    if isinstance(column.dtype, pd.ArrowDtype):
        column = pd.Series(column.array.to_numpy(na_value=None), name=column.name).infer_objects()
    if column.isna().any():
        raise _error(column, int(column.isna().argmax()), source, "is not a timestamp but empty")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.DatetimeIndex(column)
    if isinstance(column.dtype, pd.PeriodDtype):
        return pd.DatetimeIndex(column.dt.to_timestamp())
    if pd.api.types.is_bool_dtype(column.dtype) or column.dtype.kind in "cm":
        raise UserError(f"{source}: column {column.name!r} holds {column.dtype}, not timestamps; {_HOW}.")
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _from_numbers(column, column.to_numpy(), source)
    if column.dtype == object:
        kinds = column.map(type)
        if kinds.map(lambda kind: kind is pd.Period).all():
            return pd.PeriodIndex(column).to_timestamp()
        if kinds.map(lambda kind: hasattr(kind, "isocalendar")).all():
            return _from_objects(column, source)
        if kinds.nunique() > 1:
            row = int((kinds != kinds.iloc[0]).argmax())
            raise _error(column, row, source, f"is of another kind than row 1 ({column.iloc[0]!r})")
        if not issubclass(kinds.iloc[0], str):
            return _from_numbers(column, pd.to_numeric(column, errors="coerce").to_numpy(), source)
    return _from_text(column.astype(str), source, dayfirst)


def _shown(column: pd.Series, row: int) -> str:
    cell = column.iloc[row]
    return repr(cell.item() if isinstance(cell, np.generic) else cell)


def _error(column: pd.Series, row: int, source: str, what: str) -> UserError:
    return UserError(f"{source}: row {row + 1} of column {column.name!r} {what}: {_shown(column, row)}.")


def _unreadable(column: pd.Series, row: int, source: str) -> UserError:
    has_a_word = re.search(r"[^\W\d_]{3}", column.iloc[row])
    hint = " (names of months must be English)" if has_a_word else ""
    return _error(column, row, source, f"is not a timestamp{hint}")


def _from_objects(column: pd.Series, source: str) -> pd.DatetimeIndex:
    """Convert objects of Python."""
    zones = column.map(lambda value: getattr(value, "tzinfo", None))
    if zones.isna().any() and zones.notna().any():
        other = int((zones.isna() != zones.isna().iloc[0]).argmax())
        raise _error(column, other, source, _MIXED_OFFSETS.format(column.iloc[0]))
    return pd.DatetimeIndex(pd.to_datetime(column, utc=zones.nunique() > 1))


def _from_numbers(column: pd.Series, values: np.ndarray, source: str) -> pd.DatetimeIndex:
    """Convert numbers, all of the same kind."""
    values = values if values.dtype.kind in "iu" else values.astype(float)
    readings = _written_readings(values) if (values == np.floor(values)).all() else []
    for unit, low, high in _EPOCHS:
        # Only the range of seconds overlaps with plausible written dates.
        if ((values >= low) & (values < high)).all() and (not readings or unit == "s"):
            if (values % (low / 1e4) == 0).all():
                raise _error(column, 0, source, "is rounded, as spreadsheets show large numbers: write all its digits")
            readings.append((f"{unit} since 1970", _since_1970(values, unit)))
    if len(readings) == 1:
        what, timestamps = readings[0]
        logger.info("%s: column %r is read as %s", source, column.name, what)
        return timestamps
    if readings:
        (one, first), (other, second) = readings
        raise UserError(
            f"{source}: column {column.name!r}: {_shown(column, 0)} can be {first[0]} ({one}) or {second[0]} "
            f"({other}), and every row fits both; {_HOW}."
        )
    hint = ", nor day numbers of a spreadsheet: format those as dates" if 2e4 <= values[0] < 8e4 else ""
    if values.min() >= 0 and values.max() < 2e4:
        hint = ", nor numbers of steps: give each step a date"
    raise _error(
        column,
        _first_misfit(values),
        source,
        "is not a timestamp (numbers can be years, dates as 20240131, or s, ms, us or ns since 1970, the same in "
        f"every row{hint})",
    )


def _first_misfit(values: np.ndarray) -> int:
    """Position of the first number of another kind than row 1, or 0 if row 1 is of no known kind."""
    digits = np.floor(np.log10(np.maximum(np.abs(values.astype(float)), 1.0))).astype(int) + 1
    misfit = digits != digits[0]
    if not misfit.any() and digits[0] in _WRITTEN_NUMBERS:
        text = pd.Series(values.astype(np.int64).astype(str))
        misfit = pd.to_datetime(text, format=_WRITTEN_NUMBERS[digits[0]], errors="coerce").isna()
    return int(np.argmax(misfit))


def _since_1970(values: np.ndarray, unit: str) -> pd.DatetimeIndex:
    if values.dtype.kind == "f" and unit in ("s", "ms"):
        # Fractions of a second, as far as float64 resolves them.
        values, unit = np.rint(values * {"s": 1e6, "ms": 1e3}[unit]), "us"
    return pd.DatetimeIndex(values.astype(np.int64).astype(f"datetime64[{unit}]"))


def _written_readings(values: np.ndarray) -> list[tuple[str, pd.DatetimeIndex]]:
    """Names and results of the formats, years or written dates, that fit all whole numbers."""
    if are_years(values):
        return [("years", pd.DatetimeIndex((values.astype(np.int64) - 1970).astype("M8[Y]").astype("M8[s]")))]
    digits = next((d for d in (6, *_WRITTEN_NUMBERS) if ((values >= 10 ** (d - 1)) & (values < 10**d)).all()), None)
    if digits is None:
        return []
    text = pd.Series(values.astype(np.int64).astype(str))
    readings: dict[str, tuple[pd.Series, str]]
    if digits == 6:
        two_digits = text.str[:2].astype(int)
        readings = {"year and month": (text, "%Y%m")}
        if not two_digits.add(2000).between(*_EITHER_CENTURY).any():
            readings["yymmdd"] = (pd.Series(np.where(two_digits >= 69, "19", "20")) + text, "%Y%m%d")
    else:
        readings = {"written dates": (text, _WRITTEN_NUMBERS[digits])}
    found = []
    for what, (written, form) in readings.items():
        parsed = pd.to_datetime(written, format=form, errors="coerce")
        if written.str[:4].astype(int).between(_FIRST_YEAR, _LAST_YEAR).all() and parsed.notna().all():
            found.append((what, pd.DatetimeIndex(parsed)))
    return found


def _from_text(column: pd.Series, source: str, dayfirst: bool | None) -> pd.DatetimeIndex:
    """Parse text."""
    # Fast path for ISO 8601. pandas also accepts "now" and "today", which are not dates in a file, and reads a year or
    # a month among days as the first of them.
    is_alike = column.str.len().clip(upper=len("2024-01-31")).nunique() == 1
    if is_alike and re.match(r"\d{4}\D", column.iloc[0]) and not column.isin(["now", "today"]).any():
        try:
            parsed = pd.to_datetime(column, format="ISO8601", errors="coerce")
        except ValueError:  # the offsets differ, or some rows have none
            parsed = pd.Series([pd.NaT])
        if parsed.notna().all():
            return pd.DatetimeIndex(parsed)
    column = column.str.strip()
    is_number = column.str.fullmatch(r"\d+(?:\.\d*)?").all() and not re.fullmatch(r"\d{1,2}\.\d{4}", column.iloc[0])
    if is_number:
        is_whole = column.str.fullmatch(r"\d{1,18}(?:\.0*)?").all()
        values = column.str.split(".").str[0].astype(np.int64) if is_whole else column.astype(float)
        return _from_numbers(column, values.to_numpy(), source)
    cells = _without_weekdays(column).str.extract(_CELL)
    dates = cells["date"].str.strip()
    since_midnight, is_utc = _times(column, cells, source)
    form = _date_form(column, dates, source)
    if form is None:
        stamps = _in_numbers(column, dates, since_midnight, source, dayfirst)
    else:
        if form[0] == _MONTH_AND_NUMBER:
            _check_are_years(column, dates, source)
        stamps = _with_format(dates, *form) + since_midnight
        if stamps.isna().any():
            raise _unreadable(column, int(stamps.isna().argmax()), source)
        if "%y" in form[1][0]:
            _check_century(column, stamps, source)
    index = pd.DatetimeIndex(stamps)
    return index.tz_localize("UTC") if is_utc else index


def _without_weekdays(column: pd.Series) -> pd.Series:
    has_weekday = re.match(_WEEKDAY, column.iloc[0], re.IGNORECASE)
    return column.str.replace(_WEEKDAY, "", regex=True, case=False) if has_weekday else column


def _date_form(column: pd.Series, dates: pd.Series, source: str) -> tuple[str, tuple[str, ...]] | None:
    """Find the form of all dates: an entry of `_FORMS`, or None for day, month and year in numbers."""
    kinds = [*_FORMS, (_IN_NUMBERS, ())]
    chosen = next((kind for kind in kinds if re.fullmatch(kind[0], dates.iloc[0])), None)
    if chosen is None:
        raise _unreadable(column, 0, source)
    fits = dates.str.fullmatch(chosen[0])
    if chosen[1] == ():
        signs = dates.str.replace(r"\d+(?=\D)", "", regex=True)
        fits &= (signs.str[:2] == signs.iloc[0][:2]) & (signs.str.len() == len(signs.iloc[0]))
    if not fits.all():
        row = int((~fits).argmax())
        if not any(re.fullmatch(pattern, dates.iloc[row]) for pattern, _ in kinds):
            raise _unreadable(column, row, source)
        raise _error(column, row, source, f"is written in another way than row 1 ({column.iloc[0]!r})")
    return chosen if chosen[1] else None


def _check_are_years(column: pd.Series, dates: pd.Series, source: str) -> None:
    """Refuse months with a number, such as Jan-02, that can all be days of one month as well."""
    parts = dates.str.split("-", expand=True)
    if len(dates) > 1 and parts[0].nunique() == 1 and parts[1].astype(int).between(1, 31).all():
        raise UserError(
            f"{source}: column {column.name!r}: {dates.iloc[-1]!r} can be a month with its year or a day of it, and "
            f"every row fits both; {_HOW}."
        )


def _check_century(column: pd.Series, stamps: pd.Series, source: str) -> None:
    """Refuse a two-digit year that fits either century."""
    is_either = stamps.dt.year.between(*_EITHER_CENTURY)
    if is_either.any():
        row = int(is_either.argmax())
        year = stamps.dt.year.iloc[row]
        raise _error(column, row, source, f"can be of {year - 100} or {year}; give years of four digits")


def _with_format(dates: pd.Series, pattern: str, formats: tuple[str, ...]) -> pd.Series:
    """Parse dates of one form; NaT for days that do not exist."""
    text = dates.str.replace(r"[ ./,-]+", "-", regex=True).str.replace(r"\bSept\b", "Sep", regex=True)
    if "Q" in pattern:
        text = text.str.replace(r"-?Q([1-4])-?", lambda found: f"-{3 * int(found[1]) - 2:02d}-", regex=True)
        text = text.str.strip("-")
    if "W" in pattern:
        text = text.str.replace(r"-?W(\d+)$", r"-W\1-1", regex=True).str.replace(r"-?W(\d)-", r"-W0\1-", regex=True)
        text = text.str.replace(r"-?W", "-W", regex=True)
    days = pd.to_datetime(text, format=formats[0], errors="coerce")
    for form in formats[1:]:
        days = days.fillna(pd.to_datetime(text, format=form, errors="coerce"))
    return days


def _times(column: pd.Series, cells: pd.DataFrame, source: str) -> tuple[pd.Series, bool]:
    """Time since midnight, in UTC if the cells have offsets, and whether they have."""
    hour, minute, second = (cells[name].fillna("0").astype(int) for name in ("hour", "minute", "second"))
    half, has_time = cells["half"].str.upper().str[:1], cells["hour"].notna()
    if half.notna().any():
        if (half.isna() & has_time).any():
            raise _error(column, int((half.isna() & has_time).argmax()), source, "lacks the AM or PM of other rows")
        wrong = has_time & ~hour.between(1, 12)
        hour = hour % 12 + 12 * (half == "P")
    else:
        # 24:00 is the end of the day.
        wrong = (hour > 24) | (hour == 24) & ((minute > 0) | (second > 0))
    wrong |= (minute > 59) | (second > 59)
    if wrong.any():
        raise _error(column, int(wrong.argmax()), source, "has no such time of day")
    fraction = cells["fraction"].fillna("").str[1:].str.ljust(9, "0").astype(int)
    seconds = (hour * 60 + minute) * 60 + second
    offset = cells["offset"]
    if offset.notna().any():
        if offset.isna().any():
            other = int((offset.isna() != offset.isna().iloc[0]).argmax())
            raise _error(column, other, source, _MIXED_OFFSETS.format(column.iloc[0]))
        parts = offset.str.extract(r"([+-])(\d\d):?(\d\d)?").fillna("0")
        sign = np.where(parts[0] == "-", -1, 1)
        seconds = seconds - sign * (parts[1].astype(int) * 60 + parts[2].astype(int)) * 60
        if offset.nunique() > 1:
            logger.info("%s: the offsets from UTC in column %r change; it is read as UTC", source, column.name)
    since_midnight = pd.to_timedelta(seconds, unit="s")
    if fraction.any():
        since_midnight = since_midnight + pd.to_timedelta(fraction, unit="ns")
    return since_midnight, bool(offset.notna().any())


def _in_numbers(
    column: pd.Series, dates: pd.Series, since_midnight: pd.Series, source: str, dayfirst: bool | None
) -> pd.Series:
    """Parse dates such as 01/02/2024 in the one order that fits every row and keeps the rows in time order."""
    text = dates.str.replace(r"[./]", "-", regex=True)
    has_century = len(text.iloc[0].rsplit("-", 1)[1]) == 4
    orders = {name: form + ("%Y" if has_century else "%y") for name, form in _ORDERS.items()}
    if dayfirst is not None:
        chosen = "day first" if dayfirst else "month first"
        orders = {chosen: orders[chosen]}
    elif not has_century:
        orders["year first"] = "%y-%m-%d"
    readings = {name: pd.to_datetime(text, format=form, errors="coerce") for name, form in orders.items()}
    fitting = {name: days + since_midnight for name, days in readings.items() if days.notna().all()}
    if not fitting:
        misfits = {name: int(days.isna().argmax()) for name, days in readings.items()}
        row = max(misfits.values())
        if len(set(misfits.values())) == 1:
            raise _error(column, row, source, f"is not a timestamp, {' or '.join(orders)}")
        others = "; ".join(f"{name} does not fit row {at + 1} ({column.iloc[at]!r})" for name, at in misfits.items())
        raise _error(column, row, source, f"cannot be read as the others are: {others}")
    if len(fitting) > 1:
        # Rows of a series are in time order, often in one reading only.
        fitting = {order: stamps for order, stamps in fitting.items() if stamps.is_monotonic_increasing} or fitting
    name, stamps = next(iter(fitting.items()))
    for other, different in fitting.items():
        if not different.equals(stamps):
            row = int((different != stamps).argmax())
            raise UserError(
                f"{source}: column {column.name!r}: {column.iloc[row]!r} can be {stamps.iloc[row]:%d %B %Y} ({name}) "
                f"or {different.iloc[row]:%d %B %Y} ({other}), and every row fits both; give --dayfirst, "
                f"or --dayfirst false{'' if has_century else ', or years of four digits'}."
            )
    if not has_century:
        _check_century(column, stamps, source)
    logger.info("%s: dates in column %r are read %s", source, column.name, name)
    return stamps
