"""Phrases in which the words of an operation mean something else than a change of the series."""

import re

_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|"
    r"jul|aug|sept?|oct|nov|dec)"
)
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?)"
_A_TIME = re.compile(
    rf"\b(?:{_MONTH}|{_WEEKDAY}|today|tomorrow|tonight|week\w*|month\w*|year\w*|day\w*|hour\w*|morning|afternoon|"
    r"evening|night\w*|quarter|spring|summer|autumn|winter|easter|christmas)\b|\d{1,2}[:./]\d{2}|\d{4}-\d{2}",
    re.IGNORECASE,
)
_PART = r"(?:\d[\d.,]*\s?%|\S+ percent|half|(?:an?|one|two|three|four) (?:third|quarter|fifth|tenth)s?)"
_AT_AN_HOUR = (
    r"at (?:about |around )?(?:noon|midday|midnight|\d+|half past|(?:a )?quarter (?:past|to)|one|two|three|four|five|"
    r"six|seven|eight|nine|ten|eleven|twelve)\b"
)
_CLOSED = r"(?:closed?|closes|closing|closure|shut\w*|stop(?:ped|ping)|suspend\w+|cancel\w+|out of (?:order|service))"


# What stands before a time at which it is open, as the only one or once more; "open until" tells when it closes.
_OPEN_AT = re.compile(
    r"\b(?P<again>re-?)?open(?:s|ed|ing)?(?P<anew> again)?(?: from| on| at| for business)*\W*$", re.IGNORECASE
)
_NOT_THEN = re.compile(r"\b(?:instead(?: of)?|rather than|other than)(?: on| in)?\W*$", re.IGNORECASE)
_OF_A_CAUSE = re.compile(
    r"\b(?:because|due to|owing to|thanks to|as|since|after|following|when|compared|than|from that|unlike|despite|"
    r"for (?:the|a|an|our)|which|who|with|but|while)\b[^,;:]*$",
    re.IGNORECASE,
)
_OF_A_LEVEL = re.compile(
    r"(?:[^\w%]|10%|\b(?:during that period|all|the|of|it|than|and|with|be|will be|is|are|sales|the series|visitors|"
    r"up|down|more|less|fewer|higher|lower|over|under|above|below|plus|minus|on|usual|normal|average|level)\b)+",
    re.IGNORECASE,
)
_A_SHARE = r"10% (?:up|down|higher|lower|more|less|fewer|above|below|over|under|better|worse)\b"
_IS_AT = re.compile(
    rf"\b(?:is|are|be|runs?|stays?|remains?|sits?|lies?) (?:about |around |some |still )?{_A_SHARE}"
    rf"|^\W*(?:during that period\W+)?(?:expect |about )?{_A_SHARE}",
    re.IGNORECASE,
)
# What tells of a change that takes its time.
_TAKES_TIME = re.compile(
    r"gradual|slow|stead|even(?:ly)?\b|\bend\b|closing|close\b|final|last\b|stage|step|phase|notch|until|till|creep|"
    r"climb|grow|swell|ris[ei]|fall|dwindl|fad[ei]|shrink|bit by|little|each|every|eventually|ramp|trend|drift|"
    r"by the time|progress|creasing|more and more|less and less|finish|linear|slope|inch|edg|build|mount|eas[ei]|drop|"
    r"declin|reced|abat|crumbl|sink|weaken|strengthen|lose|gain|over (?:time|the)|bottom|top|reach|pick|wind|taper|"
    r"cool|warm|accumul|in time|ultimately|at the|day after day|week after week|straight line|start|begin|come|get|"
    r"travel|by then|mov|work|momentum|done|by degrees|glide|landing|is over",
    re.IGNORECASE,
)
_OF_A_VALUE = re.compile(
    r"(?!.*\+)(?:[^\w%]|100|\b(?:during that period|sales|visitors|calls|orders|demand|the series|at)\b)+",
    re.IGNORECASE,
)
_LIFTED = re.compile(
    r"\b(?:(?:does|do) not|don't|doesn't|will not|won't|no longer|not) (?:apply|hold)\b"
    r"|\b(?:limits?|caps?|ceilings?|maximum|minimum|floor|quota|bound)\b[^.;]{0,80}\b(?:is|are|will be) "
    r"(?:lifted|removed|suspended|waived|dropped|abolished|over)\b"
    r"|\b(?:limit|cap|ceiling|maximum|minimum|floor|quota|bound)\b[^.;]{0,80}\b(?:ends|expires)\b(?! at\b)",
    re.IGNORECASE,
)
_NOT_REACHED = re.compile(
    r"\b(?:fails?|struggles?|unlikely|unable) to (?:reach|hit|make|exceed|pass|top|get to|attain)\b", re.IGNORECASE
)
# "The 10th too", "same again on Monday", "so are we on the 31st".
_SAME = r"(?:(?:the )?same(?: (?:again|goes|applies|holds|thing))?|ditto|likewise|again|as well|also|too|similarly)"
_ADDITION = re.compile(
    rf"\W*(?:and |then )?(?:{_SAME}[,:]? (?:for )?during that period|"
    rf"during that period[,:]? (?:is |it is )?{_SAME})\W*"
    r"|\W*(?:and )?so (?:are|is|will) (?:we|it|they|sales|the series)(?: be)? during that period\W*",
    re.IGNORECASE,
)
_NAMED_EXCEPTION = re.compile(
    r"\W*(?:(?:(?:the|one|an?) )?(?:only )?exceptions?:|except(?: for)?(?: on)? during that period:)", re.IGNORECASE
)
# Of the series, or of what was said before, and of nothing that is named.
_EXCEPTION = re.compile(
    r"^\W*(?:(?:and|but|only|however),? )?(?:(?:the|one|an?) )?(?:only )?(?:exceptions?\b|excluded:|suspended:|"
    r"not valid\b|except\b)"
    r"|^\W*(?:and |but )?(?:not )?during that period\W+(?:is|are) (?:(?:the |an |one )?(?:only )?exceptions?|"
    r"exempt(?:ed)?|excluded|excepted|not affected)\b"
    r"|\b(?:this|that|it|the (?:limit|cap|rule|effect)) (?:does not|doesn't|will not|won't) (?:apply|hold)\b"
    r"|^\W*(?:and |but |however,? )?during that period\W+(?:though\W+|however\W+)?(?:it|we|we're|sales|everything|"
    r"business|trade|the series)\b[^.!?]*\b(?:as usual|normal(?:ly)?|usual level|pauses?)\b"
    r"|^\W*not during that period\b"
    r"|^\W*(?:and |but |however,? )?during that period\W+(?:(?:they|(?:the )?(?:load|power|consumption|output|"
    r"demand)) (?:is|are|runs?|works?|goes|stays?) (?:as (?:usual|normal|ever)|normal(?:ly)?)\b|(?:does|do) not "
    r"(?:count|apply)\b|(?:the|that|this) (?:limit|cap|ceiling|rule|restriction) (?:is|will be) "
    r"(?:lifted|suspended|waived)\b)"
    r"|\bduring that period is (?:the|an) (?:only )?exception\b"
    r"|^\W*(?:and |but |however,? )?(?:during that period\W+)?(?:open(?: as (?:usual|normal))?|"
    r"no (?:change|effect)|unchanged|unaffected|"
    r"normal|(?:as )?usual|(?:there (?:is|will be) )?no (?:limit|cap|ceiling|maximum|minimum|floor|restriction)s?)"
    r"(?: (?:at all|then|appl(?:y|ies)|holds?))?(?: during that period)?\W*$",
    re.IGNORECASE,
)
# "On Wednesday it is 98 kW", behind "the limit is 108 kW".
_OF_THE_BOUND = re.compile(
    r"\W*(?:and |but |then )?(?:during that period\W+)?(?:it|this|that|the (?:limit|cap|ceiling|maximum|minimum|"
    r"floor|quota)) (?:is|will be|(?:rises|drops|falls|goes(?: up| down)?|changes|increases|decreases) to) 100"
    r"(?: during that period)?\W*",
    re.IGNORECASE,
)
_NAMES_A_BOUND = re.compile(r"\b(?:limit|cap|ceiling|maximum|minimum|floor|quota)\b", re.IGNORECASE)
_IS_NEGATIVE = re.compile(
    r"\b(?:be|is|are|reach(?:es)?|(?:set|falls?|drops?|sinks?) to) (?:about |at )?(?:-|minus )\d", re.IGNORECASE
)
# "The load will then be 60% of normal", at the time before.
_THEN = re.compile(r"\b(?:will|is|are|would|should|has to|may) then\b|\bthen (?:be|is|are|at|only)\b", re.IGNORECASE)
_SINCE_A_YEAR = re.compile(r"since (?:about |around )?(?:1[89]|20)\d\d$", re.IGNORECASE)
_DENIES = re.compile(
    r"(?:\b(?:not|never|no longer|nothing|none|nobody|cannot|without|no \w+|nor)|n['\N{RIGHT SINGLE QUOTATION MARK}]t)"
    r"(?: \w+){0,2} *$",
    re.IGNORECASE,
)


def _of(pattern: str, reason: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.IGNORECASE), reason


_OPENS = "it says when it is open, and not when it is closed"
_STAYS_OPEN = "it says that it will not be so"
# "We were once closed for a month", and what words call something.
_ONCE = _of(
    r"\b(?:was|were|had|has been|have been) (?:only )?once\b|\bonce (?:was|were|had)\b", "it tells of the past"
)
_HOURS = _of(
    r"\b(?:opening|weekday|weekend|business|office|visiting|consulting|surgery|shop|store|reception|trading) hours\b|"
    r"\b(?:services|mass|tours?|shows?|trains?|buses|classes|lessons|meetings?) (?:is|are|starts?|begins?|leaves?) "
    r"at \d|"
    rf"\b(?:opens?|opened|starts?|begins?|shuts?|closes?|closed|locks?|locked) (?:up |its doors )?{_AT_AN_HOUR}",
    "it tells hours of the day",
)
# "Nobody has come since 1976": the history knows it.
_SINCE = _of(
    r"^(?!.*\b(?:will|going to|first time)\b).*\bsince (?:about |around )?(?:1[89]|20)\d\d\b",
    "it is so since then, and not a change",
)
# "A report from 1980 puts the loss at 61".
_REPORTED = _of(
    r"\b(?:reports?|study|studies|articles?|surveys?|charts?|minutes|memos?|records?) (?:from|of) (?:1[89]|20)\d\d\b",
    "it tells of the past",
)
_WRITTEN = _of(
    r"\brounded (?:up |down |off )?to (?:the |an? )?(?:next|nearest|whole|full|tens?|hundreds?|thousands?|integers?)\b"
    r"|\bdecimals?\b",
    "it says how numbers are written",
)
_GOES_ON = _of(
    r"\bleav(?:e|es|ing) (?:\S+ ){1,6}?(?:alone|unaffected|untouched|unchanged|as (?:it|they) (?:is|are))\b|"
    r"\b(?:goes?|carry|carries|runs?) on (?:undisturbed|unaffected|as (?:usual|normal|planned|ever|always))\b",
    _STAYS_OPEN,
)
_ZERO = (
    _ONCE,
    _GOES_ON,
    _SINCE,
    _of(r"\bas (?:ever|always)\b|\b(?:the )?same as (?:every|all|always)\b", "it is so as ever, and not a change"),
    _of(r"\bat (?:one|some) (?:time|point) or (?:an)?other\b", "it tells of the past"),
    _of(
        rf"\b(?:close[sd]?|closing|shuts?|locks?|locked) (?:early |already |doors |up )?{_AT_AN_HOUR}",
        "it says at which hour it closes; say from when to when",
    ),
    _of(
        rf"^(?!.*\b(?:{_CLOSED}|zero|nil|blank|empty|no \w+|halt\w*)\b).*\bnothing (?:else|other)\b",
        "it says what something is, and not that it is zero",
    ),
    _of(r"\bonly (?:be |to |we )?opens?\b|\bopens? (?:its doors )?only\b", _OPENS),
    _of(
        r"\b(?:no|not a single|not one|not any|none of the|neither) (?:\w+ ){1,3}?"
        r"(?:is|are|was|were|will be|has to|have to|gets?|being|needs? to) (?:be )?"
        rf"{_CLOSED}\b",
        _STAYS_OPEN,
    ),
    _of(r"\bnothing (?:will|can|could|is going to) (?:stop|prevent|keep|hinder)\b", _STAYS_OPEN),
    _of(rf"\bnot (?:allowed|permitted|obliged|required|forced|going) to {_CLOSED}", _STAYS_OPEN),
    _of(rf"\b(?:instead of|rather than|without|against|avoid\w*) (?:\w+ )?{_CLOSED}", _STAYS_OPEN),
    _of(rf"\b{_CLOSED} (?:on|at|in|for|during) no\b|\bon no (?:single )?day\b", _STAYS_OPEN),
    _of(
        r"\bno (?:\w+ )?(?:meetings?|part(?:y|ies)|strikes?)\b|\b(?:nobody|no[- ]one) (?:\w+ )?(?:goes|going|is|"
        r"will be) (?:\w+ )?on strike\b|\bno (?:\w+ )?\w+ after all\b"
        r"|\b(?:refused|rejected|denied|turned down)\b.*\bso there will be none\b",
        "it is of something that does not take place",
    ),
    _of(
        r"\b(?:shuts?|closes?|ends?|locks?) (?:the|a|an|your|my) (?:session|window|tab|browser|app|file|form|screen)\b"
        r"|\b(?:speakers?|candidates?|drivers?|participants?) (?:are|must|have|may) [^.;]{0,80}"
        r"\b(?:stop|pause|rest)\b",
        "it is of what people or programs stop",
    ),
    _of(r"\bquartered\b|\ba quarter (?:down|off|lower|less|fewer)\b", "it names a share; state it as a number"),
)
_NAMED_AFTER = _of(
    r"\b(?:the series|sales|revenues?|orders?) (?:staff|team|force|commissions?|area|floor|managers?|reps?|people|"
    r"departments?|tax|prices?|per (?:employee|head|capita|store|square))\b",
    "it is of something that is named after the series",
)
_PRICES = "it is of a price and not of the series"
_COMPARES = "it compares with another time or a plan, whose value is not looked up"
# Of movements by an amount.
_MOVED = (
    _ONCE,
    _SINCE,
    _REPORTED,
    _WRITTEN,
    _GOES_ON,
    _of(
        r"\b(?:cannot|can(?:no|')t|could(?: not|n't)|will not|won't|does not|do not) possibly\b|\bnowhere near\b|"
        r"\banything but\b|\bfar from \w+(?:ed|ing)\b|\b(?:do not|don't|never|not|cannot|can't) (?:count|rely|bet|"
        r"bank|reckon) "
        r"(?:on|with)\b|\b(?:fail|refuse)(?:s|ing|ed)? to (?:rise|increase|grow|climb|fall|drop|decline|decrease|"
        r"shrink|double|triple|halve|change)\b|\bstop(?:s|ping)? short of\b|"
        r"\b(?:escap(?:e|es|ing)|no (?:risk|danger|chance) of) (?:an? |the |any )?(?:\S+ ?(?:%|percent) )?(?:rise|"
        r"fall|drop|"
        r"cut|increase|decrease|decline|loss|doubling)\b",
        "it says that it will not be so",
    ),
    _of(
        r"\b(?:instead of|rather than) (?:an? |the )?\w+ (?:by|of) \S*\d|\b(?:will|would|can) (?:hardly|scarcely)\b|"
        r"\b(?:nobody|no[- ]one) (?:is going to|will|is about to) (?:see|watch|find)\b",
        "it says that it will not be so",
    ),
    _of(
        rf"^\W*{_PART} of (?!(?:the |its |their |our )?(?:usual|normal|regular|ordinary|typical|average|capacity|what|"
        r"expected)\b)(?:the |its |their |our |all )?\w+\b.*\b(?:comes?|belongs?|(?:is|are|will be) (?:made|sold|paid|"
        r"done|from|online))\b",
        "it says what a part of it is",
    ),
    _of(r"\bdepending (?:up)?on\b", "it holds only under a condition; state it as a fact if it will be so"),
    _of(
        rf"\b(?:than|as) (?:it (?:was|is) |they (?:were|are) |we (?:had|have) )?(?:(?:in|on|at|for|during|of|that|"
        rf"those|the) )+(?:(?:early|late|mid)[- ]?)?(?:\d{{1,2}}[a-z]{{0,2}} (?:of )?)?{_MONTH}\b",
        _COMPARES,
    ),
    _of(
        rf"\b(?:below|above|beneath|than) (?:the (?:level|value|figure|number)s? (?:of|in) |that of |those of )?"
        rf"{_MONTH}(?: \d{{4}})?(?=\W*$)",
        _COMPARES,
    ),
    _of(rf"\bcompared (?:to|with) (?:the )?{_MONTH} \d{{4}}", _COMPARES),
    _of(
        rf"\b(?:half|twice|double|triple|times) (?:that|those|the \w+) of (?:a |the )?(?:{_WEEKDAY}|{_MONTH})",
        _COMPARES,
    ),
    _of(
        r"\b(?:beat\w*|above|below|exceed\w*|miss\w*|than) (?:the |our |its |last month's )?"
        r"(?:budget|forecast|guidance|consensus)\b|\b(?:over|under) (?:the |our |its )?(?:budget|guidance|"
        r"consensus)\b",
        _COMPARES,
    ),
    _of(
        r"\b(?:forecast|estimate|prediction)\b.*\b(?:was|were)\b.*\btoo (?:high|low)\b",
        "it is of a forecast and not of the series",
    ),
    _of(
        r"^\W*(?:\w+ ){1,3}(?:years?|months?|weeks?|days?) ago\b(?!.*\b(?:will|going to|expect\w*|is to|are to|"
        r"from now)\b)",
        "it tells of the past",
    ),
    _of(
        r"^\W*(?:in the )?(?:worst|best)[- ]case\b|^(?:imagine|picture|allegedly|supposedly|reportedly|rumou?rs?)\b|"
        r"\b(?:allegedly|supposedly|rumou?rs? ha(?:s|ve)|with (?:any |some |a bit of )?luck)\b|"
        r"\bin an? (?:\w+[- ])?(?:\w+ )?scenario\b|"
        r"\b(?:we|they|i|you|sales|the series|management) needs? to (?:double|triple|increase|raise|grow|lift|boost|"
        r"cut|reduce|improve|push)\b|"
        r"\b(?:wants?|needs?|demands?) \S+ ?(?:%|percent)",
        "it says what is wished for or supposed, and not what will be",
    ),
    _of(
        r"(?:\bhalf[- ]price\b|\b(?:loyalty|bonus|reward) points?\b|\b(?:double|triple) points?\b)"
        r"(?!.*(?:%|\b(?:percent|doubles?|triples?|lifts?|raises?|rises?|falls?|boosts?|brings?|adds?)\b))",
        _PRICES,
    ),
    _of(r"\b(?:double|triple)[- ]check (?:the|all|your|our|these|that|whether)\b", "it asks to check"),
    _NAMED_AFTER,
    _of(r"\brecover\w* (?:\w+ )?from \d", "it goes back to what is usual, step by step; state the value at each time"),
)
_BOUNDS = (
    _HOURS,
    _SINCE,
    _WRITTEN,
    _NAMED_AFTER,
    _of(
        r"\bno longer (?:be )?(?:capped|limited|restricted|bounded|held)\b|\bnot (?:be )?(?:limited|capped|restricted|"
        r"confined) (?:to|at)\b|\bis not (?:the|a) (?:limit|cap|maximum|ceiling|minimum)\b|"
        r"\b(?:cap|limit|ceiling|floor|minimum|maximum|bound|restriction)s?(?: of \S+| at \S+)? (?:is|are|was|were|"
        r"has been|have been|will be|gets?) (?:removed|lifted|abolished|dropped|scrapped|gone|waived)\b|"
        r"\bmay (?:\w+ )?(?:exceed|go (?:above|below|over|under))\b.*\bagain\b",
        "it says that there is no such bound",
    ),
    _of(
        r"\b(?:above|below|over|under|beyond) \S+ (?:are|is) (?:very |quite |rather )?(?:rare|unusual|uncommon|"
        r"exceptional|common|normal)\b|^(?:\w+ )?(?:bonus|premium|reward|discount|"
        r"surcharge)\b.*\b(?:above|over|below)\b|"
        r"\bfree (?:delivery|shipping|entry|admission)\b",
        "it says what is so beyond a value, and not that the series stays within",
    ),
    _of(
        r"\b(?:per|each|every) (?:user|patient|customer|person|bus|car|vehicle|visitor|household|head|guest|family|"
        r"item|room|table|ticket|child|adult|member)\b",
        "it bounds each of many, and not the series",
    ),
    _of(
        r"\b(?:cannot|can't|not able to|unable to|must not|may not)\b.*\d \w* ?or more\b",
        "it denies what is at a value or above; state the largest value",
    ),
)
_PAST = (
    _of(
        r"\bno (?:loss of data|data (?:was|were|got|is|are)(?: \w+)? lost)\b|\bthere (?:was|were) no\b|"
        r"\bbut (?:has|have) since been (?:fixed|corrected)\b|\bnot a single\b|"
        r"\bno corrections? (?:(?:is|are|was|were) )?(?:needed|necessary|required)\b",
        "it says that the values are right",
    ),
)
_LIKE = (
    _of(r"\bunlike\b", "it says what it is not like"),
    _of(r"\b(?:half|twice|double|triple|times) (?:that|those) of\b", _COMPARES),
)
_WITH_VALUE = frozenset(("set", "plus", "minus", "cap", "floor", "range"))
_MOVES = frozenset(("rise", "cut", "times", "plus", "minus", "ramp_up", "ramp_down"))
_BY_OPERATION = {
    "zero": _ZERO,
    "ignore": _PAST,
    "like_day": _LIKE,
    "set": (_ONCE, _HOURS, _SINCE, _REPORTED, _WRITTEN),
    **dict.fromkeys(_MOVES, _MOVED),
    **dict.fromkeys(("cap", "floor", "range"), _BOUNDS),
}
# "When it rains", without a time in the clause at all, holds whenever that is so.
_WHENEVER = re.compile(
    r"^\W*(?:and |but |so )?(?:when(?:ever)?|once|as soon as|each time|every time|after (?:an? |the )?\w+ (?:is|are|"
    r"was|were|has been|have been)) (?!.*\b(?:for good|permanently|always|for ever|forever)\b)",
    re.IGNORECASE,
)
_OF_A_RIVAL = re.compile(
    r"\W*(?:and |but )?(?:during that period\W+)?(?:our |the |a |their )?(?:\w+ )?(?:competitors?|competition|rivals?|"
    r"neighbou?rs?)(?: \w+){0,2}? (?:sells?|expects?|reports?|plans?|serves?|makes?|takes? in)\b",
    re.IGNORECASE,
)
_OURS = re.compile(r"\b(?:us|our (?!competitor|rival|neighbo)|we|sales|the series|here)\b", re.IGNORECASE)
# "Two things for March", in plain words.
_COUNTED = re.compile(r"\b100 (?:things|points|notes|remarks|reasons|questions|changes|updates)\b", re.IGNORECASE)
# A line that begins with a time, and says more.
_ENTRY = re.compile(r"during that period\W+\w")
_TAKES_BACK = re.compile(
    r"^\W*(?:correction|erratum|(?:sorry,? )?(?:i|we) meant?|(?:sorry,? )?make that|scratch that|that (?:is|"
    r"was) (?:outdated|wrong|not "
    r"right|an error|a mistake|no longer))\b",
    re.IGNORECASE,
)
_UNAFFECTED = re.compile(
    r"^\W*(?:but |and |yet |though |however,? )?(?:the series|sales|this|it|these|they|we) (?:is|are|will be|remains?|"
    r"stays?) (?:not (?:be )?(?:affected|impacted|touched|concerned)|unaffected|untouched|unchanged)\b",
    re.IGNORECASE,
)


def not_then(before: str, time: str) -> bool:
    """Whether a time is none of an effect: "instead of 8 March", and "since 1976", which the history knows."""
    return _NOT_THEN.search(before) is not None or _SINCE_A_YEAR.match(time) is not None


def is_of_a_cause(before: str) -> bool:
    """Whether the words before a time say that it is that of a cause: "in March sales rise because of the fair on"."""
    return _OF_A_CAUSE.search(before) is not None


def is_of_a_level(words: str) -> bool:
    """Whether a clause says how much higher or lower it is, and of no time that it takes: "March is 6% up" is no ramp.

    Args:
        words: plain words of the clause.
    """
    is_at = _IS_AT.search(words) is not None and not _TAKES_TIME.search(words)
    return is_at or _OF_A_LEVEL.fullmatch(words) is not None


def is_of_a_value(words: str) -> bool:
    """Whether a clause says a value and a time, and no more: "8 March: 100", a row of a table.

    Args:
        words: plain words of the clause.
    """
    return _OF_A_VALUE.fullmatch(words) is not None


def is_exception(words: str) -> bool:
    """Whether a clause says that the series is as usual at its time, or that what was said before does not hold then.

    Args:
        words: plain words of the clause.
    """
    return _EXCEPTION.search(words) is not None


def is_addition(words: str) -> bool:
    """Whether a clause says that what was said before holds at its time, too: "the 10th too", "ditto on 8 March".

    Args:
        words: plain words of the clause.
    """
    return _ADDITION.fullmatch(words) is not None


def is_of_the_bound(words: str, before: str) -> bool:
    """Whether a clause says what a bound is that the one before names: "the limit is 108; on Wednesday it is 98".

    Args:
        words: plain words of the clause.
        before: those of the clause before it.
    """
    return _OF_THE_BOUND.fullmatch(words) is not None and _NAMES_A_BOUND.search(before) is not None


def is_said_to_be_negative(phrase: str) -> bool:
    """Whether a clause says that the series "is -20", and no change by a number with a sign, as "8 March: -20" is."""
    return _IS_NEGATIVE.search(phrase) is not None


def is_then(words: str) -> bool:
    """Whether a clause says that it holds at the time that was told before: "the load will then be 60% of normal".

    Args:
        words: plain words of the clause.
    """
    return _THEN.search(words) is not None


def begins_exception(words: str) -> bool:
    """Whether a clause begins with the word for what does not hold as was said before: "exception: on 8 March".

    Args:
        words: plain words of the clause.
    """
    return _NAMED_EXCEPTION.match(words) is not None


def open_at(before: str) -> str:
    """How words before a time say that it is open then: "" where they do not, "again" from then on, "then" for it."""
    found = _OPEN_AT.search(before)
    if found is None or _DENIES.search(before[: found.start()]):
        return ""
    return "again" if found["again"] or found["anew"] else "then"


def other_sense(name: str, phrase: str, words: str, following: str) -> str:
    """Why the words of a clause are no operation on the series: a reason, or "".

    Args:
        name: of the operation.
        phrase: the clause.
        words: its plain words.
        following: the clause behind it, empty for the last.
    """
    for pattern, reason in _BY_OPERATION.get(name, ()):
        if pattern.search(phrase):
            return reason
    if name in ("cap", "floor", "range") and _LIFTED.search(phrase):
        return "it says that the bound ends, or does not hold"
    if name in ("floor", "set") and _NOT_REACHED.search(phrase):
        return "it says that the value is not reached"
    if name in (*_MOVES, "zero", "set") and _WHENEVER.match(words) and not _A_TIME.search(f"{phrase} {following}"):
        return "it holds only under a condition; state it as a fact if it will be so"
    if name != "ignore" and _OF_A_RIVAL.match(words) and not _OURS.search(words):
        return "it is said of another one"
    if name in _WITH_VALUE and _COUNTED.search(words):
        return "it counts what is told, and says nothing of the series"
    if phrase.rstrip().endswith(":") and _ENTRY.match(following):
        return "it is the title of the lines that follow"
    if name != "ignore" and _TAKES_BACK.match(following):
        return "what follows takes it back"
    if name in (*_MOVES, "zero") and _UNAFFECTED.match(following) and not _A_TIME.search(following):
        return "what follows says that the series stays as it is"
    return ""


__all__ = [
    "begins_exception",
    "is_addition",
    "is_exception",
    "is_of_a_cause",
    "is_of_a_level",
    "is_of_a_value",
    "is_of_the_bound",
    "is_said_to_be_negative",
    "is_then",
    "not_then",
    "open_at",
    "other_sense",
]
