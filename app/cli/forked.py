"""A forked child that runs one of our programs: it owns nothing of its parent's but the memory, and ends when its parent ends.

Only for a process with a single thread: a fork copies no other, nor frees the locks they hold.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from io import TextIOWrapper
from typing import NoReturn

import setproctitle

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Forked:
    """What we need of `subprocess.Popen`."""

    def __init__(
        self, title: str, program: Callable[[], None], env: Mapping[str, str], says: int, keep: Sequence[int] = ()
    ) -> None:
        """`says` takes its output and errors; `keep`: other files it may use."""
        self._code: int | None = None
        parent = os.getpid()
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        gc.freeze()  # the collector leaves what we share with our children alone, so that it stays shared
        # Held back until the child has put down its parent's handlers, which would take a signal for somebody else's.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        self.pid = os.fork()
        if not self.pid:
            _live(title, program, env, parent, says, keep)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code


def _live(
    title: str, program: Callable[[], None], env: Mapping[str, str], parent: int, says: int, keep: Sequence[int]
) -> NoReturn:
    code = 1
    try:
        _part(title, env, parent, says, keep)
        program()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _part(title: str, env: Mapping[str, str], parent: int, says: int, keep: Sequence[int]) -> None:
    """Become a process of its own: session, signals, files, environment, name."""
    setproctitle.setproctitle(title)  # before the environment changes: its memory is where the title goes
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    os.setsid()  # Ctrl-C reaches our parent only, which ends us in order
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)  # it ended before we could ask
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(says, 1)
    os.dup2(says, 2)
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).handlers.clear()  # they write into files of our parent
    for fd in [int(name) for name in os.listdir("/proc/self/fd")]:
        if fd > 2 and fd not in keep:
            _close(fd)
    os.environ.clear()
    os.environ.update(env)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _close(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        return  # the list's own
