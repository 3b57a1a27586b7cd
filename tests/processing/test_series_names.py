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
        ("H1", ("H", "1")),
        ("t1", ("T", "1")),
        ("gas", ("gas",)),
        ("it", ()),
        ("May", ()),
        ("Total", ()),
        ("value", ()),
        ("item", ()),
        ("y", ()),
        ("A", ("A",)),
        ("store_b", ("store", "B")),
        ("a", ()),
        ("St. Gallen", ("st", "gallen")),
        ("Mu\u0308nchen", ("M", "\u00dc", "nchen")),
        ("\u5317\u4eac", ("\u5317", "\u4eac")),
        ("2024", ()),
        (7, ()),
        (None, ()),
    ],
)
def test_words_of_a_name(name, words):
    assert words_of_name(name) == words


def found(text, names, series=0):
    return [
        (text[one.start : one.stop], one.own) for one in SeriesNames([[own] for own in names]).mentions(text, series)
    ]


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
    assert found(text, names) == [
        ("Ice-cream", True),
        ("ices", True),
        ("store 12", False),
        ("store 1", False),
        ("IT", False),
    ]
    assert found("A sale starts.", [["sales"]]) == []
    text = "The price of diesel falls, as diesel prices do."
    assert found(text, [["diesel_price"]]) == [("The price of diesel", True), ("diesel prices", True)]


def test_a_name_that_all_series_have_tells_none_apart():
    names = SeriesNames([[["sales"], ["Lyon"]], [["sales"], ["Paris"]]])
    found = names.mentions("Sales in Paris are the series.", 0)
    assert [(one.own, one.about) for one in found] == [(True, None), (False, False), (True, True)]
    (alone,) = SeriesNames([[["sales"]]]).mentions("Sales rise.", 0)
    assert alone.about


def test_a_text_is_of_a_series_by_the_column_and_by_the_id():
    names = SeriesNames([[["visitors"], ["Lyon"]], [["visitors"], ["Paris"]], [["sales"], ["Lyon"]]])
    told = [[one.about for one in names.mentions("Visitors in Lyon", k)] for k in range(3)]
    assert told == [[True, True], [True, False], [False, True]]
    # An id that is also the name of a column of all series tells them apart.
    both = SeriesNames([[["sales"], ["sales"]], [["sales"], ["staff"]]])
    assert [both.mentions("Sales double.", k)[0].about for k in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("St. Gallen", "Closed in St. Gallen."),
        ("AT&T", "AT&T doubles."),
        ("M\u00fcnchen", "M\u00dcNCHEN is shut."),
        ("\u5317\u4eac", "Sales of \u5317\u4eac double."),
        ("T1", "T1 doubles."),
        ("A", "A doubles; a day later"),
        ("b", "Sales of B double."),
        ("x " * 5000 + "end", "Sales of " + "x " * 5000 + "end"),
    ],
)
def test_odd_names_are_found_as_they_are_written(name, text):
    assert [own for _, own in found(text, [[name], ["other one"]])] == [True]
    assert found("A gas shop opens. X and it.", [[name]]) == []


def test_numbers_behind_a_name_and_one_that_the_table_lacks():
    names = [[f"store {number}"] for number in (1, 2, 3)]
    assert found("Stores 1 and 3 double.", names, 2) == [("Stores 1 and 3", True)]
    assert found("Stores 1 and 3 double.", names, 1) == [("Stores 1 and 3", False)]
    assert found("Store 7 doubles.", names) == [("Store 7", False)]
    assert found("Store 1, 20 % up", names) == [("Store 1", True)]


def test_a_column_goes_by_its_name_without_a_generic_word():
    names = [["solar_power"], ["wind_power"], ["power"]]
    assert [found("Solar doubles.", names, k)[0][1] for k in range(3)] == [True, False, False]
    assert found("Solar power doubles.", names) == [("Solar power", True)]


@pytest.mark.parametrize("part", ["store 7, ", "store 7 and ", "A ", "except store 7", "store "])
def test_a_long_text_of_names_takes_the_time_of_its_length(part):
    text = part * (30_000 // len(part))
    begun = time.process_time()
    SeriesNames([[["store 7"], ["A"]], [["store 8"], ["B"]]]).mentions(text, 0)
    assert time.process_time() - begun < 4


def test_ten_thousand_names_are_found_in_the_time_of_one():
    names = [[["sales"], [f"store {number}"]] for number in range(10_000)]
    series = SeriesNames(names)
    text = "Sales in store 77 rise by 5 %. " * 200
    begun = time.process_time()
    own = [sum(mention.own for mention in series.mentions(text, number)) for number in range(100)]
    assert time.process_time() - begun < 2
    assert own[77] == 400
    assert set(own[:77]) == {200}
