"""Tables of Dask, Ray and Spark: cut into parts of whole series, which work runs on where they lie, by Fugue."""

import importlib
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any

import pandas as pd
import pyarrow as pa

from .data.series.panel_reading import Names, find_names
from .errors import NothingToForecastError, UserError
from .requirements import MissingPackageError, require

logger = logging.getLogger(__name__)

# First part of the module of their tables -> extra of Fugue.
_ENGINES = {"dask": "dask", "pyspark": "spark", "ray": "ray"}
# Column that tells rows of the known future from those of the past.
_IS_FUTURE = "row_of_the_future"
# Stands for the type of the column of timestamps.
TIMES = "times"

# Messages that parts of a call have logged in this process, while one of them runs.
_TOLD: ContextVar[set[str] | None] = ContextVar("told", default=None)

# (rows of some series, known future of their covariates or None, names of the columns) -> a table
Work = Callable[[pd.DataFrame, pd.DataFrame | None, Names], pd.DataFrame]


def _engine(table: Any) -> str:
    return type(table).__module__.partition(".")[0]


def is_distributed(table: Any) -> bool:
    """Whether a table is one of Dask, Ray or Spark."""
    return _engine(table) in _ENGINES


def _require_fugue(df: Any) -> Any:
    """The functions of Fugue, with what it needs for the engine of a table.

    Raises:
        MissingPackageError: Fugue, or a package that it needs, is not installed.
    """
    fugue, extra = require("fugue.api", "distributed"), _ENGINES[_engine(df)]
    try:
        importlib.import_module(f"fugue_{extra}.registry")
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"{error.name} is not installed; run pip install 'fugue[{extra}]'.", name=error.name
        ) from error
    return fugue


def _plain_text(table: pa.Table) -> pa.Table:
    """The same with text as `string`; that of pandas is `large_string`, which Fugue does not take from Ray."""
    kinds = ((field, pa.types.is_large_string(field.type)) for field in table.schema)
    return table.cast(pa.schema([field.with_type(pa.string()) if is_large else field for field, is_large in kinds]))


def _checked_text(part: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """A part of a table whose columns of objects hold text, as their type says; ValueError for others."""
    for name in names:
        content = pd.api.types.infer_dtype(part[name], skipna=True)
        if content not in ("string", "empty"):
            raise UserError(
                f"column {name!r} holds objects ({content}), which the engine of the table takes for text; convert it "
                "to one type, such as astype(str)."
            )
    return part


def _readable(table: Any) -> Any:
    """Table as Fugue takes it."""
    if _engine(table) == "ray":
        return table.map_batches(_plain_text, batch_format="pyarrow")
    if _engine(table) == "dask":
        if table.index.name is not None:
            table = table.reset_index()
        table = table.rename(columns=str)
        dtypes = dict(table.dtypes)
        objects = [name for name, kind in dtypes.items() if pd.api.types.is_object_dtype(kind)]
        if objects:
            table = table.map_partitions(_checked_text, objects, meta=table._meta)
        # Fugue takes no categories.
        kinds = {name: kind.categories.dtype for name, kind in dtypes.items() if isinstance(kind, pd.CategoricalDtype)}
        return table.astype(kinds) if kinds else table
    return table


def _schema(fugue: Any, table: Any) -> Any:
    """Names and types of a table; ValueError for types that Fugue does not take, such as durations."""
    from triad.collections.schema import SchemaError

    try:
        return fugue.get_schema(table)
    except (SchemaError, TypeError, NotImplementedError) as error:
        told = " ".join(str(error).split())
        raise UserError(f"the table has a column of a type that a cluster does not take ({told}); drop it.") from None


def _cast(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    fields = [field.with_type(types.get(field.name, field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _with_types(found: Any, like: Any, sources: Mapping[str, str]) -> Any:
    """Result with ids and times in the types of the given table, which Fugue has its own for, and float64 numbers.

    Args:
        found: result of Fugue.
        like: the given table.
        sources: column of the result -> column of the given table.
    """
    if _engine(like) == "dask":
        given = dict(like.reset_index().dtypes if like.index.name is not None else like.dtypes)
        given = {str(name): kind for name, kind in given.items()}
        # Of unknown categories, Dask finds them as it reads.
        kinds = {
            name: kind if not isinstance(kind, pd.CategoricalDtype) else "category" for name, kind in given.items()
        }
        numbers = {name: "float64" for name, kind in found.dtypes.items() if kind == "Float64"}
        return found.astype(numbers | {name: kinds[source] for name, source in sources.items()})
    if _engine(like) == "pyspark":
        kinds = {field.name: field.dataType for field in like.schema}
        return found.withColumns({name: found[f"`{name}`"].cast(kinds[source]) for name, source in sources.items()})
    schema = like.schema()
    types = dict(zip(schema.names, schema.types, strict=True))
    return found.map_batches(
        partial(_cast, types={name: types[source] for name, source in sources.items()}), batch_format="pyarrow"
    )


class _Once(logging.Filter):
    """Passes each message once for a call of `map_series`."""

    def filter(self, record: logging.LogRecord) -> bool:
        told, line = _TOLD.get(), record.getMessage()
        if told is None:
            return True
        is_new = line not in told
        told.add(line)
        return is_new


_ONCE = _Once()


@cache
def _told_by(call: str) -> set[str]:
    """Messages of a call, the same set for all its parts in a process."""
    return set()


@contextmanager
def _telling_once(call: str) -> Iterator[None]:
    """Log what several parts of a call say alike once in each process."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "ts_llm_fusion":
            logging.getLogger(name).addFilter(_ONCE)
    token = _TOLD.set(_told_by(call))
    try:
        yield
    finally:
        _TOLD.reset(token)


def check_loadable(model: Any) -> list[Any]:
    """Names and folders of one or several forecasters, which workers load; ValueError for one in memory."""
    models = model if isinstance(model, list) else [model]
    for one in models:
        if not (one is None or isinstance(one, str) or hasattr(one, "__fspath__")):
            raise UserError(
                f"model is a {type(one).__name__}, and the workers of a cluster load theirs; save it in a folder that "
                "they see (save_pretrained), and give that."
            )
    return models


def _merged_schema(past: Any, future: Any, keys: Sequence[str], targets: Sequence[str]) -> Any:
    """Schema of the rows of the past and of the future, one below the other.

    Where rows have no value, or the numbers of the two differ in type, numbers are float64.
    """
    fields = []
    for name, field in past.items():
        kind = field.type
        has_gaps = name in targets or name not in future or future[name].type != kind
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        fields.append((name, pa.float64() if name not in keys and has_gaps and is_number else kind))
    return type(past)(pa.schema([*fields, (_IS_FUTURE, pa.bool_())]))


def _joined(fugue: Any, df: Any, future_df: Any, keys: Sequence[str], targets: Sequence[str]) -> Any:
    """Rows of the past and of the future as one table, which may then be cut by id."""
    past, future = _schema(fugue, df), _schema(fugue, future_df)
    extra = [name for name in future.names if name not in past]
    absent = [name for name in keys if name not in future]
    if extra or absent:
        named = f"a column {extra[0]!r} that the table of the past lacks" if extra else f"no column {absent[0]!r}"
        raise UserError(f"future_df has {named}; its columns are {', '.join(future.names)}.")
    schema = _merged_schema(past, future, keys, targets)

    def of_past(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(**{_IS_FUTURE: False})

    def of_future(table: pd.DataFrame) -> pd.DataFrame:
        return table.reindex(columns=past.names).assign(**{_IS_FUTURE: True})

    parts = (fugue.transform(df, of_past, schema=schema), fugue.transform(future_df, of_future, schema=schema))
    return fugue.union(*parts, distinct=False)


def column_options(names: Names) -> dict[str, Any]:
    """Options of `read_panel` that name the columns of a table."""
    return {"id_column": list(names.ids), "timestamp_column": names.timestamp, "target": list(names.targets)}


def map_series(
    df: Any,
    work: Work,
    made: Mapping[str, Any],
    id_column: str | Sequence[str],
    timestamp_column: str,
    target: str | Sequence[str],
    future_df: Any = None,
) -> Any:
    """Run work on parts of a long table of Dask, Ray or Spark, each of which holds all rows of some ids.

    Args:
        df: the table.
        work: runs on each part in a worker, so that it has to be picklable.
        made: columns that it makes after those of ids and timestamps, with their types of Arrow, or `TIMES`.
        id_column: column of ids, or several, as `read_panel` finds them.
        timestamp_column: column of timestamps.
        target: column to forecast, or several.
        future_df: known future of covariates, of the same engine as `df` or of pandas.

    Returns:
        A table of the same engine, lazy where its tables are, with parts in any order, and ids and times in the types
        of `df`. A part without anything to forecast from has no rows, with a warning of its worker; a table without
        rows has none. What several parts warn of alike is logged once in each process.

    Raises:
        ValueError: no column of ids, timestamps that are text, columns of types that Fugue does not take, or columns
            of `future_df` that do not fit; in a worker, a column of objects that are not all text.
        MissingPackageError: Fugue, or what it needs for the engine, is not installed.
    """
    fugue, given, call = _require_fugue(df), df, uuid.uuid4().hex
    df = _readable(df)
    schema = _schema(fugue, df)
    # By names and types alone, without reading.
    empty = schema.create_empty_arrow_table().to_pandas()
    names = find_names(empty, id_column, timestamp_column, target, "the table", ())
    if not names.ids or not names.targets or not names.timestamp:
        raise UserError("the table of a cluster is not a long one; name its columns of ids, timestamps and targets.")
    if pa.types.is_string(schema[names.timestamp].type) or pa.types.is_large_string(schema[names.timestamp].type):
        raise UserError(
            f"column {names.timestamp!r} holds text or objects, which each part of a cluster might read in its own "
            "way; convert it to timestamps."
        )
    keys = [*names.ids, names.timestamp]
    types = {name: schema[name].type for name in keys}
    types |= {name: types[names.timestamp] if kind is TIMES else kind for name, kind in made.items()}
    result = type(schema)(pa.schema(list(types.items())))

    def run(table: pd.DataFrame) -> pd.DataFrame:
        ahead = None
        if _IS_FUTURE in table.columns:
            is_future = table.pop(_IS_FUTURE).to_numpy(dtype=bool)
            ahead, table = table.loc[is_future, [*keys, *known]], table[~is_future]
            if table.empty:
                raise UserError(f"future_df has ids that the table of the past lacks: {ahead.iloc[0].to_dict()}.")
        with _telling_once(call):
            try:
                found = work(table.reset_index(drop=True), ahead, names)
            except NothingToForecastError as error:
                logger.warning("%s", error)
                found = pd.DataFrame(columns=list(types))
        return found[list(types)]

    known: list[str] = []
    if future_df is not None:
        future_df = _readable(future_df)
        others = [name for name in _schema(fugue, future_df).names if name not in keys]
        known = [name for name in others if name not in names.targets]
        df = _joined(fugue, df, future_df, keys, names.targets)
    partition: dict[str, Any] | None = {"by": list(names.ids), "algo": "coarse"}
    if _engine(df) == "dask":
        # Fugue would sort such a table for this, and so compute it twice.
        df, partition = df.shuffle(list(names.ids)), None
    sources = {name: name for name in keys} | {name: names.timestamp for name, kind in made.items() if kind is TIMES}
    return _with_types(fugue.transform(df, run, schema=result, partition=partition), given, sources)
