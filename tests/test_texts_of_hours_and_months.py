"""What the built-in checkpoint reads in texts on hourly and monthly series, and on daily ones in parts."""

import pytest

from benchmarks.notes_of_several_effects import read
from ts_llm_fusion import BUILT_IN
from ts_llm_fusion.data.series.context_notes import NOTES_SERIES
from ts_llm_fusion.forecasting import load_forecaster

MONDAY, TUESDAY, WEDNESDAY = range(24), range(24, 48), range(48, 72)
# Kind of the series, text, and its effects: operation, operands and steps; hours from 0, days and months from 1.
ROWS = [
    # Units of a value, beside it and before it.
    ("hours", "Load is capped at 100 kW on Tuesday between noon and 3 pm.", [("cap", (100,), range(36, 39))]),
    ("hours", "On Monday from 10 to 13 the booster pumps add 17 kWh.", [("plus", (17,), range(10, 13))]),
    ("hours", "The heart rate will be at most 100 bpm on Tuesday.", [("cap", (100,), TUESDAY)]),
    ("days", "Takings are capped at \N{EURO SIGN}95 on 8 March.", [("cap", (95,), [8])]),
    ("days", "The water will be kept at 90 degrees from 10 March.", []),
    # Hours of the day that was named before.
    (
        "hours",
        "On Monday the site load will be 20% higher from 8 to 10 and 10% lower from 14 to 17.",
        [("rise", (0.2,), [8, 9]), ("cut", (0.1,), range(14, 17))],
    ),
    (
        "hours",
        "Tuesday 5 March schedule\n- 07:00-09:00: load doubles\n- 20:00-23:00: half the usual load",
        [("times", (2,), [31, 32]), ("times", (0.5,), range(44, 47))],
    ),
    ("hours", "Load rises from 85 to 95 on Tuesday.", []),
    ("hours", "Tuesday from 13:00 on, load down 12%.", [("cut", (0.12,), range(37, 48))]),
    ("hours", "Wednesday after 6 pm the load is to be kept under 96 kW.", [("cap", (96,), range(66, 72))]),
    (
        "hours",
        "Monday from 7 to 19 the load is up by a fifth. Exception: from 11 to 13 it is down by a fifth.",
        [("rise", (0.2,), [*range(7, 11), *range(13, 19)]), ("cut", (0.2,), [11, 12])],
    ),
    ("hours", "From Tuesday 04:00 to Tuesday 08:00 the cap is 100 kW.", [("cap", (100,), range(28, 32))]),
    (
        "hours",
        "Tuesday from 9 to 12 the load is 10% higher; on Wednesday it is 10% lower in those hours.",
        [("rise", (0.1,), range(33, 36)), ("cut", (0.1,), range(57, 60))],
    ),
    # A sign says what is done where values below 0 cannot be.
    (
        "hours",
        "Monday 9-11: +10 kW\nMonday 14-16: -10 kW",
        [("plus", (10,), [9, 10]), ("minus", (10,), [14, 15])],
    ),
    # Times that others tell.
    (
        "days",
        "Sales will be 110 on 13 March. The day after, they fall to 90.",
        [("set", (110,), [13]), ("set", (90,), [14])],
    ),
    ("days", "Off sick on the 6th and 7th, so at most 85 sales each day.", [("cap", (85,), [6, 7])]),
    ("days", "In the week of 18 March we sell 12% more every day that week.", [("rise", (0.12,), range(18, 25))]),
    (
        "days",
        "1.5 times the usual from Monday 11 March to Friday 15 March, and 2 times the usual on the Saturday.",
        [("times", (1.5,), range(11, 16)), ("times", (2,), [16])],
    ),
    ("days", "Weekend sales will be 10% higher in March.", [("rise", (0.1,), [2, 3, 9, 10, 16, 17, 23, 24, 30, 31])]),
    ("days", "Closed on Tuesdays throughout March, except the 26th.", [("zero", (), [5, 12, 19])]),
    ("days", "9th up 20%; the 10th too; the 11th shut", [("rise", (0.2,), [9, 10]), ("zero", (), [11])]),
    ("days", "Last weekend of the month 30% up, the weekend before that 10% up.",
     [("rise", (0.3,), [30, 31]), ("rise", (0.1,), [23, 24])]),
    ("days", "Saturday 23 March: sales double. The day before: 20% more. The day after: closed.",
     [("times", (2,), [23]), ("rise", (0.2,), [22]), ("zero", (), [24])]),
    ("days", "* 12 March - closed\n* 19 March - 30% up", [("zero", (), [12]), ("rise", (0.3,), [19])]),
    ("days", "At least 90 a day 4 to 8 March, at least 110 on the 9th.",
     [("floor", (90,), range(4, 9)), ("floor", (110,), [9])]),
    ("days", "Every day in March 10 more.", [("plus", (10,), range(1, 32))]),
    ("days", "Between 70 and 80 on the 26th, between 110 and 120 on the 28th.",
     [("range", (70, 80), [26]), ("range", (110, 120), [28])]),
    # Hours of several days.
    ("hours", "Expect 20% more calls on Monday and Tuesday from 17:00 to 20:00.",
     [("rise", (0.2,), [17, 18, 19, 41, 42, 43])]),
    ("hours", "On Monday the load is 10% higher after 6 pm, on Tuesday 20% higher after 6 pm.",
     [("rise", (0.1,), range(18, 24)), ("rise", (0.2,), range(42, 48))]),
    ("hours", "Each day the fans add 6 kW from 13:00 to 15:00; on Wednesday the ovens add 9 kW from 10:00 to 12:00.",
     [("plus", (6,), [13, 14, 37, 38, 61, 62]), ("plus", (9,), [58, 59])]),
    ("hours", "No more than 95 m3 on Tuesday and Wednesday between 6 and 9.",
     [("cap", (95,), [30, 31, 32, 54, 55, 56])]),
    ("days", "Saturdays this month will be up 18%.", [("rise", (0.18,), [2, 9, 16, 23, 30])]),
    # What holds of a part of a time, in place of what was said of all of it.
    ("days", "Closed from 11 to 17 March; on the 14th we open for half the usual sales.",
     [("zero", (), [11, 12, 13, 15, 16, 17]), ("times", (0.5,), [14])]),
    ("days", "10% up from 4 to 8 March, but 20% up on the 6th.",
     [("rise", (0.1,), [4, 5, 7, 8]), ("rise", (0.2,), [6])]),
    ("days", "8 fewer from 4 to 10 March, 16 fewer on the 8th, 20 fewer on the 9th.",
     [("minus", (8,), [4, 5, 6, 7, 10]), ("minus", (16,), [8]), ("minus", (20,), [9])]),
    ("days", "In March sales rise by 10%. On 8 March the fair brings another 20%.",
     [("rise", (0.1,), range(1, 32)), ("rise", (0.2,), [8])]),
    ("months", "From April 5% more, from July 8% more, from October 10% more.",
     [("rise", (0.05,), [4, 5, 6]), ("rise", (0.08,), [7, 8, 9]), ("rise", (0.1,), [10, 11, 12])]),
    ("months", "All months but July and August: 4% up.", [("rise", (0.04,), [*range(1, 7), *range(9, 13)])]),
    ("days", "All days but Sundays: 5% more.", [("rise", (0.05,), [d for d in range(1, 32) if d % 7 != 3])]),
    # Lengths from a time of each day, and times until the end of a day.
    ("hours", "Each day at 12:00 the line stops for an hour.", [("zero", (), [12, 36, 60])]),
    ("hours", "On Wednesday, from 06:00 on, 10 kW more.", [("plus", (10,), range(54, 72))]),
    # Shares that are lost, others than the series, and numbers that are replaced.
    ("days", "A new kiosk takes a third of our sales from 18 March on.", [("cut", (1 / 3,), range(18, 32))]),
    ("days", "Our competitor sells 15% more on 20 March.", []),
    ("days", "The cleaning firm sends one person instead of two on 8 March.", []),
    ("days", "Sales were three times lower than usual on 8 March.", []),
    # Parts of a sentence.
    ("days", "Sales rise 30% on 8 March, whereas on 15 March they fall 30%.",
     [("rise", (0.3,), [8]), ("cut", (0.3,), [15])]),
    ("days", "20% up on Friday 15 March, flat on Saturday, 10% down on Sunday 17 March.",
     [("rise", (0.2,), [15]), ("cut", (0.1,), [17])]),
    ("days", "8 March no sales, 9 March no sales, 10 March 70 sales.",
     [("zero", (), [8]), ("zero", (), [9]), ("set", (70,), [10])]),
    ("days", "1) closed on 8 March; 2) 20% more on 9 March", [("zero", (), [8]), ("rise", (0.2,), [9])]),
    ("days", "Two things for March. Saturdays: 15% more than usual.", [("rise", (0.15,), [2, 9, 16, 23, 30])]),
    ("days", "2024-03-19,+10%\n2024-03-20,0%", [("rise", (0.1,), [19])]),
    ("days", "Sales in the whole of March are 5% up.", [("rise", (0.05,), range(1, 32))]),
    # Days and months in lower case and at ends of lines.
    ("days", "mon 18 march 20 up, tue 19 march 10 up", [("plus", (20,), [18]), ("plus", (10,), [19])]),
    ("months", "Jan: -10\nFeb: -10\nMar: +25",
     [("minus", (10,), [1]), ("minus", (10,), [2]), ("plus", (25,), [3])]),
    ("months", "Starting in April and ending in September, orders are 18% above normal.",
     [("rise", (0.18,), range(4, 10))]),
    ("months", "In the second half we expect 5% more orders than usual.", [("rise", (0.05,), range(7, 13))]),
    # Exceptions with hours of their own, and those that are told in other words.
    (
        "hours",
        "A fifth less power on Monday, Tuesday and Wednesday from 14:00 to 22:00, except Tuesday from 18:00 to 22:00.",
        [("cut", (0.2,), [*range(14, 22), *range(38, 42), *range(62, 70)])],
    ),
    (
        "hours",
        "Wed 09:00-17:00 minus 18 kW, lunch 12:00-13:00 excluded.",
        [("minus", (18,), [57, 58, 59, 61, 62, 63, 64])],
    ),
    (
        "hours",
        "The fans run on Tuesday from 10:00 to 20:00 and add 14 kW, with a break from 15:00 to 16:00.",
        [("plus", (14,), [*range(34, 39), *range(40, 44)])],
    ),
    (
        "hours",
        "Stay between 88 and 98 kW the whole of Monday, but after 9 pm no limits apply.",
        [("range", (88, 98), range(21))],
    ),
    (
        "hours",
        "Mon-Wed, 05:00 to 07:00: +16 kW. Wed 06:00 to 07:00 does not count.",
        [("plus", (16,), [5, 6, 29, 30, 53])],
    ),
    (
        "hours",
        "The whole of Tuesday is limited to 105 kW. For 6 am to 8 am that limit is lifted.",
        [("cap", (105,), [*range(24, 30), *range(32, 48)])],
    ),
    (
        "hours",
        "Monday 04:00-12:00, bakery at 130% of normal; the hour 08:00-09:00 at 100% of normal.",
        [("times", (1.3,), [4, 5, 6, 7, 9, 10, 11])],
    ),
    ("days", "We are closed all Sundays but the last.", [("zero", (), [3, 10, 17, 24])]),
    ("days", "Closed all Sundays in March but the first.", [("zero", (), [10, 17, 24, 31])]),
    ("days", "Every Friday but Good Friday sales double.", [("times", (2,), [1, 8, 15, 22])]),
    (
        "days",
        "Repairs outside from Tuesday 26 March to Thursday 28 March: closed on the Tuesday.",
        [("zero", (), [26])],
    ),
    # What the bound before is at another time.
    (
        "hours",
        "The load limit is 108 kW on Monday; on Wednesday it is 98 kW.",
        [("cap", (108,), MONDAY), ("cap", (98,), WEDNESDAY)],
    ),
    # Times that go on from others.
    ("hours", "Tuesday is quiet: 15 % below normal from midnight to midnight.", [("cut", (0.15,), TUESDAY)]),
    (
        "hours",
        "For three hours from 9 am on Monday we are up 12%, then for two hours down 6%.",
        [("rise", (0.12,), [9, 10, 11]), ("cut", (0.06,), [12, 13])],
    ),
    (
        "hours",
        "We get a cake on Monday at 10:00. Painters come on Monday from 12:00 to 18:00; the load will then be 60% "
        "of normal.",
        [("times", (0.6,), range(12, 18))],
    ),
    (
        "hours",
        "Entry is half price on Wednesday from 8 to 12. Visitors per hour in that time: up 60%.",
        [("rise", (0.6,), range(56, 60))],
    ),
    (
        "days",
        "The exhibition opens on 16 March: visitors up by a fifth that day and the day after, then up 10% until the "
        "end of the month.",
        [("rise", (0.2,), [16, 17]), ("rise", (0.1,), range(18, 32))],
    ),
    (
        "days",
        "No visitors on weekdays between 11 and 15 March; at the weekend that follows (16-17 March) there will be "
        "twice the usual number.",
        [("zero", (), range(11, 16)), ("times", (2,), [16, 17])],
    ),
    (
        "days",
        "Primrose weekend on 9 and 10 March, sales up 35%. The Monday after that (11 March) we close for stocktaking.",
        [("rise", (0.35,), [9, 10]), ("zero", (), [11])],
    ),
    (
        "days",
        "The ferry's free on 2 March and 9 March! Twice as many passengers as usual on each of those Saturdays.",
        [("times", (2,), [2, 9])],
    ),
    (
        "days",
        "The bus stops calling from 21 March. Sales: 8% down on weekdays from then until the end of the month (Good "
        "Friday included).",
        [("cut", (0.08,), [21, 22, *range(25, 30)])],
    ),
    ("days", "From 12 March till the end sales will be 10% higher.", [("rise", (0.1,), range(12, 32))]),
    # Counted weekdays of the month of the horizon; days that cannot be.
    ("days", "We are closed on the second Tuesday.", [("zero", (), [12])]),
    ("days", "Second Tuesday: closed.", [("zero", (), [12])]),
    ("days", "We are closed on the last two Saturdays of March.", [("zero", (), [23, 30])]),
    ("days", "Sales are 10% up on the first two Mondays in March.", [("rise", (0.1,), [4, 11])]),
    ("days", "The opening moved from 8 March to 12 March; sales double then.", [("times", (2,), [12])]),
    ("days", "Sales will be -20 on 8 March.", []),
    ("hours", "Monday: mornings 10% up.", [("rise", (0.1,), range(6, 12))]),
    (
        "hours",
        "On Tuesday, mornings are 10% up and evenings 5% down.",
        [("rise", (0.1,), range(30, 36)), ("cut", (0.05,), range(42, 46))],
    ),
    ("days", "Closed on 8-7 March.", []),
    ("days", "Sales double on the 0th of March.", []),
    ("days", "20 % more from 4 to 22 March, Sundays excluded.",
     [("rise", (0.2,), [*range(4, 10), *range(11, 17), *range(18, 23)])]),
    ("days", "The promotion starts on 18 March; sales will be 10 % higher until 22 March.",
     [("rise", (0.1,), range(18, 23))]),
    ("days", "The fair moved from 8 to 12 March. Sales will be 20 higher that day.", [("plus", (20,), [12])]),
    ("days", "The Tuesday before Easter will be 20 % busier.", [("rise", (0.2,), [26])]),
    ("days", "The weekend after 12 March will be 20 % higher.", [("rise", (0.2,), [16, 17])]),
    ("days", "A fair is on 12 March. The following Monday sales will be 20 % lower.", [("cut", (0.2,), [18])]),
    ("days", "On 12 March and the two days after, sales will be 12 higher than usual.",
     [("plus", (12,), [12, 13, 14])]),
    ("days", "On 5 March we expect 100, the day after 110 and the day after that 120.",
     [("set", (100,), [5]), ("set", (110,), [6]), ("set", (120,), [7])]),
    ("days", "The campaign runs from 6 to 10 March. On the first day sales rise by 15 %.", [("rise", (0.15,), [6])]),
    ("days", "Closed all of next week but the last day.", []),
    ("days", "Closed on the last but one Friday of March.", []),
    ("days", "Closed on the fifth Monday of March.", []),
    ("days", "Sales will be minus 5 on 7 March.", []),
    ("days", "The minimum is 90, on 6 March it is 80.", []),
    ("hours", "On Tuesday at 9:00 load is 90, at 10:00 95 and at 11:00 100.",
     [("set", (90,), [33]), ("set", (95,), [34]), ("set", (100,), [35])]),
    ("hours", "On Tuesday load falls by 20 from 10:00 to 14:00, then until 18:00 by 10.",
     [("minus", (20,), range(34, 38)), ("minus", (10,), range(38, 42))]),
    ("hours", "On Tuesday until 9:00 10 % more, then until 12:00 5 % less.",
     [("rise", (0.1,), range(24, 33)), ("cut", (0.05,), range(33, 36))]),
    ("hours", "At 10:00 on Tuesday the fair begins. From then until 14:00 load is 15 lower.",
     [("minus", (15,), range(34, 38))]),
    ("hours", "Load is 10 % higher from 8 to 18 on Tuesday with breaks from 10 to 11 and from 14 to 15.",
     [("rise", (0.1,), [32, 33, 35, 36, 37, 39, 40, 41])]),
    ("hours", "On Tuesday closed, but from 18:00 to 22:00 open as usual.",
     [("zero", (), [*range(24, 42), 46, 47])]),
    ("hours", "Load is capped at 105 on Tuesday, between 16:00 and 19:00 at 98.", []),
    ("months", "Sales will double in May and the month after.", [("times", (2,), [5, 6])]),
    ("months", "Sales will be 10 % higher in May and the following month.", [("rise", (0.1,), [5, 6])]),
    ("months", "Sales will be 10 % higher from March to October, July and August excluded.", []),
    ("months", "The launch is in April. Sales will then be 20 % higher until June.", [("rise", (0.2,), [4, 5, 6])]),
    ("days", "From 23 to 31 March sales are 25 higher. Except the 26th: freezer service, none sold.",
     [("plus", (25,), range(23, 32))]),
    ("days", "Sales are 20% higher on any weekday.",
     [("rise", (0.2,), [1, *range(4, 9), *range(11, 16), *range(18, 23), *range(25, 30)])]),
    ("days", "Sales are 20% higher for -3 days.", []),
    ("days", "Sales are 20% higher on the third weekend.", []),
    ("days", "Sales are 20% higher on 10, 11 and 13 March, not on the 13th though.", [("rise", (0.2,), [10, 11])]),
    ("hours", "Every night except Tuesday night demand is 20% lower.",
     [("cut", (0.2,), [*range(6), *range(22, 30), 70, 71])]),
    ("hours", "Demand is 20% lower in the mornings except Tuesday morning.",
     [("cut", (0.2,), [*range(6, 12), *range(54, 60)])]),
]  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return load_forecaster(BUILT_IN)[0]


@pytest.mark.parametrize(("kind", "text", "expected"), ROWS)
def test_a_text_is_read_right(kind, text, expected, model):
    found = [(operation, operands, steps) for operation, operands, steps in read(model, text, NOTES_SERIES[kind])]
    assert found == [(operation, tuple(map(float, operands)), list(steps)) for operation, operands, steps in expected]
