"""Very short sounds that beds and events scatter by the hundred: bubbles, drops, crackles, claps."""

from __future__ import annotations

import numpy as np

from photoplay.sound.dsp import F32, RATE, Rng, attack_decay, faded, samples, seconds
from photoplay.sound.filters import filtered


def bubbles(rng: Rng, low_hz: float = 380.0, high_hz: float = 1500.0, count: int = 24) -> list[F32]:
    """Air bubbles breaking free: a sine that rises a little while it dies (Minnaert's resonance).

    The smaller the bubble, the higher and the shorter it sounds.
    """
    grains = []
    for _ in range(count):
        hz = float(np.exp(rng.uniform(np.log(low_hz), np.log(high_hz))))
        decay_s = 0.013 * (900.0 / hz) ** 0.6 * rng.uniform(0.7, 1.5)
        n = samples(5.0 * decay_s)
        t = seconds(n)
        sweep = hz * (t + 0.5 * rng.uniform(1.0, 6.0) * t**2)
        grains.append((np.sin(2 * np.pi * sweep) * attack_decay(n, 0.0015, decay_s)).astype(np.float32))
    return grains


def drops(rng: Rng, low_hz: float = 1500.0, high_hz: float = 7500.0, count: int = 24) -> list[F32]:
    """Rain on things close by: a tick of noise with the ring of what it hit."""
    grains = []
    for _ in range(count):
        n = samples(rng.uniform(0.006, 0.022))
        hz = float(np.exp(rng.uniform(np.log(low_hz), np.log(high_hz))))
        ring = np.sin(2 * np.pi * hz * seconds(n) + rng.uniform(0, 6.28))
        tick = rng.standard_normal(n)
        shape = attack_decay(n, 0.0004, n / RATE / 4.5)
        grains.append(((rng.uniform(0.3, 0.9) * ring + 0.35 * tick) * shape).astype(np.float32))
    return grains


def crackles(rng: Rng, count: int = 20) -> list[F32]:
    """Wood that splits in fire: a click with a short woody ring."""
    grains = []
    for _ in range(count):
        n = samples(rng.uniform(0.004, 0.03))
        hz = rng.uniform(900, 5200)
        shape = attack_decay(n, 0.0002, n / RATE / 6)
        body = rng.standard_normal(n) + 0.8 * np.sin(2 * np.pi * hz * seconds(n))
        grains.append((body * shape).astype(np.float32))
    return grains


def claps(rng: Rng, count: int = 20) -> list[F32]:
    """Hands: a burst of noise round 1 to 2 kHz, each pair of hands with its own cavity."""
    grains = []
    for _ in range(count):
        n = samples(0.05)
        centre = rng.uniform(750, 2100)
        burst = rng.standard_normal(n).astype(np.float32) * attack_decay(n, 0.0006, rng.uniform(0.006, 0.013))
        body = filtered(burst, "band", (centre * 0.65, centre * 1.6), 1)
        grains.append(faded(body, 0.0, 0.01))
    return grains


def tears(rng: Rng, low_hz: float, high_hz: float, length_s: float, count: int = 16) -> list[F32]:
    """Bits of something breaking: filtered noise, each with another centre between the two frequencies."""
    grains = []
    for _ in range(count):
        n = samples(length_s * rng.uniform(0.5, 1.5))
        centre = float(np.exp(rng.uniform(np.log(low_hz), np.log(high_hz))))
        burst = rng.standard_normal(n).astype(np.float32) * attack_decay(n, 0.0004, n / RATE / 4)
        grains.append(faded(filtered(burst, "band", (centre / 1.35, centre * 1.35), 1), 0.0, n / RATE / 5))
    return grains
