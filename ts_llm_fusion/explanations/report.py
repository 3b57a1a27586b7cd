"""Reports of explanations: one file in HTML or Markdown, with the pictures inside."""

import base64
import io
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from jinja2.filters import FILTERS

from ..errors import UserError
from ..files import write_text
from ..plots import plot_reasons
from .evidence import TextClause
from .explain import Explanation
from .facts import Covariate, Facts, Point, Share
from .words import in_words

SUFFIXES = (".html", ".md")
# Experts in the table, those of the largest weight.
_MOST_EXPERTS = 8
# Covariates in the table, those of the largest effect.
_MOST_COVARIATES = 8
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#+!|~$&-])")


def _escape_markdown(value: Any) -> str:
    """Text as one line without any meaning to Markdown or HTML."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(value).split()))


def _picture(explanation: Explanation) -> str:
    """PNG of the forecast as a data URI."""
    evidence = explanation.evidence
    members = {
        share.name: [name for name in evidence.weights if evidence.groups[str(name)] == share.name]
        for share in explanation.facts.experts.groups
    }
    shares = pd.DataFrame({group: evidence.weights[names].sum(axis=1) for group, names in members.items()})
    forecast = evidence.forecast.rename(columns={"mean": "predictions"})
    history, without = evidence.history, evidence.numeric if evidence.texts else None
    if not evidence.dated:
        # Without dates the axis counts steps, from 1 for the first of the forecast.
        steps = pd.RangeIndex(1, len(forecast) + 1)
        history = history.set_axis(pd.RangeIndex(1 - len(history), 1))
        forecast, shares = forecast.set_axis(steps), shares.set_axis(steps)
        without = None if without is None else without.set_axis(steps)
    season = next(iter(evidence.periods), None)
    figure = plot_reasons(history, forecast, shares, evidence.name, season, evidence.unit, without)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _effect(covariate: Covariate, facts: Facts) -> str:
    """Effect of a covariate in words."""
    largest = f"{in_words('value', covariate.largest.value, facts)} {in_words('when', covariate.largest, facts)}"
    mean = in_words("value", covariate.mean, facts)
    return f"{mean} on average; up to {largest}; in {covariate.steps:,} of {facts.horizon.steps:,} steps"


def _rows(facts: Facts) -> list[tuple[str, str]]:
    """Facts that are not of the experts, by name, in words."""

    def say(kind: str, value: Any) -> str:
        return in_words(kind, value, facts)

    def point(at: Point) -> str:
        return f"{say('value', at.value)} {say('when', at)}"

    horizon, gaps = facts.horizon, facts.gaps
    aside = "" if facts.covariates is None else ", covariates aside"
    rows = [
        ("last observed value", f"{say('value', facts.last.value)} {say('date', facts.last)}"),
        ("horizon", say("duration", horizon.steps)),
        ("mean", say("value", horizon.mean)),
        ("first", point(horizon.first)),
        ("last", point(horizon.last)),
        ("highest", point(horizon.highest)),
        ("lowest", point(horizon.lowest)),
    ]
    if facts.trend is not None:
        direction = say("rises|falls", facts.trend.change)
        moves = f"{direction} by {say('size', facts.trend.change)}, {say('rate', facts.trend.slope)}"
        rows.append((f"trend{aside}", moves))
    if facts.season is not None:
        season = facts.season
        strength = (
            f"{say('percent', season.strength)} of the variation about the line of the last {season.cycles} seasons"
        )
        rows.append(("season", f"{say('season', season)}, {strength}"))
        rows += [
            (f"season, {name}{aside}", f"{point(at)}, from the trend")
            for name, at in (
                ("peak", season.peak),
                ("trough", season.trough),
                ("turn", season.turn),
                ("second turn", season.second_turn),
            )
            if at is not None
        ]
    if facts.comparison is not None:
        comparison = facts.comparison
        share = f" ({say('percent', comparison.percent)})" if comparison.percent is not None else ""
        beside = f"{say('size', comparison.difference)}{share} {say('above|below', comparison.difference)}"
        name = "same season before" if facts.season else f"last {say('duration', comparison.steps)}"
        rows.append((f"beside the {name}", f"{beside}, mean of {say('duration', comparison.steps)}"))
    if facts.band is not None:
        band = facts.band
        widths = f"{say('size', band.first)} wide at first, {say('size', band.last)} at the end"
        rows.append((f"{say('percent', band.coverage)} band", widths))
    if facts.covariates is not None:
        rows += [(f"covariate {one.name}", _effect(one, facts)) for one in facts.covariates.all[:_MOST_COVARIATES]]
    missing = f"{gaps.missing:,} of {gaps.length:,}, at most {gaps.longest:,} in a row, {gaps.at_end:,} at the end"
    rows.append(("missing values", missing))
    return rows


def _clause_rows(clauses: Sequence[TextClause]) -> list[tuple[str, str]]:
    """What each clause of the text does, or why it does nothing."""
    rows = []
    for clause in clauses:
        told = f": {'; '.join(part for part in (clause.does, clause.reason) if part)}"
        rows.append(("text, used" if clause.used else "text, not used", f"“{clause.phrase}”{told}"))
    return rows


def _share_rows(facts: Facts, shares: Sequence[Share]) -> list[tuple[str, str, str]]:
    """Name, weight and effect of parts of the forecast, in words."""
    return [
        (
            in_words("name", share.name, facts),
            in_words("percent", share.weight, facts),
            "" if share.effect is None else in_words("value", share.effect, facts),
        )
        for share in shares
    ]


def _shown(actual: float | str | None) -> str:
    return f"{actual:.6g}" if isinstance(actual, int | float) else str(actual)


def _section(explanation: Explanation) -> dict[str, Any]:
    facts = explanation.facts
    return {
        "name": facts.name,
        "sentences": explanation.sentences,
        "voice": explanation.voice,
        "picture": _picture(explanation),
        "facts": _rows(facts) + _clause_rows(explanation.evidence.clauses),
        "groups": _share_rows(facts, facts.experts.groups),
        "experts": _share_rows(facts, facts.experts.all[:_MOST_EXPERTS]),
        "more": max(0, len(facts.experts.all) - _MOST_EXPERTS),
        "claims": [
            (claim.quantity, claim.words, _shown(claim.actual), "yes" if claim.holds else "no")
            for claim in explanation.claims
        ],
    }


def check_suffix(path: str | Path) -> None:
    """Check that a report can be written under this name.

    Raises:
        ValueError: for another suffix than .html or .md.
    """
    if Path(path).suffix not in SUFFIXES:
        raise UserError(f"{path}: unknown kind of report; give {' or '.join(SUFFIXES)}.")


def render_report(explanations: Sequence[Explanation], title: str, suffix: str = ".html") -> str:
    """Report of explanations as one self-contained text.

    Names of series and units are escaped; there are no scripts, and nothing is loaded from elsewhere.

    Args:
        explanations: one section each.
        title: of the report.
        suffix: `.html` or `.md`.
    """
    # Markdown is escaped by a filter.
    environment = Environment(  # nosec B701
        autoescape=suffix == ".html", undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters = {**FILTERS, "md": _escape_markdown}
    template = files(__package__ or "").joinpath(f"report{suffix}").read_text(encoding="utf-8")
    sections = [_section(explanation) for explanation in explanations]
    return environment.from_string(template).render(title=title, sections=sections)


def write_report(explanations: Sequence[Explanation], path: str | Path, title: str) -> None:
    """Write the report of explanations to a .html or .md file; see `render_report`.

    Raises:
        ValueError: for another suffix.
    """
    check_suffix(path)
    write_text(path, render_report(explanations, title, Path(path).suffix))
