"""`retry` a run, `replay` an event, `undo` what a run wrote."""

from __future__ import annotations

import argparse

from app.cli import place
from app.cli.speak import JSON, Failed, Out


def retry(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app import jobs
        from app.core import runs

        found = runs.retry(hub, args.run, by=place.who())
        jobs.ring_run(hub.settings, args.run)
    out.say(f"The run {args.run} goes on from the step where it stopped. See it with: patchbay run show {args.run}")
    return found


def replay(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app import jobs
        from app.core import events

        started = events.replay(hub, args.event, by=place.who())
        for run in started:
            jobs.ring_run(hub.settings, run)
    if not started:
        raise Failed("No recipe that is switched on wants this event. Switch one on with: patchbay recipe enable SLUG")
    for run in started:
        out.say(f"Started over. See it with: patchbay run show {run}")
    return {"event": args.event, "runs": started}


def undo(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app import jobs
        from app.core import undo as noun

        plan = noun.plan(hub, args.run)
        for line in plan:
            out.say(f"{'back' if line['goes'] else 'stays':6} {line['label']} {line['url']} {line['why']}".rstrip())
        if args.plan:
            return plan
        noun.start(hub, args.run, by=place.who())
        jobs.ring_run(hub.settings, args.run)
    out.say(f"On its way. See it with: patchbay run show {args.run}")
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
