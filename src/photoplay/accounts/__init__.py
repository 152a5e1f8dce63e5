"""Who may use the server and for how much: accounts, keys, tokens, plans, request rates and the credit ledger."""

from photoplay.accounts.account import Account, Caller, Credentials, KeyInfo
from photoplay.accounts.audit import audit
from photoplay.accounts.ledger import Balance, Entry, Ledger
from photoplay.accounts.plans import DEFAULT_CREDITS, DEFAULT_PLAN, PLAN_NAMES, Plan
from photoplay.accounts.rate import RateLimiter, WindowLimiter
from photoplay.accounts.store import AccountStore, refuse_blocked
from photoplay.accounts.tokens import Tokens

__all__ = [
    "DEFAULT_CREDITS",
    "DEFAULT_PLAN",
    "PLAN_NAMES",
    "Account",
    "AccountStore",
    "Balance",
    "Caller",
    "Credentials",
    "Entry",
    "KeyInfo",
    "Ledger",
    "Plan",
    "RateLimiter",
    "Tokens",
    "WindowLimiter",
    "audit",
    "refuse_blocked",
]
