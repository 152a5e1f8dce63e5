"""The page in a real browser, against a running server: from a key and a photo to a clip that plays, and away again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.browser import browse
from support.files import jpeg
from support.server import Server, serving, wait_for

pytestmark = pytest.mark.server

ENTER = """
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', {name: 'Enter'}).click();
  await page.getByRole('heading', {name: 'Animate a photo'}).waitFor();
"""

WHOLE_WAY = """
  await page.locator('#images').setInputFiles(`${folder}/photo.jpg`);
  told.photos = await page.locator('#photos li').count();
  await page.getByRole('button', {name: 'snow falls'}).click();
  told.example = await page.getByLabel('What should happen?').inputValue();
  await page.getByLabel('What should happen?').fill('frames=16 delay=0.15');
  told.effects = await page.locator('#effect option').count();
  await page.locator('#lengths').getByRole('button', {name: '3 s'}).click();
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await page.getByRole('button', {name: 'Animate'}).click();
  const create = await sent;
  told.idempotency = create.headers()['idempotency-key'];
  await expect(() => document.querySelector('#status').textContent.startsWith('Animating'));
  await expect(() => document.querySelector('#progress').value > 0.1);
  told.progress = await page.locator('#progress').evaluate((bar) => bar.value);
  told.cancel = await page.getByRole('button', {name: 'Cancel'}).isVisible();
  await shot('running');
  await expect(() => document.querySelector('#frame video')?.duration > 0);
  await expect(() => document.querySelector('#frame video').currentTime > 0);
  told.status = await page.locator('#status').textContent();
  told.facts = await page.locator('#facts').innerText();
  told.clip = await page.locator('#frame video').evaluate((video) => ({
    duration: video.duration, width: video.videoWidth, error: video.error, source: new URL(video.src).pathname}));
  const [download] = await Promise.all([
    page.waitForEvent('download'), page.getByRole('link', {name: 'Download'}).click()]);
  await download.saveAs(`${folder}/clip.mp4`);
  told.name = download.suggestedFilename();
  await expect(() => document.querySelector('#clips img')?.naturalWidth > 0);
  told.listed = await page.locator('#clips li').count();
  await shot('done');
  await page.getByRole('button', {name: 'Delete', exact: true}).first().click();
  await page.getByRole('button', {name: 'Keep it'}).click();
  told.kept = await page.locator('#clips li').count();
  await page.locator('#remove').click();
  await page.locator('#sure-yes').click();
  await page.getByText('None yet.').waitFor();
  told.left = await page.locator('#clips li').count();
  told.shown = await page.locator('#job').isVisible();
  told.account = await page.locator('#account').textContent();
"""

REFUSED = """
  await page.getByRole('button', {name: 'Animate'}).click();
  told.no_photo = await page.locator('#images-error').textContent();
  await page.locator('#images').setInputFiles(`${folder}/photo.jpg`);
  await page.getByLabel('Length in seconds').fill('99');
  await page.getByRole('button', {name: 'Animate'}).click();
  await page.locator('#duration_s-error').waitFor();
  told.length = await page.locator('#duration_s-error').textContent();
  told.marked = await page.getByLabel('Length in seconds').getAttribute('aria-invalid');
  told.focused = await page.evaluate(() => document.activeElement.id);
  await shot('refused');
  await page.getByLabel('Length in seconds').fill('5');
  told.forgiven = await page.locator('#duration_s-error').isHidden();
  await page.getByText('More', {exact: true}).click();
  await page.getByLabel('Seed').fill('many');
  await page.getByText('More', {exact: true}).click();
  await page.getByRole('button', {name: 'Animate'}).click();
  await page.locator('#seed-error').waitFor();
  told.seed = await page.locator('#seed-error').textContent();
  await page.getByLabel('Seed').fill('7');
  await page.getByText('My own file').click();
  await page.locator('#audio').setInputFiles(`${folder}/photo.jpg`);
  await page.getByLabel('What should happen?').fill('<img src=x onerror=alert(1)> fail');
  await page.getByRole('button', {name: 'Animate'}).click();
  await page.locator('#job-error').waitFor();
  told.failed = await page.locator('#job-error').textContent();
  told.title = await page.locator('#clips .words').first().textContent();
  told.smuggled = await page.locator('#clips .words img').count();
  await page.getByText('Made to fit').click();
  await page.getByLabel('What should happen?').fill('hang');
  await page.getByRole('button', {name: 'Animate'}).click();
  await page.locator('#cancel').click();
  await expect(() => document.querySelector('#status').textContent === 'Canceled');
  await expect(() => document.querySelector('#clips li').textContent.includes('canceled'));
"""

LOST = """
  await page.route('**/events', (route) => route.abort());
  const photo = require('node:fs').readFileSync(`${folder}/photo.jpg`).toString('base64');
  const give = (kind, type, base64, name) => page.evaluate(([kind, type, base64, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name, {type}));
    const options = {bubbles: true, cancelable: true, clipboardData: data, dataTransfer: data};
    if (kind === 'paste') document.body.dispatchEvent(new ClipboardEvent('paste', options));
    else document.querySelector('#drop').dispatchEvent(new DragEvent('drop', options));
  }, [kind, type, base64, name]);
  await give('paste', 'text/plain', photo, 'notes.txt');
  told.no_photo = await page.locator('#images-error').textContent();
  await give('paste', 'image/jpeg', photo, 'pasted.jpg');
  await give('drop', 'image/jpeg', photo, 'dropped.jpg');
  told.photos = await page.locator('#photos img').evaluateAll((images) => images.map((image) => image.alt));
  await page.getByRole('button', {name: 'Remove pasted.jpg'}).click();
  told.left = await page.locator('#photos img').evaluateAll((images) => images.map((image) => image.alt));
  await page.getByLabel('What should happen?').fill('frames=8 delay=0.4');
  await page.getByRole('button', {name: 'Animate'}).click();
  await page.locator('#cancel').waitFor();
  await page.reload();
  await expect(() => document.querySelector('#status').textContent.startsWith('Animating'));
  await expect(() => document.querySelector('#frame video')?.duration > 0);
  told.status = await page.locator('#status').textContent();
  // The answer to a create is lost: asked again, it is the same job.
  let keys = [];
  await page.locator('#images').setInputFiles(`${folder}/photo.jpg`);
  await page.route('**/v1/jobs', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.getByRole('button', {name: 'Animate'}).click();
  await page.locator('#form-error').waitFor();
  told.unreachable = await page.locator('#form-error').textContent();
  await page.getByRole('button', {name: 'Animate'}).click();
  await expect(() => document.querySelectorAll('#clips li').length === 2);
  told.same_key = keys[0] === keys[1];
"""

LOOKS = """
  for (const [name, colorScheme, width] of [['light', 'light', 1280], ['dark', 'dark', 1280], ['phone', 'light', 390]]) {
    await page.emulateMedia({colorScheme});
    await page.setViewportSize({width, height: 850});
    await shot(name);
    told[name] = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - innerWidth,
      paper: getComputedStyle(document.body).backgroundColor,
    }));
  }
  // Every control can be reached by keyboard, is named, and can be seen to be where the keyboard is.
  told.unnamed = await page.evaluate(() => [...document.querySelectorAll('button, input, select, textarea, a')]
    .filter((one) => !(one.labels?.length || one.ariaLabel || one.textContent.trim())).map((one) => one.outerHTML));
  await page.evaluate(() => { document.activeElement.blur(); });
  told.reached = [];
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press('Tab');
    told.reached.push(await page.evaluate(() => document.activeElement.id));
  }
  await page.getByRole('button', {name: 'Forget the key'}).click();
  told.asked_again = await page.getByLabel('API key').isVisible();
  told.stored = await page.evaluate(() => sessionStorage.length + localStorage.length);
  await shot('door');
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    engines = '{"motion": "support.tiny_engine:TinyEngine"}'
    with serving(tmp_path_factory.mktemp("studio") / "data", engines=engines) as running:
        yield running


def used(server: Server, folder: Path, script: str, key: str) -> dict[str, Any]:
    (folder / "photo.jpg").write_bytes(jpeg())
    told = browse(server.url, folder, ENTER + script, key=key)
    assert told["troubles"] == []
    return told


def test_from_a_photo_to_a_clip_that_plays(server: Server, tmp_path: Path) -> None:
    key = server.key()["api_key"]
    told = used(server, tmp_path, WHOLE_WAY, key)
    assert (told["photos"], told["example"]) == (1, "Snow falls")
    with server.client(key) as client:
        assert told["effects"] == 1 + len(client.get("/v1/catalog").json()["effects"])
        assert client.get("/v1/jobs").json()["jobs"] == []  # it was deleted
        left = client.get("/v1/account").json()["credits"]
    assert len(told["idempotency"]) == 32
    assert 0.1 < told["progress"] < 1
    assert told["cancel"] is True
    assert told["status"] == "Done"
    assert "rain" in told["facts"]  # the sound that the plan names
    assert "a tiny clip" in told["facts"]
    assert told["clip"]["duration"] == pytest.approx(2, abs=0.2)
    assert (told["clip"]["width"], told["clip"]["error"]) == (64, None)
    assert told["clip"]["source"].startswith("/artifacts/")
    assert (tmp_path / "clip.mp4").read_bytes()[4:8] == b"ftyp"
    assert told["name"].endswith(".mp4")
    assert (told["listed"], told["kept"], told["left"], told["shown"]) == (1, 1, 0, False)
    assert told["account"] == f"test · business · {left} credits"
    assert told["refusals"] == []


def test_refusals_stand_beside_the_field_they_name(server: Server, tmp_path: Path) -> None:
    told = used(server, tmp_path, REFUSED, server.key()["api_key"])
    assert told["no_photo"] == "Choose a photo first."
    assert told["length"] == "Input should be less than or equal to 60."  # the server's own words
    assert (told["marked"], told["focused"], told["forgiven"]) == ("true", "duration_s", True)
    assert "integer" in told["seed"]
    assert told["failed"]
    assert told["title"] == "<img src=x onerror=alert(1)> fail"
    assert told["smuggled"] == 0
    assert len(told["refusals"]) == 2  # the length and the seed


def test_a_broken_stream_a_reload_and_a_lost_answer_lose_nothing(server: Server, tmp_path: Path) -> None:
    key = server.key()["api_key"]
    told = used(server, tmp_path, LOST, key)
    assert told["no_photo"] == "notes.txt is not a photo."
    assert (told["photos"], told["left"]) == (["pasted.jpg", "dropped.jpg"], ["dropped.jpg"])
    assert told["status"] == "Done"
    assert "cannot be reached" in told["unreachable"]
    assert told["same_key"] is True
    with server.client(key) as client:
        jobs = client.get("/v1/jobs").json()["jobs"]
        assert len(jobs) == 2
        wait_for(client, jobs[0]["id"])


def test_a_wrong_key_is_refused_in_words(server: Server, tmp_path: Path) -> None:
    told = browse(
        server.url,
        tmp_path,
        """
  await page.getByRole('button', {name: 'Enter'}).click();
  told.empty = await page.locator('#key-error').textContent();
  await page.getByLabel('API key').fill('nobody');
  await page.keyboard.press('Enter');
  await expect(() => document.querySelector('#key-error').textContent.includes('does not know'));
  told.hidden = await page.locator('#studio').isHidden();
  told.stored = await page.evaluate(() => sessionStorage.length);
""",
    )
    assert (told["empty"], told["hidden"], told["stored"]) == ("Enter an API key.", True, 0)
    assert told["troubles"] == []


def test_it_fits_a_phone_the_dark_and_the_keyboard(server: Server, tmp_path: Path) -> None:
    key = server.key()["api_key"]
    with server.client(key) as client:
        form = {"prompt": "frames=4", "audio": "none"}
        made = client.post("/v1/jobs", data=form, files={"images": ("p.jpg", jpeg(), "image/jpeg")})
        assert made.status_code == 201, made.text
        wait_for(client, made.json()["id"])
    told = used(server, tmp_path, LOOKS, key)
    for name in ("light", "dark", "phone"):
        assert told[name]["wide"] <= 0, name
    assert told["light"]["paper"] != told["dark"]["paper"]
    assert told["unnamed"] == []
    assert {"forget", "images", "prompt", "effect", "resolution", "duration_s", "animate"} <= set(told["reached"])
    assert (told["asked_again"], told["stored"]) == (True, 0)
