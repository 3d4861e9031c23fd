import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { fetchProverInfos } from '../../../activities/interval/fetch-prover-infos.js'
import { CLASS, MODEL_ROOT, serving } from '../../wire/stub-prover.js'

describe('what provers declare of themselves', () => {
  /** Asks one prover whose info has these changes. */
  async function asked(changes: Record<string, unknown>) {
    const info = {
      ...{ versions: {}, software: {}, hotkey: 'a', model: 'fake', model_root: MODEL_ROOT },
      ...{ determinism_class: CLASS, capacity: 2, queue_length: 0, ...changes },
    }
    const listener: RequestListener = (_, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(info))
    }
    const neuron = {
      ...{ uid: 0, hotkey: 'a', coldkey: 'c', stakeRao: 0n, validatorPermit: false },
      ...{ lastUpdate: 0, registeredBlock: 1 },
    }
    const [facts] = await serving(listener, (axon) =>
      fetchProverInfos(
        { allowPrivateAddresses: true },
        [{ ...neuron, axon }],
        new AbortController().signal,
      ),
    )
    return facts!
  }

  it('counts as two requests for each of 1 to 64 GPUs, whatever the number', async () => {
    for (const [declared, counted] of [
      [0, 2],
      [1, 2],
      [2, 2],
      [3, 2],
      [8, 8],
      [128, 128],
      [1_000_000, 128],
    ]) {
      const facts = await asked({ capacity: declared, gpus: 500_000 })
      assert.deepEqual([facts.reachable, facts.capacity], [true, counted], `${declared}`)
    }
  })

  it('is no declaration where it is no number of requests', async () => {
    for (const capacity of [-1, 1.5, 1e300, '2', null, [2]]) {
      const { reachable, unreachableReason } = await asked({ capacity })
      assert.equal(reachable, false, JSON.stringify(capacity))
      assert.match(unreachableReason!, /capacity/)
    }
  })
})
