"""What questions can ask for: an ordered table of intents, each with the words that it needs and understands.

An intent is that of a question if the question has a word of each class that it needs, no word of a class that it does
not understand, and as many times, numbers and series as it takes. The first one in the table is taken, so that the
narrower ones stand first. How it fills the query is a function of `fills`, which may decline.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import fills, fills_of_stretches
from .query import Query
from .sentence import SIDES, Sentence

Fill = Callable[[Sentence, Query], Query | None]

_MOVES = "rise fall change up down"
_EXTREME = "max min"
_ANY_SIDE = "|".join(SIDES)
_BOUND = " ".join(SIDES) + " between more less"
_COMPARED = "compare more less above below between no_less"
# Words beside a bound.
_BESIDE = "more less compare not ever"
_STATISTIC = "mean median sum std range max min extremes"
_ANY_STATISTIC = _STATISTIC.replace(" ", "|")
# Classes that every intent understands.
_ALWAYS = frozenset(("plain", "measure", "level", "tall", "quantity"))


@dataclass(frozen=True)
class Intent:
    """One kind of question.

    Args:
        needs: alternatives of classes, joined by a stroke, a word of each of which a question has.
        may: further classes that it understands.
        fill: makes the query, from one that has times, series and future; None where it is not that kind.
        bounds: least and most numbers that values are compared with.
        listed: the same of numbers of values that are listed.
        percents: the same of percentages.
        times: the same of times.
        series: the same of names of series.
        future: whether it is of the future, of the past, or of either.
    """

    needs: tuple[str, ...]
    may: str
    fill: Fill
    bounds: tuple[int, int] = (0, 0)
    listed: tuple[int, int] = (0, 0)
    percents: tuple[int, int] = (0, 0)
    times: tuple[int, int] = (0, 9)
    series: tuple[int, int] = (0, 9)
    future: bool | None = None

    @property
    def understood(self) -> frozenset[str]:
        """All classes that it understands."""
        needed = {name for one in self.needs for name in one.split("|")}
        future = {"future", "next"} if self.future is not False else {"future"}
        return _ALWAYS | needed | set(self.may.split()) | future

    def applies(self, sentence: Sentence) -> bool:
        """Whether a question has the words, times, numbers and series that it needs."""
        read, roles = sentence.read, sentence.roles
        counted = (
            (self.bounds, sum(role in ("bound", "number") for role in roles)),
            (self.percents, roles.count("percent")),
            (self.listed, roles.count("listed")),
            (self.times, len(read.times)),
            (self.series, len(read.series)),
        )
        return (
            all(low <= number <= high for (low, high), number in counted)
            and (self.future is None or self.future == read.future)
            and all(sentence.has(*one.split("|")) for one in self.needs)
        )


INTENTS: tuple[Intent, ...] = (
    # Several series.
    Intent(("series",), "count list when extent unit", fills.series, times=(0, 0), series=(0, 0), future=False),
    Intent(
        (),
        f"{_EXTREME} {_COMPARED} {_MOVES} near far when unit series std range together ever strong tall short",
        fills.utmost_gap,
        series=(2, 2),
    ),
    Intent((_ANY_STATISTIC,), "together series sum count extent", fills.pooled, series=(2, 2)),
    Intent(
        ("correlate",),
        f"strong {_MOVES} fast slow ever series compare percent usual trend together near",
        fills.correlation,
        series=(0, 2),
    ),
    Intent(("rise|fall|change|up|down",), f"{_MOVES} when together others trend", fills.moves_with, series=(2, 2)),
    Intent(
        ("fast|slow|rise|fall|change|trend|steepest",),
        f"{_EXTREME} {_MOVES} series fast slow more less percent rank trend "
        "strong rate first last list above others run steepest ever usual who",
        fills.growth,
    ),
    Intent(
        ("max|min|rank|more|less|tall|std|short|first",),
        f"{_STATISTIC} {_EXTREME} series rank more less short std "
        "list first last usual compare above below count together strong others run ever who",
        fills.rank,
    ),
    Intent(
        (),
        f"{_STATISTIC} {_COMPARED} {_MOVES} short percent series usual strong minus ever last rank together not",
        fills.pair,
        series=(2, 2),
    ),
    # Numbers.
    Intent(
        ("percentile",),
        "first ordinal short percent share mean more less",
        fills.percentile,
        bounds=(0, 1),
        percents=(0, 1),
    ),
    Intent(
        (),
        f"{_BOUND} {_BESIDE} {_MOVES} when begin end last unit now run usual ever sum list extent howmany count rows "
        "series per beside step range",
        fills_of_stretches.stretch,
        bounds=(1, 1),
        future=False,
    ),
    Intent(
        ("run",),
        f"{_MOVES} more less count unit max ever no_more step extent when together list",
        fills_of_stretches.run_of_moves,
        future=False,
    ),
    Intent(
        ("run",),
        f"{_BOUND} count unit when max last ever extent not share compare step fast end first",
        fills.run,
        bounds=(1, 1),
        future=False,
    ),
    Intent(
        (_ANY_STATISTIC, _ANY_SIDE),
        f"{_BOUND} compare ever when not last run extent unit except count",
        fills.beyond,
        bounds=(1, 1),
        future=False,
    ),
    Intent(("near", _ANY_SIDE), "compare next last ever run", fills.nearest, bounds=(1, 1), future=False),
    Intent(
        (_ANY_SIDE,), f"{_BOUND} tall short ever rise fall change run", fills.high_beyond, bounds=(1, 1), future=False
    ),
    Intent(
        ("max|min",),
        "mean sum median together list when unit rank count extent usual ever series more less short first last",
        fills.listed,
        listed=(1, 1),
    ),
    Intent(
        ("max|min|runner",),
        "ordinal runner when list unit ever rank more less count series short except others next "
        "compare near beside future",
        fills.ranked,
    ),
    Intent(
        ("between|plain",),
        f"{_BOUND} share percent count unit run not sum extent compare when ever usual range",
        fills.between,
        bounds=(2, 2),
    ),
    Intent(
        ("chance|share",),
        f"{_BESIDE} {_BOUND} {_MOVES} strong sure percent share count unit",
        fills.chance_of_bound,
        bounds=(1, 1),
        future=True,
    ),
    Intent(("chance",), f"{_BESIDE} {_BOUND} {_MOVES} percent share next", fills.chance_of_bound, bounds=(1, 1)),
    Intent(
        ("count|share",),
        f"{_BOUND} {_BESIDE} percent share unit sum extent when mean list run series rank first max "
        "together end usual fall rise step",
        fills.count,
        bounds=(1, 1),
        future=False,
    ),
    Intent(
        (),
        f"{_BOUND} {_BESIDE} {_MOVES} when first last unit begin again ever end now run break trend list chance "
        "sure per rate fast step next season missing count howmany",
        fills.crossing,
        bounds=(1, 1),
    ),
    Intent(
        (_ANY_SIDE,),
        f"{_BOUND} {_BESIDE} unit list extent when series count",
        fills.count,
        bounds=(1, 1),
        future=False,
    ),
    Intent(
        ("rise|fall|change|break",),
        f"max min when unit step ever break fast steepest compare {_MOVES} per strong "
        "outlier list between trend series",
        fills.largest_step,
    ),
    # The record as a whole.
    Intent(
        ("missing",),
        "count share percent not extent between unit ever short list series sum when run end step begin rows per",
        fills.missing,
        future=False,
    ),
    Intent(
        ("outlier",),
        "max min more less count when not ever list short compare strong break extent first series "
        "again season rise fall rows others except odd above below",
        fills.outliers,
    ),
    Intent(
        ("break",),
        f"{_MOVES} trend when strong mean count not ever season step max series compare fast above below "
        "last more less first rows outlier",
        fills.level_break,
    ),
    Intent(
        ("resolution",),
        "count unit when compare extent between step per usual rows",
        fills.extent,
        times=(0, 1),
        future=False,
    ),
    Intent(
        ("season",),
        "strong extent when short count unit per usual not ever percent share step trend run std series "
        "max mean min list rate rows between compare resolution others effect up down run ever fall rise beside",
        fills.season,
    ),
    Intent(
        ("sure",),
        "chance percent share strong max min more less compare above between std not count when short "
        "range no_more no_less series extremes ever unit percentile band",
        fills.band,
        percents=(0, 1),
    ),
    Intent(
        ("band",),
        "chance percent strong max min more less compare above not short range extremes unit",
        fills.band,
        percents=(0, 1),
        future=True,
    ),
    Intent(("band",), "range percent share", fills.band, percents=(1, 1)),
    Intent(
        ("now|first|last|begin|end",),
        "now first last begin end extent unit series when list short rows",
        fills.edge,
        times=(0, 0),
        future=False,
    ),
    Intent(("first|last",), "now when list rows", fills.edge_within, times=(1, 1), future=False),
    Intent(
        ("howmany|count",),
        "unit extent sum list together ever rows series between begin end when per share",
        fills.number,
        times=(1, 9),
        future=False,
    ),
    Intent(
        ("extent|count",),
        "count extent unit sum end between begin when series list together first last run usual share rows per",
        fills.extent,
        future=False,
    ),
    # Values, changes and the forecast.
    Intent(
        ("period_on_period",),
        f"{_STATISTIC} {_MOVES} {_COMPARED} percent share unit rate strong usual count ever",
        fills.period_on_period,
    ),
    Intent(("mean",), f"{_MOVES} per unit usual count rate trend", fills.mean_change),
    Intent(
        ("max|min|tall|short|mean",),
        "usual when unit per max min mean short season more less run break trend series list strong who",
        fills.profile,
    ),
    Intent(
        ("chance",),
        f"{_MOVES} {_COMPARED} last now next percent unit trend again compare strong sure count when "
        "end first share level not",
        fills.chance,
        future=True,
    ),
    Intent(("share",), "sum percent share unit count extent mean rise fall change", fills.share, times=(1, 2)),
    Intent(
        ("rate|rise|fall|change|trend",),
        f"{_MOVES} rate trend per unit usual mean fast slow strong percent count",
        fills.rate,
    ),
    Intent(
        ("rise|fall|change|up|down",),
        f"{_MOVES} {_COMPARED} percent share mean sum strong rate begin end first last "
        "count usual tall range trend rate fast slow",
        fills.change_of_two,
    ),
    Intent(
        (),
        f"{_STATISTIC} {_COMPARED} {_MOVES} percent share unit usual short strong minus season extent trend break "
        "series per count ever end begin rate not equal range first last others effect who",
        fills.difference,
    ),
    Intent(
        ("more|less|above|below|rise|fall|up|down|compare",),
        f"{_MOVES} {_COMPARED} last now next again unit ever first end not strong trend level",
        fills.next_above,
        future=True,
    ),
    Intent(
        (), "tall short fall rise up down ever max min change begin end", fills.how_high, times=(0, 1), future=False
    ),
    Intent(
        ("rise|fall|change|up|down",),
        f"{_MOVES} percent share sum range compare strong rate begin end first now last "
        "trend extent usual per fast slow ever unit",
        fills.change,
    ),
    Intent(("mean|sum", "max|min"), "usual ever series short first last together count", fills.extreme_of_statistic),
    Intent(
        ("max|min",),
        "mean sum when unit ever first last begin end more less short usual series run extent list "
        "count between level range fall rise now compare per up down trend not plain break season no_less no_more "
        "extremes strong who",
        fills.extreme,
    ),
    Intent(("change", "when"), "level first trend", fills.changed, times=(0, 0), future=False),
    Intent(
        ("trend|rise|fall|up|down|change",),
        f"{_MOVES} trend more less ever again short strong usual now last begin "
        "end not rate fast slow compare unit season series",
        fills.trend,
    ),
    Intent(
        ("first", "last", "compare|change|rise|fall|percent"),
        f"{_MOVES} {_COMPARED} percent begin end quantity short",
        fills.first_to_last,
        times=(0, 0),
        future=False,
    ),
    Intent(
        ("more|less|compare",), f"{_COMPARED} {_STATISTIC} short usual ever", fills.difference_to_all, times=(1, 1)
    ),
    Intent(
        ("std|range|median|sum|mean|extremes|max",),
        "mean sum std range median extremes compare minus max min "
        "between usual "
        "count unit strong extent together list level short ever series not change band",
        fills.statistic,
    ),
    Intent(("above|below",), f"{_COMPARED} short usual mean ever", fills.difference_to_all, times=(1, 2)),
    Intent(
        (),
        "usual now short unit end begin count series extent list when rise fall up down trend more change first last",
        fills.forecast,
        future=True,
    ),
    Intent(
        (),
        "usual short unit count series extent list end ever equal",
        fills.value,
        times=(1, 9),
    ),
)
