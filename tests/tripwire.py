"""Notices every connection that does not leave through the one door: an SDK that goes its own way, in whichever thread.

Python tells of each one before it is made (`socket.connect`, `socket.getaddrinfo`: https://docs.python.org/3/library/audit_events.html).
Whose it is, the stack says.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tests import network

astray: list[str] = []
"""Where such a connection was begun, one line each."""

_ROOT = Path(__file__).parents[1]
_DOOR = tuple(
    str(_ROOT / "app" / "core" / name)
    for name in ("addresses.py", "wire.py", "mail.py", "mail_imap.py", "mail_smtp.py")
)
_OURS = tuple(str(_ROOT / name) + "/" for name in ("connectors", "app/core"))
_OTHERS = tuple(str(_ROOT / name) + "/" for name in ("tests", "app"))
_SDKS = ("stripe", "pyairtable", "notion_client", "openai", "googleapiclient", "httplib2", "google_auth_httplib2", "authlib",
         "requests", "urllib3", "httpx", "httpcore", "httpx2", "aiohttp", "anyio")  # fmt: skip
_set = False


def set_up() -> None:
    """For the rest of the process: such hooks cannot be taken away."""
    global _set
    if not _set:
        _set = True
        sys.addaudithook(_told)


def _told(event: str, given: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.getaddrinfo"):
        return
    if event == "socket.connect" and given[0].family not in (socket.AF_INET, socket.AF_INET6):
        return
    files = [file for frame in _frames(sys._getframe(1)) if (file := frame.f_code.co_filename) != network.__file__]
    if is_astray(files):
        where = next((file for file in files if file.startswith(_OURS)), "") or next(filter(_sdk, files))
        astray.append(f"{event} {given[1] if event == 'socket.connect' else given[0]} from {where}")


def is_astray(files: list[str]) -> bool:
    """Of a stack, the innermost file first: ours or an SDK's, and not through the door. What only tests, stand-ins and the
    queue connect to is theirs to decide."""
    if any(file in _DOOR for file in files):
        return False
    if any(file.startswith(_OURS) for file in files):
        return True
    return any(map(_sdk, files)) and not any(file.startswith(_OTHERS) for file in files)


def _sdk(file: str) -> bool:
    """Also one that works in a thread of its own, of which nobody waits for the end."""
    return any(f"/site-packages/{name}/" in file for name in _SDKS)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
