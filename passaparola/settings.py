"""One flat file: environment in, safe defaults out, loud checks."""

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from passaparola.kernel.secret import installation_secret

PACKAGE = Path(__file__).resolve().parent

# Where everything embedded lives: two SQLite files, the secret, the mail sink.
DATA_DIR = Path(os.environ.get("PASSAPAROLA_DATA", "data")).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

# The address under which people reach this installation; links and cookies are made from it.
BASE_URL = os.environ.get("PASSAPAROLA_BASE_URL", "http://127.0.0.1:8600").rstrip("/")
BUSINESS_NAME = os.environ.get("PASSAPAROLA_BUSINESS", "Passaparola")
# Who answers for people's data, as privacy law wants it named: legal name, address. Public pages show it.
CONTROLLER = os.environ.get("PASSAPAROLA_CONTROLLER", "") or BUSINESS_NAME
# The business's own privacy notice, linked beside the generated one; empty if there is none.
PRIVACY_URL = os.environ.get("PASSAPAROLA_PRIVACY_URL", "")
# How many proxies of ours stand in front: that many entries of X-Forwarded-For are believed, counted from the right.
TRUSTED_PROXIES = int(os.environ.get("PASSAPAROLA_TRUSTED_PROXIES", "0"))
# Local time of the business: fixes `day` and `hour` of each event once, at intake.
BUSINESS_TIME_ZONE = os.environ.get("PASSAPAROLA_TIME_ZONE", "Europe/Madrid")
# What money is added up in. Orders in another currency are kept, and shown by themselves.
CURRENCY = os.environ.get("PASSAPAROLA_CURRENCY", "EUR").strip().upper()
if not re.fullmatch("[A-Z]{3}", CURRENCY):
    raise ImproperlyConfigured("PASSAPAROLA_CURRENCY is a three-letter ISO 4217 code such as EUR.")
# Hosts, besides our own, to which a referral link may lead (comma-separated).
DESTINATION_HOSTS = tuple(h for h in os.environ.get("PASSAPAROLA_DESTINATION_HOSTS", "").lower().split(",") if h)
# Hosts inside the house that webhooks may reach all the same, also by plain http (comma-separated).
WEBHOOK_HOSTS = tuple(h for h in os.environ.get("PASSAPAROLA_WEBHOOK_HOSTS", "").lower().split(",") if h)
# Origins from which browsers may send events ("*" by default: write keys are public by design).
CORS_ORIGINS = tuple(o for o in os.environ.get("PASSAPAROLA_CORS_ORIGINS", "*").split(",") if o)

SECRET_KEY = installation_secret(DATA_DIR)
DEBUG = os.environ.get("PASSAPAROLA_DEBUG") == "1"
ALLOWED_HOSTS = [h for h in os.environ.get("PASSAPAROLA_HOSTS", "").split(",") if h] or [
    urlsplit(BASE_URL).hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "passaparola.doors.portal.refusals.stale_form"

# --- Stores -----------------------------------------------------------------------------------
DATABASE_URL = os.environ.get("PASSAPAROLA_DATABASE_URL", "")


def _postgres(url: str) -> dict[str, object]:
    """Django's settings for a postgresql:// URL; the host may be a socket folder in ?host=."""
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(path: Path) -> dict[str, object]:
    """Write-ahead log, every commit on disk; waiting for the lock is ours (kernel/database.py).

    The log is copied into the file every 8,000 pages (32 MB) instead of 1,000: pages of random-key indexes are then
    written once for many batches, which makes the corridor half as fast again."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; "
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456; PRAGMA wal_autocheckpoint=8000; "
                # So that REPLACE counts as the deletion it is, and is refused where rows are kept.
                "PRAGMA recursive_triggers=ON; "
                # What is erased is overwritten in the file, not only let go of; how SQLite was built must not decide it.
                "PRAGMA secure_delete=ON;"
            ),
        },
        "TEST": {"NAME": str(path.with_suffix(".test.sqlite3"))},
    }


if DATABASE_URL:
    DATABASES = {"default": _postgres(DATABASE_URL)}
else:
    # Two files: the edge writes one, worker and console the other (docs/decisions/two-files.md).
    DATABASES = {
        "default": _sqlite(DATA_DIR / "main.sqlite3"),
        "inbox": _sqlite(DATA_DIR / "inbox.sqlite3"),
    }
DATABASE_ROUTERS = ["passaparola.kernel.router.InboxRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Limits: a limit on everything ------------------------------------------------------------
EVENT_BYTES_MAX = 32 * 1024
BODY_BYTES_MAX = 4 * 1024 * 1024
BATCH_EVENTS_MAX = 2_500
BODY_SECONDS_MAX = float(os.environ.get("PASSAPAROLA_BODY_SECONDS_MAX", "20"))
FORM_BYTES_MAX = 1024 * 1024
API_BODY_BYTES_MAX = 256 * 1024
# A file to import: as it is sent, and what it may unpack to.
UPLOAD_BYTES_MAX = int(os.environ.get("PASSAPAROLA_UPLOAD_BYTES_MAX", str(2 * 1024**3)))
UNPACKED_BYTES_MAX = int(os.environ.get("PASSAPAROLA_UNPACKED_BYTES_MAX", str(32 * 1024**3)))
INBOX_BACKLOG_ROWS_MAX = int(os.environ.get("PASSAPAROLA_BACKLOG_ROWS_MAX", "200000"))
INBOX_BACKLOG_BYTES_MAX = int(os.environ.get("PASSAPAROLA_BACKLOG_BYTES_MAX", str(2 * 1024**3)))
CORRIDOR_EVENTS_MAX = int(os.environ.get("PASSAPAROLA_CORRIDOR_EVENTS_MAX", "1000"))
FUTURE_SECONDS_MAX = 3600
EARLIEST_YEAR = 1990
# Sign-ups on landing pages within an hour: from one network address, and for one e-mail address.
SIGN_UPS_PER_VISITOR_HOUR_MAX = int(os.environ.get("PASSAPAROLA_SIGN_UPS_PER_VISITOR_HOUR_MAX", "60"))
SIGN_UPS_PER_ADDRESS_HOUR_MAX = int(os.environ.get("PASSAPAROLA_SIGN_UPS_PER_ADDRESS_HOUR_MAX", "5"))

# --- Lake and engine (measure) -----------------------------------------------------------------
LAKE_DIR = DATA_DIR / "lake"
# How often what is new is written to the lake; 0: never by itself.
LAKE_SECONDS = int(os.environ.get("PASSAPAROLA_LAKE_SECONDS", "60"))
# How often groups are looked for, at most, where something happened since; 0: only when somebody presses the button.
SUGGEST_HOURS = int(os.environ.get("PASSAPAROLA_SUGGEST_HOURS", "24"))
# Up to so many people pages count everybody anew each time; above, they show what was counted a while ago.
LIVE_PEOPLE_MAX = int(os.environ.get("PASSAPAROLA_LIVE_PEOPLE_MAX", "20000"))
# How old that may be before it is counted again when somebody looks.
PICTURE_SECONDS = int(os.environ.get("PASSAPAROLA_PICTURE_SECONDS", "300"))
# duckdb, in this process, or spark://host:port, a cluster that sees the same folder.
ENGINE_URL = os.environ.get("PASSAPAROLA_ENGINE_URL", "duckdb")
ENGINE_MEMORY_MB = int(os.environ.get("PASSAPAROLA_ENGINE_MEMORY_MB", "512"))
# 0: as many as there are cores.
ENGINE_THREADS = int(os.environ.get("PASSAPAROLA_ENGINE_THREADS", "0"))

# --- Django -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "passaparola.kernel.apps.KernelConfig",
    "passaparola.events.apps.EventsConfig",
    "passaparola.people.apps.PeopleConfig",
    "passaparola.segments.apps.SegmentsConfig",
    "passaparola.programs.apps.ProgramsConfig",
    "passaparola.ledger.apps.LedgerConfig",
    "passaparola.messages.apps.MessagesConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "passaparola.urls"
WSGI_APPLICATION = None
# Sentences for the next page; the app of that name is not installed, its label is our room's.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
APPEND_SLASH = False
# Files go to disk beside where they will stay, never through memory.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(DATA_DIR)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "passaparola.doors.context.installation",
                "passaparola.doors.console.context.console",
            ],
            "builtins": ["django.templatetags.i18n", "passaparola.doors.look"],
        },
    }
]
LANGUAGES = [("es", "Español"), ("it", "Italiano"), ("en", "English")]
LANGUAGE_CODE = os.environ.get("PASSAPAROLA_LANGUAGE", "en")
LOCALE_PATHS = [PACKAGE / "locale" / name for name in ("console", "portal", "api", "cli", "rooms")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = BUSINESS_TIME_ZONE

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "static"]
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

# --- Sign-in and headers ----------------------------------------------------------------------
_SECURE = BASE_URL.startswith("https://")
LOGIN_URL = "/console/sign-in"
LOGIN_REDIRECT_URL = "/console/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Mail -------------------------------------------------------------------------------------
# smtp://user:password@host:port, smtps://…, file:///folder, or null://
MAIL_URL = os.environ.get("PASSAPAROLA_MAIL_URL", f"file://{DATA_DIR / 'mail'}")
MAIL_FROM = os.environ.get("PASSAPAROLA_MAIL_FROM", "Passaparola <hello@example.test>")

LOGGING_CONFIG = None
