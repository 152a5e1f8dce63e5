"""Small and made sounds: hearts, shutters, bells, sparkles, glitches, clicks, sparks."""

from __future__ import annotations

import numpy as np

from photoplay.sound.dsp import (
    F32,
    add_at,
    attack_decay,
    faded,
    modes,
    panned,
    reverb,
    samples,
    scatter,
    seconds,
    tone,
)
from photoplay.sound.events.hit import Hit, Sounding
from photoplay.sound.filters import filtered
from photoplay.sound.grains import crackles


def _done(out: F32, fade_s: float = 0.05) -> Sounding:
    return Sounding(faded(out / max(float(np.abs(out).max()), 1e-6), 0.0004, fade_s))


def heartbeat(hit: Hit) -> Sounding:
    """One beat: lub, dub. Heard through the chest, with enough overtones for a phone's speaker."""
    n = samples(0.75)
    out = np.zeros(n, np.float32)
    for start, hz, level in ((0.0, 58.0, 1.0), (0.24, 70.0, 0.7)):
        size = samples(0.34)
        t = seconds(size)
        fall = hz * (1 + 0.9 * np.exp(-t / 0.02))
        beat = np.tanh(2.4 * tone(fall.astype(np.float32), size) * attack_decay(size, 0.006, 0.06))
        beat += 0.25 * filtered(
            hit.rng.standard_normal(size).astype(np.float32) * attack_decay(size, 0.003, 0.02), "low", 260.0
        )
        add_at(out, beat, samples(start), level)
    return _done(reverb(panned(out, hit.pan), 81, 0.5, 0.2, 1200.0))


def shutter(hit: Hit) -> Sounding:
    """A camera: mirror up, curtain, mirror down."""
    n = samples(0.35)
    out = np.zeros((2, n), np.float32)
    for start, level, bright in ((0.0, 1.0, 1.0), (0.022, 0.5, 1.4), (0.085, 0.85, 0.85)):
        size = samples(0.09)
        plate = modes(
            hit.rng,
            size,
            [1150 * bright, 2400 * bright, 4300 * bright, 6900 * bright],
            [0.010, 0.007, 0.005, 0.003],
            [0.7, 1, 0.8, 0.6],
        )
        snap = filtered(
            hit.rng.standard_normal(size).astype(np.float32) * attack_decay(size, 0.0003, 0.006), "high", 1200.0
        )
        add_at(out, panned((plate + 0.8 * snap) * attack_decay(size, 0.0003, 0.05), hit.pan), samples(start), level)
    return _done(reverb(out, 82, 0.3, 0.1, 5000.0), 0.03)


def click(hit: Hit) -> Sounding:
    """A switch or a mouse button."""
    n = samples(0.06)
    body = modes(hit.rng, n, [1900, 3600, 5400], [0.006, 0.004, 0.002], [1, 0.7, 0.5]) * attack_decay(n, 0.0002, 1.0)
    return _done(panned(body, hit.pan), 0.02)


def chime(hit: Hit) -> Sounding:
    """A glass bell with a long, clear ring."""
    n = samples(max(1.8, hit.duration_s))
    root = 783.99 * 2 ** (hit.rng.choice((0, 2, 4, 7)) / 12)
    ring = modes(
        hit.rng,
        n,
        [root, root * 2.0, root * 2.76, root * 4.1, root * 5.4],
        [0.8, 0.5, 0.35, 0.2, 0.12],
        [1, 0.35, 0.4, 0.2, 0.2],
    )
    return _done(reverb(panned(ring * attack_decay(n, 0.0015, 5.0), hit.pan), 83, 1.8, 0.35, 7000.0), 0.3)


def bell(hit: Hit) -> Sounding:
    """A church bell, far enough to be mild."""
    n = samples(max(3.0, hit.duration_s))
    root = 220.0 * 2 ** (hit.rng.integers(-2, 4) / 12)
    # The partials of a minor-third bell: hum, prime, tierce, quint, nominal and above.
    hz = [root * r for r in (0.5, 1.0, 1.19, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0)]
    ring = modes(
        hit.rng, n, hz, [2.4, 1.6, 1.3, 1.0, 1.0, 0.5, 0.5, 0.4, 0.25], [0.5, 0.8, 0.6, 0.3, 1, 0.3, 0.3, 0.3, 0.3]
    )
    return _done(reverb(panned(ring * attack_decay(n, 0.002, 5.0), hit.pan), 84, 2.4, 0.5, 3500.0), 0.5)


def sparkle(hit: Hit) -> Sounding:
    """A run of tiny bells going up."""
    length_s = max(0.5, hit.duration_s)
    n = samples(length_s + 0.7)
    out = np.zeros((2, n), np.float32)
    count = int(9 + 9 * length_s)
    steps = np.sort(hit.rng.choice((0, 2, 4, 7, 9, 12, 14, 16, 19, 21, 24, 26, 28, 31), count))
    for k, step in enumerate(steps):
        size = samples(0.6)
        hz = 1046.5 * 2 ** (step / 12)
        strike = (tone(hz, size) + 0.3 * tone(hz * 2.76, size)) * attack_decay(size, 0.001, 0.12)
        at = 0.0 if k == 0 else length_s * (k + hit.rng.uniform(-0.4, 0.4)) / count
        add_at(
            out,
            panned(strike, np.clip(hit.pan + hit.rng.uniform(-0.7, 0.7), -1, 1)),
            samples(at),
            hit.rng.uniform(0.3, 0.9),
        )
    return _done(reverb(out, 85, 1.6, 0.4, 8000.0), 0.2)


def glitch(hit: Hit) -> Sounding:
    """Digital damage: stuttered slivers of tones, noise and silence over the duration."""
    rng = hit.rng
    n = samples(max(0.25, hit.duration_s))
    out = np.zeros((2, n), np.float32)
    at = 0
    while at < n:
        size = samples(rng.choice((0.012, 0.02, 0.033, 0.05, 0.08)))
        manner = rng.integers(0, 4)
        if manner == 0:
            bit = np.sign(tone(float(rng.choice((110, 220, 440, 1320, 2640))), size))
        elif manner == 1:
            held = rng.standard_normal(size // 24 + 1).astype(np.float32)
            bit = np.repeat(held, 24)[:size]
        elif manner == 2:
            seed = rng.standard_normal(int(rng.integers(60, 400))).astype(np.float32)
            bit = np.resize(seed, size)
        else:
            bit = tone(np.linspace(rng.uniform(300, 5000), rng.uniform(300, 5000), size).astype(np.float32), size)
        if at == 0 or rng.random() < 0.8:
            shaped = faded(np.asarray(bit, np.float32), 0.0004, 0.001)
            add_at(out, panned(shaped, np.clip(hit.pan + rng.uniform(-0.7, 0.7), -1, 1)), at, rng.uniform(0.25, 0.7))
        at += size
    return _done(np.stack([filtered(side, "low", 9000.0) for side in out]), 0.005)


def spark(hit: Hit) -> Sounding:
    """Electricity: a buzzing arc and its crackle."""
    rng = hit.rng
    n = samples(max(0.4, hit.duration_s))
    t = seconds(n)
    buzz = np.sign(np.sin(2 * np.pi * 100.0 * t)) * (rng.random(n) < 0.4) * rng.standard_normal(n)
    arc = filtered((buzz * np.exp(-2.5 * t / t[-1])).astype(np.float32), "band", (900.0, 7000.0), 1)
    count = 30
    at = np.sort(rng.integers(0, max(1, n - 1500), count))
    at[0] = 0
    out = 0.5 * panned(arc, hit.pan) + scatter(
        rng, n, crackles(rng), at, rng.uniform(0.2, 0.9, count).astype(np.float32), rng.normal(hit.pan, 0.3, count)
    )
    return _done(out)


def laser(hit: Hit) -> Sounding:
    """A ray gun."""
    n = samples(max(0.3, min(0.8, hit.duration_s)))
    t = seconds(n)
    hz = (hit.rng.uniform(150, 210) + hit.rng.uniform(2200, 3000) * np.exp(-t / 0.07)).astype(np.float32)
    beam = np.tanh(2.0 * (tone(hz, n) + 0.5 * tone((hz * 1.5).astype(np.float32), n))) * attack_decay(n, 0.001, 0.13)
    return _done(reverb(panned(beam, hit.pan), 86, 0.7, 0.25, 6000.0))


def boing(hit: Hit) -> Sounding:
    """A spring or jelly that wobbles and settles."""
    n = samples(max(0.6, hit.duration_s))
    t = seconds(n)
    wobble = 1 + 0.35 * np.exp(-t / 0.3) * np.sin(2 * np.pi * 11.0 * t)
    hz = (hit.rng.uniform(180, 240) * wobble).astype(np.float32)
    body = sum(tone((hz * h).astype(np.float32), n) / h**1.3 for h in (1, 2, 3, 4))
    return _done(
        reverb(panned(np.asarray(body, np.float32) * attack_decay(n, 0.003, 0.22), hit.pan), 87, 0.4, 0.15, 4000.0)
    )
