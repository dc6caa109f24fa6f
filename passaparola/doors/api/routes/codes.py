"""Codes: give a person one, and check one at a checkout or a till."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from passaparola.doors.api import acting, reading, saying
from passaparola.doors.api.access import needs
from passaparola.doors.api.shapes import Amount, Id, In, Out, PathCode, Said, Time, answers
from passaparola.kernel.errors import Refusal
from passaparola.people.models import Person
from passaparola.programs import codes, wording
from passaparola.programs.models import Code, Program, ProgramVersion

router = Router(tags=["Codes"])


class UnknownCode(Refusal):
    """Nobody has this code."""

    code, status = "code_unknown", 404


class MistypedCode(Refusal):
    """This cannot be one of our codes: a letter seems to be wrong."""

    code, status = "code_mistyped", 404


class CodeIn(In):
    """Who gets a code, in which programme."""

    program: Id = Field(description="In which programme.")
    person: Id = Field(description="Who becomes an advocate.")


class CodeOut(Out):
    """An advocate's code."""

    code: str
    link: str
    program: int
    version: int
    person: int
    created_at: Time
    retired_at: Time | None
    event: int | None = Field(description="The event that records it.")
    repeated: bool


class CodeCheck(Out):
    """Whether a code is good, and what it is good for. Says nothing about the advocate that she does not show."""

    code: str
    good: bool
    reason: Said | None = Field(description="Why it is not good.")
    program: int | None
    program_name: str
    advocate_name: str | None = Field(description="Given name, if she lets friends see it.")
    friend_gets: Amount | None
    friend_gets_text: str = Field(description="The same in words, in the caller's language.")
    order_minimum: Amount | None = Field(description="The smallest order that counts.")
    terms: list[str] = Field(description="The rules in brief, in the caller's language.")
    link: str


def _link(code: str) -> str:
    return f"{settings.BASE_URL}/r/{code}"


@router.post("/codes", auth=needs("codes:write"), response=answers(CodeOut, writes=True))
def issue_code(request: HttpRequest, body: CodeIn, key: acting.IdempotencyKey = None) -> CodeOut:
    """Give a person a code in a programme; a person who has one keeps it and is answered with it."""
    person, program = reading.root(body.person), reading.one(Program.objects.filter(pk=body.program))
    said = {"program": program.pk, "person": person.pk}
    made = acting.act(request, "Code Issued", said, subject=f"person:{person.pk}", key=key)
    mine = reading.members(person.pk)
    code = reading.one(Code.objects.filter(program_id=program.pk, person_id__in=mine).order_by("id"))
    return CodeOut(
        code=code.value, link=_link(code.value), program=code.program_id, version=code.version, person=person.pk,
        created_at=code.created_at, retired_at=code.retired_at, event=made.event, repeated=made.repeated,
    )  # fmt: skip


@router.get("/codes/{code}", auth=needs("codes:read"), response=answers(CodeCheck))
def check_code(request: HttpRequest, code: PathCode) -> CodeCheck:
    """Is this code good, and what would the friend get? For checkouts and tills; records nothing."""
    found = Code.objects.filter(value=codes.normalise(code)).first()
    if found is None:
        raise UnknownCode if codes.is_well_formed(code) else MistypedCode
    program = reading.one(Program.objects.filter(pk=found.program_id))
    advocate = reading.root(found.person_id)
    terms = ProgramVersion.objects.get(program_id=program.pk, number=found.version).terms
    return _checked(found, program, advocate, terms)


def _checked(code: Code, program: Program, advocate: Person, terms: dict[str, Any]) -> CodeCheck:
    reason = None
    if program.state != "active":
        reason = saying.reason({"code": "program_not_active"})
    elif code.retired_at or advocate.forgotten_at:
        reason = saying.reason({"code": "unknown_code"})
    language, friend, qualify = saying.language(), terms.get("friend"), terms.get("qualify") or {}
    minimum = qualify.get("order_minor_min") or 0
    return CodeCheck(
        code=code.value,
        good=reason is None,
        reason=reason,
        program=program.pk,
        program_name=program.name,
        advocate_name=advocate.given_name if advocate.shows_name and advocate.given_name else None,
        friend_gets=Amount(amount=friend["amount"], unit=friend["unit"]) if friend else None,
        friend_gets_text=wording.friend_gets(language, terms),
        order_minimum=Amount(amount=minimum, unit=settings.CURRENCY) if minimum else None,
        terms=wording.summary(language, terms, business=settings.BUSINESS_NAME, currency=settings.CURRENCY),
        link=_link(code.value),
    )
