import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SHARE_WINDOW_INTERVALS } from '../../../rules/constants.js'
import { provenCapacity, tierLimitPpm } from '../../../rules/settle/capacity.js'
import { countOffers, offerSharePpm } from '../../../rules/settle/offer-share.js'
import { settle } from '../../../rules/settle/settle.js'
import type { AnswerRow, ShareCounts, WideRequest } from '../../../rules/settle/settlement.js'
import { countShares, NO_COUNTS, sumWindow } from '../../../rules/settle/share-counts.js'
import { countWideRound, wideSharePpm } from '../../../rules/settle/wide-share.js'
import {
  answer,
  failure,
  interval,
  provenWindow,
  prover,
  refusal,
  times,
  wideRequest,
  wideRound,
} from '../rows.js'
import { someInterval, someWindow, wideRequests } from './some-interval.js'

const p = prover('p')
const RUNS = { seed: 20261129, numRuns: 400 }

/** A request in flight when the round began. */
function flying(more: Partial<WideRequest> = {}): WideRequest {
  return wideRequest({ ofRound: false, kind: 'inference', ...more })
}

function counted(gpus: number, ...requests: WideRequest[]): [kept: number, slots: number] {
  const { kept, slots } = countWideRound(wideRound(p, { gpus, requests }))
  return [kept, slots]
}

describe('a wide round', () => {
  it('has two slots a GPU, kept by what is delivered', () => {
    assert.deepEqual(counted(1, wideRequest(), wideRequest()), [2, 2])
    assert.deepEqual(counted(1, wideRequest(), wideRequest({ outcome: 'failure' })), [1, 2])
    assert.deepEqual(counted(2, ...times(4, wideRequest)), [4, 4])
  })

  it('what was in flight keeps a slot too, unless it is a user’s that does not count', () => {
    assert.deepEqual(counted(1, flying(), wideRequest()), [2, 2])
    assert.deepEqual(counted(1, flying({ counted: false }), wideRequest()), [1, 2], 'a shield')
    assert.deepEqual(
      counted(1, flying({ kind: 'challenge' }), flying({ kind: 'wide', counted: false })),
      [2, 2],
    )
    assert.deepEqual(counted(1, flying({ outcome: 'failure' }), wideRequest()), [1, 2])
  })

  it('counts the same in whatever order its answers come', () => {
    fc.assert(
      fc.property(
        wideRequests.chain((requests) =>
          fc.tuple(
            fc.constant(requests),
            fc.shuffledSubarray(requests, { minLength: requests.length }),
          ),
        ),
        fc.integer({ min: 1, max: 4 }),
        ([requests, others], gpus) => {
          assert.deepEqual(counted(gpus, ...others), counted(gpus, ...requests))
        },
      ),
      RUNS,
    )
  })

  it('more in flight than it has room for make no more slots', () => {
    assert.deepEqual(counted(1, ...times(4, flying)), [2, 2])
    assert.deepEqual(
      counted(1, flying(), flying(), flying({ outcome: 'failure' }), flying({ lost: true })),
      [1, 1],
    )
  })

  it('cancelled and lost requests, and what is not stored any more, leave no slot', () => {
    const gone = [flying({ outcome: 'neutral' }), wideRequest({ lost: true })]
    assert.deepEqual(counted(1, ...gone), [0, 0])
    assert.deepEqual(counted(1, flying({ outcome: 'failure', lost: true }), wideRequest()), [1, 1])
    assert.deepEqual(counted(1, wideRequest()), [1, 1])
    assert.deepEqual(counted(1), [0, 0])
  })

  it('a refusal costs its slot, unless what is shown fills the prover', () => {
    const refused = (...taken: string[]) => wideRequest({ outcome: 'refused', taken })
    assert.deepEqual(counted(1, refused(), refused()), [0, 2])
    assert.deepEqual(counted(1, wideRequest(), refused()), [1, 2])
    // One accepted, one shown to be at work on for another verifier: it has no room.
    assert.deepEqual(counted(1, wideRequest(), refused('a')), [1, 1])
    assert.deepEqual(counted(1, flying(), refused('a')), [1, 1])
    // Together: neither shows enough alone.
    assert.deepEqual(counted(1, refused('a'), refused('b')), [0, 0])
    // Each request counts once, however often it is shown.
    assert.deepEqual(counted(1, refused('a', 'a'), refused('a')), [0, 2])
    assert.deepEqual(counted(2, refused('a'), refused('b'), refused('c'), refused()), [0, 4])
  })

  it('a request that was in flight and refused then is judged by itself', () => {
    const refused = (more: Partial<WideRequest>) => flying({ outcome: 'refused', ...more })
    assert.deepEqual(counted(1, refused({ taken: ['a'] }), wideRequest()), [1, 2])
    assert.deepEqual(counted(1, refused({ inFlight: 1, taken: ['a'] }), wideRequest()), [1, 1])
    assert.deepEqual(counted(1, refused({ gpus: null, inFlight: null }), wideRequest()), [1, 2])
  })

  it('accepting one more, or delivering it, never makes it worse', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        wideRequests,
        fc.nat(6),
        someWindow,
        (gpus, requests, at, window) => {
          const share = (rows: WideRequest[]) => {
            const { slots, kept } = countWideRound(wideRound(p, { gpus, requests: rows }))
            assert.ok(kept >= 0 && kept <= slots && slots <= 2 * gpus)
            return wideSharePpm({
              wideSlots: window.wideSlots + slots,
              wideKept: window.wideKept + kept,
            })
          }
          const row = requests[at]
          if (row === undefined || !row.ofRound || row.lost || row.outcome === 'neutral') return
          const as = (outcome: WideRequest['outcome']) =>
            share(requests.map((other) => (other === row ? { ...row, outcome } : other)))
          assert.ok(as('success') >= as('failure'))
          // Had it refused, it might have been excused: but of one that it could not do only.
          const excused = requests.some((other) => (other.taken ?? []).length > 0)
          if (!excused) assert.ok(as('failure') >= as('refused'))
        },
      ),
      RUNS,
    )
  })
})

function offers(...rows: AnswerRow[]): [accepted: number, offered: number] {
  const { accepted, offered } = countOffers(rows, new Set(['lost']))
  return [accepted, offered]
}

describe('offers', () => {
  it('are what is sent while there is room, accepted unless refused', () => {
    assert.deepEqual(offers(answer(p), failure(p), refusal(p)), [2, 3])
    assert.deepEqual(
      offers(answer(p, { kind: 'challenge' }), answer(p, { counted: false })),
      [2, 2],
    )
    const full = { gpus: 2, inFlight: 4 }
    assert.deepEqual(offers(answer(p, full), refusal(p, full)), [0, 0])
    assert.deepEqual(offers(refusal(p, { gpus: 2, inFlight: 3 })), [0, 1])
  })

  it('are not wide requests, cancelled or lost ones, or what an older version sent', () => {
    assert.deepEqual(
      offers(
        answer(p, { kind: 'wide' }),
        refusal(p, { kind: 'wide' }),
        answer(p, { outcome: 'neutral', reason: 'cancelled' }),
        failure(p, { requestId: 'lost' }),
        answer(p, { gpus: null, inFlight: null }),
      ),
      [0, 0],
    )
  })

  it('a refusal is none when the prover shows what keeps it busy', () => {
    assert.deepEqual(offers(refusal(p, { taken: ['a', 'b'] })), [0, 0])
    assert.deepEqual(offers(refusal(p, { taken: ['a', 'a'] })), [0, 1])
    assert.deepEqual(offers(refusal(p, { inFlight: 1, taken: ['a'] })), [0, 0])
    assert.deepEqual(offers(refusal(p, { taken: null })), [0, 1])
  })

  it('share one and all of it', () => {
    assert.equal(offerSharePpm({ offered: 0, accepted: 0 }), 1_000_000)
    assert.equal(offerSharePpm({ offered: 1, accepted: 0 }), 500_000)
    assert.equal(offerSharePpm({ offered: 10, accepted: 9 }), 909_090)
  })
})

const counts = (more: Partial<ShareCounts> = {}): ShareCounts => ({ ...provenWindow(p), ...more })

describe('capacity', () => {
  it('is what the newest round and the mean of all allow', () => {
    const of = (rounds: number, gpus: number, newest: number | null) => {
      const window = counts({ wideRounds: rounds, wideGpus: gpus, newestWideGpus: newest })
      return provenCapacity(window, null).capacityPpm
    }
    assert.equal(of(40, 40, 1), 1_000_000)
    // Grown from 1 to 4 in the last of ten rounds: 13 / 10. Shrunk from 4 to 1: at once.
    assert.equal(of(10, 13, 4), 1_300_000)
    assert.equal(of(10, 37, 1), 1_000_000)
    assert.equal(of(3, 4, 2), 1_333_333)
    assert.equal(of(0, 0, null), 0)
  })

  it('is paid by both shares, up to the tier’s limit', () => {
    const shown = { wideGpus: 8, newestWideGpus: 4 }
    assert.equal(provenCapacity(counts(shown), null).paidCapacityPpm, 4_000_000)
    const wide = counts({ ...shown, wideSlots: 16, wideKept: 12 })
    assert.equal(provenCapacity(wide, null).paidCapacityPpm, 3_000_000)
    const refusing = { ...wide, offered: 9, accepted: 4 }
    assert.deepEqual(provenCapacity(refusing, null), {
      wideSharePpm: 750_000,
      offerSharePpm: 500_000,
      capacityPpm: 4_000_000,
      paidCapacityPpm: 1_500_000,
    })
    assert.equal(provenCapacity(refusing, 1_157_407).paidCapacityPpm, 1_157_407)
    assert.equal(provenCapacity(counts({ wideSlots: 0, wideKept: 0 }), null).paidCapacityPpm, 0)
  })

  it('of a tier is what its limit of requests keeps busy', () => {
    // 500 · 10 s in 4320 s, 3500 · 25 s, 100000 · an hour.
    assert.equal(tierLimitPpm('bronze', 10_000_000, 360), 1_157_407)
    assert.equal(tierLimitPpm('silver', 25_000_000, 360), 20_254_629)
    assert.equal(tierLimitPpm('challenger', 3_600_000_000, 360), 83_333_333_333)
    assert.equal(tierLimitPpm('bronze', null, 360), null)
  })
})

describe('the window', () => {
  it('adds intervals up, and takes the newest round of the last that has one', () => {
    const row = (n: number, more: Partial<ShareCounts>) => ({
      ...{ hotkey: `p${n}`, registeredBlock: 1 },
      ...{ ...NO_COUNTS, ...more },
    })
    const rows = [
      row(2, { wideRounds: 2, wideGpus: 8, newestWideGpus: 4, wideSlots: 16, wideKept: 15 }),
      row(1, { offered: 3, accepted: 2 }),
      row(2, { wideRounds: 1, wideGpus: 2, newestWideGpus: 2, wideSlots: 4, wideKept: 4 }),
      row(2, { offered: 5, accepted: 5 }),
    ]
    assert.deepEqual(sumWindow(rows), [
      row(1, { offered: 3, accepted: 2 }),
      row(2, {
        ...{ wideRounds: 3, wideGpus: 10, newestWideGpus: 2, wideSlots: 20, wideKept: 19 },
        ...{ offered: 5, accepted: 5 },
      }),
    ])
    assert.deepEqual(sumWindow([]), [])
  })

  it('takes rounds in their order, whatever order the rows have', () => {
    const rounds = [
      wideRound(p, { n: 4, round: 2, gpus: 1 }),
      wideRound(p, { n: 5, round: 1, gpus: 2 }),
      wideRound(p, { n: 4, round: 1, gpus: 3 }),
    ]
    for (const rows of [rounds, rounds.toReversed()]) {
      const { newestWideGpus, wideGpus, wideSlots } = countShares(rows, [], new Set())
      assert.deepEqual([newestWideGpus, wideGpus, wideSlots], [2, 6, 6])
    }
  })

  it('is added to by each interval, and forgotten with the last of the twenty', () => {
    const full = times(SHARE_WINDOW_INTERVALS - 1, () => provenWindow(p))
    const [before] = sumWindow(full)
    const settled = settle(
      interval({
        provers: [p],
        window: [before!],
        wideRounds: [
          wideRound(p, { requests: times(2, () => wideRequest({ outcome: 'failure' })) }),
        ],
        answers: [refusal(p), answer(p)],
      }),
    ).provers[0]!
    assert.equal(settled.wideSharePpm, Math.floor((76 * 1_000_000) / 78))
    assert.equal(settled.offerSharePpm, 666_666)
    const { wideRounds, wideSlots, wideKept, offered, accepted } = settled
    assert.deepEqual([wideRounds, wideSlots, wideKept, offered, accepted], [1, 2, 0, 2, 1])
  })
})

describe('what pays', () => {
  it('nothing is paid before the first wide round', () => {
    const settled = settle(interval({ provers: [p], window: [], answers: [answer(p)] }))
    const [only] = settled.provers
    assert.deepEqual([only!.meanRewardPpm, only!.wideSharePpm, only!.observationPpm], [1e6, 0, 0])
    assert.equal(only!.offerSharePpm, 1_000_000)
  })

  it('accepting what was refused, and doing it, never lowers an observation', () => {
    each(({ row, settledAs }) => {
      if (row.outcome !== 'refused') return
      const [accepted, refused] = [
        settledAs({ outcome: 'success', reason: 'served' }),
        settledAs({}),
      ]
      // Without any slot left there is no observation: the score fades instead.
      if (refused !== null)
        assert.ok(accepted! >= refused, `${accepted} accepted, ${refused} refused`)
    })
  })

  it('failing never beats refusing', () => {
    each(({ row, settledAs }) => {
      if (row.outcome !== 'failure') return
      const failed = settledAs({})
      const refused = settledAs({ outcome: 'refused', reason: 'refused', taken: [] })
      if (refused !== null) assert.ok(failed! <= refused, `${failed} failed, ${refused} refused`)
    })
  })
})

interface Changed {
  row: AnswerRow
  /** What the prover's observation is with the row changed so. */
  settledAs: (more: Partial<AnswerRow>) => number | null
}

/** Each user's request that counts, as it could have gone otherwise: no check, below the caps of its key. */
function each(holds: (of: Changed) => void): void {
  fc.assert(
    fc.property(someInterval, (given) => {
      const input = {
        ...given,
        checks: given.checks.filter((check) => check.requestKind !== 'inference'),
        answers: given.answers.map((row) => ({ ...row, apiKeyId: row.requestId })),
      }
      for (const row of input.answers) {
        if (row.kind !== 'inference' || !row.counted) continue
        const settledAs = (more: Partial<AnswerRow>) => {
          const answers = input.answers.map((other) =>
            other === row ? { ...row, ...more } : other,
          )
          const found = settle({ ...input, answers })
          return found.provers.find(({ hotkey }) => hotkey === row.hotkey)!.observationPpm
        }
        holds({ row, settledAs })
      }
    }),
    { seed: 20261130, numRuns: 60 },
  )
}
