"""The process entrance: the edge first, then Django."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "passaparola.settings")

from django.core.wsgi import get_wsgi_application

wsgi = get_wsgi_application()

from passaparola.doors.edge.app import make_edge  # noqa: E402  (needs Django set up)

app = make_edge(wsgi)
