"""The `patchbay` command: exit 0 it worked, 1 it did not, 2 it was typed wrongly. Errors are sentences."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from app.cli.speak import Failed, Misused, Out
from app.settings import BadSettings

NOUNS = (
    "processes",
    "demo",
    "connect",
    "recipes",
    "happened",
    "again",
    "reviews",
    "people",
    "keep",
    "backup",
    "keys",
    "doctor",
    "developers",
    "reference",
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Misused(f"{message}\n{self.format_usage().strip()}\nFor more: {self.prog} --help")


def main(args: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if args is None else args)
    as_json = "--json" in words
    out = Out(as_json)
    try:
        given = _parser().parse_args(words if any(w for w in words if w != "--json") else [*words, "run"])
        document = given.act(given, out)
        if document is not None:
            out.document(document)
    except Misused as problem:
        return _failed(2, problem, None, as_json)
    except Failed as problem:
        return _failed(1, problem, problem.document, as_json)
    except KeyboardInterrupt:
        return _failed(1, "Stopped.", None, as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read us has seen enough
        return 1
    except Exception as problem:
        return _failed(1, _sentence(problem), None, as_json)
    return 0


def _failed(code: int, problem: object, document: Any, as_json: bool) -> int:
    print(problem, file=sys.stderr, flush=True)
    if as_json:
        print(json.dumps(document if document is not None else {"error": str(problem)}, ensure_ascii=False), flush=True)
    return code


def _sentence(problem: Exception) -> str:
    """What core raises is written for people; anything else is our bug and says so in one line."""
    if isinstance(problem, (BadSettings, ValueError, LookupError)) or _is_ours(problem):
        return str(problem.args[0]) if isinstance(problem, KeyError) and problem.args else str(problem)
    if type(problem).__module__.startswith(("sqlalchemy", "psycopg", "sqlite3")):
        first = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        return (
            f"The database cannot be used: {first}\nCheck DATABASE_URL and the disk; `patchbay doctor` looks at both."
        )
    return f"This is a mistake in Patchbay, please report it: {type(problem).__name__}: {problem}"


def _is_ours(problem: Exception) -> bool:
    return type(problem).__module__.split(".")[0] in ("app", "connectors")


def _parser() -> argparse.ArgumentParser:
    import importlib

    common = _Parser(add_help=False)
    text = "print one JSON document on stdout; messages go to stderr"
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=text)
    parser = _Parser(prog="patchbay", description="Wires together the tools that a small business already uses.")
    parser.add_argument("--json", action="store_true", help=text)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for noun in NOUNS:
        importlib.import_module(f"app.cli.{noun}").add(commands, common)
    return parser
