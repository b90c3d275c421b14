"""What a connector must have, and what of it one connector has not: the agreement of `docs/connectors.md`, as a list."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from app.practice import vendors
from connectors.contract import Connector, Role

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "connectors" / "samples"

Missing = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Beside:
    """What lies beside a connector's module: its tests, real deliveries, how its vendor signs, and its stand-in."""

    tests: int
    samples: tuple[Path, ...]
    signing: ModuleType | None
    stands_in: bool


def beside(slug: str) -> Beside:
    signing = f"tests.connectors.signing_{slug}"
    return Beside(
        tests=len(list((ROOT / "tests" / "connectors").glob(f"test_{slug}*.py"))),
        samples=deliveries(slug),
        signing=importlib.import_module(signing) if importlib.util.find_spec(signing) else None,
        stands_in=slug in {vendor.slug for vendor in vendors.load()},
    )


def deliveries(slug: str) -> tuple[Path, ...]:
    """The files in the connector's folder of samples; those in folders below are for its own tests."""
    return tuple(sorted(path for path in (SAMPLES / slug).glob("*") if path.is_file()))


def excusable(connector: Connector, there: Beside) -> Missing:
    """(thing, what is wanted) of what it has not, but may say in `lacks` why."""
    if not connector.auth.fields and connector.oauth is None:
        yield "auth", "how an account is authorised"
    if connector.hook is None:
        yield "webhooks", "a `hook`"
    elif not hasattr(there.signing, "handshake"):
        yield "handshake", "`handshake(secret, now)` beside `signed` in its signing module"
    if not connector.triggers:
        yield "triggers", "events that recipes can start on"
    if not connector.actions:
        yield "actions", "something that recipes can do"
    if not there.stands_in or not connector.practice:
        yield "practice", "a stand-in in app/practice/vendors and the credentials of its account"
    yield from _of_each_part(connector)


def _of_each_part(connector: Connector) -> Missing:
    polled = {kind for poll in connector.polls for kind in poll.kinds}
    for trigger in connector.triggers:
        if trigger.kind not in polled:
            yield f"poll {trigger.kind}", "a poll that fetches deliveries that got lost"
    for name, action in connector.actions.items():
        if action.safety and not action.internal and action.undo is None:
            yield f"undo {name}", "how it is taken back"
    if not connector.lookups and any(Role.WHERE in action.roles.values() for action in connector.actions.values()):
        yield "pickers", "look-ups from which people choose where something goes"
    elif not connector.lookups and not connector.actions:
        yield "pickers", "look-ups from which people choose"


def inexcusable(connector: Connector, there: Beside) -> Iterator[str]:
    """What every connector can have, so that nothing excuses its absence."""
    if not there.tests:
        yield "tests in tests/connectors/test_<slug>.py"
    if not connector.limits:
        yield "`limits`: the vendor's limits in a sentence, with the page that says so"
    if connector.takes_key and not connector.auth.guide:
        yield "`guide`: the clicks by which its credentials are found"
    if connector.oauth and not connector.oauth.guide:
        yield "`guide` of its sign-in: the clicks by which an app is registered"
    if connector.hook and not connector.hook.guide:
        yield "`guide` of its hook: the clicks by which its webhooks are set up"
    if connector.hook and not hasattr(there.signing, "signed"):
        yield "tests/connectors/signing_<slug>.py with `signed(body, secret, now)`, from the vendor's documentation"
    if (connector.hook or connector.triggers) and len(there.samples) < 2:
        yield "two real messages or more in tests/connectors/samples/<slug>/"


def complaints(connector: Connector, there: Beside) -> list[str]:
    """What is wrong with it, one sentence each."""
    absent = dict(excusable(connector, there))
    found = [f"It needs {thing}." for thing in inexcusable(connector, there)]
    found += [f"It needs {want}, or says under “{thing}” of `lacks` why not." for thing, want in absent.items()
              if thing not in connector.lacks]  # fmt: skip
    found += [f"It says that it lacks “{thing}”, but nothing of that is missing." for thing in connector.lacks
              if thing not in absent]  # fmt: skip
    return found + [f"“{thing}” of `lacks` is no whole sentence." for thing, why in connector.lacks.items()
                    if len(why.split()) < 4 or not why.endswith(".")]  # fmt: skip
