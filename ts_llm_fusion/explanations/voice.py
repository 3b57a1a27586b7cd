"""Voice of a language model: it chooses frames, their order and connectives, and writes no word of its own."""

import functools
from collections.abc import Sequence
from copy import deepcopy

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from ..errors import UserError
from ..modeling.modeling_text_sources import find_text_model
from .facts import Facts
from .grammar import CONNECTIVES, FRAMES
from .words import connect, fill, topics

# Short name -> name on the Hub.
SHORT_NAMES = {"smollm2": "HuggingFaceTB/SmolLM2-135M-Instruct"}
# Ends of the names of classes of transformers.
_CAUSAL = ("ForCausalLM", "LMHeadModel")
_REQUEST = "Explain this forecast to a colleague, in clear and plain English."


class Voice:
    """Language model that tells facts in the sentences that it finds most likely.

    The candidates are frames of the grammar that are filled from the facts. The model reads a request to explain a
    forecast and the sentences so far; the candidate with the largest mean log-likelihood of its tokens comes next.
    Nothing is drawn at random. With a model of 135 million parameters a text takes some 15 seconds of a processor.

    Args:
        name: `smollm2`, or the name or folder of a causal language model, see [`find_text_model`].

    Raises:
        OSError: there is no such model, or only one without safetensors.
        ValueError: it is not a causal language model.
    """

    def __init__(self, name: str):
        self.name = SHORT_NAMES.get(name, name)
        source = find_text_model(self.name)
        architectures = AutoConfig.from_pretrained(source).architectures or ()
        if not any(architecture.endswith(_CAUSAL) for architecture in architectures):
            raise UserError(
                f"voice {name}: is not a causal language model ({', '.join(architectures) or 'of no known class'}); "
                f"give {', '.join(SHORT_NAMES)} or a chat model."
            )
        self.tokenizer = AutoTokenizer.from_pretrained(source)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32, use_safetensors=True)
        self.model = model.eval().requires_grad_(False)

    def tell(self, facts: Facts) -> list[str]:
        """Say the facts in two to six sentences.

        The first sentence is of the outlook and the last of the experts, as the language model finds best said; it
        orders those between, and begins each with a connective of the grammar, not twice with the same, or with none.

        Args:
            facts: of one forecast.
        """
        outlook, *between, experts = topics(facts)
        writing = _Writing(self)

        def ways(topic: str) -> list[str]:
            return [fill(frame, facts) for frame in FRAMES[topic]]

        said = [writing.choose(ways(outlook))]
        connectives = list(CONNECTIVES)
        topic_of = {way: topic for topic in between for way in ways(topic)}
        while topic_of:
            is_second = len(said) == 1
            best = writing.best(list(topic_of))
            connected = [] if is_second else [connect(connective, best) for connective in connectives]
            said.append(writing.choose([best, *connected]))
            if said[-1] != best:
                del connectives[connected.index(said[-1])]
            topic_of = {way: topic for way, topic in topic_of.items() if topic != topic_of[best]}
        return [*said, writing.choose(ways(experts))]


class _Writing:
    """Text in the making: the request and the sentences so far, as keys and values of the language model.

    Args:
        voice: whose text it is.
    """

    def __init__(self, voice: Voice):
        self.model, self.tokenizer = voice.model, voice.tokenizer
        request = _REQUEST + "\n"
        if self.tokenizer.chat_template is not None:
            messages = [{"role": "user", "content": _REQUEST}]
            request = str(self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
        self.space = ""
        self._read(self.tokenizer(request, add_special_tokens=False).input_ids, None)

    @torch.no_grad()
    def _read(self, tokens: list[int], cache: object) -> None:
        output = self.model(torch.tensor([tokens]), past_key_values=cache, use_cache=True)
        self.cache, self.next = output.past_key_values, output.logits[:, -1:]

    def _tokens(self, sentence: str) -> list[int]:
        return self.tokenizer(self.space + sentence, add_special_tokens=False, split_special_tokens=True).input_ids

    @torch.no_grad()
    def _likelihoods(self, sentences: Sequence[str]) -> torch.Tensor:
        """Mean log-likelihood of the tokens of each sentence behind the text so far."""
        tokens = [torch.tensor(self._tokens(sentence)) for sentence in sentences]
        padded = pad_sequence(tokens, batch_first=True)
        lengths = torch.tensor([len(row) for row in tokens])
        cache = deepcopy(self.cache)
        cache.batch_repeat_interleave(len(sentences))
        # Padding follows what it would disturb, so that it needs no mask.
        logits = self.model(padded, past_key_values=cache, use_cache=True).logits
        before = torch.cat([self.next.expand(len(sentences), -1, -1), logits[:, :-1]], dim=1)
        likelihood = -torch.nn.functional.cross_entropy(before.transpose(1, 2), padded, reduction="none")
        counted = torch.arange(padded.shape[1]) < lengths[:, None]
        return (likelihood * counted).sum(1) / lengths

    def best(self, sentences: Sequence[str]) -> str:
        """The most likely sentence, the first among equals."""
        return sentences[int(self._likelihoods(sentences).argmax())] if len(sentences) > 1 else sentences[0]

    def choose(self, sentences: Sequence[str]) -> str:
        """Append the most likely sentence to the text."""
        best = self.best(sentences)
        self._read(self._tokens(best), self.cache)
        self.space = " "
        return best


@functools.lru_cache(maxsize=1)
def load_voice(name: str) -> Voice:
    """Load a [`Voice`]; the last one is kept in the process.

    Args:
        name: `smollm2`, or the name or folder of a chat model.
    """
    return Voice(name)
