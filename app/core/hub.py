"""What every part of core is handed first: settings, database, vault, connectors and the two clocks."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import connectors
from app.core import house, masks
from app.core.suspects import Suspects
from app.core.tallies import Tallies
from app.core.vault import Vault, ensure_keys
from app.db.session import Database
from app.db.steady import Steady
from app.settings import Settings
from connectors.contract import Connector


@dataclass
class Hub:
    """One process's view of this hub. Cheap to make; holds no connection until it is used."""

    settings: Settings
    db: Database
    vault: Vault
    connectors: Mapping[str, Connector]
    steady: Steady = field(init=False)
    tallies: Tallies = field(init=False)
    suspects: Suspects = field(default_factory=Suspects)
    leaving: bool = False  # this process ends the calls in hand and begins no other

    def __post_init__(self) -> None:
        self.steady = Steady(self.db)
        self.tallies = Tallies(self.db)

    def now(self) -> int:
        """Wall time, ms UTC: for what people read. Leases and deadlines use `steady.now()`."""
        return int(time.time() * 1000)

    @cached_property
    def secret(self) -> bytes:
        """This hub's own secret: markers of writes are made with it, so it must outlive key rotation."""
        place = "house:secret:value"
        with self.db.apart() as conn:
            kept: str | None = house.get(conn, "secret")
        if kept is None:
            fresh = self.vault.seal(secrets.token_bytes(32), place).decode()
            kept = self.db.write(lambda conn: str(house.put_once(conn, "secret", fresh)))
        return self.vault.open(kept.encode(), place)

    def proof(self, asked: str) -> str:
        """What only this hub can answer to `asked`: shows that an address leads here."""
        return hmac.new(b"proof" + self.secret, asked.encode(), hashlib.sha256).hexdigest()

    @cached_property
    def doubt(self) -> dict[str, int] | None:
        """Set for ever when this hub was resumed after a hold (`core.hold`), which only a start can bring about."""
        with self.db.read() as conn:
            found: dict[str, int] | None = house.get(conn, "doubt")
        return found

    def close(self) -> None:
        self.tallies.close()
        self.db.close()


def open_hub(settings: Settings, connectors_: Mapping[str, Connector] | None = None) -> Hub:
    """The hub of these settings. The database must be migrated already. Raises BadSettings, CannotLoad."""
    masks.guard_the_log()
    known = connectors_ or connectors.load(settings.connectors)
    vault = Vault(ensure_keys(settings))
    return Hub(settings, Database(settings.database), vault, _paced(known, settings))


def _paced(known: Mapping[str, Connector], settings: Settings) -> Mapping[str, Connector]:
    """The connectors with the calls a second that PATCHBAY_RATE_<SLUG> allows; how many may go at once grows with it."""
    rates = {slug: rate for slug, rate in settings.rates.items() if slug in known}
    return {**known, **{slug: _at_rate(known[slug], rate) for slug, rate in rates.items()}}


def _at_rate(connector: Connector, rate: float) -> Connector:
    return replace(connector, rate=rate, burst=max(int(connector.burst * rate / connector.rate), 1))
