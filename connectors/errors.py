"""What a connector raises: each a sentence for the owner to read; the class says what helps."""

from __future__ import annotations


class ConnectorError(Exception):
    """A sentence for the owner to read; the class says what helps."""


class BadSignature(ConnectorError):
    """The delivery was not signed with our secret, or not within the time window. It is refused and not stored."""


class Unreadable(ConnectorError):
    """The delivery was signed rightly but its body is not what the vendor documents. It is stored as dead."""


class Unauthorized(ConnectorError):
    """The vendor no longer takes our credentials: reconnect."""


class Stopped(Unauthorized):
    """It wants nothing more from us: nothing is sent until a person has changed or tested the connection."""


class Refused(ConnectorError):
    """The vendor said no for good. The text is what the owner should do about it, in the vendor's words where they help."""


class Unavailable(ConnectorError):
    """Not now. `seconds` is how long the vendor asked us to wait, if it did."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class CannotLoad(Exception):
    """A connector that cannot be used; the text says where it lies and what to do."""


class InProgress(ConnectorError):
    """The vendor is still at an earlier request with this key: the same one is sent again in `seconds`, or after a while."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds
