"""`python tied.py PARENT COMMAND…` becomes COMMAND and, on Linux, ends when PARENT ends, however that ends.

Standard library only and run as a file: it stands before every process that `patchbay run` starts.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            return  # it ended before we could ask
    os.execv(command[0], command)  # noqa: S606 - the command is ours


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
