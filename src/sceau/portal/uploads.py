"""Uploads stay in memory and stay small: nothing that a stranger sends touches the disk."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class LimitedMemoryHandler(FileUploadHandler):
    """Keeps a file in memory up to the instance's limit; one byte more and the upload ends."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._kept = BytesIO()
        self._size = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._kept = BytesIO()
        self._size = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:  # noqa: ARG002 - Django's signature
        """Keep a chunk, or stop everything: a form cut short has no token and is refused as a whole."""
        self._size += len(raw_data)
        if self._size > settings.SCEAU_UPLOAD_LIMIT:
            raise StopUpload(connection_reset=False)
        self._kept.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """The file, in memory."""
        self._kept.seek(0)
        return InMemoryUploadedFile(
            file=self._kept,
            field_name=self.field_name,
            name=self.file_name or "",
            content_type=self.content_type or "application/octet-stream",
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


def read_upload(request: Any, name: str) -> tuple[str, bytes] | None:
    """Name and bytes of the file sent under `name`; None when there is none or it is empty."""
    sent = request.FILES.get(name)
    if sent is None or not sent.size:
        return None
    return str(sent.name), bytes(sent.read())
