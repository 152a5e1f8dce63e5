"""What this server offers: models, effects, prices and plans, from TOML."""

from photoplay.catalog.catalog import Catalog, check_duration
from photoplay.catalog.plans import PLAN_NAMES, Plan
from photoplay.catalog.schema import Effect, ImageRules, Kind, Model, Prices, Quality, Quote, Resolution

__all__ = [
    "PLAN_NAMES",
    "Catalog",
    "Effect",
    "ImageRules",
    "Kind",
    "Model",
    "Plan",
    "Prices",
    "Quality",
    "Quote",
    "Resolution",
    "check_duration",
]
