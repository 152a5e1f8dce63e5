"""The page: served whole from here, held to this server by its headers, and part of what is shipped."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hatchling.builders.wheel import WheelBuilder

from photoplay.accounts import Credentials
from photoplay.settings import Settings
from photoplay.studio import STATIC
from support.files import jpeg
from support.inside import Inside, served

ROOT = Path(__file__).parents[3]
ASSETS = sorted(path.name for path in STATIC.iterdir())


def directives(policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


def test_the_page_is_at_the_root(inside: Inside) -> None:
    answer = inside.client.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text == (STATIC / "page.html").read_text(encoding="utf-8")
    assert inside.client.head("/").status_code == 200
    refused = inside.client.post("/")
    assert (refused.status_code, refused.headers["content-type"]) == (405, "application/problem+json")


def test_its_headers_hold_it_to_this_server_and_the_store(inside: Inside, key: Credentials) -> None:
    answer = inside.client.get("/")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    found = directives(answer.headers["content-security-policy"])
    assert found["default-src"] == found["form-action"] == found["base-uri"] == found["frame-ancestors"] == ["'none'"]
    assert found["script-src"] == found["style-src"] == found["connect-src"] == ["'self'"]
    # A clip's link leads nowhere that the policy does not name.
    job = inside.client.post("/v1/jobs", files={"images": ("p.jpg", jpeg())}, headers={"x-api-key": key.api_key}).json()
    inside.finish(job["id"])
    link = inside.client.get(f"/v1/jobs/{job['id']}", headers={"x-api-key": key.api_key}).json()["video_url"]
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(link))
    expected = ["'self'", "blob:"]
    if origin != str(inside.client.base_url).rstrip("/"):
        expected.append(origin)
    assert found["media-src"] == found["img-src"] == expected


def test_clips_under_a_public_url_may_be_played(tmp_path: Path) -> None:
    with served(Settings(data_dir=tmp_path, public_url="https://clips.example.com/base/")) as app:
        policy = directives(app.client.get("/").headers["content-security-policy"])
    assert policy["media-src"] == ["'self'", "blob:", "https://clips.example.com"]


@pytest.mark.parametrize("name", ASSETS)
def test_each_file_is_served_and_asked_for_again_by_its_etag(embedded: Inside, name: str) -> None:
    answer = embedded.client.get(f"/studio/{name}")
    assert (answer.status_code, answer.content) == (200, (STATIC / name).read_bytes())
    kind = {"js": "javascript", "css": "text/css", "svg": "image/svg+xml", "html": "text/html"}[name.rpartition(".")[2]]
    assert kind in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    again = embedded.client.get(f"/studio/{name}", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["nothing.js", "", "../page.py", "%2e%2e/page.py", "static/page.html"])
def test_other_paths_are_answered_as_everywhere(embedded: Inside, path: str) -> None:
    answer = embedded.client.get(f"/studio/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_what_the_page_names_is_there_and_nothing_is_elsewhere(embedded: Inside) -> None:
    named = set()
    for name in ASSETS:
        text = (STATIC / name).read_text(encoding="utf-8")
        shown = re.sub(r"http://www\.w3\.org/\S+|^ *//.*$", "", text, flags=re.MULTILINE)  # SVG's own name; comments
        assert not re.search(r"https?:|//[a-z]|@import", shown), name
        named |= set(re.findall(r'(?:src|href)="(/[^"]+)"', text))
        named |= {f"/studio/{found}" for found in re.findall(r'from "\./([^"]+)"', text)}
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), name
    page = (STATIC / "page.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*src=)", page)
    for path in named:
        assert embedded.client.get(path).status_code == 200, path
    loaded = {path.removeprefix("/studio/") for path in named if path.startswith("/studio/")}
    assert loaded | {"page.html"} == set(ASSETS)  # and nothing lies about unused


def test_every_id_that_the_scripts_ask_for_is_on_the_page() -> None:
    page = (STATIC / "page.html").read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    asked = {name for path in STATIC.glob("*.js") for name in re.findall(r'\$\("([^"]+)"\)', path.read_text("utf-8"))}
    assert asked
    assert asked <= set(ids)
    pointed = re.findall(r'(?:aria-describedby|aria-labelledby|for)="([^"]+)"', page)
    assert {name for names in pointed for name in names.split()} <= set(ids)


def test_the_package_carries_the_page() -> None:
    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {f"photoplay/studio/static/{name}" for name in ASSETS} <= shipped
