"""The page of a drop place: stored before it says so, once for each content, and nothing a file can do to the hub."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core import files, folder, practice, sessions
from app.db import models
from tests.web.conftest import Site, Visitor

CSV = b"Datum;Betrag\n1.11.;12,50\n"
EDGE = "--------edge"


def multipart(token: str, *given: tuple[str, bytes]) -> bytes:
    """As browsers write it: quotes in names as %22, and whatever else there is as it is."""
    parts = [f'--{EDGE}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token}\r\n'.encode()]
    for name, data in given:
        plain = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="{plain}"\r\nContent-Type: image/png\r\n\r\n'
        parts += [head.encode("utf-8", "surrogateescape"), data, b"\r\n"]
    return b"".join(parts) + f"--{EDGE}--\r\n".encode()


@dataclass
class Place:
    site: Site
    id: str
    who: Visitor

    def drop(self, *given: tuple[str, bytes], token: str = "", **more: str) -> TestResponse:
        body = multipart(token or self.who.token, *given)
        kind = f"multipart/form-data; boundary={EDGE}"
        return self.who.client.post(f"/files/{self.id}", data=body, headers=more, content_type=kind)

    def stored(self) -> list[dict[str, object]]:
        query = select(models.events).where(models.events.c.connection == self.id).order_by(models.events.c.id)
        with self.site.hub.db.read() as conn:
            rows = conn.execute(query).mappings().all()
        opened = [self.site.hub.vault.open(row["body"], f"events:{row['id']}:body") for row in rows]
        return [{"event": row["id"], **json.loads(body)} for row, body in zip(rows, opened, strict=True)]


@pytest.fixture
def place(site: Site) -> Place:
    owner = site.visitor("owner")
    owner.get("/files/new")
    made = owner.post("/files/new", title="Receipts").headers["Location"].split("/")[2].split("?")[0]
    owner.get(f"/files/{made}")
    return Place(site, made, owner)


def test_several_files_at_once_are_there_when_the_page_says_so(place: Place) -> None:
    response = place.drop(("statement.csv", CSV), ("scan.pdf", b"%PDF-1.7"))
    assert response.status_code == 200
    assert response.text.count(">Received<") == 2
    first, second = place.stored()
    assert (first["name"], first["type"], first["who"]) == ("statement.csv", "text/csv", "Owner Person")
    assert first["rows"] == [{"Datum": "1.11.", "Betrag": "12,50"}]
    assert (second["type"], second["size"]) == ("application/pdf", 8)
    assert files.content(place.site.hub, place.id, str(first["event"])) == ("statement.csv", CSV)


def test_the_same_content_counts_once_and_can_be_started_again(place: Place) -> None:
    place.drop(("a.csv", CSV))
    again = place.drop(("another name.csv", CSV))
    assert ">Already here<" in again.text
    assert len(place.stored()) == 1
    number = re.search(r'name="number" value="([^"]+)"', again.text)
    assert number
    told = {"event": str(place.stored()[0]["event"]), "number": number[1]}
    response = place.who.post(f"/files/{place.id}/again", **told)
    assert response.status_code == 422, "no recipe is on, so nothing can start"
    assert "no recipe is switched on" in response.text
    assert place.who.post(f"/files/{place.id}/again", event="nope", number="1").status_code == 404


def test_a_large_file_comes_back_as_it_was(place: Place) -> None:
    data = bytes(range(256)) * 4000 + b"end"  # a little over 1 MB, in five parts
    assert place.drop(("large.bin", data)).status_code == 200
    event = str(place.stored()[0]["event"])
    saved = place.who.client.get(f"/files/{place.id}/{event}")
    assert saved.data == data
    assert saved.headers["Content-Type"] == "application/octet-stream"
    assert saved.headers["Content-Disposition"] == "attachment; filename=large.bin"
    assert saved.headers["X-Content-Type-Options"] == "nosniff"
    with place.site.hub.db.read() as conn:
        parts = conn.execute(select(models.file_parts.c.content)).scalars().all()
    assert len(parts) == 4
    assert not any(b"\x00\x01\x02\x03" in bytes(part) for part in parts), "sealed"


def test_names_and_markup_are_only_text(place: Place) -> None:
    name = '../../<img src=x onerror=alert(1)>"\r\nX: y.html'
    response = place.drop((name, b"<script>alert(1)</script>"))
    assert response.status_code == 200
    assert "<img" not in response.text
    assert "../" not in str(place.stored()[0]["name"])
    saved = place.who.get(f"/files/{place.id}/{place.stored()[0]['event']}")
    assert saved.headers["Content-Disposition"].startswith("attachment; ")
    assert "X" not in saved.headers


def test_empty_and_too_large_files_are_refused_and_the_others_taken(place: Place) -> None:
    response = place.drop(("empty.csv", b""), ("good.csv", CSV), ("huge.bin", b"x" * (files.LARGEST + 1)))
    assert response.status_code == 422
    assert "It is empty" in response.text
    assert "larger than 25 MB" in response.text
    assert [one["name"] for one in place.stored()] == ["good.csv"]


def test_two_gigabytes_are_refused_before_they_are_read(place: Place) -> None:
    class Endless(io.RawIOBase):
        at = 0

        def readable(self) -> bool:
            return True

        def seek(self, to: int, whence: int = 0) -> int:
            self.at = 2 * 1024**3 if whence == io.SEEK_END else to
            return self.at

        def tell(self) -> int:
            return self.at

        def read(self, size: int = -1) -> bytes:
            raise AssertionError("it was read")

    response = place.who.client.post(
        f"/files/{place.id}",
        input_stream=Endless(),
        content_type="multipart/form-data; boundary=x",
    )
    assert response.status_code == 413
    assert "25 MB each" in response.text


def test_nothing_chosen_and_too_many(place: Place) -> None:
    assert "Choose a file first" in place.drop().text
    assert "At most 50 files" in place.drop(*((f"{n}.txt", b"%d" % n) for n in range(51))).text
    assert place.stored() == []


def test_only_those_who_may_and_only_from_the_page(place: Place) -> None:
    assert place.drop(("a.csv", CSV), token="wrong").status_code == 403
    assert place.drop(("a.csv", CSV), Origin="https://evil.example").status_code == 403
    viewer = place.site.visitor("viewer")
    assert "Drop files" not in viewer.get(f"/files/{place.id}").text
    assert Place(place.site, place.id, viewer).drop(("a.csv", CSV)).status_code == 404
    stranger = place.site.stranger()
    response = stranger.client.post(f"/files/{place.id}", data={"file": (io.BytesIO(CSV), "a.csv")})
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")
    assert place.stored() == []
    place.drop(("a.csv", CSV))
    assert viewer.get(f"/files/{place.id}/{place.stored()[0]['event']}").status_code == 404


def test_another_place_does_not_hand_out_its_files(place: Place) -> None:
    place.drop(("a.csv", CSV))
    other = files.create(place.site.hub, "Other", by="")
    event = place.stored()[0]["event"]
    assert place.who.get(f"/files/{other}/{event}").status_code == 404
    assert place.who.post(f"/files/{other}/again", event=str(event), number="1").status_code == 404


def test_a_full_disk_takes_nothing_and_says_when_to_try_again(place: Place) -> None:
    place.site.hub.settings = replace(place.site.hub.settings, least_disk=10**18)
    response = place.drop(("a.csv", CSV))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert "Try again in a minute" in response.text
    assert place.stored() == []


def test_its_page_shows_the_folder_and_what_was_refused_there(place: Place) -> None:
    made = Path(folder.of(place.site.hub, place.id))
    assert made.is_dir()
    (made / "refused").mkdir()
    (made / "refused" / "empty.pdf").touch()
    shown = place.who.get(f"/files/{place.id}").text
    assert str(made) in shown
    assert "empty.pdf: It is empty" in shown
    twin = place.who.get(f"/files/{place.id}", headers={"Accept": "application/json"}).json
    assert twin["drop_place"]["folder"] == str(made)  # type: ignore[index]  # it has one


def test_renaming_and_removing(place: Place) -> None:
    assert place.who.post(f"/files/{place.id}/title", title="Invoices").status_code == 303
    assert "Invoices" in place.who.get("/files").text
    assert place.who.post(f"/files/{place.id}/title", title="x" * 101).status_code == 422
    assert place.who.post("/files/new", title="").status_code == 422
    assert f"/files/{place.id}" in place.who.get("/connections").text
    assert place.who.post(f"/connections/{place.id}/remove").status_code == 303
    assert place.drop(("a.csv", CSV)).status_code == 404
    assert place.stored() == []


def test_a_script_drops_with_its_token(place: Place) -> None:
    token = sessions.make_token(place.site.hub, place.site.people["owner"], "scanner")
    client = place.site.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    kind = f"multipart/form-data; boundary={EDGE}"
    body = multipart("", ("a.csv", CSV))
    answer = client.post(f"/files/{place.id}", data=body, headers=headers, content_type=kind).json
    assert answer["taken"][0]["state"] == "taken"  # type: ignore[index]  # it has one


def test_the_practice_place_takes_files(site: Site) -> None:
    owner, own = site.visitor("owner"), practice.connection_id(site.hub, "files")
    assert "Practice" in owner.get(f"/files/{own}").text
    assert Place(site, own, owner).drop(("a.csv", CSV)).status_code == 200
    with site.hub.db.read() as conn:
        assert conn.execute(select(func.count()).select_from(models.file_parts)).scalar_one() == 1
