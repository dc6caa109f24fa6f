"""Django's registration of this room."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """Room `messages`."""

    name = "passaparola.messages"
    label = "outreach"
    default_auto_field = "django.db.models.BigAutoField"
