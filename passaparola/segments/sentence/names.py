"""What things are called where a rule only has their numbers and codes. Pure."""

from collections.abc import Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo

import msgspec


class TraitName(msgspec.Struct, frozen=True):
    """A trait in the reader's language, its unit (days, times, minor, percent, …) and kind."""

    name: str
    unit: str = ""
    kind: str = ""


class Names(msgspec.Struct, frozen=True):
    """Names in the reader's language; what is missing is called by its number or code."""

    currency: str = "EUR"
    zone: tzinfo = ZoneInfo("UTC")
    traits: Mapping[str, TraitName] = {}
    segments: Mapping[int, str] = {}
    groups: Mapping[int, str] = {}
    programs: Mapping[int, str] = {}
    products: Mapping[str, str] = {}
