"""`reference` writes what the pages say about connectors from the connectors: a table in the README, docs/connect/<slug>.md."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.cli import place
from app.cli.speak import Out
from connectors.contract import Action, Connector, Label, Poll

BEGIN = "<!-- From here on made by `python3 -m app reference` from the connectors; what it says is changed there. -->"
END = "<!-- Up to here. -->"

_LINK = re.compile(
    r"(?<![\w./@-])(?:https?://)?((?:[a-z0-9-]+\.)+(?:com|org|net|us|so|io|app|dev|gov)(?:/[\w./#-]*[\w/])?)"
)
_SCOPE = re.compile(r"(?<![\w/`])[a-z_]+(?:\.[a-z_]+)*(?::[a-z_]+)+(?![\w/])", re.IGNORECASE)
_HEAD = (
    "| connector | connects with | starts recipes on | does (safety) | can be taken back | calls a second |",
    "|---|---|---|---|---|---|",
)


def reference(args: argparse.Namespace, out: Out) -> None:
    stale = {path: text for path, text in pages(place.ROOT).items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        out.say(f"Wrote {path.relative_to(place.ROOT)}")
    if not stale:
        out.say("The pages say what the connectors say.")


def pages(root: Path) -> dict[Path, str]:
    """Each page as it should be: what people wrote stays, what lies between the two marks is made anew."""
    import connectors

    known = connectors.load()
    readme = root / "README.md"
    made = {readme: _between(readme.read_text(), "\n".join(table(known)))}
    for connector in known.values():
        path = root / "docs" / "connect" / f"{connector.slug}.md"
        text = path.read_text() if path.exists() else f"# {connector.title}\n\n{connector.says}\n\n{BEGIN}\n{END}\n"
        made[path] = _between(text, "\n".join(page(connector)))
    return made


def _between(text: str, made: str) -> str:
    """Raises ValueError where the two marks are not there, once each and in this order."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"Put these two lines back, each on a line of its own, once:\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


# --- the README's table -----------------------------------------------------------------------------------------------


def table(known: Mapping[str, Connector]) -> Iterator[str]:
    yield from _HEAD
    for _, connector in sorted(known.items()):
        yield _row(connector)


def _row(connector: Connector) -> str:
    shown = {name: action for name, action in connector.actions.items() if not action.internal}
    starts = [f"`{t.kind}`" for t in connector.triggers]
    does = [f"`{name}` ({_safety(action)})" for name, action in shown.items()]
    back = [f"`{name}`" for name, action in shown.items() if action.undo]
    cells = [f"[{connector.title}](docs/connect/{connector.slug}.md)", _auth(connector), ", ".join(starts)]
    cells += [", ".join(does), ", ".join(back), "" if connector.place else f"{connector.rate:g}"]
    return "| " + " | ".join(cell or "–" for cell in cells) + " |"


def _auth(connector: Connector) -> str:
    if connector.place:
        return "a page of the hub"
    ways = ["a key"] if connector.takes_key else []
    return " or ".join([*ways, *(["signing in"] if connector.oauth else [])]) or "nothing"


def _safety(action: Action) -> str:
    judged = ", a person decides" if action.judgment else ""
    return f"{action.safety or 'reads'}{judged}"


# --- the page of one connector ----------------------------------------------------------------------------------------


def page(connector: Connector) -> Iterator[str]:
    yield from _connect(connector)
    yield from _receive(connector)
    yield from _triggers(connector)
    yield from _actions(connector)
    yield from _pickers(connector)
    yield "\n## Limits\n"
    yield _linked(connector.limits)
    if not connector.place:
        yield f"\nPatchbay makes at most {connector.rate:g} calls a second with one account, {connector.burst} at once."
    if without := {thing: why for thing, why in connector.lacks.items() if " " not in thing}:
        yield "\n## What it does without\n"
        yield from (f"- **{thing.capitalize()}:** {_linked(why)}" for thing, why in without.items())


def _connect(connector: Connector) -> Iterator[str]:
    yield "## Make one\n" if connector.place else "## Connect it\n"
    if not connector.place:
        yield f"Open **Connections**, press **Connect** beside {connector.title}, and follow the same clicks there:\n"
    yield from _sign_in(connector)
    yield from _steps(connector.auth.guide)
    if connector.auth.fields:
        yield "\n| field | |\n|---|---|"
    for field in connector.auth.fields:
        words = [_linked(field.help), "May be left out." if field.optional else ""]
        yield f"| {field.label} | {' '.join(filter(None, words))} |"
    yield from _choices(connector)
    yield "\nOr with the command:\n"
    yield f"```sh\n{_command(connector)}\n```"


def _choices(connector: Connector) -> Iterator[str]:
    for field in connector.auth.fields:
        if field.choices:
            yield f"\n| `{field.name}` | {field.label} |\n|---|---|"
            yield from (f"| `{name}` | {words} |" for name, words in field.choices.items())


def _sign_in(connector: Connector) -> Iterator[str]:
    if (oauth := connector.oauth) is None:
        return
    if connector.takes_key:
        yield "### By signing in\n"
    yield from _steps(oauth.guide)
    yield "\nThe page shows the **return address** to enter there: it is the address of your hub with"
    yield f"`/oauth/{connector.slug}/callback` at its end. Enter the app's client ID and client secret on the page, save, and"
    yield f"press **Sign in at {connector.title}**."
    if oauth.scopes:
        yield "\n| scope | what for |\n|---|---|"
        yield from (f"| `{scope}` | {why} |" for scope, why in oauth.scopes.items())
    if connector.takes_key:
        yield "\n### Or with a key\n"
    elif connector.auth.fields:
        yield "\nWhat the page of the connection asks for after that:\n"


def _command(connector: Connector) -> str:
    fields = connector.auth.fields
    if connector.oauth and not connector.takes_key:
        return f"patchbay connect {connector.slug} --secret client_id=CLIENT_ID --secret client_secret=-"
    secrets = [number for number, field in enumerate(fields, 1) if field.secret]
    needed = [f for f in fields if not f.optional] or fields[: max(secrets, default=0)]
    typed = connector.hook and not connector.hook.subscription and not connector.hook.makes
    words = [f"--secret {f.name}={'-' if f.secret else f.name.upper()}" for f in needed]
    return " ".join(["patchbay connect", connector.slug, *words, *(["--hook-secret -"] if typed else [])])


def _receive(connector: Connector) -> Iterator[str]:
    if connector.hook is None:
        return
    yield f"\n## Let {connector.title} send\n"
    yield f"{connector.title} must be able to reach the hub ([Put it on the internet](../../README.md#put-it-on-the-internet)).\n"
    yield from _steps(connector.hook.guide)


def _triggers(connector: Connector) -> Iterator[str]:
    if not connector.triggers:
        return
    yield "\n## What recipes can start on\n"
    yield "| `when` | | when a delivery gets lost |\n|---|---|---|"
    for trigger in connector.triggers:
        yield f"| `{connector.slug}.{trigger.kind}` | {trigger.label} | {_missed(connector, trigger.kind)} |"
    for fields, kinds in _same_fields(connector).items():
        yield f"\nFields of {' and '.join(f'`{kind}`' for kind in kinds)}:\n"
        yield _fields(fields)


def _missed(connector: Connector, kind: str) -> str:
    poll = next((poll for poll in connector.polls if kind in poll.kinds), None)
    return _every(poll) if poll else _linked(connector.lacks.get(f"poll {kind}", ""))


def _every(poll: Poll) -> str:
    minutes = poll.every / 60
    return f"It is fetched every {minutes:g} minutes." if minutes != 1 else "It is fetched every minute."


def _same_fields(connector: Connector) -> dict[tuple[tuple[str, Label], ...], list[str]]:
    groups: dict[tuple[tuple[str, Label], ...], list[str]] = {}
    for trigger in connector.triggers:
        groups.setdefault(tuple(trigger.fields.items()), []).append(trigger.kind)
    return groups


def _fields(fields: tuple[tuple[str, Label], ...]) -> str:
    made = ", ".join(f"`event.{path}`" for path, label in fields if label is Label.VENDOR)
    said = ", ".join(f"`event.{path}`" for path, label in fields if label is Label.OUTSIDE)
    lines = [f"- made by the vendor: {made}"] if made else []
    return "\n".join([*lines, *([f"- text that anybody may have written: {said}"] if said else [])])


def _actions(connector: Connector) -> Iterator[str]:
    if not connector.actions:
        return
    yield "\n## What recipes can do\n"
    yield "| `do` | | arguments | safety | undo |\n|---|---|---|---|---|"
    for name, action in connector.actions.items():
        shown = f"`{connector.slug}.{name}`" if not action.internal else f"{name} (part of others)"
        undo = "yes" if action.undo else connector.lacks.get(f"undo {name}", "–")
        yield f"| {shown} | {action.label} | {', '.join(_arguments(action))} | {_safety(action)} | {undo} |"
    yield "\nWhat `safety` means stands in [How to add a connector](../connectors.md#the-safety-of-a-write)."


def _arguments(action: Action) -> Iterator[str]:
    for name, parameter in list(inspect.signature(action.run).parameters.items())[1:]:
        if name == "key" and action.safety:
            continue
        optional = " (may be left out)" if parameter.default is not inspect.Parameter.empty else ""
        yield f"`{name}`{optional}"


def _pickers(connector: Connector) -> Iterator[str]:
    if not connector.lookups:
        return
    yield "\n## What people choose from\n"
    yield "| `type` of a setting | |\n|---|---|"
    yield from (f"| `{connector.slug}.{name}` | {lookup.label} |" for name, lookup in connector.lookups.items())


def _steps(guide: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{number}. {_linked(step)}" for number, step in enumerate(guide, 1))


def _linked(text: str) -> str:
    """Addresses become links, scopes become code."""
    return _LINK.sub(lambda found: f"[{found[1]}](https://{found[1]})", _SCOPE.sub(lambda s: f"`{s[0]}`", text))


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "for developers: write what README.md and docs/connect say about connectors from the connectors"
    commands.add_parser("reference", help=text, description=text, parents=[common]).set_defaults(act=reference)
