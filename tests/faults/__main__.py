"""`python3 -m app faults`: plays the fault matrix against the hub's real processes."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.faults import table
from tests.faults.bed import Bed, bed
from tests.faults.case import Case, Found
from tests.faults.line import Line
from tests.faults.lines import LINES
from tests.faults.mutants import MUTANTS
from tests.faults.mutation import WAYS
from tests.faults.parts import can_trace
from tests.faults.stories import Story
from tests.faults.table import Row
from tests.postgres import NoPostgres
from tests.postgres import Server as Postgres

TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
PATIENCE = 0.1
_OWN_FAULT = ("AttributeError", "TypeError", "NameError")  # of a mutant: it stumbled, and broke nothing


def main() -> int:
    given = _given()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))  # the processes it started end with it
    if given.mutants or given.mutant:
        return mutants([given.mutant] if given.mutant else list(MUTANTS))
    rows: list[Row] = []
    for name in TITLES if given.db == "both" else (given.db,):
        rows += matrix(name, given)
    print(table.summary(rows), file=sys.stderr if given.json else sys.stdout)
    if given.json:
        print(json.dumps(table.document(rows), ensure_ascii=False))
    if given.markdown:
        Path(given.markdown).write_text(table.markdown(rows) + "\n")
    return 1 if any(row.bad for row in rows) else 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m app faults", description=__doc__)
    parser.add_argument("--db", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--only", metavar="LINE", action="append", help="only lines with these words in their name")
    parser.add_argument(
        "--way", metavar="WAY", default="", help="only events of this way or safety class, such as zoom or keyed"
    )
    parser.add_argument("--tries", metavar="N", type=int, default=0, help="of each line, instead of its own number")
    parser.add_argument("--short", action="store_true", help="few tries of each line")
    parser.add_argument("--mutants", action="store_true", help="break the protocol on purpose: each must be noticed")
    parser.add_argument("--mutant", metavar="NAME", choices=sorted(MUTANTS), help="only this one")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--markdown", metavar="FILE", help="also write the table as Markdown")
    return parser.parse_args()


def chosen(only: Sequence[str] | None, database: str) -> list[Line]:
    """Raises SystemExit for words that stand in no name."""
    lines = [line for line in LINES if line.only in ("", database)]
    if not only:
        return lines
    found = [line for line in lines if any(words.lower() in line.name.lower() for words in only)]
    if not found and not any(words.lower() in line.name.lower() for words in only for line in LINES):
        raise SystemExit(f"No line has {' or '.join(only)} in its name. There is: {'; '.join(x.name for x in LINES)}")
    return found


def matrix(database: str, given: argparse.Namespace) -> list[Row]:
    lines = chosen(given.only, database)
    out = sys.stderr if given.json else sys.stdout
    rows: list[Row] = []
    if not lines:
        return rows
    try:
        with (
            folder() as place,
            server(database) as (url, postgres),
            bed(place, url, postgres, patience=PATIENCE) as made,
        ):
            print(table.head(TITLES[database]), file=out, flush=True)
            for story, line in ways(made, lines, given.way):
                made.story = story
                rows.append(play(made, line, given.tries or (line.few if given.short else line.tries)))
                print(table.body(rows[-1]), file=out, flush=True)
    except NoPostgres as problem:
        rows = [Row(TITLES[database], "", line.name, Found(), str(problem)) for line in lines]
    return rows


def mutants(names: Sequence[str]) -> int:
    """Each against the line that must notice it. 1 when one was not noticed, or could not be made."""
    survived = 0
    print(f"\n{'broken on purpose':24}  {'line that must notice':54}  noticed", flush=True)
    for name in names:
        caught = noticed(name)
        survived += not caught
        print(f"{name:24}  {MUTANTS[name].line:54}  {caught or 'NO'}", flush=True)
    print(f"{len(names)} mutants, {survived} not noticed.")
    return 1 if survived else 0


def noticed(name: str) -> str:
    """By what a mutant was given away, or "" if it was not. Raises RuntimeError if it could not be made."""
    mutant = MUTANTS[name]
    (line,) = (line for line in LINES if line.name == mutant.line)
    with folder() as place:
        marks = place / "marks"
        env = {"FAULTS_MUTANT": name, "FAULTS_MARKS": str(marks), "PYTHONPATH": WAYS}
        with bed(place, "", None, patience=PATIENCE, env=env) as made:
            row = play(made, line, mutant.tries)
        if not marks.exists() or set(marks.read_text().split()) != set(mutant.breaks):
            raise RuntimeError(f"the mutant {name!r} changed nothing: what it breaks has another name now")
    if any(word in sentence for sentence in row.sentences() for word in _OWN_FAULT):
        raise RuntimeError(f"the mutant {name!r} does not fit the code any more: {row.sentences()}")
    return (row.sentences() or [""])[0]


def ways(made: Bed, lines: Sequence[Line], only: str) -> Iterator[tuple[Story, Line]]:
    """All lines with recaps, and those about lost answers with every safety class."""
    stories: list[Story] = [made.recaps, *made.tasks]
    wanted = [story for story in stories if not only or only.lower() in story.title.lower()]
    played = [(s, line) for s in wanted for line in lines if line.classes or s is made.recaps]
    yield from sorted(played, key=lambda one: one[1].last)


def play(made: Bed, line: Line, tries: int) -> Row:
    """One line, in peace again afterwards."""
    row = Row(made.database, made.story.title, line.name, Found(), line.needs() if line.needs else "")
    if not row.not_yet and line.traced:
        row.not_yet = can_trace()
    if row.not_yet:
        return row
    made.only("web", "worker", "clock")
    made.books.well_again()
    made.worker_ready()
    case = Case(made, tries, line.within)
    line.play(case)
    row.found = case.check()
    return row


@contextmanager
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def server(database: str) -> Iterator[tuple[str, Postgres | None]]:
    """The address of an empty database; "" is the hub's own SQLite."""
    if database == "sqlite":
        yield "", None
        return
    started = Postgres(durable=True)
    try:
        engine = create_engine(started.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text("create database faults"))
        engine.dispose()
        yield started.url("faults"), started
    finally:
        started.stop()


if __name__ == "__main__":
    sys.exit(main())
