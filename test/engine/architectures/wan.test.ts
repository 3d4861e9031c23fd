import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { certifyRun, certifyTasks } from '../../../engine/class/certify-run.js'
import { type Engine, openEngine } from '../../../engine/engine.js'
import { EngineError } from '../../../engine/errors.js'
import { knownAnswersOf } from '../../../engine/model/known-answers.js'
import { readModel } from '../../../engine/model/model.js'
import { frameDeviation, stateDeviation } from '../../../engine/pipeline/deviation.js'
import { digestOf } from '../../../engine/pipeline/digest.js'
import { completeParams } from '../../../engine/pipeline/params.js'
import { joinState } from '../../../engine/pipeline/states.js'
import { toHex } from '../../../formats/bytes.js'
import type { GenerationParams } from '../../../formats/generation.js'
import { WAN_MODEL, wanGolden } from '../fixtures.js'

/** Works on a copy of the model in which some values of one JSON file are others. */
async function withChanged(
  file: string,
  changes: object,
  work: (dir: string) => Promise<void>,
): Promise<void> {
  const parent = await mkdtemp(path.join(tmpdir(), 'fractal-wan-'))
  try {
    const dir = path.join(parent, 'model')
    await cp(WAN_MODEL, dir, { recursive: true })
    const json = JSON.parse(await readFile(path.join(dir, file), 'utf8'))
    await writeFile(path.join(dir, file), JSON.stringify({ ...json, ...changes }))
    await work(dir)
  } finally {
    await rm(parent, { recursive: true })
  }
}

describe('A folder of Wan’s architecture', () => {
  const refused = [
    ['text_encoder/config.json', { d_model: 64 }, 'model_invalid', /64 wide.* 48 wide/],
    ['transformer/config.json', { in_channels: 36 }, 'model_invalid', /36 channels/],
    ['transformer/config.json', { image_dim: 1280 }, 'unsupported_model', /image_dim/],
    ['model_index.json', { expand_timesteps: true }, 'unsupported_model', /expand_timesteps/],
    [
      'model_index.json',
      { transformer_2: ['diffusers', 'WanTransformer3DModel'] },
      'unsupported_model',
      /transformer_2/,
    ],
    [
      'model_index.json',
      { scheduler: ['diffusers', 'DDIMScheduler'] },
      'unsupported_model',
      /DDIMScheduler as scheduler; this engine runs UniPC/,
    ],
    ['scheduler/scheduler_config.json', { solver_order: 3 }, 'unsupported_model', /solver_order/],
    [
      'scheduler/scheduler_config.json',
      { use_karras_sigmas: true },
      'unsupported_model',
      /use_karras_sigmas/,
    ],
    [
      'scheduler/scheduler_config.json',
      { use_dynamic_shifting: true },
      'unsupported_model',
      /use_dynamic_shifting/,
    ],
    [
      'scheduler/scheduler_config.json',
      { disable_corrector: [0] },
      'unsupported_model',
      /disable_corrector/,
    ],
    [
      'scheduler/scheduler_config.json',
      { prediction_type: 'epsilon' },
      'unsupported_model',
      /prediction_type/,
    ],
    [
      'vae_decoder/config.json',
      { latents_mean: [0] },
      'model_invalid',
      /1 means and 16 deviations for 16/,
    ],
    ['vae_decoder/config.json', { is_residual: true }, 'unsupported_model', /is_residual/],
    ['fractal.json', { denoiser_batch: 2 }, 'model_invalid', /denoiser_batch/],
    ['fractal.json', { num_frames: 16 }, 'model_invalid', /16 frames of 64×64/],
    ['fractal.json', { width: 72 }, 'model_invalid', /72×64/],
  ] as const
  for (const [file, changes, code, message] of refused) {
    it(`is refused with ${JSON.stringify(changes)} in ${file}`, async () => {
      await withChanged(file, changes, async (dir) => {
        await assert.rejects(readModel(dir), (error) => {
          assert.ok(error instanceof EngineError, String(error))
          assert.equal(error.code, code)
          assert.match(error.message, message)
          return true
        })
      })
    })
  }

  it('has caps from its fractal.json, and known answers that it can make', async () => {
    const { config } = await readModel(WAN_MODEL)
    assert.deepEqual(
      knownAnswersOf(config.descriptor).map(({ frames, width, height }) => [frames, width, height]),
      [
        [9, 64, 64],
        [5, 64, 64],
        [1, 64, 64],
      ],
    )
    const video = { num_frames: 81, width: 832, height: 480, num_inference_steps: 50 }
    await withChanged('fractal.json', video, async (dir) => {
      const { caps } = (await readModel(dir)).config.shape
      assert.deepEqual([caps.pixels, caps.work], [32_348_160, 1_617_408_000])
    })
    await withChanged('fractal.json', { max_pixels: 50_000_000 }, async (dir) => {
      assert.equal((await readModel(dir)).config.shape.caps.pixels, 50_000_000)
    })
  })
})

describe('A model of Wan’s architecture', function () {
  this.timeout(240_000)
  let engine: Engine
  before(async () => {
    engine = await openEngine({ modelDir: WAN_MODEL, device: 'cpu' })
  })
  after(() => engine.close())

  const params = (changes: Partial<GenerationParams> = {}): GenerationParams => ({
    ...completeParams(
      { prompt: 'a red boat', negativePrompt: 'blurry', seed: 3 },
      engine.descriptor,
    ),
    ...{ steps: 5, frames: 5, width: 32, height: 48 },
    ...changes,
  })

  it('keeps four tensors between steps, from which each step and frame is computed again', async () => {
    const request = params()
    const states: Float32Array[] = []
    const tensors: number[] = []
    const frames: Uint8Array[] = []
    const made = await engine.generate(request, {
      onFrame: (_, rgb) => void frames.push(rgb),
      onState: (i, state) => {
        tensors[i] = state.length
        states[i] = joinState(state).state
      },
    })
    assert.deepEqual(tensors, [1, 3, 4, 4, 4, 1])
    assert.deepEqual(
      states.map((state) => state.length),
      states.map((_, i) => engine.stateSize(request, i)),
    )
    for (let step = 1; step <= request.steps; step++) {
      const opened = { step, frame: step, before: states[step - 1]!, finalLatents: states[5]! }
      const again = await engine.recomputeStep(request, opened)
      assert.equal(again.initialDigest, made.stepDigests[0])
      assert.equal(again.stateDigest, made.stepDigests[step], `step ${step}`)
      assert.equal(again.stateDigest, toHex(digestOf(states[step]!)))
      assert.equal(again.frameDigest, made.frameDigests[step - 1], `frame ${step}`)
      assert.equal(frameDeviation(again.rgb, frames[step - 1]!), 0)
    }
    // Each of the four tensors decides what comes out.
    const size = engine.stateSize(request, 0)
    for (let tensor = 0; tensor < 4; tensor++) {
      const before = states[3]!.slice()
      before[tensor * size]! += 1e-3
      const again = await engine.recomputeStep(request, {
        step: 4,
        frame: 1,
        before,
        finalLatents: states[5]!,
      })
      assert.notEqual(again.stateDigest, made.stepDigests[4], `tensor ${tensor}`)
    }
    // Another guidance is far beyond rounding.
    const other = await engine.recomputeStep(
      { ...request, guidanceMilli: 4500 },
      { step: 3, frame: 1, before: states[2]!, finalLatents: states[5]! },
    )
    assert.ok(stateDeviation(other, states[3]!) > 1_000_000)
  })

  it('goes astray nowhere: its latents are diffusers’ after each step', async () => {
    const [, , , golden] = wanGolden()
    const first: number[][] = []
    await engine.generate(golden!.params, {
      onState: (_, [latents]) => void first.push([...latents!.subarray(0, 4)]),
    })
    for (const [i, expected] of golden!.latents.entries()) {
      for (const [k, value] of expected.entries()) {
        assert.ok(Math.abs(first[i + 1]![k]! - value) < 1e-5, `step ${i + 1}`)
      }
    }
  })

  it('refuses other numbers of frames and sizes, by what was sent', async () => {
    for (const [changes, message, hint] of [
      [{ frames: 16 }, 'frames 16 is not one more than a multiple of 4.', 'Try 13 or 17.'],
      [{ width: 40 }, 'width 40 is not a multiple of 16.', 'Try 32 or 48.'],
    ] as const) {
      await assert.rejects(engine.generate(params(changes)), {
        code: 'invalid_request',
        message,
        hint,
      })
    }
  })

  it('needs no negative prompt without guidance, and says when a prompt was cut', async () => {
    const hash = async (changes: Partial<GenerationParams>) =>
      (await engine.generate(params({ steps: 1, frames: 1, ...changes }))).framesSha256
    const plain = await hash({ guidanceMilli: 1000 })
    assert.equal(await hash({ guidanceMilli: 1000, negativePrompt: 'rain' }), plain)
    assert.notEqual(await hash({ guidanceMilli: 2000 }), plain)
    const { warnings } = await engine.generate(
      params({ steps: 1, frames: 1, prompt: 'a '.repeat(600) }),
    )
    assert.deepEqual(warnings, ['prompt_truncated'])
  })

  it('is certified as any other: its runs are equal, a step and a frame of each as well', async () => {
    const tasks = certifyTasks(engine.descriptor, 3)
    assert.deepEqual(
      tasks.map(({ params: { frames } }) => frames),
      [1, 5, 9],
    )
    for (const task of tasks) {
      const run = await certifyRun(engine, task)
      assert.deepEqual([run.spotCheckOk, run.stepDeviation, run.frameDeviation], [true, 0, 0])
    }
  })

  it('runs with the scheduler of Euler’s method too, whose states are latents alone', async () => {
    const scheduler = {
      _class_name: 'FlowMatchEulerDiscreteScheduler',
      num_train_timesteps: 1000,
      shift: 3,
    }
    await withChanged(
      'model_index.json',
      { scheduler: ['diffusers', scheduler._class_name] },
      async (dir) => {
        await writeFile(
          path.join(dir, 'scheduler/scheduler_config.json'),
          JSON.stringify(scheduler),
        )
        const euler = await openEngine({ modelDir: dir, device: 'cpu' })
        try {
          const request = params({ steps: 3, frames: 1 })
          const states: (readonly Float32Array[])[] = []
          const made = await euler.generate(request, {
            onState: (_, state) => void states.push(state),
          })
          assert.deepEqual(
            states.map(({ length }) => length),
            [1, 1, 1, 1],
          )
          const opened = { step: 2, frame: 1, before: states[1]![0]!, finalLatents: states[3]![0]! }
          const again = await euler.recomputeStep(request, opened)
          assert.equal(again.stateDigest, made.stepDigests[2])
        } finally {
          await euler.close()
        }
      },
    )
  })
})
