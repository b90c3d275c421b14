"""`demo`: fires the shipped samples at a running hub, or at one of its own, and prints what was written where."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli import page_text, place, supervisor
from app.cli.speak import JSON, Failed, Out

if TYPE_CHECKING:
    from app.core.hub import Hub

LONGEST = 60.0  # seconds for one sample
ENDED = ("done", "failed", "waiting", "cancelled", "undone")
_OURS = ("PATCHBAY_", "DATABASE_URL", "REDIS_URL", "OPENAI_", "PORT", "TRUSTED_HOSTS")


def demo(args: argparse.Namespace, out: Out) -> JSON:
    if _is_running():
        out.say("Using the hub that is running.")
        return _fire_all(out, args.sample)
    out.say("Starting a hub of its own for this demo.")
    with _own_hub():
        return _fire_all(out, args.sample)


def _is_running() -> bool:
    """By `run` on this home; or, with a Redis of their own, the three processes started one by one."""
    given = place.settings()
    return bool(place.look(given.home)) or bool(given.redis_url and supervisor.answers(given.port))


@contextmanager
def _own_hub() -> Iterator[None]:
    """A hub in a temporary home that shares nothing with the real one, not even its environment."""
    home = tempfile.mkdtemp(prefix="patchbay-demo-")
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    os.environ.update(PATCHBAY_HOME=home, PORT="0")
    command = [sys.executable, str(place.ROOT / "app" / "__main__.py"), "run", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        if not process.stdout or not process.stdout.readline():
            raise Failed(f"The demo's hub did not start:\n{process.communicate()[1].strip()}")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()
        shutil.rmtree(home, ignore_errors=True)
        os.environ.clear()
        os.environ.update(before)


def _fire_all(out: Out, only: str | None) -> JSON:
    with place.hub() as hub:
        from app.core import recipes, samples

        todo = [
            (page.recipe.title, page.slug, name)
            for page in recipes.listing(hub)
            if page.recipe and page.practice and page.practice.is_on
            for name in samples.names(hub, page.slug)
            if only in (None, name)
        ]
        if not todo and only:
            raise Failed(f"There is no sample called {only}, or its recipe is not on for the practice accounts.")
        if not todo:
            raise Failed(
                "No recipe is on for the practice accounts. See them with: patchbay recipe list, and switch one on with: "
                "patchbay recipe enable SLUG --practice"
            )
        found = [_fire(hub, out, *one) for one in todo]
    lost = [one for one in found if not one["arrived"]]
    if lost:
        raise Failed(f"{len(lost)} of {len(found)} samples did not arrive; the lines above say why.", found)
    out.say(f"All {len(found)} samples arrived." if len(found) > 1 else "The sample arrived.")
    return found


def _fire(hub: Hub, out: Out, title: str, slug: str, sample: str) -> dict[str, JSON]:
    from app.core import runs

    out.say(f"\n{title}: the sample {sample}")
    began = time.monotonic()
    event, run = _sent(hub, slug, sample)
    took = time.monotonic() - began
    if run is None:
        out.say(f"  Nothing came of it in {took:.0f} s. Is the worker running? See: patchbay doctor")
        return {"recipe": slug, "sample": sample, "event": event, "arrived": False, "writes": []}
    story = runs.story(hub, run["id"])
    arrived = run["state"] == "done" and all(write["state"] == "done" for write in story["writes"])
    words = "Arrived" if arrived else run["state"].capitalize()
    out.say(f"  {words} after {took:.1f} s. {run['error'] or run['why']}".rstrip())
    pages = [_tell(hub, out, write) for write in story["writes"]]
    return {
        "recipe": slug,
        "sample": sample,
        "event": event,
        "run": run["id"],
        "arrived": arrived,
        "seconds": round(took, 2),
        "writes": pages,
    }


def _sent(hub: Hub, slug: str, sample: str) -> tuple[str, dict[str, JSON] | None]:
    """(event, run); a recipe of times has no event."""
    from app import jobs
    from app.core import recipes, samples

    loaded = recipes.get(hub, slug).recipe
    if loaded is None or loaded.schedule is None:
        event = samples.send(hub, slug, sample)
        return event, _ended(hub, slug, event=event)
    run = samples.begin(hub, slug, sample)
    jobs.ring_run(hub.settings, run)
    return "", _ended(hub, slug, run=run)


def _ended(hub: Hub, slug: str, *, event: str = "", run: str = "") -> dict[str, JSON] | None:
    from app.core import runs

    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        found = [runs.get(hub, run)] if run else [r for r in runs.listing(hub, event=event) if r["recipe"] == slug]
        if found and found[0]["state"] in ENDED:
            return found[0]
        time.sleep(0.05)
    return None


def _tell(hub: Hub, out: Out, write: dict[str, JSON]) -> dict[str, JSON]:
    told = {name: write[name] for name in ("action", "state", "url", "result_id")}
    out.say(f"  {write['action']}: {write['state']} {write['url']}".rstrip())
    if write["action"] == "notion.create_page" and write["state"] == "done":
        told["text"] = _page(hub, write)
        for line in told["text"].splitlines():
            out.say(f"    {line}".rstrip())
    return told


def _page(hub: Hub, write: dict[str, JSON]) -> str:
    """What stands in the practice Notion now, asked from it and not from our own records."""
    from app.core.connections import asking
    from app.core.opening import open_connection
    from connectors.contract import Unavailable

    opened = open_connection(hub, write["connection"])

    def get(path: str, query: dict[str, JSON]) -> JSON:
        for _ in range(30):  # it keeps the real one's limit of three requests a second
            try:
                return asking(opened, lambda: opened.client.get(path, query))
            except Unavailable as problem:
                time.sleep(problem.seconds or 1.0)
        raise Failed("The practice Notion asks us to slow down again and again. Try again in a minute.")

    return "\n".join(page_text.lines(get, write["result_id"]))


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "fire the shipped samples through the practice accounts and print what was written where"
    parser = commands.add_parser("demo", help=text, description=text, parents=[common])
    parser.add_argument("--sample", metavar="NAME", help="only this one")
    parser.set_defaults(act=demo)
