"""Pre-training the time-to-text encoder of LLM-PS (arXiv 2503.09656, section 3.3)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerBase

from ..errors import UserError
from ..modeling.configuration_t2t import T2TConfig
from ..modeling.modeling_t2t import T2TForPreTraining
from ..modeling.modeling_text_sources import find_text_model
from .arguments import config_arguments
from .forecaster import ForecastTrainingArguments
from .processes import WholeModelMixin
from .resuming import run_training
from .runs import early_stopping

# Words about time series, chosen here: the paper chooses such words by hand and does not list them.
ANCHOR_WORDS = (  # noqa: SIM905
    "trend increase decrease rise fall growth decline up down upward downward steady stable flat constant level mean "
    "average high low peak valley maximum minimum spike drop jump dip shift change sudden gradual fast slow smooth "
    "rough season seasonal cycle period periodic daily weekly monthly yearly wave oscillation frequency repeat "
    "regular irregular random noise variance volatile fluctuation amplitude outlier anomaly linear exponential strong "
    "weak"
).split()

T2TConfigArguments = config_arguments("T2TConfigArguments", T2TConfig)


@dataclass
class WordArguments:
    """Source of the semantic labels."""

    word_embeddings: str | None = field(
        default=None,
        metadata={"help": "Name or path of the language model whose words label the patches; by default no labels."},
    )
    num_words: int = field(default=100, metadata={"help": "Number of words of the language model that become labels."})


@dataclass
class T2TTrainingArguments(ForecastTrainingArguments):
    """`ForecastTrainingArguments` that select on the validation loss; Adam at 1e-3 as in the paper."""

    output_dir: str = field(default="outputs/t2t", metadata={"help": "Folder of the checkpoint and its report."})
    learning_rate: float = field(default=1e-3, metadata={"help": "Peak learning rate."})
    metric_for_best_model: str | None = field(default="loss", metadata={"help": "Metric of the best checkpoint."})
    label_names: list[str] | None = field(
        default_factory=lambda: ["past_values"],
        metadata={"help": "Names of the targets in a batch, the windows themselves."},
    )
    prediction_loss_only: bool = field(default=True, metadata={"help": "Return only the loss in evaluation."})
    batch_eval_metrics: bool = field(
        default=False, metadata={"help": "Compute metrics batch by batch; the loss is the only one."}
    )


def semantic_words(
    tokenizer: PreTrainedTokenizerBase,
    embeddings: Tensor,
    num_words: int,
    anchors: tuple[str, ...] = tuple(ANCHOR_WORDS),
) -> tuple[list[str], Tensor]:
    """Words of a language model with the largest cosine similarity to any of the anchor words.

    Args:
        tokenizer: tokenizer of the language model.
        embeddings: its word embeddings, (vocabulary, width).
        num_words: number of words.
        anchors: words about time series; the embedding of a word of several tokens is their mean.

    Returns:
        The tokens, closest first, and their embeddings (num_words, width).
    """
    # An embedding table may be padded beyond the vocabulary, and special tokens are not words.
    usable = torch.ones(len(embeddings), dtype=torch.bool)
    usable[len(tokenizer) :] = False
    usable[[i for i in tokenizer.all_special_ids if i < len(embeddings)]] = False
    if not 1 <= num_words <= int(usable.sum()):
        raise UserError(f"num_words is {num_words}; the vocabulary has {int(usable.sum())} words.")
    tokens = [tokenizer(f" {word}", add_special_tokens=False)["input_ids"] for word in anchors]
    anchored = torch.stack([embeddings[ids].mean(0) for ids in tokens if ids])
    similarity = (F.normalize(embeddings, dim=-1) @ F.normalize(anchored, dim=-1).T).amax(1)
    closest = torch.where(usable, similarity, -torch.inf).topk(num_words).indices
    return list(tokenizer.convert_ids_to_tokens(closest.tolist())), embeddings[closest]


def build_t2t(config_arguments: Any, word_arguments: WordArguments) -> T2TForPreTraining:
    """Build the model of a recipe, with the word embeddings of its language model."""
    fields = vars(config_arguments)
    source = word_arguments.word_embeddings
    if source is None:
        return T2TForPreTraining(T2TConfig(**fields))
    source = find_text_model(source)
    table = AutoModel.from_pretrained(source, dtype=torch.float32).get_input_embeddings().weight.detach()
    words, embeddings = semantic_words(AutoTokenizer.from_pretrained(source), table, word_arguments.num_words)
    model = T2TForPreTraining(T2TConfig(**fields, semantic_words=words, word_embedding_size=table.shape[1]))
    model.set_word_embeddings(embeddings)
    return model


def train_t2t(
    model: T2TForPreTraining,
    arguments: T2TTrainingArguments,
    train_dataset: Dataset,
    eval_dataset: Dataset,
    data_collator: Callable[[Any], dict[str, Tensor]],
) -> WholeModelMixin:
    """Train an encoder on `past_values` alone; arguments and result are those of `train_forecaster`."""
    trainer = WholeModelMixin(
        model=model,
        args=arguments,
        train_dataset=train_dataset,
        eval_dataset=eval_dataset,
        data_collator=data_collator,
        callbacks=early_stopping(arguments),
    )
    run_training(trainer)
    return trainer
