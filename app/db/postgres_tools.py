"""PostgreSQL's own programs: `pg_dump`, `pg_restore` and `psql`, found, checked against the server, and run without a password
in their arguments, where every user of the machine could read it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

_DEBIAN = Path("/usr/lib/postgresql")  # where Debian and Ubuntu keep each version: <major>/bin


class NoTools(Exception):
    """The programs are missing, too old, or failed; the text says what to do."""


class Tools:
    """The programs of one release that fits the server of `url`. Raises NoTools."""

    def __init__(self, url: str, server: int) -> None:
        """`server`: the server's major version."""
        self.server = server
        self._folder = _fitting(server)
        address = make_url(url).set(drivername="postgresql")
        self._password = address.password or ""
        self._address = address.set(password=None).render_as_string(hide_password=False)

    def dump(self, file: Path) -> None:
        """The whole database, as it is at one moment, in PostgreSQL's custom format; then its table of contents is read."""
        words = ["--format=custom", "--no-owner", "--no-privileges", f"--file={file}", f"--dbname={self._address}"]
        self._run("pg_dump", words)
        self._run("pg_restore", ["--list", str(file)])

    def rows(self, file: Path, table: str) -> list[list[str]]:
        """What a dump holds of one table, each row as its fields in COPY's text form."""
        said = self._run("pg_restore", ["--data-only", f"--table={table}", "--file=-", str(file)]).decode()
        found = re.search(r"^COPY .*?;\n(.*?)^\\\.$", said, re.MULTILINE | re.DOTALL)
        return [line.split("\t") for line in found[1].splitlines()] if found else []

    def load(self, file: Path, before: str, after: str) -> None:
        """`before`, the dump and `after` in one transaction: all of it or nothing."""
        psql = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--dbname={self._address}"]
        dumped = self._open("pg_restore", ["--file=-", "--no-owner", "--no-privileges", str(file)], read=True)
        loading = self._open("psql", [*psql, "--file=-"], read=False)
        assert dumped.stdout
        assert loading.stdin
        try:
            loading.stdin.write(before.encode() + b"\n")
            for line in dumped.stdout:
                if self.server >= 17 or not line.startswith(b"SET transaction_timeout"):  # unknown to older servers
                    loading.stdin.write(line)
            if dumped.wait() == 0:  # else psql meets the end without `after`, and what it has done must not stay
                loading.stdin.write(b"\nreset search_path;\n" + after.encode() + b"\n")  # the dump has emptied it
            else:
                loading.stdin.write(b"\nselect 1/0;\n")
            loading.stdin.close()
        except BrokenPipeError:
            dumped.kill()
        _check("pg_restore", dumped)
        _check("psql", loading)

    def _open(self, name: str, words: list[str], *, read: bool) -> subprocess.Popen[bytes]:
        """stderr goes to a pipe that is read at the end; these programs say little."""
        return subprocess.Popen(
            [str(self._folder / name), *words],
            env=self._environment(),
            stdin=subprocess.DEVNULL if read else subprocess.PIPE,
            stdout=subprocess.PIPE if read else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def _run(self, name: str, words: list[str]) -> bytes:
        done = subprocess.run(
            [str(self._folder / name), *words], env=self._environment(), capture_output=True, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            raise NoTools(f"{name} failed: {_last(done.stderr)}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **({"PGPASSWORD": self._password} if self._password else {})}


def server_major(conn: Connection) -> int:
    return int(conn.execute(text("show server_version_num")).scalar_one()) // 10_000


def _fitting(server: int) -> Path:
    """The folder of the oldest programs that are not older than the server."""
    found = {major: folder for folder in _folders() if (major := _major(folder))}
    fits = [major for major in found if major >= server]
    if fits:
        return found[min(fits)]
    wanted = f"sudo apt install postgresql-client-{server}"
    if not found:
        raise NoTools(f"pg_dump is not installed. Install PostgreSQL's client programs ({wanted}), then try again.")
    raise NoTools(
        f"pg_dump here is of version {max(found)}, older than the server ({server}). "
        f"Install the client programs of version {server} or newer ({wanted}), then try again."
    )


def _folders() -> list[Path]:
    on_path = shutil.which("pg_dump")
    debian = sorted(_DEBIAN.glob("*/bin")) if _DEBIAN.is_dir() else []
    return [*debian, *([Path(on_path).parent] if on_path else [])]


def _major(folder: Path) -> int:
    """0 when one of the three is missing or does not run."""
    if not all((folder / name).exists() for name in ("pg_dump", "pg_restore", "psql")):
        return 0
    said = subprocess.run([str(folder / "pg_dump"), "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0


def _check(name: str, process: subprocess.Popen[bytes]) -> None:
    assert process.stderr
    with process.stderr as pipe:
        said = pipe.read()
    if process.stdout:
        process.stdout.close()
    if process.wait():
        raise NoTools(f"{name} failed; nothing was changed: {_last(said)}")


def _last(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "it did not say why")
