"""Beds of water: rain, storm, sea, lake, river, waterfall."""

from __future__ import annotations

import numpy as np

from photoplay.sound.beds.air import wind
from photoplay.sound.beds.take import Take
from photoplay.sound.dsp import BINS_HZ, F32, HOP, RATE, arrivals, bell, f32, frames, painted_wide, scatter, wander
from photoplay.sound.grains import bubbles, drops


def rain(take: Take) -> F32:
    """Steady rain: a veil of hiss from far drops, a patter of near ones, some on leaves and stones."""
    rng, n, force = take.rng, take.n, take.strength
    swell = 0.8 + 0.2 * wander(rng, n, 0.5)
    veil = 0.55 * bell(5200.0, 1.5) + 0.30 * bell(1500.0, 1.1) + 0.22 * force * bell(330.0, 0.9)
    bed = painted_wide(rng, (swell[:, None] * veil).astype(np.float32), n, 0.95)
    at = arrivals(rng, n, 110.0 * force)
    level = np.minimum(2.5, 0.35 * rng.pareto(2.4, at.size) + 0.12).astype(np.float32)
    near = scatter(rng, n, drops(rng, count=48), at, level, rng.uniform(-1, 1, at.size))
    return f32(0.22 * bed + 0.40 * near)


def storm(take: Take) -> F32:
    """Heavy rain driven by wind. (Thunder is an event, so that it can meet the lightning.)"""
    falling = rain(Take(take.rng, take.n, 1.7 * take.strength))
    blowing = wind(Take(take.rng, take.n, 1.6 * take.strength))
    return (
        falling / max(float(np.std(falling)), 1e-6) + 1.1 * blowing / max(float(np.std(blowing)), 1e-6)
    ) * np.float32(0.1)


def sea(take: Take) -> F32:
    """Waves that roll in, break and draw back over the sand, one every five to eight seconds."""
    rng, n, force = take.rng, take.n, take.strength
    count = frames(n)
    t = np.arange(count, dtype=np.float32) * np.float32(HOP / RATE)
    roar = np.zeros(count, np.float32)
    wash = np.zeros(count, np.float32)
    pan = np.zeros(count, np.float32)
    # The first wave breaks inside even a short clip.
    breaks = min(2.2, 0.45 * take.duration_s) + rng.uniform(-0.3, 0.3)
    while breaks < take.duration_s + 4.0:
        power = rng.uniform(0.65, 1.0)
        rise = np.exp(-np.square(np.minimum(t - breaks, 0.0) / np.float32(1.25)))
        fall = np.exp(-np.maximum(t - breaks, 0.0) / np.float32(1.05))
        roar = np.maximum(roar, power * rise * fall)
        since = np.maximum(t - breaks, 0.0)
        wash = np.maximum(wash, power * np.square(since / 1.1) * np.exp(2 - 2 * since / np.float32(1.1)))
        pan += np.float32(rng.choice((-0.5, 0.5))) * np.tanh(np.float32(1.4) * (t - breaks)) * rise * fall
        breaks += rng.uniform(3.8, 6.2) / (0.8 + 0.2 * force)
    surface = (0.22 + roar)[:, None] * bell(120.0 + 420.0 * roar, 1.2)
    surface += (roar**2)[:, None] * 0.50 * bell(1100.0 + 1400.0 * roar, 1.2)
    surface += ((0.03 + 0.42 * wash) * (0.75 + 0.25 * wander(rng, n, 6.0)))[:, None] * bell(4300.0 - 1300.0 * wash, 1.0)
    surface *= np.minimum(1.0, BINS_HZ / 60.0)
    return painted_wide(rng, surface.astype(np.float32), n, 0.8, pan=pan)


def lake(take: Take) -> F32:
    """Small waves lapping at a shore or a boat."""
    rng, n = take.rng, take.n
    laps = 0.15 + 0.85 * wander(rng, n, 1.9) ** 1.6 * wander(rng, n, 5.0, 0.6, 1.0)
    surface = (0.10 + laps)[:, None] * bell(320.0 + 500.0 * laps, 0.9) + 0.10 * bell(2600.0, 1.2) * laps[:, None]
    bed = painted_wide(rng, surface.astype(np.float32), n, 0.9, pan=wander(rng, n, 0.8, -0.6, 0.6))
    at = arrivals(rng, n, 34.0 * take.strength, np.clip(laps * 1.3, 0.04, 1.0))
    plops = scatter(
        rng,
        n,
        bubbles(rng, 260.0, 1100.0),
        at,
        rng.uniform(0.03, 0.22, at.size).astype(np.float32),
        rng.uniform(-0.8, 0.8, at.size),
    )
    return f32(0.5 * bed + plops)


def river(take: Take) -> F32:
    """A stream over stones: hundreds of bubbles, each with its own pitch, over a soft rush."""
    rng, n, force = take.rng, take.n, take.strength
    flow = wander(rng, n, 1.2, 0.65, 1.0)
    rush = 0.5 * bell(520.0, 1.1) + 0.22 * bell(3000.0, 1.2)
    bed = painted_wide(rng, (flow[:, None] * rush).astype(np.float32), n, 0.9)
    at = arrivals(rng, n, 120.0 * force, flow)
    level = np.minimum(1.5, 0.10 * rng.pareto(2.0, at.size) + 0.05).astype(np.float32)
    gurgle = scatter(rng, n, bubbles(rng, 420.0, 2600.0, 32), at, level, rng.normal(0, 0.5, at.size))
    return f32(0.16 * bed * force + 0.55 * gurgle)


def waterfall(take: Take) -> F32:
    """Falling water close by: a wide roar with spray on top."""
    rng, n = take.rng, take.n
    # Water falls in sheets: every band has its own unrest, the spray more than the roar.
    roar, rush, spray = wander(rng, n, 0.9, 0.7, 1.0), wander(rng, n, 2.5, 0.5, 1.0), wander(rng, n, 7.0, 0.3, 1.0)
    surface = roar[:, None] * bell(240.0, 1.3) + 0.6 * rush[:, None] * bell(1400.0, 1.3)
    surface += (0.45 * spray * rush)[:, None] * bell(5200.0, 1.2)
    surface[:, BINS_HZ < 40] = 0
    near = arrivals(rng, n, 45.0 * take.strength, rush)
    level = np.minimum(1.5, 0.25 * rng.pareto(2.2, near.size) + 0.1).astype(np.float32)
    drips = scatter(rng, n, drops(rng, 700.0, 4200.0), near, level, rng.uniform(-1, 1, near.size))
    return f32(painted_wide(rng, surface.astype(np.float32), n, 1.0) + 0.5 * drips)
