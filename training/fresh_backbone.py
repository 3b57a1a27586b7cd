"""Small language model from scratch: random weights and a tokenizer learned from the texts of a recipe."""

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from ..errors import UserError

logger = logging.getLogger(__name__)

PAD, BOS, EOS = "<|pad|>", "<|begin|>", "<|end|>"
# Behind an option, as in "rising (A)".
_LETTER = re.compile(r" \([A-Z]\)")


def learn_tokenizer(
    texts: Iterable[str], vocab_size: int, special_tokens: Iterable[str] = ()
) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE tokenizer, which encodes any text, common words of `texts` as one token each.

    A letter behind an option, " (A)", is one token more, where `texts` have it: it then follows its option at once,
    and a small model looks it up by what stands before it.

    Args:
        texts: training texts.
        vocab_size: largest number of tokens without those of letters, at least 300: the 256 bytes, the special tokens
            and some words.
        special_tokens: special tokens beside padding, beginning and end.
    """
    if vocab_size < 300:
        raise UserError(f"vocab_size is {vocab_size}; at least 300 are needed, 256 of them for the bytes.")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, BOS, EOS, *special_tokens],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    letters: set[str] = set()

    def read() -> Iterator[str]:
        for text in texts:
            letters.update(_LETTER.findall(text))
            yield text

    tokenizer.train_from_iterator(read(), trainer)
    tokenizer.add_tokens([AddedToken(letter, normalized=False) for letter in sorted(letters)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, bos_token=BOS, eos_token=EOS, padding_side="left"
    )


def save_fresh_backbone(
    folder: str | Path, text_config: dict[str, Any], texts: Iterable[str], special_tokens: Iterable[str] = ()
) -> None:
    """Save a language model with random weights and its tokenizer, which load as a pretrained model.

    Args:
        folder: folder to save in.
        text_config: fields of a decoder's configuration, with `model_type`; `vocab_size` bounds the tokenizer, which
            gives the ids of special tokens.
        texts: training texts of the tokenizer.
        special_tokens: further special tokens of the tokenizer.
    """
    fields = dict(text_config)
    if "model_type" not in fields:
        raise UserError("text_config names no model_type; give one, such as llama.")
    tokenizer = learn_tokenizer(texts, fields.pop("vocab_size", 1024), special_tokens)
    special_ids = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    config = AutoConfig.for_model(**{**fields, **special_ids, "vocab_size": len(tokenizer)})
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    logger.info(
        "%s: %d parameters, %d tokens, in %s", config.model_type, model.num_parameters(), len(tokenizer), folder
    )
