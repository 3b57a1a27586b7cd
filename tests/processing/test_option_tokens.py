"""Tokens that may come next in an answer that is one of some options."""

import pytest
import torch

from ts_llm_fusion.processing.option_tokens import OptionTokens

END = 0
# One option begins another one.
UP, UPPER, DOWN = [5], [5, 6], [7, 8, 9]


def test_an_answer_goes_on_within_an_option_and_ends_behind_it() -> None:
    allowed = OptionTokens([[UP, UPPER, DOWN], []], END, prompt_length=2, num_tokens=10)

    def after(*tokens: int) -> list[int]:
        return allowed(0, torch.tensor([1, 1, *tokens]))

    assert after() == [5, 7]
    assert after(5) == [END, 6]
    assert after(5, 6) == [END]
    assert after(7, 8) == [9]
    assert after(5, END, END) == [END]
    assert allowed(1, torch.tensor([1, 1, 3])).tolist() == list(range(10))
    assert allowed.longest == 4


def test_several_answers_to_a_prompt_have_its_options() -> None:
    allowed = OptionTokens([[UP], [DOWN]], END, prompt_length=1, num_tokens=10, num_return_sequences=2)
    assert [allowed(k, torch.tensor([1])) for k in range(4)] == [[5], [5], [7], [7]]
    with pytest.raises(ValueError, match="sequence 4 has no prompt; num_return_sequences is 2"):
        allowed(4, torch.tensor([1]))
