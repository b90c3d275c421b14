"""The command: one JSON document with --json, sentences for what goes wrong, exit 0, 1 or 2."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import connectors
from app import cli
from app.cli import place, speak
from app.core import connections, intake, users
from app.core.hub import Hub
from app.core.ids import new_id
from app.db import models
from app.settings import Settings
from tests.conftest import KEYS

SHIPPED = place.ROOT / "recipes" / "zoom-recap-to-notion"
Said = tuple[int, str, str]


@pytest.fixture
def patchbay(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Runs the command on a hub of its own: (exit code, stdout, stderr)."""
    monkeypatch.setenv("PATCHBAY_HOME", str(settings.home))
    monkeypatch.setenv("PATCHBAY_KEYS", KEYS[0])
    monkeypatch.setenv("PATCHBAY_PATIENCE", "0.05")
    monkeypatch.setenv("PORT", str(settings.port))  # nobody listens there

    def run(*words: str) -> Said:
        capsys.readouterr()
        code = cli.main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize(
    "words",
    [
        ["events"],
        ["runs", "--since", "2h"],
        ["writes", "--state", "unknown"],
        ["reviews"],
        ["recipe", "list"],
        ["recipe", "show", "zoom-recap-to-notion"],
        ["connections"],
        ["keep"],
        ["doctor"],
        ["version"],
    ],
    ids=" ".join,
)
def test_json_is_one_document_and_people_get_words(patchbay: Callable[..., Said], words: list[str]) -> None:
    code, out, _ = patchbay(*words, "--json")
    assert code == 0
    json.loads(out)
    code, out, err = patchbay(*words)
    assert (code, err) == (0, "")
    assert out.strip()
    assert not out.startswith(("{", "["))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sing"], "invalid choice: 'sing'"),
        (["run", "show"], "ID"),
        (["runs", "--since", "yesterday"], "2026-11-25"),
        (["keep", "contents=ten"], "a number of days"),
        (["keep", "everything=10"], "There are: deliveries, contents"),
        (["connect", "fax"], f"There are: {', '.join(sorted(connectors.load()))}."),
        (["connect", "notion", "--secret", "token"], "NAME=VALUE"),
        (["connect", "notion", "--secret", "colour=red"], "Its fields are"),
        (["recipe", "check", "/nowhere"], "recipe.yaml"),
        (["recipe", "enable", "zoom-recap-to-notion", "--set", "size=1"], "It has: meetings, todos, skip"),
        (["rehearse", "zoom-recap-to-notion", "--event", "/nowhere"], "cannot be read"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_typed_wrongly_is_exit_2_and_says_what_is_possible(
    patchbay: Callable[..., Said], words: list[str], said: str
) -> None:
    code, out, err = patchbay(*words)
    assert (code, out) == (2, "")
    assert said in err
    code, out, _ = patchbay("--json", *words)
    assert code == 2
    assert said in json.loads(out)["error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "show", "nope"], "There is no run nope"),
        (["retry", "nope"], "There is no run nope"),
        (["undo", "nope"], "There is no run nope"),
        (["replay", "nope"], "There is no event nope"),
        (["review", "decide", "nope", "approve"], "There is no review nope"),
        (["recipe", "show", "nope"], "There is no recipe called nope"),
        (["recipe", "enable", "zoom-recap-to-notion"], "Connect Zoom first"),
        (["connect", "notion", "--secret", "token=@/nowhere"], "cannot be read"),
        (["worker"], "REDIS_URL"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_fails_is_exit_1_and_a_sentence(patchbay: Callable[..., Said], words: list[str], said: str) -> None:
    code, out, err = patchbay(*words)
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_settings_that_cannot_be_used_are_a_sentence(
    patchbay: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHBAY_KEYS", "changeme")
    assert "PATCHBAY_KEYS must be" in patchbay("runs")[2]
    monkeypatch.setenv("PORT", "many")
    assert "PORT must be a number" in patchbay("runs")[2]
    monkeypatch.setenv("PORT", "8700")
    monkeypatch.setenv("PATCHBAY_KEYS", KEYS[0])
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    code, _, err = patchbay("runs")
    assert code == 1
    assert "database cannot be used" in err
    assert "Traceback" not in err


def test_how_long_things_are_kept_can_be_chosen(patchbay: Callable[..., Said]) -> None:
    assert json.loads(patchbay("keep", "contents=30", "deliveries=7d", "--json")[1])["days"]["contents"] == 30
    days = json.loads(patchbay("keep", "--json")[1])["days"]
    assert (days["contents"], days["deliveries"], days["history"]) == (30, 7, 730)


def test_a_list_that_was_cut_says_how_it_goes_on(patchbay: Callable[..., Said], hub: Hub) -> None:
    ids = [new_id() for _ in range(3)]
    account = {"id": "a", "hook_key": "h"}
    hub.db.write(lambda conn: conn.execute(models.connections.insert().values(**account)))
    for n in ids:
        row = {"id": n, "connection": "a", "dedupe_key": n, "received_at": hub.now()}
        hub.db.write(lambda conn, row=row: conn.execute(models.events.insert().values(**row)))  # type: ignore[misc]
    _, out, err = patchbay("events", "--limit", "2", "--json")
    shown = [event["id"] for event in json.loads(out)]
    assert f"--before {shown[-1]}" in err
    _, out, err = patchbay("events", "--limit", "2", "--before", shown[-1], "--json")
    assert sorted(shown + [event["id"] for event in json.loads(out)]) == sorted(ids)
    assert "--before" not in err


def test_the_budget_of_a_day_can_be_raised(patchbay: Callable[..., Said]) -> None:
    words = ("recipe", "enable", "zoom-recap-to-notion", "--practice", "--json")
    assert json.loads(patchbay(*words, "--daily-tokens", "900000")[1])["daily_tokens"] == 900_000
    assert json.loads(patchbay(*words)[1])["daily_tokens"] == 900_000  # as before


def test_a_mistake_of_ours_is_one_line(patchbay: Callable[..., Said], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(place, "settings", broken)
    code, _, err = patchbay("runs")
    assert code == 1
    assert "mistake in Patchbay" in err
    assert len(err.strip().splitlines()) == 1


def test_connecting_checks_live_first_and_saves_nothing_that_fails(
    patchbay: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("PATCHBAY_NOTION_URL", f"http://127.0.0.1:{settings.port}")
    secret = tmp_path / "token"
    secret.write_text("ntn_secret\n")
    code, _, err = patchbay("connect", "notion", "--secret", f"token=@{secret}")
    assert code == 1
    assert "ntn_secret" not in err
    assert "Traceback" not in err
    assert [row for row in json.loads(patchbay("connections", "--json")[1]) if not row["practice"]] == []


def test_a_secret_that_the_hub_makes_is_printed_once(patchbay: Callable[..., Said], hub: Hub) -> None:
    code, out, err = patchbay("connect", "web", "--secret", "scheme=bearer", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert [one["label"] for one in told["made"]] == ["Name of the header", "Value of the header"]
    bearer = told["made"][1]["text"]
    assert bearer.startswith("Bearer ")
    key = told["hook_address"].rsplit("/", 1)[1]
    assert intake.receive(hub, "web", key, b"{}", {"authorization": bearer}).status == 200
    assert bearer[7:] not in patchbay("connections", "--json")[1]
    ours = "a-secret-of-the-sender"
    told = json.loads(patchbay("connect", "web", "--secret", "scheme=bearer", "--hook-secret", ours, "--json")[1])
    assert "made" not in told
    code, _, err = patchbay("connect", "web", "--secret", "scheme=magic")
    assert (code, "is one of these: standard" in err) == (1, True)


def test_an_account_that_is_signed_in_to_is_connected_in_the_browser(
    patchbay: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, hub: Hub
) -> None:
    monkeypatch.setenv("PATCHBAY_CONNECTORS", str(place.ROOT / "tests" / "oauth" / "connectors"))
    code, out, err = patchbay(
        "connect", "till", "--secret", "client_id=mine", "--secret", "client_secret=s3cret", "--json"
    )
    told = json.loads(out)
    assert (code, told["app"]) == (0, True)
    assert told["page"].endswith("/connections/new/till")
    assert "/oauth/till/callback" in err
    assert "s3cret" not in out + err
    assert patchbay("connect", "till", "--secret", "key=1")[0] == 2
    assert patchbay("connect", "till", "--secret", "client_id=mine")[0] == 1


def test_the_list_of_connections_tells_what_will_end(patchbay: Callable[..., Said], hub: Hub) -> None:
    patchbay("connections")  # makes what every hub begins with
    made = connections.create(hub, "notion", {"token": "ntn_1"}, check_first=False, name="Ours")["id"]
    mine = models.connections.c.id == made
    ends = update(models.connections).where(mine).values(ends_at=hub.now() + 90_000_000)
    hub.db.write(lambda conn: conn.execute(ends))
    code, out, err = patchbay("connections", "--json")
    (row,) = [row for row in json.loads(out) if row["id"] == made]
    assert (code, row["ends"]["days"], row["ends"]["tone"]) == (0, 1, "bad")
    assert f"Ours ({made}): Renew it before" in err


def test_a_recipe_is_switched_on_and_off(patchbay: Callable[..., Said]) -> None:
    words = ("recipe", "enable", "zoom-recap-to-notion", "--practice")
    code, out, _ = patchbay(*words, "--set", "skip=interview, 1:1", "--level", "review", "--json")
    assert code == 0
    assert json.loads(out)["settings"]["skip"] == ["interview", "1:1"]
    assert "review" in patchbay("recipe", "list")[1]
    assert json.loads(patchbay(*words, "--json")[1])["level"] == "review"  # what is not said stays
    assert patchbay("recipe", "disable", "zoom-recap-to-notion", "--practice")[0] == 0
    assert json.loads(patchbay("recipe", "list", "--json")[1])["recipes"][0]["practice"] == "off"


def test_recipe_check_runs_the_cases_and_points_at_mistakes(patchbay: Callable[..., Said], tmp_path: Path) -> None:
    assert patchbay("recipe", "check", str(SHIPPED))[0] == 0
    broken = tmp_path / "zoom-recap-to-notion"
    broken.mkdir()
    text = (SHIPPED / "recipe.yaml").read_text().replace("{{ event.summary }}", "{{ event.sumary }}")
    (broken / "recipe.yaml").write_text(text)
    code, out, _ = patchbay("recipe", "check", str(broken / "recipe.yaml"))
    assert code == 1
    assert "^" in out
    assert "Did you mean `event.summary`?" in out
    code, out, _ = patchbay("recipe", "check", str(broken), "--json")
    assert code == 1
    assert len(json.loads(out)[str(broken)]) == 1


def test_publishing_makes_a_new_version(patchbay: Callable[..., Said], tmp_path: Path) -> None:
    folder = tmp_path / "zoom-recap-to-notion"
    folder.mkdir()
    (folder / "recipe.yaml").write_text((SHIPPED / "recipe.yaml").read_text() + "\n# ours\n")
    version = json.loads(patchbay("recipe", "publish", str(folder), "--json")[1])["version"]
    assert json.loads(patchbay("recipe", "list", "--json")[1])["recipes"][0]["version"] == version


def test_a_user_is_added_with_a_password_from_stdin(hub: Hub) -> None:
    env = {"PATCHBAY_HOME": str(hub.settings.home), "PATCHBAY_KEYS": KEYS[0]}
    main = [
        sys.executable,
        str(place.ROOT / "app" / "__main__.py"),
        "user",
        "add",
        "ana@shop.example",
        "--role",
        "viewer",
    ]
    added = subprocess.run(main, input="correct horse battery staple\n", env=env, capture_output=True, text=True)
    assert added.returncode == 0, added.stderr
    found = users.signs_in(hub, "ana@shop.example", "correct horse battery staple")
    assert found
    assert found.role == "viewer"
    again = subprocess.run(main, input="short\n", env=env, capture_output=True, text=True)
    assert again.returncode == 1
    assert "Traceback" not in again.stderr


def test_doctor_says_what_is_wrong(
    patchbay: Callable[..., Said], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.home.chmod(0o755)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{settings.port}")
    monkeypatch.setenv("PATCHBAY_PUBLIC_URL", "http://hub.example")
    code, out, _ = patchbay("doctor", "--json")
    assert code == 1
    states: dict[str, Any] = {line["what"]: line["state"] for line in json.loads(out)}
    assert {what for what, state in states.items() if state == "problem"} == {"home", "redis", "public address"}
    assert states["database"] == "ok"


def test_times_and_pairs_are_read() -> None:
    assert speak.since("2026-11-25T10:00:00+00:00") == 1_795_600_800_000
    assert speak.since("1h") - speak.since("2h") == pytest.approx(3_600_000, abs=1000)
    assert speak.pairs(["a=b=c", "d="], "--set") == {"a": "b=c", "d": ""}


def test_a_connector_folder_that_is_not_there_is_told_in_a_sentence(
    patchbay: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATCHBAY_CONNECTORS", str(tmp_path / "away"))
    for words in (["runs"], ["recipe", "check", str(SHIPPED)]):
        code, _, err = patchbay(*words)
        assert (code, err) == (
            1,
            f"There is no folder {tmp_path / 'away'}. PATCHBAY_CONNECTORS names folders with connectors in them\n",
        )
