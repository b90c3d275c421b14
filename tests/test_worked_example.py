"""Adding a connector edits no existing file: the three files of docs/connectors.md, put into a fresh copy of the checkout."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_house import FILES, ROOT

PLACES = {
    "connector = Connector(": "connectors/shelf.py",
    "vendor = Vendor(": "app/practice/vendors/shelf.py",
    "def shelf()": "tests/connectors/test_shelf.py",
}
MOST = 40.0  # seconds; the page says how many it takes on a machine that does nothing else
_OURS = "from app.cli import main; import sys; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The checkout as a new contributor gets it, with the files of the page written into it."""
    for name in FILES:
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place)
    page = (ROOT / "docs" / "connectors.md").read_text()
    for block in re.findall(r"^```python\n(.*?)^```", page, re.M | re.S):
        for mark, name in PLACES.items():
            if mark in block and block.startswith('"""'):
                assert not (tmp_path / name).exists(), name
                (tmp_path / name).write_text(block)
    assert all((tmp_path / name).exists() for name in PLACES.values())
    return tmp_path


def run(copy: Path, *words: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    asked = subprocess.run([sys.executable, *words], cwd=copy, env=env, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stdout[-3000:] + asked.stderr[-3000:]
    return asked.stdout


def spent() -> float:
    """Seconds of a processor in child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_three_files_are_a_connector(copy: Path) -> None:
    began = spent()
    run(copy, "-c", _OURS, "reference")
    run(copy, "-m", "ruff", "check", *PLACES.values())
    run(copy, "-m", "ruff", "format", "--check", *PLACES.values())
    told = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/connectors/test_shelf.py")
    assert "7 passed" in told
    told = run(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/connectors/test_conformance.py", "-k", "shelf"
    )
    assert "passed" in told
    told = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_readme.py", "-k", "shelf or say_what")
    assert "passed" in told
    took = spent() - began
    assert took < MOST, f"the page promises less: {took:.1f} s"
    changed = [name for name in FILES if (copy / name).read_bytes() != (ROOT / name).read_bytes()]
    assert changed == ["README.md"]
    lines = set((copy / "README.md").read_text().splitlines()) ^ set((ROOT / "README.md").read_text().splitlines())
    assert len(lines) == 1
    assert lines.pop().startswith("| [Shelf](docs/connect/shelf.md) |")
    assert (copy / "docs" / "connect" / "shelf.md").read_text().startswith("# Shelf\n")
