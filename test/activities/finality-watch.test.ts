import assert from 'node:assert/strict'
import { createWaitForBlock } from '../../activities/interval/wait-for-block.js'
import { FinalityWatch } from '../../activities/shared/finality-watch.js'
import { ChainError } from '../../chain/errors.js'
import { pollMs } from '../../chain/local/adapter.js'
import { SILENT } from '../chain/local-harness.js'
import { useDatabase } from '../support/postgres.js'
import { chainWith, makeVerifier, run, useChain } from './verifier-site.js'

describe('activities: waiting for final blocks', () => {
  const database = useDatabase()
  const chainHarness = useChain()

  it('asks the chain once for all that wait, however many', async () => {
    const { deps, harness } = await makeVerifier(chainHarness(), database().db)
    const rounds = 50
    let asked = 0
    const chain = chainWith(deps.chain, {
      finalized: async () => {
        asked += 1
        // One outage, while all of them wait.
        if (asked === rounds + 2) {
          throw new ChainError('chain_timeout', 'no answer', { retryable: true })
        }
        return deps.chain.finalized()
      },
    })
    const warnings: string[] = []
    const log = { ...deps.log, warn: (_: unknown, line: string) => warnings.push(line) } as never
    const wait = createWaitForBlock({ ...deps, chain, finality: new FinalityWatch(chain, log) })
    const block = (await deps.chain.finalized()).number + 8
    const started = performance.now()
    const waiting = Promise.all(Array.from({ length: rounds }, () => run(wait, { block })))
    const mine = setInterval(() => void harness.advance(1), 200)
    try {
      await waiting
    } finally {
      clearInterval(mine)
    }
    const looks = Math.ceil((performance.now() - started) / pollMs(deps.chain.blockSeconds))
    // Once by each, when it begins; then all together.
    assert.ok(asked <= rounds + looks + 1, `${asked} questions in ${looks} looks`)
    assert.deepEqual(warnings, ['the chain did not answer; will retry'])
  })

  it('goes by what the node told, and asks only when it learned of no block for the time of two', async () => {
    let asked = 0
    const chain = (blockSeconds: number) => ({
      blockSeconds,
      nextFinalized: async (after: number) => after + 1,
      finalized: async () => {
        asked += 1
        return { number: 40, hash: '' }
      },
    })
    const [slow, quick] = [12, 0].map((seconds) => new FinalityWatch(chain(seconds), SILENT))
    await run(async () => {
      assert.equal((await slow!.newest()).number, 40)
      assert.equal((await slow!.next()).number, 41)
      assert.equal((await slow!.newest()).number, 41)
      assert.equal(asked, 1)
      await quick!.newest()
      await quick!.newest()
      assert.equal(asked, 3)
    }, undefined)
  })
})
