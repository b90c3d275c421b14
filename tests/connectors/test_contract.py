"""An action that lacks what its safety needs does not load, and says what is missing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.contract import Action, ApiKey, CannotLoad, Field, Safety
from tests.connectors.test_outside import module


def _change(client: Any, key: str, *, text: str) -> dict[str, str]:
    return {"id": "1"}


def _read(client: Any, *, text: str) -> dict[str, str]:
    return {"id": "1"}


def _found(client: Any, key: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    return []


def _still(client: Any, arguments: dict[str, Any]) -> bool:
    return True


NEEDS: dict[Safety, dict[str, Any]] = {
    Safety.KEYED: {},
    Safety.CONDITIONAL: {"find": _found, "still": _still},
    Safety.SET: {"find": _found},
    Safety.STAGED: {"find": _found, "still": _still},
    Safety.FINDABLE: {"find": _found},
    Safety.OPAQUE: {},
}


@pytest.mark.parametrize("safety", Safety)
def test_each_class_needs_what_it_is_settled_by(safety: Safety) -> None:
    needs = NEEDS[safety]
    assert Action(_change, "Change", "changes", safety, **needs).safety is safety
    for name in needs:
        less = {k: v for k, v in needs.items() if k != name}
        with pytest.raises(ValueError, match=f"“Change” is {safety} and needs `{name}`"):
            Action(_change, "Change", "changes", safety, **less)


def test_what_takes_a_key_declares_its_safety_and_what_reads_takes_none() -> None:
    assert Action(_read, "Read", "reads").safety is None
    with pytest.raises(ValueError, match="declare its safety"):
        Action(_change, "Change", "changes")
    with pytest.raises(ValueError, match="must take a key"):
        Action(_read, "Read", "reads", Safety.OPAQUE)


def test_only_opaque_changes_may_be_sent_twice() -> None:
    assert Action(_change, "Tell us", "tells us", Safety.OPAQUE, again_ok=True).again_ok
    with pytest.raises(ValueError, match="`again_ok` is for opaque ones"):
        Action(_change, "Tell us", "tells us", Safety.KEYED, again_ok=True)


def test_a_module_with_such_an_action_is_told(tmp_path: Path) -> None:
    more = (
        "from connectors.contract import Action, Safety\n"
        "def change(client, key): ...\n"
        'Action(change, "Change", "changes", Safety.STAGED)'
    )
    with pytest.raises(CannotLoad, match="The action “Change” is staged and needs `find`"):
        connectors.load((module(tmp_path, more=more),))


@pytest.mark.parametrize(
    ("fields", "signs_in", "opens"),
    [
        ((), False, False),
        ((Field("site", "Site", secret=False, optional=True),), False, True),
        ((), True, False),
        ((Field("watch", "What to watch", secret=False, optional=True),), True, False),
        ((Field("token", "Token"),), True, True),
        ((Field("token", "Token", optional=True),), True, True),
    ],
)
def test_fields_that_are_only_asked_for_beside_a_sign_in_are_no_way_in(
    fields: tuple[Field, ...], signs_in: bool, opens: bool
) -> None:
    known = connectors.load()["quickbooks"]
    given = dataclasses.replace(known, auth=ApiKey(fields), oauth=known.oauth if signs_in else None)
    assert given.takes_key is opens
