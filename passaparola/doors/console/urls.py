"""The console's routes, each with the permission it takes."""

from django.urls import URLPattern, path

from passaparola.doors.console import lookbook, searching, signin
from passaparola.doors.console.roles import View, needs

app_name = "console"


def route(address: str, view: View, permission: str, name: str) -> URLPattern:
    """One guarded route."""
    return path(address, needs(permission)(view), name=name)


# Open to everybody: signing in, and the look of the page one signs in on.
OPEN = [
    path("sign-in", signin.sign_in, name="sign-in"),
    path("sign-out", signin.sign_out, name="sign-out"),
    path("language", signin.language, name="language"),
    path("theme", signin.theme, name="theme"),
]
GUARDED = [
    route("", lookbook.look, "own", "overview"),
    route("search", searching.search, "own", "search"),
    route("search/options", searching.options, "own", "search-options"),
    route("password", signin.password, "own", "password"),
    route("look", lookbook.look, "own", "look"),
]
urlpatterns = OPEN + GUARDED
