"""Django's registration of this room."""

from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    """Room `segments`."""

    name = "passaparola.segments"
    label = "segments"
    default_auto_field = "django.db.models.BigAutoField"
