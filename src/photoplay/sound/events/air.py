"""Events of moving air: whooshes, gusts, rises, drops, wings, steam."""

from __future__ import annotations

import numpy as np

from photoplay.sound.dsp import (
    BINS_HZ,
    F32,
    HOP,
    RATE,
    add_at,
    attack_decay,
    bell,
    faded,
    frames,
    painted_wide,
    reverb,
    samples,
    seconds,
    tone,
)
from photoplay.sound.events.hit import Hit, Sounding


def _clock(n: int) -> F32:
    """Time of each frame of painted noise, in seconds."""
    return np.arange(frames(n), dtype=np.float32) * np.float32(HOP / RATE)


def _sweep(hit: Hit, length_s: float, peak_at: float, low_hz: float, high_hz: float, width: float) -> F32:
    """Air rushing past: loudest and brightest at ``peak_at`` of its length, crossing from one side to the other."""
    n = samples(length_s)
    u = np.clip(_clock(n) / length_s, 0.0, 1.0)
    near = np.where(u < peak_at, u / peak_at, (1 - u) / (1 - peak_at)).clip(0, 1)
    force = np.sin(near * np.float32(np.pi / 2)) ** 2.4
    centre = low_hz * (high_hz / low_hz) ** near
    surface = force[:, None] * (bell(centre.astype(np.float32), width) + 0.35 * bell(low_hz * 0.7, 0.7))
    surface *= np.minimum(1.0, BINS_HZ / 100.0)
    side = -1.0 if hit.rng.random() < 0.5 else 1.0
    pan = np.clip(hit.pan + 0.75 * side * (2 * u - 1), -1, 1)
    out = painted_wide(hit.rng, surface.astype(np.float32), n, 0.4, pan=pan.astype(np.float32))
    return faded(out / max(float(np.abs(out).max()), 1e-6), 0.01, 0.02)


def whoosh(hit: Hit) -> Sounding:
    """A fast move: starts with the cue, loudest half way through its duration."""
    length_s = max(0.25, hit.duration_s)
    bright = 900.0 + 1100.0 * min(1.5, hit.strength)
    return Sounding(_sweep(hit, length_s, 0.5, 240.0, bright, 0.75))


def swish(hit: Hit) -> Sounding:
    """A light, quick stroke of air (cloth, a hand, a turned page)."""
    return Sounding(_sweep(hit, max(0.16, min(0.5, hit.duration_s)), 0.45, 900.0, 5200.0, 0.6))


def gust(hit: Hit) -> Sounding:
    """A gust of wind that comes and goes."""
    return Sounding(_sweep(hit, max(0.9, hit.duration_s), 0.4, 180.0, 620.0, 1.0))


def rise(hit: Hit) -> Sounding:
    """Tension that climbs over the duration and stops dead at its end."""
    length_s = max(0.5, hit.duration_s)
    n = samples(length_s)
    u = np.clip(_clock(n) / length_s, 0, 1)
    surface = (u**2.2)[:, None] * bell((300.0 * 22.0**u).astype(np.float32), 0.6)
    out = painted_wide(hit.rng, surface.astype(np.float32), n, 0.9)
    out /= max(float(np.abs(out).max()), 1e-6)
    v = seconds(n) / length_s
    hz = (110.0 * 2.0 ** (2.0 * v)).astype(np.float32)
    for side, detune in ((0, 0.996), (1, 1.004)):
        buzz = sum(tone((hz * h * detune).astype(np.float32), n) / h for h in (1, 2, 3, 4, 5))
        out[side] += 0.22 * np.asarray(buzz, np.float32) * v**1.8
    return Sounding(faded(out / np.abs(out).max(), 0.02, 0.03))


def swell(hit: Hit) -> Sounding:
    """A soft bloom of sound that opens over the duration and dies away (a reveal)."""
    length_s = max(0.6, hit.duration_s)
    n = samples(length_s * 1.8)
    t = seconds(n)
    shape = np.where(t < length_s, (t / length_s) ** 2, np.exp(-(t - length_s) / (0.3 * length_s))).astype(np.float32)
    root = 146.83 * 2 ** (hit.rng.integers(0, 5) / 12)
    out = np.zeros((2, n), np.float32)
    for ratio, level in ((1, 0.5), (1.5, 0.4), (2, 0.4), (3, 0.22), (4, 0.15), (5, 0.08)):
        for side in (0, 1):
            out[side] += level * tone(root * ratio * (1 + hit.rng.uniform(-0.003, 0.003)), n, hit.rng.random())
    out = reverb(out * shape, 51, 1.5, 0.4, 5000.0)
    return Sounding(faded(out / np.abs(out).max(), 0.01, 0.1))


def fall(hit: Hit) -> Sounding:
    """Something drops: pitch and air go down over the duration."""
    length_s = max(0.35, hit.duration_s)
    n = samples(length_s)
    v = seconds(n) / length_s
    hz = (880.0 * 0.16**v).astype(np.float32)
    whistle = tone(hz, n) * np.sin(np.pi * np.minimum(v + 0.02, 1.0)).clip(0) ** 0.5
    air = _sweep(hit, length_s, 0.6, 1600.0, 500.0, 0.7)
    out = 0.5 * np.stack([whistle, whistle]).astype(np.float32) + 0.6 * air
    return Sounding(faded(out / np.abs(out).max(), 0.01, 0.04))


def wings(hit: Hit) -> Sounding:
    """Wing beats, a flurry that fades."""
    length_s = max(0.8, hit.duration_s)
    n = samples(length_s)
    u = np.clip(_clock(n) / length_s, 0, 1)
    beats = np.maximum(0, np.sin(2 * np.pi * 9.5 * _clock(n) + 0.8)) ** 1.6 * (1 - u) ** 0.8
    surface = beats[:, None] * (bell(420.0, 0.8) + 0.4 * bell(2400.0, 0.9))
    out = painted_wide(hit.rng, surface.astype(np.float32), n, 0.6, pan=np.clip(hit.pan + 0.7 * (2 * u - 1), -1, 1))
    return Sounding(faded(out / np.abs(out).max(), 0.004, 0.05))


def hiss(hit: Hit) -> Sounding:
    """Steam or a spray: a jet that starts at once and thins out."""
    length_s = max(0.5, hit.duration_s)
    n = samples(length_s)
    t = _clock(n)
    force = np.minimum(1.0, t / 0.015) * np.exp(-2.2 * t / length_s)
    surface = force[:, None] * (bell(6200.0, 0.8) + 0.3 * bell(2500.0, 0.6))
    out = painted_wide(hit.rng, surface.astype(np.float32), n, 0.8)
    return Sounding(faded(out / np.abs(out).max(), 0.002, 0.08))


def breath(hit: Hit) -> Sounding:
    """One breath: in, a rest, out."""
    length_s = max(1.2, hit.duration_s)
    n = samples(length_s)
    u = _clock(n) / length_s
    inward = np.exp(-np.square((u - 0.22) / 0.11))
    outward = 0.8 * np.exp(-np.square((u - 0.68) / 0.16))
    surface = inward[:, None] * bell(2100.0, 0.7) + outward[:, None] * (bell(1100.0, 0.7) + 0.3 * bell(500.0, 0.5))
    out = painted_wide(hit.rng, surface.astype(np.float32), n, 0.3)
    return Sounding(faded(out / np.abs(out).max(), 0.02, 0.08))


def slash(hit: Hit) -> Sounding:
    """A blade: a hard bright stroke of air and a thread of ringing steel. The cut is on the cue."""
    lead = samples(0.07)
    n = samples(max(0.7, hit.duration_s)) + lead
    air = _sweep(hit, 0.22, 0.34, 1300.0, 7200.0, 0.6)
    out = np.zeros((2, n), np.float32)
    add_at(out, air, 0, 0.9)
    ring = n - lead
    t = seconds(ring)
    steel = np.zeros(ring, np.float32)
    for hz, decay_s, level in ((2793, 0.32, 0.5), (4186, 0.24, 0.45), (5917, 0.18, 0.35), (7902, 0.12, 0.3)):
        steel += level * np.exp(-t / decay_s) * tone(hz * hit.rng.uniform(0.98, 1.02), ring, hit.rng.random())
    steel *= attack_decay(ring, 0.0012, 3.0)
    add_at(out, np.stack([steel, 0.8 * steel]), lead, 0.5)
    out = reverb(out, 52, 0.9, 0.2, 7000.0)
    return Sounding(faded(out / np.abs(out).max(), 0.003, 0.05), lead)
