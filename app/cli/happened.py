"""What happened, newest first: `events`, `runs`, `run show`, `writes`."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli import place
from app.cli.speak import JSON, Out, since, when


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
    _older(rows, args, out)
    return rows


def runs(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import runs as noun

        rows = noun.listing(hub, **_filters(args), recipe=args.recipe or "")
    columns = {"Id": "id", "Begun": "made_at", "Recipe": "recipe", "About": "title", "State": "state", "Why": "why"}
    out.table(rows, columns, "No runs yet. Switch a recipe on, then try it with: patchbay demo")
    _older(rows, args, out)
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
        "Where": "url",
        "Run": "run",
    }
    out.table(rows, columns, "Nothing was written yet.")
    _older(rows, args, out)
    return rows


def show(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import runs as noun

        story = noun.story(hub, args.id)
    tell(story, out)
    return story


def tell(story: dict[str, Any], out: Out) -> None:
    """The run as lines."""
    run = story["run"]
    out.say(f"{run['title'] or run['recipe']}: {run['state']}{', ' + run['why'] if run['why'] else ''}")
    if story["behind"]:
        out.say(f"  {_behind(story['behind'])}")
    untouched = ": nothing to do" if run["state"] == "done" else ": not yet"
    for step in story["steps"]:
        out.say(f"  {step['label']} ({step['id']}){'' if step['entries'] else untouched}")
        for entry in step["entries"]:
            out.say(f"    {when(entry['started_at']) if entry['started_at'] else '-':19}  {_entry(entry)}")
        for write in step["writes"]:
            out.say(f"    {write['action']}: {write['state']} {write['url'] or write['error']}".rstrip())
    for review in story["reviews"]:
        if review["state"] == "open":
            out.say(f"  Waits for you: {review['says']} (patchbay reviews)")
    if run["error"]:
        out.say(f"  {run['error']}")
    if story["tokens"]:
        out.say(f"  The language model used {story['tokens']} tokens, {story['cost'] / 1_000_000:.4f} dollars.")


def _behind(first: dict[str, Any]) -> str:
    """Which run of the same key comes first, and what that one waits for."""
    more = f", with {first['between']} between" if first["between"] else ""
    why = f", which waits: {first['why']}" if first["why"] else f", which is {first['state']}"
    return f"Behind run {first['id']}{more}{why}"


def _entry(entry: dict[str, Any]) -> str:
    words = [entry["item"], entry["state"], entry["error"]]
    if entry["started_at"] and entry["ended_at"]:
        words.append(f"after {(entry['ended_at'] - entry['started_at']) / 1000:.1f} s")
    return " ".join(word for word in words if word)


def _filters(args: argparse.Namespace) -> dict[str, Any]:
    start = since(args.since) if args.since else 0
    return {"state": args.state or "", "since": start, "before": args.before or "", "limit": args.limit}


def _older(rows: list[dict[str, Any]], args: argparse.Namespace, out: Out) -> None:
    """How to go on where the list was cut."""
    if len(rows) == args.limit:
        out.say(f"Older ones: the same command with --before {rows[-1]['id']}")


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
        text = "only those older than this id, which a list that was cut names"
        parser.add_argument("--before", metavar="ID", help=text)
        if name == "runs":
            parser.add_argument("--recipe", metavar="SLUG", help="only of this recipe")
        parser.set_defaults(act=act)
    text = "run show ID: one run, step by step"
    again = commands.choices["run"].add_subparsers(metavar="show ID")
    parser = again.add_parser("show", help=text, description=text, parents=[common])
    parser.add_argument("id", metavar="ID")
    parser.set_defaults(act=show)
