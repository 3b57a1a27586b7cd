"""Processor of the time-series language model: text and time series to model inputs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AddedToken, AutoTokenizer, BatchFeature, ProcessorMixin
from transformers.data.data_collator import pad_without_fast_tokenizer_warning
from transformers.processing_utils import ProcessingKwargs, Unpack
from transformers.utils import TensorType, logging

from .answer_checks import (
    SEVERAL,
    TrainingRange,
    answer_fault,
    asked_in,
    generated_fault,
    possible_answers,
    questions_of,
)
from .chat_templates import DEFAULT_CHAT_TEMPLATE
from .conversations import (
    ForecastPart,
    Message,
    Span,
    entries,
    mark_messages,
    render_messages,
    series_of_messages,
    unused_character,
)
from .feature_extraction_time_series import PreparedSeries, TimeSeriesFeatureExtractor, is_constant
from .option_tokens import OptionTokens

logger = logging.get_logger(__name__)


class TimeSeriesProcessorKwargs(ProcessingKwargs, total=False):
    """Settings of `TimeSeriesProcessor`, those of text directly or as `text_kwargs`."""

    padding: bool | str
    padding_side: str | None
    truncation: bool
    max_length: int | None
    pad_to_multiple_of: int | None
    add_special_tokens: bool
    return_tensors: str | TensorType | None


_TEXT_SETTINGS = sorted(TimeSeriesProcessorKwargs.__optional_keys__ - ProcessingKwargs.__optional_keys__)


@dataclass
class _Encoded:
    """Tokens of one sample: their number for each series, their ids, and 1 on those that the assistant wrote."""

    series_tokens: list[int]
    input_ids: list[int] = field(default_factory=list)
    assistant_mask: list[int] = field(default_factory=list)


class TimeSeriesProcessor(ProcessorMixin):
    r"""Processor of [`TSLMForCausalLM`]: a feature extractor for series and a tokenizer for the text around them.

    Each series has one `time_series_token` in the text. For the soft prompt, the processor repeats the token once for
    each token that the encoder makes of the series; for Flamingo, one token stays.

    Args:
        feature_extractor (`TimeSeriesFeatureExtractor`): prepares the series.
        tokenizer: tokenizer of the language model; it must know `time_series_token`.
        chat_template (`str`, *optional*): defaults to the tokenizer's own, else to a plain one with named roles.
        time_series_token (`str`, defaults to `"<|time_series|>"`): placeholder of a series.
        expand_placeholders (`bool`, defaults to `True`): whether to repeat a placeholder, as the soft prompt needs.
        scale_text (`str`, *optional*): text before each series, with `{mean}` and `{std}` in the unit of the data;
            `None` for no text.
        context_length (`int`, *optional*): most tokens that the language model takes; by default any number.
        trained_on (`dict`, *optional*): fields of `TrainingRange`, the extent of the prompts that the model was
            trained on; a prompt of `apply_chat_template` outside of it gives a warning.
        **extractors: further feature extractors of a subclass.

    Raises:
        ValueError: if the tokenizer does not know `time_series_token`.

    Example:

    ```python
    >>> processor = AutoProcessor.from_pretrained("outputs/tslm")
    >>> parts = [{"type": "text", "text": "Rising?"}, {"type": "time_series", "time_series": [1.0, 2.0, 4.0]}]
    >>> messages = [{"role": "user", "content": parts}]
    >>> processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=True)
    ```
    """

    chat_template: str | dict[str, str]
    # Whether the model fills in the forecasts of a chat.
    has_forecaster = False

    def __init__(
        self,
        feature_extractor: TimeSeriesFeatureExtractor,
        tokenizer: Any,
        chat_template: str | dict[str, str] | None = None,
        time_series_token: str = "<|time_series|>",
        expand_placeholders: bool = True,
        scale_text: str | None = "(mean {mean:.4g}, std {std:.4g}) ",
        context_length: int | None = None,
        trained_on: dict[str, Any] | None = None,
        **extractors: Any,
    ):
        if time_series_token not in tokenizer.get_vocab():
            raise ValueError(
                f"The tokenizer has no token {time_series_token!r}; add it, or start with "
                "TimeSeriesProcessor.from_backbone."
            )
        chat_template = chat_template or getattr(tokenizer, "chat_template", None) or DEFAULT_CHAT_TEMPLATE
        super().__init__(
            feature_extractor=feature_extractor, tokenizer=tokenizer, chat_template=chat_template, **extractors
        )
        self.time_series_token = time_series_token
        self.time_series_token_id = tokenizer.convert_tokens_to_ids(time_series_token)
        self.expand_placeholders = expand_placeholders
        self.scale_text = scale_text
        self.context_length = context_length
        self.trained_on = trained_on

    @classmethod
    def from_backbone(
        cls,
        backbone: str,
        config: Any,
        time_series_token: str = "<|time_series|>",
        tokenizer: Any = None,
        **kwargs: Any,
    ) -> "TimeSeriesProcessor":
        """Build the processor for a model from `TSLMForCausalLM.from_backbone`.

        Args:
            backbone: name or path of the language model, with its tokenizer and chat template.
            config: `TSLMConfig` of the model; a name is looked for where the model has found it.
            time_series_token: placeholder of a series, as given to the model.
            tokenizer: tokenizer in place of that of `backbone`, as given to the model.
            **kwargs: further arguments of the feature extractor and of this class.

        Raises:
            ValueError: if tokenizer and model disagree on the id of the token.
        """
        if tokenizer is None:
            # An installed wheel, say, or the cache of the Hub.
            found = config.get_text_config()._name_or_path
            is_elsewhere = found and Path(found).is_dir() and not Path(backbone).is_dir()
            tokenizer = AutoTokenizer.from_pretrained(found if is_elsewhere else backbone)
        # The attribute alone is not saved.
        tokenizer.padding_side = tokenizer.init_kwargs["padding_side"] = "left"
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
            max_tokens=config.max_series_tokens,
            return_scales=config.reads_scales,
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
        """Check that processor and model agree on the placeholder of a series.

        Raises:
            ValueError: for another token id, or another number of placeholders for each series.
        """
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
    def series_extractor(self) -> TimeSeriesFeatureExtractor:
        """Feature extractor of the series in a text."""
        return self.feature_extractor

    @property
    def reads_scales(self) -> bool:
        """Whether anything that the model reads tells the level and scale of a series."""
        extractor = self.series_extractor
        return self.scale_text is not None or extractor.return_scales or not extractor.do_normalize

    @property
    def model_input_names(self) -> list[str]:
        return [*self.tokenizer.model_input_names, *self.series_extractor.model_input_names]

    def __call__(
        self,
        text: str | list[str] | None = None,
        time_series: Any = None,
        **kwargs: Unpack[TimeSeriesProcessorKwargs],
    ) -> BatchFeature:
        """Prepare text and series.

        Args:
            text: one text or a list of them, each with one `time_series_token` for each of its series.
            time_series: the series, in order. For one text a series, a list of series, a 2-d array `(series, time)` or
                a data frame with one series in each column; for a list of texts a list with such an entry, or `None`,
                for each.
            **kwargs: settings of the tokenizer, also as `text_kwargs`. `padding`: `True` (default) pads to the longest
                sample, `"max_length"` to `max_length`, `False` not at all. `padding_side`: `"left"` for generation,
                `"right"` for training; defaults to that of the tokenizer. `truncation`: whether to cut samples to
                `max_length` tokens, at their end. `pad_to_multiple_of`: divisor of the padded length.
                `add_special_tokens`: whether the tokenizer adds its own, such as BOS; defaults to `True`.
                `return_tensors`: `"pt"` (default), `"np"`, or `None` for lists of tokens.

        Returns:
            `input_ids` and `attention_mask` int64 `(batch, text)`; where there are series, `time_series` float32 and
            `time_series_mask` bool `(batch, series, time)`.

        Raises:
            ValueError: if placeholders and series differ in number, for a bad series, or for a sample that is too
                long.
            TypeError: for an unknown setting.
        """
        if isinstance(text, str):
            text, time_series = [text], [time_series]
        if not isinstance(text, list | tuple) or not text or not all(isinstance(item, str) for item in text):
            raise ValueError(f"text is {_describe(text)}; give a string or a list of strings.")
        settings = _text_settings(kwargs)
        add_special_tokens = settings.pop("add_special_tokens", True)
        samples = self._prepare_samples(time_series, len(text))
        encoded = [
            self._encode(self._with_scales(item, sample), sample, index, add_special_tokens)
            for index, (item, sample) in enumerate(zip(text, samples, strict=True))
        ]
        return self._pad(encoded, samples, **settings)

    def apply_chat_template(  # type: ignore[override]  # time_series stands in the place of the audio of a video
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
        future_values: list[Any] | None = None,
        processor_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Render conversations, and prepare them for the model.

        The content of a message is a string or a list of parts, `{"type": "text", "text": ...}`, `{"type":
        "time_series", "time_series": ...}` and `{"type": "forecast", "prediction_length": ...}`. A forecast is that of
        the nearest series before it: a series in its units, with its mean and deviation as text, whose values the
        model fills in ([`TSFusionForCausalLM`]), or `future_values`, what came, which may be in the part. Text is
        never a placeholder: the placeholder's own string in it stays text. Templates write their special tokens
        themselves, so the tokenizer adds none.

        Args:
            conversation: one conversation, or a list of them.
            chat_template: a template, or the name of one, in place of the default of the processor.
            tools: functions or their schemas, for templates that take them.
            documents: documents, for templates that take them.
            add_generation_prompt: whether to open the assistant's next turn.
            continue_final_message: whether to leave the last message open.
            return_assistant_tokens_mask: whether to add `assistant_masks` `(batch, text)`, 1 on the tokens that the
                assistant wrote, its end-of-turn token included.
            tokenize: whether to return model inputs instead of text.
            return_tensors: as in `__call__`.
            return_dict: whether to return all model inputs instead of `input_ids` alone.
            time_series: for one conversation the series of parts without a series of their own, in order; for a list
                of conversations a list of such lists.
            future_values: what came, for one conversation for each forecast that does not hold it, in order, None for
                the forecast of the model; for a list of conversations a list of such lists. By default the model
                forecasts all.
            processor_kwargs: settings of `__call__` for padding and truncation, which may also be given directly.
            **kwargs: variables of the template.

        Returns:
            Rendered text (a list of it for a list of conversations), or a `BatchFeature` as from `__call__`.

        Raises:
            ValueError: for a message with parts of an unknown type, for more or fewer series than parts for them, for
                a forecast without a series before it or in a model without forecaster, and as `__call__`.
        """
        settings = {name: kwargs.pop(name) for name in _TEXT_SETTINGS if name in kwargs} | (processor_kwargs or {})
        settings = _text_settings({"return_tensors": return_tensors} | settings)
        settings.pop("add_special_tokens", None)
        conversations, is_batched = _as_batch(conversation)
        columns = _column(time_series, "time_series", conversations, is_batched)
        futures = _column(future_values, "future_values", conversations, is_batched)
        template = self._template(chat_template)
        samples = [
            self._prepare_parts(series_of_messages(messages, column, future, index), f"conversation {index}: ")
            for index, (messages, column, future) in enumerate(zip(conversations, columns, futures, strict=True))
        ]
        if add_generation_prompt:
            self._warn_outside_training(conversations, samples)
        scales = [[self._scale_of(series) for series in sample] for sample in samples]
        separator = unused_character(conversations)
        marked = mark_messages(conversations, scales, self.time_series_token, separator, "time_series" in template)
        texts, spans = render_messages(
            marked,
            return_assistant_tokens_mask and tokenize,
            add_generation_prompt=add_generation_prompt,
            continue_final_message=continue_final_message,
            chat_template=template,
            tools=tools,
            documents=documents,
            **{"time_series_token": self.time_series_token, **self.tokenizer.special_tokens_map, **kwargs},
        )
        if not tokenize:
            texts = [text.replace(separator, "") for text in texts]
            return texts if is_batched else texts[0]
        encoded = [
            self._encode(text, sample, index, False, separator, spans[index])
            for index, (text, sample) in enumerate(zip(texts, samples, strict=True))
        ]
        inputs = self._pad(encoded, samples, return_assistant_tokens_mask=return_assistant_tokens_mask, **settings)
        return inputs if return_dict else inputs["input_ids"]

    def outside_training(self, messages: list[Message], time_series: Sequence[Any] | None = None) -> list[str]:
        """Ways in which a conversation is unlike those that the model was trained on.

        Args:
            messages: one conversation, the user's question last.
            time_series: as in `apply_chat_template`.

        Returns:
            Short phrases, none for a prompt within the range or a checkpoint that records no range.

        Raises:
            ValueError: as `apply_chat_template`.
        """
        series = self._prepare_parts(series_of_messages(messages, time_series, None, 0), "conversation 0: ")
        return self._differences(messages, series)

    def _differences(self, messages: list[Message], sample: list[PreparedSeries]) -> list[str]:
        if self.trained_on is None:
            return []
        questions = asked_in(messages)
        lengths = [len(series.values) for series in sample]
        means, deviations = np.array([(series.mean, series.std) for series in sample]).reshape(-1, 2).T
        deviations = np.where(is_constant(means, deviations), 0.0, deviations)
        return TrainingRange.from_dict(self.trained_on).differences(
            lengths, questions[-1] if questions else "", list(zip(means.tolist(), deviations.tolist(), strict=True))
        )

    def _warn_outside_training(self, conversations: list[list[Message]], samples: list[list[PreparedSeries]]) -> None:
        pairs = zip(conversations, samples, strict=True)
        found = list(
            dict.fromkeys(phrase for messages, sample in pairs for phrase in self._differences(messages, sample))
        )
        if found:
            logger.warning(
                "Unlike what this checkpoint was trained on: %s; do not rely on its answer.", "; ".join(found)
            )

    def answer_fault(self, answer: str, messages: list[Message]) -> str | None:
        """Fault of an answer that shows without the truth: empty, repeating itself, or outside the options.

        Args:
            answer: text that the model generated.
            messages: the conversation, the user's question last.

        Returns:
            One line, or `None`.
        """
        questions = questions_of(messages)
        return answer_fault(answer, questions[-1] if questions else "")

    def among_options(self, conversation: Any, prompt_length: int, num_return_sequences: int = 1) -> OptionTokens:
        """Hold answers to the options that their questions offer, as `prefix_allowed_tokens_fn` of `generate`.

        A question that offers none, or of which several may apply, is answered freely. Options by letter may be
        answered by letter, word for word, or by both: see `possible_answers`.

        Args:
            conversation: one conversation or a list of them, the user's question last.
            prompt_length: number of tokens of the prompts, `input_ids.shape[1]`.
            num_return_sequences: that of `generate`, where it samples.

        Raises:
            ValueError: the tokenizer has no token that ends a text.

        Example:

        ```python
        >>> settings = {"add_generation_prompt": True, "tokenize": True, "return_dict": True}
        >>> inputs = processor.apply_chat_template(messages, **settings)
        >>> allowed = processor.among_options(messages, inputs["input_ids"].shape[1])
        >>> model.generate(**inputs, prefix_allowed_tokens_fn=allowed)
        ```
        """
        offered = []
        for messages in _as_batch(conversation)[0]:
            question = "".join(questions_of(messages)[-1:])
            offered.append([] if SEVERAL in question else possible_answers(question))
        tokens = {option: self._answer_tokens(option) for option in {one for options in offered for one in options}}
        answers = [[tokens[option] for option in options] for options in offered]
        end = self.tokenizer.eos_token_id
        if end is None:
            raise ValueError("The tokenizer has no eos_token, so that no answer ends; give it one.")
        return OptionTokens(answers, end, prompt_length, len(self.tokenizer), num_return_sequences)

    def _answer_tokens(self, answer: str) -> list[int]:
        """Tokens of an answer as the chat template writes it, without the end of its turn."""
        roles = {"user": "?", "assistant": answer}
        messages = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in roles.items()]
        inputs = self.apply_chat_template(
            messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True, return_tensors="np"
        )
        ids = inputs["input_ids"][0][inputs["assistant_masks"][0] > 0].tolist()
        end = self.tokenizer.eos_token_id
        return ids[: ids.index(end)] if end in ids else ids

    def post_process_multimodal_output(self, generated_outputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Decode whole sequences of `generate`, as `pipeline("any-to-any")` of transformers does.

        An answer with a fault gives a warning that names it, see [`TimeSeriesProcessor.answer_fault`].

        Args:
            generated_outputs: token ids `(batch, text)` or `(text,)`, those of the prompt first.
            *args: arguments of transformers.
            **kwargs: arguments of transformers.

        Returns:
            The texts; for one sequence its text.
        """
        texts = self.tokenizer.decode(generated_outputs, skip_special_tokens=False)
        special = [*self.tokenizer.all_special_tokens, self.time_series_token]
        opening = self._generation_prompt()
        for text in [texts] if isinstance(texts, str) else texts:
            if fault := generated_fault(text, opening, special):
                logger.warning("%s", fault)
        return super().post_process_multimodal_output(generated_outputs, *args, **kwargs)

    def _generation_prompt(self) -> str:
        """Text that opens an answer; empty where the chat template has none."""
        template = self._template(None)
        messages = [{"role": "user", "content": [{"type": "text", "text": "?"}] if "time_series" in template else "?"}]
        plain, opened = (
            self.tokenizer.apply_chat_template(
                messages, chat_template=template, tokenize=False, add_generation_prompt=opens
            )
            for opens in (False, True)
        )
        return opened.removeprefix(plain)

    def _template(self, chat_template: str | None) -> str:
        """Chat template from its text or its name; the default one without either."""
        templates = self.chat_template if isinstance(self.chat_template, dict) else {"default": self.chat_template}
        return templates["default"] if chat_template is None else templates.get(chat_template, chat_template)

    def _prepare_samples(self, time_series: Any, num_texts: int) -> list[list[PreparedSeries]]:
        """Prepare the series of each text."""
        if time_series is None:
            return [[] for _ in range(num_texts)]
        if not isinstance(time_series, list | tuple) or len(time_series) != num_texts:
            raise ValueError(
                f"time_series is {_describe(time_series)} for {num_texts} texts; give a list of the series of each "
                "text."
            )
        return [self.series_extractor.prepare(series, f"text {index}: ") for index, series in enumerate(time_series)]

    def _prepare_parts(self, parts: list[Any], prefix: str) -> list[PreparedSeries]:
        """Prepare the series and forecasts of a conversation, in order."""
        given = iter(self.series_extractor.prepare([p for p in parts if not isinstance(p, ForecastPart)], prefix))
        prepared: list[PreparedSeries] = []
        history = None
        for index, part in enumerate(parts):
            if not isinstance(part, ForecastPart):
                history = next(given)
                prepared.append(history)
                continue
            if history is None:
                raise ValueError(f"{prefix}a forecast without a series before it; give the series to forecast first.")
            if part.future_values is None and not self.has_forecaster:
                raise ValueError(
                    f"{prefix}this model has no forecaster to fill in a forecast; give future_values, or join it with "
                    "a forecaster (ts-llm-fusion fuse)."
                )
            place = self.series_extractor.prepare_forecast(
                history, part.prediction_length, part.future_values, f"{prefix}series {index}, a forecast"
            )
            prepared.append(place)
        return prepared

    def _scale_of(self, series: PreparedSeries) -> str:
        return "" if self.scale_text is None else self.scale_text.format(mean=series.mean, std=series.std)

    def _with_scales(self, text: str, sample: list[PreparedSeries]) -> str:
        """Write the scale of each series before its placeholder."""
        scales = iter([self._scale_of(series) for series in sample])
        return re.sub(re.escape(self.time_series_token), lambda token: next(scales, "") + token[0], text)

    def _encode(
        self,
        text: str,
        sample: list[PreparedSeries],
        index: int,
        add_special_tokens: bool,
        separator: str | None = None,
        spans: Sequence[Span] | None = None,
    ) -> _Encoded:
        """Tokenize one text and repeat its placeholders.

        Tokens do not reach across `separator`, which is removed. `spans` are the characters that the assistant wrote.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"Sample {index} has the character {text[error.start]!r} in its text, half of a pair; give whole ones."
            ) from None
        encoded = _Encoded([series.num_tokens if self.expand_placeholders else 1 for series in sample])
        placeholders, start = 0, 0
        for piece in text.split(separator) if separator else [text]:
            encoding = self.tokenizer(
                piece, add_special_tokens=add_special_tokens, return_offsets_mapping=spans is not None, verbose=False
            )
            offsets = encoding.get("offset_mapping") or [(0, 0)] * len(encoding["input_ids"])
            for token, (first, last) in zip(encoding["input_ids"], offsets, strict=True):
                repeats, is_written = 1, False
                if token == self.time_series_token_id:
                    repeats = encoded.series_tokens[placeholders] if placeholders < len(sample) else 1
                    placeholders += 1
                else:
                    is_written = any(start + first < end and start + last > begin for begin, end in spans or ())
                encoded.input_ids.extend([token] * repeats)
                encoded.assistant_mask.extend([int(is_written)] * repeats)
            start += len(piece) + len(separator or "")
        if placeholders != len(sample):
            raise ValueError(
                f"Sample {index} has {placeholders} placeholders {self.time_series_token!r} for {len(sample)} series; "
                "write one for each series, in order."
            )
        return encoded

    def _pad(
        self,
        encoded: list[_Encoded],
        samples: list[list[PreparedSeries]],
        return_tensors: str | TensorType | None = None,
        truncation: bool = False,
        max_length: int | None = None,
        padding: bool | str = False,
        padding_side: str | None = None,
        pad_to_multiple_of: int | None = None,
        return_assistant_tokens_mask: bool = False,
    ) -> BatchFeature:
        """Cut tokens, pad them to a batch, and stack the series."""
        for index, sample in enumerate(encoded):
            if truncation and max_length is not None:
                self._truncate(sample, max_length, index)
            self._check_length(sample, index)
        ids = [sample.input_ids for sample in encoded]
        if not padding and return_tensors is not None and len(set(map(len, ids))) > 1:
            raise ValueError(
                f"The samples have from {min(map(len, ids))} to {max(map(len, ids))} tokens; set padding, or "
                "return_tensors=None for lists."
            )
        # `pad` pads the attention mask with 0, and no other mask, so that each takes its place in turn.
        masks = {"attention_mask": [[1] * len(row) for row in ids]}
        if return_assistant_tokens_mask:
            masks["assistant_masks"] = [sample.assistant_mask for sample in encoded]
        columns: dict[str, Any] = {}
        for name, mask in masks.items():
            padded = pad_without_fast_tokenizer_warning(
                self.tokenizer,
                {"input_ids": ids, "attention_mask": mask},
                padding=padding,
                max_length=max(max_length or 0, *map(len, ids)) if padding == "max_length" else None,
                padding_side=padding_side,
                pad_to_multiple_of=pad_to_multiple_of,
                return_attention_mask=True,
                return_tensors=return_tensors,
            )
            columns |= {"input_ids": padded["input_ids"], name: padded["attention_mask"]}
        return BatchFeature({**columns, **self.series_extractor.pad(samples, return_tensors)})

    def _truncate(self, encoded: _Encoded, max_length: int, index: int) -> None:
        lost = encoded.input_ids[max_length:].count(self.time_series_token_id)
        if lost:
            raise ValueError(
                f"Sample {index} has {len(encoded.input_ids)} tokens; cutting it to max_length {max_length} would cut "
                f"{lost} placeholder tokens of its series; raise max_length, or shorten the series."
            )
        del encoded.input_ids[max_length:], encoded.assistant_mask[max_length:]

    def _check_length(self, encoded: _Encoded, index: int) -> None:
        length, costs = len(encoded.input_ids), encoded.series_tokens
        if self.context_length is not None and length > self.context_length:
            most = f"series {int(np.argmax(costs))} costs most, {max(costs)} tokens" if costs else "it has no series"
            raise ValueError(
                f"Sample {index} has {length} tokens, more than the {self.context_length} of the language model; "
                f"{most}."
            )


def _as_batch(conversation: Any) -> tuple[list[Any], bool]:
    """Conversations as a list, and whether a batch was given."""
    if not isinstance(conversation, list | tuple):
        raise ValueError(f"conversation is {_describe(conversation)}; give a list of messages, or lists of them.")
    is_batched = bool(conversation) and isinstance(conversation[0], list | tuple)
    for index, messages in enumerate(conversation if is_batched else ()):
        if not isinstance(messages, list | tuple):
            raise ValueError(f"conversation {index} is {_describe(messages)}; give a list of messages.")
    return list(conversation) if is_batched else [conversation], is_batched


def _column(given: Any, name: str, conversations: list[Any], is_batched: bool) -> list[Any]:
    """Entries of a column, one for each conversation."""
    column = given if is_batched else [given]
    column = [None] * len(conversations) if column is None else entries(column, name)
    if len(column) != len(conversations):
        raise ValueError(f"{name} has {len(column)} entries for {len(conversations)} conversations.")
    return column


def _text_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Text settings by name, with the defaults of the processor."""
    nested = given.get("text_kwargs") or {}
    settings = {"padding": True, "return_tensors": "pt", **given, **nested}
    settings.pop("text_kwargs", None)
    unknown = sorted(settings.keys() - {*_TEXT_SETTINGS})
    if unknown:
        raise TypeError(f"{unknown[0]!r} is not a setting; settings are {', '.join(_TEXT_SETTINGS)}.")
    return settings


def _describe(value: Any) -> str:
    return f"a {type(value).__name__}" + (f" of {len(value)}" if isinstance(value, list | tuple) else "")


TimeSeriesProcessor.register_for_auto_class()

__all__ = ["TimeSeriesProcessor"]
