import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { ChainError } from '../../../chain/errors.js'
import { axonAddress, storedIp } from '../../../chain/subtensor/axon-address.js'
import { poolRefusal } from '../../../chain/subtensor/pool-errors.js'
import { mortalEra } from '../../../chain/subtensor/sign-extrinsic.js'
import { stakeWeight } from '../../../chain/subtensor/stake-weight.js'
import {
  commitWindow,
  firstRevealAfter,
  nextEpochEnd,
  type Schedule,
  timelockWindow,
} from '../../../chain/subtensor/weights/epochs.js'
import { weightsMethod } from '../../../chain/subtensor/weights/weights-call.js'
import { toHex } from '../../../formats/bytes.js'

const { TypeRegistry }: typeof import('@polkadot/types') = createRequire(import.meta.url)(
  '@polkadot/types',
)

describe('Subtensor: axon addresses', () => {
  for (const ip of ['127.0.0.2', '255.255.255.255', '2001:db8::1', '::1', '::ffff:1.2.3.4']) {
    it(`${ip} comes back as it went`, () => {
      assert.deepEqual(axonAddress({ ...storedIp(ip), port: 8091 })?.port, 8091)
      assert.deepEqual(
        storedIp(axonAddress({ ...storedIp(ip), port: 8091 })!.ip),
        storedIp(ip),
        'the same integer and kind',
      )
    })
  }
  it('is the big-endian integer', () => {
    assert.deepEqual(storedIp('127.0.0.2'), { ip: 2130706434n, ipType: 4 })
  })
  it('is none without address, port or a kind that is known, and when the integer is too large', () => {
    assert.equal(axonAddress({ ip: 0n, ipType: 4, port: 1 }), null)
    assert.equal(axonAddress({ ip: 5n, ipType: 4, port: 0 }), null)
    assert.equal(axonAddress({ ip: 5n, ipType: 5, port: 1 }), null)
    assert.equal(axonAddress({ ip: 1n << 32n, ipType: 4, port: 1 }), null)
    for (const ip of ['example.org', '203.0.113', '010.0.0.1']) {
      assert.throws(() => storedIp(ip), { code: 'InvalidIpType' }, ip)
    }
    assert.throws(() => storedIp('0.0.0.0'), { code: 'InvalidIpAddress' })
  })
})

describe('Subtensor: mortal eras', () => {
  const registry = new TypeRegistry()
  for (const period of [4, 8, 64, 4096, 65536]) {
    it(`of ${period} blocks are those of the runtime`, () => {
      for (const current of [1, 63, 64, 65, 4095, 4096, 70_001, 5_000_003]) {
        const { era, first, last } = mortalEra(registry, period, current)
        // `Era::mortal` of sp_runtime: beyond 4096 blocks the phase is a multiple of a step.
        const step = Math.max(period >> 12, 1)
        const phase = Math.floor((current % period) / step) * step
        const encoded = (Math.log2(period) - 1) | ((phase / step) << 4)
        const bytes = Uint8Array.of(encoded & 0xff, encoded >> 8)
        assert.equal(toHex(era.toU8a()), toHex(bytes), `at ${current}`)
        assert.equal(first, current - (current % period) + phase, `birth at ${current}`)
        assert.equal(last, first + period - 1, `death at ${current}`)
      }
    })
  }
  it('are powers of two from 4 to 65536', () => {
    for (const period of [0, 2, 3, 6, 63, 131072]) {
      assert.throws(() => mortalEra(registry, period, 10), { code: 'invalid_era' }, String(period))
    }
  })
})

describe('Subtensor: what its pool refuses', () => {
  const custom = (number: number) => ({ code: 1010, said: `Invalid: Custom error: ${number}` })
  it('is named by the runtime’s version, never by the number alone', () => {
    assert.equal(poolRefusal(custom(3), 218).name, 'NotEnoughStakeToSetWeights')
    assert.equal(poolRefusal(custom(3), 425).name, 'SubnetNotExists')
    assert.deepEqual(poolRefusal(custom(3), 300), { name: 'pool_refused', custom: 3 })
    assert.deepEqual(poolRefusal(custom(99), 425), { name: 'pool_refused', custom: 99 })
  })
  it('is read from words, from JSON and from codes', () => {
    const cases: [number, string, string][] = [
      [1010, 'Invalid Transaction: Transaction is outdated', 'Stale'],
      [1010, 'Transaction has a bad signature', 'BadProof'],
      [1010, 'Transaction has an ancient birth block', 'AncientBirthBlock'],
      [1010, '{"invalid":{"future":null}}', 'Future'],
      [1012, 'Transaction is temporarily banned', 'TemporarilyBanned'],
      [1014, 'Priority is too low', 'TooLowPriority'],
      [1, 'something new', 'pool_refused'],
    ]
    for (const [code, said, name] of cases) {
      assert.equal(poolRefusal({ code, said }, 218).name, name, said)
    }
  })
})

describe('Subtensor: how weights can be set', () => {
  const SET = ['netuid', 'dests', 'weights', 'versionKey']
  const runtime = (calls: Record<string, string[]>) => (call: string) => calls[call] ?? null

  it('by the plain call where there is one, else by that of mechanism 0', () => {
    const both = runtime({
      setWeights: SET,
      setMechanismWeights: ['netuid', 'mecid', ...SET.slice(1)],
    })
    assert.equal(weightsMethod('set', both, 425).call, 'setWeights')
    const one = runtime({ setMechanismWeights: ['netuid', 'mecid', ...SET.slice(1)] })
    assert.equal(weightsMethod('set', one, 459).call, 'setMechanismWeights')
  })

  it('timelocked where the runtime has the call as it is known, of any mechanism', () => {
    const args = ['netuid', 'commit', 'revealRound', 'commitRevealVersion']
    const both = runtime({
      commitTimelockedWeights: args,
      commitTimelockedMechanismWeights: ['netuid', 'mecid', ...args.slice(1)],
    })
    assert.equal(weightsMethod('timelock', both, 425).call, 'commitTimelockedWeights')
    assert.equal(weightsMethod('timelock', both, 425, 2).call, 'commitTimelockedMechanismWeights')
    const newer = runtime({ commitTimelockedWeights: [...args, 'proof'] })
    assert.throws(() => weightsMethod('timelock', newer, 500), { code: 'weights_unsupported' })
  })

  it('of another mechanism only by calls that name it', () => {
    const both = runtime({
      setWeights: SET,
      setMechanismWeights: ['netuid', 'mecid', ...SET.slice(1)],
    })
    assert.equal(weightsMethod('set', both, 425, 1).call, 'setMechanismWeights')
    assert.throws(() => weightsMethod('set', runtime({ setWeights: SET }), 218, 1), {
      code: 'weights_unsupported',
      message: /can't set weights of mechanism 1 by/,
    })
  })

  it('is refused with what the runtime has instead', () => {
    const older = runtime({ commitCrv3Weights: ['netuid', 'commit', 'revealRound'] })
    assert.throws(
      () => weightsMethod('commit', older, 300),
      (error: unknown) =>
        error instanceof ChainError &&
        error.code === 'weights_unsupported' &&
        !error.retryable &&
        /timelocked commits of an older kind/.test(error.message),
    )
  })

  it('is refused when the arguments are others than are known', () => {
    const changed = runtime({ setWeights: [...SET, 'nonce'] })
    assert.throws(() => weightsMethod('set', changed, 500), /its arguments differ/)
  })
})

describe('Subtensor: epochs', () => {
  it('end where nothing is left of tempo − (block + netuid + 1) mod (tempo + 1)', () => {
    const tempo = 10
    for (let block = 0; block < 50; block += 1) {
      let expected = block + 1
      while ((expected + 3 + 1) % (tempo + 1) !== tempo) expected += 1
      const found = nextEpochEnd({ kind: 'by block number', tempo }, block, 3)
      assert.equal(found, expected, `after block ${block}`)
    }
  })

  it('tell when the chain reveals what the next block commits to', () => {
    const about = { netuid: 3, head: 20, since: 0, period: 1 }
    for (const head of [20, 28, 29, 30]) {
      const first = firstRevealAfter({ kind: 'by block number', tempo: 10 }, { ...about, head })
      // Epochs of 11 blocks begin at 18, 29, 40, …: the commit's own is over at the next of them.
      assert.equal(first, head + 1 < 29 ? 29 : 40, `after block ${head}`)
    }
    const counted = { kind: 'counted', index: 7, lastEpochBlock: 15, pendingEpochAt: 0 } as const
    assert.equal(firstRevealAfter({ ...counted, tempo: 10 }, about), 25)
    assert.equal(firstRevealAfter({ ...counted, tempo: 0 }, about), null)
  })

  it('give a timelocked commit its window, whichever way they are known', () => {
    const stored = ['5F…', 20, 'abcd', 1000] as const
    const counted: Schedule = {
      ...{ kind: 'counted', tempo: 10, index: 7 },
      ...{ lastEpochBlock: 15, pendingEpochAt: 0 },
    }
    const about = { schedule: counted, period: 1, netuid: 3, head: 20 }
    const { hash, ...window } = timelockWindow(stored, 7, about)
    assert.match(hash, /^[0-9a-f]{64}$/)
    assert.deepEqual(window, { block: 20, revealFirst: 25, revealLast: 34, timelocked: true })
    const schedule = { kind: 'by block number', tempo: 10 } as const
    const byNumber = timelockWindow(stored, 2, { ...about, schedule })
    assert.deepEqual([byNumber.revealFirst, byNumber.revealLast], [29, 39])
  })

  it('are counted by newer runtimes, and one that is due runs in the next block', () => {
    const schedule = { kind: 'counted', tempo: 100, index: 7, lastEpochBlock: 500 } as const
    assert.equal(nextEpochEnd({ ...schedule, pendingEpochAt: 0 }, 520, 1), 600)
    assert.equal(nextEpochEnd({ ...schedule, pendingEpochAt: 550 }, 520, 1), 550)
    assert.equal(nextEpochEnd({ ...schedule, pendingEpochAt: 0 }, 650, 1), 651)
  })

  it('give a commit its window', () => {
    const byNumber = { kind: 'by block number', tempo: 100 } as const
    assert.deepEqual(commitWindow(['ab', 36, 99, 199], byNumber, { period: 1, head: 40 }), {
      hash: 'ab',
      block: 36,
      revealFirst: 99,
      revealLast: 199,
      timelocked: false,
    })
    const counted = {
      kind: 'counted',
      tempo: 100,
      index: 7,
      lastEpochBlock: 500,
      pendingEpochAt: 0,
    } as const
    const about = { period: 1, head: 520 }
    const now = commitWindow(['ab', 7, 510, 0], counted, about)
    assert.deepEqual([now.block, now.revealFirst, now.revealLast], [510, 600, 699])
    const open = commitWindow(['ab', 6, 410, 0], counted, about)
    assert.deepEqual([open.revealFirst, open.revealLast], [500, 599])
    // The epoch that was due at 600 is deferred: its end, and the window, are still to come.
    const late = { period: 1, head: 640 }
    const deferred = commitWindow(['ab', 7, 510, 0], counted, late)
    assert.deepEqual([deferred.revealFirst, deferred.revealLast], [641, 740])
    const stillOpen = commitWindow(['ab', 6, 410, 0], counted, late)
    assert.deepEqual([stillOpen.revealFirst, stillOpen.revealLast], [500, 640])
  })
})

describe('Subtensor: stake weight', () => {
  const WHOLE = (1n << 64n) - 1n
  const none = { parents: [], children: [] }

  it('is the stake on the subnet and the TAO weight’s part of that on the root network', () => {
    const sources = {
      alpha: new Map([['a', 1000n]]),
      root: new Map([['a', 600n]]),
      family: new Map([['a', none]]),
      rootFamily: new Map([['a', none]]),
      taoWeight: WHOLE / 2n,
    }
    assert.equal(stakeWeight('a', sources), 1000n + 299n)
  })

  it('moves from parents to children', () => {
    const half = WHOLE / 2n + 1n
    const family = new Map([
      ['a', { parents: [], children: [[half, 'b'] as const] }],
      ['b', { parents: [[half, 'a'] as const], children: [] }],
    ])
    const sources = {
      alpha: new Map([
        ['a', 1000n],
        ['b', 10n],
      ]),
      root: new Map<string, bigint>(),
      family,
      rootFamily: new Map(),
      taoWeight: 0n,
    }
    assert.equal(stakeWeight('a', sources), 500n)
    assert.equal(stakeWeight('b', sources), 510n)
  })
})
