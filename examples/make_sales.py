"""Make the two tables of the examples: daily sales of two stores, and prices and promotions of the next two weeks.

    python examples/make_sales.py

The sales are made up: a level, a week, an effect of price and promotion that differs by store, and noise.
"""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent
HISTORY, HORIZON = 182, 14
# store -> (level, weekly profile from Monday to Sunday, effect of a unit of price, effect of a promotion)
STORES = {
    "north": (120.0, (0, 2, 4, 6, 22, 38, -30), -6.0, 35.0),
    "south": (75.0, (6, 4, 0, 2, 10, 14, -20), -3.0, 18.0),
}


def make_store(name: str, rng: np.random.Generator) -> pd.DataFrame:
    """Days of a store: store, timestamp, sales, price, promo."""
    level, week, price_effect, promo_effect = STORES[name]
    days = pd.date_range("2024-03-04", periods=HISTORY + HORIZON)
    price = np.repeat(rng.choice([9.5, 10.0, 10.5, 11.0], size=len(days) // 7), 7)
    promo = (rng.random(len(days) // 7) < 0.25).repeat(7) & (days.day_of_week >= 3)
    promo[-HORIZON:] = np.arange(HORIZON) % 7 == 3
    sales = level + np.array(week)[days.day_of_week] + price_effect * (price - 10) + promo_effect * promo
    sales = (sales + rng.normal(scale=4, size=len(days))).round().astype(int)
    return pd.DataFrame({"store": name, "timestamp": days, "sales": sales, "price": price, "promo": promo.astype(int)})


def main() -> None:
    rng = np.random.default_rng(7)
    stores = [make_store(name, rng) for name in STORES]
    pd.concat([days.iloc[:-HORIZON] for days in stores]).to_csv(FOLDER / "sales.csv", index=False)
    future = pd.concat([days.iloc[-HORIZON:] for days in stores]).drop(columns="sales")
    future.to_csv(FOLDER / "future.csv", index=False)


if __name__ == "__main__":
    main()
