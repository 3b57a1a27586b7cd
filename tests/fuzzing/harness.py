"""Running of many cases: each ends with a right answer or with a documented error of one line, in bounded time."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from ts_llm_fusion.errors import refuses_input
from ts_llm_fusion.requirements import MissingPackageError

# Seconds of processor time after which a case counts as a hang; most take milliseconds.
_LONGEST = 30.0
_LONGEST_MESSAGE = 2000


@dataclass(frozen=True)
class Family:
    """A kind of input.

    Args:
        name: of the kind.
        cases: strategy of the cases.
        check: runs a case in an empty folder, and checks the answer by invariants; raises what the package raises.
        share: of all cases of a run.
        prepare: makes what all cases share.
    """

    name: str
    cases: SearchStrategy
    check: Callable[[Any, Path], None]
    share: float
    prepare: Callable[[], Any] = lambda: None


class Hang(AssertionError):
    """A case that takes longer than a case may."""


class Reach(AssertionError):
    """A case that does what no input may make the package do."""


class _Guard:
    """Refuses, while it is on, whatever reaches out of a folder: writes elsewhere, processes, sockets, pickles."""

    # Events of `sys.audit` that no input may lead to.
    forbidden = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "pickle.find_class")
    # Those that change files: a path first, and last the folder that it is relative to, -1 for the current one.
    changes = ("os.remove", "os.mkdir", "os.rmdir", "os.chmod")

    def __init__(self) -> None:
        self.folder: Path | None = None
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        if event in self.forbidden:
            raise Reach(f"{event}: {arguments!r:.200}")
        if event == "open":
            path, mode, _ = arguments
            if isinstance(path, str | bytes) and isinstance(mode, str) and set(mode) & set("wax+"):
                self._check(path)
        elif event in self.changes:
            self._check(arguments[0], arguments[-1])
        elif event == "os.rename":
            self._check(arguments[1], arguments[-1])

    def _check(self, path: Any, folder: int = -1) -> None:
        if isinstance(path, int):
            return
        base = Path.cwd() if folder < 0 else Path(f"/proc/self/fd/{folder}").resolve()
        place = base / os.fsdecode(path)
        if self.folder not in place.parents and place != self.folder and place != Path(os.devnull):
            raise Reach(f"{place}: written outside of {self.folder}")


_GUARD: _Guard | None = None


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Allow a case its folder and `_LONGEST` seconds of processor time."""
    global _GUARD
    _GUARD = _GUARD or _Guard()

    def hang(number: int, frame: Any) -> None:
        raise Hang(f"no answer after {_LONGEST:.0f} seconds")

    before = signal.signal(signal.SIGVTALRM, hang)
    signal.setitimer(signal.ITIMER_VIRTUAL, _LONGEST)
    _GUARD.folder = folder
    try:
        yield
    finally:
        _GUARD.folder = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def is_documented(error: Exception) -> bool:
    """Whether the command line shows an error as one line, in place of a traceback."""
    message = str(error)
    refused = isinstance(error, OSError | MissingPackageError) or refuses_input(error)
    return refused and bool(message) and "\n" not in message and len(message) < _LONGEST_MESSAGE


def run(family: Family, number: int, number_of_seed: int, folder: Path) -> Counter:
    """Run cases of a family.

    Returns:
        Number of cases that were `answered` and `refused`.
    """
    counts: Counter = Counter()
    family.prepare()

    @seed(number_of_seed)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(family.cases)
    def every_case(case: Any) -> None:
        try:
            with guarded(folder):
                family.check(case, folder)
        except (ValueError, OSError, MissingPackageError) as error:
            if not is_documented(error):
                raise
            counts["refused"] += 1
        else:
            counts["answered"] += 1

    every_case()
    print(f"fuzzing {family.name}: seed {number_of_seed}, {counts.total()} cases, "
          f"{counts['refused']} refused, {counts['answered']} answered", flush=True)  # fmt: skip
    return counts
