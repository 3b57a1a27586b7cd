"""Requests of visitors: a time limit, and one line for an error."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from ..errors import UserError, refuses_input
from ..requirements import MissingPackageError
from . import words
from .handlers import Changes
from .notes import collected

logger = logging.getLogger(__name__)

# Seconds that a request, or a piece of an answer, may take.
_SECONDS = 60.0


def _within_limit(function: Callable[..., Any], *args: Any) -> Any:
    """Result of a function; ValueError if it takes longer than the limit."""
    pool = ThreadPoolExecutor(1, "request")
    try:
        return pool.submit(copy_context().run, function, *args).result(_SECONDS)
    except TimeoutError:
        raise UserError(f"this took more than {_SECONDS:.0f} s; give fewer rows, series or steps.") from None
    finally:
        pool.shutdown(wait=False)


def _fault(error: Exception) -> Changes:
    """An error as one line; one that is not the visitor's goes to the log, and the visitor is told no more."""
    if isinstance(error, OSError | MissingPackageError) or refuses_input(error):
        return {"status": words.fault(" ".join(str(error).split()))}
    logger.error("a request failed", exc_info=error)
    return {"status": words.fault("The page failed at this, and its log says why; try another table or setting.")}


def guarded(handler: Callable[..., Changes], *args: Any) -> Changes:
    """Changes of the page by a handler, with its messages or its error in one line."""
    with collected() as lines:
        try:
            changes = _within_limit(handler, *args)
        except Exception as error:  # as at the end of a command, in `cli.main`
            return _fault(error)
    return {"status": words.notes(lines), **changes}


def guarded_stream(handler: Callable[..., Iterator[Changes]], *args: Any) -> Iterator[Changes]:
    """Changes of the page by a handler that streams them, with its error in one line."""
    yield {"status": ""}
    try:
        stream = handler(*args)
        while (changes := _within_limit(next, stream, None)) is not None:
            yield changes
    except Exception as error:  # as above
        yield _fault(error)
