"""`python3 -m app`: makes the environment in `.venv`, with the standard library only, then hands over to `app.cli`."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "patchbay-env"  # what is installed: written last, so a broken install has none
BUSY = VENV / "patchbay-busy"  # an install is under way, or was interrupted
WITH_TESTS = ("test", "check", "bench", "faults")
NEEDED = (3, 11)


def main() -> int:
    args = sys.argv[1:]
    if sys.version_info < NEEDED:
        return _stop(
            f"Patchbay needs Python 3.11 or newer; this is {sys.version.split()[0]}. Start it with a newer python3."
        )
    # Compiling everything anew takes seconds at every start; what is compiled lies in this folder only.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        sys.dont_write_bytecode = False
    wanted = _wanted(args)
    if not _current(wanted) or not _python_runs_it():
        problem = _prepare(wanted)
        if problem:
            return _stop(problem)
    if Path(sys.prefix).resolve() != VENV.resolve():
        _become([str(_python()), str(Path(__file__).resolve()), *args])
    sys.path[0] = str(ROOT)
    from app.cli import main as command

    return command(args)


def _wanted(args: list[str]) -> list[str]:
    """The lines of the stamp that this command needs: one per lock file."""
    locks = ["app/lock.txt", *(["tests/lock.txt"] if args[:1] and args[0] in WITH_TESTS else [])]
    return [f"{lock} {hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()}" for lock in locks]


def _current(wanted: list[str]) -> bool:
    try:
        return set(wanted) <= set(STAMP.read_text().splitlines())
    except OSError:
        return False


def _python_runs_it() -> bool:
    """False when the Python underneath is gone or became another one (a system upgrade, a moved folder)."""
    name = _python().resolve().name
    version = name if name.startswith("python3.") else f"python3.{sys.version_info[1]}"
    return os.access(_python(), os.X_OK) and (VENV / "lib" / version / "site-packages").is_dir()


def _python() -> Path:
    return VENV / "bin" / "python"


def _prepare(wanted: list[str]) -> str:
    """Make or refresh the environment, one process at a time. Returns what is wrong, or ""."""
    import fcntl

    VENV.mkdir(exist_ok=True)
    with (VENV / "patchbay-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _current(wanted) and _python_runs_it():
            return ""  # another process did it while we waited
        uv = _uv()
        if not uv and not _has_venv():
            version = f"{sys.version_info[0]}.{sys.version_info[1]}"
            return (
                f"This Python has no venv. On Debian or Ubuntu: sudo apt install python{version}-venv, then try again."
            )
        _say("Preparing Patchbay; this takes half a minute the first time.")
        try:
            _make(uv)
            _install(uv, wanted)
        except subprocess.CalledProcessError:
            return "The packages could not be installed; the reason stands above. Check the network and start again."
    _say("Ready.")
    return ""


def _make(uv: str) -> None:
    if BUSY.exists() or not _python_runs_it():
        for child in VENV.iterdir():
            if child.name != "patchbay-lock":
                shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
        base = getattr(sys, "_base_executable", sys.executable)
        if uv:
            _run([uv, "venv", "--quiet", "--allow-existing", "--python", base, str(VENV)])
        else:
            _run([base, "-m", "venv", str(VENV)])
    BUSY.touch()
    STAMP.unlink(missing_ok=True)


def _install(uv: str, wanted: list[str]) -> None:
    files = [word for line in wanted for word in ("-r", str(ROOT / line.split()[0]))]
    pip = (
        [uv, "pip", "install", "--quiet", "--python", str(_python())]
        if uv
        else [str(_python()), "-m", "pip", "install"]
    )
    quiet = [] if uv else ["-qq", "--disable-pip-version-check", "--no-input"]
    _run([*pip, *quiet, "--require-hashes", *files])
    _write_command()
    draft = STAMP.with_suffix(".new")
    draft.write_text("\n".join(wanted) + "\n")
    draft.replace(STAMP)
    BUSY.unlink()


def _write_command() -> None:
    """`.venv/bin/patchbay`: the same command from any folder."""
    file = VENV / "bin" / "patchbay"
    words = shlex.join([str(_python()), str(Path(__file__).resolve())])
    file.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    file.chmod(0o755)


def _uv() -> str:
    """uv where it is installed, unless pip is set up to fetch packages from places that uv does not know of."""
    uv = shutil.which("uv")
    if not uv:
        return ""
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    own = ("index-url", "find-links", "no-index", "index_url", "find_links", "no_index")
    return "" if any(word in asked.stdout for word in own) else uv


def _has_venv() -> bool:
    """Debian packages `ensurepip` apart; venv fails without it."""
    import importlib.util

    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def _become(command: list[str]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)  # noqa: S606 - our own interpreter


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stop(problem: str) -> int:
    _say(problem)
    return 1


if __name__ == "__main__":
    sys.exit(main())
