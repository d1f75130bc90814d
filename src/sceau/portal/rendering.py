"""Answers as pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page of `template` (below `templates/portal/`)."""
    return render(request, f"portal/{template}", context or {}, status=status)
