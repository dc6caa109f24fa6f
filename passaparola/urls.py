"""The doors and what hangs on each."""

from django.urls import include, path
from django.views.generic import RedirectView

from passaparola.doors.api import reference as api_reference
from passaparola.doors.api import service as api

urlpatterns = [
    path("", RedirectView.as_view(url="/console/", permanent=False)),
    path("console", RedirectView.as_view(url="/console/", permanent=False)),
    path("console/", include("passaparola.doors.console.urls")),
    path("", include("passaparola.doors.portal.urls")),
    path("api/docs", api_reference.page),
    path("api/v1/", include(api.urls())),
]

# Answers of the last resort, in the reader's language and without the console's frame.
handler404 = "passaparola.doors.portal.refusals.not_found"
handler500 = "passaparola.doors.portal.refusals.broken"
