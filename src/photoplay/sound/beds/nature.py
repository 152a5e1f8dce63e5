"""Beds of living places: forest, birds, crickets, night, jungle, gulls, frogs, cicadas, insects."""

from __future__ import annotations

import numpy as np

from photoplay.sound.beds.take import Take
from photoplay.sound.dsp import (
    F32,
    HOP,
    RATE,
    Rng,
    add_at,
    attack_decay,
    bell,
    f32,
    faded,
    frames,
    levelled,
    painted_wide,
    panned,
    reverb,
    samples,
    seconds,
    tone,
    wander,
)
from photoplay.sound.filters import filtered


def _air(take: Take, level: float) -> F32:
    """The breath of a place outdoors, so that calls do not stand in a vacuum."""
    rng, n = take.rng, take.n
    breath = wander(rng, n, 0.5, 0.55, 1.0)
    surface = breath[:, None] * (bell(260.0, 1.2) + 0.35 * bell(1600.0, 1.2))
    return levelled(painted_wide(rng, f32(surface), n, 0.9), level)


def leaves(take: Take) -> F32:
    """Foliage in a breeze: gusts of rustling, brighter when stronger."""
    rng, n = take.rng, take.n
    gust = wander(rng, n, 0.7, 0.4, 1.0)
    flutter = 0.55 + 0.45 * wander(rng, n, 14.0)
    surface = (gust**1.6 * flutter)[:, None] * (bell(3400.0 + 1500.0 * gust, 0.95) + 0.25 * bell(420.0, 0.9))
    return painted_wide(rng, surface.astype(np.float32), n, 1.0, pan=wander(rng, n, 0.4, -0.5, 0.5))


def _glide(rng: Rng, hz_from: float, hz_to: float, length_s: float, trill_hz: float = 0.0) -> F32:
    n = samples(length_s)
    u = np.linspace(0, 1, n)
    curve = hz_from * (hz_to / hz_from) ** (u ** rng.uniform(0.6, 1.6))
    if trill_hz > 0:
        curve = curve * (1 + 0.06 * np.sin(2 * np.pi * trill_hz * u * length_s))
    shape = np.abs(np.sin(np.pi * u)) ** 0.7
    body = tone(curve.astype(np.float32), n) + 0.10 * tone((2 * curve).astype(np.float32), n)
    return f32(body * shape)


def _phrase(rng: Rng) -> F32:
    """One call of one bird, of one of five manners of singing."""
    manner = int(rng.integers(0, 5))
    notes: list[tuple[float, F32]] = []
    at = 0.0
    if manner == 0:  # two notes, again and again: a tit
        high, low = rng.uniform(4200, 5600), rng.uniform(3000, 3900)
        for _ in range(int(rng.integers(2, 5))):
            notes += [(at, _glide(rng, high, high * 0.97, 0.11)), (at + 0.16, 0.8 * _glide(rng, low, low * 0.98, 0.13))]
            at += 0.36
    elif manner == 1:  # a trill that falls: a warbler
        hz = rng.uniform(3600, 5400)
        for k in range(int(rng.integers(8, 16))):
            notes.append((at, _glide(rng, hz * 1.12, hz * 0.9, 0.042)))
            at += 0.062 + 0.001 * k
            hz *= 0.985
    elif manner == 2:  # unhurried flutes: a blackbird
        for _ in range(int(rng.integers(3, 7))):
            hz = rng.choice((1750.0, 1980.0, 2230.0, 2500.0, 2960.0)) * rng.uniform(0.98, 1.02)
            length_s = rng.uniform(0.12, 0.34)
            notes.append((at, _glide(rng, hz, hz * rng.uniform(0.8, 1.3), length_s, rng.choice((0.0, 0.0, 22.0)))))
            at += length_s + rng.uniform(0.03, 0.14)
    elif manner == 3:  # chirps: sparrows
        for _ in range(int(rng.integers(3, 8))):
            hz = rng.uniform(3200, 4600)
            notes.append((at, 0.8 * _glide(rng, hz, hz * rng.choice((0.72, 1.35)), 0.07)))
            at += rng.uniform(0.12, 0.3)
    else:  # high thin whistles: a goldcrest
        hz = rng.uniform(5800, 7200)
        for _ in range(int(rng.integers(3, 6))):
            notes.append((at, 0.55 * _glide(rng, hz, hz * 1.05, 0.09)))
            at += 0.15
    out = np.zeros(samples(at + 0.5), np.float32)
    for start, note in notes:
        add_at(out, note, samples(start))
    return out


def birds(take: Take) -> F32:
    """A morning's birds at different distances."""
    rng, n = take.rng, take.n
    near = np.zeros((2, n), np.float32)
    far = np.zeros((2, n), np.float32)
    calls = max(2, round(take.duration_s * 0.75 * take.strength))
    starts = (np.arange(calls) + rng.uniform(0.05, 0.75, calls)) * (take.duration_s / calls)
    for start in starts:
        song = _phrase(rng)
        pan = rng.uniform(-0.9, 0.9)
        if rng.random() < 0.45:
            add_at(near, panned(song, pan), samples(start), rng.uniform(0.35, 0.9))
        else:
            add_at(far, panned(filtered(song, "low", 4200.0, 1), pan), samples(start), rng.uniform(0.2, 0.5))
    song = reverb(near, 21, 1.1, 0.18, 5000.0, 0.025) + reverb(far, 22, 1.9, 0.7, 3800.0, 0.04)
    return song + _air(take, 0.022)


def forest(take: Take) -> F32:
    """Leaves and birds."""
    rustle = leaves(take)
    song = birds(take)
    return f32(0.055 * rustle / max(float(np.std(rustle)), 1e-6) + 0.55 * song)


def crickets(take: Take) -> F32:
    """A summer night: several near crickets, each with its own pitch and pace, over a shimmer of far ones."""
    rng, n = take.rng, take.n
    out = np.zeros((2, n), np.float32)
    for _ in range(5):
        hz, period_s = rng.uniform(3900, 4900), 1 / rng.uniform(1.5, 2.9)
        pulses, step_s = int(rng.integers(3, 5)), 0.034 * rng.uniform(0.9, 1.15)
        pan, near = rng.uniform(-0.95, 0.95), rng.uniform(0.10, 0.45)
        within = np.mod(seconds(samples(pulses * step_s)), step_s) / np.float32(0.62 * step_s)
        shape = np.where(within < 1, np.sin(np.pi * within) ** 2, 0.0)
        # Each pulse glides down a little, as a wing slows; no two chirps are equally loud or exactly in time.
        glide = hz * (1 + 0.012 * (0.5 - np.minimum(within, 1)))
        chirp = panned(f32(tone(f32(glide), shape.size) * shape), pan)
        mood = wander(rng, n, 0.3, 0.5, 1.0)
        for start_s in np.arange(-rng.uniform(0, period_s), take.duration_s, period_s):
            at = samples(start_s + rng.normal(0, 0.006))
            add_at(out, chirp, at, near * mood[min(max(at, 0) // HOP, mood.size - 1)] * rng.uniform(0.85, 1.0))
    count = frames(n)
    chorus = np.tile(bell(5100.0, 0.10) + 0.5 * bell(6200.0, 0.08), (count, 1)) * wander(rng, n, 0.6, 0.7, 1.0)[:, None]
    out += 0.09 * take.strength * painted_wide(rng, chorus.astype(np.float32), n, 1.0)
    air = np.tile(bell(170.0, 1.1), (count, 1)) * wander(rng, n, 0.3, 0.6, 1.0)[:, None]
    return f32(out + 0.12 * painted_wide(rng, air.astype(np.float32), n, 0.8))


def night(take: Take) -> F32:
    """Crickets, a breath of wind, and an owl."""
    rng, n = take.rng, take.n
    out = crickets(Take(rng, n, 0.8 * take.strength)) * np.float32(0.7)
    hoot = np.zeros(samples(1.5), np.float32)
    for start, length_s in ((0.0, 0.34), (0.52, 0.12), (0.68, 0.46)):
        add_at(hoot, _glide(rng, 395.0, 372.0, length_s), samples(start))
    far = np.zeros((2, n), np.float32)
    for start in np.arange(rng.uniform(0.15, 0.4) * take.duration_s, take.duration_s - 1.0, rng.uniform(4.5, 7.0)):
        add_at(far, panned(hoot, rng.uniform(-0.6, 0.6)), samples(float(start)), 0.1)
    return out + reverb(far, 23, 2.2, 0.8, 2500.0, 0.05)


def jungle(take: Take) -> F32:
    """Insects without end, calls from the canopy, water dripping somewhere."""
    rng, n = take.rng, take.n
    out = 0.6 * crickets(take) + 0.35 * birds(Take(rng, n, 1.2))
    calls = np.zeros((2, n), np.float32)
    for _ in range(max(1, round(take.duration_s / 4))):
        base = rng.uniform(700, 1300)
        at = samples(rng.uniform(0, max(0.3, take.duration_s - 1.5)))
        for k in range(int(rng.integers(3, 7))):
            whoop = _glide(rng, base * 0.8, base * (1.25 + 0.06 * k), 0.15)
            add_at(calls, panned(whoop, rng.uniform(-0.7, 0.7)), at + samples(0.2 * k), 0.10 + 0.03 * k)
    return f32(out + reverb(calls, 24, 1.8, 0.6, 3000.0, 0.04))


def gulls(take: Take) -> F32:
    """Sea birds crying overhead (for a beach, over the sea)."""
    rng, n = take.rng, take.n
    out = np.zeros((2, n), np.float32)
    flocks = max(1, round(take.duration_s / 3.2 * take.strength))
    for k in range(flocks):
        at = (k + rng.uniform(0.1, 0.7)) * take.duration_s / flocks
        pan, base = rng.uniform(-0.8, 0.8), rng.uniform(900, 1250)
        for _ in range(int(rng.integers(2, 6))):
            size = samples(rng.uniform(0.22, 0.42))
            u = np.linspace(0, 1, size)
            hz = (base * (1 + 0.55 * np.sin(np.pi * np.minimum(1, 1.6 * u)) - 0.35 * u)).astype(np.float32)
            buzz = sum(tone(hz * h, size) / h**0.8 for h in (1, 2, 3, 4))
            cry = faded((np.tanh(0.9 * buzz) * np.abs(np.sin(np.pi * u)) ** 0.5).astype(np.float32), 0.01, 0.04)
            add_at(out, panned(filtered(cry, "band", (900.0, 4200.0), 1), pan), samples(at), 0.22)
            at += size / RATE + rng.uniform(0.06, 0.2)
    return reverb(out, 25, 1.6, 0.5, 4500.0, 0.03) + _air(take, 0.02)


def frogs(take: Take) -> F32:
    """A pond at dusk: croaks of several frogs, taking turns."""
    rng, n = take.rng, take.n
    out = np.zeros((2, n), np.float32)
    for _ in range(4):
        pitch, pulse = rng.uniform(420, 1100), rng.uniform(24, 60)
        size = samples(rng.uniform(0.16, 0.4))
        t = seconds(size)
        croak = np.sin(2 * np.pi * pitch * t) + 0.5 * np.sin(2 * np.pi * 1.9 * pitch * t)
        croak *= (0.5 - 0.5 * np.cos(2 * np.pi * pulse * t)) ** 2 * np.abs(np.sin(np.pi * t / t[-1])) ** 0.6
        at, pan = rng.uniform(0, 1.2), rng.uniform(-0.9, 0.9)
        while at < take.duration_s:
            add_at(out, panned(croak.astype(np.float32), pan), samples(at), rng.uniform(0.15, 0.45))
            at += rng.uniform(0.6, 1.9)
    return f32(reverb(out, 26, 1.2, 0.35, 3500.0, 0.02) + 0.3 * crickets(take))


def cicadas(take: Take) -> F32:
    """Noon heat: the swelling rattle of cicadas."""
    rng, n = take.rng, take.n
    out = np.zeros((2, n), np.float32)
    t = seconds(n)
    for pan in (-0.7, 0.1, 0.8):
        swell = wander(rng, n, 0.5, 0.15, 1.0)
        rattle = 0.55 + 0.45 * np.sign(np.sin(2 * np.pi * rng.uniform(95, 150) * t))
        surface = np.tile(bell(rng.uniform(4200, 6800), 0.16), (frames(n), 1)) * swell[:, None]
        voice = painted_wide(rng, surface.astype(np.float32), n, 0.0)[0] * rattle.astype(np.float32)
        out += panned(voice, pan)
    return out


def insects(take: Take) -> F32:
    """A meadow: bees passing, grasshoppers in the grass."""
    rng, n = take.rng, take.n
    out = 0.25 * crickets(Take(rng, n, 0.5))
    for _ in range(max(1, round(take.duration_s / 3 * take.strength))):
        length_s = rng.uniform(1.4, 2.8)
        size = samples(length_s)
        u = np.linspace(-1, 1, size)
        closeness = np.exp(-np.square(u * 1.9))
        hz = (
            rng.uniform(170, 240)
            * (1 - 0.035 * np.tanh(3 * u))
            * (1 + 0.01 * np.sin(np.cumsum(rng.normal(0, 0.01, size))))
        ).astype(np.float32)
        buzz = sum(tone(hz * h, size) / h for h in range(1, 9))
        pan = u * rng.choice((-1.0, 1.0))
        angle = (pan + 1) * np.pi / 4
        sides = np.stack([buzz * closeness * np.cos(angle), buzz * closeness * np.sin(angle)]).astype(np.float32)
        add_at(out, faded(sides, 0.3, 0.3), samples(rng.uniform(-0.3, max(0.1, take.duration_s - 1.2))), 0.10)
    return out.astype(np.float32)


def chimes(take: Take) -> F32:
    """Wind chimes on a porch."""
    rng, n = take.rng, take.n
    out = np.zeros((2, n), np.float32)
    tubes = 523.25 * 2 ** (np.array([0, 2, 4, 7, 9, 12, 14]) / 12)
    at = 0.2
    while at < take.duration_s - 0.3:
        for _ in range(int(rng.integers(1, 5))):
            hz = float(rng.choice(tubes))
            size = samples(2.2)
            t = seconds(size)
            body = sum(
                g * np.exp(-t / d) * np.sin(2 * np.pi * hz * r * t)
                for r, g, d in ((1, 1, 0.9), (2.76, 0.5, 0.45), (5.4, 0.25, 0.2))
            )
            strike = (body * attack_decay(size, 0.001, 5.0)).astype(np.float32)
            add_at(out, panned(strike, rng.uniform(-0.8, 0.8)), samples(at), rng.uniform(0.08, 0.3))
            at += rng.uniform(0.05, 0.28)
        at += rng.uniform(0.5, 1.8)
    return reverb(out, 27, 1.6, 0.3, 6000.0, 0.02) + _air(take, 0.012)
