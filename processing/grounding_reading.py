"""Windows of time in a text, known or not: a time that no calendar tells is not taken for another one."""

from collections.abc import Sequence

from .grounding_axis import Axis, Span
from .grounding_points import Found
from .grounding_windows import Window, Windows
from .grounding_words import DAY_PARTS, Token, words

_INTRODUCTIONS = words(
    "in during over throughout for this next last every each until till before after since at on through by"
)
_ARTICLES = ("on", "in", "during", "over", "throughout", "at", "for", "the", "this", "next", "last", "coming")
# Words before "of March" that name a part of it.
_PARTS = words(
    "week weeks half part parts third thirds quarter days weekend weekends most bulk hours summer winter spring autumn"
)
# Names of times -> why they are not known.
_UNKNOWN = {
    "its dates depend on the place": (
        "ramadan eid diwali hanukkah passover mother's_day father's_day chinese_new_year lunar_new_year golden_week "
        "long_weekend easter_break christmas_break spring_break school_holidays school_holiday summer_holidays "
        "public_holidays public_holiday bank_holiday bank_holidays national_holiday easter_holidays "
        "christmas_holidays holiday_season the_holidays monsoon_season rainy_season dry_season fiscal_year "
        "financial_year"
    ),
    "its months depend on the place": (
        "summer winter spring autumn summertime wintertime summer_months winter_months spring_months autumn_months"
    ),
    "its hours are not said": (
        "rush_hour rush_hours peak_hours peak_time peak_times business_hours office_hours working_hours "
        "opening_hours lunchtime lunch_time shop_hours"
    ),
    "it may be the week before Easter or the one behind": "easter_week",
}
_REASONS = {name.replace("_", " "): reason for reason, names in _UNKNOWN.items() for name in names.split()}
_LONGEST = max(len(name.split()) for name in _REASONS)
_NO_SUCH_DAY = "there is no such day"
# Names that are times also where nothing introduces them, as "summer sales" is not.
_ALWAYS = {
    "ramadan",
    "diwali",
    "hanukkah",
    "passover",
    "chinese new year",
    "lunar new year",
    "golden week",
    "easter week",
}


class TextReader(Windows):
    """Reader of the windows of a text; see [`Windows`]."""

    def _window(self, i: int) -> Found:
        return self._unknown(i) or super()._window(i)

    def _unknown(self, i: int) -> Found:
        if self.axis.left is None or i >= len(self.tokens) or self.taken[i]:
            return None
        introduced = self.word(i) in _INTRODUCTIONS
        j = self.skip(i, *_ARTICLES)
        j = self.skip(j, "until", "before", "after", "since", "every", "each", "through", "by")
        for start in dict.fromkeys((i, j)):
            for length in range(_LONGEST, 0, -1):
                name = " ".join(self.word(k) for k in range(start, start + length))
                dated = self.integer(start + length, 1900, 2199) is not None
                if name in _REASONS and (introduced or name in _ALWAYS or dated):
                    return Span(reason=_REASONS[name]), start + length + dated
        if j < len(self.tokens) and self.tokens[j].kind == "clock" and self.clock(j) is None:
            return Span(reason="there is no such time"), j + 1
        if self.words(j, "fy") and self.integer(j + 1, 0, 2299) is not None:
            return Span(reason="its months depend on the place"), j + 2
        if self.word(i) == "of" and self.word(i - 1) in _PARTS and (found := super()._window(i)) is not None:
            return Span(reason="it is not said which part of that time"), found[1]
        if self.words(i, "early|late", "on|in") and self.weekday_number(i + 2) is not None:
            return Span(reason="its hours are not said"), i + 3
        if self.words(i, "during", "the", "day") and self.word(i + 3) != "of":
            return Span(reason="its hours are not said"), i + 3
        k = self.skip(i, "on", "the", "every", "each") + 1
        if self.words(k, "of", "each|every", "month") or self.words(i, "every|each", self.word(k - 1), "of", "the"):
            return Span(reason="it is said of every month"), k + 3
        if self.words(i, "up", "to") and (self.words(i - 2, "run", "-") or self.word(i - 1) == "run"):
            end = self.point(i + 2)
            return (Span(reason="it is not said when it begins"), end[1]) if end else None
        if self.words(i, "in|during", "the") and self.word(i + 2) in DAY_PARTS and not self.word(i + 2).endswith("s"):
            of_a_day = self.words(i + 3, "of|on") and self.point(i + 4)
            return None if of_a_day else (Span(reason="it is not said of which day"), i + 3)
        return None

    def _date(self, i: int) -> Found:
        """A date; one that no calendar has is not known."""
        found = super()._date(i)
        if found is not None or i >= len(self.tokens):
            return found
        if self.tokens[i].kind == "date":
            return Span(reason=_NO_SUCH_DAY), i + 1
        j = self.skip(i + 1, "of")
        no_day = self.integer(i, 0, 0) is not None or self.integer(i, 32, 99) is not None
        if no_day and self.word(i - 1) in ("on", "from", "to", "until") and self.month_number(j) is not None:
            return Span(reason=_NO_SUCH_DAY), self._year(j + 1)[1]
        if self.integer(i, 29, 31, ("number", "ordinal")) is not None and self.month_number(j) is not None:
            return Span(reason=_NO_SUCH_DAY), self._year(j + 1)[1]
        if self.month_number(i) is not None and self.integer(i + 1, 29, 31, ("number", "ordinal")) is not None:
            return Span(reason=_NO_SUCH_DAY), self._year(i + 2)[1]
        return None

    def _steps(self, i: int) -> Found:
        """Steps of the horizon by their number; those that are no number of it are counted from the first of all."""
        found = super()._steps(i)
        if found is None or found[0].steps is None or found[0].steps[0] < self.axis.horizon:
            return found
        first, last = found[0].steps
        return Span(steps=(first + 1 - self.axis.number, last + 1 - self.axis.number)), found[1]


def read_windows(tokens: list[Token], axis: Axis, taken: Sequence[bool]) -> list[Window]:
    """Windows of time in the tokens of a text, but for those that are taken."""
    return TextReader(tokens, axis, taken).read()


__all__ = ["read_windows"]
