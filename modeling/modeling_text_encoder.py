"""States of the tokens of texts, from a pretrained text model that is not trained, or by additions of few weights."""

import functools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel, AutoTokenizer

from .modeling_text_sources import find_text_model

if TYPE_CHECKING:
    from .modeling_text_adapter import TextAdapter

# Longest piece of a text in tokens, for models that would take more: the cost of attention grows with its square.
_LONGEST = 2048
# Padded tokens of a batch.
_BATCH_TOKENS = 4096
# Tokens whose states are kept: 200 MB of a model of width 384.
_KEPT_TOKENS = 131_072


class TokenStates(NamedTuple):
    """States of the tokens of a text.

    Args:
        states: (tokens, hidden_size), float32.
        offsets: (tokens, 2), int64: start and end of each token in the text, in characters.
    """

    states: torch.Tensor
    offsets: torch.Tensor


class TextTokens(NamedTuple):
    """Tokens of a text, or of a piece of it, as the encoder takes them.

    Args:
        ids: (tokens,), int64, with special ones.
        plain: bool (tokens,), False for special ones.
        offsets: (plain tokens, 2), int64: as of `TokenStates`.
    """

    ids: torch.Tensor
    plain: torch.Tensor
    offsets: torch.Tensor


class FrozenTextEncoder:
    """Pretrained text model in float32, whose states of texts, on the CPU, are inputs of other models.

    It is neither trained nor saved with a model: a checkpoint names it. States are kept, those of 131,072 tokens, so
    that a text that comes again costs nothing. [`load_text_encoder`] keeps the encoders themselves.

    Args:
        name: name or folder of a text model with a fast tokenizer, see [`find_text_model`] for where it is looked for.
        layer: layer whose output is the state, counted from 1; layers above it are not loaded into memory. By default
            all layers, and the normalization behind them.

    Raises:
        OSError: there is no such model, or only one without safetensors.
        ValueError: the model has fewer layers, or no fast tokenizer.
    """

    def __init__(self, name: str, layer: int | None = None):
        source = find_text_model(name)
        self.name, self.layer = name, layer
        self.tokenizer = AutoTokenizer.from_pretrained(source)
        if not self.tokenizer.is_fast:
            raise ValueError(f"{name}: its tokenizer gives no positions; name a model with a tokenizer.json.")
        # Not pickles, which run code.
        self.model = AutoModel.from_pretrained(source, dtype=torch.float32, use_safetensors=True)
        self.model.eval().requires_grad_(False)
        config = self.model.config.get_text_config()
        config.use_cache = False
        self.hidden_size: int = config.hidden_size
        positions = getattr(config, "max_position_embeddings", None) or _LONGEST
        self._longest = min(self.tokenizer.model_max_length, positions, _LONGEST)
        self._output: Any = None
        if layer is not None:
            self._cut(layer, config.num_hidden_layers)
        self._kept: OrderedDict[str, TokenStates] = OrderedDict()
        self._kept_tokens = 0
        self._lock = threading.Lock()

    def _cut(self, layer: int, count: int) -> None:
        if not 1 <= layer <= count:
            raise ValueError(f"layer is {layer}; {self.name} has {count} layers: give 1 to {count}.")
        stacks = (m for m in self.model.modules() if isinstance(m, nn.ModuleList) and len(m) == count)
        stack = next(stacks, None)
        if stack is None:
            raise ValueError(f"{self.name}: a model of type {self.model.config.model_type} has no list of its layers.")
        del stack[layer:]

        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            self._output = output[0] if isinstance(output, tuple) else output

        stack[-1].register_forward_hook(keep)

    def states(self, texts: Sequence[str], adapter: "TextAdapter | None" = None) -> list[TokenStates]:
        """Encode texts.

        The states of a text do not depend on the other texts but for the rounding of float32. A text longer than the
        model reads (or than 2,048 tokens) is encoded in pieces. Names of special tokens in a text are plain text.

        Args:
            texts: plain texts.
            adapter: additions to the encoder, with which no states are kept.

        Returns:
            States for each text, without those of special tokens; the same text has the same tensors, which must not
            be changed in place.

        Raises:
            ValueError: something else than a text is given.
        """
        for position, text in enumerate(texts):
            if not isinstance(text, str):
                raise ValueError(f"text {position} is {type(text).__name__}; give a str.")
        with self._lock:
            if adapter is not None:
                different = list(dict.fromkeys(texts))
                with adapter.applied(self.model):
                    encoded = dict(zip(different, self._encode(different), strict=True))
                return [encoded[text] for text in texts]
            found = {text: self._kept[text] for text in texts if text in self._kept}
            new = [text for text in dict.fromkeys(texts) if text not in found]
            found |= dict(zip(new, self._encode(new), strict=True))
            for text in dict.fromkeys(texts):
                self._keep(text, found[text])
        return [found[text] for text in texts]

    def _keep(self, text: str, states: TokenStates) -> None:
        """Make a text the one used last, and forget those that were used longest ago."""
        if text not in self._kept:
            self._kept_tokens += len(states.offsets)
        self._kept[text] = states
        self._kept.move_to_end(text)
        while self._kept_tokens > _KEPT_TOKENS:
            self._kept_tokens -= len(self._kept.popitem(last=False)[1].offsets)

    def tokens(self, texts: Sequence[str]) -> list[list[TextTokens]]:
        """Tokens of each text, in pieces that the encoder can read."""
        pieces = self.tokenizer(
            # A lone surrogate is not a character; its substitute has the same length.
            [text.encode("utf-8", "replace").decode("utf-8") for text in texts],
            truncation=True,
            max_length=self._longest,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            split_special_tokens=True,
        )
        found: list[list[TextTokens]] = [[] for _ in texts]
        for piece, text in enumerate(pieces["overflow_to_sample_mapping"]):
            ids = torch.tensor(pieces["input_ids"][piece], dtype=torch.int64)
            plain = torch.tensor(pieces["special_tokens_mask"][piece], dtype=torch.int64).eq(0)
            offsets = torch.tensor(pieces["offset_mapping"][piece], dtype=torch.int64).reshape(-1, 2)
            found[text].append(TextTokens(ids, plain, offsets[plain]))
        return found

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """States (batch, tokens, hidden_size) of tokens, with a mask of the same shape, False for padding."""
        output = self.model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        output, self._output = output if self._output is None else self._output, None
        return output

    def _encode(self, texts: Sequence[str]) -> list[TokenStates]:
        if not texts:
            return []
        pieces = self.tokens(texts)
        encoded = iter(self._run([piece.ids for part in pieces for piece in part]))
        return [
            TokenStates(
                torch.cat([next(encoded)[piece.plain] for piece in part]), torch.cat([piece.offsets for piece in part])
            )
            for part in pieces
        ]

    @torch.no_grad()
    def _run(self, tokens: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """States of pieces, in batches of pieces of similar lengths."""
        device = self.model.device
        states = [torch.empty(0, self.hidden_size) for _ in tokens]
        waiting = sorted((row for row in range(len(tokens)) if len(tokens[row])), key=lambda row: len(tokens[row]))
        pad = self.tokenizer.pad_token_id or 0
        while waiting:
            longest = len(tokens[waiting[-1]])
            size = max(1, _BATCH_TOKENS // longest)
            waiting, rows = waiting[:-size], waiting[-size:]
            batch = pad_sequence([tokens[row] for row in rows], batch_first=True, padding_value=pad)
            lengths = torch.tensor([len(tokens[row]) for row in rows])
            mask = torch.arange(longest) < lengths[:, None]
            output = self.forward(batch.to(device), mask.to(device))
            for row, state, length in zip(rows, output.cpu(), lengths.tolist(), strict=True):
                states[row] = state[:length].clone()
        return states


@functools.lru_cache(maxsize=2)
def load_text_encoder(name: str, layer: int | None = None) -> FrozenTextEncoder:
    """Load a [`FrozenTextEncoder`]; the two last ones are kept in the process.

    Args:
        name: name or folder of a text model.
        layer: layer whose output is the state; by default the last one.
    """
    return FrozenTextEncoder(name, layer)


__all__ = ["FrozenTextEncoder", "TextTokens", "TokenStates", "load_text_encoder"]
