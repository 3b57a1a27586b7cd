"""Words of the page as HTML; everything that comes from a visitor is escaped."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from .forecasts import Result


def fault(line: str) -> str:
    """One line about input that has to be changed."""
    return Markup('<p class="fault" role="alert">{}</p>').format(line)


def notes(lines: Iterable[str]) -> str:
    """Assumptions and warnings of a request."""
    return Markup("").join(Markup('<p class="note">{}</p>').format(line) for line in lines)


def about(name: str, rows: int, series: int, is_example: bool) -> str:
    """The table at hand, in a line."""
    size = f"{rows:,} rows, {series:,} series" if series > 1 else f"{rows:,} rows"
    kind = "An invented example: " if is_example else ""
    return Markup('<p class="about">{}<b>{}</b> <span>{}</span></p>').format(kind, name, size)


def heading(result: Result) -> str:
    """Name of the series and of the horizon."""
    return Markup("<h2>{} <span>next {}</span></h2>").format(result.series, result.horizon)


def comparison(result: Result) -> str:
    """Errors of two forecasters on the held-out end."""
    if result.other is None:
        return ""
    if result.scores is None:
        line = f"The history is too short to hold out its end and compare {result.other[0]} on it."
        return Markup('<p class="note">{}</p>').format(line)
    best = min(result.scores.values())
    row = Markup('<tr class="{}"><td>{}</td><td>{}</td></tr>')
    rows = Markup("").join(
        row.format("best" if error == best else "", name, f"{error:,.4g}") for name, error in result.scores.items()
    )
    return Markup(
        '<table class="scores"><caption>Tested on the last {} known steps, forecast from those before</caption>'
        "<tr><th>forecaster</th><th>mean absolute error</th></tr>{}</table>"
    ).format(f"{result.held_out:,}", rows)


def reasons(result: Result) -> str:
    """Reasons of a forecast, the first sentence as its summary."""
    if result.explanation is None:
        return ""
    # No line ends between a number and its sign.
    first, *rest = (sentence.replace(" %", "\N{NO-BREAK SPACE}%") for sentence in result.explanation.sentences)
    items = Markup("").join(Markup("<li>{}</li>").format(sentence) for sentence in rest)
    return Markup('<h3>Why</h3><p class="lead">{}</p><ul class="why">{}</ul>').format(first, items)


def dialog(turns: Sequence[tuple[str, str]]) -> str:
    """Questions and answers, the latest first."""
    pairs = Markup("").join(
        Markup('<div class="turn"><p class="question">{}</p><p class="answer">{}</p></div>').format(question, answer)
        for question, answer in reversed(turns)
    )
    return Markup('<div aria-live="polite">{}</div>').format(pairs)
