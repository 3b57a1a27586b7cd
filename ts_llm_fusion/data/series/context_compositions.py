"""Phrases that are composed of parts: what an effect does, in all combinations of verbs, amounts and comparisons.

They widen the phrases that a model is trained on; for their templates, see `context_grammar`.
"""

from collections.abc import Iterator
from itertools import product


def lines(text: str) -> list[str]:
    """Phrases that strokes separate."""
    return [line.strip() for line in text.strip().split("|")]


_UP = lines(
    "rise | increase | grow | climb | jump | go up | move up | surge | advance | gain | swell | expand | pick up"
)
_DOWN = lines(
    "fall | decrease | drop | decline | shrink | go down | move down | plunge | lose | contract | sink | dip | slide"
)
_RAISED = lines(
    "raised | increased | lifted | boosted | pushed up | driven up | pulled up | enlarged | stepped up | bumped up"
)
_LOWERED = lines(
    "lowered | decreased | reduced | cut | pulled down | driven down | dragged down | brought down | dampened"
)
_HIGHER = lines(
    "higher | larger | greater | more | above normal | bigger | up | stronger | busier | in excess of normal"
)
_LOWER = lines("lower | smaller | less | below normal | weaker | down | lighter | fewer | quieter | short of normal")
_THAN = lines(
    "than usual | than normal | than it normally is | than on other days | than otherwise | than before | than in the "
    "baseline | than without it | than typical | than expected | than it would have been"
)
_RISE_NOUNS = lines("increase | rise | jump | surge | gain | climb | increment | growth")
_FALL_NOUNS = lines("decrease | fall | drop | decline | dip | reduction | loss | contraction")
_GRADUALLY = lines(
    "gradually | slowly | steadily | step by step | little by little | bit by bit | progressively | linearly | over "
    "time | day after day | at a steady pace | piece by piece"
)
_LEVELS = lines(
    "the usual level | normal | the normal level | the typical value | what is usual | its ordinary level | the "
    "regular amount | its baseline | what it normally is | the usual | the typical level | the average | its usual "
    "value | what it is on other days | the customary value"
)
_REACH = lines(
    "be | reach | run at | stand at | amount to | hit | come to | operate at | be at | go to | move to | lie at"
)
_EXCEED = lines(
    "exceed | go above | rise above | surpass | be more than | be above | be higher than | climb above | go over"
)
_UNDERCUT = lines(
    "fall below | drop below | go below | sink below | be less than | be below | be lower than | go under"
)
_NEVER = lines("not | never | at no time | in no case | not ever | not be able to")
_STAY = lines("stay | remain | be | lie | keep | be kept | be held | hold")
_AT_MOST = lines(
    "below | under | at or below | no higher than | at most | no more than | not above | less than | at or under"
)
_AT_LEAST = lines(
    "above | over | at or above | no lower than | at least | no less than | not below | more than | at or over"
)
_MAXIMUM = lines(
    "a maximum of | an upper bound of | an upper limit of | a ceiling of | a cap of | a limit of | a top value of"
)
_MINIMUM = lines(
    "a minimum of | a lower bound of | a lower limit of | a floor of | a bottom value of | a base of at least"
)
_STOPPED = lines(
    "closed | shut | shut down | offline | out of operation | not running | not working | not operating | suspended "
    "| stopped | switched off | turned off | out of service | unavailable | inactive | not in use | idle | without "
    "power | empty | not available | dead | disconnected | not open | under lock | paused | halted"
)
_COMPLETELY = lines("| completely | entirely | fully | totally | altogether | temporarily")
_FIXED = lines(
    "fixed | set | held | kept | locked | pinned | frozen | maintained | adjusted | regulated | steady | constant"
)
_BETWEEN = lines(
    "between {n} and {m} | within {n} and {m} | in the range from {n} to {m} | from {n} to {m} | in the band of {n} "
    "to {m}"
)
_TREND = lines("trend | slope | growth or decline | drift | long-term movement | direction")


def _joined(*parts: list[str]) -> Iterator[str]:
    """All combinations of parts, one behind the other."""
    return (" ".join(part for part in parts if part) for parts in product(*parts))


def _changes(
    verbs: list[str], passive: list[str], adjectives: list[str], nouns: list[str], amount: str
) -> Iterator[str]:
    """Ways to say that something changes by an amount."""
    yield from _joined(verbs, [f"by {amount}"])
    yield from _joined(["be"], passive, [f"by {amount}"])
    for adjective, than in product(adjectives, _THAN):
        alone = " " in adjective or adjective in ("up", "down")
        yield f"be {amount} {adjective}" if alone else f"be {amount} {adjective} {than}"
    yield from _joined(lines("see | show | experience | record | undergo"), [f"a {amount}"], nouns)
    yield from _joined(
        lines("see | show | experience | record"), ["an extra"] if adjectives is _HIGHER else ["a lack of"], [amount]
    )


def _slow_changes(verbs: list[str], passive: list[str], levels: list[str]) -> Iterator[str]:
    """Ways to say that something changes little by little."""
    yield from _joined(verbs, _GRADUALLY, ["by {p}"])
    yield from _joined(_GRADUALLY, verbs, ["by {p}"])
    yield from _joined(["be"], _GRADUALLY, passive, ["by {p}"])
    yield from _joined(verbs, _GRADUALLY, ["until it is {p}", "to {p}", "and end {p}"], levels)
    yield from _joined(
        verbs, ["by {p}"], lines("in total at the end | over the whole time | by the end | in the course of it")
    )


def _all() -> dict[str, Iterator[str]]:
    return {
        "zero": _joined(["be"], _COMPLETELY, _STOPPED),
        "set": _joined(["be"], _FIXED, lines("at {n} | to {n} | at exactly {n} | at a level of {n}")),
        "times": _joined(_REACH, lines("{t} | {q} of | {n} times"), _LEVELS),
        "rise": _changes(_UP, _RAISED, _HIGHER, _RISE_NOUNS, "{p}"),
        "cut": _changes(_DOWN, _LOWERED, _LOWER, _FALL_NOUNS, "{p}"),
        "plus": _changes(_UP, _RAISED, _HIGHER, _RISE_NOUNS, "{n} units"),
        "minus": _changes(_DOWN, _LOWERED, _LOWER, _FALL_NOUNS, "{n} units"),
        "cap": iter(
            [
                *_joined(_NEVER, _EXCEED, ["{n}"]),
                *_joined(_STAY, _AT_MOST, ["{n}"]),
                *_joined(lines("have | be under | face | run into | be held by"), _MAXIMUM, ["{n}"]),
            ]
        ),
        "floor": iter(
            [
                *_joined(_NEVER, _UNDERCUT, ["{n}"]),
                *_joined(_STAY, _AT_LEAST, ["{n}"]),
                *_joined(lines("have | be over | rest on | be held by | keep"), _MINIMUM, ["{n}"]),
            ]
        ),
        "range": _joined(lines(
            "stay | remain | be | lie | be kept | be held | move | vary | be bounded | be limited to values"
        ), _BETWEEN),
        "flat": _joined(lines(
            "lose its | be without any | no longer follow its | stop its | end its | show no"
        ), _TREND),
        "reverse": _joined(lines(
            "reverse its | turn its | invert its | change the sign of its | flip its | go against its"
        ), _TREND),
        "like_day": _joined(
            lines("be | run | look | behave | come out | operate | feel | proceed"),
            lines(
                "like on a {d} | as on a {d} | as if it were a {d} | like a {d} | just as on a {d}"
            ),
        ),
        "ramp_up": _slow_changes(_UP, _RAISED, lines(
            "above normal | higher | more than usual | above the usual level"
        )),
        "ramp_down": _slow_changes(_DOWN, _LOWERED, lines(
            "below normal | lower | less than usual | below the usual level"
        )),
    }  # fmt: skip


COMPOSED = {family: list(dict.fromkeys(phrases)) for family, phrases in _all().items()}

# Sentences in which something that is said has no effect: what comes before it, and behind it.
_DENIED = lines(
    "It is not true that | It is wrong that | It is not the case that | Nobody thinks that | No one believes that | "
    "There is no chance that | There is no sign that | We do not think that | It is out of the question that | It "
    "is a mistake that | It was never planned that | It was falsely reported that | The rumor goes, wrongly, that | "
    "It has been denied that | It does not follow that | Do not expect that | It is excluded that | It is a myth "
    "that | It cannot be that | It is no longer planned that | It is not expected that | It is incorrect that | In "
    "no way does this mean that | They refute that"
)
_SUPPOSED = lines(
    "If there were {c}, | If {c} came, | If {c} had happened, | Should {c} come, | Should {c} happen, then | Had "
    "there been {c}, | In case of {c}, | In the event of {c}, | Were there {c}, | Provided that {c} came, | Only in "
    "case of {c} | Only if {c} came | Without the agreement, | Under other circumstances, | In another year, | With "
    "worse luck, | If nothing had been done, | If the plan had not been dropped, | If there is {c}, which is "
    "excluded, | Assuming {c}, which will not come, | If there is {c}, then | Had the talks failed, | In theory, "
    "with {c}, | Unless the deal holds, which it does, | If things were different,"
)
_WOULD = lines(
    "would | might | could | would have to | would surely | should | will | may | is going to | would perhaps"
)
_ENDINGS = lines(
    "| but there is none | but it did not come | but that has been averted | yet this will not be so | but this "
    "does not apply | which is not the case | but nothing of the kind is planned | but that is ruled out"
)
_PLACED = lines(
    "In {place}, | At the site in {place}, | For the branch in {place}, | Elsewhere, | At another company, | At a "
    "competitor, | In other regions, | In the neighboring town, | For a different meter, | At the other plant, | In "
    "{place} and around, | On the other line, | At our partner in {place}, | For customers in {place}, | Abroad, | "
    "In the next county,"
)
_NO_EFFECT = lines(
    "no effect | no impact | no influence | no bearing | no consequences | not the least effect | little to no "
    "effect | no noticeable effect"
)
_NEARBY = lines(
    "The bank next door | The post office | The gym | The kindergarten | The tram stop | The parking garage | The "
    "theater | The zoo | The gift shop | The car wash | The swimming hall | The ticket machine | The laundry | The "
    "playground | The press office | The lobby bar | The town hall | The hairdresser | The kiosk | The cinema"
)
_PRICES = lines(
    "Fees | Fares | Wages | Salaries | Taxes | Premiums | The price of bread | The price of gas | Ticket prices | "
    "Interest rates | Membership fees | Prices of spare parts | Electricity tariffs | Customs duties"
)
_OWN = lines(
    "The shop | Our shop | The store | Our store | The site | The plant | The factory | Our factory | The building "
    "| The whole building | The station | Our station | The facility | The road | The line | The bridge | The park "
    "| The center | The warehouse | The terminal | The ATM | The system | The airport | The venue | The machine | "
    "The mall | The office"
)
_CLOSED = lines(
    "will be closed {w}. | is closed {w}. | is shut {w}. | does not open {w}. | does not operate {w}. | stays "
    "closed {w}. | is not in operation {w}. | will be offline {w}. | is not in use {w}. | will be shut {w} for {c}. "
    "| is closed {w} because of {c}. | will not open {w}, due to {c}. | has to close {w}. | remains shut {w}."
)
_LEADS = lines(
    "leads to | results in | causes | means | brings | will lead to | will result in | will cause | is going to "
    "mean | is expected to bring"
)
_VALUES = lines("The values | All values | The numbers | Readings | Values of {s} | The forecast values | {S}")
_HELD = lines(
    "will be bounded | are bounded | are limited | will be held | are kept | are restricted | will be constrained"
)
_HINTS = lines(
    "| Suppose that | Assume that | Consider that | Note that | Expect that | We know that | Suppose now that"
)


def _after_hint(sentences: Iterator[str]) -> list[str]:
    """Sentences, some behind "Suppose that"."""
    found = []
    for place, sentence in enumerate(sentences):
        hint = _HINTS[place % len(_HINTS)]
        plain = sentence if sentence.startswith(("{S}", "Our ")) else sentence[0].lower() + sentence[1:]
        found.append(
            f"{hint} {plain.replace('{S}', '{s}').replace('{C}', '{c}').replace('Our ', 'our ')}" if hint else sentence
        )
    return found


_AMOUNTS_OF = lines(
    "the usual {s}. | the normal {s}. | the typical {s}. | the usual level of {s}. | what is usual. | the ordinary "
    "amount being used."
)
_CANNOT = lines("cannot | will not | do not | can never")


def _leading_to(adjectives: str, nouns: str) -> list[str]:
    """Sentences in which a cause leads to more or less of the series."""
    changes = [*_joined(["{p}"], lines(adjectives)), *_joined(lines(nouns), ["of {p} in {s}."])]
    return _after_hint(_joined(["{C} {w}"], _LEADS, changes))


def _bounded(side: str, verbs: list[str]) -> list[str]:
    """Sentences in which values are bounded from one side."""
    held = _joined(_VALUES, _HELD, [f"{side} by {{n}} {{w}}.", f"{side} by {{n}}."])
    return _after_hint(iter([*held, *_joined(_VALUES, _CANNOT, verbs, ["{n} {w}."])]))


# Whole sentences that state an effect, by family.
COMPOSED_SENTENCES = {
    "zero": _after_hint(_joined(_OWN, _CLOSED)),
    "times": _after_hint(_joined(["{C} {w}"], _LEADS, lines("{t} | {q} of | {n} times"), _AMOUNTS_OF)),
    "rise": _leading_to("more {s}. | higher {s}. | greater {s}.", "an increase | a rise | a gain | growth | a jump"),
    "cut": _leading_to("less {s}. | lower {s}. | smaller {s}.", "a decrease | a fall | a loss | a decline | a drop"),
    "cap": _bounded("above", _EXCEED[:5]),
    "floor": _bounded("below", _UNDERCUT[:5]),
    "range": _after_hint(_joined(_VALUES, _HELD, ["between {n} and {m} {w}.", "between {n} and {m}."])),
}
_PRICE_CHANGES = lines(
    "will rise by {p} {w}. | fall by {p} {w}. | are raised by {p} {w}. | go up by {n} {w}. | double {w}. | are cut "
    "by {p} {w}."
)
# What somebody sees in a picture of the past.
_SEEN = lines("It | {S} | The line | The series | This curve | The graph | This series | ")
_MOVES = lines(
    "rises | falls | goes up | goes down | is flat | is constant | climbs | drops | increases | decreases | is "
    "stable | fluctuates | dips | peaks | is low | is high | stays level | grows slowly | falls sharply | jumps | "
    "reaches a maximum | reaches a minimum | levels off | turns around | reverses its trend | is zero"
)
_WHERE = lines(
    "at first | in the beginning | at the start | in the middle | toward the end | at the end | throughout | halfway "
    "through | in the first half | in the second half | most of the time | for a while | twice | slowly | and then "
    "drops | and recovers | before a rise"
)
_FIGURES = lines(
    "The site has {k} parking lots. | The hall has {k} seats. | The street is {k} km long. | The house has {k} "
    "windows. | It was built {k} years ago. | The team has {k} members. | The line has {k} stops. | The city has "
    "{n} inhabitants. | {p} of the visitors come from abroad. | About {p} of the area is green. | The network has "
    "{k} nodes. | A family of {k} persons lives there. | There are {k} sensors. | The license costs {n} a year. | "
    "The set has {k} series. | The tank was last filled in {year}. | It is the use of a school with {k} classes. | "
    "These are the sales of a chain with {k} shops. | The gauge is {k} years old. | The mean is {n}. | The largest "
    "value of {year} was {n}. | The range of the past goes up to {n}. | {S} is given in {unit}. | {k} people work "
    "there. | The average customer pays {n}. | The hotel has {k} rooms. | A ride takes {k} minutes. | The record of "
    "{year} is {n}. | This is the load of a district with {k} streets. | The share of holidays is {p}. | The plant "
    "was opened in {year} with {k} workers. | The margin is {p}."
)
# What was right, or went by, in a time of the past, and what was wrong with it.
_FIGURES_OF = lines(
    "The figures | The readings | The numbers | {S} | The counts | Our records | The values | All entries | The data "
    "| The measurements"
)
_WAS_RIGHT = lines(
    "were as planned {w}. | matched the budget {w}. | had been good {w}. | were normal for the season {w}. | were "
    "checked and confirmed {w}. | held up well {w}. | rose by {p} {w}. | fell by {p} {w}. | had climbed by {p} {w}. |"
    " had dropped by {p} {w}, as usual at that time. | averaged {n} {w}. | came close to {n} {w}. | peaked at {n} "
    "{w}. | were complete {w}. | were audited {w}, without objections. | agreed with those of the year before {w}. | "
    "were low {w}, correctly so. | doubled {w} and came back to normal. | recovered {w}. | were published {w}."
)
_WENT_BY = lines(
    "There was {c} {w}. | {W} {c} was dealt with. | {C} ended {w}. | {W} we were closed, as the data rightly show. | "
    "A new colleague began {w}. | {W} the rooms were painted. | {W} business had been brisk. | We changed the "
    "supplier {w}. | {W} the old contract ran out. | The inspection {w} found nothing. | {W} a record was set. | The "
    "plant had stood still {w} for its yearly holidays. | {W} {c} kept everybody busy. | The limit of {n} was lifted "
    "{w}. | {W} a ceiling of {n} had been in force. | The price went up {w}."
)
_DEVICES = lines(
    "the sensor | the meter | the counter | the gauge | the logger | the probe | the recorder | the transmitter | the "
    "camera | the scale | the software | the interface | the clock | the database | the connection"
)
_WAS_WRONG = lines(
    "was broken | had failed | was defective | was stuck | was out of order | had a bug | was set up wrongly | gave "
    "false readings | was not calibrated | had no power | was jammed | malfunctioned | sent nonsense | was blocked | "
    "dropped out | repeated its last value | was being tested"
)
_SO_LEAVE_OUT = lines(
    "| , so ignore the values | , so leave these out | , please discard | ; do not use the data | , and the numbers "
    "are wrong | , which has been repaired since | , hence the odd values | ; it works again now | , so nothing of it"
    " can be trusted | ; that will not happen again"
)


def _faults() -> list[str]:
    """Sentences on a stretch of the past whose values are wrong."""
    broken = [f"{device} {wrong}" for device, wrong in product(_DEVICES, _WAS_WRONG)]
    return [
        f"{{W}} {one}{rest}." if place % 2 else f"{one[0].upper()}{one[1:]} {{w}}{rest}."
        for place, (one, rest) in enumerate(product(broken, _SO_LEAVE_OUT))
    ]


# Who said something, that it is taken back, and plans that came to nothing.
_SOURCES = lines(
    "The memo of last week | An earlier message | The article | A post | The first draft | The old schedule | The "
    "announcement | A note from the office | The previous bulletin | The newsletter | A caller | The circular | The "
    "minutes of May | The ticket"
)
_SAID = lines("said that | claimed that | stated that | had it that | announced that")
_TAKEN_BACK = lines(
    "is no longer valid | was a mistake | has been corrected | was false | has been retracted | is obsolete | was "
    "wrong | must be disregarded | turned out to be untrue | has been revoked | does not hold | was sent by accident"
)
_IT_IS_OFF = lines(
    "That was a mistake. | This no longer holds. | It was wrong. | We take that back. | That is not so. | Not true. | "
    "This has been corrected. | It will not happen. | Forget it. | That is off. | This was denied at once."
)
_PLANS = lines(
    "The plan | The proposal | The idea | The motion | The intention | The suggestion | The request | The decision | "
    "The order"
)
_PLANNED = lines("that {s} should {f} {w} | to let {s} {f} {w} | to have {s} {f} {w} | that {s} will {f} {w}")
_CAME_TO_NOTHING = lines(
    "was dropped | found no majority | has been shelved | came to nothing | was turned down | has been given up | was "
    "overruled | is dead | did not pass | was revoked | has been put aside"
)
# Behind a condition, and behind what happens elsewhere.
_DID_NOT = lines(
    "; it did not come. | ; there is none. | . This is ruled out. | . That did not happen. | . It was averted. | ; "
    "none is coming. | , which cannot happen. | . The danger is over. | ; so it will not. | . Luckily it did not."
)
_NOT_OURS = lines(
    "; {s} goes on as usual. | , not {s}. | , which is no matter of ours. | . Ours is not concerned. | ; here nothing"
    " changes. | , while {s} will not. | . That is another series. | , far from here. | . {S} keeps its course. | , "
    "unlike {s}."
)
COMPOSED_NO_EFFECT = {
    "past": [*_joined(_FIGURES_OF, _WAS_RIGHT), *_WENT_BY, *_WENT_BY, *_WENT_BY],
    "background": [*_FIGURES, *_FIGURES, *(f"{seen}." for seen in _joined(_SEEN[:3], _MOVES, _WHERE[:4]))],
    "other": [*_joined(_NEARBY, _CLOSED), *_joined(_PRICES, _PRICE_CHANGES)],
    "denial": [
        *_joined(["{C} {w} will have"], _NO_EFFECT, ["on {s}."]),
        *_joined(["There will be"], _NO_EFFECT, ["of {c} {w}."]),
        *_joined(["{C} {w} has"], _NO_EFFECT, ["here."]),
        *(f"It is not true that {sentence[0].lower()}{sentence[1:]}" for sentence in _joined(_OWN[:9], _CLOSED[:9])),
        *_joined(_DENIED, ["{s} {t} {f} {w}."]),
        *_joined(_SOURCES, _SAID, ["{s} {t} {f} {w}."], _IT_IS_OFF),
        *(f"{phrase}." for phrase in _joined(_SOURCES, ["that said that {s} will {f} {w}"], _TAKEN_BACK)),
        *(f"{phrase}." for phrase in _joined(_PLANS, _PLANNED, _CAME_TO_NOTHING)),
        *_joined(
            lines("{S} will not {f} {w} | {S} is not going to {f} {w} | {W}, {s} will not {f}"),
            lines(
                "after all. | as was feared. | as some have said. | despite {c}. | whatever the rumors say. | because "
                "{c} was canceled."
            ),
        ),
    ],
    "condition": [
        *(f"{phrase}." for phrase in _joined(_SUPPOSED, ["{s}"], _WOULD, ["{f} {w}"], _ENDINGS)),
        *("".join(parts) for parts in product(_joined(_SUPPOSED, ["{s}"], _WOULD[:6], ["{f} {w}"]), _DID_NOT)),
    ],
    "elsewhere": [
        *_joined(_PLACED, lines("{o} {t} {f} {w}. | {o} will {f} {w}. | they expect {o} to {f} {w}.")),
        *("".join(parts) for parts in product(["{O} will {f} {w}", "{O} {t} {f} {w}", "{W} {o} will {f}"], _NOT_OURS)),
    ],
}  # fmt: skip

COMPOSED_FAULTS = _faults()

__all__ = ["COMPOSED", "COMPOSED_FAULTS", "COMPOSED_NO_EFFECT", "COMPOSED_SENTENCES"]
