"""`recipe list|check|show|enable|disable|publish`, and `rehearse`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli import place
from app.cli.speak import JSON, Failed, Misused, Out, pairs, plain

if TYPE_CHECKING:
    from app.core.recipe_parts import Recipe, Setting

LEVELS = ("rehearse", "review", "auto")


def listing(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import recipes

        rows = [_row(page) for page in recipes.listing(hub)]
        broken = plain(recipes.problems(hub))
    columns = {"Recipe": "slug", "Title": "title", "Version": "version", "Real": "real", "Practice": "practice"}
    out.table(rows, columns, "There are no recipes. Publish one with: patchbay recipe publish DIR")
    for problem in broken:
        out.say(
            f"\n{problem.get('slug', '')} does not load:\n{problem.get('text') or problem.get('problem') or problem}"
        )
    return {"recipes": rows, "problems": broken}


def _row(page: object) -> dict[str, JSON]:
    data = plain(page)
    recipe = data.get("recipe") or data
    return {
        "slug": recipe["slug"],
        "title": recipe["title"],
        "version": data.get("version", ""),
        **{which: _switch(data.get("switches", {}).get(which)) for which in ("real", "practice")},
    }


def _switch(switch: Mapping[str, JSON] | None) -> str:
    return str(switch["level"]) if switch and switch.get("is_on") else "off"


def show(args: argparse.Namespace, out: Out) -> JSON:
    with place.hub() as hub:
        from app.core import recipes

        page = recipes.get(hub, args.slug)
    out.say(page.recipe.text)
    row = _row(page)
    out.say(f"# version {row['version']}, real accounts: {row['real']}, practice: {row['practice']}")
    return {**row, "text": page.recipe.text, "switches": plain(page.switches), "problems": plain(page.problems)}


def check(args: argparse.Namespace, out: Out) -> JSON:
    """Needs no database: a recipe can be checked on any machine."""
    import connectors
    from app.core import trial

    found = {}
    for name in args.files:
        folder = _folder(name)
        problems = [str(problem) for problem in trial.check(connectors.load(), folder)]
        found[str(name)] = problems
        out.say(f"{name}: {'ok' if not problems else 'not ok'}")
        for problem in problems:
            out.say(problem)
    if any(found.values()):
        raise Failed("Not every recipe is right; the lines above say where and what to write instead.", found)
    return found


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
        switch = page.switches.get("practice" if args.practice else "real")
        settings = {**(switch.settings if switch else {}), **_settings(page.recipe, args.set)}
        chosen = {**(switch.connections if switch else {}), **pairs(args.connection, "--connection")}
        level = args.level or (switch.level if switch else "review")
        recipes.switch_on(
            hub,
            args.slug,
            practice=args.practice,
            settings=settings,
            connections=chosen,
            level=level,
            by=place.who(),
        )
    where = "practice accounts" if args.practice else "the real accounts"
    out.say(f"{page.recipe.title} is on for {where}, level {level}.")
    return {"slug": args.slug, "practice": args.practice, "level": level, "settings": settings, "connections": chosen}


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

        version = recipes.publish(hub, _folder(args.dir), place.who())
    out.say(f"Published as version {version}. Runs that have begun finish on the version they began with.")
    return {"version": version}


def rehearse(args: argparse.Namespace, out: Out) -> JSON:
    try:
        body = Path(args.event).read_bytes()
    except OSError as problem:
        raise Misused(f"{args.event} cannot be read: {problem.strerror}") from None
    with place.hub() as hub:
        from app.core import rehearsal

        found = rehearsal.rehearse(hub, args.slug, body)
    out.say(json.dumps(plain(found), ensure_ascii=False, indent=2))
    out.say("Nothing was sent.")
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
            parser.add_argument("--level", choices=LEVELS, help="how freely it writes (as before; at first: review)")
            parser.add_argument("--connection", metavar="SLUG=ID", action="append", help="the account to use")
        parser.set_defaults(act=act)
    text = "make the recipe in DIR the one that new runs use"
    parser = under.add_parser("publish", help=text, description=text, parents=[common])
    parser.add_argument("dir", metavar="DIR")
    parser.set_defaults(act=publish)
    text = "run a recipe without sending anything; prints the exact requests it would send"
    parser = commands.add_parser("rehearse", help=text, description=text, parents=[common])
    parser.add_argument("slug", metavar="SLUG")
    parser.add_argument("--event", metavar="FILE", required=True, help="the body that the vendor would send")
    parser.set_defaults(act=rehearse)
