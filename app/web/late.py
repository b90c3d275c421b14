"""A WSGI application that is made when it is first called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Late:
    """Calls `make` once; if that fails, the next call tries again."""

    def __init__(self, make: Callable[[], WSGIApplication]) -> None:
        self._make = make
        self._made: WSGIApplication | None = None
        self._making = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._making:
            if self._made is None:
                self._made = self._make()
        return self._made(environ, start_response)
