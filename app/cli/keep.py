"""`keep`: how long things are kept, and choosing it."""

from __future__ import annotations

import argparse

from app.cli import place
from app.cli.speak import JSON, Misused, Out, pairs


def keep(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import keeping

        wanted = pairs(args.kinds, "keep")
        try:
            days = keeping.choose(hub, wanted, by=place.who()) if wanted else keeping.days(hub)
        except ValueError as problem:
            raise Misused(f"{problem}.") from problem
        removed = keeping.removed(hub)
    for kind in keeping.KINDS:
        out.say(f"{kind.name:11} {days[kind.name]:6,} days  {kind.title}. {kind.after}")
    for line in removed:
        out.say(f"Removed on {line['day']}: {line['count']:,} {keeping.REMOVED.get(line['kind'], line['kind'])}")
    return {"days": days, "removed": removed}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "how long things are kept; keep contents=30 changes it"
    parser = commands.add_parser("keep", help=text, description=text, parents=[common])
    parser.add_argument("kinds", metavar="KIND=DAYS", nargs="*", help="what to keep for how many days from now on")
    parser.set_defaults(act=keep)
