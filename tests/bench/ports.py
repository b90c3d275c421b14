"""Free ports, and waiting until something listens on one."""

from __future__ import annotations

import socket
import subprocess
import time
from http.client import HTTPConnection, HTTPException


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def opened(port: int, process: subprocess.Popen[bytes], path: str = "/healthz", seconds: float = 60) -> None:
    """Until it answers an HTTP request, whatever it says. Raises RuntimeError when the process ends or takes too long."""
    until = time.monotonic() + seconds
    while not _answers(port, path):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"nothing answers on port {port}: {process.args!r} ended with {process.poll()}")
        time.sleep(0.01)


def _answers(port: int, path: str) -> bool:
    wire = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        wire.request("GET", path)
        return wire.getresponse().status > 0
    except (OSError, HTTPException):
        return False
    finally:
        wire.close()
