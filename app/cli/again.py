"""`retry` a run, `replay` an event, `undo` what a run wrote."""

from __future__ import annotations

import argparse

from app.cli import place
from app.cli.speak import JSON, Failed, Out


def retry(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app import jobs
        from app.core import runs

        runs.retry(hub, args.run, place.who())
        jobs.ring_run(hub.settings, args.run)
    out.say(f"The run {args.run} goes on from the step where it stopped. See it with: patchbay run show {args.run}")
    return {"run": args.run}


def replay(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app import jobs
        from app.core import events

        found = events.replay(hub, args.event, place.who())
        jobs.ring_event(hub.settings, args.event)
    out.say("The event goes through its recipes again. See the new run with: patchbay runs")
    return {"event": args.event, "runs": found}


def undo(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app import jobs
        from app.core import undo as noun

        plan = noun.plan(hub, args.run)
        if not plan:
            raise Failed(f"The run {args.run} wrote nothing that can be taken back.")
        for line in plan:
            out.say(f"- {line.get('says') or line.get('action')}")
        if args.plan:
            return plan
        noun.start(hub, args.run, place.who())
        jobs.ring_run(hub.settings, args.run)
    out.say(f"Taking back what nobody has changed since. See it with: patchbay run show {args.run}")
    return {"run": args.run, "plan": plan}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    for name, act, word, text in (
        ("retry", retry, "run", "let a run that stopped go on; nothing that is done is done again"),
        ("replay", replay, "event", "send a stored event through its recipes again"),
        ("undo", undo, "run", "take back what a run wrote, except where somebody changed it since"),
    ):
        parser = commands.add_parser(name, help=text, description=text, parents=[common])
        parser.add_argument(word, metavar=word.upper())
        if name == "undo":
            parser.add_argument("--plan", action="store_true", help="only say what would be taken back")
        parser.set_defaults(act=act)
