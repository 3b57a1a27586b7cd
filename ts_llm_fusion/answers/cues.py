"""Patterns of the words that tell what a question asks."""

import re


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b")


FUTURE = _words(
    r"will|won't|it'll|shall|going to|gonna|do you (?:think|believe|suppose)|forecast\w*|"
    r"predict\w*|expect\w*|project(?:ed|"
    r"ions?)?|project it|foresee\w*|outlook|estimat\w+|next|"
    r"upcoming|coming|tomorrow|future|ahead|anticipat\w*|prognos\w*|from now|count on|likely|chances?|odds|probab\w*|"
    r"by when|how soon|how long (?:until|till|before)|going forward|is it about to|soon|what comes|comes next|horizon"
)
PAST_FIRST = _words(r"was|were|did|had|has been|have been|went|got|happened|past|ago|historical\w*|so far|until now")
MAX = _words(
    r"highest|max|maxim\w+|peaks?|peaked|largest|greatest|biggest|most|record highs?|"
    r"all-time high|(?<!how )highs?|best|strongest|"
    r"top|tops out|topped out|top out|tallest|busiest|hottest|warmest|upper extreme|"
    r"culminat\w+|zenith|climax|summit|record|ceiling|upper limit|upper bound|"
    r"never (?:surpassed|exceeded|topped)|at its height|heights?|hottest|warmest|cap"
)
MIN = _words(
    r"lowest|min|minim\w+|smallest|least|troughs?|bottom|bottomed|bottoms|worst|weakest|"
    r"record lows?|all-time low|(?<!how )lows?|fewest|"
    r"quietest|coldest|coolest|far down|nadir|slackest|poorest|slowest|floor|at worst|"
    r"lower limit|lower bound|never undercut"
)
MEAN = _words(r"averag\w+|mean|means|avg|typical|typically|on average|usual level|expected level|expectation value")
MEDIAN = _words(
    r"medians?|middle value|middle of the values|middle of all values|half of the values|"
    r"50th percentile|middle one|midpoint value"
)
SUM = _words(
    r"totals?|totall?ed|totall?ing|sums?|summed|altogether|adds? up|added up|adding up|"
    r"add it up|cumulative\w*|cumulated|in all|combined|aggregate\w*|overall amount|"
    r"all together|accumulat\w+|put together|taken together"
)
STD = _words(
    r"standard deviations?|std|stdev|sd|sigma|scatter\w*|variability|volatil\w+|dispersion|"
    r"how much does it (?:vary|fluctuate)|fluctuat\w+|how variable|vary|varies|varied|"
    r"deviat\w+"
)
RANGE = _words(
    r"(?:lowest|min\w*|smallest) (?:value )?to (?:the )?(?:highest|max\w*|largest)|"
    r"(?:highest|max\w*|largest) (?:value )?to (?:the )?(?:lowest|min\w*|smallest)|"
    r"range|spread|extremes|span between|highest and (?:the )?lowest|"
    r"max\w* and (?:the )?min\w*|min\w* and (?:the )?max\w*|peak and (?:the )?trough|"
    r"high and (?:the )?low|lowest and (?:the )?highest|swing\w*|amplitude|(?:max\w*|highest|"
    r"peak|largest) minus (?:the )?(?:min\w*|lowest|trough|smallest)|peak-to-trough|"
    r"peak to trough"
)
DIFFERENCE = _words(
    r"differ\w*|gap|margin|apart|separate\w*|separating|versus|vs|compar\w+|than|exceed\w*|above|below|"
    r"contrast\w*|against|more|less|higher|lower|larger|smaller|greater|"
    r"outperform\w*|beat\w*|distance|between|different|outd[io]\w*|outstrip\w*|relative to"
)
CHANGE = _words(
    r"chang\w+|gr[eo]w\w*|growth|r[io]se\w*|rising|increase\w*|increasing|f[ae]ll\w*|fallen|drop\w*|"
    r"declin\w+|decrease\w*|decreasing|gain\w*|climb\w*|jump\w*|"
    r"develop\w*|lost|lose|loses|shr[aiu]nk\w*|up by|down by|move|moved|moves|evolv\w*|go up|"
    r"went up|gone up|go down|went down|gone down|going up|going down|sink|sank|sunk|"
    r"plunge\w*|soar\w*|improvement"
)
PERCENT = _words(
    r"relative (?:change|growth|increase|decrease|rise|fall|gain|loss|difference)|"
    r"percent\w*|per cent|relative terms|relatively|proportionally|growth rate|"
    r"rate of (?:growth|change|increase)|factor|pct|percentagewise"
)
WHEN = _words(
    r"when|whenever|which (?:date|day|week|month|quarter|year|hour|time|moment|point|season|"
    r"step|period|decade)|what (?:date|day|week|month|quarter|year|hour|time|moment|point|"
    r"step|period|decade)|"
    r"at (?:which|what) (?:point|moment|time|date|step)|dates? of|date|time of|moment of|"
    r"timing|how soon|how long (?:until|till|before|will it take)|by which (?:date|day|month|"
    r"year|time)|day of the (?:max\w*|min\w*|peak|high\w*|low\w*)"
)
COUNT = _words(
    r"how (?:many|often|frequently)|number of|count|counts|how many times|on how many|"
    r"occasions|frequency|tally|times did"
)
SHARE = _words(
    r"share|shares|fraction|proportion\w*|percentage|percent|per cent|what part|how much of|"
    r"ratio|portion|part of"
)
ABOVE = (
    r"above|over|beyond|exceed\w*|more than|greater than|higher than|larger than|bigger than|"
    r"top|tops|topped|topping|past|surpass\w*|breaks? through|broken? through|broke|"
    r"in excess of|upwards of|pass|passes|passed|cross\w*|better than|upward of|outrun|"
    r"overtake\w*|overtook|clear(?:s|ed)?|stronger than|warmer than|hotter than|up past|"
    r"rise to|rises to|breach\w*"
)
BELOW = (
    r"below|under|less than|fewer than|lower than|smaller than|short of|beneath|worse than|"
    r"weaker than|colder than|cooler than|undershoot\w*|undercut\w*|underneath|drops? to|"
    r"falls? to|fell to|sink to"
)
AT_LEAST = (
    r"at least|no less than|not less than|not below|no lower than|not under|or more|or higher|"
    r"or above|minimum of|reach\w*|hit|hits|attain\w*|get to|gets to|got to|touch\w*|"
    r"arrive\w* at"
)
AT_MOST = (
    r"at most|no more than|not more than|not above|not over|not exceed\w*|no higher than|"
    r"or less|or lower|or below|up to|maximum of"
)
SIDES = (
    ("below", re.compile(r"\b(?:fail\w* to reach|(?:not|n't|never) (?:even )?(?:reach|hit|attain|get to)\w*)\b")),
    ("at most", re.compile(rf"\b(?:{AT_MOST})\b|≤|< ?= ?<n>")),
    ("at least", re.compile(rf"\b(?:{AT_LEAST})\b|≥|> ?= ?<n>")),
    ("below", re.compile(rf"\b(?:{BELOW})\b|(?:^| )< <n>")),
    ("above", re.compile(rf"\b(?:{ABOVE})\b|(?:^| )> <n>")),
    ("equal to", _words(r"exactly|equal\w*|precisely|same as|identical to")),
)
FIRST = _words(r"first|earliest|since when|initially|begin|began|start|started|starts")
LAST_TIME = _words(r"last|latest|most recent\w*|most recently|final|lastly")
TREND = _words(
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
UP = _words(
    r"ris\w+|rose|grow\w*|grew|increase\w*|increasing|climb\w*|up|upwards?|positive|gain\w*|higher|more|"
    r"above|larger|greater|bigger|better|exceed\w*|beats?|stronger|warmer|over|improv\w+|"
    r"surpass\w*|top|tops|outperform\w*|hotter|soar\w*"
)
DOWN = _words(
    r"fall\w*|fell|drop\w*|declin\w+|decrease\w*|decreasing|down|downwards?|negative|shr[iau]nk\w*|lower|"
    r"less|below|smaller|fewer|los\w+|worse|weaker|colder|under|sink\w*|sank|cooler|plung\w+"
)
SEASON = _words(
    r"season|seasonal\w*|cycles?|cyclic\w*|periodic\w*|repeats?|repeating|repeated|repetition|"
    r"recurr?\w*|pattern|patterns|rhythm\w*|seasonality"
)
BREAK = _words(
    r"level (?:\w+ )?chang\w+|chang\w+ (?:\w+ )?(?:in|of) (?:the )?(?:mean |average )?level|"
    r"anything chang\w+|something chang\w+|breaks?|structural|regimes?|change[- ]?points?|"
    r"shift(?:s|ed)?|sudden\w*|abrupt\w*|jump in (?:the )?level|level change|discontinuit\w+|"
    r"step change|changepoints?"
)
OUTLIER = _words(
    r"(?:something|anything) off|outliers?|anomal\w+|unusual\w*|strange\w*|odd|oddest|"
    r"odd ones|stick out|sticks out|stuck out|stand out|stands out|spikes?|weird\w*|"
    r"suspicious\w*|abnormal\w*|irregularit\w+|exceptional\w*|implausible|atypical"
)
MISSING = _words(
    r"missing|gaps?|holes?|complete\w*|incomplete\w*|empty|nan|nans|nulls?|absent|lacking|"
    r"lacks?|blanks?|unobserved|not observed|not recorded|interrupted"
)
SURE = _words(
    r"sure|certain|certainty|uncertain\w*|confident\w*|confidence|reliab\w+|trust\w*|"
    r"prediction intervals?|intervals?|error bars?|margin of error|how accurate|accuracy|"
    r"how precise|far off|how wrong|bands?|believ\w+|dependable|how exact|"
    r"quantiles of the forecast|wide|certitude|solid|safe|rely|errors?|be off|off by|"
    r"between (?:which|what) (?:values|numbers|bounds|limits)|best case|worst case|best-case|"
    r"worst-case|scenarios?|be wrong|how wrong|(?:what|which) range"
)
EXTENT = _words(
    r"how long|how many|how much data|number of|time span|cover\w*|span\w*|length|extent|"
    r"how far back|size of the (?:data|series|dataset)|what period|which period|date range|"
    r"time range|period of time"
)
BEGIN = _words(
    r"since when (?:do|are|is|have|has)|begin\w*|began|start\w*|first date|from when on|"
    r"from when|first (?:value|observation|reading|record|entry|point|measurement|data ?point|"
    r"day|month|year|timestamp)|earliest|how far back|go back|goes back|oldest|initial value|"
    r"beginning of the (?:data|record|series)"
)
END = _words(
    r"end|ends|ended|stop|stops|stopped|last date|until when|up to when|finish\w*|"
    r"most recent date|latest date|last timestamp|last day|latest timestamp"
)
LATEST = _words(
    r"latest|current\w*|now|most recent|newest|right now|today|at present|presently|"
    r"at the moment|last (?:value|observation|reading|record|entry|figure|point|measurement|"
    r"number|data ?point|one)|"
    r"final (?:value|observation|reading|record|entry|figure|point|measurement|number)|"
    r"at the end|last known|last observed|last recorded|most up-to-date"
)
FIRST_VALUE = _words(
    r"first (?:value|observation|reading|record|entry|figure|point|measurement|number)|"
    r"initial(?:ly)?|opening value|starting value|at the (?:start|beginning)|begin with|"
    r"start with|start at|starts? (?:out )?(?:at|from)|started (?:out )?(?:at|from)"
)
STEP = _words(
    r"time step|frequency|sampling|sampled|resolution|granularity|how often (?:was|is|are|"
    r"were) it (?:measured|recorded|sampled|observed)|time between|interval between|spacing|"
    r"how far apart are the (?:values|points|observations)"
)
CORRELATION = _words(
    r"depend\w*|correlat\w+|relations?|related|relationship\w*|together|linked|link|"
    r"associate\w*|associations?|linear\w*|co-?mov\w*|dependen\w+|in step|in sync|hand in hand|in tandem|"
    r"parallel"
)
USUAL = _words(
    r"usual\w*|typical\w*|normal\w*|general\w*|tends?|in general|most of the time|always|"
    r"often|on a regular basis|each year|every year|of the (?:year|week|day)|"
    r"time of (?:the )?day|time of (?:the )?year|as a rule|regularly|on average each|"
    r"per (?:day|year|week)|year in,? year out|commonly|ordinarily"
)
PERCENTILE = re.compile(
    r"(?:(\d+(?:\.\d+)?)(?:st|[nr]d|th)?[- ]?(?:%|percent)?[ -](?:percentile|quantile)|"
    r"(?:percentile|quantile)s? (?:of )?(\d+(?:\.\d+)?))"
)
QUARTILES = {
    "first quartile": 0.25,
    "lower quartile": 0.25,
    "third quartile": 0.75,
    "upper quartile": 0.75,
    "quartile": 0.25,
}
TOP = re.compile(r"\b(?:top|best|highest|largest|biggest|greatest|worst|lowest|smallest|bottom|strongest|weakest)\b")
RUN = _words(
    r"in a row|consecutive\w*|streaks?|longest (?:run|stretch|streak|period|time|spell|phase|"
    r"sequence|series)|uninterrupted\w*|without interruption|run of|stretch|back-to-back|"
    r"on end"
)
CHANCE = _words(r"probab\w*|chances?|odds|likelihood|likely|how sure|how probable|risk")
VERB_FIRST = re.compile(
    r"^(?:so |and |but |well |please |now |ok |okay |hi |hello |hey |<s> ?:? |"
    r"take <s> ?\. )*(?:do you (?:think|believe|expect|suppose|see)\b|is|are|was|were|did|"
    r"does|do|has|have|had|will|can|could|would|any)\b"
)
WHICH_SERIES = _words(
    r"(?:which|what|who|whose|rank|ranking|name|order|among|sort)(?: \w+){0,6}? (?:series|"
    r"columns?|variables?|ids?|items?|stores?|shops?|products?|sensors?|ones?|of (?:them|"
    r"these|those|the (?:two|three|four|\w+ series))|them|these|those|regions?|sites?|"
    r"stations?|currenc\w+|channels?)"
)
WHO = re.compile(
    r"^(?:who|which|whose|what)(?: (?:one|ones|of (?:them|these|those|the \w+)))? (?:has|have|"
    r"had|is|are|was|were|grew|grows|rose|rises|shows?|increase\w*|increasing|fell|falls|went|goes|will)\b"
)
FASTEST = _words(
    r"fast\w*|quick\w*|rapid\w*|grow\w*|grew|growth|rise|rises|rose|rising|increase\w*|increasing|"
    r"steep\w*|climb\w*|gain\w*"
)
SLOWEST = _words(r"slow\w*|least|weakest|lowest|declin\w+|fall\w*|fell|shr[iau]nk\w*|drop\w*")
SHAPE = _words(
    r"shape\w*|sine|square wave|sawtooth|triang\w+|sinus\w*|look like|looks like|resembl\w+|"
    r"noisier|noisiest|noise|noisy|smoother|smoothest|waveform|curve look|caption|visual\w*|"
    r"spiky|jagged|chaotic|oscillat\w+ (?:faster|slower|more|less|quick\w*|slow\w*)|"
    r"more volatile|less volatile|"
    r"volatility change|swings become|leads the other|lag behind|lags behind|which (?:third|"
    r"part) of the series|odd one out|shorter cycle|longer cycle"
)
FOLLOW = re.compile(
    r"^(?:and|what about|how about|what of|same|also|but|then|now|or|ditto|the same|likewise|"
    r"how was (?:that|it)|how is (?:that|it)|what was (?:that|it)|again|repeat (?:that|it|"
    r"this)|do (?:that|it|this|the same))\b"
)
PER = re.compile(
    r"\b(?:by|per|each|every|a|single) (hour|day|week|month|quarter|year)\b|\b(hourly|daily|"
    r"weekly|monthly|quarterly|yearly|annual)\b"
)
ADVERBS = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annual": "year",
}
UNIT_ASKED = re.compile(
    r"\b(?:which|what|best|worst|highest|lowest|strongest|weakest|largest|smallest|biggest|"
    r"busiest|quietest|top|bottom|greatest|hottest|coldest|warmest|coolest|record|peak|"
    r"name the|\w+est|the|single|calendar|how many|most \w+|least \w+|of|in|number of|"
    r"count the|all|on how many|percentage of|fraction of|share of|proportion of) "
    r"(?:calendar |full |whole |single |complete |<n> |of the |the |out of all )*(hour|day|"
    r"week|month|quarter|year|weekday)s?\b(?! (?:high|low|data|on record|ago|before|average))"
)
PROFILE = (
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
ONE_TO_NEXT = re.compile(
    r"\bfrom one \w+ to (?:the next|another)(?: one)?\b|\b\w+[- ](?:to|on|"
    r"over)[- ]\w+ (?=(?:change|rise|fall|drop|increase)s?\b)",
    re.IGNORECASE,
)
NEXT_STEP = re.compile(
    r"\b(?:next|following|coming|upcoming|subsequent)(?: single)? (?:value|one|step|reading|"
    r"point|observation|number|figure|measurement|period|data ?point|entry)\b|\bcomes? next\b|"
    r"\bnext\s*\??$"
)
UNSUPPORTED = re.compile(
    r"\b(moving|rolling|weighted|harmonic|geometric|annuali[sz]ed|year[- ](?:over|on)[- ]year|"
    r"month[- ](?:over|on)[- ]month|yoy|mom|cagr|"
    r"compound|logarithm\w*|log|variance|kurtosis|skew\w*|the mode|modal|derivative|"
    r"acceleration|exponential|fourier|entropy|"
    r"integral|square root|squared|cumulative sum|covariance|p-value|significance|significant\w*|z-score|"
    r"autocorrelation|multiplied|divided|times as)\b"
)
LEFT_OUT = re.compile(
    r"\b(except|excluding|exclude|other than|apart from|ignoring|leaving out|not counting|"
    r"but not|without)\b"
)
NTH = re.compile(
    r"\b(second|third|fourth|fifth|2nd|3rd|4th|5th)[- ](?:highest|largest|biggest|greatest|"
    r"best|lowest|smallest|worst|strongest|weakest|most|least)\b"
)
STEP_CHANGE = re.compile(
    r"\b(?:biggest|largest|greatest|sharpest|steepest|strongest|highest|maximum|max|worst|"
    r"best|most sudden|most)\b(?: \w+){0,2}? "
    r"(?:(?P<fall>drop|fall|decline|decrease|loss|slump|plunge|dip)|(?P<rise>increase|rise|"
    r"jump|gain|growth|surge|climb)|(?P<change>change|move|swing|movement))s?\b"
)
CHANGED_MOST = re.compile(
    r"\b(?:(?P<fall>f[ae]ll|drop\w*|declin\w+|decrease\w*|decreasing|s[iau]nk|lost|lose)|(?P<rise>r[io]se|"
    r"increase\w*|increasing|jump\w*|gain\w*|gr[eo]w|climb\w*)|"
    r"(?P<change>chang\w+|move\w*)) (?:by )?(?:the )?(?:most|strongest|hardest|fastest|sharpest|steepest)\b"
)
NEXT_ABOVE = _words(
    r"higher|above|more|up|beats?|exceed\w*|increase\w*|increasing|lower|below|down|less|fall|drop|rise|"
    r"rises|grow|larger|greater|smaller|than|decrease\w*|decreasing|outperform\w*|better|worse|surpass\w*|"
    r"top|over|under|stronger|weaker|sink|climb"
)
MEASURE = _words(r"value|values|level|reading|figure|number|observation|measurement|stand|stands")
RECORD = _words(
    r"points?|data|datapoints?|observations?|values?|rows?|readings?|records?|entries|steps?|samples?|series|"
    r"measurements?|long|hours?|days?|weeks?|months?|quarters?|years?|periods?|span\w*|cover\w*|length|extent|"
    r"far back|dataset|numbers"
)
NO_EXTENT = re.compile(r"\bhow (?:much|many) (?:more|less|fewer)\b|\bpercent\b|\bhow long (?:until|before|will)\b|%")
HOW_HIGH = _words(r"how (?:high|low|far down|far up|big|large|small)")
EVER_WENT = _words(
    r"(?:did|has|have) (?:it|the \w+|<s>) (?:ever )?(?:go|get|climb|rise|fall|drop|sink|gone|got|come|been)"
)
