"""Our promises about the house itself: recipes are real, and nothing goes round the walls. What connectors must keep is
in `tests/connectors/test_conformance.py`."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import connectors
from app.core import trial

ROOT = Path(__file__).parents[1]
KNOWN = connectors.load()

AT_THE_TOP = {
    *("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Procfile"),
    *("app", "connectors", "recipes", "tests", "docs"),
}

# Who may touch the network, and why.
SOCKETS = {
    "app/core/http.py": "the one door out",
    "app/core/wire.py": "the door's own hinges",
    "app/core/mail.py": "the door's way to mail servers",
    "app/core/mail_imap.py": "what is said in a mailbox",
    "app/core/mail_smtp.py": "what is said to a server that sends",
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
    "imaplib",
    "smtplib",
    "poplib",
    "ftplib",
}


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
        if slug in ("__init__", "auth", "contract", "errors", "strict_json"):
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


def test_a_start_imports_no_sdk() -> None:
    """Each costs several megabytes in every process: they are imported when a connection is opened."""
    heavy = ("openai", "notion_client", "stripe", "pyairtable", "googleapiclient", "google", "authlib", "alembic")
    look = "import sys, app.main, app.worker, app.clock, connectors; connectors.load(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(heavy) & {name.partition(".")[0] for name in done.stdout.split()}
