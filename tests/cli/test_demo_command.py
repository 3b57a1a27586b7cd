"""`ts-llm-fusion demo`."""

import socket
from pathlib import Path

import pytest

from ts_llm_fusion.cli import main


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--port", "0"], "--port is 0; give a number from 1 to 65535."),
        (["--model", "./nowhere"], "./nowhere"),
        (["--compare", "built-in"], "two models are called 'built-in'"),
        (["--hots", "0.0.0.0"], "did you mean '--host'?"),
    ],
)
def test_bad_flags_are_one_line(flags: list[str], message: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["demo", *flags]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("ts-llm-fusion:")]
    assert message in line


def test_a_port_that_is_taken_is_said_before_models_are_loaded(capsys: pytest.CaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port), "--model", "./nowhere"]) == 2
    assert f"--host 127.0.0.1 --port {port}: cannot listen there (Address already in use" in capsys.readouterr().err


def test_the_page_is_for_this_machine_alone_and_names_models_without_their_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ts_llm_fusion.families import BUILT_IN

    (tmp_path / "sales").symlink_to(BUILT_IN)
    served = []
    monkeypatch.setattr("ts_llm_fusion.web.page.make_page", lambda offer, reader: [*offer.models, *offer.others])
    monkeypatch.setattr("ts_llm_fusion.web.server.serve", lambda *given: served.append(given))
    assert main(["demo", "--compare", str(tmp_path / "sales"), "--port", "7999"]) == 0
    ((names, host, port),) = served
    assert names[:2] == ["built-in", "sales"] and names[2:] == ["sales", "seasonal_naive", "naive2", "repeat_last"]
    assert (host, port) == ("127.0.0.1", 7999)
