"""Commands in processes of their own, forked from the one of the tests, whose imports they need not repeat."""

import logging
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from ts_llm_fusion.cli import main


def run_forked(command: list[str], log: Path, before: Callable[[], None] = lambda: None) -> int:
    """Run a command to its end.

    Args:
        command: arguments of the command line.
        log: file that what it prints is added to.
        before: what the process does first, such as arranging its own end.

    Returns:
        Its exit status; negative for a signal that ended it.
    """
    pid = os.fork()
    if pid == 0:
        sys.stdout = sys.stderr = log.open("a", buffering=1)
        # Those of the tests; the command makes its own.
        logging.root.handlers.clear()
        code = 1
        try:
            before()
            code = main(command)
        except BaseException:  # whatever ends the command ends this process, never the tests in its copy
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
