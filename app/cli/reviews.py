"""What waits for a person: `reviews` lists it, `review decide` settles one."""

from __future__ import annotations

import argparse

from app.cli import place
from app.cli.speak import JSON, Out, since, when


def listing(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import reviews

        start = since(args.since) if args.since else 0
        rows = reviews.listing(hub, state=args.state, since=start, after=args.after or "", limit=args.limit)
    for row in rows:
        out.say(f"{row['id']}  {when(row['opened_at'])}  {row['title']}\n  {row['says']}")
        if row["state"] == "open":
            for answer, words in row["decisions"].items():
                more = " --id ITS-ID" if answer == "arrived" and (row["facts"] or {}).get("needs_id") else ""
                out.say(f"  {words}: patchbay review decide {row['id']} {answer}{more}")
        else:
            out.say(f"  {row['state']}: {row['decision']} by {row['decided_by'] or 'the hub'}")
    if not rows:
        out.say("Nothing waits for you." if args.state == "open" else "There are none.")
    if len(rows) == args.limit:
        out.say(f"Further ones: the same command with --after {rows[-1]['id']}")
    return rows


def decide(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app import jobs
        from app.core import reviews

        done = reviews.decide(hub, args.id, args.decision, by=place.who(), arrived_as=args.arrived_as)
        if done["run"]:
            jobs.ring_run(hub.settings, done["run"])
        elif done["event"]:
            jobs.ring_event(hub.settings, done["event"])
    out.say(f"Decided: {done['decision']}.")
    return done


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "what waits for a person"
    parser = commands.add_parser("reviews", help=text, description=text, parents=[common])
    parser.add_argument("--state", metavar="S", default="open", help="open, decided or expired (open)")
    parser.add_argument("--since", metavar="T", help="30m, 2h, 3d, or a date such as 2026-11-25")
    parser.add_argument("--limit", metavar="N", type=int, default=200, help="how many at most (200)")
    parser.add_argument("--after", metavar="ID", help="go on after this id, which a list that was cut names")
    parser.set_defaults(act=listing)
    text = "review decide ID approve|decline|…: settle one"
    under = commands.add_parser("review", help=text, description=text).add_subparsers(metavar="decide", required=True)
    parser = under.add_parser("decide", help=text, description=text, parents=[common])
    parser.add_argument("id", metavar="ID")
    parser.add_argument("decision", metavar="DECISION", help="one of the answers that `patchbay reviews` names")
    parser.add_argument("--id", dest="arrived_as", metavar="ID", default="", help="of what arrived, at the vendor")
    parser.set_defaults(act=decide)
