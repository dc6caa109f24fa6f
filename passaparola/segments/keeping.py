"""What staff decide about playbooks and profiles: acts of the log, kept as settings, so that a replay comes to the same."""

from typing import Any

from passaparola.events.intake import Happening
from passaparola.kernel.batch import Batch
from passaparola.kernel.errors import Refusal
from passaparola.kernel.models import Setting
from passaparola.segments import playbooks
from passaparola.segments.cells import LEAST, LEAST_MAX, LEAST_MIN
from passaparola.segments.playbooks import STAGES, Playbook

PLAYBOOK_SETTING, PROFILES_SETTING = "playbook.{stage}", "profiles"


class BadPlaybook(Refusal):
    """The playbook cannot be kept like this: {why}."""

    code, status = "bad_playbook", 422


def change_playbook(batch: Batch, happening: Happening) -> None:
    """The act "Playbook Changed": from now on this is said to the stage. Raises BadPlaybook."""
    try:
        made = Playbook.read(happening.props)
    except ValueError as problem:
        raise BadPlaybook(why=str(problem)) from problem
    keep(batch, PLAYBOOK_SETTING.format(stage=made.stage), made.as_json(), happening)


def restore_playbook(batch: Batch, happening: Happening) -> None:
    """The act "Playbook Restored": the shipped one again, also as a later version ships it. Raises BadPlaybook."""
    stage = happening.props.get("stage")
    if stage not in STAGES:
        raise BadPlaybook(why="a playbook is of the stage few, some or many")
    keep(batch, PLAYBOOK_SETTING.format(stage=stage), {}, happening)


class BadProfiles(Refusal):
    """The smallest cell that is told is a whole number of people from {least} to {most}."""

    code, status = "bad_profiles", 422


def change_profiles(batch: Batch, happening: Happening) -> None:
    """The act "Profiles Changed": fewer people than this are told of nowhere. Raises BadProfiles."""
    least = happening.props.get("least")
    if not isinstance(least, int) or isinstance(least, bool) or not LEAST_MIN <= least <= LEAST_MAX:
        raise BadProfiles(least=LEAST_MIN, most=LEAST_MAX)
    keep(batch, PROFILES_SETTING, {"least": least}, happening)


def keep(batch: Batch, name: str, value: dict[str, Any], happening: Happening) -> None:
    """One setting, over what it was."""
    table = batch.table(Setting)
    table.take("name = ?", [name])
    row = table.rows.get(name)  # type: ignore[call-overload]
    values = {"value": value, "changed_at": happening.received_at}
    if row is None:
        table.add(name=name, **values)
    else:
        table.change(row, **values)


ORDERS = {"Playbook Changed": change_playbook, "Playbook Restored": restore_playbook, "Profiles Changed": change_profiles}


def least_in_force() -> int:
    """The smallest cell of profiles that is told."""
    found = Setting.objects.filter(name=PROFILES_SETTING).first()
    return int(found.value["least"]) if found else LEAST


def playbooks_in_force() -> dict[str, tuple[Playbook, Setting | None]]:
    """The playbook of each stage, and the row it was written in; None where it is the shipped one."""
    names = {PLAYBOOK_SETTING.format(stage=stage): stage for stage in STAGES}
    found = {names[row.name]: row for row in Setting.objects.filter(name__in=list(names))}
    own = {stage: row for stage, row in found.items() if row.value}
    return {s: (Playbook.read(own[s].value), own[s]) if s in own else (playbooks.shipped(s), None) for s in STAGES}
