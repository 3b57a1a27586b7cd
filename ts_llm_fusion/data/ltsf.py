"""The long-term forecasting sets, at the split borders of the public benchmark code (CALF, Time-Series-Library)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LTSFDataset:
    """One benchmark set.

    Args:
        file: path below the data directory, without compression suffix.
        train_end, val_end, test_end: rows at which the three segments end; later rows are never used.
        num_variables: columns beside the date.
        seasonal_period: steps of the season that seasonal naive repeats, or None where the set has none.
        url: address of the original file, where its checksum is known.
        sha256: checksum of the uncompressed file at that address.
        licence: as its source states it.
    """

    file: str
    train_end: int
    val_end: int
    test_end: int
    num_variables: int
    seasonal_period: int | None
    url: str | None = None
    sha256: str | None = None
    licence: str = "none stated"

    @property
    def borders(self) -> tuple[int, int, int]:
        return self.train_end, self.val_end, self.test_end


_ETT = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small"


def _ett(name: str, steps_per_hour: int, sha256: str) -> LTSFDataset:
    # 12, 4 and 4 months of 30 days.
    month = 30 * 24 * steps_per_hour
    return LTSFDataset(
        file=f"ltsf/{name}.csv",
        train_end=12 * month,
        val_end=16 * month,
        test_end=20 * month,
        num_variables=7,
        seasonal_period=24 * steps_per_hour,
        url=f"{_ETT}/{name}.csv",
        sha256=sha256,
        licence="CC BY-ND 4.0",
    )


def _custom(file: str, rows: int, num_variables: int, seasonal_period: int | None) -> LTSFDataset:
    train, test = int(0.7 * rows), int(0.2 * rows)
    return LTSFDataset(f"ltsf/{file}.csv", train, rows - test, rows, num_variables, seasonal_period)


LTSF_DATASETS: dict[str, LTSFDataset] = {
    "ETTh1": _ett("ETTh1", 1, "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066"),
    "ETTh2": _ett("ETTh2", 1, "a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b"),
    "ETTm1": _ett("ETTm1", 4, "6ce1759b1a18e3328421d5d75fadcb316c449fcd7cec32820c8dafda71986c9e"),
    "ETTm2": _ett("ETTm2", 4, "db973ca252c6410a30d0469b13d696cf919648d0f3fd588c60f03fdbdbadd1fd"),
    "Weather": _custom("weather", 52696, 21, 144),
    "Electricity": _custom("electricity", 26304, 321, 24),
    "Traffic": _custom("traffic", 17544, 862, 24),
    "Exchange": _custom("exchange_rate", 7588, 8, None),
    "ILI": _custom("national_illness", 966, 7, 52),
}
