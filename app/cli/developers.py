"""`test` and `check` for those who change Patchbay; `bench` and `faults` where the checkout has them."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys

from app.cli import place
from app.cli.speak import Failed, Out

CHECKS = (
    ("Style", ["-m", "ruff", "check", "."]),
    ("Format", ["-m", "ruff", "format", "--check", "."]),
    ("Types", ["-m", "mypy"]),
    (
        "Imports fall one way",
        ["-c", "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"],
    ),
)
_ADDRESS = re.compile(r"https?://|file:|--(?:extra-)?index-url|--find-links|^-[if]\b", re.M)


def test(args: argparse.Namespace, out: Out) -> None:
    words = list(args.words)
    spread = [] if _chosen(words) or not importlib.util.find_spec("xdist") else _spread()
    os.chdir(place.ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *spread, *words])  # noqa: S606 - our own interpreter


def _spread() -> list[str]:
    """Up to two processes a core, since many tests wait (for vendors that hang, leases that end); whoever is ready takes from
    others. Each has servers of its own, so there are no more of them than pays."""
    cores = os.cpu_count() or 1
    return ["-n", str(max(cores, min(2 * cores, 8))), "--dist", "worksteal"]


def _chosen(words: list[str]) -> bool:
    """Whoever debugs or chooses a number of processes wants it as said."""
    return any(word.startswith(("-n", "--pdb", "-p", "--numprocesses", "--collect-only")) for word in words)


def check(args: argparse.Namespace, out: Out) -> None:
    failed = []
    for name, command in CHECKS:
        out.say(f"== {name}")
        if subprocess.run([sys.executable, *command], cwd=place.ROOT, check=False).returncode:
            failed.append(name)
    out.say("== Lock files name no address")
    if problems := lock_problems():
        failed.append("Lock files name no address")
        for problem in problems:
            out.say(problem)
    if failed:
        raise Failed(f"Not right yet: {', '.join(failed)}.")
    out.say("All checks passed.")


def lock_problems() -> list[str]:
    """Lines of the lock files that would tie everybody to one place to fetch packages from, and pins without a hash."""
    found = []
    for name in ("app/lock.txt", "tests/lock.txt"):
        text = (place.ROOT / name).read_text()
        found += [f"{name}: {line}" for line in text.splitlines() if _ADDRESS.search(line)]
        pins = re.findall(r"^\S+==.*?(?=^\S|\Z)", text, re.M | re.S)
        found += [f"{name}: {pin.split()[0]} has no hash" for pin in pins if "--hash=sha256:" not in pin]
        if not pins:
            found.append(f"{name} pins nothing")
    return found


def bench(args: argparse.Namespace, out: Out) -> None:
    _hand_over("tests.bench", args.words)


def faults(args: argparse.Namespace, out: Out) -> None:
    _hand_over("tests.faults", args.words)


def _hand_over(module: str, words: list[str]) -> None:
    os.chdir(place.ROOT)
    os.execv(sys.executable, [sys.executable, "-m", module, *words])  # noqa: S606 - our own interpreter


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "for developers: style, format, types, imports and lock files"
    commands.add_parser("check", help=text, description=text, parents=[common]).set_defaults(act=check)
    _words(commands, "test", "for developers: the tests; further words go to pytest", test)
    for name, act, text in (
        ("bench", bench, "for developers: measure this machine"),
        ("faults", faults, "for developers: break things under load and see that nothing is lost"),
    ):
        if (place.ROOT / "tests" / name / "__main__.py").exists():
            _words(commands, name, text, act)


def _words(commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str, act: object) -> None:
    parser = commands.add_parser(name, help=text, description=text, add_help=False, prefix_chars="\0")
    parser.add_argument("words", nargs="*")
    parser.set_defaults(act=act)
