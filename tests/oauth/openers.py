"""`python -m tests.oauth.openers CONNECTION NUMBER`: so many threads open a connection at the same time and call its vendor.

Prints one line for each: "ok", or what went wrong. The hub is the one of the environment.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from app.core.connections import ask_account
from app.core.hub import Hub, open_hub
from app.settings import read


def ask(hub: Hub, connection_id: str, together: threading.Barrier) -> str:
    together.wait(30)
    try:
        ask_account(hub, connection_id, lambda opened: opened.connector.check(opened.client))
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return "ok"


def main() -> None:
    connection_id, number = sys.argv[1], int(sys.argv[2])
    hub = open_hub(read(os.environ))
    together = threading.Barrier(number)
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(number) as pool:
        for said in pool.map(lambda _: ask(hub, connection_id, together), range(number)):
            print(said, flush=True)
    hub.close()


if __name__ == "__main__":
    main()
