"""Every answer that is not a success: one shape (RFC 9457 plus `code` and `message`), in the caller's language."""

from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from pydantic import BaseModel, Field

from passaparola.kernel import log
from passaparola.kernel.errors import Refusal

MEDIA_TYPE = "application/problem+json"


class Mistake(BaseModel):
    """One thing wrong in a request."""

    where: str = Field(description="Path of the value, e.g. body.unit or query.limit.")
    code: str = Field(description="What is wrong, for programs.")
    message: str = Field(description="What is wrong, for people.")


class Problem(BaseModel):
    """Why a request was not served (RFC 9457), with `code` for programs and `message` for people."""

    type: str = Field(description="Where this problem is described.")
    title: str
    status: int
    detail: str
    code: str
    message: str
    errors: list[Mistake] = []


class NotFound(Refusal):
    """There is no such thing here."""

    code, status = "not_found", 404


class MethodNotAllowed(Refusal):
    """This address does not take {method}; it takes {allowed}."""

    code, status = "method_not_allowed", 405


class BodyTooLarge(Refusal):
    """The body is larger than {kilobytes} kB."""

    code, status = "body_too_large", 413


class Unreadable(Refusal):
    """The body is not valid JSON."""

    code, status = "unreadable", 400


class Invalid(Refusal):
    """Something in the request is not as it should be; see errors."""

    code, status = "invalid", 422


class Busy(Refusal):
    """The database cannot be reached at the moment; nothing was changed. Try again in a few seconds."""

    code, status = "busy", 503


class Broken(Refusal):
    """Something went wrong on our side; it has been noted."""

    code, status = "broken", 500


def answer(refusal: Refusal, errors: list[Mistake] | None = None) -> HttpResponse:
    """The refusal as HTTP."""
    said = refusal.message
    problem = Problem(
        type=f"/api/docs#problem-{refusal.code}",
        title=said,
        status=refusal.status,
        detail=said,
        code=refusal.code,
        message=said,
        errors=errors or [],
    )
    response = HttpResponse(problem.model_dump_json(), status=refusal.status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    if refusal.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="passaparola"'
    if refusal.status in (429, 503):
        response["Retry-After"] = str(refusal.values.get("seconds", 3))
    return response


def said(kind: str, context: dict[str, object]) -> str:
    """pydantic's error in one of our sentences."""
    bound = next((context[key] for key in ("ge", "gt", "le", "lt", "min_length", "max_length") if key in context), "")
    sentences = {
        "missing": gettext("is missing"),
        "extra_forbidden": gettext("is not known here"),
        "int_type": gettext("must be a whole number"),
        "int_parsing": gettext("must be a whole number"),
        "int_from_float": gettext("must be a whole number"),
        "bool_type": gettext("must be true or false"),
        "string_type": gettext("must be text"),
        "dict_type": gettext("must be an object"),
        "model_type": gettext("must be an object"),
        "model_attributes_type": gettext("must be an object"),
        "list_type": gettext("must be a list"),
        "greater_than_equal": gettext("must be at least {bound}"),
        "greater_than": gettext("must be more than {bound}"),
        "less_than_equal": gettext("must be at most {bound}"),
        "string_too_short": gettext("is too short: at least {bound}"),
        "string_too_long": gettext("is too long: at most {bound}"),
        "too_long": gettext("is too long: at most {bound}"),
        "literal_error": gettext("is none of the known values: {expected}"),
        "enum": gettext("is none of the known values: {expected}"),
        "value_error": "{error}",
    }
    sentence = sentences.get(kind, gettext("is not valid"))
    return sentence.format(bound=bound, expected=context.get("expected", ""), error=context.get("error", ""))


def _mistakes(problem: ValidationError) -> list[Mistake]:
    found = []
    for error in problem.errors[:50]:
        # ninja names the parameter of the function that holds the body; callers know it as "body".
        place = [str(part) for part in error["loc"]]
        where = ".".join(["body", *place[2:]] if place[0] == "body" else place)
        found.append(Mistake(where=where[:200], code=error["type"], message=said(error["type"], error.get("ctx", {}))))
    return found


def install(api: NinjaAPI) -> None:
    """Teach the API how each kind of trouble is answered."""

    @api.exception_handler(Refusal)
    def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
        return answer(refusal, getattr(refusal, "errors", None))

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, problem: ValidationError) -> HttpResponse:
        return answer(Invalid(), _mistakes(problem))

    @api.exception_handler(HttpError)
    def unreadable(request: HttpRequest, problem: HttpError) -> HttpResponse:
        # ninja raises it where the parser could not read the body, and nowhere else in our use.
        return answer(Unreadable())

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, problem: Http404) -> HttpResponse:
        return answer(NotFound())

    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def busy(request: HttpRequest, problem: Exception) -> HttpResponse:
        log.get().warning("api.busy", path=request.resolver_match.route if request.resolver_match else "")
        return answer(Busy())

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, problem: Exception) -> HttpResponse:
        log.get().error(
            "api.broken", route=request.resolver_match.route if request.resolver_match else "", exc_info=problem
        )
        return answer(Broken())
