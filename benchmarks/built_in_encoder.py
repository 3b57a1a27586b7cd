"""Make the encoder of series that `TSLMForCausalLM.from_backbone` starts with.

python -m benchmarks.built_in_encoder --output FOLDER [--reader CHECKPOINT] [--components 192] [--series 2000]

It has the patches of a language model that read synthetic questions, by default the one of the built-in checkpoint,
and beside them principal components of random convolutions, of synthetic histories of the forecaster. No labels and no
archives are read. Saved in float16.
"""

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from ts_llm_fusion import BUILT_IN
from ts_llm_fusion.data.series.priors import draw_batch
from ts_llm_fusion.modeling.configuration_ts_encoder import TSEncoderConfig
from ts_llm_fusion.modeling.modeling_ts_encoder import TSEncoderModel
from ts_llm_fusion.training.convolution_components import fit_convolution_components
from ts_llm_fusion.training.tslm_models import tslm_of

logger = logging.getLogger(__name__)
_ROWS, _SHORTEST, _LONGEST = 64, 24, 512


def histories(count: int, seed: int) -> Iterator[np.ndarray]:
    """Yield batches (rows, time) of synthetic histories of 24 to 512 steps, NaN at gaps, at least `count` rows."""
    number, drawn = 0, 0
    while drawn < count:
        rows = draw_batch(seed, number, _ROWS, longest=_LONGEST)["past_values"]
        number += 1
        if rows.shape[1] >= _SHORTEST:
            drawn += len(rows)
            yield rows


def main() -> None:
    """Make the encoder and save it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--reader", default=BUILT_IN, help="checkpoint whose encoder is taken")
    parser.add_argument("--components", type=int, default=192)
    parser.add_argument("--series", type=int, default=2000, help="synthetic series of the components")
    parser.add_argument("--seed", type=int, default=1, help="of the series and of the projection")
    options = parser.parse_args()
    reader = tslm_of(AutoModelForCausalLM.from_pretrained(options.reader)).model.encoder
    fields = {**reader.config.to_dict(), "convolution_components": options.components}
    torch.manual_seed(options.seed)
    encoder = TSEncoderModel(TSEncoderConfig.from_dict(fields))
    encoder.load_state_dict(encoder.state_dict() | reader.state_dict())
    fit_convolution_components(encoder.convolution_components, map(list, histories(options.series, options.seed)))
    encoder.half().save_pretrained(options.output)
    logger.info("%d weights in %s", encoder.num_parameters(), options.output)


if __name__ == "__main__":
    main()
