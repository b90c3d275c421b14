"""`doctor`: looks at everything a hub needs, one line each, with what to do about a problem."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator

from app.cli import checkup, place
from app.cli.checkup import Finding
from app.cli.speak import JSON, Failed, Out, when
from app.settings import Settings


def doctor(args: argparse.Namespace, out: Out) -> JSON:
    found = []
    given = place.with_running(place.settings())
    for name, look in LOOKS.items():
        try:
            state, words = look(given)
        except Exception as problem:
            state, words = "problem", str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        found.append({"what": name, "state": state, "words": words})
        out.say(f"{state:8} {name}: {words}")
    for state, words in _connections(given):
        found.append({"what": "connection", "state": state, "words": words})
        out.say(f"{state:8} {words}")
    bad = sum(line["state"] == "problem" for line in found)
    if bad:
        raise Failed(f"{bad} problem{'s' if bad > 1 else ''}; the lines above say what to do.", found)
    return found


def _python(given: Settings) -> Finding:
    return "ok", f"{sys.version.split()[0]} at {sys.prefix}"


def _home(given: Settings) -> Finding:
    if not given.home.is_dir():
        return "note", f"{given.home} is not there yet; the first start makes it"
    if given.home.stat().st_mode & 0o077:
        return "problem", f"others may look into {given.home}: chmod 700 {given.home}"
    if not os.access(given.home, os.W_OK):
        return "problem", f"{given.home} cannot be written: become its owner, or set PATCHBAY_HOME"
    return "ok", str(given.home)


def _disk(given: Settings) -> Finding:
    there = next(folder for folder in (given.home, *given.home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < given.least_disk:
        least = given.least_disk // (1024 * 1024)
        return (
            "problem",
            f"{free // (1024 * 1024)} MB free. Make room: below {least} MB no event is taken in and no run begun",
        )
    return "ok", f"{free / 1e9:.1f} GB free"


def _redis(given: Settings) -> Finding:
    import redis

    if not given.redis_url:
        return "note", "the embedded Valkey; it runs while Patchbay runs"
    with redis.Redis.from_url(given.redis_url, socket_timeout=3, socket_connect_timeout=3) as client:
        version = client.info("server").get("redis_version")
        policy = client.info("memory").get("maxmemory_policy")
    if policy != "noeviction":
        return "problem", f"it may throw jobs away ({policy}). Set maxmemory-policy noeviction"
    return "ok", f"version {version}"


def _jumps(given: Settings) -> Finding:
    """Jumps of the wall clock: what was to begin at a time may have begun late, or was made good."""
    if not given.database_url and not (given.home / "patchbay.sqlite").exists():
        return "note", "looked at once Patchbay has been started"
    with place.hub() as hub:
        from app.core import wall

        jumped = wall.jump(hub)
    if jumped is None:
        return "ok", "the clock went on steadily"
    return "note", f"{wall.words(jumped[1])}, at {when(jumped[0])}. See whether it is right: date"


def _connections(given: Settings) -> Iterator[Finding]:
    """Each account, called live. Nothing to look at before the first start."""
    if not given.database_url and not (given.home / "patchbay.sqlite").exists():
        return
    with place.hub() as hub:
        from app.core import connections

        for row in connections.listing(hub):
            if row["practice"] or not row["has_credentials"]:
                continue
            checked = connections.check(hub, row["id"])
            state = "ok" if checked["ok"] else "problem"
            yield state, f"{row['title']} ({row['name']}): {checked['words']}"


LOOKS: dict[str, Callable[[Settings], Finding]] = {
    "python": _python,
    "home": _home,
    "disk": _disk,
    "keys": checkup.keys,
    "database": checkup.database,
    "redis": _redis,
    "clock": checkup.clock,
    "jumps": _jumps,
    "processes": checkup.processes,
    "public address": checkup.public_address,
    "hold": checkup.on_hold,
}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "look at everything the hub needs and say what is wrong"
    commands.add_parser("doctor", help=text, description=text, parents=[common]).set_defaults(act=doctor)
    text = "which Patchbay this is"
    commands.add_parser("version", help=text, description=text, parents=[common]).set_defaults(act=version)


def version(args: argparse.Namespace, out: Out) -> JSON:
    import tomllib

    number = tomllib.loads((place.ROOT / "pyproject.toml").read_text())["project"]["version"]
    out.say(f"Patchbay {number}")
    return {"version": number, "python": sys.version.split()[0]}
