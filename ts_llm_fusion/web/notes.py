"""Messages of the package that belong to one request, which the command line prints and the page shows."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[list[str] | None] = ContextVar("notes", default=None)


class _Collector(logging.Handler):
    """Keeps the messages of the request that is running in this context, each once."""

    def emit(self, record: logging.LogRecord) -> None:
        notes, line = _current.get(), " ".join(record.getMessage().split())
        if notes is not None and line not in notes:
            notes.append(line)


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect what the package logs in the body, from INFO on, in this thread and for this request alone."""
    logger, collector = logging.getLogger("ts_llm_fusion"), _Collector(logging.INFO)
    notes: list[str] = []
    token = _current.set(notes)
    logger.addHandler(collector)
    try:
        yield notes
    finally:
        logger.removeHandler(collector)
        _current.reset(token)
