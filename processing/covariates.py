"""Encoding of columns of covariates as numbers, the same for every model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from transformers.utils import is_pandas_available, logging

from .series_arrays import shortened, to_array

# A checkpoint carries this code to where pandas may be missing; models without covariates do not need it.
if is_pandas_available() or TYPE_CHECKING:
    import pandas as pd

logger = logging.get_logger(__name__)

MAX_CATEGORIES = 32
# Kinds of columns by the contents that pandas infers for them.
_KINDS: dict[str, Literal["number", "boolean", "category"]] = {
    **dict.fromkeys(("integer", "floating", "mixed-integer-float", "decimal", "empty"), "number"),
    "boolean": "boolean",
    **dict.fromkeys(("string", "categorical"), "category"),
}


@dataclass(frozen=True)
class CovariateColumn:
    """Encoding of a column.

    Args:
        name: name of the column.
        kind: `"number"`, `"boolean"` or `"category"`.
        categories: categories with a feature of their own, sorted.
        pools_others: whether one more feature stands for all other categories.
    """

    name: str
    kind: Literal["number", "boolean", "category"]
    categories: tuple[str, ...] = ()
    pools_others: bool = False

    @property
    def feature_names(self) -> list[str]:
        """Names of the features: that of the column, or one for each category, such as `weather=rain`."""
        if self.kind != "category":
            return [self.name]
        return [f"{self.name}={category}" for category in (*self.categories, *["other"] * self.pools_others)]


class CovariateEncoder:
    """Encoder of columns of covariates: numbers stay, booleans become 0 and 1, categories one-hot.

    Features keep the order of the columns, and the categories of a column are sorted, so that the encoding does not
    depend on the order of rows. Numbers keep their units; models normalize them.

    Args:
        columns: encoding of each column, from `fit` or, as mappings, from `to_list`.
    """

    def __init__(self, columns: Sequence[CovariateColumn | Mapping[str, Any]] = ()):
        self.columns = tuple(
            column
            if isinstance(column, CovariateColumn)
            else CovariateColumn(**{**column, "categories": tuple(column["categories"])})
            for column in columns
        )

    @classmethod
    def fit(cls, table: pd.DataFrame, max_categories: int = MAX_CATEGORIES) -> CovariateEncoder:
        """Find the kind of each column, and its categories.

        Columns of a categorical type and of text are categories. A column without any value counts as numbers.

        Args:
            table: one column for each covariate, one row for each observation; None, NaN and NA are missing.
            max_categories: most categories of a column with a feature of their own, the most frequent ones; the
                others are pooled in one feature, with a warning.

        Raises:
            ValueError: a column holds dates, lists or other unsupported values, or mixes text and numbers.
        """
        return cls([_fit_column(str(name), table[name], max_categories) for name in table.columns])

    def transform(self, table: pd.DataFrame) -> np.ndarray:
        """Encode rows of covariates.

        A category that `fit` has not seen is one of the pooled others, or 0 in all features where nothing is pooled,
        with a warning.

        Args:
            table: the columns of `fit` in any order; others are ignored.

        Returns:
            float64 (rows, features); all features of a missing value are NaN.

        Raises:
            ValueError: a column is absent, holds an infinity, or holds another kind of values than in `fit`.
        """
        named = {str(name): name for name in table.columns}
        absent = [repr(column.name) for column in self.columns if column.name not in named]
        if absent:
            raise ValueError(f"the table has no covariate {shortened(absent)}; its columns are {shortened([*named])}.")
        encoded = [_encode_column(column, table[named[column.name]]) for column in self.columns]
        return np.concatenate([np.empty((len(table), 0)), *encoded], axis=1)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    @property
    def feature_names(self) -> list[str]:
        """Names of the features, in their order."""
        return [name for column in self.columns for name in column.feature_names]

    def to_list(self) -> list[dict[str, Any]]:
        """Plain description of the columns, for JSON."""
        return [asdict(column) for column in self.columns]


def _kind(name: str, column: pd.Series) -> Literal["number", "boolean", "category"]:
    contents = pd.api.types.infer_dtype(column, skipna=True)
    if contents not in _KINDS:
        raise ValueError(
            f"covariate {name!r} holds values of type {contents}; give numbers, booleans, or categories as text."
        )
    return _KINDS[contents]


def _categories(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Code of each row, -1 where missing, and the text of each code; codes of whole numbers do not tell 1 from 1.0."""
    codes, values = pd.factorize(column)
    return codes, [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]


def _fit_column(name: str, column: pd.Series, max_categories: int) -> CovariateColumn:
    kind = _kind(name, column)
    if kind != "category":
        return CovariateColumn(name, kind)
    codes, texts = _categories(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    by_frequency = sorted(range(len(texts)), key=lambda code: (-counts[code], texts[code]))
    kept = tuple(sorted({texts[code] for code in by_frequency[:max_categories]}))
    if len(texts) > max_categories:
        logger.warning(
            f"covariate {name!r} has {len(texts)} categories; the {max_categories} most frequent are told apart, the "
            "others are pooled."
        )
    return CovariateColumn(name, kind, kept, len(texts) > max_categories)


def _encode_column(column: CovariateColumn, values: pd.Series) -> np.ndarray:
    """Features of a column, float64 (rows, features)."""
    if column.kind == "category":
        return _one_hot(column, values)
    given = _kind(column.name, values)
    if given == "category" or (
        column.kind == "boolean" and given == "number" and not values.dropna().isin([0, 1]).all()
    ):
        raise ValueError(
            f"covariate {column.name!r} was fitted on a column of {column.kind}s, but holds "
            f"{values.dropna().iloc[0]!r:.80}; give {column.kind}s."
        )
    encoded = to_array(values, f"covariate {column.name!r}")
    if np.isinf(encoded).any():
        row = int(np.isinf(encoded).argmax())
        raise ValueError(
            f"covariate {column.name!r} is infinite in row {row + 1}; correct the value or leave it empty."
        )
    return encoded[:, None]


def _one_hot(column: CovariateColumn, values: pd.Series) -> np.ndarray:
    _kind(column.name, values)
    codes, texts = _categories(values)
    places = {category: place for place, category in enumerate(column.categories)}
    other = len(places)
    unseen = [text for text in texts if text not in places]
    if unseen and not column.pools_others:
        logger.warning(
            f"covariate {column.name!r} has categories {shortened(unseen)}, which are not among those it was fitted "
            f"on ({shortened(column.categories)}); they have no effect."
        )
    # A row of the identity for each place, a zero or "other" one for the rest, and NaN for missing (code -1) last.
    rows = np.concatenate(
        [np.eye(other + 1, len(column.feature_names)), np.full((1, len(column.feature_names)), np.nan)]
    )
    place_of_code = np.array([places.get(text, other) for text in texts] + [other + 1])
    return rows[place_of_code[codes]]


__all__ = ["CovariateColumn", "CovariateEncoder"]
