"""Our own export of events comes in again, in every form, as what it was; what we did ourselves is refused with why."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from passaparola import worker
from passaparola.doors import exports
from passaparola.doors.imports import actions, mapping, prepare, reasons
from passaparola.doors.imports.inbox import Front
from passaparola.events.models import Event
from tests.people import ALMA, BRUNO, Somebody
from tests.world import World

FORMS = ("jsonl", "csv", "parquet")


def export(folder: Path, form: str) -> Path:
    path = folder / f"events.{form}"
    exports.write_file("events", form, path)
    return path


def bring(path: Path, folder: Path, now: Any, source: str = "shop") -> tuple[actions.Summary, list[dict[str, str]]]:
    job = actions.Job(path=path, label=path.name, mapping=mapping.Mapping(), source=source)
    business = prepare.Business("EUR", "Europe/Madrid", 1990, now)
    importer = actions.Importer(job, door=Front(), business=business, folder=folder / "imports")
    summary = importer.run()
    worker.drain(now)
    rejected = folder / "imports" / f"{path.name}.rejected.csv"
    with rejected.open(newline="", encoding="utf-8") as file:
        return summary, list(csv.DictReader(file))


@pytest.fixture
def world() -> World:
    made = World()
    odd = Somebody("Òscar, \"el\"\nde Vic", "=1+1", "oscar@example.test", "es")
    made.send(
        ALMA.identify(), BRUNO.identify(), odd.identify(), ALMA.buys("1", 12),
        odd.track("Product Viewed", sku="'7", n=[1, {"a": None}]),
        {"type": "page", "userId": ALMA.user_id, "name": "Pricing", "properties": {"path": "/pricing"}, "messageId": "p1"},
        {"type": "group", "userId": ALMA.user_id, "groupId": "acme", "traits": {"name": "Acme"}, "messageId": "g1"},
        {"type": "alias", "userId": "alma-2", "previousId": ALMA.user_id, "messageId": "a1"},
    )  # fmt: skip
    made.programme()
    return made


@pytest.mark.parametrize("form", FORMS)
def test_what_comes_in_again_is_what_is_there(world: World, form: str, tmp_path: Path) -> None:
    before = Event.objects.count()
    acts = Event.objects.filter(type="act").count()
    path = export(tmp_path, form)
    summary, rejected = bring(path, tmp_path, world.now)
    assert summary.events == before - acts and set(summary.rejected) == {"act_of_our_own"}
    assert Event.objects.count() == before, "every event is known by the id it had"
    said = {row["reason"] for row in rejected}
    assert said == {reasons.sentence("act_of_our_own")} and "backup" in said.pop()
    lines = {int(row["line"]) for row in rejected}
    kinds = [kind for (kind,) in Event.objects.order_by("id").values_list("type")]
    if form == "jsonl":
        assert lines == {place + 1 for place, kind in enumerate(kinds) if kind == "act"}
    elif form == "csv":
        table = {line for line, text in enumerate(path.read_text().splitlines(), 1) if ",act," in text}
        assert lines == table, "a row is named by the line at which it stands"
    assert all(json.loads(row["item"])["type"] == "act" for row in rejected)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_an_event_is_left_behind(world: World, form: str, tmp_path: Path) -> None:
    bring(export(tmp_path, form), tmp_path, world.now, source="another")

    def said(source: str) -> list[tuple[Any, ...]]:
        rows: Any = Event.objects.filter(source=source).exclude(type="act").order_by("message_id")
        rows = rows.values_list("message_id", "type", "name", "user_id", "group_id", "previous_id", "properties", "traits")
        return [(*row[:-1], json.loads(row[-1] or "{}")) for row in rows]

    assert said("another") == said("shop") and ("p1", "page", "Pricing") in {row[:3] for row in said("shop")}
