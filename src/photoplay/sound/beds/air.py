"""Beds of moving and still air: wind, snow, rooms, caves, space, and being under water."""

from __future__ import annotations

import numpy as np

from photoplay.sound.beds.take import Take
from photoplay.sound.dsp import (
    BINS_HZ,
    F32,
    HOP,
    RATE,
    add_at,
    arrivals,
    attack_decay,
    band,
    bell,
    f32,
    frames,
    noise,
    painted_wide,
    panned,
    reverb,
    samples,
    scatter,
    stretched,
    tone,
    wander,
)
from photoplay.sound.filters import filtered
from photoplay.sound.grains import bubbles


def wind(take: Take) -> F32:
    """Gusts: a roar whose pitch rises with its force, and now and then a whistle round a corner."""
    rng, n, force = take.rng, take.n, take.strength
    gust = wander(rng, n, 0.5 + 0.3 * force, 0.42, 1.0) * (0.7 + 0.3 * wander(rng, n, 3.0))
    centre = 170.0 + 420.0 * gust * np.float32(min(1.5, 0.6 + 0.4 * force))
    surface = bell(centre, 1.15) * np.square(gust)[:, None]
    surface += 0.25 * (gust**3)[:, None] * bell(2400.0, 1.2)
    whistle_hz = 620.0 + 520.0 * wander(rng, n, 0.6)
    surface += (1.1 * force * gust**2 * wander(rng, n, 0.9) ** 2)[:, None] * bell(whistle_hz, 0.05)
    surface *= np.minimum(1.0, BINS_HZ / 90.0)
    return painted_wide(rng, surface.astype(np.float32), n, 0.85, pan=wander(rng, n, 0.3, -0.45, 0.45))


def snow(take: Take) -> F32:
    """A winter day: a thin, high, slow wind and hardly anything under it."""
    rng, n = take.rng, take.n
    gust = wander(rng, n, 0.4, 0.4, 1.0)
    surface = gust[:, None] * (0.8 * bell(380 + 260 * gust, 0.8) + 0.22 * bell(4200.0, 0.9))
    surface += (0.30 * gust**2)[:, None] * bell(900 + 350 * wander(rng, n, 0.4), 0.09)
    return painted_wide(rng, surface.astype(np.float32), n, 0.9, pan=wander(rng, n, 0.2, -0.3, 0.3))


def room_tone(take: Take) -> F32:
    """A quiet room: air, a far hum, nothing that draws the ear."""
    rng, n = take.rng, take.n
    air = np.stack([noise(rng, n, band(90.0, 420.0, 1.4)) for _ in range(2)])
    middle = noise(rng, n, band(60.0, 250.0, 1.2))
    hum_hz = 100.0 if rng.random() < 0.5 else 120.0
    hum = 0.10 * tone(hum_hz, n) + 0.04 * tone(2 * hum_hz, n, 0.3) + 0.02 * tone(3 * hum_hz, n, 0.6)
    # The breath of the ventilation: slow, and never twice the same.
    breath = stretched(wander(rng, n, 0.6, 0.7, 1.15), n)
    return f32((0.55 * air + 0.7 * middle) * breath + hum * take.strength)


def cave(take: Take) -> F32:
    """Drops falling into pools under a high vault."""
    rng, n = take.rng, take.n
    out = 0.05 * painted_wide(rng, np.tile(bell(160.0, 1.0), (frames(n), 1)), n, 1.0)
    for start in (samples(rng.uniform(0.2, 0.7)), *arrivals(rng, n, 2.2 * take.strength).tolist()):
        size = samples(0.16)
        hz = rng.uniform(700, 2300)
        rise = np.linspace(hz, hz * rng.uniform(1.15, 1.5), size).astype(np.float32)
        drop = tone(rise, size) * attack_decay(size, 0.002, 0.035)
        add_at(out, panned(drop, rng.uniform(-0.9, 0.9)), int(start), rng.uniform(0.2, 0.8))
    return reverb(out, 11, 2.8, 0.9, bright_hz=4000.0, gap_s=0.03)


def space(take: Take) -> F32:
    """The void as films have it: a slow drone of beating partials, a breath of shimmer, far thunder of nothing."""
    rng, n = take.rng, take.n
    root = 32.7 * 2 ** (rng.integers(0, 6) / 12)
    out = np.zeros((2, n), np.float32)
    for ratio, level in ((1, 0.25), (2, 0.5), (3, 0.5), (4, 0.5), (6, 0.34), (8, 0.22), (9, 0.16), (12, 0.1)):
        for side in (0, 1):
            swell = stretched(wander(rng, n, 0.45, 0.05, 1.0), n)
            out[side] += level * swell * tone(root * ratio * (1 + rng.uniform(-0.0022, 0.0022)), n, rng.random())
    glow = wander(rng, n, 0.5, 0.1, 1.0)
    surface = (0.5 * glow[:, None] * bell(1800 + 900 * wander(rng, n, 0.3), 0.35)).astype(np.float32)
    surface += (0.6 * wander(rng, n, 0.4)[:, None] * bell(110.0, 0.8)).astype(np.float32)
    return reverb(out + 0.35 * painted_wide(rng, surface, n, 1.0), 12, 2.6, 0.5, bright_hz=3500.0)


def underwater(take: Take) -> F32:
    """Below the surface: everything dull, slow pressure, strings of bubbles going up past the ear."""
    rng, n = take.rng, take.n
    press = wander(rng, n, 0.7, 0.35, 1.0)
    surface = press[:, None] * (bell(120 + 130 * press, 0.9) + 0.25 * bell(520.0, 0.5))
    out = painted_wide(rng, surface.astype(np.float32), n, 0.6)
    out *= 0.25 / max(float(np.std(out)), 1e-6)
    strings = arrivals(rng, n, 0.7 * take.strength + 0.15)
    for start in (*strings.tolist(), int(rng.uniform(0.1, 0.35) * n)):
        count = int(rng.integers(6, 22))
        at = start + np.cumsum(rng.exponential(0.045, count) * RATE).astype(np.int64)
        at = at[at < n - HOP]
        pan = np.full(at.size, rng.uniform(-0.8, 0.8)) + rng.normal(0, 0.1, at.size)
        out += scatter(rng, n, bubbles(rng), at, rng.uniform(0.4, 1.3, at.size).astype(np.float32), pan)
    return filtered(out, "low", 1900.0, 2)
