"""Reports of a benchmark: tables and pictures of its results beside published numbers."""

from pathlib import Path

import pandas as pd

from ..files import write_text
from ..plots import plot_errors, save_figure
from .published import published_forecasts
from .report import markdown_table

REPORT_FILE = "results.md"
_METRICS = {"mse": "Mean squared error", "mae": "Mean absolute error"}


def summarize(results: pd.DataFrame) -> pd.DataFrame:
    """Means and standard deviations over seeds.

    Args:
        results: rows of `run_benchmark`.

    Returns:
        One row for each dataset, model and horizon in the order of the results: "seeds" (count), "mse" and "mae"
        (means), "mse_std" and "mae_std" (with ddof 1, NaN for one seed), "parameters", "seconds" and "validation"
        (means), "test_windows" and "all_test_windows".
    """
    columns = {"seeds": ("mse", "size"), "mse_std": ("mse", "std"), "mae_std": ("mae", "std")}
    columns |= {name: (name, "mean") for name in ("mse", "mae", "parameters", "seconds", "validation")}
    columns |= {name: (name, "first") for name in ("test_windows", "all_test_windows")}
    return results.groupby(["dataset", "model", "horizon"], sort=False).agg(**columns).reset_index()


def _mean_and_std(mean: float, std: float) -> str:
    return f"{mean:.3f}" if pd.isna(std) else f"{mean:.3f} ± {std:.3f}"


def _is_partial(summary: pd.DataFrame) -> bool:
    return bool((summary["test_windows"] < summary["all_test_windows"]).any())


def _errors_table(summary: pd.DataFrame, published: pd.DataFrame, metric: str) -> str:
    """Markdown table of our models, then published ones, with a column for each horizon and one for their mean."""
    horizons = list(dict.fromkeys(summary["horizon"]))
    rows = [["forecaster", *map(str, horizons), "mean"]]
    for model, group in summary.groupby("model", sort=False):
        found = group.set_index("horizon")
        means, stds = found[metric].to_dict(), found[f"{metric}_std"].to_dict()
        cells = [_mean_and_std(means[h], stds[h]) if h in means else "" for h in horizons]
        mean = f"{found[metric].mean():.3f}" if len(found) == len(horizons) else ""
        rows.append([f"{model} *" if _is_partial(group) else str(model), *cells, mean])
    for model, group in published[published["horizon"].isin(horizons)].groupby("model", sort=False):
        errors = group.set_index("horizon")[metric]
        mean = f"{errors.mean():.3f}" if len(errors) == len(horizons) else ""
        rows.append([f"_{model}_", *(f"{errors[h]:.3f}" if h in errors else "" for h in horizons), mean])
    return markdown_table(rows)


def _cost_table(summary: pd.DataFrame) -> str:
    rows = [["forecaster", "horizon", "seeds", "test windows", "trained parameters", "seconds", "validation mse"]]
    for row in summary.to_dict("records"):
        validation = "" if pd.isna(row["validation"]) else f"{row['validation']:.4f}"
        windows = f"{row['test_windows']} of {row['all_test_windows']}"
        cost = [f"{row['parameters']:,.0f}", f"{row['seconds']:.1f}"]
        rows.append([str(row["model"]), str(row["horizon"]), str(row["seeds"]), windows, *cost, validation])
    return markdown_table(rows)


def report(results: pd.DataFrame) -> str:
    """Report rows of `run_benchmark` in Markdown: for each dataset a table for each metric, and one of the costs."""
    parts = []
    for dataset, rows in results.groupby("dataset", sort=False):
        summary, published = summarize(rows), published_forecasts(str(dataset))
        look_backs = ", ".join(map(str, dict.fromkeys(rows["context_length"])))
        parts.append(
            f"## {dataset}\n\nLook-back {look_backs}; errors in units of the training split's standard deviation."
        )
        if summary["seeds"].max() > 1:
            parts[-1] += (
                f" Mean ± standard deviation over {summary['seeds'].max()} seeds, without ± where nothing is random."
            )
        if len(published):
            sources = "; ".join(dict.fromkeys(published["source"]))
            parts[-1] += f" Rows in italics are published numbers ({sources}), which were not made by this code."
        if _is_partial(summary):
            parts[-1] += " * on a part of the test windows only (see the last table), so not quite comparable."
        for metric, title in _METRICS.items():
            parts.append(f"{title} by horizon:\n\n{_errors_table(summary, published, metric)}")
        parts.append(
            f"Cost, and the score on validation that settings and checkpoints were selected by:\n\n"
            f"{_cost_table(summary)}"
        )
    return "\n\n".join(parts) + "\n"


def picture_name(dataset: str) -> str:
    """Name of the picture file of a dataset."""
    return f"{dataset.replace('/', '_').replace(' ', '_')}.png"


def write_report(results: pd.DataFrame, folder: str | Path) -> list[Path]:
    """Write results.md, and a picture for each dataset, from rows of `run_benchmark`.

    Returns:
        Paths of the written files.
    """
    folder = Path(folder)
    written = [folder / REPORT_FILE]
    write_text(written[0], report(results))
    for dataset, rows in results.groupby("dataset", sort=False):
        written.append(folder / picture_name(str(dataset)))
        figure = plot_errors(summarize(rows), published_forecasts(str(dataset)), title=f"{dataset}, test split")
        save_figure(figure, written[-1])
    return written
