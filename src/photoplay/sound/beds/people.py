"""Beds people make: city, traffic, crowd, café, stadium, applause, machines, trains, clocks."""

from __future__ import annotations

import numpy as np

from photoplay.sound.beds.air import room_tone
from photoplay.sound.beds.take import Take
from photoplay.sound.dsp import (
    BINS_HZ,
    F32,
    HOP,
    RATE,
    Rng,
    add_at,
    arrivals,
    attack_decay,
    band,
    bell,
    f32,
    faded,
    frames,
    modes,
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
from photoplay.sound.filters import filtered, resampled
from photoplay.sound.grains import claps

_FORMANTS = ((730, 1090), (530, 1840), (270, 2290), (570, 840), (300, 870), (640, 1190))
"""First two resonances of vowels in Hz (Peterson and Barney 1952, men)."""


def _passing(rng: Rng, take: Take, count: int) -> F32:
    """Cars going by: tyre noise that swells, brightens and crosses from one side to the other."""
    steps = frames(take.n)
    t = np.arange(steps, dtype=np.float32) * np.float32(HOP / RATE)
    out = np.zeros((2, take.n), np.float32)
    surface = np.zeros((steps, BINS_HZ.size), np.float32)
    pan = np.zeros(steps, np.float32)
    for k in range(count):
        middle = (k + rng.uniform(0.2, 0.8)) * take.duration_s / count
        width = rng.uniform(0.5, 1.3)
        near = 1 / (1 + np.square((t - middle) / width))
        surface += (near**1.5)[:, None] * (bell(500.0 + 600.0 * near, 1.1) + 0.8 * bell(90.0, 0.5))
        pan += rng.choice((-0.9, 0.9)) * np.tanh((t - middle) / width) * near
    return out + painted_wide(rng, surface, take.n, 0.5, pan=pan)


def traffic(take: Take) -> F32:
    """A road: engines and tyres, car after car."""
    rng, n = take.rng, take.n
    rumble = noise(rng, n, band(45.0, 160.0, 1.6))
    cars = _passing(rng, take, max(2, round(take.duration_s / 2.2 * take.strength)))
    return f32(0.5 * rumble + 0.8 * cars / max(float(np.std(cars)), 1e-6))


def city(take: Take) -> F32:
    """A street: the low breath of the town, cars, a horn far away, steps and voices too blurred to follow."""
    rng, n = take.rng, take.n
    breath = np.stack([noise(rng, n, band(50.0, 260.0, 1.3)) for _ in range(2)])
    cars = _passing(rng, take, max(1, round(take.duration_s / 4.0 * take.strength)))
    out = 0.055 * breath + 0.06 * cars / max(float(np.std(cars)), 1e-6)
    murmur = crowd(Take(rng, n, 0.6))
    out += 0.018 * murmur / max(float(np.std(murmur)), 1e-6)
    horns = np.zeros((2, n), np.float32)
    for _ in range(max(1, round(take.duration_s / 6))):
        size = samples(rng.uniform(0.18, 0.5))
        low = rng.uniform(380, 440)
        beep = sum(tone(low * r * h, size) / h for r in (1.0, 1.26) for h in (1, 2, 3))
        pan = rng.uniform(-0.8, 0.8)
        at = samples(rng.uniform(0.1, 0.85) * take.duration_s)
        add_at(horns, panned(faded(np.asarray(beep, np.float32), 0.02, 0.05), pan), at, 0.02)
    return f32(out + reverb(filtered(horns, "low", 1500.0), 31, 1.8, 0.9, 2500.0, 0.05))


def _voice(rng: Rng, n: int, rate: int) -> F32:
    """A far talker, ``(n,)`` at ``rate``: buzz through wandering vowels, in syllables and pauses."""
    female = rng.random() < 0.5
    pitch = rng.uniform(170, 240) if female else rng.uniform(95, 140)
    knots = max(4, int(n / rate * 5))
    grid = np.linspace(0, knots - 1, n)
    melody = np.interp(grid, np.arange(knots), rng.normal(0, 0.09, knots))
    turn = np.cumsum(pitch * np.exp(melody) / rate)
    buzz = 2 * np.mod(turn, 1.0) - 1
    breath = rng.standard_normal(n)
    talk = np.repeat(rng.random(max(2, int(n / rate / 1.1) + 1)) < 0.72, int(rate * 1.1) + 1)[:n]
    syllable = np.interp(grid, np.arange(knots), np.where(rng.random(knots) < 0.3, 0.05, rng.uniform(0.4, 1.0, knots)))
    said = np.interp(np.arange(n), np.arange(0, n, rate // 20), talk[:: rate // 20].astype(float))
    # Consonants hiss where vowels are closed; without them a crowd is a hum.
    hiss = np.clip(0.75 - syllable, 0.0, 1.0) ** 2
    buzz = said * (buzz * syllable + breath * (0.10 + 0.55 * hiss))
    # Vowels change over time: filter in overlapping frames.
    size, hop = 512, 256
    count = -(-n // hop) + 1
    padded = np.zeros((count + 1) * hop, np.float32)
    padded[hop : hop + n] = buzz
    window = np.sin(np.pi * np.arange(size, dtype=np.float32) / size)
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * window)
    hz = np.linspace(0, rate / 2, size // 2 + 1)
    vowels = rng.integers(0, len(_FORMANTS), knots)
    at = np.linspace(0, knots - 1, count)
    scale = 1.15 if female else 1.0
    gain = np.zeros(spectra.shape)
    gain += 0.22 / (1 + np.square((hz - 2500.0 * scale) / 260.0)) + 0.16 * np.clip((hz - 2800.0) / 1500.0, 0.0, 1.0)
    for part, width in ((0, 130.0), (1, 190.0)):
        centre = np.interp(at, np.arange(knots), [scale * _FORMANTS[v][part] for v in vowels])
        gain += (1.0 if part == 0 else 0.45) / (1 + np.square((hz - centre[:, None]) / width))
    frames_ = np.fft.irfft(spectra * gain, size) * window
    out = np.zeros((count + 1, hop))
    out[:-1] += frames_[:, :hop]
    out[1:] += frames_[:, hop:]
    return f32(out.reshape(-1)[hop : hop + n])


def crowd(take: Take) -> F32:
    """Many people talking in one place; no word can be made out."""
    rng, n = take.rng, take.n
    rate = RATE // 4  # murmur has nothing above 5 kHz worth its cost
    short = n // 4 + 2
    length = min(max(short, rate), 4 * rate)
    voices = np.zeros((2, short), np.float32)
    for _ in range(7):
        # Each talker is heard thrice at different times: a crowd, not a choir. Nobody notices what comes again.
        voice = faded(_voice(rng, length, rate), 0.005, 0.005)
        for _ in range(3):
            moved = np.resize(np.roll(voice, int(rng.integers(0, length))), short)
            voices += panned(moved, rng.uniform(-1, 1)) * np.float32(rng.uniform(0.3, 1.0))
    lifted = resampled(voices, rate, RATE)[:, :n]
    hush = painted_wide(rng, np.tile(bell(900.0, 1.4), (frames(n), 1)), n, 1.0)
    mixed = lifted / max(float(np.std(lifted)), 1e-6) + 0.25 * hush / max(float(np.std(hush)), 1e-6)
    return reverb((0.1 * mixed).astype(np.float32), 32, 1.3, 0.8, 3500.0, 0.02)


def cafe(take: Take) -> F32:
    """Murmur, cups and spoons, the breath of the room."""
    rng, n = take.rng, take.n
    murmur = crowd(Take(rng, n, 0.7))
    out = 0.07 * murmur / max(float(np.std(murmur)), 1e-6) + 0.02 * room_tone(take)
    clinks = np.zeros((2, n), np.float32)
    for start in arrivals(rng, n, 1.5 * take.strength):
        size = samples(0.5)
        base = rng.uniform(1900, 4300)
        ring = modes(rng, size, [base, base * 1.51, base * 2.32], [0.10, 0.06, 0.03], [1.0, 0.6, 0.4])
        add_at(clinks, panned(ring, rng.uniform(-0.9, 0.9)), int(start), rng.uniform(0.02, 0.12))
    return f32(out + reverb(clinks, 33, 0.9, 0.4, 5000.0))


def stadium(take: Take) -> F32:
    """Thousands of voices: a roar that breathes, whistles, clapping."""
    rng, n = take.rng, take.n
    roar = wander(rng, n, 0.5, 0.45, 1.0)
    shape = bell(560.0, 0.7) + 0.7 * bell(1150.0, 0.6) + 0.25 * bell(2700.0, 0.6)
    out = painted_wide(rng, (roar[:, None] * shape).astype(np.float32), n, 1.0)
    murmur = crowd(take)
    out = 0.11 * out / max(float(np.std(out)), 1e-6) + 0.05 * murmur / max(float(np.std(murmur)), 1e-6)
    hands = arrivals(rng, n, 60 * take.strength, roar**2)
    out += 0.25 * scatter(
        rng, n, claps(rng), hands, rng.uniform(0.1, 0.5, hands.size).astype(np.float32), rng.uniform(-1, 1, hands.size)
    )
    for start in arrivals(rng, n, 0.35):
        size = samples(rng.uniform(0.3, 0.7))
        hz = (rng.uniform(1900, 2600) * (1 + 0.12 * np.sin(np.linspace(0, np.pi, size)))).astype(np.float32)
        add_at(out, panned(faded(tone(hz, size), 0.05, 0.1), rng.uniform(-1, 1)), int(start), 0.02)
    return reverb(out.astype(np.float32), 34, 1.9, 0.5, 4000.0, 0.04)


def applause(take: Take) -> F32:
    """An audience clapping; it starts at once and thins out towards the end."""
    rng, n = take.rng, take.n
    steps = frames(n)
    u = np.linspace(0, 1, steps).astype(np.float32)
    density = np.minimum(1.0, 0.35 + u * 4) * np.clip((1.15 - u) * 2.2, 0.15, 1.0)
    at = arrivals(rng, n, 230 * take.strength, density)
    level = np.minimum(1.5, 0.18 * rng.pareto(2.2, at.size) + 0.12).astype(np.float32)
    near = scatter(rng, n, claps(rng, 32), at, level, rng.uniform(-1, 1, at.size))
    far = painted_wide(rng, density[:, None] * (bell(1500.0, 0.9) + 0.4 * bell(3800.0, 0.8)), n, 1.0)
    return reverb((near + 0.05 * far).astype(np.float32), 35, 1.2, 0.35, 4500.0)


def machine(take: Take) -> F32:
    """An engine room: a hum that labours, strokes of a piston, a whirr, a loose plate, steam let off."""
    rng, n, force = take.rng, take.n, take.strength
    base = rng.uniform(46, 64)
    load = wander(rng, n, 0.8)
    wobble = 1 + 0.02 * (stretched(load, n) - 0.5)
    hum = sum(tone((base * h * wobble).astype(np.float32), n, rng.random()) / h**0.8 for h in range(1, 6))
    t = np.arange(frames(n), dtype=np.float32) * np.float32(HOP / RATE)
    beat_s = 1 / rng.uniform(1.9, 3.2)
    phase = np.mod(t / np.float32(beat_s), 1.0)
    stroke = np.minimum(1.0, phase / 0.06) * np.exp(-phase / 0.22)
    surface = (0.5 + stroke)[:, None] * bell(190.0 + 130.0 * stroke, 1.1) + 0.3 * stroke[:, None] * bell(1300.0, 0.9)
    surface += (0.10 + 0.14 * load * (1 + np.sin(2 * np.pi * 9.0 * t)))[:, None] * bell(1900.0 + 500.0 * load, 0.35)
    steam = np.zeros_like(t)
    for at in np.arange(rng.uniform(0.3, 0.6) * min(4.0, take.duration_s), take.duration_s, rng.uniform(3.0, 4.5)):
        steam = np.maximum(steam, np.clip((t - at) / 0.05, 0, 1) * np.exp(-np.maximum(t - at, 0) / 0.35))
    surface += 0.16 * force * steam[:, None] * bell(5200.0, 0.9)
    out = painted_wide(rng, surface.astype(np.float32), n, 0.8)
    out = 0.13 * out / max(float(np.std(out)), 1e-6) + 0.10 * f32(hum) * (0.6 + 0.4 * stretched(load, n))
    size = samples(0.2)
    for beat in range(int(take.duration_s / beat_s) + 1):
        hz = rng.uniform(0.97, 1.03)
        plate = modes(
            rng, size, [430 * hz, 1130 * hz, 2310 * hz, 3720 * hz], [0.05, 0.04, 0.03, 0.015], [0.8, 1, 0.6, 0.4]
        )
        level = (0.30 if beat % 4 == 0 else 0.07) * rng.uniform(0.6, 1.2) * force
        clank = panned(plate * attack_decay(size, 0.0008, 1.0), rng.uniform(0.2, 0.6))
        add_at(out, clank, samples(beat * beat_s + rng.normal(0.02, 0.006)), level)
    return reverb(f32(out), 38, 0.9, 0.3, 3500.0)


def train(take: Take) -> F32:
    """On the rails: wheels over the joints in pairs, over a rolling rumble."""
    rng, n = take.rng, take.n
    bed = np.stack([noise(rng, n, band(60.0, 420.0, 1.3)) for _ in range(2)])
    out = 0.10 * bed
    size = samples(0.22)
    period = 1.02 / (0.7 + 0.3 * take.strength)
    at, pan = 0.12, 0.0
    while at < take.duration_s:
        for gap, level in ((0.0, 1.0), (0.13, 0.8), (0.40, 0.6), (0.53, 0.5)):
            clack = modes(
                rng, size, [95, 310, 870, 1900], [0.06, 0.035, 0.02, 0.008], [1.0, 0.5, 0.35, 0.25]
            ) * attack_decay(size, 0.001, 1.0)
            add_at(out, panned(clack, pan + rng.uniform(-0.3, 0.3)), samples(at + gap), 0.5 * level)
        at += period
    return reverb(out.astype(np.float32), 36, 0.8, 0.25, 3000.0)


def clock(take: Take) -> F32:
    """A clock ticking in a quiet, wooden room."""
    rng = take.rng
    out = 0.016 * room_tone(take)
    size = samples(0.16)
    for k in range(int(take.duration_s) + 2):
        hz = (2300.0 if k % 2 else 2700.0) * rng.uniform(0.985, 1.015)
        tick = modes(rng, size, [hz, hz * 1.9, 640.0, 310.0], [0.010, 0.005, 0.03, 0.045], [0.6, 0.3, 0.8, 0.7])
        add_at(
            out, panned(tick * attack_decay(size, 0.0015, 1.0), 0.1), samples(k * 1.0 + 0.25), rng.uniform(0.42, 0.5)
        )
    return reverb(out.astype(np.float32), 37, 0.7, 0.5, 5000.0)
