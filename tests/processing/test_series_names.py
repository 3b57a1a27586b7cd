"""Mentions of series by their names."""

import time

import pytest

from ts_llm_fusion.processing.series_names import SeriesNames, words_of_name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("daily_visitors", ("visitor",)),
        ("dailyVisitors", ("visitor",)),
        ("the number of newsletter readers", ("newsletter", "reader")),
        ("sales (EUR)", ("sales",)),
        ("load_mw", ("load",)),
        ("Store 3", ("store", "3")),
        ("IT", ("IT",)),
        ("H1", ("H1",)),
        ("gas", ("gas",)),
        ("it", ()),
        ("May", ()),
        ("Total", ()),
        ("value", ()),
        ("item", ()),
        ("y", ()),
        ("A", ()),
        ("2024", ()),
        (7, ()),
        (None, ()),
    ],
)
def test_words_of_a_name(name, words):
    assert words_of_name(name) == words


def found(text, names, series=0):
    return [(text[one.start : one.stop], one.own) for one in SeriesNames(names).mentions(text, series)]


def test_a_series_is_told_from_others_of_its_table():
    names = [["sales", "Lyon"], ["sales", "Paris"], ["visitors", "Lyon"]]
    text = "Sales in Lyon rise, the number of visitors falls. Paris\u2019s daily sales are flat; this series is new."
    assert found(text, names) == [
        ("Sales", True),
        ("Lyon", True),
        ("the number of visitors", False),
        ("Paris", False),
        ("daily sales", True),
        ("this series", True),
    ]
    assert [own for _, own in found(text, names, 2)] == [False, True, True, False, False, True]


def test_names_are_whole_words_and_the_longest_counts():
    names = [["ice", "ice cream"], ["cream"], ["store_1"], ["IT"]]
    text = "Ice-cream up, police and ices down, store 12 shut, store 1 open; it is IT."
    assert found(text, names) == [("Ice-cream", True), ("ices", True), ("store 1", False), ("IT", False)]
    assert found("A sale starts.", [["sales"]]) == []
    text = "The price of diesel falls, as diesel prices do."
    assert found(text, [["diesel_price"]]) == [("The price of diesel", True), ("diesel prices", True)]


def test_a_name_that_all_series_have_tells_none_apart():
    names = SeriesNames([["sales", "Lyon"], ["sales", "Paris"]])
    found = names.mentions("Sales in Paris are the series.", 0)
    assert [(one.own, one.tells) for one in found] == [(True, False), (False, True), (True, True)]
    (alone,) = SeriesNames([["sales"]]).mentions("Sales rise.", 0)
    assert alone.tells


def test_ten_thousand_names_are_found_in_the_time_of_one():
    names = [[f"store {number}", "sales"] for number in range(10_000)]
    series = SeriesNames(names)
    text = "Sales in store 77 rise by 5 %. " * 200
    begun = time.process_time()
    own = [sum(mention.own for mention in series.mentions(text, number)) for number in range(100)]
    assert time.process_time() - begun < 2
    assert own[77] == 400
    assert set(own[:77]) == {200}
