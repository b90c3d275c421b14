"""Zoom's sample deliveries, as they are or with other values in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent / "samples" / "zoom"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def changed(name: str = "summary_completed", /, **changes: Any) -> bytes:
    """A sample with other values in its object, or (names with a dot in front: top level) around it."""
    document = json.loads(sample(name))
    for key, value in changes.items():
        holder = document if key in ("event", "event_ts", "payload") else document["payload"]["object"]
        holder[key] = value
    return json.dumps(document).encode()
