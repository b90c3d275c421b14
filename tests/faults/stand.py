"""What a person with a terminal sees of a hub, and what its vendors have in their books."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from app import cli

_OURS = ("PATCHBAY_", "DATABASE_URL", "REDIS_URL", "OPENAI_", "PORT", "TRUSTED_HOSTS")


class Told(Exception):
    """The command said that it did not work."""


def patchbay(env: Mapping[str, str], *words: str) -> Any:
    """What `patchbay … --json` prints for this hub. In this process, because starting one takes a second. Raises Told."""
    out, err = io.StringIO(), io.StringIO()
    with _environment(env), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main([*words, "--json"])
    if code:
        raise Told(f"patchbay {' '.join(words)}: {err.getvalue().strip()[-500:]}")
    return json.loads(out.getvalue())


@contextmanager
def _environment(env: Mapping[str, str]) -> Iterator[None]:
    before, mask = dict(os.environ), os.umask(0o077)
    for name in [n for n in os.environ if n.startswith(_OURS)]:
        del os.environ[name]
    os.environ.update({n: v for n, v in env.items() if n.startswith(_OURS)})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.umask(mask)


class Books:
    """A stand-in vendor's control door: its ledger, and the faults it is to have."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ledger(self, slug: str = "", after: int = 0, *, bodies: bool = True) -> list[dict[str, Any]]:
        """Every request with a higher number than `after`, in order."""
        return list(self.ask(f"ledger?slug={slug}&bodies={int(bodies)}&after={after}"))

    def last(self) -> int:
        return max((row["no"] for row in self.ledger(bodies=False)), default=0)

    def fault(self, slug: str, do: str, **more: Any) -> None:
        self.ask("faults", {"slug": slug, "do": do, **more})

    def release(self) -> None:
        """Whatever is held goes on."""
        self.ask("release", {})

    def held(self, after: int = 0) -> int:
        return sum(1 for row in self.ledger(after=after, bodies=False) if row["held"])

    def well_again(self) -> None:
        """No fault is left, and nothing is held."""
        self.ask("faults", method="DELETE")
        self.release()

    def ask(self, path: str, body: Any = None, method: str = "") -> Any:
        raw = None if body is None else json.dumps(body).encode()
        verb = method or ("GET" if raw is None else "POST")
        url = f"http://127.0.0.1:{self.port}/_control/{path}"
        with urlopen(Request(url, raw, {"Content-Type": "application/json"}, method=verb), timeout=120) as answer:
            return json.loads(answer.read())
