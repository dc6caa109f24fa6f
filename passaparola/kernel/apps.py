"""Django's registration of this room."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Room `kernel`."""

    name = "passaparola.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"
