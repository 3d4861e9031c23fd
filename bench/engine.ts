/**
 * A video of the bundled model on the CPU: how much of its time passes outside onnxruntime's `session.run`, and memory.
 * With FRACTAL_EXPORT_PYTHON (a Python that has the exporter's packages, docs/models.md) also a random model of diffusers'
 * form, made and exported for this, beside torch and diffusers on one thread too, as the engine has on a CPU.
 * Run: npm run bench -- engine [--rounds 5]
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readModel } from '../engine/model/model.js'
import { defaultModelDir } from '../engine/models/default-model.js'
import { completeParams } from '../engine/pipeline/params.js'
import { Pipeline } from '../engine/pipeline/pipeline.js'
import { setNativeEnvironment } from '../engine/runtime/native-environment.js'
import { NativeGate } from '../engine/runtime/native-gate.js'
import { report, reportLeftOut } from './support/figures.js'
import { median, timed } from './support/measure.js'
import { measureTorch } from './support/torch-video.js'
import { benchOptions } from './support/whole-options.js'

const { rounds } = benchOptions('engine')
const PROMPT = 'a red circle moves right on a blue background'
const EXPORTER = fileURLToPath(new URL('../tools/export-model', import.meta.url))
const MEBIBYTE = 2 ** 20

/** Every call of a network passes it. */
class TimedGate extends NativeGate {
  ms = 0

  override async pass<T>(call: () => Promise<T>): Promise<T> {
    const from = performance.now()
    try {
      return await super.pass(call)
    } finally {
      this.ms += performance.now() - from
    }
  }
}

interface Measured {
  readonly videoMs: number
  readonly insideMs: number
  readonly frames: Uint8Array
  readonly mebibytes: number
}

setNativeEnvironment('cpu')
const bundled = defaultModelDir()
for (const side of [64, 128]) {
  const { videoMs, insideMs, mebibytes } = await measure(bundled, { width: side, height: side })
  const name = `the bundled model, 16 frames of ${side}×${side}`
  report(`${name}: a video`, videoMs, 'ms', { beside: ['session.run in it', insideMs] })
  report(`${name}: outside session.run`, (100 * (videoMs - insideMs)) / videoMs, '%')
  report(`${name}: the process`, mebibytes, 'MiB')
}
const python = process.env.FRACTAL_EXPORT_PYTHON
if (python === undefined) {
  reportLeftOut('beside torch and diffusers', 'FRACTAL_EXPORT_PYTHON names no Python')
} else await besideTorch(python)

async function measure(
  modelDir: string,
  size: { width?: number; height?: number },
): Promise<Measured> {
  const gate = new TimedGate()
  const model = await readModel(modelDir)
  const pipeline = await Pipeline.open(model, 'cpu', gate)
  model.files.bytes.clear()
  try {
    const params = completeParams({ prompt: PROMPT, seed: 7, ...size }, model.config.descriptor)
    const [videos, inside]: [number[], number[]] = [[], []]
    let frames: Uint8Array[] = []
    // The first warms it.
    for (let round = -1; round < rounds; round += 1) {
      gate.ms = 0
      frames = []
      const ms = await timed(() =>
        pipeline.generate(params, { onFrame: (_, rgb) => void frames.push(rgb) }),
      )
      if (round < 0) continue
      videos.push(ms)
      inside.push(gate.ms)
    }
    return {
      videoMs: median(videos),
      insideMs: median(inside),
      frames: Buffer.concat(frames),
      mebibytes: process.memoryUsage().rss / MEBIBYTE,
    }
  } finally {
    await pipeline.release()
  }
}

async function besideTorch(python: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
  const [source, modelDir] = [join(folder, 'source'), join(folder, 'model')]
  const run = (script: string, ...args: string[]) =>
    promisify(execFile)(python, [join(EXPORTER, script), ...args], { cwd: EXPORTER })
  try {
    await run('random_model.py', source, '--tokenizer', join(bundled, 'tokenizer'))
    const shape = ['--steps', '12', '--frames', '16', '--width', '64', '--height', '64']
    await run(
      ...(['export_model.py', source, '--out', modelDir, '--name', 'random'] as const),
      ...['--precision', 'fp32', ...shape],
    )
    const own = await measure(modelDir, {})
    process.env.OMP_NUM_THREADS = '1'
    const [torch] = await measureTorch({
      ...{ python, source, modelDir, runs: rounds, device: 'cpu', precisions: 'fp32', others: [] },
      frames: own.frames,
    })
    if (torch === undefined || 'failed' in torch) {
      reportLeftOut('beside torch and diffusers', torch?.failed ?? 'it said nothing')
      return
    }
    report('a random model, 16 frames of 64×64, 12 steps, fp32: a video', own.videoMs, 'ms', {
      beside: ['torch and diffusers on one thread', 1000 * torch.video_s],
      goal: { of: 'ratio', most: 1 },
    })
    report('the same: memory of the process', own.mebibytes, 'MiB', {
      beside: ['torch and diffusers at most', torch.peak_mib ?? Number.NaN],
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
