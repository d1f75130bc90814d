"""Log lines as JSON, one line each: nothing a person typed can forge a line or drive a terminal [ASSURANCE
T38].
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """A record as one ASCII line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. Newlines and controls of the message come out escaped."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)
