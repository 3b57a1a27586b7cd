"""Questions in English as queries: names, times and numbers are found first, then what is asked of them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..processing.grounding_axis import Axis, Span
from ..processing.grounding_words import AMBIGUOUS, MONTHS, Token, number_at, tokenize
from .names import Names
from .query import CannotTellError, NotUnderstoodError, Query
from .times import Times, TimesReader, plain_tokens
from .vocabulary import HEADS, REFUSALS, WORLD, is_known


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b")


_FUTURE = _words(
    r"will|won't|it'll|shall|going to|gonna|do you (?:think|believe|suppose)|forecast\w*|predict\w*|expect\w*|project(?:ed|"
    r"ions?)?|project it|foresee\w*|outlook|estimat\w+|next|"
    r"upcoming|coming|tomorrow|future|ahead|anticipat\w*|prognos\w*|from now|count on|likely|chances?|odds|probab\w*|"
    r"by when|how soon|how long (?:until|till|before)|going forward|is it about to|soon|what comes|comes next|horizon"
)
_PAST_FIRST = _words(r"was|were|did|had|has been|have been|went|got|happened|past|ago|historical\w*|so far|until now")
_MAX = _words(
    r"highest|max|maxim\w+|peaks?|peaked|largest|greatest|biggest|most|record highs?|"
    r"all-time high|(?<!how )highs?|best|strongest|"
    r"top|tops out|topped out|top out|tallest|busiest|hottest|warmest|upper extreme|"
    r"culminat\w+|zenith|climax|summit|record|ceiling|upper limit|upper bound|"
    r"never (?:surpassed|exceeded|topped)|at its height|heights?|hottest|warmest|cap"
)
_MIN = _words(
    r"lowest|min|minim\w+|smallest|least|troughs?|bottom|bottomed|bottoms|worst|weakest|"
    r"record lows?|all-time low|(?<!how )lows?|fewest|"
    r"quietest|coldest|coolest|far down|nadir|slackest|poorest|slowest|floor|at worst|"
    r"lower limit|lower bound|never undercut"
)
_MEAN = _words(r"averag\w+|mean|means|avg|typical|typically|on average|usual level|expected level|expectation value")
_MEDIAN = _words(
    r"medians?|middle value|middle of the values|middle of all values|half of the values|"
    r"50th percentile|middle one|midpoint value"
)
_SUM = _words(
    r"totals?|totall?ed|totall?ing|sums?|summed|altogether|adds? up|added up|adding up|"
    r"add it up|cumulative\w*|cumulated|in all|combined|aggregate\w*|overall amount|"
    r"all together|accumulat\w+|put together|taken together"
)
_STD = _words(
    r"standard deviations?|std|stdev|sd|sigma|scatter\w*|variability|volatil\w+|dispersion|"
    r"how much does it (?:vary|fluctuate)|fluctuat\w+|how variable|vary|varies|varied|"
    r"deviat\w+"
)
_RANGE = _words(
    r"(?:lowest|min\w*|smallest) (?:value )?to (?:the )?(?:highest|max\w*|largest)|(?:highest|max\w*|largest) (?:value )?to (?:the )?(?:lowest|min\w*|smallest)|"
    r"range|spread|extremes|span between|highest and (?:the )?lowest|"
    r"max\w* and (?:the )?min\w*|min\w* and (?:the )?max\w*|peak and (?:the )?trough|"
    r"high and (?:the )?low|lowest and (?:the )?highest|swing\w*|amplitude|(?:max\w*|highest|"
    r"peak|largest) minus (?:the )?(?:min\w*|lowest|trough|smallest)|peak-to-trough|"
    r"peak to trough"
)
_DIFFERENCE = _words(
    r"differ\w*|gap|margin|apart|separat\w+|versus|vs|compar\w+|than|exceed\w*|above|below|"
    r"contrast\w*|against|more|less|higher|lower|larger|smaller|greater|"
    r"outperform\w*|beat\w*|distance|between|different|outd[io]\w*|outstrip\w*|relative to"
)
_CHANGE = _words(
    r"chang\w+|gr[eo]w\w*|growth|r[io]se\w*|rising|increas\w+|f[ae]ll\w*|fallen|drop\w*|"
    r"declin\w+|decreas\w+|gain\w*|climb\w*|jump\w*|"
    r"develop\w*|lost|lose|loses|shr[aiu]nk\w*|up by|down by|move|moved|moves|evolv\w*|go up|"
    r"went up|gone up|go down|went down|gone down|going up|going down|sink|sank|sunk|"
    r"plunge\w*|soar\w*|improvement"
)
_PERCENT = _words(
    r"relative (?:change|growth|increase|decrease|rise|fall|gain|loss|difference)|"
    r"percent\w*|per cent|relative terms|relatively|proportionally|growth rate|"
    r"rate of (?:growth|change|increase)|factor|pct|percentagewise"
)
_WHEN = _words(
    r"when|whenever|which (?:date|day|week|month|quarter|year|hour|time|moment|point|season|"
    r"step|period|decade)|what (?:date|day|week|month|quarter|year|hour|time|moment|point|"
    r"step|period|decade)|"
    r"at (?:which|what) (?:point|moment|time|date|step)|dates? of|date|time of|moment of|"
    r"timing|how soon|how long (?:until|till|before|will it take)|by which (?:date|day|month|"
    r"year|time)|day of the (?:max\w*|min\w*|peak|high\w*|low\w*)"
)
_COUNT = _words(
    r"how (?:many|often|frequently)|number of|count|counts|how many times|on how many|"
    r"occasions|frequency|tally|times did"
)
_SHARE = _words(
    r"share|shares|fraction|proportion\w*|percentage|percent|per cent|what part|how much of|"
    r"ratio|portion|part of"
)
_SHARE_MARK = re.compile(r"%")
_ABOVE = (
    r"above|over|beyond|exceed\w*|more than|greater than|higher than|larger than|bigger than|"
    r"top|tops|topped|topping|past|surpass\w*|breaks? through|broken? through|broke|"
    r"in excess of|upwards of|pass|passes|passed|cross\w*|better than|upward of|outrun|"
    r"overtake\w*|overtook|clear(?:s|ed)?|stronger than|warmer than|hotter than|up past|"
    r"rise to|rises to|breach\w*"
)
_BELOW = (
    r"below|under|less than|fewer than|lower than|smaller than|short of|beneath|worse than|"
    r"weaker than|colder than|cooler than|undershoot\w*|undercut\w*|underneath|drops? to|"
    r"falls? to|fell to|sink to"
)
_AT_LEAST = (
    r"at least|no less than|not less than|not below|no lower than|not under|or more|or higher|"
    r"or above|minimum of|reach\w*|hit|hits|attain\w*|get to|gets to|got to|touch\w*|"
    r"arrive\w* at"
)
_AT_MOST = (
    r"at most|no more than|not more than|not above|not over|not exceed\w*|no higher than|"
    r"or less|or lower|or below|up to|maximum of"
)
_SIDES = (
    ("below", re.compile(r"\b(?:fail\w* to reach|(?:not|n't|never) (?:even )?(?:reach|hit|attain|get to)\w*)\b")),
    ("at most", re.compile(rf"\b(?:{_AT_MOST})\b|≤|< ?= ?<n>")),
    ("at least", re.compile(rf"\b(?:{_AT_LEAST})\b|≥|> ?= ?<n>")),
    ("below", re.compile(rf"\b(?:{_BELOW})\b|(?:^| )< <n>")),
    ("above", re.compile(rf"\b(?:{_ABOVE})\b|(?:^| )> <n>")),
    ("equal to", _words(r"exactly|equal\w*|precisely|same as|identical to")),
)
_FIRST = _words(r"first|earliest|since when|initially|begin|began|start|started|starts")
_LAST_TIME = _words(r"last|latest|most recent\w*|most recently|final|lastly")
_TREND = _words(
    r"trends?|trending|direction|heading|headed|tend|tends|tended|tendency|up or down|"
    r"down or up|upwards?|downwards?|slope|rising|falling|growing|shrinking|"
    r"increasing|decreasing|declining|climbing|dropping|going up|going down|rise|fall|grow|"
    r"increase|decrease|decline|gone up|gone down|went up|went down|risen|fallen|grown|"
    r"increased|decreased|declined|"
    r"which way|getting (?:bigger|smaller|larger|higher|lower|better|worse|stronger|weaker|"
    r"warmer|colder)|becoming (?:bigger|smaller|larger|higher|lower)|stable|steady|flat|"
    r"constant|rose|fell|grew|dropped|drop|climbed|climb|dropping|improving|go up|go down|"
    r"move up|move down|sinking|sink|evolve\w*|evolving|trajectory|long-term|moving up|"
    r"moving down|on the rise|on the decline|stagnat\w+|develop\w*"
)
_UP = _words(
    r"ris\w+|rose|grow\w*|grew|increas\w+|climb\w*|up|upwards?|positive|gain\w*|higher|more|"
    r"above|larger|greater|bigger|better|exceed\w*|beats?|stronger|warmer|over|improv\w+|"
    r"surpass\w*|top|tops|outperform\w*|hotter|soar\w*"
)
_DOWN = _words(
    r"fall\w*|fell|drop\w*|declin\w+|decreas\w+|down|downwards?|negative|shr[iau]nk\w*|lower|"
    r"less|below|smaller|fewer|los\w+|worse|weaker|colder|under|sink\w*|sank|cooler|plung\w+"
)
_SEASON = _words(
    r"season|seasonal\w*|cycles?|cyclic\w*|periodic\w*|repeats?|repeating|repeated|repetition|"
    r"recurr?\w*|pattern|patterns|rhythm\w*|seasonality"
)
_BREAK = _words(
    r"level (?:\w+ )?chang\w+|chang\w+ (?:\w+ )?(?:in|of) (?:the )?(?:mean |average )?level|"
    r"anything chang\w+|something chang\w+|breaks?|structural|regimes?|change[- ]?points?|"
    r"shift(?:s|ed)?|sudden\w*|abrupt\w*|jump in (?:the )?level|level change|discontinuit\w+|"
    r"step change|changepoints?"
)
_OUTLIER = _words(
    r"(?:something|anything) off|outliers?|anomal\w+|unusual\w*|strange\w*|odd|oddest|"
    r"odd ones|stick out|sticks out|stuck out|stand out|stands out|spikes?|weird\w*|"
    r"suspicious\w*|abnormal\w*|irregularit\w+|exceptional\w*|implausible|atypical"
)
_MISSING = _words(
    r"missing|gaps?|holes?|complete\w*|incomplete\w*|empty|nan|nans|nulls?|absent|lacking|"
    r"lacks?|blanks?|unobserved|not observed|not recorded|interrupted"
)
_SURE = _words(
    r"sure|certain|certainty|uncertain\w*|confident\w*|confidence|reliab\w+|trust\w*|"
    r"prediction intervals?|intervals?|error bars?|margin of error|how accurate|accuracy|"
    r"how precise|far off|how wrong|bands?|believ\w+|dependable|how exact|"
    r"quantiles of the forecast|wide|certitude|solid|safe|rely|errors?|be off|off by|"
    r"between (?:which|what) (?:values|numbers|bounds|limits)|best case|worst case|best-case|"
    r"worst-case|scenarios?|be wrong|how wrong|(?:what|which) range"
)
_EXTENT = _words(
    r"how long|how many|how much data|number of|time span|cover\w*|span\w*|length|extent|"
    r"how far back|size of the (?:data|series|dataset)|what period|which period|date range|"
    r"time range|period of time"
)
_BEGIN = _words(
    r"since when (?:do|are|is|have|has)|begin\w*|began|start\w*|first date|from when on|"
    r"from when|first (?:value|observation|reading|record|entry|point|measurement|data ?point|"
    r"day|month|year|timestamp)|earliest|how far back|go back|goes back|oldest|initial value|"
    r"beginning of the (?:data|record|series)"
)
_END = _words(
    r"end|ends|ended|stop|stops|stopped|last date|until when|up to when|finish\w*|"
    r"most recent date|latest date|last timestamp|last day|latest timestamp"
)
_LATEST = _words(
    r"latest|current\w*|now|most recent|newest|right now|today|at present|presently|"
    r"at the moment|last (?:value|observation|reading|record|entry|figure|point|measurement|"
    r"number|data ?point|one)|"
    r"final (?:value|observation|reading|record|entry|figure|point|measurement|number)|"
    r"at the end|last known|last observed|last recorded|most up-to-date"
)
_FIRST_VALUE = _words(
    r"first (?:value|observation|reading|record|entry|figure|point|measurement|number)|"
    r"initial(?:ly)?|opening value|starting value|at the (?:start|beginning)|begin with|"
    r"start with|start at|starts? (?:out )?(?:at|from)|started (?:out )?(?:at|from)"
)
_STEP = _words(
    r"time step|frequency|sampling|sampled|resolution|granularity|how often (?:was|is|are|"
    r"were) it (?:measured|recorded|sampled|observed)|time between|interval between|spacing|"
    r"how far apart are the (?:values|points|observations)"
)
_CORRELATION = _words(
    r"depend\w*|correlat\w+|relations?|related|relationship\w*|together|linked|link|"
    r"associat\w+|linear\w*|co-?mov\w*|dependen\w+|in step|in sync|hand in hand|in tandem|"
    r"parallel"
)
_USUAL = _words(
    r"usual\w*|typical\w*|normal\w*|general\w*|tends?|in general|most of the time|always|"
    r"often|on a regular basis|each year|every year|of the (?:year|week|day)|"
    r"time of (?:the )?day|time of (?:the )?year|as a rule|regularly|on average each|"
    r"per (?:day|year|week)|year in,? year out|commonly|ordinarily"
)
_PERCENTILE = re.compile(
    r"(?:(\d+(?:\.\d+)?)(?:st|nd|rd|th)?[- ]?(?:%|percent)?[ -](?:percentile|quantile)|"
    r"(?:percentile|quantile)s? (?:of )?(\d+(?:\.\d+)?))"
)
_QUARTILES = {
    "first quartile": 0.25,
    "lower quartile": 0.25,
    "third quartile": 0.75,
    "upper quartile": 0.75,
    "quartile": 0.25,
}
_TOP = re.compile(r"\b(?:top|best|highest|largest|biggest|greatest|worst|lowest|smallest|bottom|strongest|weakest)\b")
_RUN = _words(
    r"in a row|consecutive\w*|streaks?|longest (?:run|stretch|streak|period|time|spell|phase|"
    r"sequence|series)|uninterrupted\w*|without interruption|run of|stretch|back-to-back|"
    r"on end"
)
_CHANCE = _words(r"probab\w*|chances?|odds|likelihood|likely|how sure|how probable|risk")
_YES_NO = re.compile(
    r"^(?:so |and |but |well |please |now |ok |okay |hi |hello |hey |can you tell me |"
    r"could you tell me |tell me |do you (?:think|know|believe|expect|see|suppose)(?: that|"
    r" if| whether)? |would you say(?: that)? |i wonder (?:if|whether) |, )*"
    r"(?:is|are|was|were|did|does|do|has|have|had|will|can|could|would|should|isn't|aren't|"
    r"doesn't|if|whether|any|it|the|there|<s>|<t>|next|going)\b"
)
_VERB_FIRST = re.compile(
    r"^(?:so |and |but |well |please |now |ok |okay |hi |hello |hey |<s> ?:? |"
    r"take <s> ?\. )*(?:do you (?:think|believe|expect|suppose|see)\b|is|are|was|were|did|"
    r"does|do|has|have|had|will|can|could|would|any)\b"
)
_WHICH_SERIES = _words(
    r"(?:which|what|who|whose|rank|ranking|name|order|among|sort)(?: \w+){0,6}? (?:series|"
    r"columns?|variables?|ids?|items?|stores?|shops?|products?|sensors?|ones?|of (?:them|"
    r"these|those|the (?:two|three|four|\w+ series))|them|these|those|regions?|sites?|"
    r"stations?|currenc\w+|channels?)"
)
_WHO = re.compile(
    r"^(?:who|which|whose|what)(?: (?:one|ones|of (?:them|these|those|the \w+)))? (?:has|have|"
    r"had|is|are|was|were|grew|grows|rose|rises|shows?|increas\w+|fell|falls|went|goes|will)\b"
)
_FASTEST = _words(
    r"fast\w*|quick\w*|rapid\w*|grow\w*|grew|growth|rise|rises|rose|rising|increas\w+|"
    r"steep\w*|climb\w*|gain\w*"
)
_SLOWEST = _words(r"slow\w*|least|weakest|lowest|declin\w+|fall\w*|fell|shr[iau]nk\w*|drop\w*")
_SHAPE = _words(
    r"shape\w*|sine|square wave|sawtooth|triang\w+|sinus\w*|look like|looks like|resembl\w+|"
    r"noisier|noisiest|noise|noisy|smoother|smoothest|waveform|curve look|caption|visual\w*|"
    r"spiky|jagged|chaotic|oscillat\w+ (?:faster|slower|more|less|quick\w*|slow\w*)|"
    r"more volatile|less volatile|"
    r"volatility change|swings become|leads the other|lag behind|lags behind|which (?:third|"
    r"part) of the series|odd one out|shorter cycle|longer cycle"
)
_FOLLOW = re.compile(
    r"^(?:and|what about|how about|what of|same|also|but|then|now|or|ditto|the same|likewise|"
    r"how was (?:that|it)|how is (?:that|it)|what was (?:that|it)|again|repeat (?:that|it|"
    r"this)|do (?:that|it|this|the same))\b"
)
_SERIES_LIST = re.compile(
    r"\b(?:how many|which|what|list|name|number of|names of)(?: \w+){0,3} (?:series|columns|"
    r"variables|ids|items)\b(?: \w+){0,4}\s*(?:\?|$|are|do|does|there|in)"
)
_PER = re.compile(
    r"\b(?:by|per|each|every|a|single) (hour|day|week|month|quarter|year)\b|\b(hourly|daily|"
    r"weekly|monthly|quarterly|yearly|annual)\b"
)
_ADVERBS = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annual": "year",
}
_UNIT_ASKED = re.compile(
    r"\b(?:which|what|best|worst|highest|lowest|strongest|weakest|largest|smallest|biggest|"
    r"busiest|quietest|top|bottom|greatest|hottest|coldest|warmest|coolest|record|peak|"
    r"name the|\w+est|the|single|calendar|how many|most \w+|least \w+|of|in|number of|"
    r"count the|all|on how many|percentage of|fraction of|share of|proportion of) "
    r"(?:calendar |full |whole |single |complete |<n> |of the |the |out of all )*(hour|day|"
    r"week|month|quarter|year|weekday)s?\b(?! (?:high|low|data|on record|ago|before|average))"
)
_PROFILE = (
    (
        "weekday",
        re.compile(
            r"\bday of the week\b|\bdays of the week\b|\b(?:which|what) weekday\b|"
            r"\bweekdays?\b(?! or)|\bweek ?day\b"
        ),
    ),
    (
        "hour",
        re.compile(
            r"\bhour of the day\b|\bhours of the day\b|\btimes? of (?:the )?day\b|\bat (?:which|"
            r"what) o'clock\b"
        ),
    ),
    (
        "month",
        re.compile(
            r"\bmonth of the year\b|\bmonths of the year\b|\btimes? of (?:the )?year\b|"
            r"\bcalendar month\b(?! of)"
        ),
    ),
)
_DETERMINERS = frozenset(
    [
        "the",
        "a",
        "an",
        "our",
        "my",
        "their",
        "his",
        "her",
        "of",
        "for",
        "in",
        "at",
        "by",
        "with",
        "to",
        "from",
        "this",
        "that",
        "these",
        "those",
        "many",
        "much",
        "more",
        "fewer",
        "average",
        "mean",
        "total",
        "any",
        "some",
        "no",
        "your",
        "new",
        "highest",
        "lowest",
        "maximum",
        "minimum",
        "does",
        "do",
        "did",
        "is",
        "was",
        "are",
        "were",
        "will",
        "has",
        "have",
        "had",
        "and",
        "or",
        "about",
        "than",
        "between",
        "by",
        "per",
        "which",
        "what",
        "whose",
        "each",
        "every",
        "how",
    ]
)
_LONGEST = 2000
_MOST_UNKNOWN = 0.5


@dataclass(frozen=True)
class _Read:
    """A question with its names, times and numbers found.

    Args:
        text: lower case, with `<t>` for times, `<s>` for series and `<n>` for numbers.
        times: in their order.
        numbers: in their order.
        series: positions of the named series.
        future: whether it asks of the future.
        unknown: runs of words that are not of questions about series, each with the words before and behind it.
        share: of the words, how many are unknown.
    """

    text: str
    times: tuple[Times, ...]
    numbers: tuple[float, ...]
    percents: tuple[bool, ...]
    series: tuple[int, ...]
    future: bool
    unknown: tuple[tuple[str, str, str], ...]
    share: float
    has_proper: bool
    knows_series: bool


_CUES = (_MEAN, _MEDIAN, _SUM, _STD, _MAX, _MIN)


def of_two_statistics(question: str) -> list[str]:
    """The two questions of one that asks for two statistics, such as "the mean and the maximum in 2020"."""
    lowered = question.lower()
    parts = re.split(r"\band\b", question, flags=re.IGNORECASE)
    if len(parts) != 2 or re.search(r"\bbetween\b|\bfrom\b", lowered) or _DIFFERENCE.search(lowered):
        return [question]
    found = [{cue for cue in _CUES if cue.search(part.lower())} for part in parts]
    if not (found[0] and found[1]) or found[0] & found[1] or _RANGE.search(lowered):
        return [question]
    return [part.strip() for part in parts]


_ONE_TO_NEXT = re.compile(
    r"\bfrom one \w+ to (?:the next|another)(?: one)?\b|\b\w+[- ](?:to|on|"
    r"over)[- ]\w+ (?=(?:change|rise|fall|drop|increase)s?\b)",
    re.IGNORECASE,
)


def split_questions(question: str) -> list[str]:
    """The questions of a text; sentences without a question mark are said of the question that follows them."""
    text = " ".join(unicodedata.normalize("NFKC", question).split())
    parts = [part.strip() for part in re.findall(r"[^?]*\?+|[^?]+$", text)]
    return [part for part in parts if re.search(r"\w{2}|\d|\b[A-Z]\b", part)]


def read_question(
    question: str, names: Names, axis: Axis, extent: tuple[float, float], of_future: bool = False
) -> _Read:
    """Find the names, times and numbers of a question.

    Args:
        question: one, of `split_questions`.
        names: of the series.
        axis: of the first of them.
        extent: its lowest and its highest value.
        of_future: whether it follows up on a question of the future.

    Raises:
        CannotTellError: it names a series that is not there, or a time that is not understood.
    """
    # No time: each step is compared with the one before it.
    question = _ONE_TO_NEXT.sub(" ", question)
    tokens = plain_tokens(tokenize(question))
    series, taken = names.find(question, tokens)
    lowered = question.lower()
    future = bool(_FUTURE.search(lowered)) and not (
        _PAST_FIRST.search(lowered)
        and not re.search(r"\b(will|going to|next|expect|predict|forecast|tomorrow)\b", lowered)
    )
    if re.search(r"\b(did|was|were) .*\b(following|coming|ahead|likely|estimat\w+)\b", lowered):
        future = bool(re.search(r"\b(will|going to|next|forecast|predict)\b", lowered))
    future = future or (of_future and not _PAST_FIRST.search(lowered))
    times = TimesReader(tokens, axis, taken, not future, extent).times()
    if axis.left is None:
        _check_undated(tokens, taken, axis, times)
    numbers: list[float] = []
    percents: list[bool] = []
    words: list[tuple[str, Token | None]] = []
    i = 0
    starts = {one.start: one for one in times}
    while i < len(tokens):
        token = tokens[i]
        if taken[i]:
            if not words or words[-1][0] != "<s>":
                words.append(("<s>", None))
            i += 1
            continue
        if token.start in starts:
            stop = starts[token.start].stop
            words.append(("<t>", None))
            while i < len(tokens) and tokens[i].start < stop:
                i += 1
            continue
        counted = number_at(tokens, i) if token.kind in ("number", "word") else None
        if counted is not None and (token.kind == "number" or not (token.word == "one" or token.word == "second")):
            sign = -1.0 if i and tokens[i - 1].word == "-" and tokens[i - 1].stop == token.start else 1.0
            if sign < 0:
                words.pop()
            numbers.append(sign * counted[0])
            follows = tokens[counted[1]].word if counted[1] < len(tokens) else ""
            percents.append(follows in ("%", "percent"))
            words.append(("<n>", None))
            i = counted[1]
            continue
        words.append((token.word, token))
        i += 1
    text = _joined(words)
    unknown, share, has_proper = _unknown(words, names)
    _check_times(words)
    return _Read(
        text,
        tuple(times),
        tuple(numbers),
        tuple(percents),
        tuple(series),
        future,
        unknown,
        share,
        has_proper,
        names.is_generic
        or any(names.knows(word) for word, token in words if token is not None and not is_known(word)),
    )


# Steps without dates are read beside days, so that times which they do not have are found.
_ANY_DAYS = pd.date_range("1990-01-01", periods=12_000, unit="s").to_numpy()


def _check_undated(tokens: list[Token], taken: list[bool], axis: Axis, times: Sequence[Times]) -> None:
    """Refuse times of the calendar of a series without dates."""
    dated = TimesReader(tokens, Axis(10_000, 2000, _ANY_DAYS), taken, True, (np.inf, -np.inf)).times()
    starts = {one.start for one in times}
    if any(one.span.steps is None or one.months for one in dated if one.start not in starts):
        raise CannotTellError(
            f"the series has no dates, only steps 1 to {axis.history:,}; ask for some of these, or for the last ones."
        )


def _check_times(words: Sequence[tuple[str, Token | None]]) -> None:
    """Refuse a question with a month, a date or a clock in it that was not understood."""
    for word, token in words:
        is_month = word in MONTHS and word not in AMBIGUOUS and len(word) > 3
        if token is not None and (is_month or token.kind in ("date", "clock")):
            raise CannotTellError(f"the time about {word!r} is not understood; write it such as 3 May 2019.")


def _joined(words: Sequence[tuple[str, Token | None]]) -> str:
    """The words as one text, without possessives; words with a hyphen between them are one."""
    text, stop = "", -1
    for word, token in words:
        start = token.start if token is not None else -2
        tight = start == stop and (word == "-" or text.endswith("-"))
        text += word.removesuffix("'s") if tight or not text else " " + word.removesuffix("'s")
        stop = token.stop if token is not None else -1
    return text


def _unknown(
    words: Sequence[tuple[str, Token | None]], names: Names
) -> tuple[tuple[tuple[str, str, str], ...], float, bool]:
    runs: list[tuple[str, str, str]] = []
    run: list[str] = []
    proper = False
    before, count, total = "", 0, 0
    sentence_start = True
    for word, token in [*words, ("", None)]:
        is_word = token is not None and token.kind == "word"
        known = not is_word or is_known(word) or names.knows(word)
        if is_word and token is not None:
            total += 1
            count += not known
            proper = proper or (not known and token.capital and not sentence_start)
        if not known:
            run.append(word)
        else:
            if run:
                runs.append((before, " ".join(run), word))
                run = []
            before = word
        sentence_start = word in (".", "!", "?", ":", '"', "'", "(", "") or (word == "<s>" and sentence_start)
    return tuple(runs), count / max(total, 1), proper


def check_answerable(read: _Read, names: Names) -> None:
    """Refuse what no series tells, and what is asked of another one.

    Raises:
        CannotTellError: with the reason.
    """
    for pattern, reason in REFUSALS:
        if pattern.search(read.text):
            raise CannotTellError(f"{reason}.")
    if read.share > _MOST_UNKNOWN or not re.search(r"[a-z]", read.text.replace("<t>", "").replace("<s>", "") + "a"):
        raise CannotTellError(
            "it is not understood; ask in English for values, dates, changes, comparisons or forecasts of the series."
        )
    outside = [
        run
        for before, run, behind in read.unknown
        if (before in _DETERMINERS or before == "") and behind not in HEADS and not run.endswith(("est", "ly"))
    ]
    foreign = [word for _, run, _ in read.unknown for word in run.split() if word in WORLD]
    outside += foreign
    if read.has_proper or outside:
        said = (outside or [run for _, run, _ in read.unknown])[0]
        one_noun = len(outside) <= 1 and len(said.split()) == 1
        if names.is_generic and one_noun and not read.has_proper and said not in WORLD:
            return
        raise CannotTellError(f"nothing is known of {said!r}; {names.shown}.")


def _side(text: str) -> str | None:
    for side, pattern in _SIDES:
        if pattern.search(text):
            return side
    return None


def _unit(text: str) -> str:
    found = _UNIT_ASKED.search(text) or re.search(
        r"^(hour|day|week|month|quarter|year)s? (?:with|of|when|where|in which)\b", text
    )
    unit = found.group(1) if found else ""
    if not unit:
        per = _PER.search(text)
        unit = (per.group(1) or _ADVERBS[per.group(2)]) if per else ""
    return "" if unit == "weekday" else unit


def _statistic(text: str) -> str:
    for pattern, name in (
        (_MEDIAN, "median"), (_STD, "standard deviation"), (_RANGE, "range"), (_SUM, "sum"), (_MEAN, "mean"),
        (_MAX, "maximum"), (_MIN, "minimum"),
    ):  # fmt: skip
        if pattern.search(text):
            return name
    return "value"


def _expected(text: str, is_yes_no: bool, default: str = "some") -> str:
    if not is_yes_no:
        return ""
    if default == "some":
        return "some"
    up, down = _UP.search(text), _DOWN.search(text)
    words = ("rises", "falls") if default == "trend" else ("more", "less")
    if up and down:
        return ""
    return words[0] if up else words[1] if down else ""


_NEXT_STEP = re.compile(
    r"\b(?:next|following|coming|upcoming|subsequent)(?: single)? (?:value|one|step|reading|"
    r"point|observation|number|figure|measurement|period|data ?point|entry)\b|\bcomes? next\b|"
    r"\bnext\s*\??$"
)


def query_of(read: _Read, names: Names, history: int) -> Query:
    """What a question asks; see [`Query`].

    Raises:
        CannotTellError: nothing that can be computed is asked.
    """
    text = read.text
    is_yes_no = _VERB_FIRST.search(text) is not None
    times = read.times
    if _NEXT_STEP.search(text) and not times:
        times = (Times(Span(steps=(0, 1)), 0, 0),)
    base = Query(
        kind="statistic",
        times=times,
        series=read.series,
        future=read.future,
        when=_WHEN.search(text) is not None,
        percent=_PERCENT.search(text) is not None or "%" in text,
        side="lowest" if _MIN.search(text) and not _MAX.search(text) else "highest",
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


# Kinds in whose questions a number may stand that is not compared with values, such as "80 %" or "of the 2 series".
_WITHOUT_NUMBERS = frozenset(("top", "band", "series", "rank", "growth", "pair", "correlation", "percentile"))
_UNSUPPORTED = re.compile(
    r"\b(moving|rolling|weighted|harmonic|geometric|annuali[sz]ed|year[- ](?:over|on)[- ]year|"
    r"month[- ](?:over|on)[- ]month|yoy|mom|cagr|"
    r"compound|logarithm\w*|log|variance|kurtosis|skew\w*|the mode|modal|derivative|"
    r"acceleration|exponential|fourier|entropy|"
    r"integral|square root|squared|cumulative sum|covariance|p-value|significan\w+|z-score|"
    r"autocorrelation|multiplied|divided|times as)\b"
)
_LEFT_OUT = re.compile(
    r"\b(except|excluding|exclude|other than|apart from|ignoring|leaving out|not counting|"
    r"but not|without)\b"
)


def _check_supported(text: str, read: _Read) -> None:
    """Refuse statistics that are not computed, and parts that are to be left out.

    Raises:
        CannotTellError: with what it is.
    """
    found = _UNSUPPORTED.search(text)
    if found:
        raise CannotTellError(
            f"{found.group()!r} is not computed here; ask for a mean, a sum, a change or an extreme."
        )
    if _LEFT_OUT.search(text) and (read.times or read.numbers):
        raise CannotTellError("an answer leaves nothing out of a time; name the times that it is to be of.")
    per = re.search(r"\b(?:per|for each|by|in each|of each) (hour|day|week|month|quarter|year)\b", text)
    if (
        per
        and not read.numbers
        and _MEAN.search(text)
        and not (_MAX.search(text) or _MIN.search(text) or _CHANGE.search(text))
    ):
        raise CannotTellError(
            f"an answer is one number; ask for one {per.group(1)}, or which {per.group(1)} is the highest."
        )


_NTH = re.compile(
    r"\b(second|third|fourth|fifth|2nd|3rd|4th|5th)[- ](?:highest|largest|biggest|greatest|"
    r"best|lowest|smallest|worst|strongest|weakest|most|least)\b"
)
_NTH_COUNT = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5}


def _of_series(text: str, base: Query, read: _Read, several: bool, is_yes_no: bool) -> Query | None:
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
        and not (_MAX.search(text) or _MIN.search(text) or _FASTEST.search(text))
    ):
        return replace(base, kind="series")
    if _CORRELATION.search(text) and (count == 2 or (several and count == 0 and re.search(r"correlat\w+", text))):
        return replace(base, kind="correlation", expected=_expected(text, is_yes_no))
    asks = _WHICH_SERIES.search(text) or _WHO.search(text)
    # "Which one of the months": a time is asked for.
    timed = re.search(r"\b(which|what) (hour|day|week|month|quarter|year|date|weekday)\b", text)
    if (
        (several or re.search(r"\bwhich (of the )?(series|columns?)\b|\bof (them|these|those)\b", text))
        and asks
        and not timed
        and (count != 1)
    ):
        if _FASTEST.search(text) and not re.search(r"\blargest (mean|average|value)\b", text):
            side = "slowest" if _SLOWEST.search(text) else "fastest"
            return replace(base, kind="growth", side=side)
        ranks = re.search(
            r"\b(?:rank\w*|comes? (?:first|last|out on top)|leads|is ahead|first place|tops the)\b", text
        )
        if (
            _MAX.search(text)
            or _MIN.search(text)
            or ranks
            or re.search(r"\b(larg|high|low|small|big|great|strong|weak|volatil|vari|fluctuat)\w*", text)
        ):
            statistic = _statistic(_MAX.sub(" ", _MIN.sub(" ", text)))
            if statistic == "value":
                statistic = "mean"
                if re.search(r"\b(maximum|max|peak|record|highest value|largest value|biggest value)\b", text):
                    statistic = "maximum"
                if re.search(r"\b(minimum|min|trough|lowest value|smallest value)\b", text):
                    statistic = "minimum"
            side = "lowest" if _MIN.search(text) and not (_MAX.search(text) and statistic == "minimum") else "highest"
            if statistic == "minimum" and _MAX.search(text) and not re.search(r"\b(lowest|smallest)\b", text):
                side = "highest"
            if re.search(r"\b(least|lower|smaller|weaker|comes last)\b", text) and not _MAX.search(text):
                side = "lowest"
            return replace(base, kind="rank", statistic=statistic, side=side)
    if several and not read.series and re.match(r"rank\w*\b|sort\b|order\b", text):
        return replace(base, kind="rank", statistic="mean", side="lowest" if _MIN.search(text) else "highest")
    if count == 2:
        statistic = _statistic(re.sub(r"\b(highs?|lows?|higher|lower|most|least|top|best|record)\b", " ", text))
        return replace(
            base, kind="pair", statistic="mean" if statistic == "value" else statistic,
            expected=_expected(text, is_yes_no, "difference"),
        )  # fmt: skip
    return None


def _of_bounds(text: str, base: Query, read: _Read, is_yes_no: bool) -> Query | None:
    """Questions of numbers that values are compared with."""
    percentile = _PERCENTILE.search(
        text.replace("<n>", "{}").format(*[f"{number:g}" for number in read.numbers])
        if text.count("<n>") == len(read.numbers) and "{" not in text
        else text
    )
    if percentile:
        share = float(percentile.group(1) or percentile.group(2)) / 100
        if 0 < share < 1:
            return replace(base, kind="percentile", bounds=(share,), percent=False)
    for words, share in _QUARTILES.items():
        if words in text:
            return replace(base, kind="percentile", bounds=(share,), percent=False)
    nth = _NTH.search(text)
    if nth:
        return replace(base, kind="top", count=_NTH_COUNT[nth.group(1)])
    if not read.numbers:
        return None
    side = _side(text)
    numbers = read.numbers
    top = _TOP.search(text)
    if top and not _COUNT.search(text) and not (side and len(numbers) > 1) and re.search(
        r"(?<!it )(?<!to )(?<!<s> )\b(?:top|best|worst|bottom) <n>|<n> (?:\w+ )?(?:best|highest|"
        r"largest|biggest|greatest|worst|lowest|smallest|strongest|weakest|top|peak)|"
        r"(?:highest|largest|biggest|greatest|lowest|smallest|strongest|weakest) <n>", text
    ) and numbers[0] == int(numbers[0]) and 1 <= numbers[0] <= 1000:  # fmt: skip
        return replace(base, kind="top", count=int(numbers[0]))
    if side is None and len(numbers) >= 2 and re.search(r"<n> (?:and|to|-) <n>", text):
        return replace(base, kind="count", bounds=numbers[:2], unit=_unit(text))
    if re.search(r"between <n> and <n>", text):
        return replace(base, kind="count", bounds=numbers[:2], unit=_unit(text), percent=_is_share(text))
    if side is None and not (_COUNT.search(text) or base.when):
        return None
    bound = (numbers[-1],)
    side = side or "equal to"
    base = replace(base, side=side, bounds=bound)
    if _RUN.search(text):
        return replace(base, kind="run")
    unit = _unit(text)
    if _is_share(text) or _COUNT.search(text):
        if read.future and _CHANCE.search(text) and not _COUNT.search(text):
            return replace(base, kind="probability")
        return replace(
            base,
            kind="count",
            unit=unit,
            percent=_is_share(text) and not _COUNT.search(re.sub(r"\bhow often\b", "", text)),
        )
    if _CHANCE.search(text):
        return replace(base, kind="probability", future=True)
    order = "last" if _LAST_TIME.search(text) and not re.search(r"\bfirst\b", text) else "first"
    asks_when = (
        base.when
        or _FIRST.search(text)
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
    return _SHARE.search(text) is not None or "%" in text


def _of_records(text: str, base: Query, read: _Read, is_yes_no: bool) -> Query | None:
    """Questions of the record as a whole: gaps, outliers, breaks, season, its length and its ends."""
    two = len(base.times) >= 2 or bool(base.times and base.times[0].ends)
    if _MISSING.search(text) and not (two or re.search(r"\bgap between\b", text)):
        none = re.search(r"\bcomplete\w*\b|\bno (gaps|holes|missing)\b|\bwithout\b", text) and not re.search(
            r"\bincomplete\b", text
        )
        return replace(base, kind="missing", expected=("none" if none else "some") if is_yes_no else "")
    if _OUTLIER.search(text):
        return replace(
            base,
            kind="outliers",
            when=base.when or "oddest" in text or "which" in text,
            expected=_expected(text, is_yes_no),
        )
    if _BREAK.search(text) and not re.search(r"\bbreaks? (?:even|down)\b", text):
        return replace(base, kind="break", expected=_expected(text, is_yes_no))
    if _STEP.search(text) and not re.search(r"\bhow often\b.*\b(above|below|over|under)\b", text):
        return replace(base, kind="extent")
    if _SEASON.search(text) and not re.search(r"\b(?:this|last|next|per|each|every|in the) season\b", text):
        strong = re.search(
            r"\b(strong\w*|pronounced|strength|weak|marked|big|large|intens\w*|dominant|how much)\b", text
        )
        return replace(base, kind="season", percent=bool(strong), expected=_expected(text, is_yes_no))
    if _SURE.search(text) and not (read.numbers and _CHANCE.search(text)) and not _MEAN.search(text):
        return replace(base, kind="band", future=True)
    if re.search(r"\bfrom when (?:to|until|till) when\b", text):
        return replace(base, kind="extent", future=False)
    if (
        _BEGIN.search(text)
        and not two
        and not _FIRST_VALUE.search(text)
        and not (base.times or read.future)
        and not re.search(r"\b(?:began|start\w*|begin\w*) to\b", text)
    ):
        return replace(base, kind="edge", order="first", when=True)
    if (
        _END.search(text)
        and (base.when or re.search(r"\b(last|latest) (date|day|timestamp)\b", text))
        and not base.times
        and not read.future
        and not (_MAX.search(text) or _MIN.search(text))
    ):
        return replace(base, kind="edge", order="last", when=True)
    if re.search(
        r"\bfrom when (?:to|until|till) when\b|\bhow (?:big|large) is the (?:data\w*|series|table|"
        r"sample|record)\b",
        text,
    ):
        return replace(base, kind="extent", future=False)
    if _EXTENT.search(text) and not (_MAX.search(text) or _MIN.search(text)) and re.search(
        r"\b(?:points?|data|datapoints?|observations?|values?|rows?|readings?|records?|entries|"
        r"steps?|samples?|series|measurements?|long|hours?|days?|weeks?|months?|quarters?|years?|"
        r"periods?|span\w*|cover\w*|length|extent|far back|dataset|numbers)\b"
        , text
    ) and not re.search(
        r"\bhow (?:much|many) (?:more|less|fewer)\b|\bpercent\b|\bhow long (?:until|before|"
        r"will)\b|%"
        , text) and not (_MEAN.search(text) or _SUM.search(re.sub(r"\bin all\b|\btotals?\b|\baltogether\b", "", text))):  # fmt: skip
        observed = re.search(
            r"\b(?:observations?|values?|readings?|data ?points?|datapoints?|measurements?|numbers)\b", text
        )
        return replace(base, kind="extent", future=False, statistic="count" if observed else "mean")
    return None


_STEP_CHANGE = re.compile(
    r"\b(?:biggest|largest|greatest|sharpest|steepest|strongest|highest|maximum|max|worst|"
    r"best|most sudden|most)\b(?: \w+){0,2}? "
    r"(?:(?P<fall>drop|fall|decline|decrease|loss|slump|plunge|dip)|(?P<rise>increase|rise|"
    r"jump|gain|growth|surge|climb)|(?P<change>change|move|swing|movement))s?\b"
)


_CHANGED_MOST = re.compile(
    r"\b(?:(?P<fall>f[ae]ll|drop\w*|declin\w+|decreas\w+|s[iau]nk|lost|lose)|(?P<rise>r[io]se|"
    r"increas\w+|jump\w*|gain\w*|gr[eo]w|climb\w*)|"
    r"(?P<change>chang\w+|move\w*)) (?:by )?(?:the )?(?:most|strongest|hardest|fastest|sharpest|steepest)\b"
)


def _of_values(text: str, base: Query, read: _Read, is_yes_no: bool) -> Query | None:
    """Questions of values, their extremes, differences, changes, and of the forecast."""
    stepwise = _STEP_CHANGE.search(text) or _CHANGED_MOST.search(text)
    if stepwise:
        return replace(base, kind="largest step", side=str(stepwise.lastgroup))
    if _MEAN.search(text) and re.search(
        r"\b(?:average|mean) (?:\w+ )?(?:increase|growth|change|rise|decrease|decline|fall|drop|gain|loss)\b|"
        r"\bon average\b.*\b(?:grow|increase|rise|change|fall|decrease|decline|gain|lose)\b", text
    ):  # fmt: skip
        return replace(base, kind="trend")
    times = base.times
    two = len(times) >= 2 or bool(times and times[0].ends)
    is_max, is_min = _MAX.search(text), _MIN.search(text)
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
    for unit, pattern in _PROFILE:
        if (
            pattern.search(text)
            and (extreme or re.search(r"\b(high|low|larg|small|strong|weak|busy|quiet)\w*", text))
            and (unit != "weekday" or not times)
        ):
            return replace(base, kind="profile", unit=unit)
    unit = _unit(text)
    if (
        unit in ("month", "hour", "day")
        and extreme
        and _USUAL.search(text)
        and not re.search(r"\bof which year\b", text)
    ):
        return replace(base, kind="profile", unit="weekday" if unit == "day" else unit)
    if read.future and _CHANCE.search(text) and not extreme:
        return replace(
            base,
            kind="probability",
            side="below" if _DOWN.search(text) and not _UP.search(text) else "above",
            expected=_expected(text, is_yes_no, "difference"),
        )
    if (
        re.search(
            r"\b(share|fraction|proportion|percentage|percent|part|portion|how much)(?: of\b| <t>)|"
            r"% of\b",
            text,
        )
        and times
        and not re.search(r"\b(?:gr[eo]w\w*|growth|chang\w+|increas\w+|ris\w+|rose|of the time)\b", text)
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
        and _CHANGE.search(text) and not extreme and not read.numbers and re.search(r"\bhow much\b|\bby what\b", text)
    ):  # fmt: skip
        return replace(base, kind="trend")
    if re.search(
        r"\b(?:total|overall|net|absolute|relative) (?:change|growth|increase|rise|gain|loss|"
        r"decrease|decline|fall|drop)\b|\bhow (?:has|have|did) (?:it|they|the \w+|<s>) chang\w+\b",
        text,
    ):
        return replace(base, kind="change")
    statistic = _statistic(text)
    compares = _DIFFERENCE.search(text) is not None
    if two and not (read.future and extreme) and (compares or _CHANGE.search(text) or not extreme):
        if _CHANGE.search(text) and not re.search(r"\b(than|differ\w*|versus|vs|compar\w+)\b", text):
            if not is_yes_no or not _is_range(times):
                return replace(base, kind="change", expected=_expected(text, is_yes_no, "difference"))
        ranged = len(times) == 1 and times[0].ends
        asks_two = compares and (
            not ranged or re.search(r"\b(differ\w*|gap|separat\w+|apart|compar\w+|distance|margin)\b", text)
        )
        recurring = sum(one.recurs for one in times) >= 2
        if statistic == "range" and ranged:
            return replace(base, kind="statistic", statistic="range")
        if (len(times) >= 2 and (compares or recurring)) or asks_two:
            if read.future and is_yes_no and statistic == "value" and len(times) == 2:
                side = "below" if _DOWN.search(text) and not _UP.search(text) else "above"
                return replace(base, kind="probability", side=side, expected=_expected(text, is_yes_no, "difference"))
            kept = statistic if statistic in ("sum", "median", "mean", "standard deviation") else "mean"
            if re.search(r"\b(the )?(max\w*|peaks?|highest value)\b", text):
                kept = "maximum"
            elif re.search(r"\b(the )?(min\w*|troughs?|lowest value)\b", text):
                kept = "minimum"
            return replace(base, kind="difference", statistic=kept, expected=_expected(text, is_yes_no, "difference"))
    if (
        _NEXT_ABOVE.search(text)
        and read.future
        and not extreme
        and (is_yes_no or _CHANCE.search(text))
        and (not times or all(_is_one_step(one) or not one.recurs for one in times))
    ):
        side = "below" if _DOWN.search(text) and not _UP.search(text) else "above"
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
    latest = _LATEST.search(text)
    if (
        latest
        and not extreme
        and not times
        and not read.future
        and not _TREND.search(text)
        and statistic in ("value", "mean")
    ):
        return replace(base, kind="edge", order="last")
    if latest and latest.group().startswith("most recent") and not times and not read.future:
        return replace(base, kind="edge", order="last", when=base.when)
    if _FIRST_VALUE.search(text) and not times and not read.future:
        return replace(base, kind="edge", order="first")
    change = _CHANGE.search(text)
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
    if _TREND.search(text) and not re.search(r"\b(?:how much|by how much)\b", text) and statistic in ("value",):
        return replace(base, kind="trend", expected=_expected(text, is_yes_no, "trend"))
    if statistic in ("standard deviation", "range", "median", "sum", "mean"):
        return replace(base, statistic=statistic)
    if re.search(r"\bhow (?:high|low|far down|far up|big|large|small)\b", text) and not times and not read.future:
        if re.search(
            r"\b(?:did|has|have) (?:it|the \w+|<s>) (?:ever )?(?:go|get|climb|rise|fall|drop|sink|"
            r"gone|got|come|been)\b",
            text,
        ):
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
    if _MEASURE.search(text) and latest:
        return replace(base, kind="edge", order="last")
    return None


def _is_range(times: Sequence[Times]) -> bool:
    return len(times) == 1 and times[0].ends is not None


_NEXT_ABOVE = _words(
    r"higher|above|more|up|beats?|exceed\w*|increas\w*|lower|below|down|less|fall|drop|rise|"
    r"rises|grow|larger|greater|smaller|than|decreas\w*|outperform\w*|better|worse|surpass\w*|"
    r"top|over|under|stronger|weaker|sink|climb"
)
_MEASURE = _words(r"value|values|level|reading|figure|number|observation|measurement|stand|stands")


def is_follow_up(question: str) -> bool:
    """Whether a question is to be understood by the one before it."""
    return _FOLLOW.search(question.lower()) is not None


def has_own_kind(read: _Read, names: Names, history: int) -> Query | None:
    """The query of a follow-up that says itself what it asks, but for its times; else None."""
    bare = re.sub(_FOLLOW, "", read.text)
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


def carried_over(before: Query, read: _Read, own: Query | None) -> Query:
    """The query before, with the times, series and numbers of a follow-up, or its kind with those of the one before."""
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


def shape_is_asked(text: str) -> bool:
    """Whether a question is of the shape of a series."""
    return _SHAPE.search(text.lower()) is not None
