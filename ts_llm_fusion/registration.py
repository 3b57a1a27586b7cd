"""Registration of our classes with transformers, without importing it early."""

import importlib
import pkgutil
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

# Packages whose modules import Auto classes, or are imported to be registered.
_FOLDERS = (f"{__package__}.modeling.", f"{__package__}.processing.")


def _loaded(path: str) -> Any:
    """Class at `module:name`; None if its module is not imported."""
    module, name = path.split(":")
    return getattr(sys.modules.get(module), name, None)


def _imported(path: str) -> Any:
    """Class at `module:name`, imported if necessary."""
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)


def _half_imported(done: str) -> bool:
    """Whether a module of models or processors is being imported, other than the one that is done."""
    return any(
        name.startswith(_FOLDERS) and name != done and getattr(module.__spec__, "_initializing", False)
        for name, module in list(sys.modules.items())
    )


def _register(module: ModuleType) -> None:
    # Modules of ours import Auto classes and each other: the outermost one registers all when it is done.
    if _half_imported(module.__name__):
        return
    for auto_path, config_path, class_path in _ROWS:
        auto_class = _loaded(auto_path)
        if auto_class is None:
            continue
        config_class, our_class = _imported(config_path), _imported(class_path)
        key = config_class.model_type if config_class is our_class else config_class
        auto_class.register(key, our_class, exist_ok=True)


def _register_pipeline(_: ModuleType) -> None:
    pipelines = importlib.import_module(f"{__package__}.pipelines")
    pipelines.register_pipeline()


def register_pipelines() -> None:
    """Register the pipeline of forecasts once the pipelines of transformers are imported."""
    wrapt.register_post_import_hook(_register_pipeline, "transformers.pipelines")


def register_auto_classes() -> None:
    """Register our classes with each Auto class once it is imported."""
    ours = (
        f"{folder}{module.name}"
        for folder in _FOLDERS
        for module in pkgutil.iter_modules(importlib.import_module(folder.rstrip(".")).__path__)
    )
    for name in dict.fromkeys((*(path.split(":")[0] for path, _, _ in _ROWS), *ours)):
        wrapt.register_post_import_hook(_register, name)
