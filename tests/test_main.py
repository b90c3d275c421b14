"""`python3 -m app` makes its environment, once, and hands over; a broken install is done again."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

MAIN = Path(__file__).parents[1] / "app" / "__main__.py"
CLI = """
import sys
def main(args):
    import tiny
    print("tiny", tiny.VERSION, *args, "from", sys.prefix)
    return 3
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the real `__main__`, a command that needs one package, and a folder that has the package."""
    root = tmp_path / "check out's"  # a name that shells dislike
    (root / "app" / "cli").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "app" / "__init__.py").touch()
    (root / "app" / "cli" / "__init__.py").write_text(CLI)
    (root / "app" / "__main__.py").write_bytes(MAIN.read_bytes())
    (root / "tests" / "lock.txt").write_text("")
    release(root, "1.0")
    return root


def shelf(root: Path) -> Path:
    return root.parent / "shelf"


def release(root: Path, version: str) -> None:
    """Put `tiny` of this version on the shelf and into the lock."""
    wheel = shelf(root) / f"tiny-{version}-py3-none-any.whl"
    wheel.parent.mkdir(exist_ok=True)
    info = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", f"VERSION = '{version}'\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (root / "app" / "lock.txt").write_text(f"tiny=={version} \\\n    --hash=sha256:{digest}\n")


def start(root: Path, *args: str, command: str = "") -> subprocess.CompletedProcess[str]:
    base = getattr(sys, "_base_executable", sys.executable)
    words = [command] if command else [base, "-m", "app"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = {**kept, "PIP_FIND_LINKS": str(shelf(root)), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    cwd = root.parent if command else root
    return subprocess.run([*words, *args], cwd=cwd, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_makes_the_environment_once_and_hands_over(checkout: Path) -> None:
    """One story, because an environment takes seconds to make."""
    first: list[subprocess.CompletedProcess[str]] = []
    threads = [threading.Thread(target=lambda: first.append(start(checkout, "two words"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = f"tiny 1.0 two words from {checkout / '.venv'}\n"
    assert [(one.returncode, one.stdout) for one in first] == [(3, said)] * 2, [one.stderr for one in first]
    assert sum("Preparing" in one.stderr for one in first) == 1

    began = time.monotonic()
    second = start(checkout)
    assert (second.returncode, second.stderr) == (3, "")
    assert time.monotonic() - began < 2

    named = start(checkout, "x", command=str(checkout / ".venv" / "bin" / "patchbay"))
    assert named.stdout.startswith("tiny 1.0 x from"), named.stderr

    release(checkout, "2.0")  # another lock: installed again
    assert start(checkout).stdout.startswith("tiny 2.0")

    release(checkout, "3.0")
    with zipfile.ZipFile(shelf(checkout) / "tiny-3.0-py3-none-any.whl", "a") as archive:
        archive.writestr("more.py", "")  # not the package that was locked
    refused = start(checkout)
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert "could not be installed" in refused.stderr

    release(checkout, "2.0")
    for file in checkout.glob(".venv/lib/*/site-packages/tiny.py"):
        file.write_text("VERSION =")  # as if the install had been cut off here; pip would think it is complete
    assert start(checkout).stdout.startswith("tiny 2.0")


def test_an_old_python_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from app import __main__

    monkeypatch.setattr(__main__, "NEEDED", (99, 0))
    assert __main__.main() == 1
    assert "newer python3" in capsys.readouterr().err
