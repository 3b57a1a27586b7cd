"""`ts-llm-fusion ask`."""

import json
from pathlib import Path

import pandas as pd
import pytest

from ts_llm_fusion.cli import main
from ts_llm_fusion.cli.ask import REFUSED


def test_the_answer_is_printed_and_a_refusal_has_its_own_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sales.csv"
    dates = pd.date_range("2023-01-01", periods=24, freq="MS")
    pd.DataFrame({"date": dates, "sales": [*range(100, 124)]}).to_csv(path, index=False)
    assert main(["ask", str(path), "And in 2024?", "--after", "What was the mean in 2023?", "--unit", "euros"]) == 0
    printed = capsys.readouterr()
    assert printed.out == "The mean in 2024 is 117.5 euros.\n"
    assert printed.err.splitlines()[-1] == f"next: ts-llm-fusion forecast {path}"
    assert main(["ask", str(path), "What was the maximum?", "--json", "--option", "A 123", "B 200"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["route"] == "computed" and found["facts"][0]["value"] == 123 and found["options"]["A 123"] == 0.98
    with pytest.raises(SystemExit) as status:
        main(["ask", str(path), "Why did it rise?"])
    assert status.value.code == REFUSED and capsys.readouterr().out.startswith("I cannot tell: ")
    assert main(["ask", str(path), " "]) == 2 and "question is empty" in capsys.readouterr().err
    path.write_text("date,sales\n2024-01-01,1\n2024-01-01,2\n")
    assert main(["ask", str(path), "What was the maximum?"]) == 2
    assert f"{path}: timestamp 2024-01-01 00:00:00 appears more than once" in capsys.readouterr().err
