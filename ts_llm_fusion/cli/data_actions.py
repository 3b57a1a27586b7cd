"""Actions of `ts-llm-fusion data`."""

import argparse
import dataclasses
import itertools
import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..data.download import cached_path, find_local, locate
from ..data.entries import DatasetEntry, RemoteFile
from ..data.registry import REGISTRY, find_dataset, find_features, load_dataset
from ..data.series.tables import check_table
from ..errors import UserError
from ..evaluation.report import align_columns
from ..files import check_output, check_writable
from ..plots import plot_samples, save_figure
from .flags import READING, as_given
from .parsing import print_next

_WIDTH = 110
# Values of a series that are printed, and that are drawn.
_VALUES, _STEPS = 6, 1000


def _megabytes(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:,.1f} MB"


def _where(file: RemoteFile) -> Path | None:
    """Local path of a file, or None."""
    local = find_local(file.path)
    cached = cached_path(file)
    return local or (cached if cached.is_file() else None)


def _instead(entry: DatasetEntry) -> list[Path]:
    """Local files in place of those of an entry: all of them, or none."""
    found = [path for path in map(find_local, entry.instead) if path is not None]
    return found if len(found) == len(entry.instead) else []


def _here(entry: DatasetEntry) -> str:
    if _instead(entry):
        return "yes"
    found = sum(_where(file) is not None for file in entry.files)
    if not entry.files:
        return "-"
    return {0: "no", len(entry.files): "yes"}.get(found, f"{found} of {len(entry.files)}")


def _size(entry: DatasetEntry) -> str:
    sizes = [file.size for file in entry.files]
    known = [size for size in sizes if size is not None]
    return _megabytes(sum(known)) if known and len(known) == len(sizes) else ""


def _fields(entry: DatasetEntry) -> dict[str, Any]:
    """Fields of an entry that tell of the set, and whether its files are here, for JSON."""
    fields = dataclasses.asdict(entry)
    for name in ("loader", "options", "instead", "features"):
        del fields[name]
    return {**fields, "here": _here(entry)}


def list_sets(as_json: bool) -> None:
    if as_json:
        print(json.dumps([_fields(entry) for entry in REGISTRY.values()], indent=2, ensure_ascii=False))
        return
    head = ("name", "task", "here", "download", "license", "what")
    lines = [
        (
            entry.name,
            entry.task,
            _here(entry),
            _size(entry),
            textwrap.shorten(entry.license, 24, placeholder="..."),
            textwrap.shorten(entry.description, 60, placeholder="..."),
        )
        for entry in REGISTRY.values()
    ]
    print("\n".join("  ".join(line).rstrip() for line in align_columns([head, *lines])))
    print_next("data", "info", next(iter(REGISTRY)))


def show_info(entry: DatasetEntry, as_json: bool) -> None:
    if as_json:
        features = {name: str(feature) for name, feature in find_features(entry).items()}
        print(json.dumps({**_fields(entry), "features": features}, indent=2, ensure_ascii=False))
        return
    facts = {
        "name": entry.name,
        "task": entry.task,
        "what": entry.description,
        "license": entry.license,
        "citation": entry.citation,
        "homepage": entry.homepage,
        "on the Hub": entry.hub_id or "",
        "splits": ", ".join(entry.splits),
    }
    for name, text in facts.items():
        if text:
            print(textwrap.fill(text, _WIDTH, initial_indent=name.ljust(12), subsequent_indent=" " * 12))
    print("features")
    for name, feature in find_features(entry).items():
        print(f"  {name}: {feature}")
    for path in _instead(entry):
        print(f"read from   {path}")
    for file in entry.files:
        place = _where(file)
        print(
            f"file        {file.path}\n"
            f"  address   {file.url or 'none: fetch it yourself'}\n"
            f"  sha256    {file.sha256 or 'not known'}\n"
            f"  size      {_megabytes(file.size) or 'not known'}\n"
            f"  here      {place or 'no'}"
        )
    print_next("data", "preview" if _here(entry) in ("yes", "-") else "download", entry.name)


def download(entry: DatasetEntry) -> None:
    for file in entry.files:
        if _where(file) is None:
            check_writable(cached_path(file).parent)
    paths = _instead(entry) or [locate(file, entry.name) for file in entry.files]
    print("\n".join(map(str, paths)) or f"{entry.name}: nothing to download, it is generated or part of a package.")
    print_next("data", "preview", entry.name)


def _text(message: Mapping[str, Any]) -> str:
    parts = [part["text"] if part["type"] == "text" else "<series>" for part in message["content"]]
    return f"{message['role']}: {''.join(parts)}"


def _values(values: np.ndarray) -> str:
    shown = " ".join(f"{value:.6g}" for value in values[:_VALUES])
    return f"{len(values)} values: {shown}{' ...' if len(values) > _VALUES else ''}"


def _series_of(sample: Mapping[str, Any]) -> dict[str, pd.Series]:
    """Series of a sample of a forecasting set or of questions: name -> values, by date where it has one."""
    if "target" in sample:
        values = np.asarray(sample["target"], dtype=np.float64)
        dated = sample["start"] is not None
        times = pd.date_range(sample["start"], periods=len(values), freq=sample["freq"]) if dated else None
        return {sample["item_id"]: pd.Series(values, times)}
    names = sample.get("time_series_names") or [f"series {k + 1}" for k in range(len(sample["time_series"]))]
    return {
        name: pd.Series(np.asarray(values, dtype=np.float64))
        for name, values in zip(names, sample["time_series"], strict=True)
    }


def _print_sample(number: int, sample: Mapping[str, Any]) -> None:
    print(f"sample {number}")
    for name, value in sample.items():
        if name not in ("messages", "target", "time_series", "time_series_names"):
            print(f"  {name}: {value}")
    for message in sample.get("messages", ()):
        print(textwrap.indent(textwrap.fill(_text(message), _WIDTH - 2, replace_whitespace=False), "  "))
    for name, values in _series_of(sample).items():
        print(f"  {name}: {_values(values.to_numpy())}")


def _title(sample: Mapping[str, Any], series: Mapping[str, pd.Series]) -> str:
    longest = max(map(len, series.values()))
    cut = f" (first {_STEPS:,} of {longest:,} steps)" if longest > _STEPS else ""
    name = sample["item_id"] if "target" in sample else f"{sample['id']}: {sample['answer']}"
    return textwrap.shorten(name, 90, placeholder="...") + cut


def preview(options: argparse.Namespace) -> None:
    if options.samples < 1:
        raise UserError(f"--samples is {options.samples}; it must be at least 1.")
    path = options.output or Path(f"{Path(options.name).name.split('.')[0]}.png")
    check_output(path, (options.name,), options.overwrite)
    if path.suffix.lower() not in ("", ".png"):
        raise UserError(f"--output {path}: the picture is a PNG file; give .png.")
    if options.name not in REGISTRY and Path(options.name).exists():
        check_table(options.name)
    is_file = options.name not in REGISTRY and Path(options.name).suffix
    given = [name for name in READING if getattr(options, name) is not None]
    if given and not is_file:
        raise UserError(f"--{given[0]} is for a file, and {options.name} is a set by name; leave it out.")
    split = options.split or ("train" if is_file else find_dataset(options.name).splits[0])
    reading = {"id_column" if name == "id" else name: getattr(options, name) for name in given}
    samples = list(itertools.islice(load_dataset(options.name, split, streaming=True, **reading), options.samples))
    panels, texts = [], []
    for number, sample in enumerate(samples, start=1):
        _print_sample(number, sample)
        series = _series_of(sample)
        if series:
            panels.append((_title(sample, series), {name: values[:_STEPS] for name, values in series.items()}))
            texts.append(" ".join(map(_text, sample.get("messages", ()))))
    if panels:
        save_figure(plot_samples(panels, f"{Path(options.name).name}, {split}", texts), path)
        print(f"picture: {path}")
    if is_file:
        print_next("forecast", options.name, *as_given(options, *READING))
    elif find_dataset(options.name).task == "forecasting":
        print_next("evaluate", "--data", options.name)
    else:
        print_next("train", "sft", "--data", options.name, "--output_dir", f"outputs/{options.name}")
