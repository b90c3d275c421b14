"""Notion's webhooks: whose token counts, what rings, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import BadSignature, Received, Reply, Unreadable
from connectors.notion import connector
from tests.connectors.signing_notion import SECRET, handshake, signed

SAMPLES = Path(__file__).parent / "samples" / "notion"
BOT = "9a0b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"


def receive(told: Any, *, secrets: tuple[str, ...] = (SECRET,), by: str = SECRET, account: str = BOT) -> Received:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    assert connector.hook
    return connector.hook.receive(body, {**signed(body, by, 0), ":account": account}, secrets, 0)


def event(**more: Any) -> dict[str, Any]:
    return {**json.loads((SAMPLES / "page_properties_updated.json").read_text()), **more}


def test_the_token_is_handed_over_once_and_shown_to_be_pasted_back() -> None:
    assert connector.hook
    assert connector.hook.hands_over
    assert connector.hook.pasted_back
    body, headers = handshake(SECRET, 0)
    assert connector.hook.receive(body, headers, [], 0) == Received(reply=Reply({}), secret=SECRET)
    assert connector.hook.receive(body, {}, [], 0).secret == SECRET, "unsigned, as older descriptions have it"
    assert connector.hook.receive(body, headers, [SECRET], 0) == Received(reply=Reply({})), "sent again"


@pytest.mark.parametrize("secrets", [(SECRET,), (SECRET, "secret_before_it")])
def test_a_stranger_cannot_put_another_token_in_its_place(secrets: tuple[str, ...]) -> None:
    evil = {"verification_token": "secret_of_a_stranger"}
    with pytest.raises(BadSignature, match="another one"):
        receive(evil, secrets=secrets, by="secret_of_a_stranger")


@pytest.mark.parametrize(
    "told", [{"verification_token": 12345678}, {"verification_token": "x\ny" * 9}, {"verification_token": ""}, [], b"\xff", b"[" * 9999]
)  # fmt: skip
def test_what_is_no_token_is_not_kept(told: Any) -> None:
    with pytest.raises(BadSignature):
        receive(told, secrets=())


def test_a_token_that_is_signed_with_another_one_is_not_kept() -> None:
    with pytest.raises(BadSignature):
        receive({"verification_token": SECRET}, secrets=(), by="secret_of_a_stranger")


@pytest.mark.parametrize("name", ["page_properties_updated.json", "page_content_updated.json"])
def test_an_event_rings_and_is_not_believed(name: str) -> None:
    assert receive((SAMPLES / name).read_bytes()) == Received(catch_up=True)


@pytest.mark.parametrize(
    ("kind", "rings"),
    [
        ("page.created", True),
        ("page.undeleted", True),
        ("page.moved", True),
        ("data_source.content_updated", True),
        ("comment.created", False),
        ("view.updated", False),
        ("file_upload.completed", False),
        ("something.new", False),
    ],
)
def test_only_what_is_about_pages_rings_and_new_types_are_taken(kind: str, rings: bool) -> None:
    assert receive(event(type=kind)) == Received(catch_up=rings)


def test_what_only_our_bot_did_does_not_ring() -> None:
    ours, person = {"id": BOT, "type": "bot"}, {"id": "c7c11cca-1d73-471d-9b6e-bdef51470190", "type": "person"}
    assert receive(event(authors=[ours])) == Received(catch_up=False)
    assert receive(event(authors=[ours, person])) == Received(catch_up=True)
    assert receive(event(authors=[{"id": "another", "type": "bot"}])) == Received(catch_up=True)
    assert receive(event(authors=[])) == Received(catch_up=True)
    assert receive(event(authors=[ours]), account="") == Received(catch_up=True)


@pytest.mark.parametrize("told", [{"type": 7, "entity": {}}, {"type": "page.created"}, [], b"\xff", b"[" * 9999])
def test_what_is_signed_and_cannot_be_read_is_kept_for_a_person(told: Any) -> None:
    with pytest.raises(Unreadable):
        receive(told)


def test_the_signature_is_looked_at_before_the_body() -> None:
    """Parsing first is the mistake people report most."""
    with pytest.raises(BadSignature):
        receive(b"[" * 200_000, by="secret_of_a_stranger")
