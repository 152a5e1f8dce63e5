"""Plans as accounts see them. The table itself belongs to the catalog, since an operator sets it there."""

from photoplay.catalog.plans import PLAN_NAMES, Plan, includes

DEFAULT_PLAN = "free"

DEFAULT_CREDITS = 1000
"""Credits granted to a new account when nobody says otherwise: fifty clips of 5 s in 720p at the standard rates."""

__all__ = ["DEFAULT_CREDITS", "DEFAULT_PLAN", "PLAN_NAMES", "Plan", "includes"]
