"""Words of questions that are spelled amiss."""

import re
from difflib import get_close_matches

from ..processing.grounding_words import MONTHS, WEEKDAYS, words
from .names import Names
from .vocabulary import is_known

# Words that say what is asked for. No other English word is spelled nearly as one of them: "decease" is as "decrease",
# "kissing" as "missing", which are left out therefore.
_ASKED = words(
    "average averages highest lowest maximum minimum largest smallest biggest median forecast forecasts predict "
    "prediction expected seasonal seasonality outlier outliers correlation correlated between percentage difference "
    "standard deviation yesterday tomorrow monthly quarterly quarter"
)
_CALENDAR = {word for word in {*MONTHS, *WEEKDAYS} if len(word) > 5}
_LEAST_LETTERS = 5
# Of `difflib`: a letter too many or too few, or two of seven exchanged.
_LIKENESS = 0.85


def respelled(question: str, names: Names) -> str:
    """A question with its unknown words replaced by the word of questions that they are nearly spelled as.

    Words with a capital letter are names, but for the first one and for months and weekdays.
    """

    def known(match: re.Match[str]) -> str:
        word = match.group()
        is_name = word != word.lower() and match.start() > 0
        if len(word) < _LEAST_LETTERS or is_known(word.lower()) or names.knows(word.lower()):
            return word
        near = get_close_matches(word.lower(), sorted(_CALENDAR if is_name else _ASKED | _CALENDAR), 1, _LIKENESS)
        return (near[0].capitalize() if word[0].isupper() else near[0]) if near else word

    return re.sub(r"[^\W\d_]+", known, question)
