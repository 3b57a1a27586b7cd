"""Words of questions about series, and patterns of what no series can tell."""

import re

from ..processing.grounding_words import DAY_PARTS, MAGNITUDES, MONTHS, ORDINALS, SMALL, TENS, UNITS, WEEKDAYS, words

# Words that a question about a series is made of, beside names, times and numbers; inflected forms are known with
# their base.
FUNCTION_WORDS = words(
    "a about above across actually after again ago all almost also altogether always am "
    "among an and another any anything "
    "approximately are around as aside at available away back base based be because been before being below "
    "beneath best better between beyond both but by came can come compared comparison could course current currently "
    "did do does done down during each earlier earliest early either else end enough entire entirely even ever every "
    "everything exactly exact far few fewer final finally first following for former from full further gave general "
    "generally get give given go going gone good got had half happen happened has have "
    "having he hello help her here hi his hold "
    "how however i if in including indeed inside into is it its itself just keep kept know known last late later "
    "latest least less let like likely long longer look lot made main mainly make many may maybe me mean might mine "
    "more most mostly much must my namely near nearly need neither never next no none nor normal normally not now of "
    "off often ok okay on once one only onto or other others otherwise our out over overall own part particular past "
    "per perhaps please possible possibly present previous previously prior probably put quite rather read really "
    "recent recently regarding relative respectively right roughly said same say see seem seen several shall she "
    "should show shows since so some something sometime sometimes soon still such sure take "
    "taken tell than thank thanks that the their "
    "them themselves then there therefore these they thing things this those though thus "
    "till time times to today together tomorrow "
    "too toward towards twice two typical typically under unit until up upon upper us use used usual usually various "
    "versus very via vs want was way we well went were what whatever when whenever where "
    "whether which while who whole "
    "whose will with within without would yes yesterday yet you your yours old new did't don't doesn't isn't wasn't "
    "i'd i'm you'd we'd let's can't won't it'll didn't aren't weren't hasn't haven't kindly "
    "quick quickly question wonder "
    "wondering curious interested find out figure work answer compute calculate calculated determine state list name "
    "call called give tell provide return report display print think believe guess suppose assume mind able ask like "
    "add adding put look lookup pick rank sort check spot detect identify describe project "
    "projected summarize inspect plus evaluate eventually "
    "contain contained include included comprise hold consist "
    "broad narrow exact how factor oscillation oscillations oscillate hand ceiling floor height heights hottest "
    "coldest warmest coolest busiest quietest minus rate pace tandem off wrong cap limit "
    "limits scenario scenarios case cases soon evolve evolves evolved develop develops "
    "developed development depend depends "
    "dependent dependence outdo outdid surpass fail failed fails keep keeps continue "
    "continues happen happens flow vary "
    "ahead apart apply side sides simply single specific precise precisely accurate accurately approx roughly sort "
    "kind type start started starting starts begin began begins beginning ended ending ends "
    "finish finished open opened "
    "ran run running stay stayed stand stands stood remain remained turn turned left lie lies fit fits"
)
MEASURE_WORDS = words(
    "value values level levels number numbers amount amounts figure figures reading readings measurement measurements "
    "measured observation observations observed record records recorded data datum dataset "
    "series column columns "
    "variable variables line curve graph chart plot table file row rows point points "
    "datapoint datapoints sample samples "
    "entry entries quantity quantities size magnitude score count counts counted total "
    "totals sum sums summed aggregate "
    "aggregated cumulative combined overall average averages averaged avg mean means median middle center central "
    "arithmetic maximum max maxima minimum min minima highest lowest largest smallest greatest biggest least most top "
    "topped bottom bottomed peak peaks peaked trough troughs high highs low lows extreme "
    "extremes record all-time best worst "
    "strongest weakest strong stronger weak weaker big bigger small smaller large larger great greater higher lower "
    "range spread distance gap difference differences differ differs different margin apart "
    "separate separates scatter "
    "scatters scattered dispersion deviation deviations standard std sd stdev sigma variance "
    "variability vary varies varied variation "
    "volatile volatility noise noisy noisier percentage percentages percent share shares "
    "fraction fractions proportion "
    "proportions ratio quantile quantiles percentile percentiles quartile decile change "
    "changes changed changing growth "
    "grow grows grew grown growing grower rise rises rose risen rising increase increases "
    "increased increasing gain gains "
    "gained climb climbs climbed climbing jump jumps jumped fall falls fell fallen falling "
    "drop drops dropped dropping decline "
    "declines declined declining decrease decreases decreased decreasing decay shrink "
    "shrinks shrank shrunk lose lost loss "
    "loses sink sinks sank move moves moved moving movement go trend trends trending "
    "tendency tend tends tended direction "
    "directions heading headed upward upwards downward downwards positive negative slope "
    "steady steadily stable flat constant "
    "season seasons seasonal seasonality seasonally cycle cycles cyclic cyclical period "
    "periods periodic periodicity repeat "
    "repeats repeated repeating repetition pattern patterns recurring recur regular "
    "regularly irregular strength pronounced amplitude "
    "break breaks broke broken shift shifts shifted structural structure regime regimes "
    "sudden suddenly abrupt abruptly jump "
    "outlier outliers anomaly anomalies anomalous unusual strange odd oddest weird "
    "suspicious spike spikes stick sticks "
    "exceptional abnormal missing gap gaps hole holes complete completeness incomplete empty "
    "absent nan null lack lacks "
    "lacking blank forecast forecasts forecasted forecasting predict predicts predicted "
    "prediction predictions expect expects "
    "expected expectation expectations anticipate anticipated project projected projection "
    "projections foresee foreseen outlook future "
    "estimate estimates estimated prognosis horizon ahead upcoming coming follow follows "
    "following confident confidence "
    "certain certainty uncertain uncertainty reliable reliability trust trusted trustworthy "
    "interval intervals band bands wide "
    "width narrow error errors accuracy sure probability probable likelihood chance chances "
    "odds risk exceed exceeds exceeded "
    "exceeding surpass surpasses surpassed pass passes passed passing cross crosses crossed "
    "crossing reach reaches reached "
    "reaching hit hits threshold limit bound mark short occasion occasions frequency frequent frequently correlation "
    "correlated correlate correlates relation related relationship relate linear linearly "
    "association associated linked link together compare "
    "compares compared comparing comparison contrast versus against beat beats rank ranking "
    "ranked order ordered first "
    "second third fast faster fastest slow slower slowest quick quicker quickest rapid "
    "rapidly sharp sharply steep steepest "
    "steeper history historical historically date dates dated day moment instant occur "
    "occurs occurred long length longest "
    "duration last lasts lasted cover covers covered span spans consecutive row streak "
    "stretch run weekday weekend calendar "
    "step steps timestep timesteps timestamp timestamps hourly daily weekly monthly "
    "quarterly yearly annual annually annualized typical normal "
    "summer winter spring autumn fall era decade decades century centuries business working "
    "sampled sampling resolution "
    "granularity equal equals equally above below double doubled twice triple tripled halve "
    "halved zero negative distinct unique "
    "available latest recent current present far wide sudden lasting event climb past proper context "
    "compared aggregate basis breakdown absolute relative terms percentagewise points units term short-term long-term"
)
_TIME_WORDS = (
    set(MONTHS) | set(WEEKDAYS) | {f"{day}s" for day in WEEKDAYS} | set(UNITS) | set(SMALL) | set(TENS)
    | set(MAGNITUDES) | set(ORDINALS) | set(DAY_PARTS)
)  # fmt: skip
KNOWN = (
    FUNCTION_WORDS | MEASURE_WORDS | _TIME_WORDS | words("s t d o'clock am pm noon midnight christmas easter holiday")
)
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
    "language inflation unemployment gdp "
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
        (
            r"\b(ignore|forget|disregard|pretend|act as|translate|poem|joke|story|song|sing|recipe|password|prompt|"
            r"instructions?|execute|shell|delete|rm -rf|python code|javascript|roleplay)\b",
            "it is not a question about the series",
        ),
        (

        r"\bwhat if\b|\bif (we|i|you|they|he|she|the|there|it|our|my|prices?|sales?) |\bhad (we|i|"
        r"you|they|it|there)\b|"


        r"\bwould (it|they|that|this|there|the \w+|he|she|we|i|sales|\w+) have (been)?\b|"
        r"\bwould have\b|\bwithout (the|any|our|this|that|its|his|her|their|a) |"

            r"\bhypothetical\w*|\bunless\b",
            "the series holds what was, not what would be in another case",
        ),
        (
            r"\bwhy\b|\bcaus(e|es|ed|ing|al)\b|\breasons?\b|\bbecause\b|\bdue to\b|\bthanks to\b|\bresponsible\b|"

        r"\bblame[ds]?\b|\b(is|was|are|were|lies|lay|be|stands) behind\b|\b(lead|leads|led|"
        r"leading) to\b|\bdriv(e|es|en|ers?|ing)\b|\bdrove\b|"


        r"\bexplain\w*|\bexplanations?\b|\bhow come\b|\battribut\w+|\bresult(ed|s)? (of|from|"
        r"in)\b|\binfluenc\w+|\baffect(s|ed|ing)?\b|"


        r"\bimpact\w*|\beffects? (of|on)\b|\bmade (the|them|it|him|her|people|us|our)\b|"
        r"\bbrought (?:about|(?:the |our )?(?:numbers?|values?|series|it|them|this|that|figures?|"
        r"level)(?: \w+)? (?:down|up|about))\b|\btrigger\w*|\bto blame\b|"


        r"\bwhat happened\b(?! to be)|\bcontribut\w+|\bresponse to\b|\bproves?\b|\bproduced by\b|"
        r"\bcaused by\b|\bowing to\b|(?<!what )(?<!which )(?<!a )\bfactors?\b"
        ,
            "the series holds values and no causes; `ts-llm-fusion explain` says what a forecast is made of",
        ),
        (

        r"\b(should|shall|must|ought) (to )?(i|we|one|they|he|she|you|the|my|our)\b(?! (expect|"
        r"count|anticipate|assume|see|think|high|low|next|forecast|value|level|it|peak|max|min|"
        r"number|series))|"


        r"\brecommend\w*|\badvi[sc]e[sd]?\b|\bsuggest\w*|\bworth\b|\b(buy|sell|invest|hire|fire|"
        r"purchase|order more|hedge)(s|ing|ed)?\b|"


        r"\bimprov(e|es|ed|ing|ement|ements)\b|\bhow (can|could|do|should|may|might) (i|we|one|"
        r"you|they)\b(?! (expect|count|know|tell|read))|\bto do\b|"


        r"\bwould you\b(?! (expect|predict|forecast|estimate|say|project|tell|give|anticipate|"
        r"foresee))|\bstrateg\w+|\bdecisions?\b|\bactions?\b|\bplan to\b"
        ,
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
        r"dangerous|harmful|risky|alarming|worrying|deserve\w*|worried|worry|satisf\w+|disappoint\w+|impress\w+)\b"
        ,
            "the series holds no opinions",
        ),
        (

        r"\b(your|my|his|her) (name|age|job|hobby|favou?rite|opinion|creator|birthday|email|"
        r"phone)\b|\bwho (are|made|built|created|wrote) you\b|"


        r"\bwhere (was|were|is|are|did|does|do) .*\b(collect|measur|record|locat|situat|com|stor|"
        r"taken|observe|built|made|place)\w*|\bhow (old|tall|heavy|far away) (is|are|was|were)\b|"


        r"\bhow (was|were|is|are) .*\b(collected|measured|recorded|obtained|gathered)\b|"
        r"\bcapital of\b|\bhow do you (spell|pronounce|say)\b|\bwhat does .* (mean|stand for)\b|"
        r"\bmeaning of\b"
        ,
            "the series holds values and times alone",
        ),
    )
)  # fmt: skip
