"""Errors of the user are one line; faults of the package show their traceback."""

from pathlib import Path

import pytest

from ts_llm_fusion.cli import forecast, main
from ts_llm_fusion.errors import UserError
from ts_llm_fusion.modeling.configuration_llmps import LLMPSConfig


def run(monkeypatch: pytest.MonkeyPatch, work) -> int:
    monkeypatch.setattr(forecast, "main", lambda args: work())
    return main(["forecast"])


def refuse() -> None:
    raise UserError("--levels is 2;\n give a number below 1.")


def test_input_to_change_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, refuse) == 2
    assert capsys.readouterr().err == "ts-llm-fusion: error: --levels is 2; give a number below 1.\n"


def test_a_configuration_refuses_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, lambda: LLMPSConfig(context_length=0)) == 2
    assert "context_length is 0; it must be at least 1" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, Path("nowhere/x.csv").read_text) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("fault", [lambda: int("x"), lambda: [].index(1), lambda: {}["x"]])
def test_a_fault_of_the_package_shows_its_traceback(monkeypatch: pytest.MonkeyPatch, fault) -> None:
    with pytest.raises((ValueError, KeyError)):
        run(monkeypatch, fault)
