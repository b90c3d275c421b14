"""`keys rotate`: a new key for all that is encrypted."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from app.cli import place
from app.cli.backup import refuse_in_use, where_keys
from app.cli.speak import JSON, Failed, Out
from app.settings import Settings


def rotate(args: argparse.Namespace, out: Out) -> JSON:
    from app.core import resealing
    from app.core.hub import open_hub
    from app.core.vault import ensure_keys, new_key
    from app.db import backup as copies

    given = place.settings()
    if copies.is_empty(given):
        raise Failed("There is nothing encrypted yet: this hub has not been started. Start it with: python3 -m app")
    with place.hold(given.home):
        refuse_in_use(given)
        if not given.keys:
            _write(given.home / "keys", [new_key(), *ensure_keys(given)])
        hub = open_hub(given)
        try:
            done = resealing.reseal(hub)
        finally:
            hub.close()
        left = sum(done.unreadable.values())
        forgets = bool(args.forget and not given.keys and not left)
        if forgets:
            _write(given.home / "keys", list(ensure_keys(given))[:1])
    _say(out, given, sum(done.anew.values()), left, forgets)
    return {"anew": done.anew, "unreadable": done.unreadable, "forgotten": forgets}


def _write(file: Path, keys: list[str]) -> None:
    """Whole or not at all: without its keys nobody can read the database."""
    draft = file.with_suffix(".new")
    with draft.open("w") as text:
        os.fchmod(text.fileno(), 0o600)
        text.write("\n".join(keys) + "\n")
        text.flush()
        os.fsync(text.fileno())
    draft.replace(file)


def _say(out: Out, given: Settings, anew: int, left: int, forgets: bool) -> None:
    out.say(f"{anew} values are encrypted with the newest key now. Start Patchbay again.")
    if left:
        out.say(
            f"{left} values cannot be opened with any of the keys in {where_keys(given)}, and were left as they are."
        )
    if forgets:
        out.say("The keys before it are gone: backups made until now cannot be read any more. Make a new one.")
    else:
        out.say(
            f"Older keys are no longer needed for this hub, only for backups made until now. They stay in {where_keys(given)} "
            "until you take them out" + ("." if given.keys else ", or until: patchbay keys rotate --forget")
        )


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = (
        "encrypt all data anew with a new key, while Patchbay is stopped (with PATCHBAY_KEYS: with the first of them)"
    )
    parser = commands.add_parser("keys", help=text, description=text, parents=[common])
    parser.add_argument("what", choices=["rotate"])
    parser.add_argument("--forget", action="store_true", help="and give up the older keys; older backups need them")
    parser.set_defaults(act=rotate)
