"""Words of general English that hint at what a clause does to a series, by the role that they play.

States of a text encoder lie close for opposites ("climb", "slump"), which stand in the same places; these hints tell
them apart. Words are matched by their stems, whatever the subject is.
"""

import re

# Role -> words; a star stands for any ending.
_WORDS = {
    "up": """
        accelerat* advanc* amplif* arise* ascend* ascent augment* balloon* beat beats beef* bolster* boom*
        boost* brisk* build builds buildup bump* climb* crank* driven elevat* enlarg* escalat* expan* extend*
        flock* flood* flourish* gain* grew grow* heighten* hike* hiking hoist* hotter improv* increase*
        increasing inflat* intensif* jump* leap* lift* magnif* mount mounting mounts multiplied multiplies
        multiply outdo* outpac* outstrip* overshoot* pick picks pour* pump* push* rais* rallied rallies rally
        rise risen rises rising rocket* rose shoot shoots shot skyrocket* snowball* soar* spik* strengthen*
        surg* swell* swollen throng* tops up uphill uplift* upswing uptick upturn upward*""",
    "down": """
        abat* blow clip* collapse* collapsing contract contracting contraction contracts crash* crater*
        curtail* cut cuts cutting dampen* declin* decrease* decreasing deflat* dent* depress* derat* descend*
        descent deteriorat* diminish* dip dipped dipping dips down downhill downswing downturn downward* drag*
        drain* drop* dwindl* ease* easing ebb* erod* erosion fade* fall* fell hit hits lag lags lessen* lose*
        losing loss* lost lower* nosedive* plummet* plung* prune* pull* reced* recession reduc* retreat* sag
        sagging sags sank setback shave* shaving shed sheds shrank shrink* shrivel* shrunk* sink* slash* slid
        slide slides sliding slip* slump* soften* subsid* sunk taper* thinned thinning thins throttl* trim*
        tumbl* undershoot* wane* waning weaken* wither* worsen*""",
    "more": """
        above additional* ahead better beyond bigger brisker busier exceed* excess extra fuller further greater
        heavier higher in-excess larger more north outperform* over plus premium stronger surpass* surplus top""",
    "less": """
        behind below beneath calmer deficit* emptier fewer lack* lag lags less lighter lower minus missing
        poorer quieter short* shy slower smaller south thinner trail* under underperform* undershoot* weaker""",
    "added": """
        add added adding addition* adds another append* augment* bonus bring brings carries carry contribut*
        credit* extra further include* including inject* join* offset* plus receive* receiving stack*
        supplement* surplus tack* top topped""",
    "removed": """
        cost* deduct* depriv* dock* eats fewer forfeit* forgo* gone knock* lack* lose loses losing loss lost
        minus miss misses missing off relieve* remov* shave* shaving shed* short* strip* subtract* swallow*
        take taken takes taking withdraw* without""",
    "stopped": """
        absent* barred barricad* blackout* blank* block blocked board* ceas* close closed closes closing
        closure* cold cut dark deactivat* dead decommission* defunct deserted disappear* disconnect*
        discontinu* dormant dried dries dry empty evacuat* existent flatlin* ground grounded halt* idl*
        inactive inoperab* inoperative interrupt* lock locked locks mothball* naught nil no none nonexistent
        nothing nought null off offline out outage* pause* rest rests seal* sever* shut* silent standstill
        stop* suspend* suspension* switch* unavailab* unmanned unplug* unstaffed vanish* void wiped zero* zilch""",
    "fixed": """
        agreed always clamp* constant* dead dot each equal* exact* fix fixed fixes flat freeze* freezing frozen
        hard-coded held hold holds identical* invariab* lock* nail* neither nor one peg pegged pegs pin pinned
        pins precise* prescrib* preset quota reads rigid* same set setpoint sets sharp standardi* steady
        stipulat* straight uniform*""",
    "usual": """
        accustomed average* baseline business common conventional* customar* everyday expected familiar habit*
        norm normal* norms ordinar* otherwise plan regular* routine* seasonal standard typical* usual*""",
    "most": """
        above accommodat* allow* beyond bound* breach* cap capacit* capped capping caps ceiling* constrain*
        curb* cutoff exceed* greater handl* highest lid limit* max maxed maxes maxim* most outside over past
        peak* permit* quota* ration* restrain* restrict* roof room surpass* threshold throttl* topping tops
        truncate* upper""",
    "least": """
        assur* backed backstop* base baseload below beneath bottom* bound* commit* cushion* floor* guarantee*
        insured least lower lowest min minim* must oblig* promise* prop propped props reserve* secure* support*
        threshold under undercut* underpin* undershoot* underwrit* upwards""",
    "between": """
        anywhere band* between both bound* bracket* channel* confin* corridor* envelope fluctuat* hover* inside
        interval* limits margin oscillat* range* ranging sandwich* somewhere span* swing swings tunnel varies
        vary window* within""",
    "gradual": """
        accumulat* bit build build-up builds buildup climb* close continual* continuous* course creep* crept
        cumulat* day-by-day degrees drift* dwindl* ease* easing ebb* edge* edging end ending ends erod* erosion
        even evenly eventual* final* finish* gradual* inch* incremental* increments line linear* little notch*
        pace phase* phasing piece* progressiv* ramp* reaching slide slope* slow* smooth* staged stages start*
        steadi* step* stretch* successiv* taper* ultimat* until wane* waning wind winds""",
    "trend": """
        course direction* drift* growth heading long-run long-term momentum movement* path slope* tendency tide
        trajectory trend* underlying""",
    "level": """
        anymore ceas* consolidat* die dies disappear* end ended ends exhaust* finish* fizzl* flat flatlin*
        flatten* freeze* freezing frozen further gone halt* level levels longer lose* matur* no over peter*
        plateau* saturat* sideways stabili* stagnat* stall* stationary steady still stop* trendless without
        zero""",
    "turned": """
        about-face about-turn against around back backtrack* backward* change* contrary counter direction*
        flip* inverse invert* mirror* opposite other pivot* retrac* revers* round sign swap* swing* switch*
        turn* u-turn undo* unwind*""",
    "like": """
        as behav* comparable copies copy correspond* count counts equivalent feel* follow* like look* match*
        mimic* mirror* mode pass pattern* profil* program* regime resembl* roster rota same schedule* similar*
        style template though timetable* treat*""",
    "denied": """
        abandon* abolish* aborted alarm avert* axed baseless called cancel* cannot contradict* contrary
        correction debunk* denial denie* deny discount* dismiss* drop dropped erroneous* exclude* fake false*
        gossip hardly hoax incorrect invent* misreport* mistak* myth neither never no nobody none nonsense nor
        not nothing nowhere postpon* refus* refut* reject* retract* rule ruled rules rumor* rumour* scrap*
        shelv* unable unfounded untrue voted withdraw* wrong*""",
    "unaffected": """
        bearing bother* business carries carry concern* consequence* continu* despite difference* effect*
        exempt immune impact* impervious influence* insulated intact interruption keep keeps matter* normal*
        notice* open opens regardless remain* running shrug* spared spite stay stays unaffect* unaltered
        unchang* undisturb* uninterrupted unscathed untouched""",
    "conditional": """
        approved assuming barring case condition* contingent could depend* event granted had hypothetical* if
        imagine* lest might only otherwise provided ruled scenario should suppose supposing theor* unless were
        whether would""",
    "elsewhere": """
        abroad across affiliate* another away branch city colleague* competitor* confined counterpart* county
        different district* elsewhere far foreign line nearby neighbo* next other others overseas partner*
        product province* region* rival* sibling sister subsidiar* their theirs they third town unrelated""",
    "ours": """
        here our ours ourselves own this us we""",
    "past": """
        ago back been came did earlier fell former* grew had historic* last old once past previous* reached
        recorded rose since stood then was went were yesterday""",
    "faulty": """
        accident* again anomal* artifact* believ* bogus broke broken bug buggy calibrat* corrupt* damaged
        defect* discard* disregard* distort* double* dropout error* exceptional* exclud* fail* falsif* fault*
        flawed garbage garbled glitch* ignor* invalid* jam jammed jams junk leak* leave malfunction*
        miscalibrat* miscount* mislabel* misread* misreport* mistake* never noise nonsense omit* one-off
        outlier* recur* representative rubbish skip* spurious strike stuck throw thrown treat trust* twice
        typing typo* unique unreliab* untrustworth* wrong*""",
}
# Roles in the order of the columns that a model sees.
CUES = tuple(_WORDS)
_WORD = re.compile(r"[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}-][^\W\d_]+)*")


def _table(stems: bool) -> dict[str, set[int]]:
    """Roles of the stems, or of the whole words."""
    table: dict[str, set[int]] = {}
    for role, some in enumerate(_WORDS.values()):
        for word in some.split():
            if word.endswith("*") == stems:
                table.setdefault(word.rstrip("*"), set()).add(role)
    return table


_STEMS, _WHOLE = _table(stems=True), _table(stems=False)
_LONGEST_STEM = max(map(len, _STEMS))


def _roles(word: str) -> set[int]:
    found = set(_WHOLE.get(word, ()))
    for length in range(2, min(len(word), _LONGEST_STEM) + 1):
        found |= _STEMS.get(word[:length], set())
    if word.endswith(("n't", "n\N{RIGHT SINGLE QUOTATION MARK}t")):
        found.add(CUES.index("denied"))
    return found


def cues_of(text: str) -> list[tuple[int, int, int]]:
    """Words of a text that play a role: first character, the one behind the last, and the place in `CUES`."""
    return [(*word.span(), role) for word in _WORD.finditer(text) for role in sorted(_roles(word.group().lower()))]


__all__ = ["CUES", "cues_of"]
