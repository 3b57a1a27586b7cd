"""Head of the TSFusion forecaster that reads texts: probabilities of operations, numbers and windows of clauses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from .configuration_tsfusion import OPERATIONS, TSFusionConfig
from .modeling_text_adapter import TextAdapter

if TYPE_CHECKING:
    from .modeling_text_encoder import FrozenTextEncoder, TokenStates

# Operations by the kind of number that they need; "times" takes any.
WITH_VALUE = frozenset(("set", "plus", "minus", "cap", "floor", "range"))
WITH_SHARE = frozenset(("rise", "cut", "ramp_up", "ramp_down"))
# Kinds of words, of cues of a clause, and of cues of a pair of a clause and a window; see `context_features`.
_ROLES, _CLAUSE_CUES, _WINDOW_CUES, _LINKS = 16, 12, 8, 4
# Kinds of hints of single words, see `context_cues`.
WORD_CUES = 24
# Shares of the words whose state, and of those whose hints, training leaves out.
_STATE_DROPOUT, _CUE_DROPOUT = 0.1, 0.2
# Clauses that attention pads to one length.
_AT_ONCE = 48


class ContextHead(nn.Module):
    """Chooses an operation for each clause of a text, a number of it, and a window that it means.

    It reads the states that a text encoder gives to the words of each clause; the arithmetic is not learned. The
    encoder is frozen, but for low-rank additions that the head may have (`adapter`). The probabilities that choose are
    the geometric mean of its own and those of its `others`, if the configuration says so: heads of the same kind, each
    trained alone from another seed (deep ensembles, Lakshminarayanan et al. 2017).

    Args:
        config: of the forecaster.
        readers: heads in all; by default as many as the configuration says.
    """

    # Collected by the model around it, in which it has this name.
    _keep_in_fp32_modules_strict = ("context_head",)

    def __init__(self, config: TSFusionConfig, readers: int | None = None):
        super().__init__()
        size, maps = config.context_hidden_size, config.text_adapter_maps
        rank, dropout = config.text_adapter_rank, config.text_adapter_dropout
        self.adapter = None if maps is None else TextAdapter(maps, rank, dropout)
        self.dropout = config.context_dropout
        self.norm = nn.LayerNorm(config.text_hidden_size)
        self.words = nn.Linear(config.text_hidden_size, size)
        self.roles = nn.Embedding(_ROLES, size)
        self.word_cues = nn.Linear(WORD_CUES, size, bias=False) if config.context_cues else None
        self.layer = nn.TransformerEncoderLayer(
            size, config.context_heads, 2 * size, config.context_dropout, F.gelu, batch_first=True, norm_first=True
        )
        self.queries = nn.Linear(size, config.context_heads)
        self.cues = nn.Linear(_CLAUSE_CUES, size)
        self.clause = nn.Linear(config.context_heads * size, size)
        self.neighbors = nn.Linear(3 * size + _LINKS, size) if config.context_cues else None
        self.operation = nn.Linear(size, len(OPERATIONS))
        self.number_hidden, self.number = nn.Linear(2 * size, size), nn.Linear(size, 1)
        self.window_hidden, self.window = nn.Linear(3 * size + _WINDOW_CUES, size), nn.Linear(size, 1)
        readers = config.context_readers if readers is None else readers
        self.others = nn.ModuleList(ContextHead(config, 1) for _ in range(readers - 1))

    def readers(self) -> list["ContextHead"]:
        """The head itself, and its others."""
        return [self, *(other for other in self.others if isinstance(other, ContextHead))]

    def forward(
        self,
        states: Tensor,
        mask: Tensor,
        role: Tensor,
        word_cues: Tensor,
        clause_cues: Tensor,
        clause_links: Tensor,
        number_clause: Tensor,
        number_token: Tensor,
        window_clause: Tensor,
        window_owner: Tensor,
        window_token: Tensor,
        window_cues: Tensor,
        **kwargs,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of operations (clauses, operations), of numbers (numbers,) and of pairs (pairs,).

        Args:
            states: of the words of each clause, (clauses, words, text_hidden_size).
            mask: bool (clauses, words), True where there is a word.
            role: int64 (clauses, words), what a word is: 0 a word, others numbers, windows and days by their kind.
            word_cues: (clauses, words, kinds), 1 where a word hints at a kind; used where the configuration says so.
            clause_cues: (clauses, cues), as all that follow from `context_features`.
            clause_links: (clauses, 4), whether a clause has one before it, and one behind it, in its text, and whether
                these are of the same sentence.
            number_clause: int64 (numbers,).
            number_token: int64 (numbers,), the word of the clause that is the number.
            window_clause: int64 (pairs,).
            window_owner: int64 (pairs,), clauses that the windows stand in.
            window_token: int64 (pairs,), the word of that clause; -1 for the whole horizon.
            window_cues: (pairs, cues).
            kwargs: not used.
        """
        dtype = self.words.weight.dtype
        word_cues = word_cues.to(dtype)

        def kept(share: float) -> Tensor:
            return (torch.rand_like(word_cues[..., :1]) >= share * self.training).to(dtype)

        tokens = self.roles(role)
        # No rescaling: these are words that nobody has seen, or listed.
        tokens[mask] += self.words(self.norm(states[mask].to(dtype))) * kept(_STATE_DROPOUT)[mask]
        if self.word_cues is not None:
            tokens = tokens + self.word_cues(word_cues) * kept(_CUE_DROPOUT)
        tokens = F.dropout(tokens, self.dropout, self.training)
        tokens = self._with_others(tokens, mask)
        weights = self.queries(tokens).masked_fill(~mask[..., None], -torch.inf).softmax(1)
        pooled = (weights.transpose(1, 2) @ tokens).flatten(1)
        hidden = F.gelu(self.clause(pooled) + self.cues(clause_cues.to(dtype)))
        hidden = F.dropout(hidden, self.dropout, self.training)
        if self.neighbors is not None:
            # "Had it snowed, we would close": what stands around a clause may take it back.
            before, behind = hidden.roll(1, 0) * clause_links[:, :1], hidden.roll(-1, 0) * clause_links[:, 1:2]
            around = torch.cat((hidden, before, behind, clause_links), -1).to(dtype)
            hidden = hidden + F.dropout(F.gelu(self.neighbors(around)), self.dropout, self.training)
        number = torch.cat((tokens[number_clause, number_token], hidden[number_clause]), -1)
        named = tokens[window_owner, window_token.clamp(min=0)] * (window_token >= 0)[:, None]
        window = torch.cat((named, hidden[window_clause], hidden[window_owner], window_cues.to(dtype)), -1)
        return (
            self.operation(hidden),
            self.number(F.gelu(self.number_hidden(number))).squeeze(-1),
            self.window(F.gelu(self.window_hidden(window))).squeeze(-1),
        )

    def _with_others(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Words (clauses, words, size) in view of the others of their clause, clauses of similar lengths at once."""
        lengths, found = mask.sum(1), torch.zeros_like(tokens)
        for rows in lengths.argsort().split(_AT_ONCE):
            longest = int(lengths[rows[-1]])
            found[rows, :longest] = self.layer(tokens[rows, :longest], src_key_padding_mask=~mask[rows, :longest])
        return found


def within_groups(scores: Tensor, group: Tensor, groups: int) -> Tensor:
    """Logarithms of a softmax of scores (k,) within the groups (k,) that they belong to."""
    most = scores.new_full((groups,), -torch.inf).scatter_reduce(0, group, scores, "amax")
    shifted = scores - most[group]
    total = scores.new_zeros(groups).scatter_add(0, group, shifted.exp())
    return shifted - total.log()[group]


def possible(clause_cues: Tensor, number_clause: Tensor, number_form: Tensor) -> Tensor:
    """Operations whose operands a clause has, bool (clauses, operations).

    A share is a percentage or a factor ("a third"), a value a plain number.
    """
    values = torch.zeros(len(clause_cues), device=clause_cues.device)
    values = values.index_add(0, number_clause, (number_form == 0).float())
    shares = torch.zeros_like(values).index_add(0, number_clause, (number_form != 0).float())
    always = torch.ones_like(values, dtype=torch.bool)
    needs = dict.fromkeys(WITH_VALUE, values > 0) | dict.fromkeys(WITH_SHARE, shares > 0)
    needs |= {"times": (values > 0) | (shares > 0), "range": values > 1, "like_day": clause_cues[:, 5] > 0}
    return torch.stack([needs.get(name, always) for name in OPERATIONS], 1)


def with_states(context: Mapping[str, Any], encoded: Sequence["TokenStates"]) -> dict[str, Tensor]:
    """Inputs of the head: features of a text as tensors, with the states of the words of its clauses.

    Args:
        context: features from `processing.context_features`.
        encoded: states and places of the words of each of its `texts`, at least one.

    Returns:
        Also `states` (clauses, words, size), `mask` bool (clauses, words), `role` int64 of each word, `word_cues`
        (clauses, words, kinds), and the words of numbers and windows, `number_token` and `window_token` int64, -1 for
        the whole horizon.
    """
    states = pad_sequence([one.states for one in encoded], batch_first=True)
    places = pad_sequence([one.offsets for one in encoded], batch_first=True)
    length = torch.tensor([len(one.states) for one in encoded])
    mask = torch.arange(states.shape[1]) < length[:, None]
    # A clause without any word the tokenizer knows has one empty word.
    mask[:, :1] = True
    first, last = places.unbind(-1)
    role = torch.zeros_like(first)
    for clause, parts in enumerate(context["roles"]):
        for start, stop, kind in parts:
            role[clause][(first[clause] < stop) & (last[clause] > start) & mask[clause]] = kind

    arrays = {name: torch.as_tensor(values) for name, values in context.items() if hasattr(values, "dtype")}

    def within(clauses: Tensor, spans: Tensor) -> Tensor:
        """Words of each span of characters, bool (spans, words)."""
        return (first[clauses] < spans[:, 1:]) & (last[clauses] > spans[:, :1]) & mask[clauses]

    def words(clauses: Tensor, spans: Tensor) -> Tensor:
        """First word of each span of characters; -1 where there is none."""
        inside = within(clauses, spans)
        return torch.where(inside.any(1), inside.int().argmax(1), -1)

    word_cues = torch.zeros(*mask.shape, WORD_CUES)
    cue, place = within(arrays["cue_clause"], arrays["cue_place"]).nonzero(as_tuple=True)
    word_cues[arrays["cue_clause"][cue], place, arrays["cue_role"][cue]] = 1
    return arrays | {
        "states": states,
        "mask": mask,
        "role": role,
        "word_cues": word_cues,
        "number_token": words(arrays["number_clause"], arrays["number_place"]).clamp(min=0),
        "window_token": words(arrays["window_owner"], arrays["window_place"]),
    }


@dataclass(frozen=True)
class Reading:
    """Probabilities of the operations of each clause, and of its numbers and windows."""

    operations: Tensor
    numbers: Tensor
    windows: Tensor


def read_clauses(head: ContextHead, encoder: "FrozenTextEncoder", context: Mapping[str, Any]) -> Reading:
    """Probabilities that do not depend on the values of the history, the geometric mean of those of all readers.

    They do not sum to 1 where readers disagree: one that doubts weighs more than in an arithmetic mean.
    """
    device = next(head.parameters()).device
    found = []
    for reader in head.readers():
        inputs = with_states(context, encoder.states(list(context["texts"]), reader.adapter))
        tensors = {name: values.to(device) for name, values in inputs.items()}
        may = possible(tensors["clause_cues"], tensors["number_clause"], tensors["number_form"])
        operations, numbers, windows = (scores.float() for scores in reader(**tensors))
        found.append(
            (
                operations.masked_fill(~may, -torch.inf).softmax(-1),
                within_groups(numbers, tensors["number_clause"], len(may)).exp(),
                within_groups(windows, tensors["window_clause"], len(may)).exp(),
            )
        )
    return Reading(*(torch.stack(parts).log().mean(0).exp().cpu() for parts in zip(*found, strict=True)))


__all__ = [
    "WITH_SHARE",
    "WITH_VALUE",
    "ContextHead",
    "Reading",
    "possible",
    "read_clauses",
    "with_states",
    "within_groups",
]
