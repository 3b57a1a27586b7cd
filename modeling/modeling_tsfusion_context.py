"""Text in the TSFusion forecaster: a head that chooses operations on the forecast, clause by clause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from .configuration_tsfusion import OPERATIONS, TSFusionConfig
from .modeling_scaling import observed
from .modeling_text_adapter import TextAdapter
from .modeling_tsfusion_context_conflicts import (
    with_additions,
    without_contradictions,
    without_exceptions,
    without_replaced,
)
from .modeling_tsfusion_context_doubts import (
    contradicts,
    is_by_a_factor,
    is_by_a_share,
    is_from_to,
    is_just_flat,
    is_lower_by_a_factor,
    is_of_a_price,
    is_of_some_days,
    is_reached,
    is_replaced,
    is_set_to,
    may_exceed,
    plain_side,
    replaced_side,
    takes_a_share,
    why_unsure,
)
from .modeling_tsfusion_context_effects import ContextEffect, shares_of
from .modeling_tsfusion_context_senses import (
    begins_exception,
    is_addition,
    is_exception,
    is_of_a_cause,
    is_of_a_level,
    is_of_a_value,
    not_then,
    open_at,
)

if TYPE_CHECKING:
    from .modeling_text_encoder import FrozenTextEncoder, TokenStates

# Operations by the kind of number that they need; "times" takes any.
_WITH_VALUE = frozenset(("set", "plus", "minus", "cap", "floor", "range"))
_WITH_SHARE = frozenset(("rise", "cut", "ramp_up", "ramp_down"))
# What a ramp is where no word says that it takes its time.
_LEVELS = {"ramp_up": "rise", "ramp_down": "cut"}
# Kinds of words, of cues of a clause, and of cues of a pair of a clause and a window; see `context_features`.
_ROLES, _CLAUSE_CUES, _WINDOW_CUES, _LINKS = 16, 12, 8, 4
# Kinds of hints of single words, see `context_cues`.
WORD_CUES = 24
# Shares of the words whose state, and of those whose hints, training leaves out.
_STATE_DROPOUT, _CUE_DROPOUT = 0.1, 0.2
# Clauses that attention pads to one length.
_AT_ONCE = 48
# Factor beyond which a forecast is not multiplied, and the same for a plain number that may be a value of the series.
_LARGEST_FACTOR, _LARGEST_PLAIN_FACTOR = 100.0, 10.0
# Share of the largest size of a series up to which values on the other side of 0 count as noise or rounding of 0: a
# meter of the sun reads -0.4 at night and 800 at noon, and temperatures run from -8 to 31.
_NOISE = 0.05


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
    needs = dict.fromkeys(_WITH_VALUE, values > 0) | dict.fromkeys(_WITH_SHARE, shares > 0)
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
class _Reading:
    """Probabilities of the operations of each clause, and of its numbers and windows."""

    operations: Tensor
    numbers: Tensor
    windows: Tensor


def _read(head: ContextHead, encoder: "FrozenTextEncoder", context: Mapping[str, Any]) -> _Reading:
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
    return _Reading(*(torch.stack(parts).log().mean(0).exp().cpu() for parts in zip(*found, strict=True)))


def _operands(name: str, context: Mapping[str, Any], numbers: list[int]) -> tuple[tuple[float, ...], str]:
    """Values of the numbers of an operation, a range in rising order, and why they cannot be; "" where they can."""
    operands = tuple(sorted(float(context["number_value"][k]) for k in numbers))
    if name in ("minus", "cut", "ramp_down"):
        # "Minus 5 %".
        operands = (abs(operands[0]),)
    if name in ("cut", "ramp_down") and operands[0] > 1:
        return operands, f"{100 * operands[0]:g} % less is less than nothing"
    if operands[0] == (1 if name == "times" else 0) and name in (*_WITH_SHARE, "times", "plus", "minus"):
        return operands, "it says that nothing changes"
    low, high = (float(value) for value in context["value_range"])
    spread = max(high - low, 0.2 * max(abs(low), abs(high)))
    if name in _WITH_SHARE and high < 0:
        return operands, "a share more of values below 0 may be meant as higher or as lower; state the value"
    if name in _WITH_SHARE and min(-low, high) > _NOISE * max(-low, high):
        reason = "a share more may be meant as higher or as lower below 0, and the series runs from {:g} to {:g}"
        return operands, f"{reason.format(low, high)}; state the value"
    if name == "times" or name in _WITH_SHARE:
        if context["number_form"][numbers[0]] != 0 and context["number_reasons"][numbers[0]]:
            return operands, f"its number cannot be applied: {context['number_reasons'][numbers[0]]}"
        most = abs(operands[0])
        is_value = context["number_form"][numbers[0]] == 0 and low - spread <= most <= high + spread
        if most > (_LARGEST_PLAIN_FACTOR if is_value else _LARGEST_FACTOR):
            return operands, f"{most:g} is too large for a factor of a series from {low:g} to {high:g}"
        return operands, ""
    reason = next((context["number_reasons"][k] for k in numbers if context["number_reasons"][k]), "")
    if reason:
        return operands, f"its number cannot be of the series: {reason}"
    if name in ("cap", "range") and operands[-1] < low - spread:
        return operands, f"it would hold a series from {low:g} to {high:g} below {operands[-1]:g}"
    if name in ("floor", "range") and operands[0] > high + spread:
        return operands, f"it would hold a series from {low:g} to {high:g} above {operands[0]:g}"
    return operands, ""


def _runs(inside: Tensor, history: int) -> tuple[tuple[int, int], ...]:
    """Runs of steps, 0 the first of the horizon."""
    edges = F.pad(inside.int(), (1, 1)).diff().nonzero().flatten() - history
    return tuple((int(first), int(last)) for first, last in edges.view(-1, 2))


def _partial(share: Tensor, history: int) -> tuple[tuple[int, float], ...]:
    """Steps that are covered in part, 0 the first of the horizon, and the share of each."""
    places = ((share > 0) & (share < 1)).nonzero().flatten()
    return tuple(zip((places - history).tolist(), share[places].tolist(), strict=True))


@dataclass(frozen=True)
class _Choice:
    """What a clause states, before the values of the history are looked at: an effect, and its numbers.

    Args:
        effect: used or not.
        numbers: places of its numbers.
        is_of_series: whether the clause says something of the series, used or not, for one that goes on with it.
    """

    effect: ContextEffect
    numbers: tuple[int, ...] = ()
    is_of_series: bool = True


# What words of a clause say that may keep it from stating an effect; see `clause_cues` of `context_features`.
_HINTS = ("a condition", "a denial", "another place", "the past")


def _no_effect(context: Mapping[str, Any], clause: int) -> str:
    """Why a clause that states no operation is not used, as far as it can be told."""
    own = [k for k, owner in enumerate(context["window_owner"]) if owner == clause == context["window_clause"][k]]
    windows = dict.fromkeys(int(context["window_index"][k]) for k in own)
    told = []
    for window in windows:
        reason = context["window_reasons"][window] if window < len(context["window_reasons"]) else ""
        first, last = context["window_span"][window].tolist()
        told += [f"“{context['text'][first:last]}”: {reason}"] if reason else []
    if not told:
        told = [
            f"words of {hint}" for hint, cue in zip(_HINTS, context["clause_cues"][clause][8:], strict=False) if cue
        ]
    if context["clause_cut"][clause]:
        told.append("its end was not read")
    return "it states no effect on the series" + (f" ({'; '.join(told)})" if told else "")


def _operation(chances: Tensor, context: Mapping[str, Any], clause: int, threshold: float) -> tuple[str, float]:
    """The most probable operation of a clause.

    Where a bound is sure, and its side is not, the words at its number say it; plain ones always do ("stay below 90").
    What "climbs to 90" is set to it, and "6% up" is no ramp.
    """
    confidence, kind = (float(value) for value in chances.max(0))
    name = OPERATIONS[int(kind)]
    if name in ("cap", "floor"):
        own = [k for k, owner in enumerate(context["number_clause"]) if owner == clause and context["number_bound"][k]]
        side = plain_side(context, own[0]) if len(own) == 1 else 0
        if len(own) == 1 and (side or confidence < threshold):
            name = "cap" if context["number_bound"][own[0]] > 0 else "floor"
            confidence = float(chances[OPERATIONS.index("cap")] + chances[OPERATIONS.index("floor")])
    if name in _LEVELS and is_of_a_level(context["texts"][clause]):
        name = _LEVELS[name]
    own = [k for k, owner in enumerate(context["number_clause"]) if owner == clause]
    if len(own) == 1 and (is_set_to(context, own[0]) or is_of_a_value(context["texts"][clause])):
        values = float(chances[[OPERATIONS.index(one) for one in _WITH_VALUE]].sum())
        name, confidence = ("set", values) if name in _WITH_VALUE or values > confidence else (name, confidence)
    return name, confidence


def _numbers_of(
    reading: _Reading, context: Mapping[str, Any], clause: int, name: str
) -> tuple[str, tuple[int, ...], float]:
    """The operation, which two bounds make a range, its numbers and their probability."""
    if name not in (*_WITH_VALUE, *_WITH_SHARE, "times"):
        return name, (), 1.0
    own = (torch.as_tensor(context["number_clause"]) == clause).nonzero().flatten()
    form, bounds, values = (torch.as_tensor(context[f"number_{kind}"])[own] for kind in ("form", "bound", "value"))
    fits = form == 0 if name in _WITH_VALUE else form != 0 if name in _WITH_SHARE else form >= 0
    if len(own) > 1:
        # "One instead of two".
        fits = fits & torch.tensor([not is_replaced(context, int(k)) for k in own])
    best = own[(reading.numbers[own] * fits).topk(2 if name == "range" else 1).indices]
    if name == "range" and len({float(context["number_value"][k]) for k in best}) == 1:
        side = replaced_side(context["texts"][clause])
        if side:
            return side, (int(best[0]),), float(reading.numbers[best].sum())
    two = (bounds > 0).sum() == 1 == (bounds < 0).sum()
    if name in ("cap", "floor", "range") and two and values[bounds < 0] < values[bounds > 0]:
        # The words say which number bounds from below, and which from above.
        name, best = "range", own[bounds != 0]
    return name, tuple(best.tolist()), float(reading.numbers[best].sum())


def _window_chances(reading: _Reading, context: Mapping[str, Any], clause: int, pairs: Tensor) -> Tensor:
    """Probabilities of the windows of a clause, without those of later exceptions and of later sentences' effects."""
    owners = torch.as_tensor(context["window_owner"])[pairs]
    excepted = torch.tensor([owner > clause and is_exception(context["texts"][owner]) for owner in owners])
    sentence = (torch.as_tensor(context["clause_links"])[:, 2] == 0).cumsum(0)
    with_effect = sentence[reading.operations.argmax(1) != OPERATIONS.index("keep")]
    of_others = (sentence[owners] > sentence[clause]) & torch.isin(sentence[owners], with_effect)
    chances = reading.windows[pairs].masked_fill(of_others | excepted, 0)
    return chances / chances.sum().clamp(min=torch.finfo(chances.dtype).tiny)


def _of_same_times(chances: Tensor, shares: Tensor) -> Tensor:
    """Probabilities of windows, each with those of the others of the same steps: "on 8 March ... on that day"."""
    same = (shares[:, None] == shares).all(-1)
    return (same * chances).sum(1)


def _narrowest(place: int, chances: Tensor, ahead: Tensor, own: Tensor) -> int:
    """The most probable window of a clause within the one that was chosen: "in March we are closed on Mondays".

    Args:
        place: of the one that was chosen, which is that where it holds no other.
        chances: of each.
        ahead: share of each step of the horizon that lies in each.
        own: whether each stands in the clause, and is no time of a cause.
    """
    inside = own & (ahead > 0).any(1) & (ahead <= ahead[place]).all(1) & (ahead < ahead[place]).any(1)
    return int((chances * inside).argmax()) if own[place] and inside.any() else place


def _before_times(context: Mapping[str, Any], clause: int, windows: Sequence[int]) -> dict[int, str]:
    """The words of a clause, and of the next one, before each of some windows that stand in them."""
    starts, text = context["window_span"][:, 0].tolist(), context["text"]
    start, end = context["clause_span"][clause, 0], context["clause_span"][clause : clause + 2, 1].max()
    return {k: text[start : starts[k]] for k in windows if k < len(starts) - 1 and start < starts[k] < end}


def _choose_clause(reading: _Reading, context: Mapping[str, Any], clause: int, threshold: float) -> _Choice:
    """The most probable operation of a clause, its numbers and its window."""
    history, shares = int(context["history"]), torch.as_tensor(context["shares"])
    future, past = (shares[:, history:] > 0).any(1), (shares[:, :history] > 0).any(1)
    start, stop = context["clause_span"][clause].tolist()
    phrase = context["text"][start:stop]
    name, confidence = _operation(reading.operations[clause], context, clause, threshold)
    sure, reason = confidence, ""
    if name == "keep" or confidence < threshold:
        if name != "keep":
            reason = f"“{name.replace('_', ' ')}” has the probability {sure:.2f}, below {threshold:g}"
        reason = reason or _no_effect(context, clause)
        effect = ContextEffect("keep", phrase, (start, stop), (), "", (), -1, confidence, (), False, reason)
        # "Flat on Saturday, 10 % down on Sunday".
        words = context["texts"][clause]
        return _Choice(effect, is_of_series=name != "keep" or is_just_flat(words) or is_exception(words))
    name, numbers, share_of_numbers = _numbers_of(reading, context, clause, name)
    sure *= share_of_numbers
    if name == "times" and context["number_form"][numbers[0]] != 0 and context["number_value"][numbers[0]] < 0:
        # "Sales: -20%".
        name = "cut"
    # Those of ramps are what is reached in the end.
    if name in ("rise", "cut", "plus", "minus"):
        reached, of_usual = is_reached(context, numbers[0])
        if name in ("plus", "minus"):
            reason = "its number is the value that is reached, not the change; say “will be”" if reached else ""
        elif of_usual:
            name = "times"
        elif reached:
            reason = "it may be the share that is reached, or that of the change; say “by”, or “of the usual”"
    if name in ("rise", "cut", "plus", "minus") and is_by_a_factor(context, numbers[0]):
        if name in ("rise", "plus"):
            name = "times"
        else:
            reason = "it is said to be lower by a factor; say “a third of the usual”"
    if name == "times" and context["number_form"][numbers[0]] != 0 and takes_a_share(context, numbers[0]):
        name = "cut"
    if numbers and is_replaced(context, numbers[0]):
        reason = "another number stands instead of it"
    if name == "times" and is_lower_by_a_factor(context, numbers[0]):
        reason = "it is said to be lower by a factor; say “a third of the usual”"
    if name == "times" and is_by_a_share(context, numbers[0]):
        reason = "it may be what is left or what is lost; say “to”, or “by … lower”"
    if numbers and is_of_a_price(context, numbers[0]):
        reason = "it is a discount, and not a change of the series"
    elif numbers and contradicts(name, context, numbers[0]):
        reason = "the word at its number says the other direction"
    elif name == "range" and is_from_to(context["texts"][clause]):
        reason = "it says from which value to which it changes; state the one that it will be"
    elif name == "like_day" and int(context["day_length"]) == 0:
        reason = "a step of the series is longer than a day"
    elif context["another_quantity"][clause] and name != "ignore":
        reason = "it is of another quantity; say what that does to the series"
    elif context["about_another"][clause]:
        reason = "it names another series of the table; say what is of this one in a sentence of its own"
    reason = reason or why_unsure(name, phrase, context, clause)
    is_of_series = not reason or is_just_flat(context["texts"][clause])
    pairs = (torch.as_tensor(context["window_clause"]) == clause).nonzero().flatten()
    index = torch.as_tensor(context["window_index"])[pairs]
    right = (past if name == "ignore" else future)[index]
    chances = _window_chances(reading, context, clause, pairs)
    before = _before_times(context, clause, index.tolist())
    times_open = {k: how for k, words in before.items() if name == "zero" and (how := open_at(words))}
    others = [
        k
        for k, words in before.items()
        if not_then(words, context["text"][slice(*context["window_span"][k].tolist())])
    ]
    if times_open or others:
        chances = chances.masked_fill(torch.isin(index, torch.tensor([*times_open, *others])), 0)
        chances = chances / chances.sum().clamp(min=torch.finfo(chances.dtype).tiny)
    chances = _of_same_times(chances, shares[index])
    place = int((chances * (right if right.any() else 1)).argmax())
    share_of_time = float(chances[place])
    if name != "ignore":
        may = [not is_of_a_cause(before.get(int(k), "")) for k in index]
        own = (torch.as_tensor(context["window_owner"])[pairs] == clause) & torch.tensor(may)
        to_come = shares[index][:, history:]
        place = _narrowest(place, chances, to_come, own)
        if own[place]:
            # "On Monday 10 % more after 6 pm": the day stands for its evening.
            share_of_time = float(chances[own & (to_come >= to_come[place]).all(1)].sum())
    sure *= share_of_time
    if sure < threshold:
        what = f"“{name.replace('_', ' ')}” with its number and time"
        reason = f"{what} has the probability {sure:.2f}, below {threshold:g}"
        effect = ContextEffect("keep", phrase, (start, stop), (), "", (), -1, sure, (), False, reason)
        return _Choice(effect, is_of_series=is_of_series)
    window = int(index[place])
    is_whole = name != "ignore" and window == len(context["window_span"]) - 1
    if is_whole and context["clause_links"][clause, 2]:
        # "Closed from 1 to 7 July; admissions will be 40 % lower": not for the whole horizon.
        told = index[torch.as_tensor(context["window_owner"])[pairs] == clause - 1].tolist()
        ahead = [k for k in told if bool(future[k])]
        window = ahead[0] if len(ahead) == 1 else window
        if told and not ahead and all(context["window_reasons"][k] for k in told):
            reason = reason or f"the time before it is not known: {context['window_reasons'][told[0]]}"
    if name != "ignore" and window == len(context["window_span"]) - 1:
        if context["of_past"][clause]:
            reason = reason or "it tells of the past, and of no time to come; say “will”"
        elif is_of_some_days(phrase):
            reason = reason or "it says on what kind of days it is so, and not when these are"
    if not right.any():
        unknown = context["window_reasons"][window] if window < len(context["window_reasons"]) else ""
        part = "history" if name == "ignore" else "horizon"
        reason = reason or f"its time has no step in the {part}{f': {unknown}' if unknown else ''}"
    share = shares[window].clone()
    if name == "ignore":
        share[history:] = 0
        share = (share >= 0.5).to(share)
        if right.any() and not share.any():
            reason = reason or "its time covers less than half of any step of the history"
    else:
        share[:history] = 0
        for time, how in times_open.items():
            opened = shares[time] > 0
            share[opened.cumsum(0) > 0 if how == "again" else opened] = 0
        if times_open and not share.any():
            reason = reason or "its time is one at which it is open"
        exceeds = name in ("cap", "floor") and may_exceed(context, numbers[0])
        if exceeds and (name == "cap" or int((share > 0).sum()) > 1):
            reason = reason or "it may be exceeded once or all the time; say “stays above”"
        if name in _WITH_VALUE and share.any() and not (share == 1).any():
            reason = reason or "its time covers no whole step, and its number may be of that time or of a step"
    first, last = context["window_span"][window].tolist()
    effect = ContextEffect(
        operation=name,
        phrase=phrase,
        span=(start, stop),
        operands=(),
        when=context["text"][first:last],
        steps=_runs(share > 0, history),
        weekday=int(context["reference"][clause]) if name == "like_day" else -1,
        confidence=min(sure, 1.0),
        partial=_partial(share, history),
        applied=not reason,
        reason=reason,
    )
    return _Choice(effect, numbers, is_of_series)


def _held_to_subjects(choices: Sequence[_Choice], context: Mapping[str, Any]) -> list[_Choice]:
    """Choices without effects of clauses that go on with one which says nothing of the series."""
    kept: list[_Choice] = []
    for choice, goes_on in zip(choices, context["goes_on"], strict=True):
        if goes_on and not kept[-1].is_of_series:
            reason = choice.effect.reason or "what it goes on with states no effect on the series"
            choice = _Choice(replace(choice.effect, applied=False, reason=reason), choice.numbers, False)
        kept.append(choice)
    return kept


def _choices(
    head: ContextHead, encoder: "FrozenTextEncoder", context: Mapping[str, Any], threshold: float
) -> list[_Choice]:
    """What each clause of a text states, and a last one for what is left of a text that is too long."""
    if not context["texts"]:
        return []
    reading = _read(head, encoder, context)
    choices = [_choose_clause(reading, context, clause, threshold) for clause in range(len(context["texts"]))]
    choices = _held_to_subjects(choices, context)
    end = int(context["clause_span"][-1, 1])
    rest = context["text"][end:]
    if any(letter.isalnum() for letter in rest):
        reason = f"only the first {len(choices)} clauses of a text are read"
        span = (end, len(context["text"]))
        choices.append(_Choice(ContextEffect("keep", rest, span, (), "", (), -1, 1.0, (), False, reason)))
    return choices


def _time_of(clause: int, context: Mapping[str, Any]) -> frozenset[int] | None:
    """Steps of the horizon of the only time of a clause; None where it has none or several, or is taken back."""
    history = int(context["history"])
    of_condition, of_another = (context["clause_cues"][clause, column] for column in (8, 10))
    owners = (context["window_owner"] == clause) & (context["window_clause"] == clause)
    times = {
        tuple((context["shares"][k][history:] > 0).nonzero()[0].tolist())
        for k in context["window_index"][owners]
        if k < len(context["shares"]) - 1
    }
    taken_back = of_condition or of_another or context["about_another"][clause]
    return frozenset(times.pop()) if len(times) == 1 and not taken_back else None


def _exceptions(effects: Sequence[ContextEffect], context: Mapping[str, Any]) -> dict[int, frozenset[int]]:
    """Steps that each clause says to be as usual, or to have an effect of their own, by its place."""
    found = {}
    for clause, words in enumerate(context["texts"]):
        is_other = effects[clause].applied and not begins_exception(words)
        if not is_other and is_exception(words) and (time := _time_of(clause, context)) is not None:
            found[clause] = time
    return found


def _additions(effects: Sequence[ContextEffect], context: Mapping[str, Any]) -> dict[int, frozenset[int]]:
    """Steps of which each clause says the same as the one before, by its place."""
    found = {}
    for clause, words in enumerate(context["texts"]):
        is_one = not effects[clause].applied and is_addition(words)
        if is_one and (time := _time_of(clause, context)) is not None:
            found[clause] = time
    return found


@torch.no_grad()
def choose(
    head: ContextHead,
    encoder: "FrozenTextEncoder",
    context: Mapping[str, Any],
    threshold: float,
    choices: dict[int, list[_Choice]] | None = None,
) -> list[ContextEffect]:
    """What the clauses of a text state, each one in their order, used or not.

    The most probable operation of a clause is taken, with its most probable number and window, where the product of
    their probabilities reaches the threshold. Others are "keep" with the reason, and operations whose number or window
    cannot be have a reason too.

    Args:
        head: of the model.
        encoder: of the words.
        context: features of a text.
        threshold: between 0 and 1.
        choices: of contexts that share their `texts`, kept to read the text of many series once.
    """
    choices = {} if choices is None else choices
    key = id(context["texts"])
    if key not in choices:
        choices[key] = _choices(head, encoder, context, threshold)
    effects: list[ContextEffect] = []
    for choice in choices[key]:
        effect = choice.effect
        if choice.numbers:
            low, value = float(context["value_range"][0]), float(context["number_value"][choice.numbers[0]])
            if value < 0 and (effect.operation == "plus" or (effect.operation == "set" and low >= 0)):
                # "-6 each day", said of a series without values below 0.
                effect = replace(effect, operation="minus")
            operands, reason = _operands(effect.operation, context, list(choice.numbers))
            reason = effect.reason or reason
            effect = replace(effect, operands=operands, applied=not reason, reason=reason)
        effects.append(effect)
    effects = with_additions(effects, _additions(effects, context))
    effects = without_exceptions(effects, _exceptions(effects, context))
    return without_contradictions(without_replaced(effects))


def read_contexts(
    head: ContextHead,
    encoder: "FrozenTextEncoder",
    context: Sequence[Mapping[str, Any] | None],
    past_values: Tensor,
    past_observed_mask: Tensor | None,
    length: int,
    threshold: float,
) -> tuple[list[list[ContextEffect]], Tensor]:
    """Read the texts of a batch: what they do, and the mask of the values that are used, without those called faulty.

    Args:
        head: of the model.
        encoder: of the words.
        context: features of a text, or None, for each series: the batch times the channels, in this order.
        past_values: (batch, time, channels).
        past_observed_mask: same shape, or None.
        length: steps of the forecast.
        threshold: probability from which on an operation is chosen.

    Raises:
        ValueError: for contexts of another number or horizon.
    """
    batch, time, channels = past_values.shape
    if len(context) != batch * channels:
        raise ValueError(
            f"{len(context)} contexts for past_values of shape {tuple(past_values.shape)}; give one, or None, for "
            "each channel of each sample."
        )
    known = observed(past_values, past_observed_mask).clone()
    found: list[list[ContextEffect]] = []
    choices: dict[int, list[_Choice]] = {}
    for row, features in enumerate(context):
        found.append([])
        if features is None:
            continue
        ahead = len(features["weekday"]) - int(features["history"])
        if ahead != length:
            raise ValueError(f"context {row} was prepared for {ahead} steps ahead; the forecast has {length}.")
        shown = known[row // channels, :, row % channels]
        for effect in choose(head, encoder, features, threshold, choices):
            if effect.operation == "ignore" and effect.applied:
                left = shown & (shares_of(effect, time, 0, shown.device) == 0)
                if left.any():
                    shown.copy_(left)
                else:
                    reason = "nothing would be left of the history"
                    effect = replace(effect, applied=False, reason=reason)
            found[-1].append(effect)
    return found, known


__all__ = [
    "ContextHead",
    "choose",
    "possible",
    "read_contexts",
    "with_states",
    "within_groups",
]
