import assert from 'node:assert/strict'
import { pino } from 'pino'
import { type Model, readModel } from '../../../engine/model/model.js'
import { stateSize } from '../../../engine/pipeline/states.js'
import { generationParams } from '../../../formats/generation.js'
import type { ProverEngine } from '../../../prover/engines/prover-engine.js'
import { startEngines } from '../../../prover/engines/start-engines.js'
import type { RequestOptions } from '../../../wire/client.js'
import { fetchInfo } from '../../../wire/info.js'
import { requestOpening } from '../../../wire/open.js'
import { TINY_MODEL } from '../../engine/fixtures.js'
import { until } from '../../support/until.js'
import { gate, type Site, withSite } from '../site.js'

/** Steps: long enough to be killed amid them. */
const LONG = 16

describe('a prover with a process for each GPU', function () {
  this.timeout(120_000)
  let engines: ProverEngine[]
  let model: Model
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => logged.push(line) })

  before(async () => {
    model = await readModel(TINY_MODEL)
    engines = await startEngines({
      ...{ modelDir: TINY_MODEL, device: 'cpu', count: 2, log, firstPauseMs: 10 },
    })
  })

  after(() => Promise.all(engines.map((engine) => engine.close())))

  const pids = () =>
    logged.flatMap((line) => {
      const { msg, pid } = JSON.parse(line) as { msg: string; pid: number }
      return /is ready/.test(msg) ? [pid] : []
    })

  function bodyOf(site: Site, steps: number) {
    const { width, height, frames, fps, name } = engines[0]!.descriptor!
    const sizes = { width, height, num_frames: frames, fps }
    return site.body({
      model: name,
      sampling_params: { seed: 7, num_inference_steps: steps, guidance_scale: 3, ...sizes },
    })
  }

  async function atWork(site: Site, changes: Partial<RequestOptions> = {}) {
    const begun = gate()
    const body = bodyOf(site, LONG)
    const outcome = site.ask(body, {
      modelRoot: engines[0]!.modelRoot,
      onRecord: (header) => {
        if (header.type === 'progress') begun.open()
      },
      ...changes,
    })
    await Promise.race([begun.passed, outcome])
    return { body, outcome }
  }

  it('serves on both at once; one that is killed fails its request, retryably, and comes back', async () => {
    await withSite({ engines }, async (site) => {
      const info = () => fetchInfo({ address: site.address, allowPrivate: true })
      const { gpus, capacity } = await info()
      assert.deepEqual([gpus, capacity], [2, 4])
      const [one, two] = await Promise.all([atWork(site), atWork(site)])
      assert.equal(pids().length, 2)
      process.kill(pids()[0]!, 'SIGKILL')
      const outcomes = await Promise.all([one.outcome, two.outcome])
      const failed = outcomes.filter(({ kind }) => kind === 'failed')
      assert.equal(failed.length, 1, JSON.stringify(outcomes))
      assert.ok(failed[0]!.kind === 'failed' && failed[0]!.reason === 'error')
      await until('it to come back', async () => (await info()).gpus === 2 && pids().length === 3)
      for (const { body, outcome } of [one, two]) {
        const first = await outcome
        const again = await site.ask(body, { modelRoot: engines[0]!.modelRoot })
        assert.equal(again.kind, 'answered')
        if (first.kind === 'answered' && again.kind === 'answered') {
          assert.equal(again.signature, first.signature)
        }
        // Whichever process made it: states are kept by the prover itself.
        const opened = await requestOpening({
          ...{ address: site.address, receiver: site.receiver, signer: site.alice },
          ...{ requestId: body.request_id, step: LONG, frame: 1, allowPrivate: true },
          expected: { steps: LONG, frames: body.sampling_params.num_frames },
          stateBytes: (i) => 4 * stateSize(generationParams(body), model.config.shape, i),
          deadlineMs: 10_000,
        })
        assert.equal(opened.kind, 'opened', JSON.stringify(opened))
      }
    })
  })
})
