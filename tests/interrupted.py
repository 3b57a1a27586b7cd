"""Checkpoints of runs that were interrupted."""

import json
from pathlib import Path


def add_earlier_seconds(checkpoint: Path, seconds: float) -> None:
    """Make a checkpoint one that took so many seconds more, of the clock and of the processor."""
    path = checkpoint / "trainer_state.json"
    state = json.loads(path.read_text())
    counted = state["stateful_callbacks"]["CountSeconds"]["attributes"]
    assert counted["earlier"] > 0 and counted["earlier_processor"] > 0
    counted["earlier"] += seconds
    counted["earlier_processor"] += seconds
    # Without checksums, as those of earlier versions.
    del state["stateful_callbacks"]["SealCheckpoint"]
    (checkpoint / "checksums.json").unlink()
    path.write_text(json.dumps(state))
