"""What a question asks: its words, beside the names, times and numbers in it, as a query."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ..processing.grounding_axis import Span
from . import cues
from .names import Names
from .query import CannotTellError, NotUnderstoodError, Query
from .question_text import Read
from .times import Times

# Kinds in whose questions a number may stand that is not compared with values, such as "80 %" or "of the 2 series".
_WITHOUT_NUMBERS = frozenset(("top", "band", "series", "rank", "growth", "pair", "correlation", "percentile"))
_NTH_COUNT = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5}


def _side(text: str) -> str | None:
    for side, pattern in cues.SIDES:
        if pattern.search(text):
            return side
    return None


def _unit(text: str) -> str:
    found = cues.UNIT_ASKED.search(text) or re.search(
        r"^(hour|day|week|month|quarter|year)s? (?:with|of|when|where|in which)\b", text
    )
    unit = found.group(1) if found else ""
    if not unit:
        per = cues.PER.search(text)
        unit = (per.group(1) or cues.ADVERBS[per.group(2)]) if per else ""
    return "" if unit == "weekday" else unit


def _statistic(text: str) -> str:
    for pattern, name in (
        (cues.MEDIAN, "median"), (cues.STD, "standard deviation"), (cues.RANGE, "range"), (cues.SUM, "sum"),
        (cues.MEAN, "mean"),
        (cues.MAX, "maximum"), (cues.MIN, "minimum"),
    ):  # fmt: skip
        if pattern.search(text):
            return name
    return "value"


def _expected(text: str, is_yes_no: bool, default: str = "some") -> str:
    if not is_yes_no:
        return ""
    if default == "some":
        return "some"
    up, down = cues.UP.search(text), cues.DOWN.search(text)
    words = ("rises", "falls") if default == "trend" else ("more", "less")
    if up and down:
        return ""
    return words[0] if up else words[1] if down else ""


def query_of(read: Read, names: Names, history: int) -> Query:
    """What a question asks; see [`Query`].

    Raises:
        CannotTellError: nothing that can be computed is asked.
    """
    text = read.text
    is_yes_no = cues.VERB_FIRST.search(text) is not None
    times = read.times
    if cues.NEXT_STEP.search(text) and not times:
        times = (Times(Span(steps=(0, 1)), 0, 0),)
    base = Query(
        kind="statistic",
        times=times,
        series=read.series,
        future=read.future,
        when=cues.WHEN.search(text) is not None,
        percent=cues.PERCENT.search(text) is not None or "%" in text,
        side="lowest" if cues.MIN.search(text) and not cues.MAX.search(text) else "highest",
    )
    several = len(names.names) > 1
    _check_supported(text, read)
    found = (
        _of_series(text, base, read, several, is_yes_no)
        or _of_bounds(text, base, read, is_yes_no)
        or _of_records(text, base, read, is_yes_no)
        or _of_values(text, base, read, is_yes_no)
    )
    if found is None:
        raise NotUnderstoodError(
            "it is not understood; ask for values, dates, changes, comparisons, patterns or forecasts of the series."
        )
    if read.numbers and not found.bounds and found.kind not in _WITHOUT_NUMBERS:
        raise CannotTellError(
            f"the number {read.numbers[0]:g} is not understood in it; leave it out or say it otherwise."
        )
    return found


def _check_supported(text: str, read: Read) -> None:
    """Refuse statistics that are not computed, and parts that are to be left out.

    Raises:
        CannotTellError: with what it is.
    """
    found = cues.UNSUPPORTED.search(text)
    if found:
        raise CannotTellError(
            f"{found.group()!r} is not computed here; ask for a mean, a sum, a change or an extreme."
        )
    if cues.LEFT_OUT.search(text) and (read.times or read.numbers):
        raise CannotTellError("an answer leaves nothing out of a time; name the times that it is to be of.")
    per = re.search(r"\b(?:per|for each|by|in each|of each) (hour|day|week|month|quarter|year)\b", text)
    if (
        per
        and not read.numbers
        and cues.MEAN.search(text)
        and not (cues.MAX.search(text) or cues.MIN.search(text) or cues.CHANGE.search(text))
    ):
        raise CannotTellError(
            f"an answer is one number; ask for one {per.group(1)}, or which {per.group(1)} is the highest."
        )


def _of_series(text: str, base: Query, read: Read, several: bool, is_yes_no: bool) -> Query | None:
    """Questions of several series."""
    count = len(read.series)
    if re.search(
        r"\b(how many|number of|names? of(?: the| all)?) (different |separate |"
        r"individual )?(series|columns|variables|ids)\b",
        text,
    ) or (
        re.search(
            r"\b(which|what|list|name)( \w+){0,2} (series|columns|variables|ids)( are| do| does| is|"
            r"\s*$|\s*\?)",
            text,
        )
        and not (cues.MAX.search(text) or cues.MIN.search(text) or cues.FASTEST.search(text))
    ):
        return replace(base, kind="series")
    if cues.CORRELATION.search(text) and (count == 2 or (several and count == 0 and re.search(r"correlat\w+", text))):
        return replace(base, kind="correlation", expected=_expected(text, is_yes_no))
    asks = cues.WHICH_SERIES.search(text) or cues.WHO.search(text)
    # "Which one of the months": a time is asked for.
    timed = re.search(r"\b(which|what) (hour|day|week|month|quarter|year|date|weekday)\b", text)
    if (
        (several or re.search(r"\bwhich (of the )?(series|columns?)\b|\bof (them|these|those)\b", text))
        and asks
        and not timed
        and (count != 1)
    ):
        if cues.FASTEST.search(text) and not re.search(r"\blargest (mean|average|value)\b", text):
            side = "slowest" if cues.SLOWEST.search(text) else "fastest"
            return replace(base, kind="growth", side=side)
        ranks = re.search(
            r"\b(?:rank\w*|comes? (?:first|last|out on top)|leads|is ahead|first place|tops the)\b", text
        )
        if (
            cues.MAX.search(text)
            or cues.MIN.search(text)
            or ranks
            or re.search(r"\b(large|high|low|small|big|great|strong|weak|volatil|vari|fluctuat)\w*", text)
        ):
            statistic = _statistic(cues.MAX.sub(" ", cues.MIN.sub(" ", text)))
            if statistic == "value":
                statistic = "mean"
                if re.search(r"\b(maximum|max|peak|record|highest value|largest value|biggest value)\b", text):
                    statistic = "maximum"
                if re.search(r"\b(minimum|min|trough|lowest value|smallest value)\b", text):
                    statistic = "minimum"
            side = (
                "lowest"
                if cues.MIN.search(text) and not (cues.MAX.search(text) and statistic == "minimum")
                else "highest"
            )
            if statistic == "minimum" and cues.MAX.search(text) and not re.search(r"\b(lowest|smallest)\b", text):
                side = "highest"
            if re.search(r"\b(least|lower|smaller|weaker|comes last)\b", text) and not cues.MAX.search(text):
                side = "lowest"
            return replace(base, kind="rank", statistic=statistic, side=side)
    if several and not read.series and re.match(r"rank\w*\b|sort\b|order\b", text):
        return replace(base, kind="rank", statistic="mean", side="lowest" if cues.MIN.search(text) else "highest")
    if count == 2:
        statistic = _statistic(re.sub(r"\b(highs?|lows?|higher|lower|most|least|top|best|record)\b", " ", text))
        return replace(
            base, kind="pair", statistic="mean" if statistic == "value" else statistic,
            expected=_expected(text, is_yes_no, "difference"),
        )  # fmt: skip
    return None


def _of_bounds(text: str, base: Query, read: Read, is_yes_no: bool) -> Query | None:
    """Questions of numbers that values are compared with."""
    percentile = cues.PERCENTILE.search(
        text.replace("<n>", "{}").format(*[f"{number:g}" for number in read.numbers])
        if text.count("<n>") == len(read.numbers) and "{" not in text
        else text
    )
    if percentile:
        share = float(percentile.group(1) or percentile.group(2)) / 100
        if 0 < share < 1:
            return replace(base, kind="percentile", bounds=(share,), percent=False)
    for words, share in cues.QUARTILES.items():
        if words in text:
            return replace(base, kind="percentile", bounds=(share,), percent=False)
    nth = cues.NTH.search(text)
    if nth:
        return replace(base, kind="top", count=_NTH_COUNT[nth.group(1)])
    if not read.numbers:
        return None
    side = _side(text)
    numbers = read.numbers
    top = cues.TOP.search(text)
    if top and not cues.COUNT.search(text) and not (side and len(numbers) > 1) and re.search(
        r"(?<!it )(?<!to )(?<!<s> )\b(?:top|best|worst|bottom) <n>|<n> (?:\w+ )?(?:best|highest|"
        r"largest|biggest|greatest|worst|lowest|smallest|strongest|weakest|top|peak)|"
        r"(?:highest|largest|biggest|greatest|lowest|smallest|strongest|weakest) <n>", text
    ) and numbers[0] == int(numbers[0]) and 1 <= numbers[0] <= 1000:  # fmt: skip
        return replace(base, kind="top", count=int(numbers[0]))
    if side is None and len(numbers) >= 2 and re.search(r"<n> (?:and|to|-) <n>", text):
        return replace(base, kind="count", bounds=numbers[:2], unit=_unit(text))
    if re.search(r"between <n> and <n>", text):
        return replace(base, kind="count", bounds=numbers[:2], unit=_unit(text), percent=_is_share(text))
    if side is None and not (cues.COUNT.search(text) or base.when):
        return None
    if len(numbers) > 1:
        raise CannotTellError(
            "it names several numbers, and bounds from two sides are computed between A and B alone."
        )
    bound = (numbers[-1],)
    side = side or "equal to"
    base = replace(base, side=side, bounds=bound)
    if cues.RUN.search(text):
        return replace(base, kind="run")
    unit = _unit(text)
    if _is_share(text) or cues.COUNT.search(text):
        if read.future and cues.CHANCE.search(text) and not cues.COUNT.search(text):
            return replace(base, kind="probability")
        return replace(
            base,
            kind="count",
            unit=unit,
            percent=_is_share(text) and not cues.COUNT.search(re.sub(r"\bhow often\b", "", text)),
        )
    if cues.CHANCE.search(text):
        return replace(base, kind="probability", future=True)
    order = "last" if cues.LAST_TIME.search(text) and not re.search(r"\bfirst\b", text) else "first"
    asks_when = (
        base.when
        or cues.FIRST.search(text)
        or re.search(r"\b(?:last|latest|most recent) (?:time|date|day|month|week|year|occasion|value)\b", text)
    )
    if asks_when:
        return replace(base, kind="crossing", order=order)
    if _statistic(text) in ("mean", "median", "sum", "standard deviation"):
        raise CannotTellError(
            "a statistic of the values beyond a bound is not computed; ask how many there are, or when."
        )
    if is_yes_no or re.search(r"\bever\b|\bnever\b", text):
        if read.future and any(_is_one_step(times) for times in base.times):
            return replace(base, kind="probability", expected="more")
        return replace(base, kind="crossing", expected="none" if re.search(r"\bnever\b", text) else "some")
    return replace(base, kind="count", unit=unit)


def _is_one_step(times: Times) -> bool:
    return times.span.steps is not None and times.span.steps[1] - times.span.steps[0] == 1


def _is_share(text: str) -> bool:
    return cues.SHARE.search(text) is not None or "%" in text


def _of_records(text: str, base: Query, read: Read, is_yes_no: bool) -> Query | None:
    """Questions of the record as a whole: gaps, outliers, breaks, season, its length and its ends."""
    two = len(base.times) >= 2 or bool(base.times and base.times[0].ends)
    if cues.MISSING.search(text) and not (two or re.search(r"\bgap between\b", text)):
        none = re.search(r"\bcomplete\w*\b|\bno (gaps|holes|missing)\b|\bwithout\b", text) and not re.search(
            r"\bincomplete\b", text
        )
        return replace(base, kind="missing", expected=("none" if none else "some") if is_yes_no else "")
    if cues.OUTLIER.search(text):
        return replace(
            base,
            kind="outliers",
            when=base.when or "oddest" in text or "which" in text,
            expected=_expected(text, is_yes_no),
        )
    if cues.BREAK.search(text) and not re.search(r"\bbreaks? (?:even|down)\b", text):
        return replace(base, kind="break", expected=_expected(text, is_yes_no))
    if cues.STEP.search(text) and not re.search(r"\bhow often\b.*\b(above|below|over|under)\b", text):
        return replace(base, kind="extent")
    if cues.SEASON.search(text) and not re.search(r"\b(?:this|last|next|per|each|every|in the) season\b", text):
        strong = re.search(
            r"\b(strong\w*|pronounced|strength|weak|marked|big|large|intens\w*|dominant|how much)\b", text
        )
        return replace(base, kind="season", percent=bool(strong), expected=_expected(text, is_yes_no))
    if cues.SURE.search(text) and not (read.numbers and cues.CHANCE.search(text)) and not cues.MEAN.search(text):
        return replace(base, kind="band", future=True)
    if re.search(r"\bfrom when (?:to|until|till) when\b", text):
        return replace(base, kind="extent", future=False)
    if (
        cues.BEGIN.search(text)
        and not two
        and not cues.FIRST_VALUE.search(text)
        and not (base.times or read.future)
        and not re.search(r"\b(?:began|start\w*|begin\w*) to\b", text)
    ):
        return replace(base, kind="edge", order="first", when=True)
    if (
        cues.END.search(text)
        and (base.when or re.search(r"\b(last|latest) (date|day|timestamp)\b", text))
        and not base.times
        and not read.future
        and not (cues.MAX.search(text) or cues.MIN.search(text))
    ):
        return replace(base, kind="edge", order="last", when=True)
    if re.search(
        r"\bfrom when (?:to|until|till) when\b|\bhow (?:big|large) is the (?:data\w*|series|table|"
        r"sample|record)\b",
        text,
    ):
        return replace(base, kind="extent", future=False)
    # "How many days are in a leap year?"
    names_other = any(before in ("a", "an", "the", "of", "in", "for") for before, _, _ in read.unknown)
    is_extreme = cues.MAX.search(text) or cues.MIN.search(text)
    of_values = cues.MEAN.search(text) or cues.SUM.search(re.sub(r"\bin all\b|\btotals?\b|\baltogether\b", "", text))
    if cues.EXTENT.search(text) and cues.RECORD.search(text) and not (
        is_extreme or of_values or cues.NO_EXTENT.search(text) or names_other
    ):  # fmt: skip
        observed = re.search(
            r"\b(?:observations?|values?|readings?|data ?points?|datapoints?|measurements?|numbers)\b", text
        )
        return replace(base, kind="extent", future=False, statistic="count" if observed else "mean")
    return None


def _of_values(text: str, base: Query, read: Read, is_yes_no: bool) -> Query | None:
    """Questions of values, their extremes, differences, changes, and of the forecast."""
    stepwise = cues.STEP_CHANGE.search(text) or cues.CHANGED_MOST.search(text)
    if stepwise:
        return replace(base, kind="largest step", side=str(stepwise.lastgroup))
    if cues.MEAN.search(text) and re.search(
        r"\b(?:average|mean) (?:\w+ )?(?:increase|growth|change|rise|decrease|decline|fall|drop|gain|loss)\b|"
        r"\bon average\b.*\b(?:grow|increase|rise|change|fall|decrease|decline|gain|lose)\b", text
    ):  # fmt: skip
        return replace(base, kind="trend")
    times = base.times
    two = len(times) >= 2 or bool(times and times[0].ends)
    is_max, is_min = cues.MAX.search(text), cues.MIN.search(text)
    plain_max = (
        (is_max and not re.fullmatch(r"(?:most|high|record|top)", is_max.group()))
        or bool(
            is_max
            and re.search(
                r"\b(the|its|at) (most|high|top)\b|\brecord (high|value)\b|\ball-time\b|\bhigh point\b|"
                r"\b(most|top)\b",
                text,
            )
            and not re.search(r"\bmost (recent|recently|of the time|likely)\b", text)
        )
        or re.search(r"\b(?:the|a|its|what) record\b|\bheights?\b", text) is not None
    )
    extreme = bool(plain_max or is_min)
    for unit, pattern in cues.PROFILE:
        if (
            pattern.search(text)
            and (extreme or re.search(r"\b(high|low|large|small|strong|weak|busy|quiet)\w*", text))
            and (unit != "weekday" or not times)
        ):
            return replace(base, kind="profile", unit=unit)
    unit = _unit(text)
    if (
        unit in ("month", "hour", "day")
        and extreme
        and cues.USUAL.search(text)
        and not re.search(r"\bof which year\b", text)
    ):
        return replace(base, kind="profile", unit="weekday" if unit == "day" else unit)
    if read.future and cues.CHANCE.search(text) and not extreme:
        return replace(
            base,
            kind="probability",
            side="below" if cues.DOWN.search(text) and not cues.UP.search(text) else "above",
            expected=_expected(text, is_yes_no, "difference"),
        )
    if (
        re.search(
            r"\b(share|fraction|proportion|percentage|percent|part|portion|how much)(?: of\b| <t>)|"
            r"% of\b",
            text,
        )
        and times
        and not re.search(r"\b(?:gr[eo]w\w*|growth|chang\w+|increase\w*|increasing|ris\w+|rose|of the time)\b", text)
    ):
        if len(times) == 2 and re.search(
            r"\b(?:share|fraction|proportion|percentage|percent|part|portion|how much|%) (?:of )?<t>", text
        ):
            # "What part of 1960 came from July?": the whole is named first.
            return replace(base, kind="share", percent=True, times=times[::-1])
        return replace(base, kind="share", percent=True)
    if re.search(
        r"\b(?:how fast|how quickly|how rapidly|how slowly|(?:at )?(?:what|which) (?:rate|pace|"
        r"speed))\b"
        , text) or (
        re.search(r"\b(?:per|each|every|a) (?:hour|day|week|month|quarter|year|step)\b", text)
        and cues.CHANGE.search(text) and not extreme and not read.numbers
        and re.search(r"\bhow much\b|\bby what\b", text)
    ):  # fmt: skip
        return replace(base, kind="trend")
    if re.search(
        r"\b(?:total|overall|net|absolute|relative) (?:change|growth|increase|rise|gain|loss|"
        r"decrease|decline|fall|drop)\b|\bhow (?:has|have|did) (?:it|they|the \w+|<s>) chang\w+\b",
        text,
    ):
        return replace(base, kind="change")
    statistic = _statistic(text)
    compares = cues.DIFFERENCE.search(text) is not None
    if two and not (read.future and extreme) and (compares or cues.CHANGE.search(text) or not extreme):
        changes = cues.CHANGE.search(text) and not re.search(r"\b(than|differ\w*|versus|vs|compar\w+)\b", text)
        if changes and not (is_yes_no and _is_range(times)):
            return replace(base, kind="change", expected=_expected(text, is_yes_no, "difference"))
        ranged = len(times) == 1 and times[0].ends
        asks_two = compares and (
            not ranged
            or re.search(r"\b(differ\w*|gap|separate\w*|separating|apart|compar\w+|distance|margin)\b", text)
        )
        recurring = sum(one.recurs for one in times) >= 2
        if statistic == "range" and ranged:
            return replace(base, kind="statistic", statistic="range")
        if (len(times) >= 2 and (compares or recurring)) or asks_two:
            if read.future and is_yes_no and statistic == "value" and len(times) == 2:
                side = "below" if cues.DOWN.search(text) and not cues.UP.search(text) else "above"
                return replace(base, kind="probability", side=side, expected=_expected(text, is_yes_no, "difference"))
            kept = statistic if statistic in ("sum", "median", "mean", "standard deviation") else "mean"
            if re.search(r"\b(the )?(max\w*|peaks?|highest value)\b", text):
                kept = "maximum"
            elif re.search(r"\b(the )?(min\w*|troughs?|lowest value)\b", text):
                kept = "minimum"
            return replace(base, kind="difference", statistic=kept, expected=_expected(text, is_yes_no, "difference"))
    if (
        cues.NEXT_ABOVE.search(text)
        and read.future
        and not extreme
        and (is_yes_no or cues.CHANCE.search(text))
        and (not times or all(_is_one_step(one) or not one.recurs for one in times))
    ):
        side = "below" if cues.DOWN.search(text) and not cues.UP.search(text) else "above"
        if (times and _is_one_step(times[0])) or re.search(
            r"\b(last|latest|current|now|today|this) ?(one|value|month|week|day|year|hour|reading)?\b", text
        ):
            return replace(base, kind="probability", side=side, expected=_expected(text, is_yes_no, "difference"))
        if times and re.search(r"\b(than|above|below|exceed\w*|beat\w*)\b", text):
            return replace(
                base, kind="difference", statistic="mean", expected=_expected(text, is_yes_no, "difference")
            )
    if (
        re.search(r"\b(?:end|ends|ended|close|closes|closed) (?:with|at|on|up at)\b", text)
        and not times
        and not read.future
    ):
        return replace(base, kind="edge", order="last")
    latest = cues.LATEST.search(text)
    if (
        latest
        and not extreme
        and not times
        and not read.future
        and not cues.TREND.search(text)
        and statistic in ("value", "mean")
    ):
        return replace(base, kind="edge", order="last")
    if latest and latest.group().startswith("most recent") and not times and not read.future:
        return replace(base, kind="edge", order="last", when=base.when)
    if cues.FIRST_VALUE.search(text) and not times and not read.future:
        return replace(base, kind="edge", order="first")
    change = cues.CHANGE.search(text)
    quantity = re.search(
        r"\bhow much\b|\bby what\b|\bby how\b|\bhow (?:strongly|far|many percent)\b|"
        r"\bpercent\w*\b|%|\bwhat (?:was|is) the (?:total |overall |relative |absolute |"
        r"net )?(?:change|growth|increase|decrease|rise|fall|drop|gain|loss|decline)\b|\bgrowth\b|"
        r"\bchange\b",
        text,
    )
    if change and quantity and not extreme and statistic not in ("mean", "sum", "median"):
        return replace(base, kind="change")
    if extreme and statistic in ("mean", "sum", "median", "maximum", "minimum", "value"):
        if (
            statistic in ("mean", "sum")
            and not unit
            and not base.when
            and re.search(r"\bon average\b|\baverag\w+\b|\btotal\b|\bmean\b", text)
            and not (is_min and re.search(r"\bleast\b", text))
        ):
            # "The top of its average": the statistic is asked for.
            return replace(base, statistic=statistic)
        kept = "sum" if statistic == "sum" else "mean"
        side = "lowest" if is_min and not plain_max else "highest"
        if is_min and plain_max:
            side = "lowest" if is_max is None or is_min.start() < is_max.start() else "highest"
        return replace(base, kind="extreme", statistic=kept, unit=unit, side=side)
    if cues.TREND.search(text) and not re.search(r"\b(?:how much|by how much)\b", text) and statistic in ("value",):
        return replace(base, kind="trend", expected=_expected(text, is_yes_no, "trend"))
    if statistic in ("standard deviation", "range", "median", "sum", "mean"):
        return replace(base, statistic=statistic)
    if cues.HOW_HIGH.search(text) and cues.EVER_WENT.search(text) and not times and not read.future:
        low = re.search(r"\bhow (?:low|far down|small)\b", text)
        return replace(base, kind="extreme", side="lowest" if low else "highest")
    if is_yes_no and compares and times and not read.numbers:
        return replace(base, kind="difference", expected=_expected(text, is_yes_no, "difference"))
    if read.unknown and not (read.series or read.knows_series):
        # Words that ask for nothing, with a verb that may ask for anything: "will it rain tomorrow?".
        return None
    if read.future:
        return replace(base, kind="forecast", statistic="value")
    if times and not base.when:
        return replace(base, statistic="value")
    if cues.MEASURE.search(text) and latest:
        return replace(base, kind="edge", order="last")
    return None


def _is_range(times: Sequence[Times]) -> bool:
    return len(times) == 1 and times[0].ends is not None


def has_own_kind(read: Read, names: Names, history: int) -> Query | None:
    """The query of a follow-up that says itself what it asks, but for its times; else None."""
    bare = re.sub(cues.FOLLOW, "", read.text)
    bare = re.sub(
        r"<t>|<s>|[?.!,]|\b(?:for|in|of|the|then|that|it|please|was|is|how|what|about|same|again|"
        r"instead|this|now|too|as|well|with|on)\b",
        " ",
        bare,
    )
    if not bare.strip():
        return None
    try:
        query = query_of(read, names, history)
    except CannotTellError:
        return None
    # A time alone is not a kind.
    return None if query.kind == "statistic" and query.statistic == "value" else query


def carried_over(before: Query, read: Read, own: Query | None) -> Query:
    """The query before with the times, series and numbers of a follow-up.

    Where the follow-up has a kind of its own, it is that with the times and series of the one before.
    """
    query = own or before
    times = read.times or before.times
    if own is None and read.times and len(before.times) == 2 and len(read.times) == 1:
        times = (*read.times, before.times[1])
    future = read.future or (before.future and not read.times)
    return replace(
        query,
        times=times,
        series=read.series or before.series,
        bounds=query.bounds if own else (read.numbers if read.numbers and before.bounds else before.bounds),
        future=future,
        expected="" if own is None else own.expected,
    )
