"""Calls of animals and people that a photo may show: bark, meow, purr, whinny, roar, laugh, cheer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoplay.sound.dsp import (
    BINS_HZ,
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
    painted_wide,
    panned,
    reverb,
    samples,
    seconds,
    wander,
)
from photoplay.sound.events.hit import Hit, Sounding
from photoplay.sound.filters import filtered


def _done(out: F32, fade_s: float = 0.08) -> Sounding:
    return Sounding(faded(out / max(float(np.abs(out).max()), 1e-6), 0.001, fade_s))


def _throat(rng: Rng, hz: NDArray[np.floating], rough: float) -> F32:
    """The buzz of a voice of that pitch: a pulse train, the rougher the more its pulses differ."""
    n = hz.size
    turn = np.cumsum(hz / RATE)
    pulse = np.mod(turn, 1.0)
    shaped = np.where(pulse < 0.6, np.sin(np.pi * pulse / 0.6) ** 2, 0.0) - 0.3
    uneven = rng.normal(1.0, rough, int(turn[-1]) + 2)[turn.astype(np.int64)]
    return f32(shaped * uneven + 0.10 * rough * rng.standard_normal(n))


def _spoken(source: F32, formants: tuple[tuple[float, float, float], ...]) -> F32:
    """``source`` through a mouth: resonances as (Hz, width as a share, level)."""
    out = np.zeros_like(source)
    for hz, width, level in formants:
        out += level * filtered(source, "band", (hz * (1 - width), min(hz * (1 + width), 0.45 * RATE)), 1)
    return out


def bark(hit: Hit) -> Sounding:
    """A dog: two barks."""
    out = np.zeros((2, samples(1.3)), np.float32)
    base = hit.rng.uniform(230, 420)
    for start in (0.0, 0.42):
        n = samples(0.24)
        u = np.linspace(0, 1, n)
        hz = base * (1.0 + 0.9 * np.sin(np.pi * np.minimum(1, u * 1.3)) ** 2 - 0.3 * u)
        voice = _spoken(_throat(hit.rng, hz, 0.35), ((620, 0.3, 1.0), (1350, 0.25, 0.8), (2700, 0.3, 0.35)))
        add_at(
            out,
            panned(np.tanh(6 * voice) * attack_decay(n, 0.012, 0.09), hit.pan),
            samples(start),
            hit.rng.uniform(0.8, 1.0),
        )
    return _done(reverb(out, 91, 0.8, 0.25, 4000.0))


def meow(hit: Hit) -> Sounding:
    """A cat asks for something."""
    n = samples(hit.rng.uniform(0.6, 0.85))
    u = np.linspace(0, 1, n)
    base = hit.rng.uniform(430, 620)
    hz = base * (1 + 0.45 * np.sin(np.pi * u**0.7) - 0.15 * u) * (1 + 0.006 * np.sin(2 * np.pi * 7 * u))
    source = _throat(hit.rng, hz, 0.06)
    opened = np.sin(np.pi * u).clip(0) ** 0.8
    closed = _spoken(source, ((480, 0.35, 0.9), (2300, 0.2, 0.5)))
    wide = _spoken(source, ((980, 0.3, 1.0), (1750, 0.25, 0.8), (3400, 0.2, 0.4)))
    voice = (closed * (1 - opened) + wide * opened) * np.sin(np.pi * np.clip(u, 0.0, 1.0)).clip(0) ** 0.5
    return _done(reverb(panned(voice.astype(np.float32), hit.pan), 92, 0.5, 0.18, 5000.0))


def purr(hit: Hit) -> Sounding:
    """A cat at peace: 25 pulses a second, breathing in and out."""
    length_s = max(2.0, hit.duration_s)
    n = samples(length_s)
    t = seconds(n)
    breath = 0.6 + 0.4 * np.sin(2 * np.pi * 0.55 * t)
    pulses = np.maximum(0.0, np.sin(2 * np.pi * np.cumsum(24.0 + 2.0 * breath) / RATE)) ** 5
    source = pulses * breath * hit.rng.standard_normal(n)
    voice = _spoken(source.astype(np.float32), ((170, 0.5, 1.2), (420, 0.4, 0.7), (1100, 0.4, 0.25)))
    return _done(panned(voice, hit.pan), 0.3)


def whinny(hit: Hit) -> Sounding:
    """A horse."""
    n = samples(1.3)
    u = np.linspace(0, 1, n)
    hz = (900 - 480 * u) * (1 + 0.10 * np.sin(2 * np.pi * 13 * u * 1.3))
    voice = _spoken(_throat(hit.rng, hz, 0.3), ((900, 0.35, 1.0), (1900, 0.3, 0.8), (3300, 0.3, 0.4)))
    voice *= (np.sin(np.pi * u).clip(0) ** 0.4 * (0.7 + 0.3 * np.sin(2 * np.pi * 13 * u * 1.3))).astype(np.float32)
    return _done(reverb(panned(np.tanh(3 * voice), hit.pan), 93, 1.0, 0.3, 4000.0))


def roar(hit: Hit) -> Sounding:
    """A great cat or a beast."""
    length_s = max(1.6, hit.duration_s)
    n = samples(length_s)
    u = np.linspace(0, 1, n)
    hz = 78 * (1 + 0.7 * np.sin(np.pi * u**0.6)) * (1 + 0.05 * hit.rng.standard_normal(n // 400 + 1).repeat(400)[:n])
    voice = _spoken(
        _throat(hit.rng, hz, 0.8), ((240, 0.45, 1.1), (620, 0.35, 1.0), (1300, 0.35, 0.5), (2600, 0.4, 0.25))
    )
    shape = np.minimum(1, u / 0.08) * np.clip((1 - u) / 0.55, 0, 1) ** 0.8
    return _done(reverb(panned(np.tanh(4 * voice * shape.astype(np.float32)), hit.pan), 94, 1.3, 0.3, 2800.0), 0.2)


def laugh(hit: Hit) -> Sounding:
    """Somebody laughs, warmly: ha-ha-ha."""
    out = np.zeros((2, samples(1.8)), np.float32)
    base = hit.rng.uniform(150, 260)
    at, count = 0.0, int(hit.rng.integers(4, 7))
    for k in range(count):
        n = samples(0.16)
        u = np.linspace(0, 1, n)
        hz = base * (1.25 - 0.06 * k) * (1.08 - 0.2 * u)
        voice = _spoken(_throat(hit.rng, hz, 0.08), ((760, 0.2, 1.0), (1250, 0.2, 0.7), (2700, 0.2, 0.3)))
        puff = filtered(hit.rng.standard_normal(n).astype(np.float32), "band", (700.0, 2600.0), 1) * attack_decay(
            n, 0.008, 0.025
        )
        add_at(out, panned(voice * attack_decay(n, 0.03, 0.07) + 0.05 * puff, hit.pan), samples(at), 1.0 - 0.09 * k)
        at += 0.185 + 0.012 * k
    return _done(reverb(out, 95, 0.6, 0.2, 4500.0))


def cheer(hit: Hit) -> Sounding:
    """A crowd breaks into a cheer."""
    length_s = max(1.8, hit.duration_s)
    n = samples(length_s)
    t = np.arange(frames(n), dtype=np.float32) * np.float32(HOP / RATE)
    shape = np.minimum(1.0, t / 0.12) * np.exp(-np.maximum(t - 0.4 * length_s, 0) / (0.4 * length_s))
    flutter = 0.75 + 0.25 * wander(hit.rng, n, 8.0)
    surface = (shape * flutter)[:, None] * (bell(700.0, 0.5) + 0.9 * bell(1250.0, 0.45) + 0.45 * bell(2700.0, 0.5))
    surface *= np.minimum(1.0, BINS_HZ / 150.0)
    out = painted_wide(hit.rng, surface.astype(np.float32), n, 1.0)
    return _done(reverb(out, 96, 1.2, 0.3, 4000.0), 0.3)
