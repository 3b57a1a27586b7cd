"""Backtest the built-in forecaster with and without covariates, beside naive baselines.

python examples/backtest.py
"""

from pathlib import Path

import pandas as pd

from ts_llm_fusion import cross_validation, score_forecasts

SALES = Path(__file__).parent / "sales.csv"


def main() -> None:
    sales = pd.read_csv(SALES)
    for columns, known in (([], []), (["price", "promo"], []), (["price", "promo"], ["price", "promo"])):
        backtest = cross_validation(
            sales[["store", "timestamp", "sales", *columns]],
            prediction_length=14,
            windows=4,
            baselines=["repeat_last", "seasonal_naive"],
            id_column="store",
            target="sales",
            known_covariates=known,
        )
        print(f"covariates: {', '.join(columns) or 'none'}; known ahead: {', '.join(known) or 'none'}")
        scores = score_forecasts(backtest)[["forecaster", "mase", "wql", "mae", "coverage"]]
        print(scores.to_string(index=False, float_format="%.3f"))


if __name__ == "__main__":
    main()
