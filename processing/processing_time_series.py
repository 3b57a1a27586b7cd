"""Text and time series to the inputs of a time-series language model."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AddedToken, AutoTokenizer, BatchFeature, ProcessorMixin
from transformers.utils import TensorType
from transformers.utils.chat_template_utils import render_jinja_template

from .chat_templates import DEFAULT_CHAT_TEMPLATE
from .conversations import Message, assistant_spans, mark_messages, series_of_messages, unused_character
from .feature_extraction_time_series import PreparedSeries, TimeSeriesFeatureExtractor

_CALL_KEYWORDS = ("padding", "padding_side", "truncation", "max_length", "pad_to_multiple_of", "add_special_tokens")
_GENERATION_BLOCK = re.compile(r"\{%-?\s*generation\s*-?%\}")


@dataclass
class _Encoded:
    """Tokens of one sample, and which of them the assistant wrote."""

    input_ids: list[int]
    assistant_mask: list[int]


class TimeSeriesProcessor(ProcessorMixin):
    r"""Feature extractor for the series and tokenizer for the text around them.

    A series stands in text as one `time_series_token`. For the soft prompt the processor repeats the token as often as
    the encoder makes tokens of that series; for Flamingo one stays.

    Args:
        feature_extractor (`TimeSeriesFeatureExtractor`): prepares the series.
        tokenizer: tokenizer of the language model; it must know `time_series_token`.
        chat_template (`str`, *optional*): defaults to the tokenizer's own, else to a plain one with named roles.
        time_series_token (`str`, defaults to `"<|time_series|>"`): placeholder of a series.
        expand_placeholders (`bool`, defaults to `True`): whether a placeholder is repeated, as the soft prompt needs.
        scale_text (`str`, *optional*): what is written before a series to tell its scale, with `{mean}` and `{std}` in
            the unit of the data; `None` for nothing.
        context_length (`int`, *optional*): tokens that the language model can take; by default any number.

    Raises:
        ValueError: the tokenizer does not know `time_series_token`.
    """

    def __init__(
        self,
        feature_extractor: TimeSeriesFeatureExtractor,
        tokenizer: Any,
        chat_template: str | None = None,
        time_series_token: str = "<|time_series|>",
        expand_placeholders: bool = True,
        scale_text: str | None = "(mean {mean:.4g}, std {std:.4g}) ",
        context_length: int | None = None,
    ):
        if time_series_token not in tokenizer.get_vocab():
            raise ValueError(
                f"The tokenizer has no token {time_series_token!r}; add it, or start with "
                "TimeSeriesProcessor.from_backbone."
            )
        chat_template = chat_template or getattr(tokenizer, "chat_template", None) or DEFAULT_CHAT_TEMPLATE
        super().__init__(feature_extractor, tokenizer, chat_template=chat_template)
        self.time_series_token = time_series_token
        self.time_series_token_id = tokenizer.convert_tokens_to_ids(time_series_token)
        self.expand_placeholders = expand_placeholders
        self.scale_text = scale_text
        self.context_length = context_length

    @classmethod
    def from_backbone(
        cls,
        backbone: str,
        config: Any,
        time_series_token: str = "<|time_series|>",
        tokenizer: Any = None,
        **kwargs: Any,
    ) -> "TimeSeriesProcessor":
        """The processor for a model that `TSLMForCausalLM.from_backbone` made of the same backbone.

        Args:
            backbone: name or path of the language model, for its tokenizer and its chat template.
            config: the model's `TSLMConfig`.
            time_series_token: as given to the model.
            tokenizer: as given to the model.
            **kwargs: further arguments of the feature extractor and of this class.

        Raises:
            ValueError: the tokenizer gives the token another id than the model has.
        """
        tokenizer = AutoTokenizer.from_pretrained(backbone) if tokenizer is None else tokenizer
        tokenizer.padding_side = "left"
        tokenizer.add_tokens(AddedToken(time_series_token, special=True, normalized=False))
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        geometry = config.encoder_geometry
        extractor_fields = {
            name: kwargs.pop(name) for name in ("do_normalize", "allow_missing", "observe_padding") if name in kwargs
        }
        extractor = TimeSeriesFeatureExtractor(
            patch_length=geometry.patch_length,
            patch_stride=geometry.patch_stride,
            window_length=geometry.window_length,
            **extractor_fields,
        )
        fields = {
            "expand_placeholders": config.fusion == "soft_prompt",
            "context_length": config.context_length,
            **kwargs,
        }
        processor = cls(extractor, tokenizer, time_series_token=time_series_token, **fields)
        processor.check_model(config)
        return processor

    def check_model(self, config: Any) -> None:
        """Raises `ValueError` where the model of `config` has another placeholder token, or none, or reads it
        differently."""
        if config.time_series_token_id != self.time_series_token_id:
            raise ValueError(
                f"The model's time_series_token_id is {config.time_series_token_id}, but the processor's "
                f"{self.time_series_token!r} is {self.time_series_token_id}; load both from the same checkpoint."
            )
        if self.expand_placeholders != (config.fusion == "soft_prompt"):
            raise ValueError(
                f"expand_placeholders is {self.expand_placeholders}, but the model's fusion is {config.fusion!r}; "
                "load both from the same checkpoint."
            )

    @property
    def model_input_names(self) -> list[str]:
        return [*self.tokenizer.model_input_names, *self.feature_extractor.model_input_names]

    def __call__(
        self,
        text: str | list[str] | None = None,
        time_series: Any = None,
        padding: bool | str = True,
        padding_side: str | None = None,
        truncation: bool = False,
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        add_special_tokens: bool = True,
        return_tensors: str | TensorType | None = "pt",
    ) -> BatchFeature:
        """Prepares text and series.

        Args:
            text: one text or a list of them, each with one `time_series_token` where a series stands.
            time_series: the series, in order. For one text a series, a list of series, a 2-d array `(series, time)` or
                a data frame with one series a column; for a list of texts a list with such an entry, or `None`, each.
            padding: `True` pads to the longest sample, `"max_length"` to `max_length`, `False` not at all.
            padding_side: `"left"` for generation, `"right"` for training; defaults to the tokenizer's.
            truncation: whether samples are cut to `max_length` tokens, at their end.
            max_length: that number of tokens.
            pad_to_multiple_of: rounds the padded length up to a multiple of it.
            add_special_tokens: whether the tokenizer adds its own, such as BOS.
            return_tensors: `"pt"`, `"np"`, or `None` for lists of tokens.

        Returns:
            `input_ids` and `attention_mask` int64 `(batch, text)`; where there are series, `time_series` float32 and
            `time_series_mask` bool `(batch, series, time)`.

        Raises:
            ValueError: placeholders and series differ in number, a series is bad, or a sample is too long.
        """
        if isinstance(text, str):
            text, time_series = [text], [time_series]
        if not isinstance(text, list | tuple) or not all(isinstance(one, str) for one in text):
            raise ValueError(f"text is a {type(text).__name__}; give a string or a list of strings.")
        samples = self._prepare_samples(time_series, len(text))
        for number, (one, sample) in enumerate(zip(text, samples, strict=True)):
            self._check_count(one.count(self.time_series_token), len(sample), number)
        texts = [self._with_scales(one, sample) for one, sample in zip(text, samples, strict=True)]
        encoded = [self._encode(one, sample, add_special_tokens) for one, sample in zip(texts, samples, strict=True)]
        return self._batch(
            encoded, samples, padding, padding_side, truncation, max_length, pad_to_multiple_of, return_tensors
        )

    def apply_chat_template(
        self,
        conversation: list[Message] | list[list[Message]],
        chat_template: str | None = None,
        tools: list[Any] | None = None,
        documents: list[dict[str, str]] | None = None,
        add_generation_prompt: bool = False,
        continue_final_message: bool = False,
        return_assistant_tokens_mask: bool = False,
        tokenize: bool = False,
        return_tensors: str | TensorType | None = "pt",
        return_dict: bool = False,
        time_series: list[Any] | None = None,
        processor_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Renders conversations, and prepares them for the model.

        The content of a message is a string or a list of parts, `{"type": "text", "text": ...}` and `{"type":
        "time_series", "time_series": ...}`. Text is only text: where it holds the placeholder's own string, that stays
        text. Templates write their special tokens themselves, so the tokenizer adds none.

        Args:
            conversation: one conversation, or a list of them.
            chat_template: a template instead of the processor's.
            tools: functions or their schemas, for templates that take them.
            documents: documents, for templates that take them.
            add_generation_prompt: whether to open the assistant's next turn.
            continue_final_message: whether to leave the last message open.
            return_assistant_tokens_mask: whether to add `assistant_masks` `(batch, text)`, 1 on what the assistant
                wrote, its end-of-turn token included.
            tokenize: whether to return model inputs instead of text.
            return_tensors: as in `__call__`.
            return_dict: whether to return all model inputs instead of `input_ids` alone.
            time_series: for one conversation the series of parts that carry none themselves, in order; for a list of
                conversations a list of that.
            processor_kwargs: arguments of `__call__` for padding and truncation. They may be given directly, too.
            **kwargs: variables of the template.

        Returns:
            Rendered text (a list of it for a list of conversations), or a `BatchFeature` as from `__call__`.

        Raises:
            ValueError: a message has parts of an unknown type, more or fewer series than its parts need, or anything
                that `__call__` raises.
        """
        call_kwargs = {name: kwargs.pop(name) for name in _CALL_KEYWORDS if name in kwargs} | (processor_kwargs or {})
        call_kwargs.pop("add_special_tokens", None)
        if not isinstance(conversation, list | tuple):
            raise ValueError(f"conversation is {_describe(conversation)}; give a list of messages, or lists of them.")
        is_batched = bool(conversation) and isinstance(conversation[0], list | tuple)
        conversations = list(conversation) if is_batched else [conversation]
        columns = time_series if is_batched else [time_series]
        columns = [None] * len(conversations) if columns is None else list(columns)
        if len(columns) != len(conversations):
            raise ValueError(f"time_series has {len(columns)} entries for {len(conversations)} conversations.")
        template = self._template(chat_template)
        cut = unused_character(conversations)
        samples, marked = [], []
        for number, (messages, column) in enumerate(zip(conversations, columns, strict=True)):
            series = series_of_messages(messages, column, number)
            sample = self.feature_extractor.prepare(series, f"conversation {number}: ")
            samples.append(sample)
            scales = [self._scale_of(one) for one in sample]
            marked.append(mark_messages(messages, scales, self.time_series_token, cut, "time_series" in template))
        render_kwargs = {
            "chat_template": template,
            "tools": tools,
            "documents": documents,
            "time_series_token": self.time_series_token,
            **self.tokenizer.special_tokens_map,
            **kwargs,
        }
        texts, spans = render_jinja_template(
            conversations=marked,
            return_assistant_tokens_mask=return_assistant_tokens_mask,
            continue_final_message=continue_final_message,
            add_generation_prompt=add_generation_prompt,
            **render_kwargs,
        )
        if not tokenize:
            texts = [text.replace(cut, "") for text in texts]
            return texts if is_batched else texts[0]
        if return_assistant_tokens_mask and not _GENERATION_BLOCK.search(template):
            spans = [
                assistant_spans(messages, text, render_kwargs) for messages, text in zip(marked, texts, strict=True)
            ]
        encoded = [
            self._encode(text, sample, False, cut, spans[number] if return_assistant_tokens_mask else None)
            for number, (text, sample) in enumerate(zip(texts, samples, strict=True))
        ]
        for number, (one, sample) in enumerate(zip(encoded, samples, strict=True)):
            wanted = sum(series.num_tokens if self.expand_placeholders else 1 for series in sample)
            self._check_count(one.input_ids.count(self.time_series_token_id), wanted, number)
        inputs = self._batch(
            encoded,
            samples,
            return_tensors=return_tensors,
            return_assistant_mask=return_assistant_tokens_mask,
            **call_kwargs,
        )
        return inputs if return_dict else inputs["input_ids"]

    def _template(self, chat_template: str | None) -> str:
        """A template by itself, by its name, or the default one."""
        templates = self.chat_template if isinstance(self.chat_template, dict) else {"default": self.chat_template}
        return templates.get(chat_template or "default", chat_template)

    def _prepare_samples(self, time_series: Any, number: int) -> list[list[PreparedSeries]]:
        if time_series is None:
            return [[] for _ in range(number)]
        if not isinstance(time_series, list | tuple) or len(time_series) != number:
            raise ValueError(
                f"time_series is {_describe(time_series)} for {number} texts; give a list of the series of each text."
            )
        return [self.feature_extractor.prepare(one, f"text {row}: ") for row, one in enumerate(time_series)]

    def _check_count(self, placeholders: int, series: int, number: int) -> None:
        if placeholders != series:
            raise ValueError(
                f"Sample {number} has {placeholders} placeholders {self.time_series_token!r} for {series} series; "
                "write one for each series, in order."
            )

    def _scale_of(self, series: PreparedSeries) -> str:
        return "" if self.scale_text is None else self.scale_text.format(mean=series.mean, std=series.std)

    def _with_scales(self, text: str, sample: list[PreparedSeries]) -> str:
        """Text with the scale of each series written before its placeholder."""
        pieces = text.split(self.time_series_token)
        for number, series in enumerate(sample):
            pieces[number] += self._scale_of(series)
        return self.time_series_token.join(pieces)

    def _encode(
        self,
        text: str,
        sample: list[PreparedSeries],
        add_special_tokens: bool,
        cut: str | None = None,
        spans: list[tuple[int, int]] | None = None,
    ) -> _Encoded:
        """Tokens of one text with its placeholders repeated. `spans` are the characters that the assistant wrote."""
        pieces = text.split(cut) if cut else [text]
        repeats = iter([series.num_tokens if self.expand_placeholders else 1 for series in sample])
        input_ids: list[int] = []
        assistant_mask: list[int] = []
        start = 0
        for piece in pieces:
            encoding = self.tokenizer(
                piece, add_special_tokens=add_special_tokens, return_offsets_mapping=spans is not None, verbose=False
            )
            offsets = encoding.get("offset_mapping") or [(0, 0)] * len(encoding["input_ids"])
            for token, (first, last) in zip(encoding["input_ids"], offsets, strict=True):
                is_series = token == self.time_series_token_id
                written = not is_series and any(
                    start + first < end and start + last > begin for begin, end in spans or ()
                )
                repeat = next(repeats, 1) if is_series else 1
                input_ids.extend([token] * repeat)
                assistant_mask.extend([int(written)] * repeat)
            start += len(piece) + len(cut or "")
        return _Encoded(input_ids, assistant_mask)

    def _batch(
        self,
        encoded: list[_Encoded],
        samples: list[list[PreparedSeries]],
        padding: bool | str = True,
        padding_side: str | None = None,
        truncation: bool = False,
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        return_tensors: str | TensorType | None = "pt",
        return_assistant_mask: bool = False,
    ) -> BatchFeature:
        for number, (one, sample) in enumerate(zip(encoded, samples, strict=True)):
            if truncation and max_length is not None:
                self._truncate(one, max_length, number)
            self._check_length(one, sample, number)
        columns = {"input_ids": [one.input_ids for one in encoded]}
        columns["attention_mask"] = [[1] * len(ids) for ids in columns["input_ids"]]
        fill = {"input_ids": self.tokenizer.pad_token_id, "attention_mask": 0, "assistant_masks": 0}
        if return_assistant_mask:
            columns["assistant_masks"] = [one.assistant_mask for one in encoded]
        if padding:
            length = max(len(ids) for ids in columns["input_ids"])
            length = max(length, max_length or 0) if padding == "max_length" else length
            length += -length % (pad_to_multiple_of or 1)
            if fill["input_ids"] is None and any(len(ids) < length for ids in columns["input_ids"]):
                raise ValueError("The tokenizer has no pad_token; set one, for example its eos_token.")
            left = (padding_side or self.tokenizer.padding_side) == "left"
            columns = {
                name: [_padded(row, length, fill[name], left) for row in rows] for name, rows in columns.items()
            }
        if return_tensors is not None:
            lengths = {len(ids) for ids in columns["input_ids"]}
            if len(lengths) > 1:
                raise ValueError("Samples of different lengths need padding=True to become tensors.")
            columns = {name: np.asarray(rows, dtype=np.int64) for name, rows in columns.items()}
            if str(getattr(return_tensors, "value", return_tensors)) == "pt":
                columns = {name: torch.from_numpy(rows) for name, rows in columns.items()}
        return BatchFeature({**columns, **self.feature_extractor.pad(samples, return_tensors)})

    def _truncate(self, one: _Encoded, max_length: int, number: int) -> None:
        lost = one.input_ids[max_length:].count(self.time_series_token_id)
        if lost:
            raise ValueError(
                f"Sample {number} has {len(one.input_ids)} tokens; cutting it to max_length {max_length} would cut "
                f"{lost} placeholder tokens of its series; raise max_length, or shorten the series."
            )
        del one.input_ids[max_length:], one.assistant_mask[max_length:]

    def _check_length(self, one: _Encoded, sample: list[PreparedSeries], number: int) -> None:
        length = len(one.input_ids)
        if self.context_length is None or length <= self.context_length:
            return
        costs = [series.num_tokens if self.expand_placeholders else 1 for series in sample]
        most = f"series {int(np.argmax(costs))} costs most, {max(costs)} tokens" if costs else "it has no series"
        raise ValueError(
            f"Sample {number} has {length} tokens, more than the {self.context_length} of the language model; {most}."
        )


def _padded(row: list[int], length: int, fill: int, left: bool) -> list[int]:
    padding = [fill] * (length - len(row))
    return padding + row if left else row + padding


def _describe(value: Any) -> str:
    return f"a {type(value).__name__}" + (f" of {len(value)}" if isinstance(value, list | tuple) else "")


TimeSeriesFeatureExtractor.register_for_auto_class()
TimeSeriesProcessor.register_for_auto_class()

__all__ = ["TimeSeriesProcessor"]
