"""Events that begin with a blow: thuds, booms, cracks, crunches, splashes, shots, doors, steps.

All start hard on their first sample, so they can be heard to meet the frame they belong to.
"""

from __future__ import annotations

import numpy as np

from photoplay.sound.dsp import (
    F32,
    HOP,
    RATE,
    Rng,
    add_at,
    attack_decay,
    bell,
    faded,
    frames,
    modes,
    painted_wide,
    panned,
    reverb,
    samples,
    scatter,
    seconds,
    tone,
)
from photoplay.sound.events.hit import Hit, Sounding
from photoplay.sound.filters import filtered
from photoplay.sound.grains import bubbles, crackles, drops, tears


def _done(out: F32, fade_s: float = 0.05, anchor: int = 0) -> Sounding:
    return Sounding(faded(out / max(float(np.abs(out).max()), 1e-6), 0.0004, fade_s), anchor)


def _burst(rng: Rng, n: int, attack_s: float, decay_s: float) -> F32:
    return rng.standard_normal(n).astype(np.float32) * attack_decay(n, attack_s, decay_s)


def _drop(n: int, from_hz: float, to_hz: float, fall_s: float) -> F32:
    """A sine whose pitch falls quickly: the skin of a drum, the push of an explosion."""
    hz = to_hz + (from_hz - to_hz) * np.exp(-seconds(n) / fall_s)
    return tone(hz.astype(np.float32), n)


def thud(hit: Hit) -> Sounding:
    """Something heavy and soft meets the ground."""
    n = samples(0.6)
    body = _drop(n, 140.0, 48.0, 0.035) * attack_decay(n, 0.002, 0.12)
    knock = filtered(_burst(hit.rng, n, 0.0005, 0.018), "low", 900.0)
    return _done(reverb(panned(body + 1.6 * knock, hit.pan), 61, 0.5, 0.2, 2500.0))


def boom(hit: Hit) -> Sounding:
    """A film's big hit: sub bass, a slam, a long dark room."""
    n = samples(max(1.8, hit.duration_s))
    sub = _drop(n, 95.0, 34.0, 0.10) * attack_decay(n, 0.003, 0.55)
    slam = filtered(_burst(hit.rng, n, 0.0005, 0.05), "low", 1600.0)
    wide = np.stack([filtered(_burst(hit.rng, n, 0.001, 0.25), "band", (60.0, 420.0)) for _ in range(2)])
    out = panned(sub + 1.2 * slam, 0.3 * hit.pan) + 0.9 * wide
    return _done(reverb(np.tanh(1.4 * out), 62, 2.2, 0.45, 2200.0), 0.2)


def explosion(hit: Hit) -> Sounding:
    """A blast: crack, fire ball, debris falling."""
    rng = hit.rng
    n = samples(max(2.2, hit.duration_s))
    t = np.arange(frames(n), dtype=np.float32) * np.float32(HOP / RATE)
    fall = np.minimum(1.0, t / 0.012) * np.exp(-t / 0.55)
    surface = fall[:, None] * (bell((90.0 + 900.0 * np.exp(-t / 0.18)).astype(np.float32), 1.4))
    ball = painted_wide(rng, surface.astype(np.float32), n, 0.7)
    out = 1.1 * ball / np.abs(ball).max() + panned(_drop(n, 120.0, 30.0, 0.13) * attack_decay(n, 0.002, 0.5), hit.pan)
    out += panned(_burst(rng, n, 0.0004, 0.02), hit.pan)
    at = samples(0.35) + np.cumsum(rng.exponential(0.035, 34) * RATE).astype(np.int64)
    at = at[at < n - 2400]
    out += 0.30 * scatter(
        rng,
        n,
        tears(rng, 700, 5200, 0.03),
        at,
        rng.uniform(0.1, 0.6, at.size).astype(np.float32),
        rng.uniform(-1, 1, at.size),
    )
    return _done(reverb(np.tanh(1.6 * out), 63, 1.9, 0.3, 3000.0), 0.25)


def thunder(hit: Hit) -> Sounding:
    """A stroke close by: the tear, the crash, then rolling away over the hills."""
    rng = hit.rng
    length_s = max(3.2, hit.duration_s)
    n = samples(length_s)
    t = np.arange(frames(n), dtype=np.float32) * np.float32(HOP / RATE)
    # The roll: peals that arrive later sound lower and longer.
    power = np.exp(-t / 0.10)
    for at in (0.16, *np.sort(rng.uniform(0.35, 0.72 * length_s, 6)).tolist()):
        level = 0.85 * np.exp(-at / (0.38 * length_s)) * rng.uniform(0.5, 1.0)
        rising = np.clip((t - at) / 0.05, 0, 1)
        power = np.maximum(power, level * rising * np.exp(-np.maximum(t - at, 0) / rng.uniform(0.3, 0.7)))
    fine = 0.7 + 0.3 * np.sin(np.cumsum(rng.normal(0, 0.9, t.size))).astype(np.float32)
    bright = np.exp(-t / 0.35)
    surface = (power * fine)[:, None] * (bell((65.0 + 260.0 * bright).astype(np.float32), 1.1))
    surface += (power * bright * 0.45)[:, None] * bell(1500.0, 1.2)
    roll = painted_wide(rng, surface.astype(np.float32), n, 0.8)
    out = roll / np.abs(roll).max()
    tear = samples(0.16)
    at = np.sort(rng.integers(0, tear, 40))
    at[0] = 0
    rip = scatter(
        rng,
        n,
        tears(rng, 1200, 7000, 0.012),
        at,
        rng.uniform(0.2, 0.9, at.size).astype(np.float32),
        rng.normal(hit.pan, 0.3, at.size),
    )
    # Air swallows treble: even near by, most of what is felt lies below 200 Hz.
    stroke = filtered(_burst(rng, n, 0.0004, 0.045), "low", 2200.0, 1)
    out = 1.5 * out + 0.45 * rip + 0.9 * panned(stroke, hit.pan)
    return _done(reverb(np.tanh(1.1 * out), 64, 2.6, 0.35, 2000.0, 0.03), 0.5)


def crack(hit: Hit) -> Sounding:
    """Ice, stone or wood splits: one sharp break and a spray of small ones."""
    rng = hit.rng
    n = samples(max(0.5, hit.duration_s))
    snap = panned(
        _burst(rng, n, 0.0002, 0.004) + 0.5 * modes(rng, n, [880, 1720, 3300], [0.02, 0.012, 0.006], [1, 0.8, 0.6]),
        hit.pan,
    )
    count = int(14 + 14 * hit.strength)
    at = np.minimum(np.cumsum(rng.exponential(0.010, count) * RATE).astype(np.int64), n - 960)
    level = (rng.uniform(0.15, 0.7, count) * np.exp(-np.arange(count) / (0.5 * count))).astype(np.float32)
    spray = scatter(rng, n, crackles(rng), at, level, rng.normal(hit.pan, 0.35, count))
    low = panned(filtered(_burst(rng, n, 0.0005, 0.02), "low", 500.0), hit.pan)
    return _done(reverb(1.2 * snap + 0.7 * spray + low, 65, 0.5, 0.2, 5000.0))


def crunch(hit: Hit) -> Sounding:
    """Something brittle is crushed: gravel, a can, a biscuit, over the duration."""
    rng = hit.rng
    n = samples(max(0.28, hit.duration_s))
    count = int(n / RATE * 170 * (0.6 + 0.4 * hit.strength))
    u = np.sort(rng.beta(0.9, 1.7, count))
    u[0] = 0.0
    at = np.minimum((u * n).astype(np.int64), n - 480)
    level = (rng.uniform(0.2, 1.0, count) ** 2 * (1 - 0.7 * u)).astype(np.float32)
    out = scatter(rng, n, tears(rng, 450, 4200, 0.014), at, level, rng.normal(hit.pan, 0.25, count))
    out += 0.7 * panned(filtered(_burst(rng, n, 0.001, 0.05), "band", (180.0, 900.0), 1), hit.pan)
    return _done(np.tanh(1.8 * out / np.abs(out).max()))


def splash(hit: Hit) -> Sounding:
    """A body meets water: slap, plume, drops falling back, bubbles."""
    rng = hit.rng
    n = samples(max(1.3, hit.duration_s))
    t = np.arange(frames(n), dtype=np.float32) * np.float32(HOP / RATE)
    plume = np.minimum(1.0, t / 0.008) * np.exp(-t / 0.22)
    surface = plume[:, None] * (
        bell((900.0 + 1700.0 * np.exp(-t / 0.12)).astype(np.float32), 1.2) + 0.4 * bell(240.0, 0.8)
    )
    body = painted_wide(rng, surface.astype(np.float32), n, 0.7, pan=np.full(t.size, 0.6 * hit.pan, np.float32))
    out = body / np.abs(body).max() + 0.8 * panned(_burst(rng, n, 0.0004, 0.008), hit.pan)
    for grains, start, gap, count, level in (
        (drops(rng, 900, 4200), 0.18, 0.014, 46, 0.5),
        (bubbles(rng, 300, 1200), 0.10, 0.022, 34, 0.6),
    ):
        at = samples(start) + np.cumsum(rng.exponential(gap, count) * RATE).astype(np.int64)
        at = at[at < n - 4800]
        fade = np.exp(-np.arange(at.size) / (0.45 * count))
        out += level * scatter(
            rng,
            n,
            grains,
            at,
            (rng.uniform(0.2, 1, at.size) * fade).astype(np.float32),
            rng.normal(hit.pan, 0.4, at.size),
        )
    return _done(reverb(out, 66, 0.7, 0.15, 5000.0), 0.15)


def squish(hit: Hit) -> Sounding:
    """Soft matter pressed by a hand: wet, rubbery, a little comical, over the duration."""
    rng = hit.rng
    n = samples(max(0.35, hit.duration_s))
    v = seconds(n) / (n / RATE)
    press = np.sin(np.pi * np.minimum(1.0, v)).clip(0) ** 0.8
    # Rubber: a formant that is squeezed down and let go.
    hz = (95.0 + 60.0 * np.sin(np.pi * v)).astype(np.float32)
    buzz = sum(tone((hz * h).astype(np.float32), n) / h**0.7 for h in range(1, 12))
    t = np.arange(frames(n), dtype=np.float32) * np.float32(HOP * 1.0 / n)
    squeeze = 1500.0 - 1050.0 * np.sin(np.pi * np.clip(t, 0, 1)).clip(0) ** 1.3
    wet = painted_wide(
        rng, (np.sin(np.pi * np.clip(t, 0, 1)).clip(0) ** 0.6)[:, None] * bell(squeeze.astype(np.float32), 0.28), n, 0.4
    )
    wet /= max(float(np.abs(wet).max()), 1e-6)
    count = int(26 * (0.6 + 0.4 * hit.strength))
    at = np.sort((rng.beta(1.1, 1.5, count) * (n - 3000)).astype(np.int64))
    at[0] = 0
    pops = scatter(
        rng,
        n,
        bubbles(rng, 320, 1500),
        at,
        rng.uniform(0.15, 0.8, count).astype(np.float32),
        rng.normal(hit.pan, 0.3, count),
    )
    rubber = filtered(np.asarray(buzz, np.float32) * press.astype(np.float32), "band", (260.0, 1300.0), 1)
    slap = filtered(_burst(rng, n, 0.0006, 0.012), "band", (300.0, 2600.0), 1)
    out = 0.20 * panned(rubber, hit.pan) + 0.75 * wet + 0.6 * pops + 1.2 * panned(slap, hit.pan)
    return _done(np.tanh(1.3 * out))


def pop(hit: Hit) -> Sounding:
    """A cork, a bubble, something that suddenly is there."""
    n = samples(0.16)
    hz = (380.0 + 520.0 * np.minimum(1.0, seconds(n) / 0.03)).astype(np.float32)
    body = tone(hz, n, 0.2) * attack_decay(n, 0.0015, 0.028)
    click = 0.5 * filtered(_burst(hit.rng, n, 0.0002, 0.003), "high", 900.0)
    return _done(reverb(panned(body + click, hit.pan), 67, 0.35, 0.12, 5000.0), 0.02)


def punch(hit: Hit) -> Sounding:
    """A blow in an action film."""
    n = samples(0.5)
    body = _drop(n, 180.0, 60.0, 0.03) * attack_decay(n, 0.001, 0.07)
    smack = filtered(_burst(hit.rng, n, 0.0003, 0.014), "band", (500.0, 4200.0), 1)
    return _done(reverb(panned(np.tanh(2.0 * (body + 1.5 * smack)), hit.pan), 68, 0.4, 0.2, 4000.0))


def knock(hit: Hit) -> Sounding:
    """Three knocks on wood."""
    n = samples(1.0)
    out = np.zeros((2, n), np.float32)
    for start in (0.0, 0.19, 0.38):
        size = samples(0.25)
        body = modes(hit.rng, size, [190, 420, 860, 1500], [0.05, 0.035, 0.02, 0.01], [1, 0.7, 0.4, 0.3])
        add_at(out, panned(body * attack_decay(size, 0.0008, 1.0), hit.pan), samples(start))
    return _done(reverb(out, 69, 0.5, 0.25, 3500.0))


def door(hit: Hit) -> Sounding:
    """A door falls shut: the latch and the frame."""
    n = samples(1.1)
    out = panned(
        _drop(n, 120.0, 62.0, 0.03) * attack_decay(n, 0.001, 0.11)
        + modes(hit.rng, n, [210, 390, 760, 1480], [0.07, 0.05, 0.03, 0.015], [0.8, 0.6, 0.4, 0.3])
        * attack_decay(n, 0.0006, 1.0),
        hit.pan,
    )
    size = samples(0.12)
    latch = modes(hit.rng, size, [1700, 2900, 4400], [0.012, 0.008, 0.005], [1, 0.8, 0.5]) * attack_decay(
        size, 0.0003, 1.0
    )
    add_at(out, panned(latch, hit.pan), samples(0.055), 0.5)
    return _done(reverb(out, 70, 0.9, 0.3, 3000.0), 0.2)


def footsteps(hit: Hit) -> Sounding:
    """Someone walking, about two steps a second, for the duration."""
    rng = hit.rng
    n = samples(max(0.5, hit.duration_s) + 0.3)
    out = np.zeros((2, n), np.float32)
    at = 0.0
    while at < hit.duration_s:
        size = samples(0.25)
        heel = _drop(size, 130.0, 70.0, 0.02) * attack_decay(size, 0.001, 0.035)
        scuff = filtered(_burst(rng, size, 0.002, 0.03), "band", (900.0, 4800.0), 1)
        add_at(
            out,
            panned(heel + rng.uniform(0.5, 0.9) * scuff, hit.pan + rng.uniform(-0.08, 0.08)),
            samples(at),
            rng.uniform(0.7, 1.0),
        )
        at += rng.uniform(0.50, 0.56)
    return _done(reverb(out, 71, 0.6, 0.2, 3500.0))


def glass(hit: Hit) -> Sounding:
    """Glass breaks: the blow, then shards ringing on the floor."""
    rng = hit.rng
    n = samples(max(1.1, hit.duration_s))
    out = panned(filtered(_burst(rng, n, 0.0002, 0.02), "high", 1800.0), hit.pan)
    for k in range(36):
        size = samples(0.28)
        base = rng.uniform(2400, 8200)
        shard = modes(rng, size, [base, base * 1.37, base * 1.93], [0.06, 0.04, 0.02], [1, 0.6, 0.4]) * attack_decay(
            size, 0.0004, 1.0
        )
        at = 0 if k == 0 else samples(abs(rng.normal(0, 0.12)) + rng.exponential(0.18))
        add_at(out, panned(shard, rng.normal(hit.pan, 0.4)), at, rng.uniform(0.05, 0.35))
    return _done(reverb(out, 72, 0.8, 0.2, 7000.0), 0.15)


def drum(hit: Hit) -> Sounding:
    """One stroke on a great drum (taiko)."""
    n = samples(1.6)
    skin = _drop(n, 150.0, 68.0, 0.05) * attack_decay(n, 0.0015, 0.28)
    rim = modes(hit.rng, n, [172, 246, 333, 511], [0.16, 0.12, 0.09, 0.05], [0.5, 0.35, 0.25, 0.2])
    stick = filtered(_burst(hit.rng, n, 0.0003, 0.008), "band", (800.0, 5000.0), 1)
    return _done(reverb(panned(np.tanh(1.5 * (skin + 0.6 * rim + 0.6 * stick)), hit.pan), 73, 1.6, 0.35, 3000.0), 0.3)
