"""Alignment, scaling and gap filling of histories, and estimation of their seasons."""

from dataclasses import dataclass

import torch
from torch import Tensor

# Histories are stored in multiples of this, the block of the smoothing filters.
BLOCK = 32
_TINY = 1e-12


@dataclass
class Histories:
    """Histories of n steps each, one per row, from their first step on; entries after the end are 0.

    Args:
        values: float32 (rows, time), in units of `scale` about `loc`, reflected where they fall; gaps are filled.
        observed: float32 (rows, time), 1 where a value was observed.
        length: n, int64 (rows,), 0 where nothing was observed.
        gap: steps between the last observed value and the end of the input, at most `context_length`, int64 (rows,).
        loc: float64 (rows,), in the units of the input.
        scale: float64 (rows,), signed; 0 for a constant.
    """

    values: Tensor
    observed: Tensor
    length: Tensor
    gap: Tensor
    loc: Tensor
    scale: Tensor

    def cut(self, rows: Tensor, steps: Tensor) -> "Histories":
        """Select rows, and drop the last steps (rows,) of each."""
        length = self.length[rows] - steps
        valid = torch.arange(self.values.shape[1], device=length.device) < length[:, None]
        return Histories(
            torch.where(valid, self.values[rows], 0.0),
            torch.where(valid, self.observed[rows], 0.0),
            length,
            torch.zeros_like(length),
            self.loc[rows],
            self.scale[rows],
        )


def at(values: Tensor, index: Tensor) -> Tensor:
    """Values (rows, time) at an index (rows, k), clamped to the existing steps."""
    return values.gather(1, index.clamp(0, values.shape[1] - 1))


def mean_over(values: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over time of (rows, time), (rows, 1); 0 where there is no weight."""
    return (values * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True).clamp(min=_TINY)


def fill_gaps(values: Tensor, observed: Tensor, length: Tensor) -> Tensor:
    """Interpolate linearly between observed neighbors, and take the nearest one at the ends; 0 after the end."""
    size = values.shape[1]
    time = torch.arange(size, device=values.device).expand_as(values)
    known = observed > 0
    before = torch.where(known, time, -1).cummax(1).values
    after = torch.where(known, time, size).flip(1).cummin(1).values.flip(1)
    before, after = torch.where(before < 0, after, before), torch.where(after >= size, before, after)
    left, right = at(values, before), at(values, after)
    share = (time - before) / (after - before).clamp(min=1)
    filled = torch.where(known, values, left + share * (right - left))
    return torch.where(time < length[:, None], filled, 0.0)


def align(values: Tensor, mask: Tensor, context_length: int) -> Histories:
    """Cut each row to its last `context_length` steps, ending with its last observed one, and scale it.

    The scale is the standard deviation with the sign of the linear trend, in float64, so that x and a * x + b have the
    same history. A constant has scale 0; a single value, whose spread is unknown, has its own magnitude (1 for 0).

    Args:
        values: (rows, time), arbitrary where the mask is False.
        mask: boolean, same shape.
        context_length: largest number of steps of a history.
    """
    rows, size = values.shape
    time = torch.arange(size, device=values.device)
    last = torch.where(mask, time, -1).amax(1)
    first = torch.where(mask, time, size).amin(1)
    start = torch.maximum(first, last - context_length + 1)
    length = (last - start + 1).clamp(min=0)

    kept = -(-min(size, context_length) // BLOCK) * BLOCK
    index = start[:, None] + torch.arange(kept, device=values.device)
    valid = torch.arange(kept, device=values.device) < length[:, None]
    observed = at(mask, index) & valid
    precision = 2 * torch.finfo(values.dtype).eps if values.is_floating_point() else _TINY
    kept_values = torch.where(observed, at(values, index).double(), 0.0)

    largest = kept_values.abs().amax(1, keepdim=True)
    unit = torch.where(largest > 0, largest, 1.0)
    scaled = kept_values / unit
    weight = observed.double()
    mean = mean_over(scaled, weight)
    centered = (scaled - mean) * weight
    std = mean_over(centered.square(), weight).sqrt()
    varies = std > precision
    age = torch.arange(kept, device=values.device, dtype=torch.float64).expand(rows, -1)
    slope = ((age - mean_over(age, weight)) * centered).sum(1, keepdim=True)
    scale = torch.where(varies, std, 0.0) * torch.where(slope < 0, -1.0, 1.0)
    normal = torch.where(varies, centered / torch.where(varies, scale, 1.0), 0.0).float()
    single = (observed.sum(1, keepdim=True) == 1) & (length[:, None] == 1)
    scale = torch.where(single, 1.0, scale)
    filled = fill_gaps(normal, weight.float(), length)
    return Histories(
        values=filled,
        observed=weight.float(),
        length=length,
        gap=torch.where(last >= 0, size - 1 - last, 0).clamp(max=context_length),
        loc=(mean * unit).squeeze(1),
        scale=(scale * unit).squeeze(1),
    )


def line_fit(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted least-squares line: its value at the first step and its slope, each (rows, 1)."""
    time = torch.arange(values.shape[1], device=values.device, dtype=values.dtype).expand_as(values)
    mean_time, mean = mean_over(time, weight), mean_over(values, weight)
    deviation = (time - mean_time) * weight
    slope = (deviation * (values - mean)).sum(1, keepdim=True)
    slope = slope / (deviation * (time - mean_time)).sum(1, keepdim=True).clamp(min=_TINY)
    return mean - slope * mean_time, slope


def autocorrelation(values: Tensor, valid: Tensor) -> Tensor:
    """Autocorrelations of zero-mean rows at all lags below the width, (rows, time), each over the existing pairs."""
    size = values.shape[1]
    spectrum = torch.fft.rfft(values * valid, 2 * size)
    products = torch.fft.irfft(spectrum.abs().square(), 2 * size)[:, :size]
    pairs = (valid.sum(1, keepdim=True) - torch.arange(size, device=values.device)).clamp(min=1)
    return products / pairs / (products[:, :1] / pairs[:, :1]).clamp(min=_TINY)


def _first_of_largest(correlation: Tensor, allowed: Tensor, margin: float) -> Tensor:
    """First allowed lag whose correlation is within a margin of the largest allowed one, (rows, 1)."""
    shown = torch.where(allowed, correlation, -torch.inf)
    return (shown >= shown.amax(1, keepdim=True) - margin).float().argmax(1, keepdim=True)


def find_periods(histories: Histories, given: Tensor) -> Tensor:
    """Find the periods of two seasons, int64 (rows, 2), 1 where there is none.

    The first, where it is not given, is the lag of the largest peak of the autocorrelation of the detrended history
    after its first negative value (the shortest of peaks within 0.1 of it), if it stands out (0.2 above both zero and
    the trough at half the lag, and above 3 / sqrt(n)) and fits into the history two and a half times. The second,
    where it is not given, is the multiple of the first that fits twice and has the largest autocorrelation (the
    shortest of those within 0.03), at least 0.05 above that of the first: the week of hourly values.

    Args:
        histories: of n steps.
        given: int64 (rows, 2), 0 where a period is not known, 1 where there is none.
    """
    values, length = histories.values, histories.length[:, None]
    lag = torch.arange(values.shape[1], device=values.device)
    valid = (lag < length).float()
    start, slope = line_fit(values, valid)
    correlation = autocorrelation((values - start - slope * lag) * valid, valid)

    behind = ((correlation < 0) & (lag > 0)).cumsum(1) > 0
    fits = behind & (lag >= 2) & (5 * lag <= 2 * length)
    rises = torch.nn.functional.pad(correlation[:, 1:] > correlation[:, :-1], (1, 1))
    peaks = fits & rises[:, :-1] & ~rises[:, 1:]
    peak = _first_of_largest(correlation, peaks, 0.1)
    height = at(correlation, peak)
    trough = at(correlation, peak // 2)
    error = 3 / length.clamp(min=1).sqrt()
    stands_out = (height > 0.2) & (height - trough > 0.2) & (height > error) & peaks.any(1, keepdim=True)
    found = torch.where(stands_out, peak, 1)
    first = torch.where(given[:, :1] > 0, given[:, :1], found)

    multiple = (lag % first == 0) & (lag >= 2 * first) & (2 * lag <= length) & (first > 1)
    peak = _first_of_largest(correlation, multiple, 0.03)
    better = multiple.any(1, keepdim=True) & (at(correlation, peak) > at(correlation, first) + 0.05)
    found = torch.where(better, peak, 1)
    second = torch.where(given[:, 1:] > 0, given[:, 1:], found)
    return torch.cat((first, second), 1)


@dataclass
class Season:
    """Season of one period in each row.

    Args:
        period: m, int64 (rows, 1).
        profile: additive indices by the phase counted back from the last step, (rows, phases), shrunk; 0 where the row
            has no season.
        growth: change of the amplitude with the level: the season is profile * (1 + growth * (level - reference)).
        reference: the level to which the profile belongs, (rows, 1).
        shrinkage: James-Stein factor, 0 to 1, (rows, 1).
    """

    period: Tensor
    profile: Tensor
    growth: Tensor
    reference: Tensor
    shrinkage: Tensor

    def at_steps(self, steps: Tensor) -> Tensor:
        """Indices at `steps` (rows, k) after the last step of the history; negative steps are in it."""
        return at(self.profile, (-steps) % self.period)

    def amplitude(self, level: Tensor) -> Tensor:
        """Factor of the profile at a level (rows, k)."""
        return (1 + self.growth * (level - self.reference)).clamp(0.0, 4.0)


def phase_means(values: Tensor, weight: Tensor, phase: Tensor, phases: int) -> tuple[Tensor, Tensor]:
    """Weighted means by phase and their total weights, (rows, phases)."""
    zero = values.new_zeros(values.shape[0], phases)
    total = zero.scatter_add(1, phase, weight)
    return zero.scatter_add(1, phase, values * weight) / total.clamp(min=_TINY), total


def find_season(values: Tensor, weight: Tensor, length: Tensor, period: Tensor, grows: bool) -> tuple[Season, Tensor]:
    """Estimate a season where it fits twice into the history.

    Classical decomposition (line, then centered moving average, then means by phase), with the indices shrunk towards
    0 by their sampling error in place of a test.

    Args:
        values: (rows, time), gaps filled.
        weight: 1 where observed, same shape.
        length: int64 (rows,).
        period: int64 (rows, 1).
        grows: whether the amplitude may change with the level.

    Returns:
        The season, and its share of each step of the history (rows, time).
    """
    size = values.shape[1]
    length = length[:, None]
    time = torch.arange(size, device=values.device)
    valid = (time < length).float()
    usable = (period > 1) & (2 * period <= length)
    period = torch.where(usable, period, 1)
    start, slope = line_fit(values, valid)
    line = start + slope * time
    rest = (values - line) * valid

    half = period // 2
    center = torch.minimum(torch.maximum(time, half), (length - 1 - half).clamp(min=0))
    sums = torch.nn.functional.pad(rest.cumsum(1), (1, 0))
    total = at(sums, center + half + 1) - at(sums, center - half)
    ends = (at(rest, center - half) + at(rest, center + half)) / 2
    smooth = torch.where(period % 2 == 0, total - ends, total) / period
    deviation = (rest - smooth) * valid

    phase = (length - 1 - time) % period
    phases = size // 2 + 1
    profile, counts = phase_means(deviation, weight, phase, phases)
    exists = (torch.arange(phases, device=values.device) < period).float()
    profile = (profile - mean_over(profile, exists)) * exists
    fitted = at(profile, phase)
    freedom = (weight.sum(1, keepdim=True) - period).clamp(min=1)
    noise = ((deviation - fitted).square() * weight).sum(1, keepdim=True) / freedom
    sampling = noise * (exists / counts.clamp(min=0.5)).sum(1, keepdim=True)
    signal = profile.square().sum(1, keepdim=True)
    shrinkage = torch.where(usable, (1 - sampling / signal.clamp(min=_TINY)).clamp(0, 1), 0.0)
    profile, fitted = profile * shrinkage, fitted * shrinkage

    level = line + smooth
    reference = mean_over(level, weight * valid)
    growth = torch.zeros_like(reference)
    if grows:
        move = (level - reference) * fitted * weight
        energy = move.square().sum(1, keepdim=True)
        growth = (move * (deviation - fitted)).sum(1, keepdim=True) / energy.clamp(min=_TINY)
        error = noise / energy.clamp(min=_TINY)
        growth = growth * (1 - 4 * error / growth.square().clamp(min=_TINY)).clamp(0, 1)
    season = Season(period, profile, growth, reference, shrinkage)
    return season, fitted * season.amplitude(level) * valid


__all__ = ["BLOCK", "Histories", "Season", "align", "find_periods", "find_season"]
