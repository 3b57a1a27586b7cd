"""How each intent fills a query that has the times, series and future of a question; None where it is not that intent.

Names are those of the intents in the table.
"""

from dataclasses import replace

from ..processing.grounding_words import ORDINALS, SMALL
from . import cues
from .cues_of_stretches import ONE_BY_ONE
from .query import CannotTellError, Query
from .sentence import GOING, OPPOSITE, Sentence
from .times import Times

_COMPARED = ("compare", "more", "less", "above", "below", "between", "no_less", "minus")
_VALUES = "value|reading|number|figure|observation"
_WEEK = 7
# "How many passengers in 1960?" is of all of them.
_HOW_MANY = r"\bhow many <s>"
# Classes of words that put series in an order.
_RANKING = ("max", "min", "more", "less", "above", "below", "rank", "compare", "fast", "slow", "steepest")
_RECORDS = r"\b(?:data\w*|series|samples?|table|records?|file|sets?|sheet|spreadsheet|history)\b"
_ORDINALS = ORDINALS | {"twentieth": 20}


# Several series.


def series(sentence: Sentence, base: Query) -> Query | None:
    asks = sentence.matches(
        r"\b(?:how many|number of|which|what|list|names? of|count)"
        r"(?: (?:the|all|are|different|separate|individual|available|of)){0,3} (?:series|columns|variables|ids|"
        r"sensors|stores|items|channels)\b"
    )
    return replace(base, kind="series") if asks and not sentence.read.future else None


def correlation(sentence: Sentence, base: Query) -> Query | None:
    named = len(base.series) == 2 or (sentence.several and sentence.matches(r"correlat"))
    return replace(base, kind="correlation", expected=sentence.expected("some")) if named else None


def moves_with(sentence: Sentence, base: Query) -> Query | None:
    """ "When one goes up, does the other?"."""
    if not sentence.matches(r"\b(?:when|whenever|if|as) <s> .*<s>|<s> .*\b(?:when|whenever|if|as) <s>"):
        return None
    return replace(base, kind="correlation", expected="some")


def utmost_gap(sentence: Sentence, base: Query) -> Query | None:
    """The largest or the smallest difference of two series at one step, or when it is."""
    if cues.UTMOST_GAP.search(sentence.text) is None:
        return None
    least = cues.LEAST_GAP.search(sentence.text) is not None
    return replace(base, kind="utmost gap", unit=sentence.unit, side="lowest" if least else "highest")


def _asks_which_series(sentence: Sentence) -> bool:
    asks = cues.WHICH_SERIES.search(sentence.text) is not None
    if cues.WHO.search(sentence.text) is not None:
        # "What was the growth of north and south?" asks for that of each.
        of_each = sentence.text.startswith("what ") and (sentence.read.series or not sentence.has(*_RANKING))
        asks = asks or not of_each
    # "Which one of the months": a time is asked for.
    of_times = sentence.matches(cues.WHICH_PERIOD)
    asks = asks or (sentence.several and sentence.matches(cues.RANKED_SERIES))
    named = sentence.several or sentence.matches(
        r"\bwhich (of the )?(series|columns?)\b|\bof (them|these|those)\b(?! \w)"
    )
    return bool(named and asks and not of_times and len(sentence.read.series) != 1)


def growth(sentence: Sentence, base: Query) -> Query | None:
    if not _asks_which_series(sentence) or sentence.matches(r"\blargest (mean|average|value)\b"):
        return None
    down, up = (sentence.has(*names) for names in (("fall", "down"), ("rise", "up")))
    least = sentence.has("slow", "min")
    if down and (up or least):
        raise CannotTellError("ask which of them falls fastest, or grows fastest.")
    if not (down or up) and (
        sentence.matches(r"\b(?:most|least) (?:stable|steady|constant|flat)\b|\b(?:steadi|flatt)est\b")
        or (sentence.has("change") and (least or sentence.has("max")))
    ):
        raise CannotTellError("changes of either direction are not compared; ask which grows or falls fastest.")
    return replace(base, kind="growth", side="slowest" if down or least else "fastest")


def rank(sentence: Sentence, base: Query) -> Query | None:
    begins = sentence.several and not base.series and sentence.matches(r"^(?:rank\w*|sort|order)\b")
    if not _asks_which_series(sentence) and not begins:
        return None
    if sentence.has("first") and not sentence.matches(
        r"\b(?:comes?|rank\w*|is|are|placed?|in) first\b|\bfirst place\b"
    ):
        # "Which peaks first?"
        return None
    if not base.times and sentence.matches(cues.AT_AN_END):
        raise CannotTellError("series are compared by their values at a time that is named; name the date.")
    both = [word for word in sentence.words if word.classes & {"max", "min"}]
    low = (bool(both) and "min" in both[0].classes) or (not both and sentence.has("less", "short"))
    statistic = sentence.statistic
    if statistic in ("maximum", "minimum", "value"):
        # "The column with the highest value", and not "the highest column".
        peak = sentence.matches(
            rf"\b(maxim\w+|max|peaks?|record|(?:highest|largest|biggest) (?:single )?(?:{_VALUES})|all[- ]time high)\b"
        )
        trough = sentence.matches(rf"\b(minim\w+|min|troughs?|(?:lowest|smallest) (?:single )?(?:{_VALUES}))\b")
        statistic = "maximum" if peak else "minimum" if trough else "mean"
    return replace(base, kind="rank", statistic=statistic, side="lowest" if low else "highest")


_PAIRED = r"<s> (?:and|&|plus|\+) (?:the |column |of )?<s>"


def pooled(sentence: Sentence, base: Query) -> Query | None:
    """A statistic of the values of two series together."""
    apart = sentence.has("compare", "minus") or sentence.matches(r"<s> .*\b(?:mean|average|that) of <s>")
    one = sentence.has("together") or sentence.matches(_PAIRED)
    if not one or apart or sentence.statistic == "value" or sentence.matches(r"^(?:which|who)\b"):
        return None
    return replace(base, kind="pooled", statistic=sentence.statistic)


def pair(sentence: Sentence, base: Query) -> Query | None:
    if base.when or sentence.moves or sentence.matches(r"\bat (?:the )?(?:most|least)\b"):
        # "When was north above south?", "did north grow more than south?", "by how much at most?"
        return None
    if len({(one.span, one.months) for one in base.times}) > 1:
        # "North on 5 April and south on 6 April".
        raise CannotTellError("two series are compared at one time; ask for each of them at its own.")
    statistic = next(
        (name for name in ("median", "standard deviation", "range", "sum") if sentence.statistic == name), "mean"
    )
    if sentence.statistic in ("maximum", "minimum") and sentence.matches(
        r"\b(?:max\w*|min\w*|peaks?|troughs?|(?:highest|lowest|largest|smallest) (?:value|reading|number|figure))\b"
    ):
        statistic = sentence.statistic
    elif sentence.extremes and not sentence.is_yes_no:
        # "The most that north was above south".
        return None
    return replace(base, kind="pair", statistic=statistic, expected=sentence.expected("difference"))


# Numbers.


def percentile(sentence: Sentence, base: Query) -> Query | None:
    share = next((share for words, share in cues.QUARTILES.items() if words in sentence.text), None)
    found = cues.PERCENTILE.search(sentence.text)
    if found:
        said = found.group(1) or found.group(2)
        share = (sentence.read.numbers[0] if said == "<n>" else float(said.rstrip("stndrh"))) / 100
    if share is None or not 0 < share < 1 or len(sentence.read.numbers) > 1:
        return None
    return replace(base, kind="percentile", bounds=(share,), percent=False)


def with_bounds(sentence: Sentence, base: Query) -> Query:
    """The query with its bounds and their side."""
    numbers = tuple(
        number for number, role in zip(sentence.read.numbers, sentence.roles, strict=True)
        if role in ("bound", "number")
    )  # fmt: skip
    side = sentence.side
    return replace(base, bounds=numbers, side=side, reaches=side == "at least" and sentence.has("reach"))


def run(sentence: Sentence, base: Query) -> Query | None:
    return replace(with_bounds(sentence, base), kind="run", percent=False)


def _is_share(sentence: Sentence) -> bool:
    """Whether a percentage is asked for, and no number of values."""
    return sentence.has("share") and not sentence.matches(cues.COUNTS)


def _extreme_side(sentence: Sentence) -> str:
    """The extreme that is asked for; words of bounds, such as "at least", are none."""
    for word in sentence.extremes:
        return "lowest" if "min" in word.classes else "highest"
    return "lowest" if sentence.matches(r"\bnext[- ](?:low|small)") else "highest"


def beyond(sentence: Sentence, base: Query) -> Query | None:
    """A statistic of the values beyond a bound, such as the highest one below 100."""
    if sentence.has("howmany"):
        return None
    extremes = sentence.extremes
    statistic = next((name for name in ("median", "sum", "mean") if sentence.statistic == name), "")
    if not statistic and not extremes:
        return None
    left_out = sentence.matches(cues.LEFT_OUT_VALUES.pattern)
    if sentence.has("except") != left_out or sentence.side == "equal to" or (base.when and not extremes):
        return None
    bounded = with_bounds(sentence, base)
    if not statistic:
        statistic = "minimum" if _extreme_side(sentence) == "lowest" else "maximum"
    if left_out:
        bounded = replace(bounded, side=OPPOSITE[bounded.side])
    return replace(bounded, kind="beyond", statistic=statistic)


def nearest(sentence: Sentence, base: Query) -> Query | None:
    """ "The value just below 100"."""
    bounded = with_bounds(sentence, base)
    statistic = {"below": "maximum", "at most": "maximum", "above": "minimum", "at least": "minimum"}.get(bounded.side)
    return replace(bounded, kind="beyond", statistic=statistic) if statistic and not base.when else None


def high_beyond(sentence: Sentence, base: Query) -> Query | None:
    """ "How high did it get while it was below 100?"."""
    found = cues.HOW_HIGH.search(sentence.text)
    if found is None or sentence.has("when", "count"):
        return None
    statistic = "minimum" if found.group().endswith(("low", "down", "small", "cold", "cool")) else "maximum"
    bounded = with_bounds(sentence, base)
    opposed = bounded.side in (("below", "at most") if statistic == "maximum" else ("above", "at least"))
    return replace(bounded, kind="beyond", statistic=statistic) if opposed else None


def listed(sentence: Sentence, base: Query) -> Query | None:
    """The top few values, or a statistic of these."""
    count = int(sentence.numbers("listed")[0])
    side = _extreme_side(sentence)
    statistic = next((name for name in ("median", "sum", "mean") if sentence.statistic == name), "")
    if statistic:
        return replace(base, kind="statistic of top", count=count, side=side, statistic=statistic)
    return replace(base, kind="top", count=count, side=side)


def ranked(sentence: Sentence, base: Query) -> Query | None:
    """The second highest value and the like."""
    found = cues.NTH.search(sentence.text)
    if found is None or (sentence.several and sentence.matches(r"\b(?:series|columns?|variables?)\b")):
        return None
    word = next((one for one in found.groups() if one), "second")
    count = _ORDINALS.get(word) or SMALL.get(word) or int("".join(letter for letter in word if letter.isdigit()) or 2)
    return replace(base, kind="ranked", count=count, side=_extreme_side(sentence))


def between(sentence: Sentence, base: Query) -> Query | None:
    if not sentence.matches(r"<n> (?:and|to|-) <n>"):
        return None
    query = replace(with_bounds(sentence, base), kind="count", unit=sentence.unit)
    return replace(query, side="above", percent=_is_share(sentence))


def chance_of_bound(sentence: Sentence, base: Query) -> Query | None:
    return replace(with_bounds(sentence, base), kind="probability", future=True)


def count(sentence: Sentence, base: Query) -> Query | None:
    return replace(with_bounds(sentence, base), kind="count", unit=sentence.unit, percent=_is_share(sentence))


def crossing(sentence: Sentence, base: Query) -> Query | None:
    ordered = base.when or sentence.has("first", "last", "next") or (base.future and sentence.has("howmany"))
    bounded = with_bounds(sentence, base)
    if base.future and bounded.side == "equal to" and not sentence.has("equal"):
        # "When will we see 500 again?"
        bounded = replace(bounded, side="at least", reaches=True)
    if ordered:
        if not sentence.is_yes_no:
            bounded = replace(bounded, times=tuple(one.every or one for one in base.times))
        last = sentence.has("last") and not sentence.matches(r"\bfirst\b|\bearliest\b")
        return replace(bounded, kind="crossing", order="last" if last else "first")
    if not (sentence.is_yes_no or sentence.has("ever", "not")):
        return None
    if base.future and any(_is_one_step(times) for times in base.times):
        return replace(bounded, kind="probability", expected="more")
    none = sentence.matches(r"\bnever\b")
    return replace(bounded, kind="crossing", expected="none" if none else "some")


def _is_one_step(times: Times) -> bool:
    return times.span.steps is not None and times.span.steps[1] - times.span.steps[0] == 1


# The record as a whole.


def missing(sentence: Sentence, base: Query) -> Query | None:
    if sentence.has("compare") and not sentence.matches(r"\bgaps?\b"):
        return None
    if _two(base) or sentence.matches(r"\bgap (?:between|from|to)\b"):
        return None
    whole = sentence.matches(
        r"\b(?:complete(?:ly|ness)?|gapless|no (?:gaps?|holes?|missing)|without (?:any |a )?(?:gaps?|holes?|"
        r"breaks?)|gap free)\b"
    )
    expected = "none" if whole else "some"
    return replace(base, kind="missing", future=False, expected=expected if sentence.is_yes_no else "")


def outliers(sentence: Sentence, base: Query) -> Query | None:
    if sentence.has("break") and sentence.matches(r"\b(?:level|regime|structural|lasting)\b"):
        return None
    which = base.when or sentence.matches(
        r"\b(?:oddest|strangest|weirdest|which|where)\b|most (?:unusual|extreme|\w+al)"
    )
    return replace(base, kind="outliers", when=bool(which), expected=sentence.expected("some"))


def level_break(sentence: Sentence, base: Query) -> Query | None:
    return replace(base, kind="break", expected=sentence.expected("some"))


def season(sentence: Sentence, base: Query) -> Query | None:
    if sentence.matches(r"\b(?:this|last|per|in the) season\b"):
        return None
    strong = sentence.has("strong") or sentence.matches(r"\bhow (?:much|big|large)\b")
    of = cues.SEASON_OF.search(sentence.text) if sentence.is_yes_no else None
    unit = (of["each"] or of["within"] or cues.ADVERBS[of["adverb"]]) if of else ""
    return replace(base, kind="season", percent=strong, unit=unit, expected=sentence.expected("some"))


def band(sentence: Sentence, base: Query) -> Query | None:
    return replace(base, kind="band", future=True)


def extent(sentence: Sentence, base: Query) -> Query | None:
    lone = sentence.has("howmany") and len(sentence.words) == 1 + sentence.matches(r"\?$")
    counted = sentence.has("howmany") and sentence.has("rows", "unit")
    if not (sentence.has("extent", "resolution") or counted or lone) or (
        # "How big was it?" asks for a value.
        sentence.matches(r"\bhow (?:big|large)\b") and not sentence.matches(_RECORDS)
    ):
        return None
    if sentence.matches(r"\b(?:last|first|latest|earliest|most recently|most recent) (?:\w+ )?(?:measured|sampled)\b"):
        # "What was it when it was last measured?" asks for the last value.
        return None
    if any(times.recurs or times.every for times in base.times) or (sentence.has("sum") and not sentence.has("count")):
        return None
    if sentence.statistic not in ("value", "sum"):
        return None
    observed = sentence.matches(r"\b(?:observations?|values?|readings?|data ?points?|measurements?|numbers)\b")
    return replace(base, kind="extent", future=False, statistic="count" if observed else "mean")


def number(sentence: Sentence, base: Query) -> Query | None:
    """How many weekdays of a kind there are."""
    named = any(times.recurs or times.every for times in base.times)
    return replace(base, kind="number", future=False) if named else None


def edge(sentence: Sentence, base: Query) -> Query | None:
    """The first or the last value, or its date."""
    first = sentence.has("first", "begin") and not sentence.has("now")
    if first and sentence.has("last", "end"):
        return None
    verbs = sentence.has("begin", "end") and not sentence.matches(cues.EDGE_VALUE)
    earliest = sentence.matches(r"\bearliest (?:record|observation|entry|point|data)")
    dated = (
        (base.when and not sentence.matches(cues.WHEN_LAST))
        or bool(earliest)
        or (verbs and not sentence.has("first", "last", "now"))
    )
    return replace(base, kind="edge", order="first" if first else "last", when=dated)


def edge_within(sentence: Sentence, base: Query) -> Query | None:
    """The first or the last value of a time."""
    if not sentence.has("rows") or (base.times[0].ends and not sentence.matches(r"\bvalue|\breading")):
        return None
    return replace(base, kind="edge", order="first" if sentence.has("first") else "last")


# Values, changes and the forecast.


def _two(base: Query) -> bool:
    return len(base.times) >= 2 or bool(base.times and base.times[0].ends)


def largest_step(sentence: Sentence, base: Query) -> Query | None:
    for place, word in enumerate(sentence.words):
        if not word.classes & {"max", "min", "steepest"} or word.text.startswith(("top", "at ")):
            continue
        for beside in (sentence.words[place + 1 : place + 4], sentence.words[max(place - 3, 0) : place][::-1]):
            for other in beside:
                move = next((name for name in ("fall", "rise", "change") if name in other.classes), None)
                if move and other.text not in GOING and not other.classes & {"above", "below", "no_less"}:
                    return replace(base, kind="largest step", side=move)
                if not other.classes & {"plain", "per", "unit", "step"}:
                    break
    return None


def mean_change(sentence: Sentence, base: Query) -> Query | None:
    return replace(base, kind="trend") if sentence.matches(cues.MEAN_CHANGE) else None


def profile(sentence: Sentence, base: Query) -> Query | None:
    for unit, pattern in cues.PROFILE:
        if pattern.search(sentence.text) and (unit != "weekday" or not base.times):
            return replace(base, kind="profile", unit=unit)
    unit = sentence.unit
    if unit in ("month", "hour", "day") and sentence.has("usual") and not sentence.matches(r"\bof which year\b"):
        return replace(base, kind="profile", unit="weekday" if unit == "day" else unit)
    return None


def _side_of_move(sentence: Sentence) -> str:
    down, up = sentence.has("fall", "down", "less", "below"), sentence.has("rise", "up", "more", "above")
    return "below" if down and not up else "above"


def chance(sentence: Sentence, base: Query) -> Query | None:
    return replace(base, kind="probability", side=_side_of_move(sentence), expected=sentence.expected("difference"))


def _contains(whole: Times, part: Times) -> bool:
    """Whether a time begins before another one or with it, and ends behind it or with it."""
    edges = whole.span.start, part.span.start, part.span.stop, whole.span.stop
    known = [edge for edge in edges if edge is not None]
    return len(known) == len(edges) and known == sorted(known)


def share(sentence: Sentence, base: Query) -> Query | None:
    if not sentence.matches(
        r"\b(?:share|fraction|proportion|percentage|percent|part|portion|how much|slice)(?: of\b| <t>)|% of\b"
    ):
        return None
    if sentence.matches(
        r"\b(?:gr[eo]w\w*|growth|chang\w+|increase\w*|increasing|ris\w+|rose|fell|dropped|of the time)\b"
    ):
        return None
    whole_first = len(base.times) == 2 and (
        sentence.matches(r"\b(?:share|fraction|proportion|percentage|percent|part|portion|how much|%) (?:of )?<t>")
        or _contains(*base.times)
    ) and not _contains(*base.times[::-1])  # fmt: skip
    # "What part of 1960 came from July?": the whole is named first.
    return replace(base, kind="share", percent=True, times=base.times[::-1] if whole_first else base.times)


def rate(sentence: Sentence, base: Query) -> Query | None:
    paced = sentence.has("rate") and not sentence.has("percent")
    per = sentence.matches(r"\b(?:per|each|every|a) (?:hour|day|week|month|quarter|year|step)\b") and sentence.matches(
        r"\bhow much\b|\bby what\b|\bslope\b"
    )
    return replace(base, kind="trend") if paced or per else None


def _kept_statistic(sentence: Sentence) -> str:
    """Statistic of the steps of two times that are compared."""
    if sentence.matches(r"\b(?:max(?:im\w+)?|peaks?|highest value)\b"):
        return "maximum"
    if sentence.matches(r"\b(?:min(?:im\w+)?|troughs?|lowest value)\b"):
        return "minimum"
    return sentence.statistic if sentence.statistic in ("sum", "median", "standard deviation") else "mean"


def period_on_period(sentence: Sentence, base: Query) -> Query | None:
    """A time beside the same one a year, or another unit, before."""
    unit = next(
        (cues.PERIOD_ON_PERIOD[word.text] for word in sentence.words if "period_on_period" in word.classes), ""
    )
    if base.when or sentence.extremes:
        return None
    earlier = base.times[0].earlier(unit) if len(base.times) == 1 else None
    if earlier is None:
        raise CannotTellError(f"a change from one {unit} to the next is computed of one time; name it.")
    expected = sentence.expected("difference")
    times = (base.times[0], earlier)
    return replace(base, kind="difference", times=times, statistic=_kept_statistic(sentence), expected=expected)


def _asks_direction(sentence: Sentence) -> bool:
    """Whether one of two directions is asked for: "growth or decline"."""
    return sentence.matches(cues.EITHER_WAY.pattern)


def change_of_two(sentence: Sentence, base: Query) -> Query | None:
    if len(base.times) == 2 and base.times[0].ends and _contains(base.times[1], base.times[0]):
        # "From March to April in 1960".
        base = replace(base, times=base.times[:1])
    ranged = len(base.times) == 1 and base.times[0].ends
    if sentence.statistic not in ("value", "mean") and not sentence.has("rise", "fall", "change", "percent"):
        return None
    if ranged and (sentence.has("trend") or _asks_direction(sentence)) and not sentence.has("quantity", "percent"):
        return None
    compared = sentence.matches(r"\b(?:than|differ\w*|versus|vs|compar\w+|gap|apart|margin|separate\w*|separating)\b")
    if not _two(base) or (sentence.is_yes_no and ranged) or (compared and not sentence.has("percent")):
        return None
    return replace(base, kind="change", expected=sentence.expected("difference"))


def _with_rest(sentence: Sentence, base: Query) -> Query:
    """Weekdays that are compared with no other time: with the rest of the week."""
    if (
        len(base.times) != 1
        or sentence.has("count")
        or not (
            sentence.has("others", "compare", "effect", "more", "less", "rise", "fall")
            or (sentence.is_yes_no and sentence.has("change"))
        )
    ):
        return base
    span = base.times[0].span
    if not span.weekdays or len(span.weekdays) == _WEEK:
        return base
    others = Times(replace(span, weekdays=frozenset(range(_WEEK)) - span.weekdays), 0, 0)
    return replace(base, times=(base.times[0], others))


def difference(sentence: Sentence, base: Query) -> Query | None:
    base = _with_rest(sentence, base)
    if len(base.times) == 3 and sentence.has(*_COMPARED) and sentence.matches(r"\b(?:and|or) <t>"):
        raise CannotTellError("it names three times; compare two, each with its year.")
    of_each = sentence.has("mean") or sentence.matches(r"^(?:is|are|does|do) ")
    if of_each and len(base.times) > 1 and all(one.every for one in base.times):
        # "Is Monday higher than Tuesday?", "the mean of Monday and that of Tuesday" are asked of all of them.
        base = replace(base, times=tuple(one.every or one for one in base.times))
    ranged = len(base.times) == 1 and base.times[0].ends
    explicit = sentence.matches(cues.TWO_COMPARED)
    if not _two(base) or (ranged and not explicit) or (ranged and sentence.statistic == "range"):
        return None
    recurring = sum(one.recurs for one in base.times) >= 2
    if not (sentence.has(*_COMPARED) or recurring or sentence.matches(r"\bor\b")):
        return None
    if len(base.times) == 2 and len({(one.span, one.months) for one in base.times}) == 1:
        raise CannotTellError("it compares a time with itself; name two times.")
    if len(base.times) == 2 and [bool(one.span.weekdays) for one in base.times] == [True, True]:
        first, second = base.times
        if (first.span.start, first.months) != (second.span.start, second.months):
            # "Mondays and Sundays in June": the time may be that of both.
            raise CannotTellError("it is not clear of which weekdays the time is; name it for both, or for none.")
    if base.future and sentence.is_yes_no and sentence.statistic == "value" and len(base.times) == 2:
        return replace(
            base, kind="probability", side=_side_of_move(sentence), expected=sentence.expected("difference")
        )
    if len(base.times) == 2 and sentence.matches(
        r"^(?:\w+ )?(?:compared (?:with|to)|relative to|versus|vs|against) <t>|"
        r"^(?:taking|using|with) <t> (?:as|for) (?:the |a )?(?:baseline|base|starting point|reference|benchmark)\b"
    ):
        # "Compared with May, how much more was June?"
        base = replace(base, times=base.times[::-1])
    expected = sentence.expected("difference")
    return replace(base, kind="difference", statistic=_kept_statistic(sentence), expected=expected)


def next_above(sentence: Sentence, base: Query) -> Query | None:
    if (
        sentence.has("when", "quantity", "count")
        or sentence.extremes
        or not all(_is_one_step(one) or not one.recurs for one in base.times)
    ):
        return None
    side, expected = _side_of_move(sentence), sentence.direction("difference")
    one_step = base.times and _is_one_step(base.times[0])
    if one_step or sentence.has("last", "now") or sentence.matches(r"\b(?:today|this)\b"):
        return replace(base, kind="probability", side=side, expected=expected)
    if base.times and sentence.has("compare", "above", "below"):
        return replace(base, kind="difference", statistic="mean", expected=expected)
    return None


def change(sentence: Sentence, base: Query) -> Query | None:
    if (sentence.is_yes_no or _asks_direction(sentence)) and not sentence.has("quantity", "percent"):
        return None
    measured = sentence.matches(cues.HOW_MUCH_CHANGE)
    return replace(base, kind="change") if measured and sentence.statistic in ("value", "sum", "range") else None


def extreme_of_statistic(sentence: Sentence, base: Query) -> Query | None:
    """ "The highest mean": of the periods of a unit, else "the top of its average" is the average."""
    least = sentence.has("min") and sentence.matches(r"\bleast\b")
    if sentence.unit or base.when or least:
        return None
    return replace(base, statistic=sentence.statistic)


def extreme(sentence: Sentence, base: Query) -> Query | None:
    extremes = [word for word in sentence.words if word.classes & {"max", "min"} and not word.text.startswith("at ")]
    names = {name for word in extremes for name in word.classes & {"max", "min"}}
    # "How many peaks" and "from low to high" ask for something else.
    counted = sentence.place("howmany") < min(sentence.place("max"), sentence.place("min"))
    if sentence.statistic == "range" or len(names) > 1 or (counted and extremes) or _asks_which_series(sentence):
        return None
    kept = "sum" if sentence.statistic == "sum" else "mean"
    if sentence.unit and sentence.matches(r"^(?:was|is|were|are) <t> "):
        # "Was 2020 the best year?": of all years, or of those of a second time.
        base = replace(base, times=base.times[1:])
    side = "lowest" if sentence.place("min") < sentence.place("max") else "highest"
    return replace(base, kind="extreme", statistic=kept, unit=sentence.unit, side=side)


def changed(sentence: Sentence, base: Query) -> Query | None:
    """ "When did things change?"."""
    return replace(base, kind="break") if base.when else None


def trend(sentence: Sentence, base: Query) -> Query | None:
    if sentence.statistic != "value":
        return None
    return replace(base, kind="trend", expected=sentence.expected("trend"))


def statistic(sentence: Sentence, base: Query) -> Query | None:
    if sentence.has("count") and sentence.statistic in ("range", "maximum", "minimum"):
        return None
    if sentence.matches(r"\bchanges?\b") and sentence.statistic != "standard deviation":
        # "The change at most" is no maximum of the values.
        return None
    return replace(base, statistic=sentence.statistic)


def how_high(sentence: Sentence, base: Query) -> Query | None:
    """ "How high did it go?"."""
    if not (cues.HOW_HIGH.search(sentence.text) and cues.EVER_WENT.search(sentence.text)):
        return None
    low = sentence.matches(r"\bhow (?:low|far down|small|deep|cold|cool)\b")
    return replace(base, kind="extreme", side="lowest" if low else "highest")


def difference_to_all(sentence: Sentence, base: Query) -> Query | None:
    if not sentence.is_yes_no or sentence.statistic == "range":
        return None
    statistic = _kept_statistic(sentence)
    return replace(base, kind="difference", statistic=statistic, expected=sentence.expected("difference"))


def first_to_last(sentence: Sentence, base: Query) -> Query | None:
    return replace(base, kind="change")


def forecast(sentence: Sentence, base: Query) -> Query | None:
    return replace(base, kind="forecast", statistic="sum" if sentence.matches(_HOW_MANY) else "value")


def value(sentence: Sentence, base: Query) -> Query | None:
    if not base.future and not base.when and sentence.matches_said(ONE_BY_ONE):
        return replace(base, kind="values")
    summed = sentence.has("sum") or sentence.matches(_HOW_MANY)
    return None if base.when else replace(base, statistic="sum" if summed else "value")
