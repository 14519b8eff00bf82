"""What all settings have in common."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

_NUMBERS = (int, float, int | None, float | None)


class Settings(BaseModel):
    """Base of all settings: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: Any, about: ValidationInfo) -> Any:
        """Python, and so pydantic, takes true for 1."""
        if isinstance(value, bool) and cls.model_fields[str(about.field_name)].annotation in _NUMBERS:
            raise PydanticCustomError("bool_for_number", "it should be a number")
        return value

    def config_hash(self) -> str:
        """Sixteen hex digits that change when any setting changes."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
