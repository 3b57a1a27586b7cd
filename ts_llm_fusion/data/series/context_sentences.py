"""Whole sentences that state an effect, in other shapes than "the series will do this then".

Templates as in `context_phrases`; one without `{w}` and `{W}` holds for the whole horizon.
"""

from .context_phrases import lines

SENTENCES = {
    "zero": lines(
        "The site is closed {w}. | {W} there will be no {s} at all. | Expect zero {s} {w}. | Suppose that the "
        "building is shut {w}, so nothing is recorded. | The machine will be switched off {w}. | No {s} {w}, owing "
        "to {c}. | Assume that the plant is out of operation {w} because of {c}. | The meter will show zeros {w}. | "
        "{W} the facility does not operate. | Closed {w}. | {W}: no service. | Consider that the whole place will be "
        "closed {w} for {c}. | The service will be suspended {w}, which results in no {s}. | With the shop shut {w}, "
        "{s} drops to nothing. | {C} will bring {s} to a complete standstill {w}. | {W}, all units are offline. | "
        "The counter will be out of service {w} and its readings will be zero. | Operations cease {w}. | There is "
        "going to be {c} {w}, during which nobody can enter. | {W} the supply is cut off completely. | The line does "
        "not run {w}. | The power will be out {w}, meaning {s} of zero. | Nothing happens {w}. | {W} we do not open. "
        "| The gate stays locked {w}. | The system is taken down {w}. | The store takes a break {w}, so expect no {s}."
    ),
    "set": lines(
        "Expect {s} of {n} {w}. | {W} the value is {n}. | {W}: {n}. | The value will be fixed at {n} {w}. | Suppose "
        "that every reading {w} equals {n}. | A constant {n} is planned {w}. | {S} of exactly {n} has been agreed "
        "{w}. | {W} the controller holds {s} at {n}. | The set point is {n} {w}. | {W}, a flat {n} applies. | Use "
        "{n} {w}. | Assume values of {n} {w}. | The contract fixes {s} at {n} {w}. | With {c}, {s} is locked to {n} "
        "{w}. | {W} only {n} will be delivered, no more and no less. | {W} all values are {n}."
    ),
    "times": lines(
        "Expect {t} the usual {s} {w}. | There will be {c} {w}, leading to {t} the normal {s}. | {W}, {t} as much as "
        "usual. | Suppose that {c} {w} results in {t} the typical {s}. | {W} we count on {t} the ordinary volume. | "
        "Only {q} of the usual {s} is to be expected {w}. | {W}, {q} of normal. | {C} {w} brings {s} to {q} of the "
        "normal level. | Multiply the forecast by {n} {w}. | A multiplier of {n} applies {w}. | {W} values are {n} "
        "times what they would be otherwise. | {C} means {t} the regular {s} {w}. | Consider that there are {t} as "
        "many as usual {w}, on account of {c}. | {W} people will use {t} their usual amount. | Because of {c}, {w} "
        "{s} is {n} times the usual. | {S} {w}: {t} normal. | Capacity is limited to {q} of normal {w}. | {W} half "
        "the fleet is replaced, and {s} is {t} as large."
    ),
    "rise": lines(
        "Expect {p} more {s} {w}. | A {p} increase in {s} is expected {w}. | {W}: up {p}. | {S} up {p} {w}. | {C} "
        "will lift {s} by {p} {w}. | There will be {c} {w}, which raises {s} by {p}. | {W} we see {s} {p} above the "
        "usual. | An increase of {p} is forecast {w}. | {C} adds {p} to {s} {w}. | Growth of {p} is likely {w}. | A "
        "rise of {p} {w} is what {c} will bring. | {W}, plus {p}. | +{p} {w}. | {C} boosts {s} {p} {w}. | {W} demand "
        "swells {p} beyond the norm. | Suppose that {c} pushes {s} up by {p} {w}. | We plan with {p} additional {s} "
        "{w}. | {W} a surplus of {p} over the ordinary level is assumed. | An extra {p} on top of the normal {s} is "
        "due {w}."
    ),
    "cut": lines(
        "Expect {p} less {s} {w}. | A {p} decrease in {s} is expected {w}. | {W}: down {p}. | {S} down {p} {w}. | "
        "{C} will reduce {s} by {p} {w}. | There will be {c} {w}, which lowers {s} by {p}. | {W} we see {s} {p} "
        "below the usual. | A decline of {p} is forecast {w}. | {C} takes {p} off {s} {w}. | A loss of {p} is likely "
        "{w}. | A reduction of {p} {w} is what {c} will bring. | {W}, minus {p}. | {C} cuts {s} {p} {w}. | {W} a "
        "shortfall of {p} is assumed. | Suppose that {c} pushes {s} down by {p} {w}. | We plan with {p} fewer {w}. | "
        "{W}, {p} of {s} goes missing. | {C} costs us {p} of {s} {w}. | A {p} slump {w} is certain."
    ),
    "plus": lines(
        "Expect {n} more than usual {w}. | An extra {n} will be added {w}. | {W} another {n} units come on top. | "
        "{W}: plus {n}. | There will be {c} {w}, which adds {n} to {s}. | An increase of {n} units is expected {w}. "
        "| {C} brings {n} additional units {w}. | Add {n} {w}. | A further {n} is consumed {w} because of {c}. | {C} "
        "raises {s} by {n} {w}. | {W} a new customer takes {n} units a step in addition. | Suppose that {n} is added "
        "to every value {w}. | {W}, {n} units on top of the usual. | A surplus of {n} units over normal is expected "
        "{w}."
    ),
    "minus": lines(
        "Expect {n} less than usual {w}. | {n} units will be taken away {w}. | {W} we lose {n} units of {s}. | {W}: "
        "minus {n}. | There will be {c} {w}, which takes {n} off {s}. | A decrease of {n} units is expected {w}. | "
        "{C} costs {n} units {w}. | Subtract {n} {w}. | {W} {n} fewer than normal will come. | {C} lowers {s} by {n} "
        "{w}. | {W} a customer who took {n} units a step is gone. | Suppose that {n} is subtracted from every value "
        "{w}. | {W}, {n} units short of the usual. | A shortfall of {n} units against normal is expected {w}."
    ),
    "cap": lines(
        "Suppose that in the forecast the values are bounded above by {n}. | The maximum {w} is {n}. | {W} no value "
        "above {n} is possible. | An upper limit of {n} applies {w}. | {W} the limit is {n}. | There is a ceiling of "
        "{n} {w}. | Nothing over {n} can be served {w}. | Capacity allows at most {n} {w}. | The upper bound is {n}. "
        "| {C} limits {s} to {n} {w}. | {W} values cannot be larger than {n}. | The regulator has imposed a maximum "
        "of {n} {w}. | {W}: max {n}. | Values above {n} do not occur {w}. | With {c}, there is room for no more than "
        "{n} {w}. | Physically, {s} cannot exceed {n}. | Assume {s} <= {n} {w}. | {W}, {s} tops out at {n}. | A "
        "quota of {n} is in force {w}."
    ),
    "floor": lines(
        "Suppose that in the forecast the values are bounded below by {n}. | The minimum {w} is {n}. | {W} no value "
        "below {n} is possible. | A lower limit of {n} applies {w}. | {W} at least {n} is guaranteed. | There is a "
        "floor of {n} {w}. | Nothing under {n} can happen {w}. | A minimum of {n} has been agreed {w}. | The lower "
        "bound is {n}. | The supplier must deliver no less than {n} {w}. | {W} values cannot be smaller than {n}. | "
        "The contract requires a minimum of {n} {w}. | {W}: min {n}. | Values below {n} do not occur {w}. | Even "
        "with {c}, {s} does not go under {n} {w}. | Assume {s} >= {n} {w}. | {W}, {s} bottoms out at {n}. | We take "
        "{n} or more {w}."
    ),
    "range": lines(
        "Suppose that the values lie between {n} and {m} {w}. | {W} the range is {n} to {m}. | The lower bound is "
        "{n} and the upper bound is {m}. | {W}, nothing below {n} and nothing above {m} is allowed. | The values {w} "
        "are bounded between {n} and {m}. | {W} only values from {n} to {m} are possible. | {S} is regulated to lie "
        "within {n} and {m} {w}. | The minimum {w} is {n} and the maximum is {m}. | The band is {n} to {m} {w}. | At "
        "least {n} and at most {m} will be seen {w}. | Limits of {n} and {m} are in force {w}. | {W}, {s} is at "
        "least {n} but never more than {m}. | Values stay in the interval between {n} and {m} {w}. | {S}, {w}, "
        "ranges between {n} and {m} only. | {W} the controller keeps {s} within a band of {n} to {m}. | The allowed "
        "range {w} is {n} to {m}. | Expect numbers between {n} and {m} {w}."
    ),
    "flat": lines(
        "The trend ends {w}. | {W} there is no trend any more. | Growth or decline comes to an end {w}. | {W} the "
        "series has reached its plateau. | No further change of the level is expected {w}. | The market is saturated "
        "{w}, so the trend stops. | Suppose that the trend disappears {w}. | {W} the long-term movement stops. | The "
        "upward or downward movement is over {w}. | {W} the slope is zero. | {C} puts an end to the trend {w}. | "
        "Assume a flat course without any trend {w}. | {W} the drift ceases."
    ),
    "reverse": lines(
        "The trend reverses {w}. | {W} the trend changes its sign. | A turn of the trend is expected {w}. | {W} "
        "growth turns into decline and decline into growth. | Suppose that the slope flips {w}. | {W} the movement "
        "goes the other way. | {C} turns the trend around {w}. | A reversal of the trend is forecast {w}. | {W} the "
        "direction of the series is the opposite of what it was. | The tide turns {w}: the trend runs backward. | "
        "Assume the inverse of the trend {w}. | {W} what rose falls and what fell rises, at the same pace. | A trend "
        "reversal sets in {w}."
    ),
    "like_day": lines(
        "{W} is a public holiday, so expect levels as on a {d}. | Suppose that {w} everything runs as on a {d}. | A "
        "{d} timetable applies {w}. | {W}, treat it like a {d}. | {W} the {d} schedule is in force. | It is a "
        "holiday {w}; {s} will be like on a {d}. | {W}, because of {c}, people behave as on a {d}. | Expect a {d} "
        "pattern {w}. | {W} it feels like a {d}. | Staffing is as on a {d} {w}. | {W}: {d} service. | The {d} "
        "profile is to be used {w}. | With {c}, days are the same as a {d} {w}."
    ),
    "ramp_up": lines(
        "A gradual increase of {p} is expected {w}. | {W} there is a slow rise to {p} above normal. | {C} lets {s} "
        "grow little by little by {p} {w}. | {W}: a steady climb of {p}. | Suppose that {s} is phased up by {p} {w}. "
        "| {W} a linear increase, {p} at the end. | The effect builds up {w} until it reaches plus {p}. | Step by "
        "step, {s} gains {p} {w}. | {W}, growth sets in slowly and adds up to {p}. | A ramp up to {p} more than "
        "usual is planned {w}. | Bit by bit {c} raises {s} by {p} {w}. | {S} will increase progressively {w}, in "
        "total by {p}. | A slow build-up of {p} {w} is expected."
    ),
    "ramp_down": lines(
        "A gradual decrease of {p} is expected {w}. | {W} there is a slow fall to {p} below normal. | {C} lets {s} "
        "shrink little by little by {p} {w}. | {W}: a steady decline of {p}. | Suppose that {s} is phased down by "
        "{p} {w}. | {W} a linear decrease, {p} at the end. | The effect builds up {w} until it reaches minus {p}. | "
        "Step by step, {s} loses {p} {w}. | {W}, decline sets in slowly and adds up to {p}. | A ramp down to {p} "
        "less than usual is planned {w}. | Bit by bit {c} lowers {s} by {p} {w}. | {S} will decrease progressively "
        "{w}, in total by {p}. | A slow erosion of {p} {w} is expected."
    ),
}

__all__ = ["SENTENCES"]
