"""Registration of our classes with transformers, without importing it early."""

import importlib
import importlib.util
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

# Modules whose imports may lead to the Auto classes: all with code of a model or a processor.
_PACKAGES = [importlib.util.find_spec(f"{__package__}.{name}") for name in ("modeling", "processing")]
_MODULES = dict.fromkeys(
    [path.split(":")[0] for _, _, path in _ROWS]
    + [
        f"{package.name}.{module.name}"
        for package in _PACKAGES
        if package is not None
        for module in pkgutil.iter_modules(package.submodule_search_locations)
    ]
)


def _loaded(path: str) -> Any:
    """Class at `module:name`; None if its module is not imported or has not defined it yet."""
    module, name = path.split(":")
    return getattr(sys.modules.get(module), name, None)


def _imported(path: str) -> Any:
    """Class at `module:name`, imported if necessary."""
    importlib.import_module(path.split(":")[0])
    return _loaded(path)


def _is_running(name: str) -> bool:
    """Whether a module is being imported, so that others cannot import from it yet."""
    return bool(getattr(getattr(sys.modules.get(name), "__spec__", None), "_initializing", False))


def _register(imported: ModuleType) -> None:
    """Register all classes after the import of a module, unless an import of ours around it is running."""
    if any(_is_running(name) for name in _MODULES if name != imported.__name__):
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
    """Register each class once its Auto class and ours are imported, in any order.

    Our modules import the Auto classes, and each other; so only the end of an import around the others is early enough
    for none and late enough for all.
    """
    for module in [*dict.fromkeys(path.split(":")[0] for path, _, _ in _ROWS), *_MODULES]:
        wrapt.register_post_import_hook(_register, module)
