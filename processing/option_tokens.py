"""Answers that are one of the options that a question offers, token by token."""

from collections.abc import Sequence

import torch


class OptionTokens:
    """Tokens that may come next where an answer is one of some options, a `prefix_allowed_tokens_fn` of `generate`.

    Args:
        answers: of each prompt the token ids of its possible answers, each with the end of its turn; none for one
            that offers no options, whose answer is free.
        prompt_length: number of tokens of the padded prompts.
        num_tokens: number of tokens of the tokenizer.
    """

    def __init__(self, answers: Sequence[Sequence[Sequence[int]]], prompt_length: int, num_tokens: int):
        self.prompt_length = prompt_length
        self._any = torch.arange(num_tokens)
        # Of each prompt: beginning of an answer -> tokens that go on with it.
        self._next: list[dict[tuple[int, ...], list[int]]] = []
        for options in answers:
            following: dict[tuple[int, ...], list[int]] = {}
            for option in options:
                for place, token in enumerate(option):
                    some = following.setdefault(tuple(option[:place]), [])
                    some += [] if token in some else [token]
                # `generate` fills up what stands behind the end.
                following.setdefault(tuple(option), [option[-1]])
            self._next.append(following)

    def __call__(self, index: int, input_ids: torch.Tensor) -> list[int] | torch.Tensor:
        """Tokens that may follow those of prompt `index`, int64 (text,)."""
        following = self._next[index]
        if not following:
            return self._any
        begun = tuple(input_ids[self.prompt_length :].tolist())
        while begun not in following:
            # Tokens behind the end of a whole answer.
            begun = begun[:-1]
        return following[begun]


__all__ = ["OptionTokens"]
