"""The portal as an ASGI application. Its machine is installed by `site.start`, before anything listens."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sceau.site.settings")

application = get_asgi_application()
