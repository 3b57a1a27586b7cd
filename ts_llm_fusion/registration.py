"""Registration of our classes with transformers, without importing it early."""

import importlib
import sys
from types import ModuleType
from typing import Any

import wrapt

from .families import MODEL_CLASSES

_AUTO = "transformers.models.auto"
# Modules of the Auto classes that are not models.
_AUTO_MODULES = {
    "AutoConfig": f"{_AUTO}.configuration_auto",
    "AutoFeatureExtractor": f"{_AUTO}.feature_extraction_auto",
    "AutoProcessor": f"{_AUTO}.processing_auto",
}

# (Auto class of transformers, our configuration class, our class for that configuration)
_ROWS = [
    (f"{_AUTO_MODULES.get(auto, f'{_AUTO}.modeling_auto')}:{auto}", config, ours)
    for config, classes in MODEL_CLASSES.items()
    for auto, ours in {"AutoConfig": config, **classes}.items()
]


def _loaded(path: str) -> Any:
    """Class at `module:name`; None if its module is not imported or has not defined it yet."""
    module, name = path.split(":")
    return getattr(sys.modules.get(module), name, None)


def _imported(path: str) -> Any:
    """Class at `module:name`, imported if necessary; None only while an outer import of the module is running."""
    importlib.import_module(path.split(":")[0])
    return _loaded(path)


def _register(_: ModuleType) -> None:
    for auto_path, config_path, class_path in _ROWS:
        auto_class = _loaded(auto_path)
        if auto_class is None:
            continue
        config_class, our_class = _imported(config_path), _imported(class_path)
        if config_class is None or our_class is None:
            continue
        key = config_class.model_type if config_class is our_class else config_class
        auto_class.register(key, our_class, exist_ok=True)


def _register_pipeline(_: ModuleType) -> None:
    pipelines = importlib.import_module(f"{__package__}.pipelines")
    pipelines.register_pipeline()


def register_pipelines() -> None:
    """Register the pipeline of forecasts once the pipelines of transformers are imported."""
    wrapt.register_post_import_hook(_register_pipeline, "transformers.pipelines")


def register_auto_classes() -> None:
    """Register each class once it and its Auto class are imported, in either order."""
    for module in dict.fromkeys(path.split(":")[0] for auto, _, ours in _ROWS for path in (auto, ours)):
        wrapt.register_post_import_hook(_register, module)
