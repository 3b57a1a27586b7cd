"""Effects of covariates on each series, learned from its own history: a sparse Bayesian regression in closed form.

The target is modeled as a level, a trend, a season, noise, and the sum of the effects. The experts forecast all but
the effects, so the regression removes the rest from both sides: the target and every column pass the same filter,
which whitens the noise, lose their means by season, and are fitted beside a level and a trend. Two random walks have
nothing in common after that, and a covariate that only repeats the season is left to the season.

Each covariate may act linearly, with a bend (saturation), in proportion to the level of the series, or one step
later. These columns are picked one at a time by forward selection on the Gram matrix, each coefficient with a normal
prior worth one observation. The effect is the mean over all noise models and all numbers of columns, none included,
weighed by their marginal likelihood (MacKay 1992): a covariate that explains nothing has no effect. A ridge regression
on all columns, its strength by leave-one-out, loses more wherever few of many columns matter.
"""

import math
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from .modeling_tsfusion_series import Histories, align, at, fill_gaps, find_periods, find_season, line_fit, mean_over

# Filters in a row that make the errors of a noise model: e_t = u_t - a u_(t-1) + b e_(t-1) for each (a, b).
_Noise = tuple[tuple[float, float], ...]
_NOISES: tuple[_Noise, ...] = (
    # White, autoregressive, a random walk, and random walks in more and less noise.
    ((0.0, 0.0),),
    ((0.6, 0.0),),
    ((1.0, 0.0),),
    ((1.0, 0.9),),
    ((1.0, 0.6),),
    # A random walk whose drift walks too.
    ((1.0, 0.9), (1.0, 0.6)),
    ((1.0, 0.6), (1.0, 0.0)),
)
# Of many columns, these are left by a first selection under one noise model.
_MOST_SCREENED = 16
_SCREENING: _Noise = ((1.0, 0.6),)
_MOST_PICKED = 8
# Of more features than this, only the plain values take part.
_MOST_SHAPED = 16
# Quantiles of the history at which an effect may bend.
_BENDS = (0.25, 0.5, 0.75)
# Columns of a feature: see `_columns`.
_SHAPES = 4 + 2 * len(_BENDS)
# Prior log odds against a column: any one, and more for a bend, for growth with the level, for a step later, and, over
# the squared degrees of freedom, for a short history, in which one of the columns fits by chance.
_AGAINST, _BEND, _WITH_LEVEL, _LATER, _FEW = 0.25, 0.5, 2.0, 2.0, 200.0
# Shares of the range of the history by which a line, and a bend, go on beyond it.
_REACH, _BEND_REACH = 0.5, 0.1
# Earlier times at which the continuation of a feature is tried, and fewest cycles of a season whose phase they keep.
_TRIED, _FEWEST_CYCLES = 32, 16
# Values in the columns of one pass, which bounds its memory.
_VALUES_A_PASS = 2**17
_TINY = 1e-12


@dataclass
class CovariateEffects:
    """Effects of covariates in units of the target, 0 where each covariate has its median of the history.

    Args:
        past: their sum in the history, (series, time); 0 outside of the steps that the experts see.
        future: of each feature in the horizon, (series, steps, features).
        variance: of their sum in the horizon, for what is not known of the coefficients, (series, steps).
        surprises: what the features without a future may add to it, (series, steps, samples), see `_surprises`.
        shares: of each feature in these, (series, features); they add up to 1, or are 0 where nothing is added.
    """

    past: Tensor
    future: Tensor
    variance: Tensor
    surprises: Tensor
    shares: Tensor


def check_covariates(
    past: Tensor | None, future: Tensor | None, batch: int, size: int, length: int
) -> tuple[Tensor, Tensor]:
    """Past and future covariates in float64.

    Raises:
        ValueError: for future covariates without past ones, shapes that do not fit the history or the horizon, a value
            that is missing in the horizon, or an infinity.
    """
    if past is None:
        raise ValueError("future_covariates is given without past_covariates; give their history too.")
    if past.ndim != 3 or past.shape[:2] != (batch, size):
        raise ValueError(
            f"past_covariates has shape {tuple(past.shape)}; give {(batch, size)}, as past_values has, and features."
        )
    if future is None:
        future = past.new_zeros(batch, length, 0)
    if future.ndim != 3 or future.shape[:2] != (batch, length) or future.shape[2] > past.shape[2]:
        raise ValueError(
            f"future_covariates has shape {tuple(future.shape)}; give {(batch, length)} and at most the "
            f"{past.shape[2]} features of past_covariates, the first ones."
        )
    missing = future.isnan().nonzero()
    if len(missing) > 0:
        row, step, feature = missing[0].tolist()
        raise ValueError(
            f"future_covariates is missing in row {row} at step {step}, feature {feature}; give every value of the "
            "horizon, or none of the feature, after the features that are known."
        )
    for name, values in (("past_covariates", past), ("future_covariates", future)):
        if values.isinf().any():
            raise ValueError(f"{name} holds an infinity; correct the value.")
    return past.double(), future.double()


def _filled(values: Tensor) -> Tensor:
    """Missing values over the last axis interpolated, the nearest one at the ends; 0 where all are missing."""
    seen = ~values.isnan()
    if seen.all():
        return values
    flat, known = values.nan_to_num().flatten(0, 1), (seen | ~seen.any(-1, keepdim=True)).flatten(0, 1)
    length = torch.full((len(flat),), flat.shape[1], device=flat.device)
    return fill_gaps(flat, known.to(flat.dtype), length).view_as(values)


def _gathered(values: Tensor, index: Tensor) -> Tensor:
    """Values (rows, features, time) at an index (rows, k), held to what exists."""
    index = index.clamp(0, values.shape[-1] - 1)
    return values.gather(2, index[:, None].expand(-1, values.shape[1], -1))


def _continued(values: Tensor, history: Tensor, valid: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Values (rows, features, time) and `steps` more, which return to the median as an autoregression does.

    Also the share of the distance from the median that is kept from step to step, (rows, features, 1).

    Args:
        values: without gaps.
        history: what the series sees of them, (rows, features, kept).
        valid: where it does, boolean (rows, 1, kept).
        steps: to go on.
    """
    median = torch.where(valid, history, torch.nan).nanmedian(-1, keepdim=True).values
    rest = torch.where(valid, history - median, 0.0)
    energy = rest.square().sum(-1, keepdim=True).clamp(min=_TINY)
    kept = ((rest[..., 1:] * rest[..., :-1]).sum(-1, keepdim=True) / energy).clamp(0, 1)
    ahead = torch.arange(1, steps + 1, device=values.device)
    return torch.cat((values, median + (values[..., -1:] - median) * kept**ahead), -1), kept


def _surprises(effects: Tensor, kept: Tensor, length: Tensor, gap: Tensor, periods: Tensor, steps: int) -> Tensor:
    """Errors that the same continuation of features would have made at earlier times, in the sum of their effects.

    The times are of the phase of the step that is forecast, in a season that the history shows often enough, and
    spread evenly over the history; of a short one, they repeat.

    Args:
        effects: in the history, 0 at the median of each feature, (rows, features, time).
        kept: by the continuation from step to step, (rows, features, 1).
        length: of each history, int64 (rows, 1).
        gap: steps between its end and the first one that is forecast, int64 (rows, 1).
        periods: of two seasons, int64 (rows, 2).
        steps: to go on.

    Returns:
        (rows, steps, 32).
    """
    period = torch.where(_FEWEST_CYCLES * periods <= length, periods, 1).amax(1, keepdim=True)
    cycles = length // period
    cycle = torch.arange(_TRIED, device=effects.device) * cycles // _TRIED
    ahead = torch.arange(1, steps + 1, device=effects.device)
    latest = length - 1 - (-(gap + ahead)).remainder(period)
    now = (latest[..., None] - (cycle * period)[:, None]).clamp(min=0)
    before = now - ahead[:, None]
    total = effects.sum(1).gather(1, now.flatten(1)).view(now.shape)
    for feature, share in zip(effects.unbind(1), kept.unbind(1), strict=True):
        start = feature.gather(1, before.clamp(min=0).flatten(1)).view(now.shape)
        total = total - (share**ahead)[..., None] * torch.where(before >= 0, start, 0.0)
    return total


def _base(histories: Histories, periods: Tensor, steps: Tensor) -> Tensor:
    """Line and season over history and horizon, about their mean and in units of their deviation, (rows, time)."""
    x, length = histories.values, histories.length
    time = torch.arange(x.shape[1], device=x.device)
    valid = (time < length[:, None]).float()
    season, share = find_season(x, histories.observed, length, periods[:, :1], grows=False)
    start, slope = line_fit(x, valid)
    past = start + slope * time + share
    ahead = start + slope * (length[:, None] - 1 + steps) + season.at_steps(steps)
    mean = mean_over(past, valid)
    deviation = mean_over((past - mean).square(), valid).sqrt().clamp(min=1e-3)
    return ((torch.cat((past, ahead), 1) - mean) / deviation).clamp(-4, 4).double()


def _is_line(values: Tensor, valid: Tensor) -> Tensor:
    """Whether a line over time explains all but 1 % of the variance, boolean (rows, features, 1)."""
    flat = torch.where(valid, values, 0.0).flatten(0, 1)
    weight = valid.expand_as(values).flatten(0, 1).to(flat.dtype)
    start, slope = line_fit(flat, weight)
    line = start + slope * torch.arange(flat.shape[1], device=flat.device)
    about_line, about_mean = (
        mean_over((flat - center).square(), weight) for center in (line, mean_over(flat, weight))
    )
    return (about_line < 0.01 * about_mean).unflatten(0, values.shape[:2])


def _columns(now: Tensor, before: Tensor, base: Tensor, valid: Tensor) -> tuple[Tensor, list[float]]:
    """Columns by which each feature may act.

    Values are held to some of the range of the history beyond it: a price never seen has about the effect of the
    nearest one seen. Values far outside of the usual range, such as typing errors, act by a column of their own. A
    constant, and a line over time, which nothing tells from the trend, do not act at all.

    Args:
        now: the features, (rows, features, time), the steps of the history first.
        before: the same a step before.
        base: (rows, time), see `_base`.
        valid: where the history is, boolean (rows, 1, time).

    Returns:
        Columns (rows, features, columns, time), 0 at the median of the history, and the prior log odds against each.
    """
    history = torch.where(valid, now, torch.nan)
    levels = torch.tensor((0.0, 0.05, 0.5, 0.95, 1.0, *_BENDS), dtype=now.dtype, device=now.device)
    quantiles = history.nanquantile(levels, -1, keepdim=True).nan_to_num()
    median = quantiles[2]
    count = valid.sum(-1, keepdim=True).clamp(min=1)
    scale = (torch.where(valid, now - median, 0.0).square().sum(-1, keepdim=True) / count).sqrt()
    varies = scale > 1e-9 * torch.where(valid, now.abs(), 0.0).amax(-1, keepdim=True)
    varies = varies & ~_is_line(now, valid)
    scale = torch.where(varies, scale, torch.inf)
    low, usual_low, _, usual_high, high, *bends = (quantiles - median) / scale
    now, before = (now - median) / scale, (before - median) / scale

    # An event so rare that the usual range is a point is not unusual.
    usual = usual_high - usual_low
    margin = torch.where(usual > 0, usual, torch.inf)
    least, most = usual_low - margin, usual_high + margin
    reach = _REACH * (high - low)
    least, most = torch.maximum(low - reach, least), torch.minimum(high + reach, most)
    plain = now.clamp(least, most)
    columns, against = [plain], [0.0]
    if now.shape[1] <= _MOST_SHAPED:
        reach = _BEND_REACH * (high - low)
        bent = plain.clamp(low - reach, high + reach)
        for bend in bends:
            columns += [
                (bent - bend).clamp(min=0) - (-bend).clamp(min=0),
                (bend - bent).clamp(min=0) - bend.clamp(min=0),
            ]
        columns += [now.clamp(low, high) - plain.clamp(low, high), plain * base[:, None], before.clamp(least, most)]
        against += [*[_BEND] * (2 * len(bends)), 0.0, _WITH_LEVEL, _LATER]
    # A feature among many needs more evidence.
    return torch.stack(columns, 2), [_AGAINST + math.log(now.shape[1]) + more for more in against]


def _whiten(values: Tensor, noise: _Noise) -> Tensor:
    """The errors of a noise model over the last axis; its recursions by doubling."""

    def added(values: Tensor, steps: int, factor: float) -> Tensor:
        out = values.clone()
        out[..., steps:].add_(values[..., :-steps], alpha=factor)
        return out

    for kept, recursion in noise:
        values = added(values, 1, -kept)
        steps = 1
        while steps < values.shape[-1] and recursion > 1e-9:
            values = added(values, steps, recursion)
            steps, recursion = 2 * steps, recursion**2
    return values


def _without_season(values: Tensor, weight: Tensor, period: Tensor) -> Tensor:
    """Columns (rows, columns, time) less their means by phase, 0 where there is no weight (rows, 1, time)."""
    values = values * weight
    if (period <= 1).all():
        return values
    phase = torch.arange(values.shape[-1], device=values.device) % period[:, None, None]
    phases = int(period.max())
    total = weight.new_zeros(len(weight), 1, phases).scatter_add(2, phase, weight)
    share = (period > 1)[:, None, None] / total.clamp(min=1)
    index = phase.expand_as(values)
    means = values.new_zeros(*values.shape[:2], phases).scatter_add(2, index, values) * share
    return values - means.gather(2, index) * weight


@dataclass
class _Evidence:
    """Gram matrices of columns and target, the target last, without level and trend.

    Args:
        gram: (rows, noises, size, size).
        usable: columns of which something is left, boolean (rows, noises, columns).
        start: log marginal likelihood without any column, up to a constant, (rows, noises, 1).
        freedom: observations less those that level, trend and season take, (rows, 1, 1).
        floor: least unexplained energy of the target, (rows, noises, 1).
    """

    gram: Tensor
    usable: Tensor
    start: Tensor
    freedom: Tensor
    floor: Tensor


def _evidence(design: Tensor, weight: Tensor, periods: Tensor, noises: tuple[_Noise, ...]) -> _Evidence:
    """Evidence of level, trend, columns and target (rows, size, time), observed where weight (rows, 1, time) is 1."""
    grams = []
    for noise in noises:
        rest = _whiten(design, noise)
        for period in periods.unbind(1):
            rest = _without_season(rest, weight, period)
        grams.append(rest @ rest.transpose(1, 2))
    gram = torch.stack(grams, 1)
    energy = gram.diagonal(dim1=-2, dim2=-1)[..., 2:]
    fixed, shared = gram[..., :2, :2], gram[..., :2, 2:]
    fixed = fixed + torch.diag_embed(1e-9 * fixed.diagonal(dim1=-2, dim2=-1) + _TINY)
    root = torch.linalg.cholesky_ex(fixed).L
    shared = torch.linalg.solve_triangular(root, shared, upper=False)
    gram = gram[..., 2:, 2:] - shared.transpose(-1, -2) @ shared
    usable = gram.diagonal(dim1=-2, dim2=-1) > 1e-6 * energy + 1e-8
    taken = torch.where(periods > 1, periods, 0).sum(1) + 2
    freedom = (weight.sum((1, 2)) - taken).clamp(min=1)[:, None, None]
    floor = 1e-9 * energy[..., -1:] + _TINY
    start = -freedom / 2 * gram[..., -1, -1, None].clamp(min=floor).log()
    start = start - root.diagonal(dim1=-2, dim2=-1).log().sum(-1, keepdim=True)
    return _Evidence(gram, usable[..., :-1], start, freedom, floor)


@dataclass
class _Path:
    """Models of a forward selection; the k-th holds the first k columns that were picked.

    Args:
        evidence: log marginal likelihood, (rows, noises, picks + 1); -inf from where no column was left.
        picks: int64 (rows, noises, picks).
        triangle: of the Cholesky decomposition of the picked columns, upper, (rows, noises, picks, picks).
        scores: the target in its terms, (rows, noises, picks).
        residual: mean square that the largest model leaves, (rows, noises, 1).
    """

    evidence: Tensor
    picks: Tensor
    triangle: Tensor
    scores: Tensor
    residual: Tensor


def _select(given: _Evidence, count: Tensor, against: Tensor, most: int) -> _Path:
    """Pick the column of the largest marginal likelihood repeatedly, by pivoted Cholesky decomposition.

    Args:
        given: of the columns and the target.
        count: observations, (rows, 1, 1).
        against: prior log odds against each column, (rows, 1, columns).
        most: columns to pick.
    """
    gram, floor = given.gram, given.floor
    size = gram.shape[-1]
    # Diagonal, and row of the target, of the unexplained part.
    left, target = gram.diagonal(dim1=-2, dim2=-1).clone(), gram[..., -1, :]
    usable = given.usable
    against = against + _FEW / given.freedom.square()
    # The prior is worth one observation.
    prior = left[..., :-1] / count + _TINY
    left[..., :-1] += prior
    rows: list[Tensor] = []
    picks: list[Tensor] = []
    evidence = [given.start]
    for _ in range(min(most, size - 1)):
        unexplained = left[..., -1:].clamp(min=floor)
        after = (unexplained - target[..., :-1].square() / left[..., :-1]).clamp(min=floor)
        gains = given.freedom / 2 * (unexplained / after).log() - (left[..., :-1] / prior).log() / 2 - against
        gain, pick = gains.masked_fill(~usable, -torch.inf).max(-1, keepdim=True)
        usable = usable.scatter(-1, pick, False)
        row = gram.gather(-2, pick[..., None].expand(-1, -1, -1, size)).squeeze(-2)
        for earlier in rows:
            row = row - earlier.gather(-1, pick) * earlier
        pivot = left.gather(-1, pick)
        # Where no column is left, nothing changes.
        row = row.scatter(-1, pick, pivot) / pivot.sqrt() * (gain > -torch.inf)
        left = (left - row.square()).clamp(min=_TINY)
        target = target - row[..., -1:] * row
        rows.append(row)
        picks.append(pick)
        evidence.append(gain)
    pick, row = torch.cat(picks, -1), torch.stack(rows, -2)
    triangle = row.gather(-1, pick[..., None, :].expand(-1, -1, len(rows), -1)).triu()
    empty = torch.diag_embed((triangle.diagonal(dim1=-2, dim2=-1) == 0).to(gram.dtype))
    residual = left[..., -1:].clamp(min=floor) / given.freedom
    return _Path(torch.cat(evidence, -1).cumsum(-1), pick, triangle + empty, row[..., -1], residual)


def _average(path: _Path, columns: int) -> tuple[Tensor, Tensor]:
    """Means of the coefficients over all models, (rows, columns), and factors of their covariance.

    The covariance (rows, columns, factors) is that of the errors of a model, and of its being the right one.
    """
    weights = path.evidence.flatten(1).softmax(-1).view_as(path.evidence)
    # Weight of the models that hold the k-th pick.
    share = weights.flip(-1).cumsum(-1).flip(-1)[..., 1:]
    total = weights.sum(-1, keepdim=True)
    identity = torch.eye(share.shape[-1], dtype=share.dtype, device=share.device).expand_as(path.triangle)
    inverse = torch.linalg.solve_triangular(path.triangle, identity, upper=True)
    place = path.picks[..., None].expand_as(inverse)
    inverse = inverse.new_zeros(*share.shape[:2], columns, share.shape[-1]).scatter_add(2, place, inverse)
    coefficients = (inverse @ (share * path.scores)[..., None]).squeeze(-1).sum(1)
    variance = share * path.residual + share * (total - share).clamp(min=0) * path.scores.square()
    factors = inverse * variance.sqrt()[..., None, :]
    return coefficients, factors.transpose(1, 2).flatten(2)


def _coefficients(
    histories: Histories, periods: Tensor, columns: Tensor, against: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Picked columns, int64 (rows, picks), their coefficients, and factors of the covariance of these.

    Args:
        histories: the targets.
        periods: of two seasons, int64 (rows, 2), 1 where there is none.
        columns: in the history, (rows, columns, time).
        against: prior log odds against each, (columns,).
    """
    values, length = histories.values.double()[:, None], histories.length
    rows, count, size = columns.shape
    time = torch.arange(size, device=values.device)
    valid, observed = (time < length[:, None])[:, None], histories.observed.double()[:, None]
    trend = ((time + 1) / length.clamp(min=1)[:, None]).double()[:, None]
    design = torch.cat((torch.ones_like(trend), trend, columns, values), 1)
    if (valid & (observed == 0)).any():
        # Gaps of the target are interpolated, and those steps of the other columns in the same way.
        each = design.shape[1]
        known = observed.expand_as(design).flatten(0, 1)
        design = fill_gaps(design.flatten(0, 1), known, length.repeat_interleave(each)).view_as(design)
    design = torch.where(valid, design, 0.0)
    periods = torch.where(2 * periods <= length[:, None], periods, 1)
    observations = observed.sum(-1, keepdim=True).clamp(min=1)
    against = against.expand(rows, 1, -1)
    picks = torch.arange(count, device=values.device).expand(rows, -1)
    if count > _MOST_SCREENED:
        screened = _evidence(design, observed, periods, (_SCREENING,))
        picks = _select(screened, observations, against, _MOST_SCREENED).picks.squeeze(1)
        chosen = _picked(design[:, 2:-1], picks)
        design, against = torch.cat((design[:, :2], chosen, design[:, -1:]), 1), against.gather(2, picks[:, None])
    path = _select(_evidence(design, observed, periods, _NOISES), observations, against, _MOST_PICKED)
    return picks, *_average(path, picks.shape[1])


def _picked(columns: Tensor, picks: Tensor) -> Tensor:
    """Columns (rows, columns, time) at picks (rows, k)."""
    return columns.gather(1, picks[..., None].expand(-1, -1, columns.shape[-1]))


def _of_rows(
    values: Tensor, mask: Tensor, periods: Tensor, past: Tensor, future: Tensor, context_length: int
) -> CovariateEffects:
    """Effects in some series, one a row, with its covariates as (rows, features, time)."""
    rows, size = values.shape
    known, steps = future.shape[1:]
    device = values.device
    histories = align(values, mask, context_length)
    periods = find_periods(histories, periods)
    length, kept = histories.length[:, None], histories.values.shape[1]
    last = torch.where(mask, torch.arange(size, device=device), -1).amax(1, keepdim=True)
    start = last + 1 - length
    ahead = torch.arange(steps, device=device).expand(rows, -1)
    index = torch.cat((start + torch.arange(kept, device=device), size + ahead), 1)
    valid = torch.nn.functional.pad(torch.arange(kept, device=device) < length, (0, steps))[:, None]

    axis = _filled(torch.cat((past[:, :known], future), 2))
    if known < past.shape[1]:
        alone = _filled(past[:, known:])
        alone, share = _continued(alone, _gathered(alone, index[:, :kept]), valid[..., :kept], steps)
        axis = torch.cat((axis, alone), 1)
    base = _base(histories, periods, histories.gap[:, None] + 1 + ahead)
    columns, against = _columns(_gathered(axis, index), _gathered(axis, index - 1), base, valid)
    features, shapes = columns.shape[1:3]
    columns = columns.flatten(1, 2)
    odds = torch.tensor(against * features, dtype=columns.dtype, device=device)
    picks, coefficients, factors = _coefficients(histories, periods, columns[..., :kept], odds)

    columns = _picked(columns, picks)
    owner = torch.nn.functional.one_hot(picks // shapes, features).to(columns.dtype)
    effects = owner.transpose(1, 2) @ (columns * coefficients[..., None]) * histories.scale[:, None, None]
    place = torch.arange(size, device=device) - start
    inside = (place >= 0) & (place < length)
    variance = (columns[..., kept:].transpose(1, 2) @ factors).square().sum(-1)
    surprises, shares = effects.new_zeros(rows, steps, 0), effects.new_zeros(rows, features)
    if known < features:
        shown = torch.where(valid[..., :kept], effects[:, known:, :kept], 0.0)
        surprises = _surprises(shown, share, length, histories.gap[:, None], periods, steps)
        moved = shown.abs().sum(-1)
        shares[:, known:] = moved / moved.sum(1, keepdim=True).clamp(min=_TINY)
    return CovariateEffects(
        past=torch.where(inside, at(effects[..., :kept].sum(1), place), 0.0),
        future=effects[..., kept:].transpose(1, 2),
        variance=variance * histories.scale.square()[:, None],
        surprises=surprises,
        shares=shares,
    )


@torch.no_grad()
def covariate_effects(
    values: Tensor, mask: Tensor, periods: Tensor, past: Tensor, future: Tensor, context_length: int
) -> CovariateEffects:
    """Effects of covariates on series, each learned from its own history.

    Args:
        values: (series, time), anything where the mask is False.
        mask: boolean, same shape.
        periods: of two seasons, int64 (series, 2), 0 where one is to be found.
        past: float64 covariates (batch, time, features), NaN where missing; series are the batch times the channels.
        future: float64 (batch, steps, known), of the first of the features. The others explain the history, and
            go on as they did in the history: they return to their median, and may leave it again.
        context_length: most steps of a history.
    """
    series, size = values.shape
    features = past.shape[2]
    # A power of two changes no digit, and keeps squares from over- and underflow.
    largest = past.nan_to_num().abs().amax(1, keepdim=True)
    factor = torch.exp2(-torch.frexp(largest).exponent.double().clamp(-1000, 1000))
    past, future = (past * factor).transpose(1, 2), (future * factor[..., : future.shape[2]]).transpose(1, 2)
    if features == 0:
        none = torch.zeros_like(values, dtype=torch.float64)
        steps = future.shape[2]
        return CovariateEffects(
            past=none,
            future=none.new_zeros(series, steps, 0),
            variance=none.new_zeros(series, steps),
            surprises=none.new_zeros(series, steps, 0),
            shares=none.new_zeros(series, 0),
        )
    owner = torch.arange(series, device=values.device) // (series // len(past))
    shapes = _SHAPES if features <= _MOST_SHAPED else 1
    width = max(1, _VALUES_A_PASS // (min(size, context_length) * features * shapes))
    parts = [
        _of_rows(values[rows], mask[rows], periods[rows], past[owner[rows]], future[owner[rows]], context_length)
        for rows in torch.arange(series, device=values.device).split(width)
    ]
    return CovariateEffects(
        *(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(CovariateEffects))
    )


__all__ = ["CovariateEffects", "check_covariates", "covariate_effects"]
