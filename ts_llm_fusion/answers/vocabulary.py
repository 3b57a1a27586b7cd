"""Words of questions about series, and patterns of what no series can tell."""

import re

from ..processing.grounding_words import DAY_PARTS, MAGNITUDES, MONTHS, ORDINALS, SMALL, TENS, UNITS, WEEKDAYS, words
from .lexicon import lone_words, single_words

_TIME_WORDS = (
    set(MONTHS) | set(WEEKDAYS) | {f"{day}s" for day in WEEKDAYS} | set(UNITS) | set(SMALL) | set(TENS)
    | set(MAGNITUDES) | set(ORDINALS) | set(DAY_PARTS)
)  # fmt: skip
KNOWN = (
    single_words()
    | _TIME_WORDS
    | words(
        "summer winter spring autumn summers winters springs autumns half halves "
        "era decades century centuries christmas easter holiday working business weekend weekends weekdays"
    )
)
# Words that have a meaning in a question by themselves.
MEANINGFUL = lone_words() | _TIME_WORDS
# Nouns that an unknown word may stand before and describe.
HEADS = words(
    "value values level levels number numbers amount amounts figure figures reading readings measurement measurements "
    "observation observations record records data dataset series column columns line curve point points datapoint "
    "datapoints sample samples entry entries total totals sum average averages mean means "
    "median maximum max maxima minimum "
    "min minima peak peaks trough troughs high highs low lows extreme extremes range spread "
    "gap difference differences margin "
    "deviation variation percentage share fraction proportion change changes growth rise "
    "increase gain fall drop decline "
    "decrease movement trend tendency direction slope season seasonality cycle period "
    "pattern patterns break shift jump "
    "outlier outliers anomaly spike spikes forecast prediction expectation projection "
    "outlook estimate horizon interval band "
    "correlation relation time date span step steps"
)
# Nouns of the world that no series is, whatever its name.
WORLD = words(
    "company companies country countries government president minister people person world city capital team player "
    "market economy competitor competitors rival rivals customer customers employee "
    "employees staff manager management boss "
    "board analyst analysts experts law weather climate pandemic war policy sensor device "
    "language inflation interest unemployment gdp "
    "population election author owner developer gender stock stocks dollar euro yen gold bitcoin"
)
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "est", "r", "st", "'s", "n't", "'re", "'ve", "'ll", "'d")


def is_known(word: str) -> bool:
    """Whether a word, or its base, is one of questions about series."""
    if word in KNOWN:
        return True
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            base = word.removesuffix(ending)
            if base in KNOWN or f"{base}e" in KNOWN or (base[-1] == base[-2] and base[:-1] in KNOWN):
                return True
            if base.endswith("i") and f"{base[:-1]}y" in KNOWN:
                return True
    return False


# What no series tells, and how that is said; the first pattern that is found counts.
REFUSALS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"\bthat(?:'s)?(?: is| was)? all(?: <t>| for now)?\W*$", "it is not a question about the series"),
        (r"\bwhat (?:can|could|might) (?:we|i|one|you|they) do\b", "the series gives no advice"),
        (
            r"(?:^|[.!?,;:] |\b(?:and|please|now|then|just) )(?:ignore|forget|disregard) "
            r"(?!(?:about )?(?:the |all |any |every )*(?:everything|anything|values?|readings?|numbers?|figures?|"
            r"observations?|points?|ones?)\b(?: \w+){1,5} <n>)|\b(pretend|act as|"
            r"translate|poem|joke|story|song|sing|recipe|password|prompt|"
            r"instructions?|execute|shell|delete|rm -rf|python code|javascript|roleplay)\b",
            "it is not a question about the series",
        ),
        (
        r"\bwhat if\b|\bif (?!\w+ (?:look|take|took|consider|compare|pool|put|add|average|sort|rank|count|combine|"
        r"sum|order|"
        r"restrict|focus|only|just|go|lump|merge)\b)(?!(?:it|they|there|so|any) (?:ever )?(?:is|are|was|were|did|"
        r"does|do|has|have|"
        r"exists?|can|could)(?: one| any| some| so)?\W*$)(we|i|they|he|she|the|there|it|our|my|prices?|sales?) |"
                r"\bhad (we|i|"
        r"you|they|it|there)\b(?! (?:changed|grown|moved|risen|fallen) to <t>)|"
        r"\bwould (it|they|that|this|there|the \w+|he|she|we|i|sales|\w+) have (been)?\b|"
        r"\bwould have\b|\bwithout (the|any|our|this|that|its|his|her|their|a) (?!values?|readings?|data|gaps?|"
        r"breaks?|numbers?|"
        r"observations?|single|interruption|missing)|"
            r"\bhypothetical\w*|\bunless\b",
            "the series holds what was, not what would be in another case",
        ),
        (
            r"\bwhy\b|\bcaus(e|es|ed|ing|al)\b|\breasons?\b|\bbecause\b|\bdue to\b|\bthanks to\b|\bresponsible\b|"
        r"\bblame[ds]?\b|\b(is|was|are|were|lies|lay|be|stands|what) behind\b|\b(lead|leads|led|"
        r"leading) to\b|\bdriv(e|es|en|ers?|ing)\b|\bdrove\b|"
        r"\bexplain\w*|\bexplanations?\b|\bhow come\b|\battribut\w+|\bresult(ed|s)? (of|from|"
        r"in)\b|\binfluenc\w+|\baffect(s|ed|ing)?\b|"
        r"\bimpact\w*|\beffects? (of|on)\b|\bmade (the|them|it|him|her|people|us|our)\b|"
        r"\bbrought (?:about|(?:the |our )?(?:numbers?|values?|series|it|them|this|that|figures?|"
        r"level)(?: \w+)? (?:down|up|about))\b|\btrigger\w*|\bto blame\b|"
        r"\bwhat happened\b(?! to be)|\bcontribut\w+|\bresponse to\b|\bproves?\b|\bproduced by\b|"
        r"\bcaused by\b|\bowing to\b|(?<!what )(?<!which )(?<!a )\bfactors?\b",
            "the series holds values and no causes; `ts-llm-fusion explain` says what a forecast is made of",
        ),
        (
        r"\b(should|shall|must|ought) (to )?(i|we|one|they|he|she|you|the|my|our)\b(?! (expect|"
        r"count|anticipate|assume|see|think|allow|plan around|plan with|budget for|high|low|next|"
        r"forecast|value|level|it|peak|max|min|"
        r"number|series))|"
        r"\brecommend\w*|\badvi[sc]e[sd]?\b|\bsuggest\w*|\bworth\b|\b(buy|sell|invest|hire|fire|"
        r"purchase|order more|hedge)(s|ing|ed)?\b|"
        r"\bhow (can|could|do|should|may|might) (i|we|one|"
        r"you|they)\b(?! (expect|count|know|tell|read))|\bto do\b|"
        r"\bwould you\b(?! (mind|expect|predict|forecast|estimate|say|project|tell|give|anticipate|"
        r"foresee))|\bstrateg\w+|\bdecisions?\b|\bactions?\b|\bplan to\b",
            "the series gives no advice",
        ),
        (
        r"\b(good|bad|great|nice|poor|fine|healthy|normal|acceptable|fair|alarming|okay) (result|"
        r"sign|news|development|job|idea|thing|performance|year|enough|value|outcome|trend|"
        r"one)s?\b|"
        r"\bdo you (like|love|hate|enjoy|prefer|care)\b|\b(are|were|be|is|am) (you|we|they|people|"
        r"i|customers|anyone|everyone|he|she|this|that|it|these|those) "
        r"(really |too |very |so )?(good|bad|happy|sad|satisfied|pleased|worried|proud|afraid|"
        r"fair|nice|pretty|beautiful|ugly|impressive|disappointing|worrying|alarming|healthy|"
        r"concerning|great|ok|okay|acceptable|boring|interesting|important)\b|"
        r"\b(prettiest|ugliest|nicest|beautiful|pretty|ugly|fair|unfair|favou?rite|funny|funniest|"
        r"interesting|boring|coolest|opinion|feelings?|feel|moral|ethical|legal|allowed?|"
        r"dangerous|harmful|risky|alarming|worrying|deserve\w*|worried|worry|satisf\w+|disappoint\w+|impress\w+)\b",
            "the series holds no opinions",
        ),
        (
        r"\b(your|my|his|her) (name|age|job|hobby|favou?rite|opinion|creator|birthday|email|"
        r"phone)\b|\bwho (are|made|built|created|wrote) you\b|\bhow are you\b|"
        r"\bsee you\b|\b(?:good)?bye\b|^(?:so )?when (?:is|was|are|were|will) (?:<t> ?)+(?:be )?\W*$|"
        r"\bhow (?:was|is|were|are) your (?:<t>|(?:weekend|day|week|morning|evening|night|holidays?|family|trip)\b)|"
        r"\bwhere (was|were|is|are|did|does|do) .*\b(collect|measur|record|locat|situat|com|stor|"
        r"taken|observe|built|made|place)\w*|\bhow (old|tall|heavy|far away) (is|are|was|were)\b|"
        r"\bhow (was|were|is|are) .*\b(collected|measured|recorded|obtained|gathered|made|produced|computed)\b|"
        r"\b(?:make|draw|plot|create|build) (?:me )?(?:a |an |the )?(?:chart|plot|graph|diagram|table|report|"
        r"data|series)\b|"
        r"\bcapital of\b|\bhow do you (spell|pronounce|say)\b|\bwhat does .* (mean|stand for)\b|"
        r"\bmeaning of\b",
            "the series holds values and times alone",
        ),
    )
)  # fmt: skip
