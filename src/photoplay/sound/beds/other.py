"""Beds of fire and of the imagination: hearth, magic, dread, light."""

from __future__ import annotations

import numpy as np

from photoplay.sound.beds.take import Take
from photoplay.sound.dsp import (
    BINS_HZ,
    F32,
    add_at,
    arrivals,
    attack_decay,
    bell,
    painted_wide,
    panned,
    reverb,
    samples,
    scatter,
    seconds,
    stretched,
    tone,
    wander,
)
from photoplay.sound.grains import crackles


def fire(take: Take) -> F32:
    """Flames: a fluttering low roar, hiss, and wood that cracks, mostly small, sometimes sharp."""
    rng, n, force = take.rng, take.n, take.strength
    flutter = 0.45 + 0.55 * wander(rng, n, 9.0) * wander(rng, n, 1.5, 0.5, 1.0)
    surface = flutter[:, None] * (bell(150.0, 1.0) + 0.10 * bell(900.0, 1.0)) * np.minimum(1, BINS_HZ / 60.0)
    surface += (0.05 * wander(rng, n, 4.0))[:, None] * bell(5200.0, 1.0)
    roar = painted_wide(rng, surface.astype(np.float32), n, 0.7)
    at = arrivals(rng, n, 17.0 * (0.6 + 0.4 * force), wander(rng, n, 1.2, 0.25, 1.0))
    level = np.minimum(2.2, 0.16 * rng.pareto(1.5, at.size) + 0.05).astype(np.float32)
    snap = scatter(rng, n, crackles(rng), at, level, rng.normal(0, 0.4, at.size))
    return (0.05 * force * roar / max(float(np.std(roar)), 1e-6) + 0.32 * reverb(snap, 41, 0.4, 0.2)).astype(np.float32)


def magic(take: Take) -> F32:
    """A glittering air: small bells at random from one chord, over a breathing glow."""
    rng, n = take.rng, take.n
    root = 523.25 * 2 ** (rng.integers(-3, 4) / 12)
    scale = root * 2 ** (np.array([0, 2, 4, 7, 9, 12, 14, 16, 19, 24]) / 12)
    out = np.zeros((2, n), np.float32)
    for start in arrivals(rng, n, 7.0 * take.strength):
        size = samples(0.9)
        hz = float(rng.choice(scale))
        bell_tone = tone(hz, size) + 0.4 * tone(hz * 2.01, size) + 0.2 * tone(hz * 3.02, size)
        strike = (bell_tone * attack_decay(size, 0.003, 0.22)).astype(np.float32)
        add_at(out, panned(strike, rng.uniform(-1, 1)), int(start), rng.uniform(0.02, 0.10))
    glow = wander(rng, n, 0.5, 0.2, 1.0)
    for ratio in (0.25, 0.375, 0.5):
        for side in (0, 1):
            out[side] += (
                0.03 * stretched(glow, n) * tone(root * ratio * (1 + rng.uniform(-0.002, 0.002)), n, rng.random())
            )
    air = painted_wide(rng, (glow[:, None] * bell(7000.0, 0.6)).astype(np.float32), n, 1.0)
    return reverb(out + 0.008 * air / max(float(np.std(air)), 1e-6), 42, 2.4, 0.7, 7000.0, 0.02)


def dread(take: Take) -> F32:
    """Something is wrong: low beating tones, a slow scrape, breath."""
    rng, n = take.rng, take.n
    out = np.zeros((2, n), np.float32)
    root = 36.7 * 2 ** (rng.integers(0, 5) / 12)
    for ratio, level in ((1.0, 0.5), (1.4142, 0.28), (2.0, 0.3), (2.98, 0.14), (4.24, 0.08)):
        for side in (0, 1):
            swell = stretched(wander(rng, n, 0.5, 0.2, 1.0), n)
            out[side] += level * swell * tone(root * ratio * (1 + rng.uniform(-0.006, 0.006)), n, rng.random())
    scrape = wander(rng, n, 0.6) ** 3
    surface = scrape[:, None] * bell(1400.0 + 1500.0 * wander(rng, n, 0.8), 0.06)
    surface += 0.5 * (wander(rng, n, 0.5) ** 2)[:, None] * bell(300.0, 0.8)
    hair = painted_wide(rng, surface.astype(np.float32), n, 1.0)
    t = seconds(n)
    pulse = 1 + 0.15 * np.sin(2 * np.pi * 0.9 * t)
    return reverb(
        ((out * pulse) + 0.10 * hair / max(float(np.std(hair)), 1e-6)).astype(np.float32), 43, 2.6, 0.5, 3000.0
    )
