"""Reading recaps and transcripts, against the practice Zoom: what comes, what may come instead, and what is said about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from app.core.answers import Kind, Trouble, classify
from app.core.http import Door
from app.practice.vendors.zoom.recordings import PAGE, SAID
from connectors.contract import Refused, Unavailable
from connectors.zoom import connector
from connectors.zoom._recap import FIELDS
from tests.connectors.loopback import Answer, Asked, vendor
from tests.connectors.stand import Stand, reopened, standing
from tests.connectors.zoom_samples import SAMPLES

UUIDS = ["aB1+x==", "/aB1+x==", "a//b==", "a/b", "ü ?#", "81234567890"]


@pytest.fixture
def zoom() -> Iterator[Stand]:
    with standing("zoom") as made:
        yield made


def read(zoom: Stand, name: str, meeting: str = "m1") -> Any:
    return zoom.action(name).run(zoom.client, meeting=meeting)


def trouble(zoom: Stand, name: str, meeting: str = "m1") -> Trouble:
    """What the hub makes of a reading that fails."""
    try:
        read(zoom, name, meeting)
    except Exception as error:
        return classify(zoom.door, error, connector, write=False, now=0)
    raise AssertionError("it did not fail")


def transcribed(zoom: Stand, uuid: str = "m1", said: str = SAID, begun: str = "", **file: Any) -> None:
    body = json.loads((SAMPLES / "transcript_completed.json").read_bytes())
    about = body["payload"]["object"]
    about |= {"uuid": uuid, "start_time": begun or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    about["recording_files"][0] |= file
    zoom.served.control("zoom_recording", {"body": body, "said": said})


def recapped(zoom: Stand, uuid: str, **more: Any) -> None:
    body = json.loads((SAMPLES / "summary_completed.json").read_bytes())
    body["payload"]["object"] |= {"meeting_uuid": uuid, **more}
    zoom.served.control("recap", {"body": body})


# --- recaps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uuid", UUIDS)
def test_a_recap_is_read_in_the_shape_of_its_event(zoom: Stand, uuid: str) -> None:
    recapped(zoom, uuid)
    recap = read(zoom, "read_summary", uuid)
    assert set(recap) == {name for name in FIELDS if "[" not in name}
    assert (recap["meeting_uuid"], recap["topic"], recap["next_steps"]) == (
        uuid,
        "Weekly stock call",
        ["Ana: order paper"],
    )
    assert "Two boxes are left" in recap["summary"]


def test_an_edited_recap_is_read_as_it_stands_now(zoom: Stand) -> None:
    recapped(
        zoom, "m1", edited_summary={"summary_details": [{"label": "Stock", "summary": "Nine boxes."}], "next_steps": []}
    )
    recap = read(zoom, "read_summary")
    assert "Nine boxes." in recap["summary"]
    assert recap["next_steps"] == []


def test_a_recap_that_is_not_there_yet_is_looked_for_again(zoom: Stand) -> None:
    found = trouble(zoom, "read_summary")
    assert (found.kind, found.seconds) == (Kind.RETRY, None)  # this run only, and not the whole account
    assert "some minutes after the end" in found.words
    recapped(zoom, "m1")
    assert read(zoom, "read_summary")["meeting_uuid"] == "m1"


# --- transcripts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("uuid", UUIDS)
def test_a_transcript_comes_as_speakers_and_lines(zoom: Stand, uuid: str) -> None:
    transcribed(zoom, uuid, begun="2026-11-02T09:00:00Z")
    assert read(zoom, "read_transcript", uuid) == {
        "meeting_uuid": uuid,
        "meeting_id": "81234567890",
        "topic": "Weekly stock call",
        "start": "2026-11-02T09:00:00Z",
        "speakers": ["Ana Silva", "Ben Costa"],
        "lines": [
            {
                "speaker": "Ana Silva",
                "text": "Good morning. Two boxes of paper are left.",
                "start": 3.24,
                "end": 5.67,
                "part": 1,
            },
            {
                "speaker": "Ben Costa",
                "text": "Then I order ten more, and envelopes & stamps.",
                "start": 6.0,
                "end": 9.5,
                "part": 1,
            },
            {"speaker": "", "text": "Thank you.", "start": 10.0, "end": 11.0, "part": 1},
        ],
        "text": "Ana Silva: Good morning. Two boxes of paper are left.\n"
        "Ben Costa: Then I order ten more, and envelopes & stamps.\nThank you.",
    }
    assert [one["path"].rpartition("/rec/")[2].partition("/")[0] for one in zoom.asked("GET")][-2:] == [
        "download",
        "signed",
    ]


def test_a_recording_with_a_pause_has_parts_in_their_order(zoom: Stand) -> None:
    for id_, start, word in (("f2", "2026-11-02T10:00:00Z", "second"), ("f1", "2026-11-02T09:00:00Z", "first")):
        said = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{word}\n"
        transcribed(zoom, said=said, id=id_, recording_start=start)
    found = read(zoom, "read_transcript")
    assert [(one["part"], one["text"]) for one in found["lines"]] == [(1, "first"), (2, "second")]


def test_a_number_stands_for_the_latest_meeting_of_it(zoom: Stand) -> None:
    transcribed(zoom, "m1")
    transcribed(zoom, "m2")
    assert read(zoom, "read_transcript", "81234567890")["meeting_uuid"] == "m2"


@pytest.mark.parametrize("meeting", ["", " ", ".", ".."])
@pytest.mark.parametrize("name", ["read_summary", "read_transcript"])
def test_what_names_no_meeting_is_refused(zoom: Stand, name: str, meeting: str) -> None:
    with pytest.raises(Refused, match="No meeting is named"):
        read(zoom, name, meeting)
    assert zoom.asked() == []


@pytest.mark.parametrize("name", ["read_summary", "read_transcript"])
def test_without_credentials_nothing_is_read(zoom: Stand, name: str) -> None:
    bare = reopened(zoom, account_id="", client_id="", client_secret="")
    assert "Enter the app's credentials" in trouble(bare, name).words


# --- not there, or not allowed ----------------------------------------------------------------------------------------


def test_a_recording_that_is_not_there_is_looked_for_again(zoom: Stand) -> None:
    transcribed(zoom)
    zoom.served.control("zoom_delete", {"uuid": "m1"})
    found = trouble(zoom, "read_transcript")
    assert (found.kind, found.seconds) == (Kind.RETRY, None)
    assert "was deleted" in found.words


@pytest.mark.parametrize("file", [{"status": "processing"}, {"file_type": "M4A"}])
def test_a_transcript_that_zoom_still_makes_is_looked_for_again_for_a_day(zoom: Stand, file: dict[str, str]) -> None:
    transcribed(zoom, **file)
    assert trouble(zoom, "read_transcript").kind is Kind.RETRY
    assert "still making" in trouble(zoom, "read_transcript").words
    yesterday = (datetime.now(UTC) - timedelta(hours=25)).strftime("%Y-%m-%dT%H:%M:%SZ")
    transcribed(zoom, begun=yesterday, **file)
    found = trouble(zoom, "read_transcript")
    assert found.kind is Kind.REFUSED
    assert "Audio transcript" in found.words


def test_a_missing_permission_is_named(zoom: Stand) -> None:
    zoom.note(scopes="user:read:user:admin")
    for name, scope in (
        ("read_summary", "meeting:read:summary"),
        ("read_transcript", "cloud_recording:read:list_recording_files"),
    ):
        found = trouble(reopened(zoom), name)
        assert found.kind is Kind.REFUSED
        assert "under Scopes" in found.words
        assert scope in found.words


@pytest.mark.parametrize(
    "words",
    [
        "Cloud recording is not enabled on this account.",
        "Your plan does not support cloud recordings, upgrade to Pro.",
        "This user's recording is disabled.",
    ],
)
@pytest.mark.parametrize("status", [400, 403])
def test_a_plan_without_cloud_recording_is_said(zoom: Stand, status: int, words: str) -> None:
    zoom.served.fault("zoom", "status", path="/v2/meetings", status=status, body={"code": 200, "message": words})
    found = trouble(zoom, "read_transcript")
    assert found.kind is Kind.REFUSED
    assert "comes with paid plans" in found.words
    assert words in found.words


def test_a_daily_limit_names_the_moment_from_which_it_goes_on(zoom: Stand) -> None:
    headers = {"Retry-After": "1970-01-01T06:00:00Z"}
    zoom.served.fault("zoom", "status", path="/v2/meetings", status=429, headers=headers, body={"code": 429})
    found = trouble(zoom, "read_summary")
    assert (found.kind, found.seconds) == (Kind.WAIT, 6 * 3600)


def test_only_the_host_may_download_comes_with_status_200_and_a_page(zoom: Stand) -> None:
    transcribed(zoom)
    zoom.note(downloads=False)
    found = trouble(zoom, "read_transcript")
    assert found.kind is Kind.REFUSED
    assert "let hosts download" in found.words


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ({"do": "status", "status": 401}, Kind.REFUSED, "let hosts download"),
        ({"do": "status", "status": 403}, Kind.REFUSED, "let hosts download"),
        ({"do": "status", "status": 404}, Kind.REFUSED, "was deleted"),
        ({"do": "status", "status": 410}, Kind.REFUSED, "was deleted"),
        ({"do": "status", "status": 500}, Kind.RETRY, "500"),
        ({"do": "status", "status": 429, "headers": {"Retry-After": "7"}}, Kind.WAIT, "slow down"),
        (
            {"do": "status", "status": 200, "body": PAGE, "headers": {"Content-Type": "application/octet-stream"}},
            Kind.REFUSED,
            "hosts",
        ),
        ({"do": "status", "status": 200, "body": "WEBVTT\n\n"}, Kind.RETRY, "did not come as it is announced"),
        ({"do": "cut_after"}, Kind.RETRY, "Zoom"),
        ({"do": "drip", "seconds": 3.0}, Kind.RETRY, "within 5 seconds"),
        ({"do": "flood"}, Kind.RETRY, "larger than"),
    ],
)
def test_what_may_come_instead_of_a_file(zoom: Stand, fault: dict[str, Any], kind: Kind, says: str) -> None:
    transcribed(zoom)
    more = {name: value for name, value in fault.items() if name != "do"}
    zoom.served.fault("zoom", fault["do"], path="/rec/", times=9, **more)
    found = trouble(zoom, "read_transcript")
    assert (found.kind, says in found.words) == (kind, True), found.words


def test_a_file_that_is_no_transcript_is_refused(zoom: Stand) -> None:
    transcribed(zoom, said="ID3 this is music")
    assert "is no transcript" in trouble(zoom, "read_transcript").words


def test_a_file_that_is_too_large_is_not_asked_for(zoom: Stand) -> None:
    transcribed(zoom, said="WEBVTT\n\n" + "x" * 4_000_001)
    found = trouble(zoom, "read_transcript")
    assert (found.kind, "more than Patchbay reads" in found.words) == (Kind.REFUSED, True)
    assert not [one for one in zoom.asked() if one["path"].startswith("/rec/")]


def test_a_recording_of_too_many_parts_is_not_read_in_part(zoom: Stand) -> None:
    for number in range(21):
        transcribed(zoom, id=f"f{number}")
    assert "21 parts" in trouble(zoom, "read_transcript").words


def test_files_that_take_too_long_in_all_are_left_for_later(zoom: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    transcribed(zoom)
    monkeypatch.setattr("connectors.zoom._reading.SECONDS", -1.0)
    with pytest.raises(Unavailable, match="too slow"):
        read(zoom, "read_transcript")


# --- where files lie --------------------------------------------------------------------------------------------------


def apart(zoom: Stand, files: str) -> Stand:
    """A client whose files lie at another host than the rest."""
    base = f"{zoom.served.url}/zoom"
    door = Door({"api": base, "token": base, "files": files}, seconds=5, public_only=False)
    again = reopened(zoom)
    again.opened.__dict__.update(door=door, client=connector.open(credentials(zoom), door))
    return again


def credentials(zoom: Stand) -> dict[str, str]:
    return {name: value.replace("{token}", zoom.served.token) for name, value in connector.practice.items()}


def storage(answers: Callable[[Asked], Answer]) -> Any:
    return vendor(answers)


def test_at_another_host_an_address_is_good_by_itself_and_learns_no_token(zoom: Stand) -> None:
    transcribed(zoom)
    with storage(lambda asked: (200, SAID.encode())) as there:
        zoom.served.fault("zoom", "status", path="/rec/", status=302, headers={"Location": f"{there.url}/file?sig=1"})
        assert read(apart(zoom, there.url), "read_transcript")["speakers"] == ["Ana Silva", "Ben Costa"]
        (asked,) = there.asked
    assert asked.path == "/file?sig=1"
    assert "authorization" not in asked.headers


def test_where_it_is_not_it_is_asked_once_more_with_the_token(zoom: Stand) -> None:
    transcribed(zoom)
    with storage(lambda asked: (200, SAID.encode()) if "authorization" in asked.headers else (403, b"")) as there:
        zoom.served.fault("zoom", "status", path="/rec/", status=302, headers={"Location": f"{there.url}/file"})
        assert read(apart(zoom, there.url), "read_transcript")["lines"]
        assert len(there.asked) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_address_outside_of_zoom_is_not_followed(zoom: Stand, status: int) -> None:
    transcribed(zoom)
    with storage(lambda asked: (200, SAID.encode())) as elsewhere:
        zoom.served.fault("zoom", "status", path="/rec/", status=status, headers={"Location": f"{elsewhere.url}/file"})
        found = trouble(zoom, "read_transcript")
        assert elsewhere.asked == []
    assert found.kind is Kind.REFUSED
    assert "outside of zoom.us" in found.words


@pytest.mark.parametrize(
    "url", ["https://zoom.us.elsewhere.example/x", "file:///etc/passwd", "http://127.0.0.1:1/x", "", None, 5]
)
def test_nor_is_one_in_the_list_of_files(zoom: Stand, url: Any) -> None:
    file = {"file_type": "TRANSCRIPT", "status": "completed", "download_url": url}
    listed = {"uuid": "m1", "recording_files": [file]}
    zoom.served.fault("zoom", "status", path="/v2/meetings", status=200, body=listed)
    assert "outside of zoom.us" in trouble(zoom, "read_transcript").words


def test_addresses_that_lead_nowhere_are_given_up(zoom: Stand) -> None:
    transcribed(zoom)
    zoom.served.fault("zoom", "status", path="/rec/", status=302, headers={"Location": "?again"}, times=99)
    found = trouble(zoom, "read_transcript")
    assert (found.kind, "from one address to the next" in found.words) == (Kind.RETRY, True)
    assert len([one for one in zoom.asked() if one["path"].startswith("/rec/")]) == 4


def test_zooms_own_hosts_are_those_below_its_name() -> None:
    door = Door(connector.hosts)
    for host in ("us02web.zoom.us", "ssrweb.zoom.us", "shop.zoom.us", "zoom.us"):
        assert door.reaches(f"https://{host}/rec/download/x")
    for host in ("notzoom.us", "zoom.us.example.com", "zoom.com", "us02web.zoom.us:444", "x@us02web.zoom.us"):
        assert not door.reaches(f"https://{host}/rec/download/x")


def test_a_token_that_ended_is_renewed_before_the_file_is_asked_for(zoom: Stand) -> None:
    transcribed(zoom)
    read(zoom, "read_transcript")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert read(zoom, "read_transcript")["lines"]
