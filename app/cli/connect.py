"""`connect` makes a connection; `connections` lists them and tests each one live."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli import place
from app.cli.speak import JSON, Failed, Misused, Out, pairs

if TYPE_CHECKING:
    from app.core.hub import Hub
    from connectors.contract import Connector, Field


def connect(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import connections

        connector = _connector(hub.connectors, args.slug)
        if connector.oauth and not connector.takes_key:
            return _app(hub, connector, args, out)
        given = {name: _value(text) for name, text in pairs(args.secret, "--secret").items()}
        _known(connector, given)
        credentials = {**_asked(connector.auth.fields, given), **given}
        hook_secret = _value(args.hook_secret or "")
        made = connections.create(
            hub, args.slug, credentials, name=args.name or "", hook_secret=hook_secret, by=place.who()
        )
        shown = _make(hub, made, hook_secret)
    out.say(f"Connected {connector.title}{_account(made)}. Its id is {made['id']}.")
    if connector.hook and made.get("hook_address"):
        out.say(f"The address for {connector.title} to call: {made['hook_address']}")
        for number, step in enumerate(connector.hook.guide, 1):
            out.say(f"  {number}. {step}")
        if not hook_secret and not connector.hook.makes:
            out.say(
                f"{connector.title} may not call it yet: add {connector.hook.secret_label} on the Connections page, "
                "or connect again with --hook-secret."
            )
    for what in shown:
        out.say(f"{what['label']}: {what['text']} (shown only now)")
    return {**made, "made": shown} if shown else made


def _make(hub: Hub, connection: Mapping[str, JSON], hook_secret: str) -> list[dict[str, str]]:
    """The secrets that the hub chooses, where nobody gave one: the command is the only one who ever shows them."""
    from app.core import connections, made

    saved = connections.form(hub, connection["id"])
    wanted = [
        what
        for what in made.can_be(hub, connection["id"])
        if (not hook_secret if what == made.HOOK else not saved.get(what))
    ]
    pairs_ = [pair for what in wanted for pair in made.make(hub, connection["id"], what, by=place.who())]
    return [{"label": label, "text": text} for label, text in pairs_]


def _app(hub: Hub, connector: Connector, args: argparse.Namespace, out: Out) -> JSON:
    """Keeps our app's registration; a person signs in with it in the browser."""
    from app.core import apps

    given = {name: _value(text) for name, text in pairs(args.secret, "--secret").items()}
    if unknown := sorted(set(given) - {"client_id", "client_secret"}):
        raise Misused(f"{connector.title} has no field {unknown[0]!r}. Its fields are: client_id, client_secret.")
    if given:
        apps.save(hub, connector.slug, given.get("client_id", ""), given.get("client_secret", ""), by=place.who())
    page = f"{hub.settings.address}/connections/new/{connector.slug}"
    out.say(f"{connector.title} is connected by signing in there. The return address of your app is")
    out.say(f"  {apps.return_address(hub, connector.slug)}")
    out.say(f"Open this page and press “Sign in at {connector.title}”: {page}")
    return {"slug": connector.slug, "app": apps.get(hub, connector.slug) is not None, "page": page}


def _account(made: Mapping[str, JSON]) -> str:
    return f" ({made['account_name']})" if made.get("account_name") else ""


def _connector(known: Mapping[str, Connector], slug: str) -> Connector:
    if slug in known:
        return known[slug]
    raise Misused(f"There is no connector called {slug!r}. There are: {', '.join(sorted(known))}.")


def _known(connector: Connector, given: Mapping[str, str]) -> None:
    names = [field.name for field in connector.auth.fields]
    for name in given:
        if name not in names:
            raise Misused(f"{connector.title} has no field {name!r}. Its fields are: {', '.join(names)}.")


def _value(text: str) -> str:
    """`@file` and `-` keep a secret out of the shell's history and of the process list."""
    if text == "-":
        return getpass.getpass("Value (not shown): ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text().strip()
    except OSError as problem:
        raise Failed(f"{text[1:]} cannot be read: {problem.strerror}. Give the file with the secret after @.") from None


def _asked(fields: tuple[Field, ...], given: Mapping[str, str]) -> dict[str, str]:
    """What was not given is asked for, if somebody sits there."""
    missing = [field for field in fields if field.name not in given and not field.optional]
    if not sys.stdin.isatty():
        missing = [field for field in missing if not field.choices]  # the first one is meant then
    if missing and not sys.stdin.isatty():
        words = " ".join(f"--secret {field.name}=@FILE" for field in missing)
        raise Misused(f"Still missing: {words} (or {missing[0].name}=- to type it).")
    answers = {}
    for field in missing:
        print(f"{field.label}. {field.help}".strip(), file=sys.stderr)
        for name, words in field.choices.items():
            print(f"  {name}: {words}", file=sys.stderr)
        answers[field.name] = getpass.getpass("> ") if field.secret else input("> ").strip()
    return answers


def listing(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import connections

        if args.what == "check":
            return _check_all(hub, out)
        from app.core import forecast

        ends = forecast.read(hub)
        rows = [{**row, "ends": forecast.plain(ends[row["id"]])} for row in connections.listing(hub)]
    columns = {
        "Id": "id",
        "App": "title",
        "Name": "name",
        "Account": "account_name",
        "State": "words",
        "Practice": "practice",
        "Last event": "last_event_at",
    }
    out.table(rows, columns, "Nothing is connected yet. Connect an account with: patchbay connect zoom")
    for row in rows:
        if row["ends"]["tone"] != "good" and not row["practice"]:
            out.say(f"{row['name']} ({row['id']}): {row['ends']['words']}")
    return rows


def _check_all(hub: Hub, out: Out) -> JSON:
    from app.core import connections

    rows = []
    for connection in connections.listing(hub):
        row = connections.check(hub, connection["id"])
        rows.append(row)
        out.say(f"{'ok' if row['ok'] else 'problem':8} {row['title']} ({row['name']}, {row['id']}): {row['words']}")
    bad = [row for row in rows if not row["ok"]]
    if not rows:
        out.say("Nothing is connected yet. Connect an account with: patchbay connect zoom")
    if bad:
        raise Failed(f"{len(bad)} of {len(rows)} connections need you; the lines above say what to do.", rows)
    return rows


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "connect an account; asks for what is missing"
    parser = commands.add_parser("connect", help=text, description=text, parents=[common])
    parser.add_argument("slug", metavar="SLUG", help="zoom, notion, openai …")
    parser.add_argument(
        "--secret", metavar="FIELD=VALUE", action="append", help="VALUE may be @FILE, or - to type it or pipe it in"
    )
    parser.add_argument("--hook-secret", metavar="V", help="what the vendor signs its calls with; @FILE and - as above")
    parser.add_argument("--name", metavar="N", help="how to call this connection")
    parser.set_defaults(act=connect)
    text = "list the connections, or test each one live"
    parser = commands.add_parser("connections", help=text, description=text, parents=[common])
    parser.add_argument("what", nargs="?", choices=["check"], help="check: call each vendor now")
    parser.set_defaults(act=listing)
