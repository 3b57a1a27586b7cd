"""Words by which a clause does not state the operation that the head of texts finds most probable in it."""

import re
from collections.abc import Mapping
from typing import Any

from .modeling_tsfusion_context_senses import other_sense

# Hints of single words that the series goes up or down, and the operations that do the one or the other.
_UP, _DOWN = 0, 1
_DIRECTIONS = {"rise": _UP, "plus": _UP, "cut": _DOWN, "minus": _DOWN}
# Negations, with what may stand between them and the word that they deny.
_NEGATION = re.compile(
    r"(?:\b(?:not|never|cannot|no longer|no(?! nothing))|n['\N{RIGHT SINGLE QUOTATION MARK}]t) "
    r"(?:(?:be|been|being|ever|actually|simply|even|also|get|have|to|see|go|any|an?|the|in|fully|completely|entirely|"
    r"going|expected|planned|due|set) ){0,3}",
    re.IGNORECASE,
)
_NEARLY = re.compile(r"\b(?:nearly|almost|all but|practically|virtually) (?:be |been |being )?", re.IGNORECASE)
_RETRACTED = re.compile(
    r"(?<!tendency )(?<!trend )(?<!drift )\bno longer (?:valid|true|planned|in force|appl(?:y|ies))\b", re.IGNORECASE
)
# Roles of the words whose denial denies an operation; gradual ones are told by what they are not ("no jump, but ...").
_STOPPED, _ADDED, _REMOVED = 6, 4, 5
_DENIED_BY = {
    "zero": (_STOPPED,),
    "rise": (_UP,),
    "plus": (_UP, _ADDED),
    "cut": (_DOWN,),
    "minus": (_DOWN, _REMOVED),
}
# Words of these operations behind a negation that deny them ("the trend will not stop").
_DENIED_WORDS = {
    "flat": re.compile(r"stop|end|halt|ceas|come to|flatten|level|plateau|stall|stagnat|fizzl|peter", re.IGNORECASE),
    "reverse": re.compile(r"revers|turn|flip|invert|change direction", re.IGNORECASE),
    "like_day": re.compile(r"like|resembl|follow|match|copy|copied|mirror|treated|run as|count as", re.IGNORECASE),
    "zero": re.compile(
        r"(?:(?:drop|fall|go|sink|decline|come|be reduced)\w* )?(?:down )?to (?:zero|nothing)", re.IGNORECASE
    ),
    "times": re.compile(r"(?:doubl|tripl|trebl|quadrupl|quintupl|halv|multiplied|multiply)", re.IGNORECASE),
}
# "The upward trend will continue" is neither its end nor its turn, "will continue sideways" is.
_GOES_ON = re.compile(
    r"\b(?:trend|growth|rise|increase|climb|decline|fall|drift|momentum) (?:will |would |is going to |is expected to |"
    r"is set to |simply |just )*(?:continues?|persists?|goes on|go on|carry on|carries on|keeps? going)\b"
    r"(?! (?:sideways|flat|horizontally|at zero|without|in the (?:other|opposite)|with only|down|up|backwards?)\b)",
    re.IGNORECASE,
)
# "20 % higher than last year", "twice that of the same week last year": of another time than the forecast is of.
_FILLERS = (
    r" (?:it was |they were |we had |the |those |that |of |in |on |for |during |at |an? |same |day |week |month )*"
)
_LAST = (
    r"(?:(?:last|previous|prior|preceding) (?:year|month|week|quarter|season|day|weekend|summer|winter|spring|autumn|"
    r"\w+day|\w+ber|january|february|march|april|may|june|july|august)|yesterday)\b"
)
_OTHER_TIME = re.compile(
    rf"\b(?:than|compared (?:to|with)|versus|vs\.?|relative to|(?:up|down) on){_FILLERS}(?:{_LAST}|(?:today|tomorrow|"
    r"(?:year|month|week|quarter|day)s? (?:earlier|ago|before)|"
    r"(?:19|20)\d\d|(?:mon|tues|wednes|thurs|fri|satur|sun)day(?! (?:the )?\d)|january|february|april|june|july|"
    r"august|september|october|november|december)\b)"
    rf"|\b(?:above|below|twice|double|triple|half|times){_FILLERS}{_LAST}"
    r"|\b(?:year|month|week|quarter)[- ](?:on|over)[- ](?:year|month|week|quarter)\b|\byoy\b",
    re.IGNORECASE,
)
_COMPARED = frozenset(("rise", "cut", "times", "plus", "minus"))
# "20 % more than Paris", where Paris is another series or, behind a preposition, this one.
_OTHER_SERIES = re.compile(
    r"\b(?:than|compared (?:to|with)|versus|vs\.?|relative to) "
    r"(?:(?:in|at|for|that of|those of|of) (?:another|the) series|another series)\b",
    re.IGNORECASE,
)
# "Lyon and Paris rise by 10 % and 20 % respectively".
# "20 % up in March, flat in April".
_JUST_FLAT = re.compile(
    r"\W*(?:and |then |but )?(?:during that period\W+(?:is )?(?:flat|level|stable)|"
    r"(?:flat|level|stable)\W+during that period)\W*",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"\b(?:instead of|rather than)(?: the| only| just| about)* $", re.IGNORECASE)
_TAKES = re.compile(
    r"\b(?:takes?|robs?|steals?|eats?|swallows?|snatch(?:es)?)(?: us| away| up)*(?: of)?(?: about| some)? $",
    re.IGNORECASE,
)
_LOWER = re.compile(r" (?:times )?(?:lower|less|fewer|smaller|below)\b", re.IGNORECASE)
_RESPECTIVELY = re.compile(r"\brespectively\b", re.IGNORECASE)
# "100, 110 and 120 from 3 to 5 March", in plain words.
_IN_TURN = re.compile(
    r"\b100(?: \w+)?, (?:100(?: \w+)?, ?)*(?:(?:and|then) )?100\b(?:(?: \w+)?,? (?:and|then) 100\b)?"
)
# "To 20 %" is not "by 20 %", and "to 20 % below the usual" is.
_REACHES = re.compile(
    r"\b(?:reach(?:es|ing)?|(?:falls?|falling|drops?|dropping|sinks?|sinking|declines?|decreases?|shrinks?|goes|go|"
    r"going|"
    r"slumps?|plunges?|reduced?|cut|lowered|rises?|rising|climbs?|climbing|increases?|increasing|grows?|growing|"
    r"jumps?|"
    r"raised?|lifted|back|(?<!\bby )(?<!\bof )(?:down|up)) to|"
    # "Reduced the load to".
    r"(?:reduc|lower|rais|lift|push|pull|drag|driv|cut|br(?:ing|ought))\w*(?: [^\s,;]+){1,4} to)"
    r"(?: (?:just|only|about|around|some))? $",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:limits?|caps?|ceilings?|max(?:imum|ima)?|min(?:imum|ima)?|quotas?|floors?|bounds?|thresholds?|targets?|"
    r"capacit(?:y|ies)|allowances?|between|from)\b",
    re.IGNORECASE,
)
_FARTHER = re.compile(
    r" (?:below|above|under|over|less|more|fewer|higher|lower|off|up|down|beyond|extra|additional|on top)\b",
    re.IGNORECASE,
)
# "We will have 130", and not "130 visitors more".
_SOON_FARTHER = re.compile(rf"(?: [^\s,.;]+){{0,3}}?{_FARTHER.pattern}", re.IGNORECASE)
_HAS = re.compile(
    r"\b(?:will|should|to|we'll|they'll|it'll) (?:have|see|sell|get|be|hit|make|serve|come in at)"
    r"(?: only| just| exactly)? $",
    re.IGNORECASE,
)
_SIDES = {
    "floor": re.compile(r" (?:lower|less|fewer)\b", re.IGNORECASE),
    "cap": re.compile(r" (?:higher|more|greater)\b", re.IGNORECASE),
}
# "Goes from 100 to 80".
_FROM_TO = re.compile(
    r"\b(?:go|goes|going|rises?|rising|falls?|falling|drops?|dropping|climbs?|sinks?|grows?|growing|shrinks?|"
    r"increases?|"
    r"decreases?|declines?|changes?|jumps?|slips?|cut|raised|lowered|reduced|up|down) from \S+ to\b",
    re.IGNORECASE,
)
# Denials of a whole clause, and words with which it says the contrary ("at no time will there be any visitors").
_AT_NO_TIME = re.compile(
    r"\b(?:at no (?:point|time|stage|moment)|(?:under|in) no (?:circumstances?|conditions?|cases?|events?|way)|"
    r"by no means|on no account)\b",
    re.IGNORECASE,
)
_ANYTHING_ELSE = re.compile(
    r"\b(?:any\w*|a single|even one|but|except|other\w*|deviat\w*|depart\w*|differ\w*|stray\w*|var(?:y|ies|ied))\b",
    re.IGNORECASE,
)
_NOT_SURE = re.compile(
    # "28 May add 50"; "nothing may be sold" forbids it.
    r"(?<!case )(?<!\bnothing )(?<!\bnobody )\b(?:(?-i:may)|might|could) "
    r"(?:well |also |even |possibly |perhaps |have to |need to )*(?:be|become|go|get|"
    r"see|have|fall|drop|rise|climb|grow|increase|decrease|decline|double|triple|halve|close|shut|stop|lose|gain|"
    r"come|reach|"
    r"hit|jump|sink|slump|surge|add|cost|bring|reduce|cut|raise|lower|lead|cause)\b"
    r"|\b(?:chance|probability|likelihood|odds|risk) (?:that|of|is)\b|^(?:perhaps|maybe|possibly)\b(?! surprisingly)",
    re.IGNORECASE,
)
# "Stays below 90", "will exceed 90": the side is in the word before the number. "As soon as it exceeds 90" bounds it.
_PLAIN_BOUND = re.compile(
    r"\b(?:(?:stay|remain|keep|hold|lie|run|move)(?:s|ed)?|held|kept|be|is|are|was|were|been|confined|limited)"
    r"(?: (?:well|always|strictly|safely|just|far|all|at|or|on|to|values|the|time|times|somewhere|anywhere|"
    r"throughout))*"
    r" (?:above|below|over|under|beneath|(?:less|more|lower|higher|fewer|greater) than) $"
    r"|\bat or (?:above|below|over|under) $"
    r"|\b(?:will|to|did|does|do|(?P<third>)) ?(?:also |again |even |only |clearly |easily )*"
    r"(?P<exceeds>(?(third)(?:exceeds|surpasses|tops)|"
    r"(?:exceed|surpass|top|(?:go|rise|climb|move) (?:above|beyond|over|past)))) $",
    re.IGNORECASE,
)
_WHENEVER = re.compile(
    r"\b(?:if|when(?:ever)?|wherever|where|once|as soon as|before|should|until|unless|whatever|anything|what|"
    r"that(?! period)|which|in case)\b",
    re.IGNORECASE,
)
_DENIED_BEFORE = re.compile(r"\b(?:impossible|forbidden|illegal|out of the question|ruled out)\b", re.IGNORECASE)
# "Any value to exceed 90".
_OF_VALUES = re.compile(r"\b(?:values?|readings?|those|any|all)\b", re.IGNORECASE)
_ABOVE = re.compile(r"\b(?:above|over|beyond|exceed\w*|(?:more|higher|greater|larger) than)\b", re.IGNORECASE)
_BELOW = re.compile(r"\b(?:below|under|beneath|(?:less|lower|smaller|fewer) than)\b", re.IGNORECASE)
# What happens beyond a value, how often it is beyond it, and that it may be.
_BEYOND = re.compile(
    r"\b(?:triggers?|sounds?|sets? off|raises?|rings?) (?:an? |the )?(?:\w+ )?(?:alarm|alert|warning|"
    r"inspection|siren)s?\b"
    r"|\b(?:alarm|alert|warning|siren)s?(?: light| lamp)? (?:sounds?|rings?|comes? on|goes? off|is (?:sent|raised))\b"
    r"|^(?:above|below|beyond|over|under) \S+ an? (?:surcharge|penalty|fine|fee)\b|\bpays? (?:an? |the )?(?:penalty|"
    r"surcharge|fine|fee) (?:above|below|beyond|over|under)\b"
    r"|\b(?:usually|normally|typically|mostly|generally|rarely|seldom|sometimes)(?: \w+){0,3} "
    r"(?:stays?|remains?|is|are|lies?|above|below|between|under|over)\b|\bmost (?:of the time|values)\b"
    r"|\d ?(?:%|percent|per cent) of (?:the |all )?(?:values|readings|days|hours|time)\b"
    r"|\b(?:values|readings|figures|numbers) (?:above|over|below|under|beyond) \S+ (?:are|is) (?:rare|common|frequent|"
    r"usual|normal|allowed|permitted|expected)\b",
    re.IGNORECASE,
)
_NO_BOUND = re.compile(
    r"\b(?:no|without an?) (?:upper (?:limit|bound)|limit|cap|maximum|ceiling|"
    r"(?P<least>lower (?:limit|bound)|minimum|floor))\b"
    r"(?!.*\b(?:other|but|except|further|beyond)\b)",
    re.IGNORECASE,
)
# Days that are told by what they are like, and not by their dates, and times that are no window.
_SOME_DAYS = re.compile(
    r"\b(?:on|during|in) (?:rainy|sunny|hot|cold|warm|windy|snowy|stormy|foggy|icy|wet|dry|cloudy|bad|good|busy|"
    r"quiet|such|some|many) (?:days|nights|hours|weeks|months)\b"
    r"|\b(?:on|during) (?:public |bank |school )?(?:holidays|outages|strikes|storms|heat ?waves|breaks|failures)\b"
    r"|\b(?:on|during|in|over) the (?:first|second|third|fourth|last|[1-4][a-z]{2}) (?:weekend|weekday|"
    r"workday)\b"
    r"|\bfor (?:-|\N{MINUS SIGN}|minus )\d+ (?:hours|days|weeks|months)\b",
    re.IGNORECASE,
)
# "A 20 % discount", "20 % off everything".
_DISCOUNT = re.compile(
    r"^ ?(?:discount|rebate|off (?:everything|all)\b|price (?:cut|reduction|rise|increase|hike))", re.IGNORECASE
)
# "Prices by 5 %", "save 30 %".
_OF_A_PRICE = re.compile(
    r"\b(?:prices?|fees?|fares?|wages?|pay|salar(?:y|ies))(?: (?:by|up|about|over))* $|\bdiscounts? of up to $|"
    r"(?P<saved>\bsaves?(?: up to)? $)",
    re.IGNORECASE,
)
_IS_WRONG = re.compile(
    r"^\W*(?:please )?(?:ignore|disregard|discard|exclude|skip)\b|"
    r"\b(?:was|were) (?:faulty|broken|defective|down|offline)\b|"
    r"^(?:nothing|none|not one|no \w+)(?: (?:in|of|from) [^,;:.]*)? (?:is|are|was|were) "
    r"(?:correct|reliable|valid|accurate|sound)\b",
    re.IGNORECASE,
)
_FACTOR_OF = re.compile(r"\bby (?:a|the) factor (?:of )?$", re.IGNORECASE)
# What takes back the clause before, and what says that a stretch of the past is right.
_CALLED_OFF = re.compile(
    r"(?:^\W*|\b(?:but|yet|though|however),? )(?:it|this|that|which) (?:was|is|has been|"
    r"had been|will be|got) (?:\w+ )?(?:called off|cancel+ed|withdrawn|dropped|scrapped|abandoned|postponed|revoked|"
    r"denied|retracted)\b(?! that\b)|^\W*correction\W+(?:it|this|that|they)\b[^.]*\bnot\b",
    re.IGNORECASE,
)
# "Let nobody tell you that ...", and what calls it untrue.
_UNTRUE = re.compile(
    r"\b(?:let|believe) (?:nobody|no[- ]one)\b|\b(?:do not|don['\N{RIGHT SINGLE QUOTATION MARK}]t|never) "
    r"(?:let any(?:one|body)|believe (?:any(?:one|body)|it|what|a word|those|the (?:talk|rumou?rs?|paper|story)))\b|"
    r"^\W*(?:who|whoever|anyone who) (?:told|tells|says|said|claims?|claimed|wrote|spreads?)\b|"
    r"\b(?:hoax|untrue|unfounded|baseless|false alarm|pure invention|(?:no|not a grain of) truth (?:in|to))\b",
    re.IGNORECASE,
)
_ZERO_WORD = re.compile(r"\bzero-(?!base)[a-z]+", re.IGNORECASE)
_IS_RIGHT = re.compile(
    r"\b(?:not|never|n['\N{RIGHT SINGLE QUOTATION MARK}]t) (?:to be |\w+ )?(?:broken|faulty|defective|offline|wrong|"
    r"affected|ignore[d]?|disregard(?:ed)?|discard(?:ed)?|exclude[d]?|damaged|unreliable|out of order)\b"
    r"|\b(?:is|are|was|were|be) (?:fine|correct|reliable|valid|accurate|sound|all right|in order)\b",
    re.IGNORECASE,
)
# Wishes, told by a verb ("we aim for 150") or by a noun ("our goal for March is 150"), are not what will be.
_WISHED = re.compile(
    r"\b(?:(?:am|are|is|'m|'re|'s|be|been|being|still|now) (?:aim|hop|striv|shoot|target)(?:ing|ed)?|aims?|aiming|"
    r"hopes?|hoping|strives?|striving|aspires?|aspiring|(?:would|'d) (?:like|love)) (?:for|to|at|that|it|we|sales)\b"
    r"|\b(?:we|i|they|management|(?:our|the) (?:\w+ )?(?:team|company|board|management|owners?)) "
    r"(?:really |all |also |still |only )*(?:(?:want|wish)s? (?:it |them |sales |the \w+ )?to|"
    r"(?:(?:am|are|is) )?target(?:s|ing)?)\b"
    r"|^hopefully\b|, hopefully\b|\bwill hopefully\b|^ideally\b",
    re.IGNORECASE,
)
_NOUN = r"targets?|goals?|objectives?|aims?|ambition|aspiration|budget(?:ed)?(?: (?:figure|value|amount|number))?"
_GOAL = re.compile(
    rf"\b(?P<noun>{_NOUN})(?! (?:band|zone|range|corridor)s?\b)(?: [^\s,;:.]+){{0,7}}?"
    r"(?: (?:is|are|was|were|will be|remains?|stays?|stands? at|calls? for|says|foresees)\b|"
    r"(?: ?[:=]|(?<= of)|(?<= to)) (?=\S*[\d{]))"
    r"(?! (?:already |now |always |again |also )*(?:known|frozen|enforced|used|slashed|cut|doubled|raised|lowered|"
    rf"adopted|spent)\b)|\b(?:is|are) (?:our|the|my|their|its) (?:\w+ )?(?P<told>{_NOUN})\b",
    re.IGNORECASE,
)
_ATTAINED = "hit|met|reached|achieved|attained|exceeded|beaten|surpassed|missed|matched"
# "Is set to hit the target of 150" says what will be, as does "tied to a target of 150 and hits it".
_ATTAINS = re.compile(
    r"\b(?:hit(?:s|ting)?|reach\w*|meet\w*|met|achieve\w*|achieving|attain\w*|exceed\w*|beat\w*|surpass\w*|match\w*|"
    r"miss\w*|"
    r"deliver\w*|at|on|by|above|below|over|under)(?: (?:the|our|its|their|a|my|this|that|monthly|sales|annual))* $",
    re.IGNORECASE,
)
_IS_ATTAINED = re.compile(
    rf"\b(?:hit|reach|meet|attain)s? it\b|\b(?:is|are|was|were|be|gets?) (?:\w+ly |now |already )*(?:{_ATTAINED})\b",
    re.IGNORECASE,
)
# "If it grew it will shrink" says how the trend turns, whichever it was.
_WHICHEVER_TREND = re.compile(
    r"\bif it (?:has been|had been|was|climbed|grew|rose|fell|shrank|sank|dropped)\b", re.IGNORECASE
)
# Operations that a goal is no number of.
_OF_NO_NUMBER = frozenset(("zero", "flat", "reverse", "like_day", "ignore"))
# Words of a condition. Those that say that it does not matter ("even if"), compare ("as if") or speak to the reader
# ("if you wonder") are none.
_IN_CASE = re.compile(r"\bin (?:case|the event)\b(?! you\b)", re.IGNORECASE)
_CONDITION = re.compile(
    _IN_CASE.pattern
    + r"|^(?:and |but |so )?(?:should(?! (?:be|come|end|see|run|stay|read)\b)|failing|barring|assuming|supposing|"
    + r"provided)\b"
    + r"|\b(?:provided|providing|assuming|supposing|on condition) that\b"
    + r"|(?<!\bfor )\b(?:as|so) long as\b(?! necessary\b)|\b(?:subject to|contingent (?:on|upon)) "
    + r"(?!an?\b|[0-9]|(?:mon|tues|wednes|thurs|fri|satur|sun)day\b)"
    + r"|(?<!\bas )(?<!\beven )(?<!\bwhat )(?<!\bmatter )(?<!\bsee )(?<!\bwonder )(?<!\bknow )(?<!\bsurprised )"
    + r"\b(?:if|unless)\b(?! (?:you|one|our|so far|necessary|needed|an? (?:normal|usual) \w+ is)\b)",
    re.IGNORECASE,
)


def contradicts(name: str, context: Mapping[str, Any], number: int) -> bool:
    """Whether a number is of a word of another direction: "prices go up, so sales fall by 5" as a rise."""
    clause, (start, stop) = context["number_clause"][number], (int(k) for k in context["number_place"][number])
    words = context["texts"][clause]
    if name in _SIDES:
        # "10 lower" is not "10 or more".
        return _SIDES[name].match(words[stop:]) is not None
    if name not in _DIRECTIONS:
        return False
    own = (context["cue_clause"] == clause) & (context["cue_role"] == (_DOWN if _DIRECTIONS[name] == _UP else _UP))
    return any(words[int(end) : start].strip() == "by" for _, end in context["cue_place"][own])


def plain_side(context: Mapping[str, Any], number: int) -> int:
    """The side of a number that stands behind a plain word of a bound: 1 a cap, -1 a floor, 0 where there is none."""
    words = context["texts"][context["number_clause"][number]]
    before = words[: int(context["number_place"][number][0])]
    found = _PLAIN_BOUND.search(before)
    if (
        found is None
        or _WHENEVER.search(before)
        or _DENIED_BEFORE.search(before)
        or (found["exceeds"] and _OF_VALUES.search(before))
    ):
        return 0
    return int(context["number_bound"][number])


def may_exceed(context: Mapping[str, Any], number: int) -> bool:
    """Whether a value is said to be exceeded, which may be once or all the time: "will exceed 90"."""
    words = context["texts"][context["number_clause"][number]]
    found = _PLAIN_BOUND.search(words[: int(context["number_place"][number][0])])
    exceeds = found is not None and found["exceeds"] is not None and int(context["number_bound"][number]) < 0
    return exceeds and not re.search(r"\b(?:always|all|every|throughout|constantly|never|not)\b", words, re.IGNORECASE)


def replaced_side(words: str) -> str:
    """The bound of a clause that names one number twice: "cap" for "values above 90 are set to 90", or ""."""
    above, below = (pattern.search(words) is not None for pattern in (_ABOVE, _BELOW))
    return "" if above == below else "cap" if above else "floor"


def is_by_a_factor(context: Mapping[str, Any], number: int) -> bool:
    """Whether a number multiplies what it is said to change by: "increases fivefold", "by a factor of 3"."""
    start, stop = (int(place) for place in context["number_place"][number])
    words = context["texts"][context["number_clause"][number]]
    return words[start:stop].lower().endswith("fold") or _FACTOR_OF.search(words[:start]) is not None


def is_by_a_share(context: Mapping[str, Any], number: int) -> bool:
    """Whether a part multiplies although it is what is changed by: "fall by three quarters", "half as high again"."""
    start, stop = (int(place) for place in context["number_place"][number])
    words = context["texts"][context["number_clause"][number]]
    if float(context["number_value"][number]) >= 1 or re.search(r"[0-9]", words[start:stop]):
        # "Scaled by 0.4".
        return False
    by = re.search(r"\bby (?:about |almost |nearly |some |over |around |roughly )?$", words[:start], re.IGNORECASE)
    return by is not None or re.match(r"\W*(?:as \w+ )?again\b", words[stop:], re.IGNORECASE) is not None


def is_of_a_price(context: Mapping[str, Any], number: int) -> bool:
    """Whether a number is that of a discount or of a price."""
    start, stop = (int(place) for place in context["number_place"][number])
    words = context["texts"][context["number_clause"][number]]
    price = _OF_A_PRICE.search(words[:start])
    # "Saves 17 % of the usual power" is of the series.
    is_saved = price is not None and price["saved"] is not None and words[stop:].startswith(" of ")
    return _DISCOUNT.match(words[stop:]) is not None or (price is not None and not is_saved)


def is_reached(context: Mapping[str, Any], number: int) -> tuple[bool, bool]:
    """Whether a number is what is reached ("falls to 20 %"), and whether it is one of the usual ("to 20 % of it")."""
    start, stop = (int(place) for place in context["number_place"][number])
    words = context["texts"][context["number_clause"][number]]
    reached = context["number_form"][number] != 2 and _REACHES.search(words[:start]) is not None
    return reached and not _FARTHER.match(words[stop:]), reached and words[stop:].startswith(" of ")


def is_set_to(context: Mapping[str, Any], number: int) -> bool:
    """Whether a number is the value that the series itself reaches: "sales climb to 90", and no limit of it."""
    words = context["texts"][context["number_clause"][number]]
    is_value = context["number_form"][number] == 0 and context["number_bound"][number] == 0
    start, stop = (int(place) for place in context["number_place"][number])
    is_had = _HAS.search(words[:start]) is not None and not _SOON_FARTHER.match(words[stop:])
    return is_value and (is_reached(context, number)[0] or is_had) and not _LIMIT.search(words)


def _is_wished(name: str, phrase: str) -> bool:
    """Whether a clause says what is aimed at, and not that it is reached."""
    if _WISHED.search(phrase):
        return True
    goal = _GOAL.search(phrase)
    if goal is None or name in _OF_NO_NUMBER:
        return False
    if (goal["noun"] or goal["told"]).lower().startswith("budget") and name != "set":
        # "Budget 20 % less for March".
        return False
    before, told = phrase[: goal.start()], phrase[goal.start() :]
    # "Slow climb, target: 20 % at the end" describes a ramp.
    is_end = (
        name.startswith("ramp") and goal["noun"] and not re.search(r"\b(?:our|the|my|their) $", before, re.IGNORECASE)
    )
    return not (is_end or _ATTAINS.search(before) or _IS_ATTAINED.search(told))


def why_unsure(name: str, phrase: str, context: Mapping[str, Any], clause: int) -> str:
    """Why a clause does not say that its operation will be so: a condition, a wish, a possibility, a denial; or ""."""
    is_bound = name in ("cap", "floor", "range")
    if reason := other_sense(name, phrase, *[*context["texts"][clause : clause + 2], ""][:2]):
        return reason
    if name == "ignore":
        is_right = _IS_RIGHT.search(phrase) and not _IS_WRONG.search(phrase)
        return "it says that the values are right" if is_right else ""
    if is_bound and _BEYOND.search(phrase):
        return "it says what is so beyond a value, or how often that is, and not that the series stays within"
    denied_bound = _NO_BOUND.search(phrase)
    if denied_bound and name in ("cap", "floor") and (name == "floor") == (denied_bound["least"] is not None):
        return "it says that there is no such bound"
    if name == "zero" and _ZERO_WORD.search(phrase) and "zero" not in _ZERO_WORD.sub("", phrase).lower():
        return "its zero is a part of another word"
    if _CALLED_OFF.search(phrase) or any(map(_CALLED_OFF.match, context["texts"][clause + 1 : clause + 2])):
        return "what follows takes it back"
    if phrase.rstrip().endswith("?"):
        return "it is a question"
    # Bounds are often told by a condition ("if more want to come, the counter stops at 90"), and by what may not be.
    is_turn = name == "reverse" and _WHICHEVER_TREND.search(phrase) is not None
    if not is_turn and (_IN_CASE if is_bound else _CONDITION).search(phrase):
        return "it holds only under a condition; state it as a fact if it will be so"
    if _is_wished(name, phrase):
        return "it says what is aimed at, which may not be reached; state it as a fact if it will be so"
    if not is_bound and _NOT_SURE.search(phrase):
        return "it says that it may be so or not; state it as a fact if it will be so"
    words = context["texts"][clause]
    starts = {
        int(place[0])
        for place, role, owner in zip(context["cue_place"], context["cue_role"], context["cue_clause"], strict=True)
        if owner == clause and role in _DENIED_BY.get(name, ())
    }
    negations = [match.end() for match in _NEGATION.finditer(words)]
    denied = any(end in starts for end in negations)
    denied = denied or (name in _DENIED_WORDS and any(_DENIED_WORDS[name].match(words, end) for end in negations))
    # "No different from a Sunday" is like one.
    denied = denied and not (name == "like_day" and "no different" in phrase.lower())
    if name == "zero" and any(match.end() in starts for match in _NEARLY.finditer(words)):
        return "it says that it is nearly so; state the value"
    # "There will be no 20 % rise".
    owners, starts_of_numbers = context.get("number_clause", ()), context.get("number_place", ())
    places = [int(place[0]) for place, own in zip(starts_of_numbers, owners, strict=True) if own == clause]
    denied = denied or (not is_bound and len(places) == 1 and places[0] in negations)
    never = None if is_bound else _AT_NO_TIME.search(words)
    denied = denied or (never is not None and not _ANYTHING_ELSE.search(words, never.end()))
    if denied or _RETRACTED.search(phrase) or _UNTRUE.search(phrase):
        return "it says that it will not be so"
    if name == "flat" and is_just_flat(words) and context["clause_links"][clause][2:].any():
        return "it may be as usual or a trend that stops; say “as usual”, or “the trend stops”"
    if name in ("flat", "reverse") and _GOES_ON.search(words):
        return "it says that the trend goes on"
    if name in _COMPARED and _OTHER_TIME.search(phrase):
        return "it compares with another time, whose value is not looked up"
    if name in _COMPARED and _OTHER_SERIES.search(words):
        return "it compares with another series, whose value is not looked up"
    in_turn = _IN_TURN.search(words)
    if _RESPECTIVELY.search(phrase) or (in_turn and in_turn.group().count("100") > 2):
        return "it says what holds of several things in turn; say each in a sentence of its own"
    return ""


def is_of_some_days(phrase: str) -> bool:
    """Whether a clause says on what kind of days it is so: "on rainy days"."""
    return _SOME_DAYS.search(phrase) is not None


def takes_a_share(context: Mapping[str, Any], number: int) -> bool:
    """Whether a share is what is lost: "the new kiosk takes a third of our sales"."""
    words = context["texts"][context["number_clause"][number]][: int(context["number_place"][number][0])]
    return _TAKES.search(words) is not None


def is_replaced(context: Mapping[str, Any], number: int) -> bool:
    """Whether a number is the one that another one stands instead of: "95 instead of 105"."""
    words = context["texts"][context["number_clause"][number]][: int(context["number_place"][number][0])]
    return _INSTEAD.search(words) is not None


def is_lower_by_a_factor(context: Mapping[str, Any], number: int) -> bool:
    """Whether a factor is said to make less: "three times lower than usual"."""
    words = context["texts"][context["number_clause"][number]][int(context["number_place"][number][1]) :]
    return _LOWER.match(words) is not None


def is_just_flat(words: str) -> bool:
    """Whether a clause says "flat" and a time, and no more: beside changes it says that there is none."""
    return _JUST_FLAT.fullmatch(words) is not None


def is_from_to(words: str) -> bool:
    """Whether a clause says from which value to which the series changes, which is no range."""
    return _FROM_TO.search(words) is not None


__all__ = [
    "contradicts",
    "is_from_to",
    "is_just_flat",
    "is_lower_by_a_factor",
    "is_reached",
    "is_replaced",
    "is_set_to",
    "takes_a_share",
    "why_unsure",
]
