"""One look per codec family, the same on every page and in the report; see `core.family_styles`."""

from core.family_styles import (
    FamilyStyle,
    family_style,
    in_legend_order,
    known_families,
    translucent,
)

__all__ = ["FamilyStyle", "family_style", "in_legend_order", "known_families", "translucent"]
