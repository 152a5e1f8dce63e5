"""A real browser for tests: Debian's Chromium, steered by the pinned ``playwright-core``. Nothing is downloaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.node import run_node

RUN_TIMEOUT_S = 200
STEP_TIMEOUT_MS = 60_000  # one wait of a script; the machine may be busy

# What a script finds: `page`, `expect(condition in the page)`, `told` (answered at the end), `shot(name)`, and what
# went wrong on the page in `told.troubles`: console errors, faults, refused content, requests to anywhere else.
HEAD = """
const {chromium} = require('playwright-core');
const [chromiumPath, url, folder, key] = process.argv.slice(1);
const STEP = %d;
(async () => {
  const browser = await chromium.launch({
    executablePath: chromiumPath, args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required']});
  const told = {troubles: [], refusals: []};
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, reducedMotion: 'no-preference'});
  const page = await context.newPage();
  page.setDefaultTimeout(STEP);
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    // The browser itself writes a line for every answer of 400 and above: those are told apart.
    const list = message.text().startsWith('Failed to load resource') ? told.refusals : told.troubles;
    list.push(message.text());
  });
  page.on('pageerror', (error) => told.troubles.push(String(error)));
  page.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !asked.startsWith('blob:')) told.troubles.push(`asked for ${asked}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation',
      (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const expect = (condition, argument) => page.waitForFunction(condition, argument, {timeout: STEP});
  const shot = (name) => page.screenshot({path: `${folder}/${name}.png`, fullPage: true});
  try {
    await page.goto(url);
"""
TAIL = """
    process.stdout.write(JSON.stringify(told));
  } catch (error) {
    await page.screenshot({path: `${folder}/failed.png`, fullPage: true});
    console.error(JSON.stringify(told));
    throw error;
  } finally {
    await browser.close();
  }
})().catch((error) => { console.error(error); process.exit(1); });
"""


def browse(url: str, folder: Path, script: str, *, key: str = "") -> dict[str, Any]:
    """What a script tells after it has used the page at ``url``. Files of the test and pictures are in ``folder``."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("this test needs the program chromium")
    output = run_node(HEAD % STEP_TIMEOUT_MS + script + TAIL, chromium, url, str(folder), key, timeout_s=RUN_TIMEOUT_S)
    told: dict[str, Any] = json.loads(output)
    return told
