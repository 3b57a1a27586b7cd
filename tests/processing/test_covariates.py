"""Encoding of covariates: the numbers of each kind, the order of features, and messages."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest

from ts_llm_fusion.processing.covariates import CovariateEncoder

TABLE = pd.DataFrame(
    {
        "price": [2.5, np.nan, 4.0, 1.0],
        "promotion": pd.array([True, False, None, True], dtype="boolean"),
        "weather": ["sun", "rain", None, "sun"],
    }
)
NAN = np.nan


def test_numbers_stay_booleans_become_0_and_1_and_categories_one_hot() -> None:
    encoder = CovariateEncoder.fit(TABLE)
    assert encoder.feature_names == ["price", "promotion", "weather=rain", "weather=sun"]
    expected = [[2.5, 1, 0, 1], [NAN, 0, 1, 0], [4, NAN, NAN, NAN], [1, 1, 0, 1]]
    np.testing.assert_array_equal(encoder.transform(TABLE), expected)
    # Neither the order of columns nor that of rows matters.
    np.testing.assert_array_equal(encoder.transform(TABLE.iloc[:, ::-1]), expected)
    assert CovariateEncoder.fit(TABLE.iloc[::-1]).to_list() == encoder.to_list()


def test_through_json_it_encodes_the_same() -> None:
    encoder = CovariateEncoder.fit(TABLE, max_categories=1)
    again = CovariateEncoder(json.loads(json.dumps(encoder.to_list())))
    assert again.columns == encoder.columns
    np.testing.assert_array_equal(again.transform(TABLE), encoder.transform(TABLE))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([1, None, 3], dtype="Int64"), [[1], [NAN], [3]]),
        (pd.Series([True, None, False], dtype=object), [[1], [NAN], [0]]),
        (pd.Series([None, None, None], dtype=object), [[NAN], [NAN], [NAN]]),
        (pd.Categorical([2, 10, 2]), [[0, 1], [1, 0], [0, 1]]),
        (pd.Series(["b", "a", "b"], dtype="category"), [[0, 1], [1, 0], [0, 1]]),
        (pd.Series(["b", None, "b"], dtype="string"), [[1], [NAN], [1]]),
    ],
    ids=["nullable", "booleans", "nothing", "numbered", "categorical", "string"],
)
def test_every_type_of_pandas(column: pd.Series, expected: list) -> None:
    table = pd.DataFrame({"x": column})
    np.testing.assert_array_equal(CovariateEncoder.fit(table).transform(table), expected)


def test_a_category_is_the_same_as_number_and_as_text() -> None:
    encoder = CovariateEncoder.fit(pd.DataFrame({"store": ["1", "2"]}))
    np.testing.assert_array_equal(encoder.transform(pd.DataFrame({"store": [2.0, NAN]})), [[0, 1], [NAN, NAN]])


def test_rare_and_unseen_categories(caplog: pytest.LogCaptureFixture) -> None:
    many = pd.DataFrame({"city": ["a"] * 3 + ["b"] * 2 + list("cdefg")})
    pooled = CovariateEncoder.fit(many, max_categories=2)
    assert "covariate 'city' has 7 categories; the 2 most frequent" in caplog.text
    new = pd.DataFrame({"city": ["b", "g", "zz"]})
    np.testing.assert_array_equal(pooled.transform(new), [[0, 1, 0], [0, 0, 1], [0, 0, 1]])
    caplog.clear()
    few = CovariateEncoder.fit(many.iloc[:5])
    np.testing.assert_array_equal(few.transform(new), [[0, 1], [0, 0], [0, 0]])
    assert "covariate 'city' has categories g, zz, which are not among those it was fitted on (a, b)" in caplog.text


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([datetime.datetime(2024, 1, 1)] * 2, "covariate 'x' holds values of type datetime64"),
        ([[1], [2]], "covariate 'x' holds values of type mixed"),
        (["a", 1], "covariate 'x' holds values of type mixed-integer; give numbers, booleans, or categories"),
        ([1j, 2j], "covariate 'x' holds values of type complex"),
    ],
)
def test_other_types_are_refused(column: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CovariateEncoder.fit(pd.DataFrame({"x": column}))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"y": [1]}, "the table has no covariate 'price', 'on'; its columns are y."),
        ({"price": ["cheap"], "on": [True]}, "'price' was fitted on a column of numbers, but holds 'cheap'"),
        ({"price": [1.0], "on": [3]}, "'on' was fitted on a column of booleans, but holds "),
        ({"price": [np.inf], "on": [True]}, "'price' is infinite in row 1"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table: dict, message: str) -> None:
    encoder = CovariateEncoder.fit(pd.DataFrame({"price": [1.0, 2.0], "on": [True, False]}))
    with pytest.raises(ValueError, match=message):
        encoder.transform(pd.DataFrame(table))
