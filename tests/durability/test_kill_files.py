"""kill -9 at every point at which a file is taken: once in the database, and in the folder until it is there."""

from __future__ import annotations

from app.core import files, folder
from tests.durability.smithy import Smithy


def test_a_web_process_killed_while_it_takes_a_file(smithy: Smithy) -> None:
    """Whoever saw no answer drops it again."""
    world, own = smithy.world, smithy.world.connection("files")
    at, end = 0, ""
    while end != "left":
        at += 1
        case, text = smithy.case(deliver=False), f"content {at}"
        end = case.kill(at, "drop", given={"place": own, "name": "a.txt", "text": text}).end
        again = files.take(world.hub, files.place(world.hub, own), "a.txt", text.encode(), "Ana")
        assert again.state in ("taken", "copy")
        assert files.content(world.hub, own, again.event) == ("a.txt", text.encode()), at
    stored = [one for one in world.events() if one["kind"] == "files.dropped"]
    assert len(stored) == at > 5


def test_a_clock_killed_while_it_takes_a_file_from_the_folder(smithy: Smithy) -> None:
    """The next look finds it where it was, or moved; its event is there once."""
    world, own = smithy.world, smithy.world.connection("files")
    lying = folder.make(world.hub, own)
    at, end = 0, ""
    while end != "left":
        at += 1
        case = smithy.case(deliver=False)
        (lying / f"{at}.txt").write_text(f"content {at}")
        end = case.kill(at, "look").end
        case.forge("look")
        assert [one for one in lying.iterdir() if one.is_file()] == [], at
        assert (lying / "done" / f"{at}.txt").read_text() == f"content {at}"
    stored = [one for one in world.events() if one["kind"] == "files.dropped"]
    assert len(stored) == at > 5
