"""The doors and what hangs on each."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView

from passaparola.doors.api import entrance as api

urlpatterns = [
    path("", RedirectView.as_view(url="/console/", permanent=False)),
    path("console", RedirectView.as_view(url="/console/", permanent=False)),
    path("console/", include("passaparola.doors.console.urls")),
    path("", include("passaparola.doors.portal.urls")),
    path("api/docs", api.reference),
    re_path(r"^api/v1/(?P<rest>(?s:.*))$", api.enter),
]

# Answers of the last resort, in the reader's language and without the console's frame.
handler404 = "passaparola.doors.portal.refusals.not_found"
handler500 = "passaparola.doors.portal.refusals.broken"
