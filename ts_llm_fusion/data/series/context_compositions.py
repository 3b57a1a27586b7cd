"""Phrases that are composed of parts: what an effect does, in all combinations of verbs, amounts and comparisons.

They widen the phrases that a model is trained on; for their templates, see `context_grammar`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product


def lines(text: str) -> list[str]:
    """Phrases that strokes separate."""
    return [line.strip() for line in text.strip().split("|")]


_UP = lines(
    "rise | increase | grow | climb | jump | go up | move up | surge | advance | gain | swell | expand | pick up | "
    "leap | shoot up | soar | spike | improve | strengthen | step up | head up | tick up | inch up | go higher | move"
    " higher | accelerate | mushroom | come up | escalate | rocket | bounce up | edge up | scale up | heat up | bulk "
    "up | inflate"
)
_DOWN = lines(
    "fall | decrease | drop | decline | shrink | go down | move down | plunge | lose | contract | sink | dip | slide "
    "| tumble | slump | plummet | weaken | worsen | step down | head down | tick down | inch down | go lower | move "
    "lower | recede | ebb | come down | crumble | nosedive | subside | edge down | scale down | cool down | slim down"
    " | deflate | sag"
)
_RAISED = lines(
    "raised | increased | lifted | boosted | pushed up | driven up | pulled up | enlarged | stepped up | bumped up | "
    "scaled up | inflated | elevated | amplified | augmented | expanded | hiked | bolstered | heightened | marked up "
    "| turned up | ramped up | cranked up | pumped up"
)
_LOWERED = lines(
    "lowered | decreased | reduced | cut | pulled down | driven down | dragged down | brought down | dampened | "
    "scaled down | deflated | depressed | trimmed | slashed | shortened | curtailed | squeezed | diminished | marked "
    "down | turned down | wound down | thinned out | pared back | knocked down"
)
_HIGHER = lines(
    "higher | larger | greater | more | above normal | bigger | up | stronger | busier | in excess of normal | "
    "heavier | fuller | over the norm | beyond the usual | above par | on top of normal | ahead of normal | above "
    "what is typical | above trend | over plan | above average | more intense | livelier"
)
_LOWER = lines(
    "lower | smaller | less | below normal | weaker | down | lighter | fewer | quieter | short of normal | calmer | "
    "thinner | under the norm | beneath the usual | below par | off the normal level | behind normal | below what is "
    "typical | below trend | under plan | below average | slower | emptier"
)
_THAN = lines(
    "than usual | than normal | than it normally is | than on other days | than otherwise | than before | than in the"
    " baseline | than without it | than typical | than expected | than it would have been | than customary | than in "
    "an ordinary period | than the norm | than we are used to | than on average | than the standard | than in the "
    "plan | than the usual level"
)
_RISE_NOUNS = lines(
    "increase | rise | jump | surge | gain | climb | increment | growth | boost | uplift | upswing | bump | hike | "
    "spike | uptick | upturn | improvement | expansion | plus | markup | lift | leap"
)
_FALL_NOUNS = lines(
    "decrease | fall | drop | decline | dip | reduction | loss | contraction | slump | setback | downswing | dent | "
    "cut | plunge | downtick | downturn | deterioration | shrinkage | minus | markdown | slide | tumble"
)
_GRADUALLY = lines(
    "gradually | slowly | steadily | step by step | little by little | bit by bit | progressively | linearly | over "
    "time | day after day | at a steady pace | piece by piece | inch by inch | in small steps | in stages | "
    "continuously | evenly | smoothly | by degrees | incrementally | in equal increments | without any jump | gently"
)
_LEVELS = lines(
    "the usual level | normal | the normal level | the typical value | what is usual | its ordinary level | the "
    "regular amount | its baseline | what it normally is | the usual | the typical level | the average | its usual "
    "value | what it is on other days | the customary value | the standard figure | the everyday level | the common "
    "amount | what we are used to | the norm | the habitual level | its regular size | the seasonal norm | the figure"
    " of an ordinary day | the usual volume | what one would see otherwise"
)
_REACH = lines(
    "be | reach | run at | stand at | amount to | hit | come to | operate at | be at | go to | move to | lie at | "
    "attain | settle at | be brought to | be only | be about | arrive at | work at | make up | equal | deliver | show"
    " | be held at"
)
_EXCEED = lines(
    "exceed | go above | rise above | surpass | be more than | be above | be higher than | climb above | go over | "
    "top | pass | overshoot | climb past | get beyond | go past | break through | be greater than | move above | be "
    "over | outgrow | overstep"
)
_UNDERCUT = lines(
    "fall below | drop below | go below | sink below | be less than | be below | be lower than | go under | "
    "undershoot | undercut | dip under | slip below | fall short of | come in under | fall beneath | be smaller than "
    "| move below | be under | slide below | drop beneath"
)
_NEVER = lines(
    "not | never | at no time | in no case | not ever | not be able to | be unable to | by no means | under no "
    "circumstances | at no point | not be allowed to | be forbidden to | not be permitted to"
)
_STAY = lines(
    "stay | remain | be | lie | keep | be kept | be held | hold | be found | be limited to values | move | run | be "
    "confined to values | always be | be forced to stay"
)
_AT_MOST = lines(
    "below | under | at or below | no higher than | at most | no more than | not above | less than | at or under | up"
    " to | at the very most | within a maximum of | not beyond | never above | never over | not higher than | beneath"
)
_AT_LEAST = lines(
    "above | over | at or above | no lower than | at least | no less than | not below | more than | at or over | at "
    "the very least | at a minimum of | not beneath | never below | never under | not lower than | upward of"
)
_MAXIMUM = lines(
    "a maximum of | an upper bound of | an upper limit of | a ceiling of | a cap of | a limit of | a top value of | a"
    " lid of | an upper threshold of | a quota of at most | a peak limit of | a hard stop at | a roof of | an "
    "allowance of at most | a capacity limit of | a maximum level of"
)
_MINIMUM = lines(
    "a minimum of | a lower bound of | a lower limit of | a floor of | a bottom value of | a base of at least | a "
    "lower threshold of | a guaranteed level of | a safety net at | a must-run level of | an assured base of | a "
    "minimum level of | a bottom line of | a backstop at"
)
_STOPPED = lines(
    "closed | shut | shut down | offline | out of operation | not running | not working | not operating | suspended |"
    " stopped | switched off | turned off | out of service | unavailable | inactive | not in use | idle | without "
    "power | empty | not available | dead | disconnected | not open | under lock | paused | halted | down | dark | "
    "deserted | mothballed | off | off the grid | unplugged | sealed | evacuated | blocked | cut off | out of action "
    "| at a standstill | at zero | on hold | canceled | called off | deactivated | locked | barred | silent | "
    "motionless | at rest | wiped out | nonexistent | discontinued | zero | nil | nothing | out of order"
)
_COMPLETELY = lines("| completely | entirely | fully | totally | altogether | temporarily | wholly | simply")
_FIXED = lines(
    "fixed | set | held | kept | locked | pinned | frozen | maintained | adjusted | regulated | steady | constant | "
    "pegged | clamped | nailed | prescribed | stuck | programmed | unchanging | glued | stabilized | tied | bound | "
    "dialed in | metered"
)
_BETWEEN = lines(
    "between {n} and {m} | within {n} and {m} | in the range from {n} to {m} | from {n} to {m} | in the band of {n} "
    "to {m} | inside {n} to {m} | in the interval from {n} to {m} | within the bounds {n} and {m} | within the limits"
    " of {n} and {m} | somewhere from {n} to {m} | in a corridor from {n} to {m} | above {n} and below {m} | at {n} "
    "or more and at {m} or less | no lower than {n} and no higher than {m} | at least {n} but at most {m} | over {n} "
    "yet under {m} | anywhere between {n} and {m} | in the window {n} to {m}"
)
_TREND = lines(
    "trend | slope | growth or decline | drift | long-term movement | direction | underlying movement | long-run "
    "tendency | upward or downward path | trajectory | momentum"
)

_STOP_VERBS = lines(
    "stop | cease | halt | come to a stop | shut down | go dark | grind to a halt | pause | close | vanish | "
    "disappear | go quiet | dry up | drop to zero | fall to zero | go to zero | sink to nothing | break off | come to"
    " nothing | drop out | lie idle | stand still | rest | go offline | read zero | show zero | be no more | end "
    "abruptly | collapse to zero | yield nothing | produce nothing | record nothing | bring in nothing | amount to "
    "zero | fall away entirely | not happen | not take place | not operate | not run | not open | not exist"
)
_EQUAL = lines(
    "be | equal | read | show | amount to | come to | stand at | total | measure | register | be given as | be "
    "entered as | come out at | be reported as | sit at | rest at | be precisely | be exactly | always be | be run at"
    " | be operated at"
)
_ALWAYS = lines(
    "| at all times | throughout | each time | without exception | in every period | whatever happens | day in, day "
    "out | around the clock | flat | sharp | on the dot | every time, no more and no less"
)
_PLUS_PHRASES = lines(
    "come with {n} extra | carry another {n} | take on {n} more | be topped up by {n} | have {n} added | receive {n} "
    "on top | include {n} in addition to the usual | be the usual plus {n} | exceed the usual by {n} | beat the norm "
    "by {n} | run {n} ahead of normal | lie {n} over the norm | show {n} too many | hold {n} more than on other days "
    "| collect a bonus of {n} | be supplemented by {n} | absorb {n} beyond normal | be shifted up by {n} | get a "
    "surcharge of {n}"
)
_MINUS_PHRASES = lines(
    "come with {n} missing | go without {n} | give up {n} | be stripped of {n} | have {n} removed | have {n} deducted"
    " | lack {n} of the usual amount | be the usual minus {n} | undercut the usual by {n} | miss the norm by {n} | "
    "run {n} behind normal | lie {n} under the norm | show {n} too few | hold {n} fewer than on other days | pay a "
    "penalty of {n} | be depleted by {n} | shed {n} from the usual | be shifted down by {n} | get a discount of {n}"
)
_CAPPED = lines(
    "be capped at | be limited to | be restricted to | top out at | max out at | be held to at most | be cut off at |"
    " be clipped at | be curbed at | be throttled to at most | peak at no more than | be truncated at | stop at | be "
    "rationed to at most | be barred from exceeding | be kept from going over | be prevented from passing | be "
    "bounded above by | be confined to at most | find its ceiling at | be cut back to | saturate at"
)
_FLOORED = lines(
    "bottom out at | be supported at | be topped up to | be filled up to | be held up at | be propped up at | be "
    "guaranteed at least | be secured at no less than | be raised to at least | be backed by a minimum of | be "
    "bounded below by | be kept from falling under | be prevented from dropping below | be protected from sinking "
    "under | be underpinned at | find its bottom at | be lifted to at least | be assured of at least"
)
_FLATTENED = lines(
    "level off | flatten | flatten out | plateau | stagnate | stabilize | come to rest | reach saturation | move "
    "sideways | go sideways | stop drifting | stop trending | hold its level | keep its level | lose its trend | show"
    " no further trend | be flat apart from the season | be done growing or shrinking | cease to drift | stand where "
    "it is but for the season | stay on the level reached | neither grow nor shrink in the long run | find its "
    "equilibrium | remain on its plateau | trend no longer | run level"
)
_TURNED = lines(
    "turn around | reverse | change direction | make a U-turn | do an about-turn | go into reverse | swing the other "
    "way | head the opposite way | flip its trend | invert its trend | retrace its path | backtrack | take the "
    "opposite course | run counter to its trend | undo its trend step by step | turn on its heel | change the sign of"
    " its slope | double back | pass its turning point | go back the way it came | switch to the opposite trend | "
    "move against its trend so far"
)
_LIKE_DAYS = lines(
    "be like a {d} | be as on a {d} | look like a {d} | resemble a {d} | match a {d} | equal a {d} | mirror a {d} | "
    "copy a {d} | follow the {d} pattern | run on a {d} schedule | keep {d} hours | have a {d} profile | take the "
    "shape of a {d} | be at the level of a {d} | be treated as a {d} | be the same as on a {d} | show {d} figures | "
    "go by the {d} timetable | be comparable to a {d} | be no different from a {d} | behave like a {d} | correspond "
    "to a {d} | be staffed as on a {d} | be equivalent to a {d} | feel like a {d} | reproduce a {d} | switch to the "
    "{d} roster | operate in {d} mode"
)
_COMPARED = lines("| in size | for the time | compared with normal | against the usual | from normal")
_GO_DOWN = lines("drop | shrink | be cut | be down | go down | be reduced | fall | go")
_BEHIND_MOST = lines(
    "at most | or less | at the most | at best | as a maximum | at the outside | and no more | or lower | and not one"
    " more | at the very most | or below"
)
_BEHIND_LEAST = lines(
    "at least | or more | at the least | at worst | as a minimum | in any case | and no less | or higher | or better "
    "| at the very least | or above"
)
_MOVE = lines(
    "be kept | be held | move | vary | be bounded | be limited to values | range | fluctuate | oscillate | swing | be"
    " confined to values | be regulated to stay | be steered to stay | be clamped | always be"
)


def _joined(*parts: list[str]) -> Iterator[str]:
    """All combinations of parts, one behind the other."""
    return (" ".join(part for part in some if part).replace(" .", ".") for some in product(*parts))


_MOST_REPEATS = 6


def _evenly(*groups: Iterable[str], size: int = 240) -> Iterator[str]:
    """Phrases of groups, as many of each: none is drowned by one with more parts."""
    for group in groups:
        phrases = list(dict.fromkeys(group))
        for place in range(min(size, _MOST_REPEATS * len(phrases))):
            yield phrases[place * len(phrases) // size if len(phrases) > size else place % len(phrases)]


def _consonants(nouns: Sequence[str]) -> list[str]:
    """Nouns that "a" goes with."""
    return [noun for noun in nouns if noun[0] not in "aeiou"]


def _changes(
    verbs: list[str], passive: list[str], adjectives: list[str], nouns: list[str], amount: str
) -> Iterator[str]:
    """Ways to say that something changes by an amount."""
    compared = [adjective for adjective in adjectives if " " not in adjective and adjective not in ("up", "down")]
    yield from _evenly(
        _joined(verbs, [f"by {amount}", amount]),
        _joined(["be"], passive, [f"by {amount}"]),
        _joined([f"be {amount}", f"come in {amount}", f"run {amount}"], compared, _THAN),
        _joined(
            [f"be {amount}", f"lie {amount}", f"stand {amount}"], [one for one in adjectives if one not in compared]
        ),
        _joined(["be"], compared, [f"by {amount}"]),
        _joined(lines("see | show | experience | record | undergo | take"), [f"a {amount}"], nouns),
        _joined(lines("see a | show a | record a | face a | go through a"), _consonants(nouns), [f"of {amount}"]),
        _joined(lines("see | show | record"), ["an extra" if adjectives is _HIGHER else "a lack of"], [amount]),
    )


def _slow_changes(verbs: list[str], passive: list[str], levels: list[str]) -> Iterator[str]:
    """Ways to say that something changes little by little."""
    ends = lines("by the end | at the end | in the end | at the close | on reaching the end | when it is over")
    yield from _evenly(
        _joined(verbs, _GRADUALLY, ["by {p}"]),
        _joined(_GRADUALLY, verbs, ["by {p}"]),
        _joined(["be"], _GRADUALLY, passive, ["by {p}"]),
        _joined(verbs, _GRADUALLY, ["until it is {p}", "to {p}", "and end {p}"], levels),
        _joined(
            verbs, ["by {p}"], lines("in total at the end | over the whole time | by the end | in the course of it")
        ),
        _joined(verbs, _GRADUALLY, ["to {p}"], levels, ends),
        _joined(verbs, ["from normal to {p}"], levels, ends),
        _joined(["start at normal and end {p}", "begin as usual and finish {p}"], levels, ends),
    )


def _all() -> dict[str, Iterator[str]]:
    return {
        "zero": _evenly(
            _joined(["be"], _COMPLETELY, _STOPPED), _STOP_VERBS, _joined(_COMPLETELY[1:5], _STOP_VERBS[:14])
        ),
        "set": _evenly(
            _joined(["be"], _FIXED, lines("at {n} | to {n} | at exactly {n} | at a level of {n} | at precisely {n}")),
            _joined(_EQUAL, ["{n}"], _ALWAYS),
            _joined(lines("take | have | keep | show | adopt"), ["the value"], ["{n}"], _ALWAYS),
        ),
        "times": _evenly(
            _joined(_REACH, lines("{t} | {q} of | {n} times"), _LEVELS),
            _joined(["{v}"], _COMPARED),
            _joined(["be"], lines("multiplied | scaled | changed | amplified"), ["by a factor of {n}", "{n}-fold"]),
            _joined(["be {t} as"], lines("high | large | big | strong | busy | much"), lines("as usual | as normal")),
            _joined(_GO_DOWN, ["to {q} of"], _LEVELS),
        ),
        "rise": _changes(_UP, _RAISED, _HIGHER, _RISE_NOUNS, "{p}"),
        "cut": _changes(_DOWN, _LOWERED, _LOWER, _FALL_NOUNS, "{p}"),
        "plus": chain(
            _changes(_UP, _RAISED, _HIGHER, _RISE_NOUNS, "{n} units"),
            _changes(_UP, _RAISED, _HIGHER, _RISE_NOUNS, "{n}"),
            _evenly(_PLUS_PHRASES, _PLUS_PHRASES),
        ),
        "minus": chain(
            _changes(_DOWN, _LOWERED, _LOWER, _FALL_NOUNS, "{n} units"),
            _changes(_DOWN, _LOWERED, _LOWER, _FALL_NOUNS, "{n}"),
            _evenly(_MINUS_PHRASES, _MINUS_PHRASES),
        ),
        "cap": _evenly(
            _joined(_NEVER, _EXCEED, ["{n}"]),
            _joined(_STAY, _AT_MOST, ["{n}"]),
            _joined(lines("have | be under | face | run into | be held by | hit | respect | obey"), _MAXIMUM, ["{n}"]),
            _joined(_CAPPED, ["{n}"]),
            _joined(lines("be | reach | go to | come to | run at | hit"), ["{n}"], _BEHIND_MOST),
        ),
        "floor": _evenly(
            _joined(_NEVER, _UNDERCUT, ["{n}"]),
            _joined(_STAY, _AT_LEAST, ["{n}"]),
            _joined(lines("have | be over | rest on | be held by | keep | meet | respect | honor"), _MINIMUM, ["{n}"]),
            _joined(_FLOORED, ["{n}"]),
            _joined(lines("be | reach | go to | come to | run at | hit"), ["{n}"], _BEHIND_LEAST),
        ),
        "range": _evenly(_joined(_STAY, _BETWEEN), _joined(_MOVE, _BETWEEN)),
        "flat": _evenly(_FLATTENED, _joined(lines(
            "lose its | be without any | no longer follow its | stop its | end its | show no | have no further"
        ), _TREND)),
        "reverse": _evenly(_TURNED, _joined(lines(
            "reverse its | turn its | invert its | change the sign of its | flip its | go against its | undo its"
        ), _TREND)),
        "like_day": _evenly(_LIKE_DAYS, _joined(
            lines("be | run | look | behave | come out | operate | feel | proceed"),
            lines(
                "like on a {d} | as on a {d} | as if it were a {d} | like a {d} | just as on a {d}"
            ),
        )),
        "ramp_up": _slow_changes(_UP, _RAISED, lines(
            "above normal | higher | more than usual | above the usual level | over the norm | beyond the usual"
        )),
        "ramp_down": _slow_changes(_DOWN, _LOWERED, lines(
            "below normal | lower | less than usual | below the usual level | under the norm | short of the usual"
        )),
    }  # fmt: skip


COMPOSED = {family: list(phrases) for family, phrases in _all().items()}

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
_OWN_ONES = lines(
    "The stores | The shops | Our offices | The gates | All branches | Our counters | The plants | All machines | The "
    "schools | Both lines | The factories | All sites"
)
_ALL_CLOSED = lines(
    "are closed {w}. | are shut {w}. | will be closed {w}. | do not open {w}. | stay closed {w}. | remain shut {w}. |"
    " are offline {w}. | will not run {w}. | do not operate {w}. | close {w}. | stand still {w}. | have to close {w}."
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


# Who can take how much, what a limit is called, and what comes of the rest.
_TAKERS = lines(
    "The hall | The line | The desk | The bridge | The truck | Our team | The clinic | The site | The tank | The pipe"
    " | The network | The platform | The room | We | The crew | The gate | The kitchen | The dock"
)
_CAN = lines(
    "can take | can handle | can hold | can carry | can process | can serve | can admit | may take | have room for | "
    "cope with"
)
_SO_MUCH = lines(
    "at most {n} | no more than {n} | up to {n} | only {n} | {n} at best | {n} and not one more | {n} at the outside "
    "| a maximum of {n} | not more than {n} | {n} tops | {n} at the most | {n} or less"
)
_MUST = lines(
    "must take | will take | are bound to take | have to deliver | must deliver | guarantee | will see | can count on"
    " | are assured of"
)
_NO_LESS = lines(
    "at least {n} | no less than {n} | {n} or more | a minimum of {n} | {n} in any case | {n} whatever happens | {n} "
    "at the very least | not less than {n} | {n} as a minimum | {n} at worst | {n} for certain"
)
_CAP_NAMES = lines(
    "The limit | The maximum | The ceiling | The cap | The quota | The upper bound | The highest possible value | The"
    " most that is allowed | The upper limit | The permitted peak | The largest value possible | The top value | The "
    "capacity limit | The most we can take"
)
_FLOOR_NAMES = lines(
    "The minimum | The floor | The lower bound | The lowest possible value | The least that will come | The "
    "guaranteed level | The lower limit | The smallest value possible | The bottom line | The least we will see | The"
    " assured base | The lower threshold"
)
_STANDS = lines(
    "is {n} {w}. | {w} is {n}. | stands at {n} {w}. | will be {n} {w}. | of {n} applies {w}. | {w}: {n}. | has been "
    "set to {n} {w}. | is {n}."
)
_REFUSED = lines(
    "is turned away | is refused | is impossible | will be cut off | cannot be served | gets rejected | is lost | is "
    "clipped | will be sent away | is out of the question | is not allowed | will not happen | is stored for later"
)
_MADE_GOOD = lines(
    "is topped up | is impossible | is ruled out | will be filled up | cannot occur | is made good | is not tolerated"
    " | will not happen | is out of the question | is filled from the reserve | is never seen"
)
_LEAST_AND_MOST = lines(
    "at least {n} and at most {m} | no less than {n} and no more than {m} | {n} as a minimum and {m} as a maximum | "
    "{n} at the least, {m} at the most | {n} at the bottom and {m} at the top | {n} or more, but {m} or less | "
    "something from {n} to {m} | anything between {n} and {m} | not below {n}, not above {m} | {n} to {m}"
)


def _plural(taker: str, verbs: list[str]) -> list[str]:
    """Verbs that agree with "we", or with another subject."""
    singular = {"have": "has", "cope": "copes", "are": "is", "guarantee": "guarantees"}
    if taker == "We":
        return verbs
    return [" ".join([singular.get(first, first), *rest]) for first, *rest in map(str.split, verbs)]


def _held(verbs: list[str], amounts: list[str], names: list[str], sides: str, rest: list[str]) -> Iterator[str]:
    """Sentences on a limit from one side: who takes how much, what it is called, what comes of the rest."""
    takers = (_joined([taker], _plural(taker, verbs), amounts, ["{w}."]) for taker in _TAKERS)
    yield from _evenly(
        chain.from_iterable(takers),
        _joined(names, _STANDS),
        _joined(lines("Anything | Everything | Whatever is | Values"), lines(sides), ["{n}"], rest, ["{w}."]),
        _joined(["{W}, expect", "{W} there will be", "Expect", "Plan with", "{W} there can be"], amounts, ["."]),
        _joined(["{W}:"], amounts, ["."]),
    )


# Whole sentences that state an effect, by family.
COMPOSED_SENTENCES = {
    "zero": _after_hint(chain(_joined(_OWN, _CLOSED), _joined(_OWN_ONES, _ALL_CLOSED))),
    "times": _after_hint(_joined(["{C} {w}"], _LEADS, lines("{t} | {q} of | {n} times"), _AMOUNTS_OF)),
    "rise": _leading_to("more {s}. | higher {s}. | greater {s}.", "an increase | a rise | a gain | growth | a jump"),
    "cut": _leading_to("less {s}. | lower {s}. | smaller {s}.", "a decrease | a fall | a loss | a decline | a drop"),
    "cap": [
        *_evenly(_bounded("above", _EXCEED)),
        *_held(_CAN, _SO_MUCH, _CAP_NAMES, "above | over | beyond | in excess of | greater than", _REFUSED),
    ],
    "floor": [
        *_evenly(_bounded("below", _UNDERCUT)),
        *_held(_MUST, _NO_LESS, _FLOOR_NAMES, "below | under | short of | less than | beneath", _MADE_GOOD),
    ],
    "range": [
        *_evenly(
            _after_hint(_joined(_VALUES, _HELD, ["between {n} and {m} {w}.", "between {n} and {m}."])),
            _joined(
                ["{W}, expect", "{W} there will be", "Expect", "Plan with", "{W}:", "We guarantee"],
                _LEAST_AND_MOST,
                ["."],
            ),
            _joined(_VALUES, lines("will be | are | must be"), _LEAST_AND_MOST, ["{w}."]),
        )
    ],
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
