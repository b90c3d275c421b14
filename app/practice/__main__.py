"""`python -m app.practice`: the practice vendors by themselves, for tests and benches."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.practice import create_app
from app.practice.door import Vendor
from app.practice.serve import TOKEN, Server


def arguments(prog: str, says: str | None) -> argparse.ArgumentParser:
    """What whoever serves them can be told."""
    parser = argparse.ArgumentParser(prog=prog, description=says)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8790, help="0 takes a free one")
    parser.add_argument("--folder", type=Path, default=Path("var/practice"), help="where its memory lies")
    parser.add_argument("--token", default=TOKEN, help="every vendor's key and secret")
    parser.add_argument("--control", action="store_true", help="opens /_control: faults, ledger, people's edits")
    parser.add_argument("--no-limits", action="store_true", help="no rate limits")
    return parser


def main(further: Sequence[Vendor] = (), prog: str = "python -m app.practice") -> None:
    """`further`: vendors beside ours."""
    given = arguments(prog, __doc__).parse_args()
    asked = {"control": given.control, "limits": not given.no_limits}
    app = create_app(given.folder, given.token, **asked, further=further)
    server = Server(given.host, given.port, app)
    print(f"http://{given.host}:{server.server_port}", flush=True)
    try:
        server.serve_forever(0.2)
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
