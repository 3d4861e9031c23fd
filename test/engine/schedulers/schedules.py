"""Writes schedules.json: noise levels by numpy, in diffusers 0.42.1's order of operations.

    python3 test/engine/schedulers/schedules.py
"""
import json
from pathlib import Path

import numpy as np

STEPS, SHIFTS = [1, 2, 3, 4, 7, 8, 12, 25, 50, 100], [1.0, 2.5, 3.0, 5.0, 8.0]
f32 = np.float32


def shifted(sigmas, shift):
    return shift * sigmas / (1 + (shift - 1) * sigmas)


def uni_pc(steps, shift):
    """UniPCMultistepScheduler.set_timesteps with use_flow_sigmas."""
    alphas = np.linspace(1, 1 / 1000, steps + 1)
    sigmas = shifted(alphas[:-1], shift)
    if abs(sigmas[0] - 1) < 1e-6:
        sigmas[0] -= 1e-6
    timesteps = (sigmas * 1000).copy()
    return timesteps.astype(np.int64).tolist(), [float(x) for x in sigmas.astype(f32)] + [0.0]


def flow_euler(steps, shift):
    """FlowMatchEulerDiscreteScheduler, made and then set_timesteps."""
    trained = np.linspace(1, 1000, 1000, dtype=f32)[::-1].copy() / f32(1000)
    trained = f32(shift) * trained / (f32(1) + f32(shift - 1) * trained)
    low, high = float(trained[-1]), float(trained[0])
    sigmas = shifted(np.linspace(high * 1000, low * 1000, steps) / 1000, shift).astype(f32)
    return [float(x) for x in sigmas * f32(1000)], [float(x) for x in sigmas] + [0.0]


made = [
    {"steps": steps, "shift": shift, "uni_pc": uni_pc(steps, shift), "flow_euler": flow_euler(steps, shift)}
    for steps in STEPS
    for shift in SHIFTS
]
(Path(__file__).parent / "../../fixtures/schedules.json").write_text(json.dumps(made, separators=(",", ":")))
