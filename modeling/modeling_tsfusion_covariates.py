"""Effects of covariates on each series, learned from its own history: a sparse Bayesian regression in closed form.

The target is y = level + trend + season + sum of effects + noise. Level, trend, season and noise are what the experts
forecast, so the regression takes them out of both sides: y and every column pass the same filters, which whiten the
noise (white, autoregressive, a random walk, a random walk in noise), lose the means by season, and are fitted together
with a line. Two random walks have nothing in common after that, and a covariate that only repeats the season is left
to the season.

Columns are chosen one at a time (forward selection by pivoted Cholesky decomposition of the Gram matrix), each under
a normal prior worth one observation. The effect is the mean over all filters and all sizes of the model, none
included, weighed by their marginal likelihood: what explains nothing has no effect.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .modeling_tsfusion_series import (
    Histories,
    align,
    at,
    fill_gaps,
    find_periods,
    find_season,
    line_fit,
    mean_over,
)

# Noise models: e_t = u_t - a u_(t-1) + b e_(t-1) is white for (a, b). Autoregressive, then random walks in noise.
_NOISES = (
    ((0.0, 0.0),),
    ((0.4, 0.0),),
    ((0.75, 0.0),),
    ((1.0, 0.0),),
    ((1.0, 0.95),),
    ((1.0, 0.85),),
    ((1.0, 0.6),),
    ((1.0, 0.9), (1.0, 0.6)),
    ((1.0, 0.6), (1.0, 0.0)),
)
# The one that a first choice is made under where there are many columns, and how many are left then.
_SCREENING = ((1.0, 0.6),)
_MOST_SCREENED = 16
# Variance of the prior of a coefficient, in what one observation tells.
_PRIOR = 1.0
# Columns that are always in the model: level and trend.
_FIXED = 2
# Columns that may be chosen beyond the level and the trend.
_MOST_CHOSEN = 8
# Values in the columns of one pass, which bounds its memory.
_VALUES_A_PASS = 2**17
# More features than this take part by their plain values alone.
_MOST_SHAPED = 16
# Prior log odds against a column: any; a bend; beyond the usual range; growing with the level; one step later.
_AGAINST, _BEND, _BEYOND, _WITH_LEVEL, _LATER = 0.5, 0.5, 2.0, 2.0, 2.0
_BENDS = (0.25, 0.5, 0.75)
_TINY = 1e-12


@dataclass
class CovariateEffects:
    """Effects of covariates, in units of the target, 0 where each has its median of the history.

    Args:
        past: what to subtract from the history, (series, time).
        future: what to add to the forecast, (series, steps, features).
        variance: of the sum of the future effects, (series, steps).
    """

    past: Tensor
    future: Tensor
    variance: Tensor


def check_covariates(
    past: Tensor | None, future: Tensor | None, batch: int, size: int, length: int
) -> tuple[Tensor, Tensor]:
    """Past and future covariates in float64, or the error that says what is wrong with them."""
    if past is None:
        raise ValueError("future_covariates is given without past_covariates; give their history too.")
    if past.ndim != 3 or past.shape[:2] != (batch, size):
        raise ValueError(
            f"past_covariates has shape {tuple(past.shape)}; give ({batch}, {size}, features), as past_values has."
        )
    if future is None:
        future = past.new_zeros(batch, length, 0)
    if future.ndim != 3 or future.shape[:2] != (batch, length) or future.shape[2] > past.shape[2]:
        raise ValueError(
            f"future_covariates has shape {tuple(future.shape)}; give ({batch}, {length}, known), where the known "
            f"features are the first of the {past.shape[2]} of past_covariates."
        )
    missing = future.isnan().nonzero()
    if len(missing) > 0:
        row, step, feature = missing[0].tolist()
        raise ValueError(
            f"future_covariates is missing in row {row} at step {step} (feature {feature}); give a value for every "
            "step, or make the feature one of the past alone by leaving it out."
        )
    if past.isinf().any() or future.isinf().any():
        raise ValueError("past_covariates or future_covariates holds an infinity; mend the value.")
    return past.double(), future.double()


def _whole_axis(past: Tensor, future: Tensor) -> Tensor:
    """Covariates over history and horizon without gaps, (rows, features, time + steps).

    Missing values are interpolated. What is known of the past alone returns to its median as an autoregression.
    """
    steps, known = future.shape[1:]
    values = torch.cat((past[..., :known], future), 1).transpose(1, 2)
    alone = past[..., known:].transpose(1, 2)

    def filled(x: Tensor) -> Tensor:
        flat = x.flatten(0, 1)
        seen = ~flat.isnan()
        length = torch.full((len(flat),), flat.shape[1], device=flat.device)
        # A feature that was never seen is constant.
        out = fill_gaps(flat.nan_to_num(), (seen | ~seen.any(1, keepdim=True)).double(), length)
        return out.view_as(x)

    values, alone = filled(values), filled(alone)
    median = alone.median(-1, keepdim=True).values
    rest = alone - median
    energy = rest.square().sum(-1, keepdim=True).clamp(min=_TINY)
    kept = ((rest[..., 1:] * rest[..., :-1]).sum(-1, keepdim=True) / energy).clamp(0, 1)
    ahead = torch.arange(1, steps + 1, device=past.device)
    alone = torch.cat((alone, median + rest[..., -1:] * kept**ahead), -1)
    return torch.cat((values, alone), 1)


def _base(histories: Histories, periods: Tensor, steps: Tensor) -> Tensor:
    """Line and season over history and horizon, about their mean and in units of their deviation, (rows, time)."""
    x, length = histories.values, histories.length
    time = torch.arange(x.shape[1], device=x.device)
    valid = (time < length[:, None]).float()
    season, share = find_season(x, histories.observed, length, periods[:, :1], grows=False)
    start, slope = line_fit(x, valid)
    ahead = start + slope * (length[:, None] - 1 + steps) + season.at_steps(steps)
    past = start + slope * time + share
    mean = mean_over(past, valid)
    deviation = mean_over((past - mean).square(), valid).sqrt()
    base = (torch.cat((past, ahead), 1) - mean) / deviation.clamp(min=1e-3)
    return base.clamp(-4, 4).double()


def _columns(now: Tensor, before: Tensor, base: Tensor, valid: Tensor) -> tuple[Tensor, list[float]]:
    """What each feature may act by, all 0 at its median of the history, (rows, time, features, columns), and the prior log odds
    against each column.

    Plain values are held to half the range of the history beyond it, and what lies far outside of the usual range acts
    by a column of its own; all other columns stay in what the history has seen.

    Args:
        now, before: the features at each step and the step before, (rows, time, features).
        base: (rows, time), see `_base`.
        valid: 1 in the history, (rows, time); its steps come first.
    """
    inside = valid[..., None].bool()
    history = torch.where(inside, now, torch.nan)
    levels = torch.tensor((0.5, 0.05, 0.95, *_BENDS), dtype=now.dtype, device=now.device)
    median, *quantiles = history.nanquantile(levels, 1, keepdim=True).unbind(0)
    largest = torch.where(inside, now.abs(), 0.0).amax(1, keepdim=True)
    centered = torch.where(inside, now - median, 0.0)
    scale = (centered.square().sum(1, keepdim=True) / inside.sum(1, keepdim=True).clamp(min=1)).sqrt()
    varies = scale > 1e-9 * largest
    scale = torch.where(varies, scale, 1.0)

    def in_units(x: Tensor) -> Tensor:
        return torch.where(varies, (x - median) / scale, 0.0)

    low, high = (
        in_units(x)
        for x in (
            torch.where(inside, now, torch.inf).amin(1, keepdim=True),
            torch.where(inside, now, -torch.inf).amax(1, keepdim=True),
        )
    )
    q_low, q_high, *bends = (in_units(x) for x in quantiles)
    reach, usual = (high - low) / 2, q_high - q_low
    narrow = usual <= 0
    least = torch.maximum(low - reach, torch.where(narrow, -torch.inf, q_low - usual))
    most = torch.minimum(high + reach, torch.where(narrow, torch.inf, q_high + usual))

    plain = in_units(now).clamp(least, most)
    columns, against = [plain], [_AGAINST]
    if now.shape[-1] <= _MOST_SHAPED:
        seen = plain.clamp(low, high)
        columns += [(seen - bend).abs() - bend.abs() for bend in bends]
        columns += [
            in_units(now).clamp(low, high) - seen,
            plain * base[..., None],
            in_units(before).clamp(least, most),
        ]
        against += [_AGAINST + extra for extra in (*[_BEND] * len(bends), _BEYOND, _WITH_LEVEL, _LATER)]
    return torch.stack(columns, -1), against


def _whiten(values: Tensor, noise: tuple[tuple[float, float], ...]) -> Tensor:
    """The errors of a noise model over the last axis; its recursions by doubling."""
    for kept, recursion in noise:
        step, factor = 1, -kept
        while step < values.shape[-1] and abs(factor) > 1e-9:
            earlier = values
            values = earlier.clone()
            values[..., step:].add_(earlier[..., :-step], alpha=factor)
            step, factor = (step, recursion) if factor == -kept else (2 * step, factor * factor)
    return values


def _without_season(values: Tensor, weight: Tensor, period: Tensor) -> Tensor:
    """Columns (rows, columns, time) without their means by phase, 0 where there is no weight (rows, 1, time)."""
    values = values * weight
    if (period <= 1).all():
        return values
    time = torch.arange(values.shape[-1], device=values.device)
    phase = time % period[:, None, None]
    phases = int(period.max())
    total = weight.new_zeros(len(weight), 1, phases).scatter_add(2, phase, weight)
    share = (period > 1)[:, None, None] / total.clamp(min=1)
    index = phase.expand_as(values)
    means = values.new_zeros(*values.shape[:2], phases).scatter_add(2, index, values) * share
    return values - means.gather(2, index) * weight


def _gram(columns: Tensor, weight: Tensor, periods: Tensor, noise: tuple[tuple[float, float], ...]) -> Tensor:
    """Gram matrix of the columns (rows, columns, time) under a noise model, (rows, columns, columns)."""
    rest = _whiten(columns, noise)
    for period in periods.unbind(1):
        rest = _without_season(rest, weight, period)
    return rest @ rest.transpose(1, 2)


@dataclass
class _Path:
    """Models of a forward selection: the k-th holds the first k columns that were picked.

    Args:
        evidence: log marginal likelihood, (rows, noises, picks + 1).
        picks: int64 (rows, noises, picks); where no column was left, evidence is -inf from there on.
        triangle: of the Cholesky decomposition of the picked columns, upper, (rows, noises, picks, picks).
        scores: the target in its terms, (rows, noises, picks).
        residual: mean square of what the largest model leaves, (rows, noises, 1).
    """

    evidence: Tensor
    picks: Tensor
    triangle: Tensor
    scores: Tensor
    residual: Tensor


def _select(gram: Tensor, freedom: Tensor, count: Tensor, against: Tensor, most: int) -> _Path:
    """Forward selection by pivoted Cholesky decomposition, each time the column of the largest marginal likelihood.

    Args:
        gram: (rows, noises, size, size), of level and trend, which are always in the model, the columns, and the target.
        freedom: observations less those that level, trend and season take, (rows, 1).
        count: observations, (rows, 1).
        against: prior log odds against each column, (rows, columns).
        most: columns to pick.
    """
    size = gram.shape[-1]
    energy = gram.diagonal(dim1=-2, dim2=-1)
    prior = _PRIOR * energy[..., _FIXED:-1] / count[..., None] + _TINY
    usable = energy[..., _FIXED:-1] > 1e-9 * count[..., None]
    # Diagonal, and column of the target, of what is not explained yet.
    left, target = energy.clone(), gram[..., -1, :]
    left[..., :_FIXED] += 1e-6
    left[..., _FIXED:-1] += prior
    floor = 1e-9 * energy[..., -1:] + _TINY
    half = freedom[..., None] / 2
    rows, picks, evidence = [], [], []
    for step in range(_FIXED + min(most, size - 1 - _FIXED)):
        if step < _FIXED:
            pick = torch.full_like(left[..., :1], step, dtype=torch.int64)
            gain = -gram.new_zeros(pick.shape)
        else:
            unexplained = left[..., -1:].clamp(min=floor)
            after = (unexplained - target[..., _FIXED:-1].square() / left[..., _FIXED:-1]).clamp(min=floor)
            score = half * (unexplained / after).log() - (left[..., _FIXED:-1] / prior).log() / 2 - against[:, None]
            gain, pick = score.masked_fill(~usable, -torch.inf).max(-1, keepdim=True)
            usable = usable.scatter(-1, pick, False)
            pick = pick + _FIXED
            evidence.append(gain)
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
        if step == _FIXED - 1:
            level, trend = (one.gather(-1, at_pick) for one, at_pick in zip(rows, picks, strict=True))
            evidence.append(-half * left[..., -1:].clamp(min=floor).log() - level.log() - trend.log())
    chosen = torch.cat(picks[_FIXED:], -1)
    triangle = torch.stack(rows[_FIXED:], -2)
    scores = triangle[..., -1]
    triangle = triangle.gather(-1, chosen[..., None, :].expand(-1, -1, len(rows) - _FIXED, -1)).triu()
    empty = torch.diag_embed((triangle.diagonal(dim1=-2, dim2=-1) == 0).to(gram.dtype))
    residual = left[..., -1:].clamp(min=floor) / freedom[..., None]
    return _Path(torch.cat(evidence, -1).cumsum(-1), chosen - _FIXED, triangle + empty, scores, residual)


def _average(path: _Path, columns: int) -> tuple[Tensor, Tensor]:
    """Mean coefficients (rows, columns) over all noise models and sizes, weighed by their evidence, and factors of their
    covariance, (rows, columns, factors): of the errors of a model, and of its being the right one.
    """
    weights = path.evidence.flatten(1).softmax(-1).view_as(path.evidence)
    # Weight of the models that hold the k-th pick.
    share = weights.flip(-1).cumsum(-1).flip(-1)[..., 1:]
    total = weights.sum(-1, keepdim=True)
    identity = torch.eye(path.picks.shape[-1], dtype=share.dtype, device=share.device).expand_as(path.triangle)
    inverse = torch.linalg.solve_triangular(path.triangle, identity, upper=True)
    place = path.picks[..., None].expand_as(inverse)
    inverse = inverse.new_zeros(*share.shape[:2], columns, share.shape[-1]).scatter_add(2, place, inverse)
    coefficients = (inverse @ (share * path.scores)[..., None]).squeeze(-1).sum(1)
    variance = share * path.residual + share * (total - share).clamp(min=0) * path.scores.square()
    factors = inverse * variance.sqrt()[..., None, :]
    return coefficients, factors.transpose(1, 2).flatten(2)


def _of_rows(
    values: Tensor, mask: Tensor, periods: Tensor, past: Tensor, future: Tensor, context_length: int
) -> CovariateEffects:
    """The effects in some series, one a row; arguments as of `covariate_effects`, with covariates for each series."""
    rows, size = values.shape
    steps = future.shape[1]
    histories = align(values, mask, context_length)
    periods = find_periods(histories, periods)
    length, kept = histories.length[:, None], histories.values.shape[1]
    device = values.device
    ahead = histories.gap[:, None] + torch.arange(1, steps + 1, device=device)
    last = torch.where(mask, torch.arange(size, device=device), -1).amax(1, keepdim=True)
    start = last - length + 1
    time = torch.arange(kept, device=device)
    index = torch.cat((start + time, (size + torch.arange(steps, device=device)).expand(rows, -1)), 1)
    axis = _whole_axis(past, future)
    now, before = (
        axis.gather(2, (index - lag).clamp(0, size + steps - 1)[:, None].expand(-1, axis.shape[1], -1))
        for lag in (0, 1)
    )
    valid = torch.nn.functional.pad((time < length).double(), (0, steps))
    columns, against = _columns(now.transpose(1, 2), before.transpose(1, 2), _base(histories, periods, ahead), valid)
    features, shapes = columns.shape[2:]
    against = torch.tensor(against, dtype=columns.dtype, device=device).repeat(rows, features) + math.log(features)
    columns = columns.flatten(2).transpose(1, 2)

    known, there = histories.observed.double(), valid[:, :kept]
    trend = ((time + 1) / length.clamp(min=1)).double()
    design = torch.cat(
        (torch.ones_like(trend)[:, None], trend[:, None], columns[..., :kept], histories.values.double()[:, None]), 1
    )
    # The target is filled where it is missing; what is subtracted from it there must be filled alike.
    count = design.shape[1]
    if (known < there).any():
        flat = fill_gaps(
            design.flatten(0, 1), known.repeat_interleave(count, 0), histories.length.repeat_interleave(count)
        )
        design = flat.view_as(design)
    design = design * there[:, None]
    usable = torch.where(2 * periods <= length, periods, 1)
    observations = known.sum(1, keepdim=True).clamp(min=1)
    taken = torch.where(usable > 1, usable, 0).sum(1, keepdim=True)
    freedom = (observations - _FIXED - taken).clamp(min=1)
    if features * shapes > _MOST_SCREENED:
        first = _gram(design, known[:, None], usable, _SCREENING)[:, None]
        picks = _select(first, freedom, observations, against, _MOST_SCREENED).picks.squeeze(1)
    else:
        picks = torch.arange(features * shapes, device=device).expand(rows, -1)
    fixed = torch.arange(_FIXED, device=device).expand(rows, -1)
    place = torch.cat((fixed, picks + _FIXED, torch.full_like(picks[:, :1], count - 1)), 1)
    design = design.gather(1, place[..., None].expand(-1, -1, kept))
    grams = torch.stack([_gram(design, known[:, None], usable, noise) for noise in _NOISES], 1)
    path = _select(grams, freedom, observations, against.gather(1, picks), _MOST_CHOSEN)
    coefficients, factors = _average(path, picks.shape[1])
    columns = columns.gather(1, picks[..., None].expand(-1, -1, columns.shape[-1]))
    owner = torch.nn.functional.one_hot(picks // shapes, features).to(columns.dtype)
    by_feature = owner.transpose(1, 2) @ (columns * coefficients[..., None])
    scale = histories.scale[:, None]
    effect = by_feature[..., :kept].sum(1) * scale
    place = torch.arange(size, device=device) - start
    effect = torch.where((place >= 0) & (place < length), at(effect, place), 0.0)
    variance = (columns[..., kept:].transpose(1, 2) @ factors).square().sum(-1)
    return CovariateEffects(
        effect, by_feature[..., kept:].transpose(1, 2) * scale[..., None], variance * scale.square()
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
        past: float64 covariates (batch, time, features), NaN is missing; series are the batch times the channels.
        future: float64 (batch, steps, known), of the first of the features.
        context_length: most steps of a history.
    """
    channels = len(values) // len(past)
    owner = torch.arange(len(values), device=values.device) // channels
    features = past.shape[2]
    if features == 0:
        nothing = torch.zeros_like(values, dtype=torch.float64)
        return CovariateEffects(
            nothing,
            nothing.new_zeros(len(values), future.shape[1], 0),
            nothing.new_zeros(len(values), future.shape[1]),
        )
    shapes = 7 if features <= _MOST_SHAPED else 1
    width = max(1, _VALUES_A_PASS // (min(values.shape[1], context_length) * (features * shapes + 3)))
    parts = [
        _of_rows(v, m, p, past[o], future[o], context_length)
        for v, m, p, o in zip(
            values.split(width), mask.split(width), periods.split(width), owner.split(width), strict=True
        )
    ]
    return CovariateEffects(
        *(torch.cat([getattr(part, name) for part in parts]) for name in ("past", "future", "variance"))
    )


__all__ = ["CovariateEffects", "check_covariates", "covariate_effects"]
