"""`run` starts everything on this machine; `web`, `worker` and `clock` are one process each."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from logging import Logger

from app.cli import cores, place, supervisor
from app.cli.child import Child
from app.cli.speak import JSON, Failed, Out
from app.cli.valkey import Valkey
from app.settings import BadSettings, Settings


def run(args: argparse.Namespace, out: Out) -> None:
    given = place.settings()
    given.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = place.hold(given.home)
    with closing(lock), closing(_listen(given)) as listening:
        given = replace(given, port=listening.getsockname()[1])
        place.prepare(given)
        valkey = None if given.redis_url else Valkey(given.home)
        try:
            _run(given, listening, valkey, out)
        finally:
            if valkey:
                valkey.clear()


def _run(given: Settings, listening: socket.socket, valkey: Valkey | None, out: Out) -> None:
    given = replace(given, redis_url=valkey.url) if valkey else given
    log = supervisor.open_log(given.home)
    code = _set_up(given)
    first = [Child("Valkey", valkey.command(), _environment(given), log)] if valkey else []
    web = _web(given, listening, log)

    def say(text: str) -> None:
        log.info("run %s", text)
        out.say(f"{text} Details: {given.home / 'logs' / 'patchbay.log'}")

    house = supervisor.Supervisor(first, [web], say)
    house.listen()
    try:
        house.start()
        place.write_down(given.home, place.Running(os.getpid(), given.port, given.redis_url))
        if not house.wait_for(lambda: supervisor.answers(given.port), 60) and not house.stopping.is_set():
            raise Failed(f"Patchbay did not start. This is the end of its log:\n{supervisor.last_words(given.home)}")
        if not house.stopping.is_set():
            house.add(_others(given, log))  # after the first page: the machine has better things to do until then
            _greet(given, code, out)
        house.watch()
        out.say("Stopping; the calls in hand are finished first.")
    finally:
        house.stop()
        place.forget(given.home)


def _listen(given: Settings) -> socket.socket:
    """The hub's own listening socket. Raises BadSettings with what to do when the port is taken."""
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((given.host, given.port))
        listening.listen(2048)
    except OSError as problem:
        listening.close()
        raise BadSettings(
            f"Port {given.port} of {given.host} cannot be used ({os.strerror(problem.errno or 0)}). "
            f"Stop the program that uses it, or choose another one: PORT={given.port + 1} python3 -m app"
        ) from None
    return listening


def _others(given: Settings, log: Logger) -> list[Child]:
    """What they import they share, if it is imported here."""
    from app import clock, worker

    _share("notion_client", "openai")

    workers = [_child("worker", given, log, worker.run, core) for core in range(given.workers)]
    return [*workers, _child("clock", given, log, clock.run)]


def _share(*modules: str) -> None:
    """Import these before forking, so that all children have them in the same memory."""
    for module in modules:
        import_module(module)


def _child(name: str, given: Settings, log: Logger, work: Callable[..., int], core: int | None = None) -> Child:
    def program() -> None:
        if core is not None:
            cores.keep_to(core)
        sys.exit(work(given, prepared=True))

    command = [sys.executable, str(place.ROOT / "app" / "__main__.py"), name]
    return Child(name, command, _environment(given), log, program=program)


def _web(given: Settings, listening: socket.socket, log: Logger) -> Child:
    """It inherits our listening socket: while a web process that died comes back, callers wait instead of being refused."""
    fd = listening.fileno()
    from app.cli import serving

    def program() -> None:
        cores.keep_to(-1)
        serving.serve(_options(), fd)

    return Child("web", _gunicorn(f"fd://{fd}"), _environment(given), log, keep=[fd], program=program)


def _environment(given: Settings) -> dict[str, str]:
    ours = {
        "PATCHBAY_HOME": str(given.home),
        "PORT": str(given.port),
        "REDIS_URL": given.redis_url,
        "PYTHONUNBUFFERED": "1",
        "PATCHBAY_DIE_WITH_PARENT": "yes",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(place.ROOT), os.environ.get("PYTHONPATH", "")])),
    }
    return {**os.environ, **ours}


def _set_up(given: Settings) -> str:
    """The data of a fresh hub, and what all our processes import and build, before they are forked from this one. Returns the
    set-up code while nobody has set the hub up."""
    from app.core import beginning, users
    from app.core.hub import open_hub

    _share("app.main")
    hub = open_hub(given)
    try:
        beginning.prepare(hub)
        return users.setup_code(hub) or ""
    finally:
        hub.close()


def _greet(given: Settings, code: str, out: Out) -> None:
    out.say(f"Patchbay is ready: {given.address}{'/setup' if code else ''}")
    if code:
        out.say(f"Open that address in your browser and enter this set-up code: {code}")
    out.say("Press Ctrl-C to stop.")
    out.document({"address": given.address, "port": given.port, "setup_code": code, "home": str(given.home)})


# --- one process ------------------------------------------------------------------------------------------------------


def web(args: argparse.Namespace, out: Out) -> None:
    given = _alone()
    _listen(given).close()  # a sentence instead of five attempts
    host = f"[{given.host}]" if ":" in given.host else given.host
    os.environ.update(_environment(given))
    command = _gunicorn(f"{host}:{given.port}")
    os.execv(command[0], command)  # noqa: S606 - our own interpreter


def _gunicorn(bind: str) -> list[str]:
    """The command of a gunicorn with a master of its own."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "app.main:create_app()",
        "--no-control-socket",
        "--bind",
        bind,
        *_options(),
    ]


def _options() -> list[str]:
    """Threads wait for the disk most of the time. Forwarded headers are read by the application, which knows how many
    proxies stand in front."""
    options = {
        "worker-class": "gthread",
        "workers": "1",
        "threads": "16",
        "timeout": "60",
        "graceful-timeout": "20",
        "keep-alive": "5",
        "backlog": "2048",
        "forwarded-allow-ips": "",
        "log-level": "warning",
    }
    if os.path.isdir("/dev/shm"):  # noqa: S108 - gunicorn's sign of life, which must not wait for a disk
        options["worker-tmp-dir"] = "/dev/shm"  # noqa: S108
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def worker(args: argparse.Namespace, out: Out) -> JSON:
    given = _alone()
    from app import worker as process

    if args.burst:
        done = process.burst(given)
        out.say(f"Nothing is left to do now. Events routed: {done['events']}; runs worked on: {done['runs']}.")
        return done
    _wants_redis(given)
    if process.run(given):
        raise Failed("The worker lost all its threads; its log says why.")
    return None


def clock(args: argparse.Namespace, out: Out) -> None:
    given = _alone()
    _wants_redis(given)
    from app import clock as process

    process.run(given)


def _alone() -> Settings:
    given = place.with_running(place.settings()) if not os.environ.get("REDIS_URL") else place.settings()
    place.prepare(given)
    return given


def _wants_redis(given: Settings) -> None:
    if not given.redis_url:
        raise BadSettings(
            "This process needs a Redis. Set REDIS_URL to one (redis://127.0.0.1:6379), or start everything "
            "at once with: python3 -m app run"
        )


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    for name, act, text in (
        ("run", run, "start everything on this machine (also what no command at all does)"),
        ("web", web, "only the pages and the addresses that vendors call, on PORT"),
        ("worker", worker, "only the process that works on runs; start as many as you like"),
        ("clock", clock, "only the process that wakes what waits"),
    ):
        parser = commands.add_parser(name, help=text, description=text, parents=[common])
        if name == "worker":
            burst = "work until nothing is left to do now, then leave; needs neither Redis nor a clock"
            parser.add_argument("--burst", action="store_true", help=burst)
        parser.set_defaults(act=act)
