"""What this server offers: models, effects, prices and plans, from TOML."""

from photoplay.catalog.catalog import Catalog
from photoplay.catalog.plans import PLAN_NAMES, Plan
from photoplay.catalog.schema import Effect, Kind, Model, Prices, Quality, Quote, Resolution

__all__ = [
    "PLAN_NAMES",
    "Catalog",
    "Effect",
    "Kind",
    "Model",
    "Plan",
    "Prices",
    "Quality",
    "Quote",
    "Resolution",
]
