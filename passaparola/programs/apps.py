"""Django's registration of this room."""

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """Room `programs`."""

    name = "passaparola.programs"
    label = "programs"
    default_auto_field = "django.db.models.BigAutoField"
