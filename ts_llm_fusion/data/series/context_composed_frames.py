"""Frames and tenses that are composed of parts: who says it, how, of whom, when, and why.

For their templates, see `context_grammar`.
"""

from itertools import product

from .context_compositions import lines

_SOURCES = lines(
    "the ministry | the board | the operator | the manager | the planning team | the council | our supplier | the "
    "landlord | the agency | the press office | a spokesperson | the duty officer | the treasurer | the school | the "
    "port authority | the vendor | my boss | the accountant | the regulator | the control room | the head nurse | "
    "procurement | the foreman | the customer | the dispatcher | the organizers | the insurer | the utility | a "
    "colleague | the editor"
)
_SAY = lines(
    "says that | writes that | confirms that | announces that | reports that | has told us that | informs us that | "
    "warns that | is sure that | makes clear that | has decided that | lets us know that | points out that | reckons "
    "that | has agreed that | states that"
)
_LABELS = lines(
    "Note | Memo | Update | Reminder | Log | Outlook | Known change | For planning | Agenda, first item | Bulletin | "
    "Status | Short version | Assumption | To all teams | Input for the forecast | Attention | Chat | Subject | News "
    "| Decision"
)
_OPENINGS = lines(
    "By all signs, | As things stand, | For the record, | In short, | Once more, | To be clear, | As announced, | As "
    "planned, | Without any doubt, | Please assume that | You may count on it that | Be aware that | We are certain "
    "that | It is official that | It is known that | Let us plan with the fact that | It turns out that | We now know"
    " that | What matters is that | The point is that | Everybody knows that | It has been agreed that | Rest assured"
    " that | Our understanding is that | Tell everyone that | Work on the basis that"
)
_BECAUSE = lines(
    "Because of {c}, | Owing to {c}, | With {c}, | Given {c}, | Due to {c}, | As {c} is coming, | Since there is {c},"
    " | On account of {c}, | Thanks to {c}, | In the wake of {c}, | After {c}, | {C} is on, so | {C} means that | {C}"
    " has the effect that | As a result of {c}, | Now that {c} is certain, | {C} is the reason that | With {c} under "
    "way,"
)
_ENDINGS = lines(
    "| , owing to {c} | because of {c} | due to {c} | on account of {c} | , no doubt about it | , as agreed | , as "
    "planned | , according to the plan | as a result of {c} | , thanks to {c} | , {c} being the reason | with {c} | ,"
    " says the manager | , we are told | (reason: {c}) | , as was to be expected | , for {c} is coming | , says the "
    "dispatcher"
)
_AFTERTHOUGHTS = lines(
    "| | | | Thanks! | No action is needed. | Please plan for it. | The reason is {c}. | Cause: {c}. | More in the "
    "attachment. | {C} is to blame. | This is certain. | Questions to the office, please. | We are ready for it."
)


def _frames(timeless: bool) -> list[str]:
    """Sentences about a predicate, with or without a window."""
    says = [*(f"{source[0].upper()}{source[1:]} {say}" for source, say in product(_SOURCES, _SAY))]
    labels = [f"{label}:" for label in _LABELS]
    according = [f"According to {source}," for source in _SOURCES]
    groups = [says[::9], labels * 2, _OPENINGS * 2, _BECAUSE * 3, according, ["", "", ""] * 12]
    openings = [opening for group in groups for opening in group]
    cores = (
        ["{s} {t} {f}"] if timeless else ["{s} {t} {f} {w}", "{s} {t} {f} {w}", "{w} {s} {t} {f}", "{w}, {s} {t} {f}"]
    )
    found = []
    for place, (opening, core) in enumerate(product(openings, cores)):
        # Each opening with other endings.
        ending, after = _ENDINGS[7 * place % len(_ENDINGS)], _AFTERTHOUGHTS[5 * place % len(_AFTERTHOUGHTS)]
        if "{c}" in opening.lower() and "{c}" in (ending + after).lower():
            ending = after = ""
        said = core if opening else core[0] + core[1].upper() + core[2:]
        sentence = f"{opening} {said} {ending}".strip().replace(" ,", ",")
        found.append(f"{sentence}. {after}".strip())
    return found


_ASIDES = lines(
    "as agreed | by all accounts | no doubt | as far as we know | so the plan says | they say | it seems certain | as"
    " was decided | we hear | according to the office | as we all know | as expected | in all probability | as ever |"
    " it is said"
)
# Most people write plainly, of plain things.
COMPOSED_FRAMES = [*_frames(timeless=False), *lines("{S} {t} {f} {w}. | {W}, {s} {t} {f}. | {W} {s} {t} {f}.") * 250]
COMPOSED_TIMELESS_FRAMES = [*_frames(timeless=True), *["{S} {t} {f}."] * 150]
COMPOSED_SUBJECTS = lines(
    "sales | demand | traffic | visitors | the load | output | production | orders | revenue | consumption | turnover"
    " | the number of visitors | the number of customers | bookings | calls | attendance | usage | electricity demand"
    " | passengers | admissions | deliveries | the value | values | the numbers | it | throughput | visits | prices |"
    " the temperature"
    # Series that go by their ids.
    " | store 12 | Store 3 | branch 7 | Lyon | the Berlin branch | plant B | the north region | South | line 4"
    " | clinic 2 | the airport | Oslo | sales in Lyon | demand at store 4 | visitors in the south"
)
COMPOSED_TENSES = [
    *["will"] * 60,
    *(f"{start}, {aside}, {rest}".strip() for aside in _ASIDES for start, rest in (("will", ""), ("is", "going to"))),
    *(f"will {adverb}" for adverb in lines(
        "definitely | surely | certainly | very likely | presumably | again | then | clearly | once again | doubtless "
        "| soon | of course"
    )),
    *(f"is {word} to" for word in lines(
        "certain | expected | planned | scheduled | bound | sure | meant | due | set | forecast | projected | about | "
        "likely | supposed | believed | predicted | estimated | said | booked | known | poised"
    )),
]  # fmt: skip

__all__ = ["COMPOSED_FRAMES", "COMPOSED_SUBJECTS", "COMPOSED_TENSES", "COMPOSED_TIMELESS_FRAMES"]
