"""What every page may know about the installation."""

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, object]:
    """Business name and base URL for every template."""
    return {"business_name": settings.BUSINESS_NAME, "base_url": settings.BASE_URL}
