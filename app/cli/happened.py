"""What happened, newest first: `events`, `runs`, `run show`, `writes`."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli import place
from app.cli.speak import JSON, Failed, Out, since, when


def events(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import events as noun

        rows = noun.listing(hub, **_filters(args))
    columns = {
        "Id": "id",
        "Received": "received_at",
        "Kind": "kind",
        "State": "state",
        "Copies": "copies",
        "Why": "error",
    }
    out.table(rows, columns, "No events yet. They appear here as soon as a vendor calls.")
    return rows


def runs(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import runs as noun

        rows = noun.listing(hub, **_filters(args), recipe=args.recipe or "")
    columns = {"Id": "id", "Begun": "made_at", "Recipe": "recipe", "About": "title", "State": "state", "Why": "why"}
    out.table(rows, columns, "No runs yet. Switch a recipe on, then try it with: patchbay demo")
    return rows


def writes(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import writes as noun

        rows = noun.listing(hub, **_filters(args))
    columns = {
        "Id": "id",
        "Made": "made_at",
        "Action": "action",
        "State": "state",
        "At the vendor": "result_id",
        "Run": "run",
    }
    out.table(rows, columns, "Nothing was written yet.")
    return rows


def show(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import runs as noun

        story = noun.story(hub, args.id)
    if not story:
        raise Failed(f"There is no run {args.id}. `patchbay runs` lists them.")
    tell(story, out)
    return story


def tell(story: dict[str, Any], out: Out) -> None:
    """The run as lines."""
    run = story.get("run", story)
    out.say(f"{run.get('title') or run['recipe']}: {run['state']}{', ' + run['why'] if run.get('why') else ''}")
    for step in story.get("steps", []):
        out.say(f"  {when(step['started_at']) if step.get('started_at') else '-':19}  {_step(step)}")
        for write in step.get("writes", []):
            out.say(
                f"{'':23}{write.get('says') or write['action']}: {write['state']} {write.get('url') or ''}".rstrip()
            )
    if run.get("error"):
        out.say(f"  {run['error']}")


def _step(step: dict[str, Any]) -> str:
    name = f"{step.get('step') or step.get('id')}{' ' + str(step['item']) if step.get('item') else ''}"
    return f"{name}: {step.get('state')}{', ' + step['error'] if step.get('error') else ''}"


def _filters(args: argparse.Namespace) -> dict[str, Any]:
    return {"state": args.state or "", "since": since(args.since) if args.since else 0, "limit": args.limit}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    for name, act, text in (
        ("events", events, "what vendors told us"),
        ("runs", runs, "what the recipes did"),
        ("writes", writes, "what was changed at the vendors"),
    ):
        parser = commands.add_parser(name, help=text, description=text, parents=[common])
        parser.add_argument("--state", metavar="S", help="only those in this state")
        parser.add_argument("--since", metavar="T", help="30m, 2h, 3d, or a date such as 2026-11-25")
        parser.add_argument("--limit", metavar="N", type=int, default=50, help="how many at most (50)")
        if name == "runs":
            parser.add_argument("--recipe", metavar="SLUG", help="only of this recipe")
        parser.set_defaults(act=act)
    text = "run show ID: one run, step by step"
    again = commands.choices["run"].add_subparsers(metavar="show ID")
    parser = again.add_parser("show", help=text, description=text, parents=[common])
    parser.add_argument("id", metavar="ID")
    parser.set_defaults(act=show)
