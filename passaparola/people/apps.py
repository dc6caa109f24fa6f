"""Django's registration of this room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Room `people`."""

    name = "passaparola.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
