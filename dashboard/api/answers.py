"""How the API answers: JSON, moments as ISO 8601."""

import json
from typing import Any

from starlette.responses import Response


def answer(values: Any, *, status: int = 200) -> Response:
    """Values as JSON."""
    return Response(json.dumps(values, default=str), status, media_type="application/json")


def refuse(status: int, why: str) -> Response:
    """Why not, as JSON."""
    return answer({"error": why}, status=status)
