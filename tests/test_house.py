"""Our promises about the house itself: connectors are complete, recipes are real, and nothing goes round the walls."""

from __future__ import annotations

import ast
import hashlib
import hmac
import inspect
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import connectors
from app.core import trial
from connectors.contract import Action, BadSignature, Connector, Safety

ROOT = Path(__file__).parents[1]
KNOWN = connectors.load()
SAMPLES = ROOT / "tests" / "connectors" / "samples"
NOW = 1_790_000_000.0
SECRET = "a secret of the house test"

AT_THE_TOP = {
    *("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Procfile"),
    *("app", "connectors", "recipes", "tests", "docs"),
}

# Who may touch the network, and why.
SOCKETS = {
    "app/core/http.py": "the one door out",
    "app/core/wire.py": "the door's own hinges",
    "app/core/watchdog.py": "shuts a call that takes too long",
    "app/core/addresses.py": "resolves names for the door",
    "app/web/body.py": "shuts a body that never ends",
    "app/cli/valkey.py": "asks our own Valkey whether it is up",
    "app/cli/supervisor.py": "asks our own web process whether it is up",
    "app/cli/processes.py": "listens",
}
NETWORK = {
    "socket",
    "ssl",
    "http",
    "http.client",
    "urllib.request",
    "urllib3",
    "requests",
    "httpx",
    "httpx2",
    "aiohttp",
}


def _zoom(body: bytes, secret: str, now: float) -> dict[str, str]:
    signed = hmac.new(secret.encode(), f"v0:{now:.0f}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zm-request-timestamp": f"{now:.0f}", "x-zm-signature": f"v0={signed}"}


# How each vendor signs, written from its documentation and not with our own code.
SIGNED: dict[str, Callable[[bytes, str, float], dict[str, str]]] = {"zoom": _zoom}


def of_connectors(wanted: Callable[[Connector], object] = lambda c: True) -> pytest.MarkDecorator:
    found = [connector for connector in KNOWN.values() if wanted(connector)]
    return pytest.mark.parametrize("connector", found, ids=[c.slug for c in found])


def actions() -> Iterator[tuple[str, Action]]:
    for connector in KNOWN.values():
        for name, action in connector.actions.items():
            yield f"{connector.slug}.{name}", action


WRITES = [pytest.param(name, action, id=name) for name, action in actions() if action.safety]


def tracked() -> list[str]:
    """The files of the project; without git (an unpacked archive) everything that is not made by running it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if asked.returncode == 0:
        return [name for name in asked.stdout.splitlines() if (ROOT / name).is_file()]
    made = {".venv", "var", "__pycache__"}
    return [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and not made & set(p.parts)]


FILES = tracked()
PYTHON = [name for name in FILES if name.endswith(".py")]


# --- connectors -------------------------------------------------------------------------------------------------------


@of_connectors()
def test_every_connector_has_a_test_and_a_readme_section(connector: Connector) -> None:
    assert list((ROOT / "tests" / "connectors").glob(f"test_{connector.slug}*.py"))
    headings = re.findall(r"^#+ .*$", (ROOT / "README.md").read_text(), re.M)
    assert any(connector.title.lower() in heading.lower() for heading in headings), "no section in README.md"


@of_connectors(lambda c: c.triggers)
def test_every_connector_with_triggers_has_samples(connector: Connector) -> None:
    assert 2 <= len(list((SAMPLES / connector.slug).glob("*.json"))) <= 12


@of_connectors(lambda c: c.hook)
def test_a_changed_byte_is_refused(connector: Connector) -> None:
    assert connector.hook
    for sample in sorted((SAMPLES / connector.slug).glob("*.json")):
        body = sample.read_bytes()
        headers = SIGNED[connector.slug](body, SECRET, NOW)
        connector.hook.receive(body, headers, [SECRET], NOW)  # as it was signed: taken
        for place in {0, len(body) // 3, len(body) // 2, len(body) - 1}:
            changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            with pytest.raises(BadSignature):
                connector.hook.receive(changed, headers, [SECRET], NOW)


@of_connectors(lambda c: c.hook)
@pytest.mark.parametrize("secrets", [[], [""], ["another"]], ids=["none", "empty", "wrong"])
def test_a_hook_without_the_right_secret_does_not_exist(connector: Connector, secrets: list[str]) -> None:
    assert connector.hook
    body = next((SAMPLES / connector.slug).glob("*.json")).read_bytes()
    for signed_with in {SECRET, ""}:
        with pytest.raises(BadSignature):
            connector.hook.receive(body, SIGNED[connector.slug](body, signed_with, NOW), secrets, NOW)


@of_connectors()
def test_what_a_connector_offers_fits_together(connector: Connector) -> None:
    kinds = {trigger.kind for trigger in connector.triggers}
    for poll in connector.polls:
        assert set(poll.kinds) <= kinds, "a poll for a kind that no recipe can start on"
    names = {field.name for field in connector.auth.fields}
    assert set(connector.practice) <= names
    assert not connector.typed_host or connector.typed_host in names
    assert all(address.startswith("https://") for address in connector.hosts.values())
    assert connector.rate > 0
    assert connector.burst >= 1


@pytest.mark.parametrize(("name", "action"), WRITES)
def test_a_write_takes_its_key_and_can_be_settled(name: str, action: Action) -> None:
    arguments = list(inspect.signature(action.run).parameters)
    assert arguments[1] == "key", "the second parameter of a write is its key"
    if action.safety in (Safety.FINDABLE, Safety.SET, Safety.CONDITIONAL, Safety.STAGED):
        assert action.find, f"{action.safety} needs a way to look for what was written"
    assert set(action.roles) == set(arguments[2:]), "every argument of a write has a role"


def test_a_read_takes_no_key() -> None:
    reads = [(name, action) for name, action in actions() if not action.safety]
    assert [name for name, action in reads if "key" in inspect.signature(action.run).parameters] == []


def test_actions_say_what_they_do_with_arguments_they_have() -> None:
    for name, action in actions():
        assert action.label, name
        assert action.says, name
        assert set(re.findall(r"{(\w+)}", action.says)) <= set(inspect.signature(action.run).parameters), name


# --- recipes ----------------------------------------------------------------------------------------------------------

RECIPES = sorted(folder.parent for folder in (ROOT / "recipes").glob("*/recipe.yaml"))


@pytest.mark.parametrize("folder", RECIPES, ids=[folder.name for folder in RECIPES])
def test_every_recipe_loads_names_real_actions_and_passes_its_cases(folder: Path) -> None:
    found, results = trial.check(KNOWN, folder)
    assert found.slug == folder.name
    for step in found.steps:
        if step.kind == "do":
            slug, _, name = step.action.partition(".")
            assert not KNOWN[slug].actions[name].internal
    assert list((folder / "samples").iterdir()), "nothing to try it with"
    assert results, "no cases"
    assert {result.name: result.problems for result in results if result.problems} == {}


# --- walls ------------------------------------------------------------------------------------------------------------


def imports(name: str) -> set[str]:
    """The modules a file imports, each with its parents."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found | {module.split(".")[0] for module in found if module.split(".")[0] != "urllib"}


PRODUCT = [name for name in PYTHON if name.startswith(("app/", "connectors/"))]


def of(*folders: str) -> list[str]:
    return [name for name in PRODUCT if name.startswith(folders)]


def test_core_knows_neither_the_web_nor_the_queue() -> None:
    outer = {"flask", "rq", "redis", "gunicorn", "werkzeug"}
    assert {n: imports(n) & outer for n in of("app/core/", "app/db/", "connectors/") if imports(n) & outer} == {}


def test_only_the_door_reaches_the_network() -> None:
    rest = [name for name in of("app/") if not name.startswith("app/practice/") and name not in SOCKETS]
    assert {name: imports(name) & NETWORK for name in rest if imports(name) & NETWORK} == {}


def test_connectors_go_through_the_door_they_are_given() -> None:
    lent = {"requests", "httpx", "httpx2"}  # for the session they are handed and for their errors
    opening = re.compile(r"\b(?:requests|httpx2?)\.(?:get|post|put|patch|delete|request|Session|Client)\(")
    files = [name for name in of("connectors/") if name != "connectors/contract.py"]
    assert {name: imports(name) & (NETWORK - lent) for name in files if imports(name) & (NETWORK - lent)} == {}
    assert {name: opening.findall(_text(name)) for name in files if opening.search(_text(name))} == {}


def test_connectors_and_stand_ins_import_nothing_of_ours() -> None:
    for name in of("app/practice/", "connectors/"):
        slug = name.split("/")[1].removesuffix(".py")
        if slug in ("__init__", "contract"):
            continue
        allowed = ("app.practice",) if slug == "practice" else ("connectors.contract", f"connectors.{slug}")
        ours = {module for module in imports(name) if module.startswith(("app.", "connectors.", "tests."))}
        assert [module for module in ours if not module.startswith(allowed)] == [], name


def test_the_list_of_those_who_may_touch_the_network_is_no_longer_than_needed() -> None:
    assert [name for name in SOCKETS if not imports(name) & NETWORK] == []


# --- files ------------------------------------------------------------------------------------------------------------


def _text(name: str) -> str:
    return (ROOT / name).read_text(errors="replace")


def test_nothing_else_lies_at_the_top() -> None:
    top = {name.split("/")[0] for name in FILES}
    assert {name for name in top if not name.startswith(".")} <= AT_THE_TOP


def test_files_are_short() -> None:
    lengths = {name: len(_text(name).splitlines()) for name in PYTHON}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_files_say_in_their_first_line_what_lives_there() -> None:
    assert [name for name in PYTHON if _text(name).strip() and not ast.get_docstring(ast.parse(_text(name)))] == []
    nobodys = {"utils", "util", "helpers", "common", "misc", "manager", "service"}
    assert [name for name in PYTHON if Path(name).stem in nobodys] == []


ELSEWHERE = re.compile("|".join([r"\.\./sha" + "red", "/wo" + "rk/", r"\.lib" + "rary", "/tmp/pl" + "an"]))


def test_the_project_speaks_of_itself_only() -> None:
    found = {}
    for name in FILES:
        hits = set(ELSEWHERE.findall(_text(name)))
        if name.startswith("tests/"):
            hits.discard("../sha" + "red")  # data that a test may find beside the checkout
        if hits:
            found[name] = hits
    assert found == {}
