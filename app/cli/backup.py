"""`backup`, `restore` and `resume`: a copy of everything but the keys, putting one back, and going on after it."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli import place
from app.cli.speak import JSON, Failed, Out, when
from app.settings import Settings

if TYPE_CHECKING:
    from app.core.hold import Hold


def backup(args: argparse.Namespace, out: Out) -> JSON:
    from app.db import backup as copies
    from app.db.postgres_tools import NoTools

    given = place.settings()
    if copies.is_empty(given):
        raise Failed("There is nothing to back up yet: this hub has not been started. Start it with: python3 -m app")
    file = Path(args.out).absolute() if args.out else given.home / "backups" / _name(given, "patchbay")
    try:
        copies.make(given, file)
    except (copies.NoBackup, NoTools) as problem:
        raise Failed(str(problem)) from problem
    except OSError as problem:
        raise Failed(
            f"{file} cannot be written ({problem.strerror}). Choose another place with --out FILE."
        ) from problem
    out.say(f"Backed up to {file} ({file.stat().st_size / 1e6:.1f} MB), and checked.")
    out.say(_about_keys(given))
    return {"file": str(file), "bytes": file.stat().st_size, "keys": where_keys(given)}


def _name(given: Settings, start: str) -> str:
    ending = "sqlite" if given.database.startswith("sqlite") else "dump"
    return f"{start}-{time.strftime('%Y%m%d-%H%M%S')}.{ending}"


def where_keys(given: Settings) -> str:
    """Where the keys of this hub lie, for people."""
    return "PATCHBAY_KEYS" if given.keys else str(given.home / "keys")


def _about_keys(given: Settings) -> str:
    return (
        f"The keys are not in it: they are in {where_keys(given)}. Keep a copy of them in another place than the backups; "
        "without them nobody can read the saved credentials, and with both anybody can."
    )


def restore(args: argparse.Namespace, out: Out) -> JSON:
    from app.core.hold import RESTORED, sql
    from app.core.vault import Sealed
    from app.db import backup as copies
    from app.db.postgres_tools import NoTools

    given, file = place.settings(), Path(args.file).absolute()
    if not file.is_file():
        raise Failed(f"There is no file {file}.")
    place.make_home(given)
    with place.hold(given.home):
        refuse_in_use(given)
        is_empty = copies.is_empty(given)
        if not is_empty and not args.replace:
            raise Failed(
                "This hub holds data already. Add --replace to put the backup in its place; what is there now is kept."
            )
        aside = given.home / "backups" / _name(given, "replaced")
        plan = copies.Plan(check=lambda house: _fits(given, house), hold=sql(RESTORED), finish=_finish)
        try:
            copies.restore(given, file, aside, plan)
        except (copies.NoBackup, NoTools, Sealed) as problem:
            raise Failed(str(problem)) from problem
    kept = "" if is_empty else str(aside)
    out.say(f"Put back from {file}." + (f" What was there before is kept in {kept}." if kept else ""))
    out.say(
        "Start Patchbay now. It takes in what comes, but sends nothing until the owner presses Resume, or: patchbay resume"
    )
    return {"file": str(file), "kept": kept or None, "held": True}


def refuse_in_use(given: Settings) -> None:
    """Raises Failed while any of our processes has the database open."""
    from app.db import backup as copies

    if who := copies.in_use(given):
        raise Failed(f"Patchbay is still at work: {who}. Stop it everywhere (web, worker and clock), then try again.")


def _fits(given: Settings, kept: dict[str, str]) -> None:
    """Before anything is changed: these keys open what is in the backup. Raises Sealed."""
    from app.core.vault import Sealed, Vault, ensure_keys

    if "secret" not in kept:
        return  # of a hub that never started
    vault = Vault(ensure_keys(given))
    try:
        vault.open(json.loads(kept["secret"]).encode(), "house:secret:value")
    except Sealed:
        raise Sealed(
            f"This backup was made with other keys than those in {where_keys(given)}. Put the keys that belong to it there "
            "(the file `keys` of that hub, or its PATCHBAY_KEYS), then try again. Nothing was changed."
        ) from None


def _finish(given: Settings) -> None:
    from app.core import hold
    from app.core.hub import open_hub
    from app.db.migrate import migrate

    migrate(given)
    hub = open_hub(given)
    try:
        hold.look(hub)
    finally:
        hub.close()


def resume(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import hold

        done = hold.resume(hub, by=place.who())
    out.say(
        f"Resumed. {done['events']} events and {done['runs']} runs go on; {done['reviews']} things wait for a person."
    )
    return done


def say_held(out: Out, held: Hold) -> None:
    out.say(
        f"On hold since {when(held.since)}: nothing is sent until the owner resumes. See the pages, or: patchbay resume"
    )


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "copy all data to one file, also while Patchbay runs; the keys are not in it"
    parser = commands.add_parser("backup", help=text, description=text, parents=[common])
    parser.add_argument("--out", metavar="FILE", help="where to (a new file in the home's folder backups)")
    parser.set_defaults(act=backup)
    text = "put a backup in the place of the data; afterwards nothing is sent until `resume`"
    parser = commands.add_parser("restore", help=text, description=text, parents=[common])
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--replace", action="store_true", help="although there is data already; it is kept aside")
    parser.set_defaults(act=restore)
    text = "go on after `restore`, or after the data was moved to another place"
    commands.add_parser("resume", help=text, description=text, parents=[common]).set_defaults(act=resume)
