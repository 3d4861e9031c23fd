import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { Metagraph } from '../../chain/chain.js'
import { createCallerLookup } from '../../prover/callers.js'

const OWNER = 'owner'

const neuron = (hotkey: string, validatorPermit: boolean): Metagraph['neurons'][number] => ({
  uid: 0,
  hotkey,
  coldkey: 'cold',
  axon: null,
  stakeRao: 1n,
  validatorPermit,
  lastUpdate: 0,
  registeredBlock: 1,
})

/** A chain of one metagraph that counts how often it is read. */
function chainOf(...hotkeys: string[]) {
  const chain = {
    reads: 0,
    away: false,
    hotkeys,
    permitted: ['a'],
    nowMs: 0,
    async metagraph(netuid: number): Promise<Metagraph> {
      chain.reads++
      if (chain.away) throw new Error('the chain is away')
      const neurons = chain.hotkeys.map((one) => neuron(one, chain.permitted.includes(one)))
      return { netuid, block: { number: 1, hash: '' }, neurons }
    },
  }
  const params = { subnetParams: async () => ({ ownerHotkey: OWNER }) }
  const log = pino({ level: 'silent' })
  const lookup = createCallerLookup({
    chain: Object.assign(chain, params),
    netuid: 1,
    log,
    now: () => chain.nowMs,
  })
  return { chain, lookup }
}

describe('looking callers up', () => {
  it('reads the metagraph once a minute, and once in 5 s for unknown hotkeys', async () => {
    const { chain, lookup } = chainOf('a')
    assert.equal((await lookup('a'))?.stakeRao, 1n)
    assert.equal(await lookup('b'), null)
    assert.equal(chain.reads, 1)
    chain.hotkeys.push('b')
    chain.nowMs = 5001
    assert.ok(await lookup('b'))
    assert.equal(chain.reads, 2)
    chain.nowMs += 60_000
    await lookup('a')
    assert.equal(chain.reads, 2)
    chain.nowMs += 1
    await lookup('a')
    assert.equal(chain.reads, 3)
  })

  it('learns of a new permit within 5 s: its verifier would blame us for a refusal', async () => {
    const { chain, lookup } = chainOf('b')
    assert.equal((await lookup('b'))?.validatorPermit, false)
    chain.permitted.push('b')
    chain.nowMs = 5000
    assert.equal((await lookup('b'))?.validatorPermit, false)
    chain.nowMs = 5001
    assert.equal((await lookup('b'))?.validatorPermit, true)
    assert.equal(chain.reads, 2)
  })

  it('takes the subnet’s owner for one with a permit: its weights count without', async () => {
    const { lookup } = chainOf('a', 'b', OWNER)
    const permits = await Promise.all(['a', 'b', OWNER].map(lookup))
    assert.deepEqual(
      permits.map((standing) => standing?.validatorPermit),
      [true, false, true],
    )
  })

  it('reads once for callers that come together', async () => {
    const { chain, lookup } = chainOf('a')
    await Promise.all([lookup('a'), lookup('b'), lookup('c')])
    assert.equal(chain.reads, 1)
  })

  it('uses the cached metagraph for an hour while the chain is down', async () => {
    const { chain, lookup } = chainOf('a')
    await lookup('a')
    chain.away = true
    chain.nowMs = 3_600_000
    assert.ok(await lookup('a'))
    chain.nowMs += 60_001
    await assert.rejects(lookup('a'), /away/)
  })

  it('has nothing to go on when the chain was never there', async () => {
    const { chain, lookup } = chainOf('a')
    chain.away = true
    await assert.rejects(lookup('a'), /away/)
    chain.away = false
    assert.ok(await lookup('a'))
  })
})
