"""How much the page takes at once, and how often it shows a sign of life."""

from typing import Any

MAX_UPLOAD = "300mb"
"""Of one file."""

MAX_REQUEST = 2_000_000_000
"""Bytes of all files that one request uploads: 500 photos of a phone."""

MAX_JSON = 40_000_000
"""Bytes of any other request; a photo within it is a third longer than its file."""

MAX_ARRIVING = 400_000_000
"""Bytes of such requests that are on their way at a time."""

MAX_CALL = 2_000_000
"""Bytes of a call that waits, when the photos within it have become files."""

MAX_WORD = 200
"""Characters of what somebody calls their session, and the like."""

MAX_PATH = 1_000
"""Characters of the name of a file, with the folders that it lies in."""

MAX_QUERY = 8_000
"""Bytes behind the question mark of an address."""

ROOM_STEP = 100_000_000
"""Bytes of an upload after which it is looked at again whether there is room for more."""

MAX_STORED = 8_000_000_000
"""Bytes of all uploads together."""

MIN_FREE = 200_000_000
"""Bytes of the disk that uploads leave free, or a twentieth of it where that is less."""

YOUNG = 15 * 60
"""Seconds that an upload is safe from being deleted for the sake of newer ones."""

MAX_WAITING = 200
"""Calls that wait; Gradio's queue breaks at 2,000."""

SESSIONS = 400
"""Visitors whose page is remembered, of 0.2 MB each."""

UNREAD = 500
"""Askers whose messages are kept until they fetch them."""

HOUR = 60 * 60
DELETE_UPLOADS = (HOUR, 23 * HOUR)
"""Looked for every hour, and deleted when older than 23: gone within a day. Visits, too."""

PREDICT: dict[str, Any] = {"concurrency_id": "predict", "concurrency_limit": 2}
"""Shared by all that read one photo."""

PREDICT_BATCH: dict[str, Any] = {"concurrency_id": "batch", "concurrency_limit": 1}
"""Shared by all that read many: they wait for one another, and single photos do not."""

REFRESH = 0.4
"""Seconds between two signs of life while a backbone is fetched or photos are read."""

PREVIEW = 720
"""Longest side of the photo that the page shows, in pixels."""

THUMBNAIL = 128
"""The same of an example to choose."""
