"""Artifact links: good for one file until their end, and for nothing else."""

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photoplay.clock import FixedClock
from photoplay.errors import ArtifactNotFound, StorageError
from photoplay.keys import MasterKey
from photoplay.storage import ArtifactSigner

SECRET = MasterKey("0123456789abcdef0123456789abcdef")
KEY = "jobs/1/video.mp4"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def signer(clock: FixedClock) -> ArtifactSigner:
    return ArtifactSigner(SECRET, clock)


def test_round_trip(signer: ArtifactSigner, clock: FixedClock) -> None:
    token = signer.sign(KEY, clock.now_ms() + 60_500, content_type="video/mp4", filename="Mein Film.mp4")
    claims = signer.verify(token)
    assert (claims.key, claims.content_type, claims.filename) == (KEY, "video/mp4", "Mein Film.mp4")
    assert 60_500 <= claims.expires_ms - clock.now_ms() <= 61_500


def test_same_input_same_token(signer: ArtifactSigner, clock: FixedClock) -> None:
    end = clock.now_ms() + 60_000
    assert signer.sign(KEY, end) == signer.sign(KEY, end)


def test_token_fits_a_url_path(signer: ArtifactSigner) -> None:
    assert set(signer.sign(KEY, 2**42)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_expired(signer: ArtifactSigner, clock: FixedClock) -> None:
    token = signer.sign(KEY, clock.now_ms() + 60_000)
    clock.advance_s(59)
    signer.verify(token)
    clock.advance_s(2)
    with pytest.raises(ArtifactNotFound, match="expired"):
        signer.verify(token)


def test_token_of_another_installation_or_purpose(signer: ArtifactSigner, clock: FixedClock) -> None:
    end = clock.now_ms() + 60_000
    foreign = ArtifactSigner(MasterKey("x" * 32), clock).sign(KEY, end)
    other_purpose = jwt.encode({"sub": KEY, "exp": end // 1000}, SECRET.derive("bearer tokens"), algorithm="HS256")
    unsigned = jwt.encode({"sub": KEY, "exp": end // 1000}, None, algorithm="none")
    for token in (foreign, other_purpose, unsigned):
        with pytest.raises(ArtifactNotFound):
            signer.verify(token)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": KEY},
        {"exp": 2**40},
        {"sub": "../../etc/passwd", "exp": 2**40},
        {"sub": 7, "exp": 2**40},
        {"sub": KEY, "exp": "soon"},
        {"sub": KEY, "exp": None},
    ],
)
def test_signed_nonsense_is_refused(signer: ArtifactSigner, claims: dict[str, object]) -> None:
    token = jwt.encode(claims, SECRET.derive("artifact links"), algorithm="HS256")
    with pytest.raises(ArtifactNotFound):
        signer.verify(token)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_refused_the_same_way(text: str) -> None:
    with pytest.raises(ArtifactNotFound):
        ArtifactSigner(SECRET, FixedClock()).verify(text)


@settings(deadline=None)
@given(st.integers(min_value=0), st.sampled_from("ABCDwxyz0189-_"))
def test_a_changed_token_is_refused(position: int, letter: str) -> None:
    signer = ArtifactSigner(SECRET, FixedClock())
    token = signer.sign(KEY, 2**42)
    at = position % (len(token) - 1)  # the last letter of base64 has spare bits
    changed = token[:at] + letter + token[at + 1 :]
    if changed == token:
        assert signer.verify(changed).key == KEY
    else:
        with pytest.raises(ArtifactNotFound):
            signer.verify(changed)


def test_only_storage_keys_are_signed(signer: ArtifactSigner) -> None:
    with pytest.raises(StorageError):
        signer.sign("../secret.key", 2**42)
