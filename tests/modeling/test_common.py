"""transformers' own tests of all models, on ours.

Its source archive has the tests of models; those of generation and of exporters are not in it.
"""

import copy
import unittest
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
import transformers_tests
from transformers import PreTrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, MODEL_MAPPING_NAMES
from tslm_models import VOCAB_SIZE, encoder_config, tslm_config

from ts_llm_fusion import (
    LLMPSConfig,
    LLMPSForForecasting,
    LLMPSModel,
    MSCNNEncoderConfig,
    MSCNNEncoderModel,
    T2TConfig,
    T2TForPreTraining,
    T2TModel,
    TSEncoderModel,
    TSFusionConfig,
    TSFusionForCausalLM,
    TSLMForCausalLM,
    TSLMModel,
)

common = transformers_tests.load()

BATCH, TOKEN = 3, 7
Inputs = dict[str, torch.Tensor]
LLAMA = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 2,
    "vocab_size": 8,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}

_IDS = "it feeds token ids"
_NO_GENERATION = "the archive has no tests of generation; ours are in test_tslm.py"
_TOO_LONG = "it feeds a text longer than the language model's positions, which is refused"
_OTHER_BASE = "its base model is the language model, which has another configuration"
_NO_WORDS_TO_NUMBERS = "a loss of words does not reach the forecaster"
_NEVER = "its configuration never had the field `gradient_checkpointing`"
_INSIDE = "TestSoftPrompt runs them on the language model inside"
_NO_WORDS = "a series is not a word: a linear map or a convolution maps it to the model's width"
# Tests that do not apply to a family, and why. The others run, or say themselves what the model or the machine lacks.
NOT_APPLICABLE: dict[str, dict[str, str]] = {
    "TestLLMPS": {
        "test_model_get_set_embeddings": _NO_WORDS,
        "test_model_rope_scaling_from_config_0_linear": _IDS,
        "test_model_rope_scaling_from_config_1_dynamic": _IDS,
        "test_model_rope_scaling_from_config_2_yarn": _IDS,
    },
    "TestT2T": {
        "test_model_get_set_embeddings": _NO_WORDS,
        "test_init_weights_can_init_buffers": "its buffers, the semantic words and their projection, start at random",
    },
    "TestPatchEncoder": {"test_model_get_set_embeddings": _NO_WORDS},
    "TestMSCNNEncoder": {
        "test_model_get_set_embeddings": _NO_WORDS,
        "test_hidden_states_output": "its layers are convolutions: their states are (batch, channels, time)",
    },
    "TSLMCommon": {
        "test_generation_tester_mixin_inheritance": _NO_GENERATION,
        "test_model_rope_scaling_from_config_0_linear": _TOO_LONG,
        "test_model_rope_scaling_from_config_1_dynamic": _TOO_LONG,
        "test_model_rope_scaling_from_config_2_yarn": _TOO_LONG,
    },
    "TestFused": {
        "test_correct_missing_keys": _OTHER_BASE,
        "test_gradient_checkpointing_backward_compatibility": _NEVER,
        "test_training_gradient_checkpointing": _NO_WORDS_TO_NUMBERS,
        "test_training_gradient_checkpointing_use_reentrant_false": _NO_WORDS_TO_NUMBERS,
        "test_training_gradient_checkpointing_use_reentrant_true": _NO_WORDS_TO_NUMBERS,
        "test_bc_torch_dtype": _INSIDE,
        **{name: _INSIDE for name in dir(common.ModelTesterMixin) if name.startswith("test_eager_matches_sdpa_")},
    },
}


def ids_without_placeholder(shape: Any, vocab_size: int, **kwargs: Any) -> torch.Tensor:
    """Random ids for tests that write a text of their own: a placeholder without its series is refused."""
    ids = torch.randint(vocab_size, tuple(shape))
    return ids.masked_fill(ids == TOKEN, TOKEN + 1)


class Common(common.ModelTesterMixin):
    """What the families share.

    `sizes` are those of the model tester, `base_model` and `causal_model` the entries of the models in the lists by
    which the tests know what a model returns, `model_inputs` makes a configuration and inputs.
    """

    test_resize_embeddings = False
    test_can_init_all_missing_weights_before_2023 = True
    sizes: dict[str, int]
    base_model: dict[str, str]
    causal_model: dict[str, str] = {}  # noqa: RUF012

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in NOT_APPLICABLE.get(cls.__name__, ()):
            assert hasattr(cls, name)
            setattr(cls, name, None)

    def setUp(self) -> None:
        self.model_tester = SimpleNamespace(
            parent=self,
            batch_size=BATCH,
            is_training=True,
            get_config=lambda: self.model_inputs()[0],
            prepare_config_and_inputs=self.model_inputs,
            prepare_config_and_inputs_for_common=self.model_inputs,
            **self.sizes,
        )
        for patched in (
            patch.dict(MODEL_MAPPING_NAMES, self.base_model),
            patch.dict(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, self.causal_model),
            patch.object(common, "ids_tensor", ids_without_placeholder),
        ):
            patched.start()
            self.addCleanup(patched.stop)

    def subTest(self, *args: Any, **kwargs: Any) -> AbstractContextManager:
        """None: pytest takes longer to report thousands of them than they run."""
        return nullcontext()

    def model_inputs(self) -> tuple[PreTrainedConfig, Inputs]:
        raise NotImplementedError


class TestLLMPS(Common, unittest.TestCase):
    all_model_classes = (LLMPSModel, LLMPSForForecasting)
    base_model = {"llmps": "LLMPSModel"}  # noqa: RUF012
    sizes = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 2, "seq_length": 3}  # noqa: RUF012

    def model_inputs(self) -> tuple[PreTrainedConfig, Inputs]:
        config = LLMPSConfig(
            context_length=48,
            prediction_length=12,
            text_config=dict(LLAMA),
            mscnn_channels=8,
            quantiles=[0.1, 0.9],
        )
        return config, {"past_values": torch.randn(BATCH, 48, 3)}

    def _prepare_for_class(self, inputs: Inputs, model_class: type, return_labels: bool = False) -> Inputs:
        if return_labels and model_class is LLMPSForForecasting:
            inputs = inputs | {"future_values": torch.linspace(0, 1, BATCH * 36).view(BATCH, 12, 3)}
        return copy.deepcopy(inputs)


class TestT2T(Common, unittest.TestCase):
    all_model_classes = (T2TModel, T2TForPreTraining)
    base_model = {"t2t": "T2TModel"}  # noqa: RUF012
    has_attentions = False
    sizes = {"num_hidden_layers": 1, "hidden_size": 16, "seq_length": 3}  # noqa: RUF012

    def setUp(self) -> None:
        super().setUp()
        if self._testMethodName == "test_model_outputs_equivalence":  # by differences, which booleans have not
            self.all_model_classes = (T2TModel,)

    def model_inputs(self) -> tuple[PreTrainedConfig, Inputs]:
        config = T2TConfig(
            context_length=48,
            hidden_size=16,
            num_attention_heads=2,
            intermediate_size=32,
            num_hidden_layers=1,
            num_decoder_layers=1,
            dropout=0.0,
            semantic_words=["up", "down"],
            word_embedding_size=32,
        )
        return config, {"past_values": torch.randn(BATCH, 48, 2)}

    def _prepare_for_class(self, inputs: Inputs, model_class: type, return_labels: bool = False) -> Inputs:
        if model_class is T2TForPreTraining:  # drawn at random otherwise
            inputs = inputs | {"patch_mask": torch.tensor([True, False, True]).expand(BATCH, 2, 3)}
        return copy.deepcopy(inputs)


class TestPatchEncoder(Common, unittest.TestCase):
    all_model_classes = (TSEncoderModel,)
    base_model = {"ts_patch_encoder": "TSEncoderModel"}  # noqa: RUF012
    sizes = {"num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 2, "seq_length": 5}  # noqa: RUF012

    def model_inputs(self) -> tuple[PreTrainedConfig, Inputs]:
        return encoder_config(), {"past_values": torch.randn(BATCH, 20)}


class TestMSCNNEncoder(Common, unittest.TestCase):
    all_model_classes = (MSCNNEncoderModel,)
    base_model = {"ts_mscnn_encoder": "MSCNNEncoderModel"}  # noqa: RUF012
    has_attentions = False
    sizes = {"num_hidden_layers": 1, "hidden_size": 16, "seq_length": 5}  # noqa: RUF012

    def model_inputs(self) -> tuple[PreTrainedConfig, Inputs]:
        return MSCNNEncoderConfig(mscnn_channels=8, hidden_size=16), {"past_values": torch.randn(BATCH, 20)}


class TSLMCommon(Common):
    all_model_classes = (TSLMModel, TSLMForCausalLM)
    base_model = {"tslm": "TSLMModel"}  # noqa: RUF012
    causal_model = {"tslm": "TSLMForCausalLM"}  # noqa: RUF012
    test_resize_embeddings = True
    _is_composite = True
    sizes = {"num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 4, "seq_length": 9}  # noqa: RUF012
    fusion: str
    placeholders: slice

    def model_inputs(self) -> tuple[PreTrainedConfig, Inputs]:
        config = tslm_config(
            self.fusion,
            time_series_token_id=TOKEN,
            encoder_config=encoder_config(num_hidden_layers=1),
            resampler_num_layers=1,
        )
        ids = torch.randint(TOKEN + 1, VOCAB_SIZE - 20, (BATCH, 9))
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if "sdpa_inference" in self._testMethodName:  # which hands on nothing but the text
            return config, inputs
        ids[:, self.placeholders] = TOKEN
        return config, inputs | {"time_series": torch.randn(BATCH, 1, 20)}


class TestSoftPrompt(TSLMCommon, unittest.TestCase):
    fusion, placeholders = "soft_prompt", slice(2, 7)


class TestFlamingo(TSLMCommon, unittest.TestCase):
    fusion, placeholders = "flamingo", slice(2, 3)


class TestFused(TSLMCommon, unittest.TestCase):
    all_model_classes = (TSFusionForCausalLM,)
    base_model = {}  # noqa: RUF012
    causal_model = {"tsfusion": "TSFusionForCausalLM"}  # noqa: RUF012
    fusion, placeholders = "soft_prompt", slice(2, 7)

    def model_inputs(self) -> tuple[PreTrainedConfig, Inputs]:
        config, inputs = super().model_inputs()
        return TSFusionConfig(hidden_size=16, tslm_config=config), inputs
