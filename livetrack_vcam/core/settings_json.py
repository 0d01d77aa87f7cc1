"""The settings of one shot as a JSON object, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livetrack_vcam.core.changes import check_settings
from livetrack_vcam.core.config import DirectorSettings
from livetrack_vcam.core.fields import FIELDS, Json


def settings_to_json(settings: DirectorSettings) -> dict[str, Json]:
    """Every field under the name commands use for it; floats survive exactly."""
    return {field.name: field.write(getattr(settings, field.attribute)) for field in FIELDS}


def settings_from_json(data: object) -> DirectorSettings:
    """The settings `settings_to_json` wrote. Raises ValueError that names what is wrong."""
    names = [field.name for field in FIELDS]
    if not isinstance(data, Mapping) or set(data) != set(names):
        raise ValueError(f"the settings of a shot need exactly the fields {', '.join(names)}")
    values: dict[str, Any] = {field.attribute: field.read(data[field.name]) for field in FIELDS}
    settings = DirectorSettings(**values)
    check_settings(settings)
    return settings
