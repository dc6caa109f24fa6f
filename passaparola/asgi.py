"""The process entrance: the edge first, then Django."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")

from django.core.wsgi import get_wsgi_application

wsgi = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402  (these need Django set up)

from passaparola.doors.edge.app import make_edge  # noqa: E402
from passaparola.kernel import lifeline  # noqa: E402

if lifeline.is_gated():
    # Time that would be spent waiting is spent on loading the pages, so that the first one is not slower than the next.
    get_resolver().url_patterns  # noqa: B018
lifeline.wait_at_gate()

app = make_edge(wsgi)
