"""Accounts and keys: who a caller is, and that secrets stay secret."""

from __future__ import annotations

import base64
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from photoplay.accounts import AccountStore, Ledger, audit
from photoplay.clock import FixedClock
from photoplay.db.tables import FIRST_ACCOUNT_NUMBER, api_keys
from photoplay.errors import AccountBlocked, CredentialsInvalid, NotFoundError, SettingsError, UnsupportedValue
from photoplay.keys import MasterKey


def test_a_new_account_has_a_key_and_its_credits(accounts: AccountStore, engine: sa.Engine) -> None:
    made = accounts.create("studio", "pro", 250)
    account = accounts.get(made.account_id)
    assert (account.name, account.plan, account.blocked) == ("studio", "pro", False)
    assert account.number == FIRST_ACCOUNT_NUMBER
    assert re.fullmatch(r"[0-9a-f]{24}", account.object_id)
    with engine.connect() as connection:
        assert Ledger.balance(connection, account.id).available == 250
    assert audit(engine) == []


def test_the_shapes_that_the_wire_apis_need(accounts: AccountStore) -> None:
    made = accounts.create("a")
    assert made.api_key == made.client_secret
    assert re.fullmatch(r"[A-Za-z0-9]{24}", made.api_key)
    assert re.fullmatch(r"[A-Za-z0-9]{16}", made.client_id)
    assert re.fullmatch(r"[A-Za-z0-9]{32}", made.access_key)
    assert re.fullmatch(r"[A-Za-z0-9]{32}", made.secret_key)
    assert made.webhook_secret.startswith("whsec_")
    assert len(base64.b64decode(made.webhook_secret.removeprefix("whsec_"), validate=True)) == 32


def test_default_grant_and_plan(accounts: AccountStore, engine: sa.Engine) -> None:
    account = accounts.create_account("a")
    assert account.plan == "free"
    with engine.connect() as connection:
        assert Ledger.balance(connection, account.id).available == 1000
    assert accounts.keys(account.id) == ()


def test_no_credits_is_a_choice(accounts: AccountStore, engine: sa.Engine) -> None:
    account = accounts.create_account("a", credits=0)
    with engine.connect() as connection:
        assert Ledger.balance(connection, account.id).available == 0
        assert Ledger.entries(connection, account.id) == []


@pytest.mark.parametrize(("plan", "credits"), [("gold", 1), ("", 1), ("free", -1)])
def test_wrong_plan_or_credits_make_nothing(accounts: AccountStore, plan: str, credits: int) -> None:
    with pytest.raises(UnsupportedValue):
        accounts.create("a", plan, credits)
    assert accounts.list() == []


def test_numbers_are_unique_when_accounts_are_made_at_once(accounts: AccountStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: accounts.create_account(f"a{n}"), range(24)))
    numbers = [account.number for account in accounts.list()]
    assert numbers == list(range(FIRST_ACCOUNT_NUMBER, FIRST_ACCOUNT_NUMBER + 24))


def test_each_form_of_the_key_tells_the_same_caller(accounts: AccountStore) -> None:
    accounts.create("other")
    made = accounts.create("mine")
    by_key = accounts.by_api_key(made.api_key)
    assert by_key.account.id == made.account_id
    assert (by_key.key_id, by_key.client_id) == (made.key_id, made.client_id)
    assert accounts.by_client_pair(made.client_id, made.client_secret) == by_key
    assert accounts.by_access_key(made.access_key) == (by_key, made.secret_key)
    assert accounts.by_key_id(made.key_id) == by_key


@pytest.mark.parametrize("value", ["", "nope", "A" * 24, "\x00", "\ud800", "x" * 10_000, "'; DROP TABLE accounts; --"])
def test_unknown_keys(accounts: AccountStore, value: str) -> None:
    made = accounts.create("a")
    with pytest.raises(CredentialsInvalid):
        accounts.by_api_key(value)
    with pytest.raises(CredentialsInvalid):
        accounts.by_client_pair(made.client_id, value)


@pytest.mark.parametrize("value", ["", "nope", "\x00"])
def test_unknown_ids(accounts: AccountStore, value: str) -> None:
    made = accounts.create("a")
    with pytest.raises(CredentialsInvalid):
        accounts.by_client_pair(value, made.client_secret)
    with pytest.raises(CredentialsInvalid):
        accounts.by_access_key(value)
    with pytest.raises(CredentialsInvalid):
        accounts.by_key_id(value)


def test_the_secret_of_another_account_does_not_fit(accounts: AccountStore) -> None:
    one, other = accounts.create("one"), accounts.create("other")
    with pytest.raises(CredentialsInvalid):
        accounts.by_client_pair(one.client_id, other.client_secret)


def test_a_revoked_key_is_worth_nothing_in_any_form(accounts: AccountStore) -> None:
    made = accounts.create("a")
    kept = accounts.create_key(made.account_id, "second")
    accounts.revoke(made.key_id)
    accounts.revoke(made.key_id)
    for ask in (
        lambda: accounts.by_api_key(made.api_key),
        lambda: accounts.by_client_pair(made.client_id, made.client_secret),
        lambda: accounts.by_access_key(made.access_key),
        lambda: accounts.by_key_id(made.key_id),
    ):
        with pytest.raises(CredentialsInvalid):
            ask()
    assert accounts.by_api_key(kept.api_key).account.id == made.account_id


def test_revoking_keeps_the_first_time(accounts: AccountStore, clock: FixedClock) -> None:
    made = accounts.create("a")
    accounts.revoke(made.key_id)
    at = clock.now_ms()
    clock.advance_s(60)
    accounts.revoke(made.key_id)
    assert [key.revoked_ms for key in accounts.keys(made.account_id)] == [at]


def test_a_blocked_account_is_told_so_and_can_come_back(accounts: AccountStore) -> None:
    made = accounts.create("a")
    accounts.set_blocked(made.account_id, True)
    for ask in (
        lambda: accounts.by_api_key(made.api_key),
        lambda: accounts.by_client_pair(made.client_id, made.client_secret),
        lambda: accounts.by_key_id(made.key_id),
    ):
        with pytest.raises(AccountBlocked):
            ask()
    with pytest.raises(CredentialsInvalid):  # who does not know the secret does not learn that it is blocked
        accounts.by_client_pair(made.client_id, "wrong")
    accounts.set_blocked(made.account_id, False)
    assert accounts.by_api_key(made.api_key).account.blocked is False


def test_changing_the_plan(accounts: AccountStore) -> None:
    made = accounts.create("a")
    accounts.set_plan(made.account_id, "pro-max")
    assert accounts.by_api_key(made.api_key).account.plan == "pro-max"
    with pytest.raises(UnsupportedValue):
        accounts.set_plan(made.account_id, "gold")


def test_what_does_not_exist(accounts: AccountStore) -> None:
    for ask in (
        lambda: accounts.get("none"),
        lambda: accounts.create_key("none"),
        lambda: accounts.set_plan("none", "pro"),
        lambda: accounts.set_blocked("none", True),
        lambda: accounts.revoke("none"),
    ):
        with pytest.raises(NotFoundError):
            ask()


def test_signing_uses_the_named_key_or_the_oldest_live_one(accounts: AccountStore, clock: FixedClock) -> None:
    first = accounts.create("a")
    clock.advance_s(1)
    second = accounts.create_key(first.account_id, "second")
    assert accounts.credentials(first.account_id) == first
    assert accounts.credentials(first.account_id, second.client_id) == second
    accounts.revoke(first.key_id)
    assert accounts.credentials(first.account_id) == second
    assert accounts.credentials(first.account_id, first.client_id) == second
    accounts.revoke(second.key_id)
    with pytest.raises(CredentialsInvalid):
        accounts.credentials(first.account_id)


def test_a_foreign_client_id_does_not_give_foreign_secrets(accounts: AccountStore) -> None:
    one, other = accounts.create("one"), accounts.create("other")
    assert accounts.credentials(one.account_id, other.client_id) == one


def test_nothing_secret_is_stored_in_the_clear(accounts: AccountStore, engine: sa.Engine) -> None:
    made = accounts.create("a")
    with engine.connect() as connection:
        row = connection.execute(sa.select(api_keys)).one()
    for value in row:
        for hidden in (made.api_key, made.secret_key, made.webhook_secret):
            assert hidden not in str(value)


def test_repr_shows_no_secret(accounts: AccountStore) -> None:
    made = accounts.create("a")
    for hidden in (made.api_key, made.secret_key, made.webhook_secret):
        assert hidden not in repr(made)


def test_another_secret_key_opens_nothing_and_says_why(
    accounts: AccountStore, engine: sa.Engine, clock: FixedClock
) -> None:
    made = accounts.create("a")
    accounts.check_secret()
    changed = AccountStore(engine, MasterKey("another secret, 32 characters or more"), clock)
    with pytest.raises(CredentialsInvalid):
        changed.by_api_key(made.api_key)
    with pytest.raises(SettingsError, match=r"secret\.key"):
        changed.check_secret()
    with pytest.raises(SettingsError, match=r"secret\.key"):
        changed.credentials(made.account_id)


def test_check_secret_on_an_empty_database(accounts: AccountStore) -> None:
    accounts.check_secret()
