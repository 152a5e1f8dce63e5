"""photoplay's own API: what can be asked for, and what is left to ask with; on each twin."""

from __future__ import annotations

from photoplay.accounts import Credentials
from support.inside import Inside

from .test_native_jobs import head, problem


def test_the_catalog_names_what_a_create_takes(inside: Inside, key: Credentials) -> None:
    offer = inside.client.get("/v1/catalog", headers=head(key)).json()
    assert offer["default_model"] == "motion"
    model = next(model for model in offer["models"] if model["name"] == "motion")
    assert [size["name"] for size in model["resolutions"]] == ["480p", "720p", "1080p", "1440p", "4k"]
    assert (model["max_images"], model["effects"], model["any_duration"]) == (7, True, True)
    assert model["qualities"] == ["std", "pro", "premium"]
    effects = {effect["name"] for effect in offer["effects"]}
    assert {effect.slug for effect in inside.runtime.catalog.effects} == effects
    for size in model["resolutions"]:
        body = {
            "images": ["https://example.com/p.jpg"],
            "model": model["name"],
            "resolution": size["name"],
            "duration_s": model["durations_s"][0],
            "effect": offer["effects"][0]["name"],
        }
        answer = inside.client.post("/v1/jobs", json=body, headers=head(key))
        assert answer.status_code == 201, answer.text


def test_the_account_tells_what_can_be_spent(inside: Inside, key: Credentials) -> None:
    before = inside.client.get("/v1/account", headers=head(key)).json()
    assert before == {"name": "tester", "plan": "business", "credits": 1000, "credits_held": 0}
    job = inside.client.post("/v1/jobs", json={"images": ["https://example.com/p.jpg"]}, headers=head(key)).json()
    after = inside.client.get("/v1/account", headers=head(key)).json()
    assert (after["credits"], after["credits_held"]) == (1000 - job["credits"], job["credits"])


def test_both_need_a_key(inside: Inside) -> None:
    for path in ("/v1/catalog", "/v1/account"):
        problem(inside.client.get(path), 401, "credentials_missing")
