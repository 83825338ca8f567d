"""How much the page takes at once, and how often it shows a sign of life."""

from typing import Any

MAX_UPLOAD = "300mb"
"""Of one file."""

HOUR = 60 * 60
DELETE_UPLOADS = (HOUR, 23 * HOUR)
"""Looked for every hour, and deleted when older than 23: gone within a day."""

PREDICT: dict[str, Any] = {"concurrency_id": "predict", "concurrency_limit": 2}
"""Shared by all that read one photo."""

PREDICT_BATCH: dict[str, Any] = {"concurrency_id": "batch", "concurrency_limit": 1}
"""Shared by all that read many: they wait for one another, and single photos do not."""

REFRESH = 0.4
"""Seconds between two signs of life while a backbone is fetched or photos are read."""

PREVIEW = 1024
"""Longest side of the photo that the page shows, in pixels."""

THUMBNAIL = 256
"""The same of an example to choose."""
