"""Room on the disk: below a limit nothing new is begun, so that what is in hand can still be written down."""

from __future__ import annotations

import shutil

from app.core.hub import Hub


def is_full(hub: Hub) -> bool:
    """Less is free than PATCHBAY_LEAST_DISK says. Costs a system call of microseconds."""
    home = hub.settings.home
    return bool(shutil.disk_usage(home if home.exists() else ".").free < hub.settings.least_disk)
