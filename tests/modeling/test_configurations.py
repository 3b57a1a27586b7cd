"""Imports and bounds of the configurations."""

import ast
from pathlib import Path

import pytest

from ts_llm_fusion import LLMPSConfig, MSCNNEncoderConfig, T2TConfig, TSEncoderConfig, TSLMConfig

MODELING = Path(__file__).parents[2] / "modeling"


def test_configurations_import_no_torch_and_no_model() -> None:
    paths = sorted(MODELING.glob("configuration_*.py"))
    assert len(paths) == 9
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.startswith(("torch", "modeling"))], path.name


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (LLMPSConfig, "mscnn_branches"),
        (MSCNNEncoderConfig, "patch_length"),
        (T2TConfig, "num_attention_heads"),
        (TSEncoderConfig, "max_position_embeddings"),
        (TSLMConfig, "resampler_num_layers"),
    ],
)
def test_a_size_below_one_is_refused_in_one_sentence(config: type, name: str) -> None:
    with pytest.raises(ValueError) as error:
        config(**{name: 0})
    assert str(error.value) == f"{config.__name__}: {name} is 0; it must be at least 1."
