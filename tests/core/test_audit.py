"""The audit trail: every line covers the one before, so an edited, deleted or moved line is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, delete, select, update

from app.core import audit, house
from app.core.hub import Hub
from app.db.models import audit as lines

BOTH = pytest.mark.both_databases


@pytest.fixture
def trail(hub: Hub) -> Hub:
    """Six lines."""
    _ = hub.secret
    for n in range(6):
        hub.db.write(lambda conn, n=n: audit.add(conn, hub, "Ana", f"did {n}", f"run:{n}", {"n": n}))  # type: ignore[misc]
    return hub


@BOTH
def test_an_untouched_trail_verifies(trail: Hub) -> None:
    assert audit.verify(trail) == (6, None)


def test_an_empty_trail_verifies(hub: Hub) -> None:
    assert audit.verify(hub) == (0, None)


@pytest.mark.parametrize("column", ["at", "who", "what", "object", "facts", "prev", "hash"])
def test_an_edited_line_is_found(trail: Hub, column: str) -> None:
    value = 7 if column == "at" else "{}"
    trail.db.write(lambda conn: conn.execute(update(lines).where(lines.c.no == 3).values({column: value})))
    assert audit.verify(trail)[1] == 3


@pytest.mark.parametrize("number", [1, 3, 5, 6])
def test_a_deleted_line_is_found(trail: Hub, number: int) -> None:
    trail.db.write(lambda conn: conn.execute(delete(lines).where(lines.c.no == number)))
    assert audit.verify(trail)[1] == number


@BOTH
def test_a_tail_that_was_cut_off_is_found(trail: Hub) -> None:
    trail.db.write(lambda conn: conn.execute(delete(lines).where(lines.c.no > 4)))
    assert audit.verify(trail) == (4, 5)
    trail.db.write(lambda conn: conn.execute(delete(lines)))
    assert audit.verify(trail) == (0, 1)


def test_a_tail_that_was_cut_off_is_found_although_the_end_was_moved(trail: Hub) -> None:
    def cut(conn: Connection) -> None:
        conn.execute(delete(lines).where(lines.c.no > 4))
        last = conn.execute(select(lines.c.hash).where(lines.c.no == 4)).scalar_one()
        end = house.get(conn, "audit_end")
        house.put(conn, "audit_end", end | {"no": 4, "hash": last})

    trail.db.write(cut)
    assert audit.verify(trail)[1] == 4


@BOTH
def test_a_trail_that_goes_on_after_it_was_cut_shows_where(trail: Hub) -> None:
    trail.db.write(lambda conn: conn.execute(delete(lines).where(lines.c.no > 4)))
    trail.db.write(lambda conn: audit.add(conn, trail, "Ana", "went on", "run:x", {}))
    assert audit.verify(trail)[1] == 5


def test_lines_of_an_older_release_behind_the_known_end_belong_to_the_trail(trail: Hub) -> None:
    end = house_row(trail)
    trail.db.write(lambda conn: audit.add(conn, trail, "Ana", "one more", "run:x", {}))
    trail.db.write(lambda conn: house.put(conn, "audit_end", end))  # which knows of no such row
    assert audit.verify(trail) == (7, None)


def house_row(hub: Hub) -> dict[str, object]:
    with hub.db.read() as conn:
        return dict(house.get(conn, "audit_end"))


def test_a_deleted_line_is_found_even_when_the_rest_is_renumbered(trail: Hub) -> None:
    trail.db.write(lambda conn: conn.execute(delete(lines).where(lines.c.no == 3)))
    for number in (4, 5, 6):
        moved = update(lines).where(lines.c.no == number).values(no=number - 1)
        trail.db.write(lambda conn, moved=moved: conn.execute(moved))  # type: ignore[misc]
    assert audit.verify(trail)[1] == 3


def test_two_lines_that_changed_places_are_found(trail: Hub) -> None:
    for was, becomes in ((3, 99), (4, 3), (99, 4)):
        moved = update(lines).where(lines.c.no == was).values(no=becomes)
        trail.db.write(lambda conn, moved=moved: conn.execute(moved))  # type: ignore[misc]
    assert audit.verify(trail)[1] == 3


def test_a_line_that_somebody_wrote_by_hand_is_found(trail: Hub) -> None:
    with trail.db.read() as conn:
        last = conn.execute(select(lines.c.hash).where(lines.c.no == 6)).scalar_one()
    forged = {"no": 7, "at": 1, "who": "Ana", "what": "approved", "object": "x", "facts": "{}", "prev": last}
    trail.db.write(lambda conn: conn.execute(lines.insert().values(**forged, hash="0" * 64)))
    assert audit.verify(trail)[1] == 7


def test_a_genuine_line_from_another_history_is_found(trail: Hub) -> None:
    """Say, from a backup that went on by itself: its own hash is right, but what follows was not built on it."""
    end, last = house_row(trail), lines.c.no == 7
    trail.db.write(lambda conn: audit.add(conn, trail, "Ana", "did 6", "run:6", {}))
    with trail.db.read() as conn:
        kept = dict(conn.execute(select(lines).where(last)).mappings().one())
    trail.db.write(lambda conn: conn.execute(delete(lines).where(last)))
    trail.db.write(lambda conn: house.put(conn, "audit_end", end))  # the backup has that too
    for _ in range(2):
        trail.db.write(lambda conn: audit.add(conn, trail, "Ben", "did otherwise", "run:6", {}))
    assert audit.verify(trail) == (8, None)
    trail.db.write(lambda conn: conn.execute(update(lines).where(last).values(**kept)))
    assert audit.verify(trail)[1] == 8


@BOTH
def test_lines_written_at_once_have_no_gap_and_no_fork(hub: Hub) -> None:
    _ = hub.secret

    def say(n: int) -> None:
        hub.db.write(lambda conn: audit.add(conn, hub, "", f"did {n}", "hub", {}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say, range(30)))
    assert audit.verify(hub) == (30, None)


def test_a_line_is_gone_with_the_transaction_it_belongs_to(hub: Hub) -> None:
    _ = hub.secret

    def half(conn: Connection) -> None:
        audit.add(conn, hub, "Ana", "did", "run:1", {})
        raise ValueError

    with pytest.raises(ValueError):
        hub.db.write(half)
    assert audit.verify(hub) == (0, None)


def test_nobody_named_means_the_hub_itself(hub: Hub) -> None:
    _ = hub.secret
    hub.db.write(lambda conn: audit.add(conn, hub, "", "did", "run:1", {"b": 1, "a": 2}))
    with hub.db.read() as conn:
        line = conn.execute(select(lines)).mappings().one()
    assert (line["who"], line["facts"]) == ("hub", '{"a": 2, "b": 1}')
