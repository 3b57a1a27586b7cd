"""Feature extractor of the language model: time series in any container to padded, normalized inputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from transformers import BatchFeature, FeatureExtractionMixin
from transformers.utils import TensorType

from .series_arrays import ALLOWED, columns_of, is_container, is_list, to_array

NUM_SCALES = 7
_LARGEST_SCALE = 50.0


@dataclass
class PreparedSeries:
    """Series prepared for the model.

    Args:
        values: float32 `(time,)`, normalized, 0 where missing, NaN where the model's forecast goes.
        observed: bool `(time,)`, True where a value was given, or will be forecast.
        mean: mean of the observed values, in their own unit.
        std: population standard deviation of the observed values, in their own unit.
        num_tokens: number of tokens that the encoder makes of the series.
    """

    values: np.ndarray
    observed: np.ndarray
    mean: float
    std: float
    num_tokens: int


class TimeSeriesFeatureExtractor(FeatureExtractionMixin):
    r"""Feature extractor for [`TSLMForCausalLM`]: series to `time_series` and `time_series_mask`.

    Args:
        patch_length (`int`, defaults to 4): time steps of an encoder token.
        patch_stride (`int`, *optional*): time steps between two tokens; defaults to `patch_length`.
        window_length (`int`, *optional*): time steps that the encoder takes at once; by default any number.
        do_normalize (`bool`, defaults to `True`): whether to scale each series to mean 0 and standard deviation 1.
        allow_missing (`bool`, defaults to `True`): whether to accept missing values (NaN, `None`).
        max_tokens (`int`, *optional*): most tokens of a series; by default any number.
        return_scales (`bool`, defaults to `False`): whether to return `time_series_scales`, which models with
            `scale_embedding` read.
        observe_padding (`bool`, defaults to `False`): legacy of the published OpenTSLM checkpoints: the series of a
            sample are padded with zeros to the longest of them, in whole patches, and the zeros count as observed.
    """

    model_input_names = ["time_series", "time_series_mask"]  # noqa: RUF012

    def __init__(
        self,
        patch_length: int = 4,
        patch_stride: int | None = None,
        window_length: int | None = None,
        do_normalize: bool = True,
        allow_missing: bool = True,
        observe_padding: bool = False,
        max_tokens: int | None = None,
        return_scales: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.patch_length = patch_length
        self.patch_stride = patch_stride or patch_length
        self.window_length = window_length
        self.do_normalize = do_normalize
        self.allow_missing = allow_missing
        self.observe_padding = observe_padding
        self.max_tokens = max_tokens
        self.return_scales = return_scales
        if return_scales:
            self.model_input_names = [*type(self).model_input_names, "time_series_scales"]

    def __call__(self, time_series: list[Any], return_tensors: str | TensorType | None = "pt") -> BatchFeature:
        """Prepare a batch.

        Args:
            time_series: one entry for each sample: a series, a list of series, a 2-d array or tensor `(series, time)`,
                a pandas, polars or pyarrow table with one series in each column, or `None`. A series is a list of
                numbers, an array, a tensor or a column of a table; NaN, `None`, nulls and masked values are missing.
            return_tensors (defaults to `"pt"`): `"pt"` or `"np"`.

        Returns:
            `time_series` float32 and `time_series_mask` bool, both `(batch, series, time)`, zero rows where a sample
            has fewer series than another; with `return_scales` also `time_series_scales` float32 `(batch, series, 7)`,
            the numbers of `series_scales`; none of them where no sample has any series.

        Raises:
            ValueError: for a series that is empty, not a one-dimensional sequence of numbers, infinite somewhere or
                missing everywhere, and for a missing value without `allow_missing`.
        """
        is_batch = is_list(time_series) or getattr(time_series, "ndim", 0) > 1
        if not is_batch or columns_of(time_series) is not None:
            raise ValueError(
                f"time_series is a {type(time_series).__name__}; give a list with an entry for each sample."
            )
        samples = [self.prepare(sample, f"sample {index}: ") for index, sample in enumerate(time_series)]
        return self.pad(samples, return_tensors)

    def num_tokens(self, length: int) -> int:
        """Number of tokens that the model makes of a series of `length` time steps."""
        patches = self._num_patches(length)
        return patches if self.max_tokens is None else min(patches, self.max_tokens)

    def _num_patches(self, length: int) -> int:
        if self.window_length is None:
            return -(-length // self.patch_stride)
        windows, rest = divmod(length, self.window_length)
        unused = (self.window_length - self.patch_length) % self.patch_stride
        most = (self.window_length - self.patch_length) // self.patch_stride + 1
        return windows * most + (min(max(-(-(rest - unused) // self.patch_stride), 1), most) if rest else 0)

    def prepare(self, sample: Any, prefix: str = "") -> list[PreparedSeries]:
        """Check and normalize the series of one sample; errors start with `prefix`."""
        arrays = split_series(sample, prefix)
        longest = max((len(array) for array in arrays), default=0)
        padded_length = -(-longest // self.patch_stride) * self.patch_stride
        return [self._prepared(array, f"{prefix}series {index}", padded_length) for index, array in enumerate(arrays)]

    def prepare_forecast(
        self, history: PreparedSeries, prediction_length: int, future_values: Any = None, name: str = "forecast"
    ) -> PreparedSeries:
        """Prepare the place of a forecast, in the units of the series before it, whose mean and deviation it has.

        Its steps count from the last observed value of that series on; those that the series ends with, without a
        value, are missing here too.

        Args:
            history: the series before it.
            prediction_length: steps of the forecast.
            future_values: what came, `(prediction_length,)`, which stands for the forecast; after a constant series
                in units of its own largest distance from it. Without them, the model fills in its forecast.
            name: name of the forecast, which errors start with.

        Raises:
            ValueError: for `observe_padding`, another number of values, or values that a series may not have.
        """
        if self.observe_padding:
            raise ValueError(f"{name}: observe_padding pads series with values, so that there is no place behind one.")
        gap = len(history.values) - 1 - int(np.flatnonzero(history.observed)[-1])
        if future_values is None:
            values, observed = np.full(prediction_length, np.nan), np.ones(prediction_length, dtype=bool)
        else:
            future = _as_array(future_values, f"{name}: future_values")
            if len(future) != prediction_length:
                raise ValueError(f"{name} has {prediction_length} steps, and {len(future)} future_values.")
            observed = self._observed(future, f"{name}: future_values")
            values = np.where(observed, future, 0.0)
            if self.do_normalize:
                values = np.where(observed, values - history.mean, 0.0)
                # A constant series is prepared as zeros.
                values /= history.std if history.values.any() else (np.abs(values).max() or 1.0)
        values, observed = np.pad(values, (gap, 0)), np.pad(observed, (gap, 0))
        length = int(np.flatnonzero(observed)[-1]) + 1
        return PreparedSeries(
            values.astype(np.float32), observed, history.mean, history.std, num_tokens=self.num_tokens(length)
        )

    def _observed(self, array: np.ndarray, name: str) -> np.ndarray:
        """Check the values of a series, and tell where there are any."""
        if array.size == 0:
            raise ValueError(f"{name} is empty; leave it out, or give it at least one value.")
        observed = ~np.isnan(array)
        present = array[observed]
        if np.isinf(present).any():
            raise ValueError(f"{name} has infinite values; replace them, with NaN if they are missing.")
        if len(present) < len(array) and not self.allow_missing:
            missing = len(array) - len(present)
            raise ValueError(f"{name} has {missing} missing values, and allow_missing is off; fill them in.")
        if not len(present):
            raise ValueError(f"{name} has only missing values; leave it out.")
        return observed

    def _prepared(self, array: np.ndarray, name: str, padded_length: int) -> PreparedSeries:
        observed = self._observed(array, name)
        present = array[observed]
        if not self.do_normalize and np.abs(present).max() > np.finfo(np.float32).max:
            raise ValueError(f"{name} has values beyond float32; scale it, or switch do_normalize on.")
        # A power of two changes no digit, and keeps sums and squares of large values finite.
        largest, exponent = np.frexp(np.abs(present).max())
        scaled = np.ldexp(present, -exponent)
        mean, std = scaled.mean(), scaled.std()
        values = np.where(observed, array, 0.0)
        if self.do_normalize:
            # A constant series becomes 0 instead of amplified rounding errors.
            varies = std > 1e-12 * largest
            values = np.where(observed & varies, (np.ldexp(values, -exponent) - mean) / (std if varies else 1.0), 0.0)
        mean, std = np.ldexp(mean, exponent), np.ldexp(std, exponent)
        if self.observe_padding:
            padding = (0, padded_length - len(values))
            values, observed = np.pad(values, padding), np.pad(observed, padding, constant_values=True)
        length = int(np.flatnonzero(observed)[-1]) + 1
        return PreparedSeries(
            values.astype(np.float32), observed, float(mean), float(std), num_tokens=self.num_tokens(length)
        )

    def pad(self, samples: list[list[PreparedSeries]], return_tensors: str | TensorType | None = "pt") -> BatchFeature:
        """Stack prepared samples with padding; see `__call__` for the result."""
        series = max((len(sample) for sample in samples), default=0)
        if series == 0:
            return BatchFeature({})
        time = max(len(prepared.values) for sample in samples for prepared in sample)
        values = np.zeros((len(samples), series, time), dtype=np.float32)
        mask = np.zeros(values.shape, dtype=bool)
        for row, sample in enumerate(samples):
            for column, prepared in enumerate(sample):
                values[row, column, : len(prepared.values)] = prepared.values
                mask[row, column, : len(prepared.values)] = prepared.observed
        inputs = {"time_series": values, "time_series_mask": mask}
        if self.return_scales:
            inputs["time_series_scales"] = np.zeros((len(samples), series, NUM_SCALES), dtype=np.float32)
            for row, sample in enumerate(samples):
                inputs["time_series_scales"][row, : len(sample)] = series_scales(sample)
        return BatchFeature(inputs, tensor_type=return_tensors)


def is_constant(means: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Whether series are constant, whose deviations are rounding errors at most; bool of the shape of both."""
    return deviations <= 1e-12 * np.abs(means)


def series_scales(sample: list[PreparedSeries]) -> np.ndarray:
    """Level, scale and length of the series of a sample as numbers of moderate size.

    Those relative to the first series keep what tells channels apart, and change with no series that follows.

    Returns:
        float32 `(series, 7)`: level in deviations of the series itself, logarithm of the deviation, level above that
        of the first series in deviations of the first, logarithm of the ratio of both deviations, logarithm of the
        number of steps, logarithm of the ratio to that of the first series, and 1 for a constant series. Levels have
        signed logarithms (asinh), logarithms the base e; deviations of 0 count as 1.
    """
    means = np.array([series.mean for series in sample])
    deviations = np.array([series.std for series in sample])
    lengths = np.array([float(len(series.values)) for series in sample])
    constant = is_constant(means, deviations)
    deviations = np.where(constant, 1.0, deviations)
    with np.errstate(over="ignore"):  # asinh of an infinite ratio is cut to the largest number below
        levels = np.arcsinh(means / deviations), np.arcsinh((means - means[:1]) / deviations[:1])
    scales = np.log(deviations), np.log(deviations) - np.log(deviations[:1])
    durations = np.log(lengths), np.log(lengths / lengths[:1])
    numbers = np.stack((levels[0], scales[0], levels[1], scales[1], *durations, constant), axis=-1)
    return np.clip(numbers, -_LARGEST_SCALE, _LARGEST_SCALE).astype(np.float32)


def split_series(sample: Any, prefix: str = "") -> list[np.ndarray]:
    """Split one sample into float64 arrays `(time,)`, NaN where missing; errors start with `prefix`.

    Raises:
        ValueError: for an entry of `sample` that is not a one-dimensional sequence of numbers.
    """
    if sample is None:
        return []
    if is_list(sample):
        sample = list(sample)
        nested = [is_list(item) or is_container(item) for item in sample]
        if sample and not any(nested):
            return [_as_array(sample, f"{prefix}series 0")]
        if not all(nested):
            raise ValueError(
                f"{prefix}time_series is nested to unequal depth: item {nested.index(False)} is a value and item "
                f"{nested.index(True)} a series; give one series, or a list of series."
            )
        return [_as_array(item, f"{prefix}series {index}") for index, item in enumerate(sample)]
    try:
        columns = columns_of(sample)
    except ValueError as error:
        raise ValueError(f"{prefix}{error}") from None
    if columns is not None:
        return [_as_array(column, f"{prefix}column {name!r}") for name, column in columns.items()]
    if getattr(sample, "ndim", None) == 2:
        return list(to_array(sample, f"{prefix}time_series"))
    return [_as_array(sample, f"{prefix}series 0")]


def _as_array(series: Any, name: str) -> np.ndarray:
    """Convert one series to a float64 array `(time,)`."""
    array = to_array(series, name)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions; a series has one: {ALLOWED}.")
    return array


TimeSeriesFeatureExtractor.register_for_auto_class()

__all__ = ["PreparedSeries", "TimeSeriesFeatureExtractor", "series_scales"]
