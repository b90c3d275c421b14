"""What waits for a person: `reviews` lists it, `review decide` settles one."""

from __future__ import annotations

import argparse

from app.cli import place
from app.cli.speak import JSON, Out, since


def listing(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import reviews

        rows = reviews.listing(hub, state=args.state)
    after = since(args.since) if args.since else 0
    rows = [row for row in rows if row["opened_at"] >= after]
    columns = {"Id": "id", "Opened": "opened_at", "Kind": "kind", "State": "state", "What": "says", "Run": "run"}
    out.table(rows, columns, "Nothing waits for you.")
    return rows


def decide(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app import jobs
        from app.core import reviews

        found = reviews.get(hub, args.id)
        decision = " ".join([args.decision, *args.more])
        done = reviews.decide(hub, args.id, decision, by=place.who())
        if found and found.get("run"):
            jobs.ring_run(hub.settings, found["run"])
    out.say(f"Decided: {decision}.")
    return done if done is not None else {"review": args.id, "decision": decision}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "what waits for a person"
    parser = commands.add_parser("reviews", help=text, description=text, parents=[common])
    parser.add_argument("--state", metavar="S", default="open", help="open, decided or expired (open)")
    parser.add_argument("--since", metavar="T", help="30m, 2h, 3d, or a date such as 2026-11-25")
    parser.set_defaults(act=listing)
    text = "review decide ID approve|decline|…: settle one"
    under = commands.add_parser("review", help=text, description=text).add_subparsers(metavar="decide", required=True)
    parser = under.add_parser("decide", help=text, description=text, parents=[common])
    parser.add_argument("id", metavar="ID")
    parser.add_argument("decision", metavar="DECISION", help="one of the answers that `patchbay reviews` names")
    parser.add_argument("more", metavar="VALUE", nargs="*")
    parser.set_defaults(act=decide)
