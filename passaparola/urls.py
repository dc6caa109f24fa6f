"""The doors and what hangs on each."""

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="/console/", permanent=False)),
    path("console", RedirectView.as_view(url="/console/", permanent=False)),
    path("console/", include("passaparola.doors.console.urls")),
    path("", include("passaparola.doors.portal.urls")),
]
