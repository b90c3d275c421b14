"""`recipe list|check|show|enable|disable|pause|resume|publish`, and `rehearse`."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli import pickers, place
from app.cli.speak import JSON, Failed, Misused, Out, pairs, plain

if TYPE_CHECKING:
    from app.core.recipe_parts import Recipe, Setting
    from app.core.recipes import RecipePage

LEVELS = ("rehearse", "review", "auto")


def listing(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import recipes

        pages = recipes.listing(hub)
        broken = recipes.problems(hub)
    rows = [_row(page) for page in pages]
    columns = {"Recipe": "slug", "Title": "title", "Version": "version", "Real": "real", "Practice": "practice"}
    out.table(rows, columns, "There are no recipes. Publish one with: patchbay recipe publish DIR")
    broken |= {page.slug: page.error for page in pages if page.error}
    for slug, text in broken.items():
        out.say(f"\n{slug} does not load:\n{text}")
    return {"recipes": rows, "problems": broken}


def _row(page: RecipePage) -> dict[str, JSON]:
    return {
        "slug": page.slug,
        "title": page.recipe.title if page.recipe else "",
        "version": page.version,
        "real": page.real.level if page.real and page.real.is_on else "off",
        "practice": page.practice.level if page.practice and page.practice.is_on else "off",
    }


def show(args: argparse.Namespace, out: Out) -> JSON:
    page = _page(args.slug)
    row = _row(page)
    text = page.recipe.text if page.recipe else page.error
    out.say(text)
    if times := _times(page):
        out.say(f"# {times}")
    out.say(f"# version {row['version']}, real accounts: {row['real']}, practice: {row['practice']}")
    return {
        **row,
        "text": text,
        "error": page.error,
        "times": times,
        "switches": plain({"real": page.real, "practice": page.practice}),
    }


def _times(page: RecipePage) -> str:
    """When a recipe of times begins, in words; empty for others."""
    if page.recipe is None or page.recipe.schedule is None:
        return ""
    with place.hub() as hub:
        from app.core import schedules, zones

        with hub.db.read() as conn:
            zone = schedules.house_zone(conn)
        coming = schedules.coming(hub, page.slug, practice=False)
    words = page.recipe.schedule.words(zone)
    if coming is None or (coming.next_at is None and not coming.paused):
        return f"{words}; off"
    if coming.next_at is None:
        return f"{words}; paused"
    there = datetime.fromtimestamp(coming.next_at / 1000, zones.zone(page.recipe.schedule.zone or zone))
    return f"{words}; next on {there:%Y-%m-%d %H:%M}"


def pause(args: argparse.Namespace, out: Out) -> JSON:
    """Also `resume`: the word typed decides."""
    with place.hub() as hub:
        from app.core import schedules

        change = schedules.pause if args.paused else schedules.resume
        change(hub, args.slug, practice=args.practice, by=place.who())
    out.say(f"{args.slug} {'is paused: it begins at no time' if args.paused else 'begins at its next time'}.")
    return {"slug": args.slug, "practice": args.practice, "paused": args.paused}


def _page(slug: str) -> RecipePage:
    with place.hub() as hub:
        from app.core import recipes

        return recipes.get(hub, slug)


def check(args: argparse.Namespace, out: Out) -> JSON:
    """Needs no database: a recipe can be checked on any machine."""
    found = {name: _problems(_folder(name)) for name in args.files}
    for name, problems in found.items():
        out.say(f"{name}: {'ok' if not problems else 'not ok'}")
        for problem in problems:
            out.say(problem)
    if any(found.values()):
        raise Failed("Not every recipe is right; the lines above say where and what to write instead.", found)
    return found


def _problems(folder: Path) -> list[str]:
    import connectors
    from app.core import trial
    from app.core.recipe import RecipeError

    try:
        _, results = trial.check(connectors.load(place.settings().connectors), folder)
    except RecipeError as problem:
        return [str(problem)]
    if not results:
        return ["There is no case in cases/. Without one that passes the recipe cannot be switched on."]
    return [f"case {result.name}: {problem}" for result in results for problem in result.problems]


def _folder(name: str) -> Path:
    path = Path(name)
    folder = path.parent if path.name == "recipe.yaml" else path
    if not (folder / "recipe.yaml").is_file():
        raise Misused(f"{name} is no recipe. Give the folder that holds recipe.yaml, or that file itself.")
    return folder


def enable(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import recipes

        page = recipes.get(hub, args.slug)
        before = page.practice if args.practice else page.real
        accounts = pairs(args.connection, "--connection")
        given = _settings(page.recipe, args.set) if page.recipe else {}
        if page.recipe:
            chosen = {**(before.connections if before else {}), **accounts}
            given = pickers.settled(hub, page.recipe, given, chosen, practice=args.practice)
        switch = recipes.switch_on(
            hub,
            args.slug,
            practice=args.practice,
            settings=given,
            accounts=accounts,
            level=args.level or (before.level if before else "auto"),
            daily_tokens=args.daily_tokens,
            by=place.who(),
        )
    where = "the practice accounts" if args.practice else "the real accounts"
    out.say(f"{args.slug} is on for {where}, level {switch.level}.")
    return switch


def _settings(recipe: Recipe, words: list[str] | None) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for name, text in pairs(words, "--set").items():
        if name not in recipe.settings:
            raise Misused(f"{recipe.slug} has no setting {name!r}. It has: {', '.join(recipe.settings)}.")
        found[name] = _typed(recipe.settings[name], text)
    return found


def _typed(setting: Setting, text: str) -> JSON:
    if setting.type == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if setting.type == "yes_no":
        if text.lower() not in ("yes", "no"):
            raise Misused(f"--set {setting.name} takes yes or no, not {text!r}")
        return text.lower() == "yes"
    if setting.type == "number":
        try:
            return int(text) if text.lstrip("-").isdigit() else float(text)
        except ValueError:
            raise Misused(f"--set {setting.name} takes a number, not {text!r}") from None
    return text


def disable(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import recipes

        recipes.switch_off(hub, args.slug, practice=args.practice, by=place.who())
    out.say(f"{args.slug} is off. Runs that have begun are finished.")
    return {"slug": args.slug, "practice": args.practice}


def publish(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import recipes

        found = recipes.publish(hub, _folder(args.dir), by=place.who())
    out.say(f"Published as version {found.version}. Runs that have begun finish on the version they began with.")
    return {"slug": found.slug, "version": found.version}


def rehearse(args: argparse.Namespace, out: Out) -> JSON:
    try:
        body = Path(args.event).read_bytes() if args.event else b""
    except OSError as problem:
        raise Misused(f"{args.event} cannot be read: {problem.strerror}") from None
    loaded = _page(args.slug).recipe
    if not args.event and loaded is not None and loaded.schedule is None:
        raise Misused("Say what comes in: --event FILE. Only a recipe that begins at times can do without")
    with place.hub() as hub:
        from app.core import rehearsal

        found = rehearsal.rehearse(hub, args.slug, body, practice=True if args.practice else None)
    for request in found["requests"]:
        out.say(json.dumps(plain(request), ensure_ascii=False, indent=2))
    out.say("The recipe does not want this event." if found["ended"] == "ignored" else "Nothing of this was sent.")
    return found


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "list, check, show, enable, disable or publish recipes"
    under = commands.add_parser("recipe", help=text, description=text).add_subparsers(metavar="WHAT", required=True)
    text = "all recipes and whether they are on"
    under.add_parser("list", help=text, description=text, parents=[common]).set_defaults(act=listing)
    text = "load recipes and run their cases; says file, line and what to write instead"
    parser = under.add_parser("check", help=text, description=text, parents=[common])
    parser.add_argument("files", metavar="FILE", nargs="+", help="recipe.yaml or its folder")
    parser.set_defaults(act=check)
    for name, act, text in (
        ("show", show, "its text, version and switches"),
        ("enable", enable, "switch it on"),
        ("disable", disable, "switch it off"),
    ):
        parser = under.add_parser(name, help=text, description=text, parents=[common])
        parser.add_argument("slug", metavar="SLUG")
        if name != "show":
            parser.add_argument("--practice", action="store_true", help="on the practice accounts, not the real ones")
        if name == "enable":
            parser.add_argument("--set", metavar="K=V", action="append", help="a setting; lists with commas")
            parser.add_argument("--level", choices=LEVELS, help="how freely it writes (as before; at first: auto)")
            parser.add_argument(
                "--daily-tokens",
                metavar="N",
                type=int,
                help="tokens the model may use for it in a day (at first 500000)",
            )
            parser.add_argument("--connection", metavar="SLUG=ID", action="append", help="the account to use")
        parser.set_defaults(act=act)
    for name, text in (("pause", "begin at no time until it is resumed"), ("resume", "begin at its times again")):
        parser = under.add_parser(name, help=text, description=text, parents=[common])
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--practice", action="store_true", help="on the practice accounts, not the real ones")
        parser.set_defaults(act=pause, paused=name == "pause")
    text = "make the recipe in DIR the one that new runs use"
    parser = under.add_parser("publish", help=text, description=text, parents=[common])
    parser.add_argument("dir", metavar="DIR")
    parser.set_defaults(act=publish)
    text = "run a recipe without sending anything; prints the exact requests it would send"
    parser = commands.add_parser("rehearse", help=text, description=text, parents=[common])
    parser.add_argument("slug", metavar="SLUG")
    parser.add_argument(
        "--event",
        metavar="FILE",
        help='the body that the vendor would send; for a recipe of times {"at": "2026-11-30T07:00"}, or nothing for now',
    )
    parser.add_argument("--practice", action="store_true", help="with the practice settings and accounts")
    parser.set_defaults(act=rehearse)
