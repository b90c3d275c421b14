"""The `ask` step: reserve the budget, ask, keep the answer as it came, check it, let the model mend it once, else ask a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.core import claims, model, recipes
from app.core.handover import open_review
from app.core.journal import Entry
from app.core.model import Question, RawReply, Unusable
from app.core.opening import Opened
from app.core.recipe import Step
from app.core.statements import add
from app.core.stops import Failed, Later, Waiting
from app.core.work import Work
from app.db.models import budgets, switches
from connectors.contract import JSON

_CAP = select(switches.c.daily_tokens).where(
    switches.c.slug == bindparam("recipe"), switches.c.practice == bindparam("is_practice")
)
_TRIES = 2  # the question, and one repair; two more each time a person says "ask again"


def ask(work: Work, step: Step, item: str, scope: Mapping[str, JSON]) -> JSON:
    """The answer as a value that fits. Raises Later, Waiting, Failed or Lost."""
    if step.ask is None or step.answer is None:
        raise Failed("This step asks nothing")
    question = Question(str(step.ask.render(scope)), step.given.render(scope), step.answer)
    opened = work.opened("openai")
    more: list[Any] = []
    first = _TRIES * len([r for r in work.journal.decisions("answer", step.id, item) if r["decision"] == "again"])
    for n in range(first, first + _TRIES):
        place = (step.id, item if n == 0 else f"{item}~{n}")
        raw = _reply(work, opened, question, more, place)
        try:
            value = model.read(question, raw)
        except Unusable as unusable:
            _save(work, opened, place, raw, None, str(unusable))
            if not unusable.repairable or n == first + _TRIES - 1:
                raise _to_person(work, step, item, str(unusable)) from unusable
            more = model.repair(question, raw, unusable)
            if raw.finish_reason == "length":  # reasoning models spend the limit on thoughts we never see
                question = replace(question, max_tokens=2 * question.max_tokens)
            continue
        _save(work, opened, place, raw, value, "")
        if n:
            _save_value(work, (step.id, item), value)
        return value
    raise Failed("unreachable")


def _reply(work: Work, opened: Opened, question: Question, more: list[Any], place: tuple[str, str]) -> RawReply:
    """The model's words for this try: from the journal if they were ever paid for, else by asking now."""
    known = work.journal.entries.get(place)
    if known and isinstance(known.value, dict) and "raw" in known.value:
        return RawReply.from_json(known.value["raw"])
    body = model.request(question, opened.client.model, model.options(opened.client), more)
    reserve = model.estimate(body, question.max_tokens)
    started = work.hub.now()

    about: dict[str, Any] = {"given": {"instructions": question.instructions, **question.given}}
    line = work.journal.line(
        *place, state="pending", started_at=started, tokens_in=reserve, model=opened.client.model, **about
    )

    def book(conn: Connection) -> None:
        _return(conn, work, known)
        _reserve(conn, work, reserve)
        line(conn)

    try:
        raw = work.read(opened, place, lambda: model.call(opened.client, body, opened.door.seconds), book)
    except Failed as refused:
        _give_back(work, place, reserve)
        raise _to_person(work, *_step_of(work, place), refused.why) from refused
    except (Later, Waiting):
        if opened.door.calls or opened.door.failure:
            _give_back(work, place, reserve)
        raise
    _give_back(work, place, reserve - raw.tokens_in - raw.tokens_out, raw, opened)
    return raw


def _step_of(work: Work, place: tuple[str, str]) -> tuple[Step, str]:
    step = next(s for s in work.recipe.steps if s.id == place[0])
    return step, place[1].partition("~")[0]


def _budget_key(work: Work, at: int | None = None) -> dict[str, str]:
    """`at`: ms UTC of the day; today without it."""
    practice = " (practice)" if work.run["practice"] else ""
    day = datetime.now(UTC) if at is None else datetime.fromtimestamp(at / 1000, UTC)
    return {"recipe": f"{work.run['recipe']}{practice}", "day": day.strftime("%Y-%m-%d")}


def _return(conn: Connection, work: Work, known: Entry | None) -> None:
    """What is still reserved for a question whose worker died while it waited for the answer."""
    if known is not None and known.reserved:
        add(conn, budgets, _budget_key(work, known.started_at), tokens=-known.reserved, cost=0)


def _reserve(conn: Connection, work: Work, amount: int) -> None:
    """Before the call, so that a thousand events at once cannot overspend. Raises Later when the day's budget is used up."""
    used, _ = add(conn, budgets, _budget_key(work), tokens=amount, cost=0)
    mine = {"recipe": work.run["recipe"], "is_practice": work.run["practice"]}
    cap = conn.execute(_CAP, mine).scalar() or recipes.DAILY_TOKENS
    if used > cap:
        midnight = (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        left = int((midnight - datetime.now(UTC)).total_seconds() * 1000)
        raise Later(
            f"Today's budget of {cap:,} tokens for this recipe is used up. It goes on after midnight UTC. "
            "Sooner: raise the budget on the recipe's page, then try this run again",
            work.hub.steady.now() + left,
            cause="budget",
        )


def _give_back(
    work: Work, place: tuple[str, str], amount: int, raw: RawReply | None = None, opened: Opened | None = None
) -> None:
    """After the call: what was reserved and not used. Done with the next commit of `_save` where there is one."""
    cost = _cost(raw, opened) if raw and opened else 0
    work.journal.later(lambda conn: add(conn, budgets, _budget_key(work), tokens=-amount, cost=cost))
    if raw is None:
        work.journal.later(lambda conn: work.journal.save(conn, *place, tokens_in=0))
        work.hub.db.write(work.journal.flush)
        work.journal.flushed()


def _cost(raw: RawReply, opened: Opened) -> int:
    return model.cost(raw.tokens_in, raw.tokens_out, opened.client.price_in, opened.client.price_out)


def _save(work: Work, opened: Opened, place: tuple[str, str], raw: RawReply, value: JSON, problem: str) -> None:
    """Journal the answer with the next commit, which comes before anything else leaves: it is never paid for twice."""
    known = work.journal.entries.get(place)
    if known and isinstance(known.value, dict) and "raw" in known.value:
        return
    answer = {"raw": raw.to_json(), "value": value, "problem": problem}
    state = "failed" if problem else "done"
    about: dict[str, Any] = {
        "state": state,
        "answer": answer,
        "ended_at": work.hub.now(),
        "tokens_in": raw.tokens_in,
        "tokens_out": raw.tokens_out,
        "cost": _cost(raw, opened),
        "model": raw.model or opened.client.model,
        "error": problem,
    }

    work.journal.later(work.journal.line(*place, **about))
    work.journal.later(lambda conn: work.note_success(conn, opened))
    work.journal.put(*place, state, answer)


def _save_value(work: Work, place: tuple[str, str], value: JSON) -> None:
    """A repaired answer stands for the step: its first line carries the value beside what came first."""
    known = work.journal.entries[place]
    answer = {**(known.value if isinstance(known.value, dict) else {}), "value": value}
    work.journal.later(work.journal.line(*place, state="done", answer=answer, ended_at=work.hub.now()))
    work.journal.put(*place, "done", answer)


def _to_person(work: Work, step: Step, item: str, why: str) -> Waiting:
    """Open one review for this step; the run waits and is never dead."""

    def save(conn: Connection) -> None:
        claims.hold(conn, work.claim, work.hub.steady.now() + work.patience.between(), progress=True)
        open_review(conn, work.hub, "answer", why, run=work.run["id"], step=step.id, item=item)
        work.journal.flush(conn)

    work.hub.db.write(save)
    work.journal.flushed()
    return Waiting(why)
