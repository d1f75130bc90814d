"""Every setting of an instance, read from the environment (`SCEAU_*`), each with a default that is the safe
one.

Nothing here decides a rule of the field. `DEBUG` does not exist as a choice: it is never on. What must not
be so in production is refused by `checks`, which `sceau run` and `django check` ask before anything opens.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from sceau.site.environment import Place, database_of, hosts_of, place_of, psc_origin_of
from sceau.site.looks import drawing_of, finders_of, templates_of, theme_of

PLACE: Place = place_of(os.environ)

# the instance
SCEAU_DATA: Path = PLACE.data
SCEAU_ENVIRONMENT: str = PLACE.environment
SCEAU_TEST_CARDS: bool = PLACE.test_cards
SCEAU_ORIGIN: str = os.environ.get(
    "SCEAU_ORIGIN", f"sceau/{PLACE.environment}"
)  # the journal's name, for good
SCEAU_CONTACTS: dict[str, str] = {
    code: os.environ[f"SCEAU_CONTACT_{code.upper()}"]
    for code in ("email", "phone", "hours", "post")
    if f"SCEAU_CONTACT_{code.upper()}" in os.environ
}
SCEAU_PORTAL_ADDRESS: str = PLACE.portal_address
SCEAU_DOOR_ADDRESS: str = PLACE.door_address
SCEAU_PUBLICATION_ADDRESS: str = PLACE.publication_address
SCEAU_API_ADDRESS: str = PLACE.api_address

# who may speak to us
DEBUG = False
ALLOWED_HOSTS = hosts_of(os.environ)
SECRET_KEY = PLACE.secret_key() or secrets.token_urlsafe(
    48
)  # without a kept key, sessions end with the process
USE_X_FORWARDED_HOST = False

# the application
INSTALLED_APPS = [
    "sceau.records",
    "sceau.portal",
    "sceau.site",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "sceau.site.compression.CompressionMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "sceau.portal.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "sceau.portal.middleware.VisitorMiddleware",
]
ROOT_URLCONF = "sceau.site.urls"
ASGI_APPLICATION = "sceau.site.asgi.application"
SCEAU_THEME: str = theme_of(os.environ)
TEMPLATES = templates_of(SCEAU_THEME)
DATABASES: dict[str, dict[str, Any]] = {"default": database_of(os.environ, PLACE.data)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# sessions and cookies: short, bound to a card, never readable by a script, never sent from elsewhere
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-sceau"
SESSION_COOKIE_AGE = 30 * 60
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-sceau-jeton"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "sceau.portal.refusals.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# what a page may do
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        **drawing_of(SCEAU_THEME),
        "connect-src": ["'self'"],
        "form-action": ["'self'", *psc_origin_of(os.environ)],  # it answers a form with a redirection
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# On a development machine the promise would lock every other server of `localhost` into HTTPS.
SECURE_HSTS_SECONDS = 0 if PLACE.is_development else 2 * 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_SSL_REDIRECT = False  # nothing of the portal listens without TLS
X_FRAME_OPTIONS = "DENY"

# what may be sent to us
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 600
DATA_UPLOAD_MAX_NUMBER_FILES = 201  # renewing many takes 200; what a listener lets in bounds their bytes
FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024  # as much as a listener lets in: nothing is spooled to disk
FILE_UPLOAD_HANDLERS = ["sceau.portal.uploads.LimitedMemoryHandler"]  # an upload never touches the disk
SCEAU_UPLOAD_LIMIT = 5 * 1024 * 1024

# assets, language, time, log
STATIC_URL = "/statique/"
STATIC_ROOT = None
STATICFILES_FINDERS = finders_of(SCEAU_THEME)
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_MAX_AGE = 24 * 3600  # each address carries the digest of its content
SERVESTATIC_ALLOW_ALL_ORIGINS = False
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "__Host-sceau-langue"
USE_I18N = True
TIME_ZONE = "Europe/Paris"
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "sceau.site.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("SCEAU_LOG_LEVEL", "WARNING").upper()},
}
