"""Bearer tokens, ours and those that callers sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from photoplay.accounts import AccountStore, Credentials, Tokens
from photoplay.clock import FixedClock
from photoplay.errors import AccountBlocked, CredentialsInvalid, TokenExpired, TokenNotYetValid
from photoplay.keys import MasterKey


@pytest.fixture
def tokens(accounts: AccountStore, secret: MasterKey, clock: FixedClock) -> Tokens:
    return Tokens(accounts, secret, clock)


@pytest.fixture
def made(accounts: AccountStore) -> Credentials:
    return accounts.create("studio", "pro")


def claims_of(made: Credentials, clock: FixedClock, **changed: Any) -> dict[str, Any]:
    now_s = clock.now_ms() // 1000
    claims = {"iss": made.access_key, "exp": now_s + 1800, "nbf": now_s - 5} | changed
    return {name: value for name, value in claims.items() if value is not ...}


def signed(made: Credentials, claims: dict[str, Any], **options: Any) -> str:
    return jwt.encode(claims, made.secret_key, algorithm="HS256", **options)


def hand_signed(made: Credentials, payload: str, header: str = '{"alg":"HS256","typ":"JWT"}') -> str:
    """A token of any payload text, rightly signed: for what a JWT library would not write."""

    def pack(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signing_input = f"{pack(header.encode())}.{pack(payload.encode())}"
    return f"{signing_input}.{pack(hmac.digest(made.secret_key.encode(), signing_input.encode(), hashlib.sha256))}"


# Issued tokens ---------------------------------------------------------------------------------------------------


def test_an_issued_token_stands_for_its_client(tokens: Tokens, accounts: AccountStore, made: Credentials) -> None:
    token = tokens.issue_token(made.client_id, made.client_secret)
    assert tokens.verify_token(token) == accounts.by_api_key(made.api_key)


def test_an_issued_token_looks_like_the_vendors(tokens: Tokens, made: Credentials) -> None:
    token = tokens.issue_token(made.client_id, made.client_secret)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    payload = jwt.decode(token, options={"verify_signature": False})
    assert (payload["type"], payload["from"], payload["firstName"]) == ("user", "toB", "studio")
    assert payload["exp"] - payload["iat"] > 366 * 86400
    assert made.client_secret not in json.dumps(payload)


def test_an_issued_token_lasts_longer_than_a_year_and_then_ends(
    tokens: Tokens, made: Credentials, clock: FixedClock
) -> None:
    token = tokens.issue_token(made.client_id, made.client_secret)
    clock.advance_s(366 * 86400)
    tokens.verify_token(token)
    clock.advance_s(40 * 86400)
    with pytest.raises(TokenExpired):
        tokens.verify_token(token)


def test_no_token_for_a_wrong_pair(tokens: Tokens, made: Credentials) -> None:
    with pytest.raises(CredentialsInvalid):
        tokens.issue_token(made.client_id, "wrong")


def test_a_token_ends_with_its_key_or_account(tokens: Tokens, accounts: AccountStore, made: Credentials) -> None:
    token = tokens.issue_token(made.client_id, made.client_secret)
    accounts.set_blocked(made.account_id, True)
    with pytest.raises(AccountBlocked):
        tokens.verify_token(token)
    accounts.set_blocked(made.account_id, False)
    accounts.revoke(made.key_id)
    with pytest.raises(CredentialsInvalid):
        tokens.verify_token(token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ä.ö.ü", "." * 100, "e30.e30."])
def test_text_that_is_no_token(tokens: Tokens, token: str) -> None:
    with pytest.raises(CredentialsInvalid):
        tokens.verify_token(token)
    with pytest.raises(CredentialsInvalid):
        tokens.verify_access_jwt(token)


def test_tokens_of_another_installation_or_kind(
    tokens: Tokens, accounts: AccountStore, made: Credentials, clock: FixedClock, secret: MasterKey
) -> None:
    foreign = Tokens(accounts, MasterKey("y" * 32), clock).issue_token(made.client_id, made.client_secret)
    claims = {"key": made.key_id, "exp": clock.now_ms() // 1000 + 60}
    for token in (
        foreign,
        signed(made, claims_of(made, clock)),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, secret.derive("artifact links"), algorithm="HS256"),
        jwt.encode({"exp": claims["exp"]}, secret.derive("bearer tokens"), algorithm="HS256"),
        jwt.encode({"key": made.key_id}, secret.derive("bearer tokens"), algorithm="HS256"),
        jwt.encode({"key": 5, "exp": claims["exp"]}, secret.derive("bearer tokens"), algorithm="HS256"),
    ):
        with pytest.raises(CredentialsInvalid):
            tokens.verify_token(token)


# Tokens that callers sign ----------------------------------------------------------------------------------------


def test_the_documented_token(tokens: Tokens, accounts: AccountStore, made: Credentials, clock: FixedClock) -> None:
    token = signed(made, claims_of(made, clock), headers={"alg": "HS256", "typ": "JWT"})
    assert tokens.verify_access_jwt(token) == accounts.by_api_key(made.api_key)


@pytest.mark.parametrize("extra", [{"iat": 1}, {"iat": 2**33}, {"aud": "x"}, {"sub": "x"}, {"nbf": ...}, {"nbf": None}])
def test_other_claims_do_not_matter(
    tokens: Tokens, made: Credentials, clock: FixedClock, extra: dict[str, Any]
) -> None:
    tokens.verify_access_jwt(signed(made, claims_of(made, clock, **extra)))


def test_times_have_a_leeway(tokens: Tokens, made: Credentials, clock: FixedClock) -> None:
    now_s = clock.now_ms() // 1000
    tokens.verify_access_jwt(signed(made, claims_of(made, clock, exp=now_s - 29)))
    tokens.verify_access_jwt(signed(made, claims_of(made, clock, nbf=now_s + 29)))
    tokens.verify_access_jwt(signed(made, claims_of(made, clock, exp=now_s + 10.5)))
    with pytest.raises(TokenExpired):
        tokens.verify_access_jwt(signed(made, claims_of(made, clock, exp=now_s - 31)))
    with pytest.raises(TokenNotYetValid):
        tokens.verify_access_jwt(signed(made, claims_of(made, clock, nbf=now_s + 31)))


@pytest.mark.parametrize(
    "changed", [{"exp": ...}, {"exp": "soon"}, {"exp": True}, {"nbf": "x"}, {"iss": ...}, {"iss": 5}, {"iss": "nobody"}]
)
def test_claims_that_are_wrong(tokens: Tokens, made: Credentials, clock: FixedClock, changed: dict[str, Any]) -> None:
    token = hand_signed(made, json.dumps(claims_of(made, clock, **changed)))
    with pytest.raises(CredentialsInvalid):
        tokens.verify_access_jwt(token)


@pytest.mark.parametrize("exp", ["NaN", "Infinity", "1e999", "[]", "{}", "null"])
def test_an_end_that_is_no_time(tokens: Tokens, made: Credentials, exp: str) -> None:
    with pytest.raises(CredentialsInvalid):
        tokens.verify_access_jwt(hand_signed(made, f'{{"iss": "{made.access_key}", "exp": {exp}}}'))


def test_only_the_owners_signature_by_the_right_algorithm(
    tokens: Tokens, accounts: AccountStore, made: Credentials, clock: FixedClock
) -> None:
    other = accounts.create("other")
    claims = claims_of(made, clock)
    for token in (
        signed(other, claims),
        jwt.encode(claims, made.api_key + "-padded-to-32", algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, made.secret_key * 2, algorithm="HS512"),
        hand_signed(made, json.dumps(claims), header='{"alg":"none","typ":"JWT"}'),
        signed(made, claims)[:-3] + "AAA",
    ):
        with pytest.raises(CredentialsInvalid):
            tokens.verify_access_jwt(token)


def test_revoked_and_blocked(tokens: Tokens, accounts: AccountStore, made: Credentials, clock: FixedClock) -> None:
    token = signed(made, claims_of(made, clock))
    accounts.set_blocked(made.account_id, True)
    with pytest.raises(AccountBlocked):
        tokens.verify_access_jwt(token)
    with pytest.raises(CredentialsInvalid):  # a stranger does not learn that the account is blocked
        tokens.verify_access_jwt(token[:-3] + "AAA")
    accounts.revoke(made.key_id)
    with pytest.raises(CredentialsInvalid):
        tokens.verify_access_jwt(token)


def test_a_database_from_elsewhere(engine: sa.Engine, made: Credentials, clock: FixedClock, tokens: Tokens) -> None:
    token = tokens.issue_token(made.client_id, made.client_secret)
    moved = MasterKey("z" * 32)
    with pytest.raises(CredentialsInvalid):
        Tokens(AccountStore(engine, moved, clock), moved, clock).verify_token(token)
