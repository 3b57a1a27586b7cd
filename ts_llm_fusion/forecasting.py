"""Loading of saved forecasters, and what their forecasts share: quantile levels, order of variables."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModelForCausalLM,
    AutoModelForTimeSeriesPrediction,
    AutoProcessor,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.utils import logging

from .checkpoints import check_available, load_part
from .errors import UserError
from .families import checkpoint_place, find_family
from .processing.feature_extraction_forecast import ForecastFeatureExtractor, shortened

logger = logging.get_logger(__name__)


def load_forecaster(name_or_path: str | Path) -> tuple[PreTrainedModel, ForecastFeatureExtractor]:
    """Load a forecaster and its feature extractor from a folder or the Hub; "built-in" is that of the package.

    Raises:
        ValueError: if the model is not a forecaster, or one of its files is damaged.
    """
    name = checkpoint_place(name_or_path)
    check_available(name)
    return _load(name, AutoModelForTimeSeriesPrediction), load_part(AutoFeatureExtractor, name)


def load_whole_forecaster(name_or_path: str | Path) -> tuple[PreTrainedModel, Any]:
    """Load a forecaster with the language model that its checkpoint may hold, so that it can be saved whole again.

    Returns:
        The model, and its feature extractor, or with a language model its processor.

    Raises:
        ValueError: as `load_forecaster`.
    """
    name = checkpoint_place(name_or_path)
    check_available(name)
    if getattr(load_part(AutoConfig, name), "tslm_config", None) is None:
        return load_forecaster(name)
    return _load(name, AutoModelForCausalLM), load_part(AutoProcessor, name)


def _load(name: str, auto_class: Any) -> PreTrainedModel:
    find_family(load_part(AutoConfig, name).model_type, name, ["forecasting"])
    try:
        model, loading = load_part(auto_class, name, output_loading_info=True)
    except RuntimeError as error:
        raise UserError(f"{name}: the weights do not fit config.json; copy or train the checkpoint again.") from error
    if loading["missing_keys"]:
        missing = ", ".join(sorted(loading["missing_keys"]))
        raise UserError(f"{name}: the checkpoint has no weights for {missing}; copy or train it again.")
    return model


def quantiles_at(quantiles: np.ndarray, known: Sequence[float], wanted: Sequence[float]) -> np.ndarray:
    """Interpolate quantiles linearly between the two nearest levels of the model.

    Args:
        quantiles: quantiles of the model (..., levels).
        known: their levels, increasing.
        wanted: levels between the lowest and the highest of these.

    Returns:
        (..., wanted levels).
    """
    position = np.interp(wanted, known, np.arange(len(known)))
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, len(known) - 1)
    weight = position - below
    return quantiles[..., below] * (1 - weight) + quantiles[..., above] * weight


def check_quantile_levels(wanted: Sequence[float] | None, known: Sequence[float]) -> list[float]:
    """Quantile levels of a forecast: those given, by default all of the model.

    Raises:
        ValueError: for a level outside the range that the model was trained for.
    """
    if wanted is None:
        return list(known)
    outside = [level for level in wanted if not known or not known[0] <= level <= known[-1]]
    if outside:
        offered = f"levels from {known[0]:g} to {known[-1]:g}" if known else "no quantiles, only a point forecast"
        raise UserError(f"quantile {outside[0]:g} is asked for; this model gives {offered}.")
    return list(wanted)


def model_order(
    config: PreTrainedConfig, feature_extractor: ForecastFeatureExtractor, columns: Iterable[str]
) -> np.ndarray:
    """Positions that sort columns into the variables of a model, so that their given order does not matter.

    Columns come in the order of training, and unknown columns last, by name. If the model depends on the order and
    that of training is not known, the columns keep their order, with one warning.

    Args:
        config: configuration of the model.
        feature_extractor: feature extractor of the model, with the columns of training if it was saved with them.
        columns: names of the columns.

    Returns:
        int64 (columns,): `columns[positions[k]]` is the k-th variable.

    Raises:
        ValueError: if the model has a head for each variable of training, and these are other columns.
    """
    names, known = [str(column) for column in columns], list(feature_extractor.columns or feature_extractor.scaler)
    unknown, missing = [name for name in names if name not in known], [name for name in known if name not in names]
    if not config.share_projection and known and (missing or unknown):
        raise UserError(
            f"columns {shortened(names)}: missing are {shortened(missing) or 'none'}, unknown "
            f"{shortened(unknown) or 'none'}; this model has a head for each of {shortened(known)}, so give "
            "exactly these, in any order."
        )
    if config.depends_on_order and len(names) > 1:
        if not feature_extractor.columns:
            logger.warning_once(
                "a forecast of this model depends on the order of its variables, and that of training is not known: "
                f"{shortened(names)} are taken in the order that they are given in."
            )
        elif unknown:
            logger.warning_once(
                "a forecast of this model depends on the order of its variables, and training had no columns "
                f"{shortened(unknown)}: they are taken after those of training, in the order of their names."
            )
    return feature_extractor.training_order(names)
