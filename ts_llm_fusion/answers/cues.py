"""Patterns of words whose order matters, beside the classes of `lexicon`."""

import re

from ..processing.grounding_words import MONTHS, words


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b")


FUTURE = _words(
    r"will|won't|(?:it|we|they|that)'ll|shall|going to|gonna|do you (?:think|believe|suppose|reckon)|forecast\w*|"
    r"predict\w*|expect\w*|project(?:ed|"
    r"ions?)?|project it|foresee\w*|outlook|estimat\w+|next(?! (?:best|high|low|large|big|small|great))|"
    r"upcoming|coming|tomorrow|future|ahead(?! of)|fcst|preds?|anticipat\w*|prognos\w*|from now|count on|likely|"
    r"chances?|odds|probab\w*|"
    r"by when|how soon|how long (?:until|till|before)|going forward|is it about to|soon|what comes|comes next|"
    r"horizon|comes after"
)
PAST_FIRST = _words(
    r"was|were|did|had|has been|have been|went|got|happened|past(?! -?\d)|ago|historical\w*|so far|until now"
)
VERB_FIRST = re.compile(
    r"^(?:so |and |but |well |please |now |ok |okay |hi |hello |hey |<s> ?:? |"
    r"take <s> ?\. )*(?!(?:can|could|will|would) you\b)(?:do you (?:think|believe|expect|suppose|see)\b|is|are|was|"
    r"were|did|"
    r"does|do|has|have|had|will|can|could|would|any)\b"
)
# A question whether something is so.
IS_SO = re.compile(r"^(?:so |and |but |well |ok |okay )*(?:is|are|was|were|did|does|has)\b")
WHICH_SERIES = _words(
    r"(?:which|what|who|whose|rank|ranking|name|order|among|sort)(?: \w+){0,6}? (?:series|"
    r"columns?|variables?|ids?|items?|stores?|shops?|products?|sensors?|ones?|of (?:them|"
    r"these|those|the (?:two|three|four|\w+ series))|them|these|those|regions?|sites?|"
    r"stations?|currenc\w+|channels?)"
)
# "The top column", "series with the steepest growth".
RANKED_SERIES = (
    r"\b(?:\w+est|top|best|worst|most|least|leading|dominant) (?:(?!of|in|for|on|values?|readings?|numbers?|"
    r"figures?)\w+ ){0,2}?"
    r"(?:series|columns?|variables?|sensors?|stores?|channels?)\b|^(?:the )?(?:series|column|variable|one) (?:with|"
    r"that|having)\b|"
    r"\b(?:\w+est|top|best|most) of (?:them|these|those|all (?:the )?(?:series|columns))\b(?: all\b)?(?! \w+s\b)|"
    r"\b\w+est (?:\w+ )?(?:grower|climber|riser)\b|"
    r"^(?:out )?(?:of|among|amongst|between|comparing|looking at|across) (?:\w+ ){0,4}?(?:series|columns?|"
    r"variables?|sensors?|"
    r"stores?|channels?|them)\b[^?]*?\b(?:which|what|who)\b(?: one| column| series)? (?:\w+ ){1,4}"
)
WHO = re.compile(
    r"^(?:who|which)(?: one| of them)? (?:the )?(?:\w+est|top|best|most|leads|tops|wins|dominates)\b|"
    r"^(?:who|which|whose|what)(?: (?:one|ones|of (?:them|these|those|the \w+|<s> (?:and|or) <s>)))? (?:has|have|"
    r"had|is|are|was|were|grew|grows|rose|rises|shows?|increase\w*|increasing|fell|falls|went|goes|will)\b"
)
SHAPE = _words(
    r"shape\w*|sine|square wave|sawtooth|triang\w+|sinus\w*|look like|looks like(?! (?:the|it|there|they)\b)|"
    r"resembl\w+|"
    r"nois\w+|smoother|smoothest|calmer|choppier|waveform|curve look|caption|visual\w*|spiky|jagged|chaotic|"
    r"oscillat\w+ (?:faster|slower|more|less|quick\w*|slow\w*)|(?:faster|slower|quicker) oscillat\w+|"
    r"(?:becom\w+|gett\w+|gets?|got|grow\w*) (?:more |less )?(?:volatile|variable|calm|choppy|unstable)|"
    r"(?:volatility|swings|fluctuations?|variability) (?:chang\w+|becom\w+|gett\w+|gets?|gr[eo]w\w*|shr[iau]nk\w*|"
    r"increase\w*|increasing|"
    r"decrease\w*|decreasing)|leads? (?:the other|or lags?)|lags? (?:behind|the other)|which (?:of \w+ \w+ |one |"
    r"series "
    r")?(?:leads|lags)|"
    r"which (?:third|part) of the series|odd one out|shorter cycle|longer cycle|"
    r"unlike the (?:others?|rest)|move\w* with the rest|pace of the series|"
    r"most different from the (?:others?|rest)|least (?:like|similar to|alike) the (?:others?|rest)|"
    r"(?:does|did|do)\s+(?:\w+\s+){0,2}?leads?\b|how (?:many \w+|far|much|long)\b.*\bleads?\b|"
    r"(?:comes|happens|occurs) first, the (?:peak|dip|step)|(?:peak|dip|step) or the (?:peak|dip|step) earlier|"
    r"phase between|out of phase|cycles? in step|quarter apart|cycles? of the two|"
    r"level off, stay steady or accelerate"
)
FOLLOW = re.compile(
    r"^(?:and|what about|how about|what of|same|also|but|then|now|or|ditto|the same|likewise|"
    r"how was (?:that|it)|how is (?:that|it)|what was (?:that|it)|again|repeat (?:that|it|"
    r"this)|do (?:that|it|this|the same))\b"
)
# Words of a follow-up that asks for nothing by itself.
OF_A_FOLLOW_UP = re.compile(
    r"<t>|<s>|[?.!,:]|\b(?:for|in|of|the|then|that|it|please|was|is|how|what|about|same|again|instead|this|now|too|as|"
    r"well|with|on|repeat|switch|likewise|next|once|more|can|could|would|you|i|have|show|give|tell|me|try|let|"
    r"us|see|do|"
    r"also|want|need|take|if|we|and|over|at|from|during|look|does|did|be|figure|value|number|one|ok|okay|so|but|"
    r"or|thing|"
    r"question|to|want|an?|answer)\b"
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
    r"busiest|quietest|top|bottom|greatest|hottest|coldest|warmest|coolest|record|peak|trough|"
    r"name the|\w+est|the|single|calendar|how many|most \w+|least \w+|of|in|number of|"
    r"count the|all|on how many|percentage of|fraction of|share of|proportion of) "
    r"(?:calendar |full |whole |single |complete |average |mean |overall |<n> |of the |the |out of all )*(hour|day|"
    r"week|month|quarter|year|weekday)s?\b(?! (?:high|low|data|on record|ago|before|average)\b)"
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
_CALENDAR = "year|quarter|month|week|day|hour"
_MOVEMENT = (
    r"(?=(?:(?:percent\w*|relative|absolute|net|total|%) )?"
    r"(?:chang|growth|ris|rose|fall|drop|increase|increasing|decrease|decreasing|declin|gain)\w*)"
)
ONE_TO_NEXT = re.compile(
    r"\bfrom one \w+ to (?:the next|another)(?: one)?\b|\bfrom (?P<from>" + _CALENDAR + r") to (?P=from)\b|"
    rf"\b(?P<unit>\w+)[- ](?:to|on|over)[- ](?P=unit) {_MOVEMENT}",
    re.IGNORECASE,
)
# Of a time, which is compared with the same one a unit before.
ON_PERIOD = re.compile(
    rf"\b(?P<unit>{_CALENDAR})[- ](?:over|on)[- ](?P=unit)\b|\b(?P<short>yoy|qoq|y/y)\b|"
    rf"\b(?P<before>mom|wow|dod) {_MOVEMENT}",
    re.IGNORECASE,
)
# The words that it is said by in a question that was read, and their units.
PERIOD_ON_PERIOD = {"yoy": "year", "qoq": "quarter", "mom": "month", "wow": "week", "dod": "day", "hoh": "hour"}
WORD_OF_UNIT = {unit: word for word, unit in PERIOD_ON_PERIOD.items()}
# The same, as "than in the same month last year", "with the week before".
SAME_BEFORE = re.compile(
    r"(?:\b(?:than|to|with|versus|vs\.?|against|from|and|over)(?: (?:in|for|during|that of|those of))? )?"
    r"\bthe same (?:month|quarter|week|day|period|time|date|half)(?: of| in|,)?(?: the)? "
    r"(?:last|previous|prior|preceding) (?P<unit>year)\b|"
    r"\b(?:than|to|with|versus|vs\.?|against|from)(?: in)? (?:the|an?|one) (?P<before>year|quarter|month|week|day) "
    r"(?:before|earlier|prior)\b(?= ?[?.]?$)",
    re.IGNORECASE,
)
NAMES_A_TIME = re.compile(
    r"\d|\b(?:this|last|past|yesterday|today)\b|\b(?:" + "|".join(MONTHS) + r")\b", re.IGNORECASE
)
UTMOST_OR_MEAN = re.compile(r"\b(?:\w+est|most|max\w*|min\w*|average|mean|typical\w*)\b", re.IGNORECASE)
# "Year to date": the time until now that has begun.
TO_DATE = re.compile(r"\b(year|quarter|month|week)[- ]to[- ]date\b|\b(ytd|qtd|mtd|wtd)\b", re.IGNORECASE)
UNIT_TO_DATE = {"ytd": "year", "qtd": "quarter", "mtd": "month", "wtd": "week"}
# Units of what is measured, behind a number.
UNITS_OF_MEASURE = words(
    "units degrees degree celsius fahrenheit centigrade kwh mwh gwh kw mw gw watts watt volts kg kilos kilograms tons "
    "tonnes grams lbs pounds km kilometers miles meters cm mm inches feet liters gallons "
    "dollars dollar usd euros euro eur gbp bucks cents yen ppm ppb mph kmh bpm mmhg hpa psi pieces pcs"
)
# "Any chance you can tell me" asks for no probability.
POLITE = re.compile(
    r"\b(?:is there )?any (?:chance|possibility) (?:that )?(?:you|i|we) (?:can|could|might)\b", re.IGNORECASE
)
_UTMOST = r"(?:\w+est|most|least|max\w*|min\w*|peak\w*)"
_GAP = r"(?:differences?|diff|gaps?|distance|discrepancy|disparity|margin|spread|separation)"
_TO_EACH_OTHER = r"(?: (?:from|to) (?:<s>|each other|one another))?"
# The largest or smallest difference of two series at one step: "when did they differ most".
UTMOST_GAP = re.compile(
    rf"\b{_UTMOST} (?:(?!of|and|or|to|in|minus|from)\w+ ){{0,2}}?{_GAP}\b|"
    rf"\b(?:differ\w*|diverg\w+|deviat\w+|apart|separated){_TO_EACH_OTHER}(?: by| the| at)* {_UTMOST}\b|"
    rf"\b(?:farthest|furthest|most|widest|least|closest|nearest)(?: far)? (?:apart|different|together|to each other|"
    rf"to one another)\b|"
    rf"<s> and <s> (?:\w+ ){{0,3}}?(?:the )?(?:closest|nearest)\b|"
    rf"\b{_GAP}(?: (?:between|of|from) <s> (?:and|to) <s>)?(?: <t>)?"
    rf"(?: (?:was|is|were|at|its|the|their|be|ever|been|has|had))* {_UTMOST}\b(?! (?:of|values?|readings?|numbers?)\b)"
)
# So is one from an extreme: "how far is it below its peak?".
FROM_AN_EXTREME = re.compile(
    r"\bhow (?:much|far|many)\b.*\b(?:down|up|off|away|back|below|under|above|short|from|since|than)(?: from| of)? "
    r"(?:its|the|their|our|an?) (?:\w+ ){0,2}?(?:peaks?|max\w*|records?|highs?|tops?|lows?|troughs?|min\w*|bottom|"
    r"highest|lowest)\b"
)
# A distance from a level, and the movements of two series beside each other, are not computed.
FROM_A_LEVEL = re.compile(r"\bfrom (?:its|the|their) (?:\w+ )?(?:mean|average|median|norm|trend|level)\b")
TWO_MOVEMENTS = re.compile(r"<s> .*\bthan (?:that of |those of |in |for |of )?<s>|\bthan <s> .*<s>")
LEAST_GAP = re.compile(r"\b(?:close|near|small|narrow|tini|slight|low|short|thin|tight)\w*st\b|\bleast\b|\bmin")
# Said before a question, and that which follows: "My editor likes extremes, so what was the lowest value?".
LEAD_IN = re.compile(
    r"^(?P<said>(?:[\w'\N{RIGHT SINGLE QUOTATION MARK}-]+[,.]? ){2,24}?[\w'\N{RIGHT SINGLE QUOTATION MARK}-]+)"
    r"(?:, (?:so|like):? |: | - |; |\. (?:so )?)(?P<asked>(?:so,? |ok,? )?(?:what|when|which|who|how|where|is|are|"
    r"was|were|did|does|do|has|have|will|by (?:what|how)|at what|(?:on|in) (?:what|which|how)|can|could|tell|give|"
    r"show|average|mean|median|total|maximum|minimum|any)\b.*)$",
    re.IGNORECASE,
)
# Somebody who asks, said before what is asked for: "My accountant wants the mean in 2020".
INTRODUCED = re.compile(
    r"^(?:(?:ok|okay|so|hi|hello|well|right|look),? )?"
    r"(?P<said>(?P<who>(?:my|our|the|an?|his|her|their|some|one|every)(?: [\w'-]+){1,3}?) "
    r"(?:(?:(?:really|urgently|always|now|just|also|only) )*"
    r"(?:wants?|wanted|needs?|needed|requires?|required|requests?|requested|asks? for|asked for|asks? about|"
    r"asked about|(?:is|are|was|were|keeps?|kept) asking (?:me )?(?:for|about)|insists? on|would like|would love|"
    r"is after|are after|is waiting for|has to have|have to have)"
    r"(?: to (?:know|see|have|hear|get|learn)(?: about)?)?|asks?(?: me)?|asked(?: me)?|wonders?))"
    r"[,:]? (?:(?:if|whether) )?(?P<asked>\S.*)$",
    re.IGNORECASE,
)
# "Which number should I plan for May?" asks for a forecast.
TO_PLAN_FOR = re.compile(
    r"\b((?:which|what) (?:number|value|figure|level|amount|reading)) should (?:i|we|one) (?:plan|budget|reckon|allow|"
    r"prepare) (?:for|with|on)\b",
    re.IGNORECASE,
)
TO_COME = re.compile(r"\bthe (hour|day|week|month|quarter|year) to come\b", re.IGNORECASE)
# "Everything from 5 upwards".
FROM_UPWARDS = re.compile(
    r"\bfrom (-?\$?\d[\d.,]*\w*) (?:and |on )?(up(?:wards?)?|down(?:wards?)?)\b(?! to\b)", re.IGNORECASE
)
# "How much came from July?" is of July, and not of all that is since.
CAME_FROM = re.compile(
    r"\b(c[ao]mes?|stem\w*|stemming|originat\w+)(?: \w+ly)? from\b(?!.*\b(?:to|until|till|through|on|onwards?)\b)",
    re.IGNORECASE,
)
# A question that points back at what was said before it.
POINTING = re.compile(
    r"\b(?:which ones?|that one|this one|them|those|these|there|such)\b|^(?:so,? )?what (?:is|was) it\b", re.IGNORECASE
)
# It may say of what the question is, and is no mere lead-in then.
RESTRICTING = re.compile(
    r"\b(?:if|unless|without|except\w*|exclud\w*|ignor\w*|omit\w*|skip\w*|leav\w*|only|just the|suppos\w*|"
    r"assumed?|assuming|had|were to|apart|besides|instead|not counting|drop\w*|remov\w*|compar\w*|versus|forecast\w*|"
    r"predict\w*|take|using|given|consider\w*|among|across|between|within|per|why|because|who)\b",
    re.IGNORECASE,
)
# What a number is for: "for my story", "that I should print". It asks for nothing.
PURPOSE = re.compile(
    r",? \b(?:for|in|on) (?:my|our|this|the|a|an) (?:\w+ )?(?:story|article|reports?|slides?|presentation|paper|"
    r"thesis|"
    r"headline|essay|talk|meeting|newsletter|deck|caption|manuscript|chapter|homework|write[- ]?up|assignment|"
    r"blog|post|"
    r"press release|footnote|abstract)\b(?= ?[:,.;?!]|$)|"
    r"(?<=\w) (?:(?:that|which) )?(?:should|do|can|could|must) (?:i|we) (?:print|quote|report|state|cite|publish|put|"
    r"attach|write|note|mention)(?: down)?\b(?= (?:next to|beside|with|for|alongside|along with|in|on|of|"
    r"about)\b| ?[?.]?$)",
    re.IGNORECASE,
)
# "If there is one at all", "if it repeats at all" behind "repeat": the question supposes nothing.
_AUXILIARY = "is|are|was|were|does|do|did|has|have|exists?"
IF_AT_ALL = re.compile(
    rf",? if (?:it|they|there|any|so) (?:{_AUXILIARY})(?: one| any| some| so)? (?:at all|in the first place)\b|"
    r"(?<=\b)(\w{4,}?)(?:e?s|ed|ing)?\b([^?]*?),? if (?:it|they) (?:ever |really |even |indeed |actually )?\1\w{0,3}"
    r"(?: at all| ever)?(?= ?[?.]?$)|"
    r"^if (?:it|they|there) (?:ever )?(\w{4,}?)(?:e?s|ed)? at all,(?=.*\b\3)",
    re.IGNORECASE,
)
# "I.e.", a tag behind a request, and the order of time, in which places are counted anyway: they ask for nothing.
ASIDE = re.compile(
    r"\b(?:i\.e\.|e\.g\.),?|, ?(?:would|could|can|will) you(?: please)?(?= ?[?.]?$)|"
    r", ?(?:what(?: is|'s| was) it|(?:will|does|is|did|was) it)(?= ?[?.]?$)|"
    r",? (?:in|by) (?:order of (?:date|time)|(?:date|time|chronological) order)\b",
    re.IGNORECASE,
)
# "I wonder if there is a trend" supposes nothing.
WHETHER = re.compile(
    r"\b(wonder(?:ing)?|know|see|tell (?:me|us)|check|asked|asking|ask|say|sure|find out|curious|unsure) if\b",
    re.IGNORECASE,
)
# "The two averages": as many as there are.
BOTH = re.compile(
    r"\b(the|these|those|their|its) two (?=(?:averages?|means?|medians?|totals?|sums?|extremes?|ends|columns|series|"
    r"times|dates|periods)\b)",
    re.IGNORECASE,
)
_COUNTED = r"\b(?:count(?:ed|ing)?|start(?:ed|ing)?|going|number(?:ed|ing)|beginning)"
_BEHIND_AN_END = (
    r"(?: (?:one|value|row|reading|observation|entry|point))?(?: (?:of|in) the (?:series|data|table|column|record))?"
)
# "Counting from the start, what is the third value?": places are counted so.
FROM_START = re.compile(
    rf"{_COUNTED}(?: forwards?)? (?:from|at|with) (?:the )?(?:very )?(?:start|beginning|top|front|"
    rf"first){_BEHIND_AN_END}"
    r"(?= ?(?:,|[?.]?$))",
    re.IGNORECASE,
)
FROM_END = re.compile(
    rf"{_COUNTED}(?: back(?:wards)?)? (?:from|at|with) (?:the )?(?:very )?(?:end|bottom|back|last){_BEHIND_AN_END}"
    rf"(?= ?(?:,|[?.]?$)) ?,?|{_COUNTED} backwards?\b ?,?",
    re.IGNORECASE,
)
# "Taking 1952 as the baseline, the change by 1956": the change to 1956.
BY_FROM_BASELINE = re.compile(
    r"(\b(?:as|is) (?:the |a |our |my )?(?:baseline|base|starting point|reference|reference point|benchmark)\b.*?) "
    r"(?:by|until|till|up to)(?= (?!what|how|which)\w)",
    re.IGNORECASE,
)
# "What was it when it was last measured?" asks for the value, and not for a time.
WHEN_LAST = (
    r"^(?:so |and |but |well )*(?:what(?! (?:date|day|time|month|year|week|hour))|how (?:high|low|large|big|much|far)|"
    r"which (?:value|number|figure|reading|level))\b.*\bwhen (?:it|they|we|you|someone|last|first|\w+ (?:was|"
    r"were)|the \w+)\b"
)
NEXT_STEP = re.compile(
    r"\b(?:next|following|coming|upcoming|subsequent)(?: single)? (?:value|one|step|reading|"
    r"point|observation|number|figure|measurement|period|data ?point|entry)\b|\bcomes? next\b|"
    r"\bnext\s*\??$"
)
UNSUPPORTED = re.compile(
    r"\b(moving|rolling|weighted|harmonic|geometric|annuali[sz]ed|cagr|"
    r"compound|logarithm\w*|(?<!we )(?<!they )(?<!you )(?<!i )log|variance|kurtosis|skew\w*|the mode|modal|derivative|"
    r"acceleration|exponential|fourier|entropy|"
    r"integral|square root|squared|cumulative sum|covariance|p-value|significance|significant\w*|z-score|"
    r"autocorrelation|multiplied|divided|times as|twice|thrice|doubled?|doubling|tripled?|squares|cubed?|"
    r"roots?|reciprocal|distinct|unique|duplicate\w*|common(?:est)?|prime|digits?|permutation\w*|clusters?|occurs? "
    r"most|square)\b"
)
LEFT_OUT = re.compile(
    r"\b(except|excluding|exclude|other than|apart from|ignoring|leaving out|not counting|"
    r"but not|without(?! (?:going|exceed|pass|top|reach|hit|cross|break|drop|fall|dip|interrupt|a break)))\b"
)
QUARTILES = {
    "first quartile": 0.25,
    "lower quartile": 0.25,
    "third quartile": 0.75,
    "upper quartile": 0.75,
    "quartile": 0.25,
}
# "Ignoring everything above 5": the values on the other side of a bound are asked for.
LEFT_OUT_VALUES = re.compile(
    r"\b(?:except|excluding|exclude|other than|apart from|ignor\w+|disregard\w*|"
    r"leav\w+ (?:out|aside)|put\w* aside|not counting|"
    r"discard\w*|drop\w*|without|omit\w*|setting aside|set aside|forget|remov\w+|filter\w* out|throw\w* out|"
    r"throw\w* away|"
    r"skip\w*) "
    r"(?:(?:for|about|the|all|any|every|of|those|single) )*(?:everything|anything|all|values?|readings?|"
    r"numbers?|figures?|"
    r"observations?|points?|data points?|ones?|measurements?|rows?|entries|records?|that|<t>)\b"
    r"(?: (?!<n>)[\w'-]+){1,6}? <n>"
)
# "Leave everything above 5 out".
LEFT_OUT_BEHIND = re.compile(
    r"\b(?:leav|tak|throw|filter|put|set|cut|keep)\w* (?:[\w'-]+ ){1,8}?<n> (?:\w+ )?(?:out|aside|away|off)\b|"
    r"\b(?:everything|anything|all|values?|readings?|numbers?|figures?|those|rows?) (?:\w+ ){1,6}?<n> "
    r"(?:(?:is|are|was|were|being|gets?|has|have|been) )+(?:taken|left|removed|dropped|excluded|ignored|cut|"
    r"filtered|thrown|set|put|deleted|disregarded|discarded|gone|omitted)\b"
)
HOW_HIGH = _words(r"how (?:high|low|far down|far up|big|large|small|hot|cold|warm|cool)")
EVER_WENT = _words(
    r"(?:did|do|does|can|has|have) (?:it|they|we|values|an? <t>|<t>|the \w+|<s>) (?:ever )?(?:go|get|climb|rise|"
    r"fall|drop|sink|gone|got|come|been)"
)

BETWEEN_WHICH = re.compile(r"\b(?:between|within|inside|into?) (?:which|what)\b")
# "Growth or decline": one of two directions.
_UPWARDS = r"(?:up\w*|ris(?:e|es|ing|en)|rose|gr[eo]w\w*|increase[sd]?|increasing|gains?|climb\w*)"
_DOWNWARDS = r"(?:down\w*|fall\w*|fell|declin(?:e|es|ed|ing)|decrease[sd]?|decreasing|loss\w*|shr[iau]nk\w*|drop\w*)"
_OR = r"(?: \w+){0,2} or (?:\w+ ){0,2}?"
EITHER_WAY = re.compile(rf"\b{_UPWARDS}{_OR}{_DOWNWARDS}\b|\b{_DOWNWARDS}{_OR}{_UPWARDS}\b")
WHICH_PERIOD = r"\b(?:which|what) (?:single |calendar |one )?(?:hour|day|week|month|quarter|year|date|weekday)s?\b"
# How many values there are, where a percentage is no more than a way to say it.
COUNTS = r"\b(?:how many|how frequently|number of|count|counts|tally|how many times|occasions)\b(?! percent)"
PERCENTILE = re.compile(
    r"(?:(<n>|\d+(?:st|nd|rd|th))[- ]?(?:%|percent)?[ -](?:percentile|quantile)|"  # codespell:ignore nd
    r"(?:percentile|quantile)s? (?:of )?(<n>))"
)
_NTH = (
    "second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|"
    "twentieth|\\d+(?:st|nd|rd|th)"  # codespell:ignore nd
)
NTH_ITEM = re.compile(rf"\b((?:{_NTH}) \w+)", re.IGNORECASE)
IN_PLACE = re.compile(rf"\bin (?:the )?({_NTH}) (?:place|position)\b", re.IGNORECASE)
NTH = re.compile(
    rf"\b(?:({_NTH})[- ](?:to[- ])?(?:\w+ ){{0,2}}?(?:\w+est|best|worst|most|least|top|max\w*|min\w*|peak|trough|"
    rf"all time|record)\b|"
    rf"(?:rank\w*|comes?|came|placed?|number|in) (?:in |at |on )?(?:the )?({_NTH})\b|({_NTH}) (?:place|position)|"
    rf"number (two|three|four|five)\b|"
    r"runner[- ]up|next[- ](?:best|high\w+|large\w*|bigg\w+|low\w+|small\w+))"
)
TWO_COMPARED = r"\b(?:differ\w*|gap|separate\w*|separating|apart|compar\w+|distance|margin|delta|versus|vs)\b"
MEAN_CHANGE = (
    r"\b(?:average|mean|typical) (?:\w+ )?(?:increase|growth|change|rise|decrease|decline|fall|drop|gain|loss)\b|"
    r"\bon average\b.*\b(?:grow|increase|rise|change|fall|decrease|decline|gain|lose)\b|"
    r"\b(?:increase|growth|change|rise|decrease|decline|fall|drop|gain|loss)\b(?: \w+){0,6} on average\b"
)
HOW_MUCH_CHANGE = (
    r"\bhow much\b|\bby what\b|\bby how\b|\bhow (?:strongly|far|many percent|big|large)\b|\bpercent\w*\b|%|"
    r"\b(?:what|which) (?:was|is|were|has been) (?:the |its )?(?:\w+ )?(?:change|growth|increase|decrease|rise|fall|"
    r"drop|gain|"
    r"loss|decline)\b|\bgrowth\b|\bchange\b|\bhow (?:has|have|did) (?:it|they|the \w+|<s>) chang\w+\b|"
    r"\b(?:total|overall|net|absolute|relative) (?:change|growth|increase|rise|gain|loss|decrease|decline|fall|drop)\b"
)
# "Is there a weekly cycle?", "does it repeat every week?": of one length.
_SEASON = r"(?:season\w*|cycl\w*|pattern\w*|rhythm\w*|periodicit\w+|repetition\w*|wave\w*|ups)"
SEASON_OF = re.compile(
    rf"\b(?P<adverb>hourly|daily|weekly|monthly|quarterly|yearly|annual)(?: \w+)? {_SEASON}\b|"
    rf"\b(?:repeat\w*|recur\w*|cycle)(?: \w+){{0,2}}? (?:every|each) (?P<each>{_CALENDAR})\b|"
    rf"\b{_SEASON} (?:of|within|in|over|during|by|across) (?:the|a|each|every) (?P<within>year|week|day)\b"
)
# "It ended at", "what did it start with": the value, and not the date, is asked for.
EDGE_VALUE = (
    r"^where |\b(?:end|ends|ended|close|closes|closed|start|starts|started|begin|begins|began|open|opens|opened|"
    r"finish\w*)"
    r" (?:out |off |up )?(?:with|at|on|from)\b|\b(?:what|which) (?:value|number|level|figure|reading)\b|\bhow "
    r"(?:high|low|much|large)\b|"
    r"\b(?:starting|opening|closing|ending|initial|end|start) (?:value|level|number|figure|point|reading)\b"
)
# "Our best day ever": the day is asked for, as it is in "which day".
BEST_PERIOD = (
    r"\b(?:\w+est|best|worst|top|peak|trough|record) (?:hour|day|week|month|quarter|year|step|date)\b"
    r"(?! (?:value|reading|number|figure|high|low|total|mean|average))"
)
# "The day it peaked".
DAY_OF = (
    r"^(?:the |give me the |give the |state the |tell me the |name the )?"
    r"(?:hour|day|week|month|quarter|year|date|time|step) "
    r"(?:it|they|of|when|on|with|that|the)\b"
)
# "The highest last value", "highest at the end".
AT_AN_END = (
    r"\b(?:last|latest|final|newest|current|first|earliest|initial) (?:known |observed )?(?:values?|readings?|levels?|"
    r"numbers?|figures?|observations?)\b|\b(?:at|by|towards) the (?:very )?(?:end|start|beginning)\b|"
    r"\b(?:currently|right now|now|today)\b"
)
# "The last day of June" is its end; "the week of 6 March" begins then.
LAST_DAY_OF = re.compile(
    r"\b(?:on )?the (?:very )?(?:last|final) day (?:of|in) (?=(?:the )?(?:month|year|quarter|"
    + "|".join(MONTHS)
    + r"|\d{4})\b)|\blast day (?:of|in) (?=(?:"
    + "|".join(MONTHS)
    + r"|\d{4})\b)",
    re.IGNORECASE,
)
WEEK_OF = re.compile(
    r"\b(?:in|during|over|for|within|of) the week (?:of|(?:starting|beginning|commencing|"
    r"that (?:starts|begins|started|began)|from)(?: on| from| with)?) (?!the\b)(?=[^?]*\d)"
    r"(?![^?]*\b(?:to|until|till|through)\b)",
    re.IGNORECASE,
)
WEEK_FROM_TO = re.compile(
    r"\b(?:in|during|over|for|within|of) the week (?=from\b[^?]*\b(?:to|until|till|through)\b)", re.I
)
# "The share of the total that fell in June".
SHARE_THAT_FELL = re.compile(
    r"\b((?:share|percentage|proportion|fraction|part) of\b[^?]*?) "
    r"(?:fell|falls|came|comes|lies|lay|occurred|happened) (?:in|on|into|within) ",
    re.IGNORECASE,
)
