"""Several machines on one: network namespaces, joined by cables that can be pulled. Only what this process made is touched.

`python -m tests.durability.neighbours SCENARIO` plays a scenario in a network of its own (started by `unshare --net`) and prints
what came of it as JSON. PostgreSQL, Redis and the vendors stand in the middle; each neighbour reaches the first two by its
cable "lan" and the vendors by its cable "out".
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.settings import Settings
from tests import postgres, redis_server
from tests.durability.processes import process, ring, wait_for_all
from tests.durability.world import World, until, world

CABLES = ("lan", "out")
POSTGRES, REDIS = 5432, 6379  # in a network of our own every port is free


class NoNetwork(Exception):
    """Why no network of our own can be made here."""


def own_network() -> list[str]:
    """The words that start a command in a network of its own. Raises NoNetwork."""
    for words in (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"]):
        try:
            tried = subprocess.run(
                [*words, "ip", "link", "add", "lan1", "type", "veth", "peer", "name", "lan"], capture_output=True
            )
        except OSError:
            break
        if tried.returncode == 0:
            return words
    raise NoNetwork("network namespaces need Linux, the commands unshare and ip, and the right to make them")


def _do(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@dataclass
class Neighbour:
    """A machine with a name and addresses of its own: 10.77.<number>.2 on "lan", 10.78.<number>.2 on "out"."""

    number: int
    holder: subprocess.Popen[bytes]

    @property
    def name(self) -> str:
        return f"neighbour-{self.number}"

    @property
    def inside(self) -> list[str]:
        """Words before a command that is to run there."""
        return ["nsenter", f"--target={self.holder.pid}", "--net", "--uts", "--"]

    def plug(self, cable: str) -> None:
        _do("ip", "link", "set", f"{cable}{self.number}", "up")

    def pull(self, cable: str) -> None:
        _do("ip", "link", "set", f"{cable}{self.number}", "down")

    def middle(self, cable: str) -> str:
        """The address of the other end."""
        return f"10.{77 + CABLES.index(cable)}.{self.number}.1"

    def environment(self, here: World) -> dict[str, str]:
        """What processes there are told: the shared database, Redis and keys, and a data folder that is theirs alone."""
        database = make_url(here.settings.database_url).database
        lan, out = self.middle("lan"), self.middle("out")
        home = here.settings.home.parent / self.name
        home.mkdir(mode=0o700, exist_ok=True)
        return {
            "PATCHBAY_HOME": str(home),
            "DATABASE_URL": f"postgresql://{postgres.USER}@{lan}:{POSTGRES}/{database}",
            "REDIS_URL": f"redis://{lan}:{REDIS}",
            "PATCHBAY_PRIVATE_REDIS": "yes",
            "PATCHBAY_PRACTICE_URL": f"http://{out}:{here.served.port}",
        }

    def sockets(self, port: int) -> list[str]:
        """What its kernel still has of connections to a port: lines of ss."""
        found = _do(*self.inside, "ss", "-tanH", f"dport = :{port}").splitlines()
        return [line for line in found if not line.startswith("TIME-WAIT")]


@contextmanager
def neighbour(number: int) -> Iterator[Neighbour]:
    holder = subprocess.Popen(["unshare", "--net", "--uts", "sleep", "600"])
    made = Neighbour(number, holder)
    try:
        own = Path("/proc/self/ns/net").readlink()
        until(lambda: Path(f"/proc/{holder.pid}/ns/net").readlink() != own)
        until(lambda: Path(f"/proc/{holder.pid}/comm").read_text() == "sleep\n")
        _do(*made.inside, "hostname", made.name)
        _do(*made.inside, "ip", "link", "set", "lo", "up")
        for cable in CABLES:
            _lay(made, cable)
        yield made
    finally:
        holder.kill()
        holder.wait()


def _lay(made: Neighbour, cable: str) -> None:
    middle, end = made.middle(cable), f"{cable}{made.number}"
    _do("ip", "link", "add", end, "type", "veth", "peer", "name", cable, "netns", str(made.holder.pid))
    _do("ip", "addr", "add", f"{middle}/24", "dev", end)
    _do(*made.inside, "ip", "addr", "add", middle.rpartition(".")[0] + ".2/24", "dev", cable)
    _do(*made.inside, "ip", "link", "set", cable, "up")
    made.plug(cable)
    _know(made, cable)


def _know(made: Neighbour, cable: str) -> None:
    """The other end's hardware address stands fast, as a router's does that others ask for it all the time. Else the kernel
    would keep what is sent into a pulled cable for three seconds, for when somebody says where the other end is."""
    (end,) = json.loads(_do("ip", "-json", "link", "show", f"{cable}{made.number}"))
    fast = ["ip", "neigh", "replace", made.middle(cable), "lladdr", end["address"], "dev", cable, "nud", "permanent"]
    _do(*made.inside, *fast)


# --- the middle -------------------------------------------------------------------------------------------------------


@dataclass
class Village:
    """`here`: the hub as seen from the middle; `redis_url`: the same Redis by its socket."""

    here: World
    redis_url: str
    one: Neighbour
    other: Neighbour
    stack: ExitStack

    def start(self, name: str, where: Neighbour | None = None, **more: str) -> subprocess.Popen[bytes]:
        """A worker at a neighbour's, or a clock in the middle."""
        if where is None:
            return self.stack.enter_context(process(self.here, name, self.redis_url, **more))
        there = {**where.environment(self.here), **more}
        return self.stack.enter_context(process(self.here, name, self.redis_url, where.inside, **there))

    def found(self, **more: Any) -> dict[str, Any]:
        """What there is in the end, at the vendor and in the books."""
        writes = [w for w in self.here.writes() if w["action"] == "notion.create_page" and w["step"] == "page"]
        return {
            "states": sorted({run["state"] for run in self.here.runs()}),
            "pages": sorted(self.here.pages()),
            "found_by": sorted({w["found_by"] for w in writes}),
            "tries": max((w["tries"] for w in writes), default=0),
            **more,
        }

    def warm(self) -> None:
        """A first run, after which the next one finds a connection to the vendor open and nothing to prepare."""
        ring(self.here, self.redis_url, self.here.receive("Before"))
        wait_for_all(self.here, 1)


@contextmanager
def village() -> Iterator[Village]:
    _do("ip", "link", "set", "lo", "up")
    with ExitStack() as stack:
        server = postgres.Server(port=POSTGRES)
        stack.callback(server.stop)
        valkey = redis_server.Server(REDIS)
        stack.callback(valkey.stop)
        engine = create_engine(server.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text("create database hub"))
        engine.dispose()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pb-hosts-")))
        (folder / "home").mkdir(mode=0o700)
        keys = (Fernet.generate_key().decode(),)
        given = Settings(home=folder / "home", database_url=server.url("hub"), keys=keys, patience=0.1, threads=4)
        here = stack.enter_context(world(given, folder / "practice", host="0.0.0.0"))
        ends = [stack.enter_context(neighbour(number)) for number in (1, 2)]
        try:
            yield Village(here, valkey.url, ends[0], ends[1], stack)
        except BaseException:
            for log in given.home.glob("*.log"):
                print(f"{log.name}: {log.read_text()[-3000:]}", file=sys.stderr)
            raise


# --- scenarios --------------------------------------------------------------------------------------------------------


def together(there: Village) -> dict[str, Any]:
    """Workers of two neighbours share the work."""
    number, seen, over = 24, set[str](), threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.update(run["holder"].partition(":")[0] for run in there.here.runs() if run["holder"])

    watching = threading.Thread(target=watch)
    there.start("worker", there.one)
    there.start("worker", there.other)
    there.start("clock")
    watching.start()
    for n in range(number):
        ring(there.here, there.redis_url, there.here.receive(f"Meeting {n:02}"))
    try:
        wait_for_all(there.here, number)
    finally:
        over.set()
        watching.join()
    return there.found(hosts=sorted(seen))


def cut(there: Village, **more: str) -> dict[str, Any]:
    """The way to the vendor is cut before the request has left, the worker killed, the way restored: its bytes died with it."""
    worker = there.start("worker", there.one, PATCHBAY_THREADS="1", **more)
    there.warm()
    with there.here.hub.db.engine.connect() as conn:
        conn.execute(text("lock table calls in share mode"))  # whoever is about to send waits here
        ring(there.here, there.redis_url, there.here.receive())
        until(lambda: _waits_for_calls(there))
        there.one.pull("out")
        conn.rollback()
    until(lambda: _in_the_pipe(there))
    worker.kill()
    worker.wait()
    left = there.one.sockets(there.here.served.port)
    there.one.plug("out")
    until(lambda: not there.one.sockets(there.here.served.port))
    dead = there.here.pages().count("Catch-up")
    there.start("worker", there.other)
    there.start("clock")
    wait_for_all(there.here, 2)
    return there.found(left=len(left), sent_by_the_dead=dead)


def cut_without_options(there: Village) -> dict[str, Any]:
    """The same, with sockets as they are by default."""
    return cut(there, BREAK="bytes outlive their process")


def unplugged(there: Village) -> dict[str, Any]:
    """A neighbour loses the whole network while the vendor works on its request; nobody kills the worker."""
    there.here.served.fault("notion", "hold_after", method="POST", path="/v1/pages", seconds=60)
    worker = there.start("worker", there.one)
    ring(there.here, there.redis_url, there.here.receive())
    until(lambda: any(r["held"] for r in there.here.served.ledger("notion")))
    for cable in CABLES:
        there.one.pull(cable)
    ended = worker.wait(60)
    there.here.served.control("release", {})
    for cable in CABLES:
        there.one.plug(cable)
    there.start("worker", there.other)
    there.start("clock")
    wait_for_all(there.here, 1)
    return there.found(ended=ended)


def _waits_for_calls(there: Village) -> bool:
    waiting = text("select count(*) from pg_locks where not granted and relation = 'calls'::regclass")
    with there.here.hub.db.read() as conn:
        return bool(conn.execute(waiting).scalar())


def _in_the_pipe(there: Village) -> bool:
    """The request stands in the kernel of the neighbour, on its way to a vendor that does not hear it."""
    intent = {w["state"] for w in there.here.writes() if w["step"] == "page"}
    waiting = [int(line.split()[2]) for line in there.one.sockets(there.here.served.port)]
    return "intent" in intent and any(waiting)


SCENARIOS: dict[str, Callable[[Village], dict[str, Any]]] = {
    "together": together,
    "cut": cut,
    "cut without options": cut_without_options,
    "unplugged": unplugged,
}


def main(name: str) -> None:
    with village() as there:
        print(json.dumps(SCENARIOS[name](there)))


if __name__ == "__main__":
    main(sys.argv[1])
