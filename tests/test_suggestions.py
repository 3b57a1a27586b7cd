"""Hints for misspelled names."""

from ts_llm_fusion.suggestions import nearest


def test_a_close_name_is_suggested_and_else_the_known_ones_are_listed() -> None:
    assert nearest("etth1", ["ETTm2", "ETTh1"]) == "did you mean 'ETTh1'?"
    assert nearest("qqqqq", ["co2", "ILI"]) == "known are co2, ILI."
    assert nearest("qqqqq", ["co2", "ILI"], "see the list.") == "see the list."
