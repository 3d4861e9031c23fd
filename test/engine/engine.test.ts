import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openEngine } from '../../engine/engine.js'
import { EngineError } from '../../engine/errors.js'
import { digestOf } from '../../engine/pipeline/digest.js'
import type { Generator } from '../../engine/pipeline/generator.js'
import { fromHex, toHex } from '../../formats/bytes.js'
import { framesSha256 } from '../../formats/frames.js'
import { traceRoot } from '../../formats/trace.js'
import { generateFrames, RANDOM_MODEL, smallParams } from './fixtures.js'

const withCode = (code: string) => (error: unknown) =>
  error instanceof EngineError && error.code === code

describe('A generator', () => {
  let generator: Generator
  before(async () => {
    generator = await openEngine({ modelDir: RANDOM_MODEL, device: 'cpu' })
  })
  after(() => generator.close())

  it('commits to its states and frames by digests that hash to the root', async () => {
    const states: [number, readonly Float32Array[]][] = []
    const params = smallParams(generator, { steps: 3 })
    const { frames, ...generated } = await generateFrames(generator, params, {
      onState: (i, tensors) => void states.push([i, tensors]),
    })
    assert.deepEqual(
      states.map(([i, tensors]) => [i, ...tensors.map(({ length }) => length)]),
      [
        [0, 32],
        [1, 32, 32],
        [2, 32, 32],
        [3, 32],
      ],
    )
    const stepDigests = states.map(([, tensors]) => toHex(digestOf(...tensors)))
    assert.deepEqual(generated.stepDigests, stepDigests)
    const frameDigests = frames.map((frame) => toHex(digestOf(frame)))
    assert.deepEqual(generated.frameDigests, frameDigests)
    assert.equal(generated.framesSha256, framesSha256(params, frameDigests.map(fromHex)))
    assert.equal(
      generated.traceRoot,
      traceRoot(stepDigests.map(fromHex), frameDigests.map(fromHex)),
    )
  })

  it('reports each step, and that a prompt was cut', async () => {
    const heard: unknown[] = []
    const { warnings } = await generator.generate(
      smallParams(generator, { prompt: 'moon '.repeat(100) }),
      {
        onWarning: (warning) => heard.push(warning),
        onProgress: (step, steps) => heard.push([step, steps]),
      },
    )
    assert.deepEqual(warnings, ['prompt_truncated'])
    assert.deepEqual(heard, ['prompt_truncated', [1, 2], [2, 2]])
  })

  it('gives two concurrent requests what each gets alone', async () => {
    const requests = [1, 2].map((seed) => smallParams(generator, { seed }))
    const together = await Promise.all(requests.map((params) => generator.generate(params)))
    for (const [i, params] of requests.entries()) {
      const alone = await generator.generate(params)
      assert.equal(together[i]!.traceRoot, alone.traceRoot)
    }
    assert.notEqual(together[0]!.framesSha256, together[1]!.framesSha256)
  })

  it('heeds prompt, negative prompt and guidance, and at guidance 1 no negative prompt', async () => {
    const hash = async (change: Parameters<typeof smallParams>[1]) =>
      (await generator.generate(smallParams(generator, change))).framesSha256
    const hashes = [
      await hash({ guidance: 9 }),
      await hash({ guidance: 9, prompt: 'a cat' }),
      await hash({ guidance: 9, negativePrompt: 'rain' }),
      await hash({ guidance: 5 }),
      await hash({ guidance: 1 }),
    ]
    assert.equal(new Set(hashes).size, hashes.length)
    assert.equal(await hash({ guidance: 1, negativePrompt: 'rain' }), hashes[4])
    assert.equal(await hash({ guidance: 0.5 }), hashes[4])
  })

  it('stops between two steps when it is cancelled', async () => {
    const controller = new AbortController()
    let last = 0
    const running = generator.generate(smallParams(generator, { steps: 200 }), {
      signal: controller.signal,
      onProgress: (step) => {
        last = step
        if (step === 2) controller.abort()
      },
    })
    await assert.rejects(running, withCode('cancelled'))
    assert.ok(last < 20, `went on to step ${last}`)
  })

  it('stops between two frames, and does not begin when cancelled before', async () => {
    const controller = new AbortController()
    const seen: number[] = []
    const running = generator.generate(smallParams(generator, { frames: 8 }), {
      signal: controller.signal,
      onFrame: (index) => {
        seen.push(index)
        if (index === 2) controller.abort()
      },
    })
    await assert.rejects(running, withCode('cancelled'))
    assert.deepEqual(seen, [1, 2])
    const { signal } = controller
    await assert.rejects(
      generator.generate(smallParams(generator), { signal }),
      withCode('cancelled'),
    )
  })

  it('lets a waiting caller give up immediately, and serves those behind it', async () => {
    const controller = new AbortController()
    const order: string[] = []
    const first = generator.generate(smallParams(generator, { steps: 20 }))
    const second = generator.generate(smallParams(generator), { signal: controller.signal })
    const third = generator.generate(smallParams(generator))
    const told = Promise.all([
      first.then(() => order.push('first')),
      assert.rejects(second, withCode('cancelled')).then(() => order.push('second')),
      third.then(() => order.push('third')),
    ])
    controller.abort()
    await told
    assert.deepEqual(order, ['second', 'first', 'third'])
  })

  it('ends with what a hook threw, and goes on serving', async () => {
    const failure = new Error('the hook failed')
    for (const hook of ['onFrame', 'onState', 'onProgress'] as const) {
      const running = generator.generate(smallParams(generator, { frames: 1 }), {
        [hook]: () => {
          throw failure
        },
      })
      await assert.rejects(running, failure, hook)
    }
    await generator.generate(smallParams(generator))
  })

  it('refuses a bad request immediately', async () => {
    const params = { ...smallParams(generator), width: 65 }
    await assert.rejects(generator.generate(params), withCode('invalid_request'))
  })

  it('lets the process end while a network runs', async () => {
    const script = fileURLToPath(new URL('./exit-during-run.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: 'ignore' })
    const [code, signal] = await once(child, 'exit')
    assert.deepEqual([code, signal], [7, null])
  })

  it('when closed, cancels what runs and serves no more', async () => {
    const own = await openEngine({ modelDir: RANDOM_MODEL, device: 'cpu' })
    const running = assert.rejects(
      own.generate(smallParams(own, { steps: 500 })),
      withCode('cancelled'),
    )
    await own.close()
    await running
    await own.close()
    await assert.rejects(own.generate(smallParams(generator)), withCode('closed'))
  })
})
