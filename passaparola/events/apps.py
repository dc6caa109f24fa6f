"""Django's registration of this room."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Room `events`."""

    name = "passaparola.events"
    label = "events"
    default_auto_field = "django.db.models.BigAutoField"
