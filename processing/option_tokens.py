"""Answers that are one of the options that a question offers, token by token."""

from collections.abc import Sequence

import torch


class OptionTokens:
    """Tokens that may come next where an answer is one of some options, a `prefix_allowed_tokens_fn` of `generate`.

    Args:
        answers: of each prompt the token ids of its possible answers; none for one whose answer is free.
        end: id of the token that ends an answer.
        prompt_length: number of tokens of the padded prompts.
        num_tokens: number of tokens of the tokenizer.
        num_return_sequences: answers that are generated to each prompt by sampling.

    Attributes:
        longest: number of tokens of the longest possible answer with its end; 0 where all answers are free.
    """

    def __init__(
        self,
        answers: Sequence[Sequence[Sequence[int]]],
        end: int,
        prompt_length: int,
        num_tokens: int,
        num_return_sequences: int = 1,
    ):
        self.prompt_length, self.num_return_sequences = prompt_length, num_return_sequences
        self.longest = max((len(answer) + 1 for options in answers for answer in options), default=0)
        self._any, self._end = torch.arange(num_tokens), [end]
        # Of each prompt: beginning of an answer -> tokens that go on with it.
        self._next: list[dict[tuple[int, ...], list[int]]] = []
        for options in answers:
            following: dict[tuple[int, ...], list[int]] = {}
            for option in options:
                for place, token in enumerate((*option, end)):
                    some = following.setdefault(tuple(option[:place]), [])
                    some += [] if token in some else [token]
            self._next.append(following)

    def __call__(self, index: int, input_ids: torch.Tensor) -> list[int] | torch.Tensor:
        """Tokens that may follow those of sequence `index`, int64 (text,).

        Raises:
            ValueError: there are more sequences than prompts times `num_return_sequences`.
        """
        prompt = index // self.num_return_sequences
        if prompt >= len(self._next):
            raise ValueError(
                f"sequence {index} has no prompt; num_return_sequences is {self.num_return_sequences}, give "
                "among_options that of generate."
            )
        following = self._next[prompt]
        # What stands behind the end of an answer is filled up with it.
        return following.get(tuple(input_ids[self.prompt_length :].tolist()), self._end) if following else self._any


__all__ = ["OptionTokens"]
