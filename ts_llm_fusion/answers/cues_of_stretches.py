"""Patterns of questions about stretches of values, values one by one, and what is left out."""

import re

_UNITS = "year|quarter|month|week|day|hour"
_VALUES = "values|readings|numbers|figures|observations|measurements|data ?points|entries|records|samples|rows"
# Values that are told one by one: "the last 3 values", "what were the values in May?".
ONE_BY_ONE = rf"\b(?:{_VALUES}|(?:every|each) (?:value|reading|number|figure))\b"
# "The first two values of 1955", "the 3 last values".
EDGE_OF_TIME = rf"^(?:of |in |the )*(?:first|last|past|final|latest|previous) (?:\w+ )?(?:{_VALUES})$"
NUMBER_BEFORE_EDGE = (
    r"<n> (?:first|last|final|latest|previous|most recent)\b|"
    r"\b(?:first|last|past|final|latest|previous|next) <n> <t>"
)
# A run up to the last value, or from the first one on.
HOW_LONG = r"\b(?:for )?how (?:long|many \w+) (?:has|have)\b"
SINCE_WHEN = (
    r"\bsince (?:when|what (?:time|date|day|point)|which \w+)\b|\bfrom (?:when|(?:what|which) \w+) on(?:wards?)?\b|"
    rf"{HOW_LONG}(?: \w+| <s>){{1,3}}? (?:been|stayed|remained|kept)\b"
)
UNTIL_WHEN = r"\b(?:until|till|up to) (?:when|what (?:time|date|day|point)|which \w+)\b"
# "Is it (still) above 5?": the last value is asked for.
STILL = (
    r"^is (?:it|<s>|the (?:series|value|level)) (?:above|below|over|under|more|less|higher|lower|at)\b|"
    r"^(?:is|are|does|do)\b.*\b(?:still|now|currently|at present|presently|at the moment|today|by now)\b"
)
KEEPS = r"\b(?:stay(?:s|ed|ing)?|remain(?:s|ed|ing)?|keeps?|kept)\b"
# Of all values and not of one: "was it always above 5?", "has it been above 5 since May?".
ALWAYS = (
    r"\b(?:always|all the time|the (?:whole|entire)|all (?:of|through|year|month|week|day)|throughout|"
    r"continu(?:ously|ally)|constantly|permanently|"
    rf"without (?:a break|interruption)|(?:every|each)(?: single)? (?:value|reading|number|figure|{_UNITS})|"
    rf"all(?: of)?(?: the| its| our)? (?:{_VALUES}|(?:{_UNITS})s))\b"
)
ALWAYS_IS = r"^(?:is|was|were|are) (?:it|they|<s>|the (?:series|value|values|level)) always <n>"
# "Was it ever above 5 in the whole year?" is of one.
_ONE = r"\b(?:any\w*|ever|once|some\w*|a (?:value|reading|month|week|day|year))\b"
OF_ONE = rf"^(?!.*\bsince\b).*{_ONE}"
EVERY_TIME = r"^(?:in |on |at )?(?:every|each|all)\b"
HAS_SINCE = r"^(?:has|have) .*\bbeen\b.*\bsince\b"
WHICH_ONES = (
    r"(?:^(?:on |in |at )?(?:which|what)|\b(?:list|name|show|give)(?: me| us)?(?: all)?(?: of)?(?: the)?) "
    rf"(?:{_VALUES}|(?:{_UNITS}|date|time)s)\b"
)
LONGEST_RUN = r"\b(?:longest|most|max\w*|how many)\b"
# Runs of a length that is given are not counted.
RUN_OF_LENGTH = (
    rf"(?:<n>|<t>|\btwice|\bthrice)(?: (?:times|{_UNITS}|\w+s))?(?: or more)? (?:in a row|in succession|running|"
    r"on end|straight|consecutive(?:ly)?|successive(?:ly)?|back[- ]to[- ]back)\b"
)
# "Not in August", "outside of 1960", "any day but Sunday".
LEFT_OUT_TIME = (
    r"\bnot (?:(?:in|on|at|during|within|from|of|over|for) )?(?:(?:the|any|an?) )?<t>|"
    r"\b(?:outside|beyond|besides|save|barring)(?: of| for)?(?: the)? <t>|"
    r"<t> (?:is |are |being )?(?:excluded|excepted|aside|apart|left out|omitted|ignored)\b|"
    r"\b(?:all|any\w*|every\w*|each)(?: \w+)? but(?: in| on| for)? <t>|\bnon[- ]<t>"
)
IS_LEFT_OUT = r"\b(?:apart from|aside from|other than|excluded|excepted|omitted|left out|not counted|ignored)\b"
# "When did it stop falling?": the end of a state that is not looked for.
STOPS = r"\b(?:stop\w*|ceas\w+|quit\w*|no longer|not any ?more) (?:be |being |to |\w+ing\b)"
IN_A_ROW = r"\b(?:in a row|in succession|on end|straight|consecutive(?:ly)?|successive(?:ly)?)\b"
# A question that begins with a denied verb.
NEGATED_FIRST = re.compile(
    r"(?<=^)(is|are|was|were|do|does|did|has|have|had|would|could|wo|ca)n['\N{RIGHT SINGLE QUOTATION MARK}]t\b(?= \w)",
    re.IGNORECASE,
)
