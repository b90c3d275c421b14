"""`user add`: somebody who may sign in."""

from __future__ import annotations

import argparse
import getpass
import sys

from app.cli import place
from app.cli.speak import JSON, Out


def add_user(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import users

        made = users.add(hub, email=args.email, name=args.name or args.email, role=args.role, password=_password())
    out.say(f"{made.email} may sign in as {made.role}.")
    return {"id": made.id, "email": made.email, "name": made.name, "role": made.role}


def _password() -> str:
    """Typed twice, or one line piped in; never on the command line, which others can see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != first:
        raise ValueError("The two passwords differ. Start again.")
    return first


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "user add EMAIL: somebody who may sign in; asks for the password or reads it from stdin"
    under = commands.add_parser("user", help=text, description=text).add_subparsers(metavar="add", required=True)
    parser = under.add_parser("add", help=text, description=text, parents=[common])
    parser.add_argument("email", metavar="EMAIL")
    parser.add_argument("--name", metavar="N")
    parser.add_argument("--role", default="owner", choices=["owner", "builder", "approver", "viewer"])
    parser.set_defaults(act=add_user)
