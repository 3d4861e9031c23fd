import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { maxUpscale } from '../../../chain/max-upscale.js'
import { intervalByN, latestInterval } from '../../../ledger/intervals/intervals.js'
import { extrinsicsOf } from '../../../ledger/intervals/weight-extrinsics.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import type { WeightsMoment } from '../../support/gates/weights-gate.js'
import { useDatabase } from '../../support/postgres.js'
import { useTemporal } from '../../support/temporal.js'
import { KilledGrid } from './killed-grid.js'
import type { HeldWeights, MadeChain } from './made-chain.js'

/** Between which two steps the verifier dies: before it notes this, or before or after it sends. */
export type Death = WeightsMoment | 'before sending' | 'after sending'

const START_MS = 300_000
/** For one thing to happen. */
const LIMIT_MS = 300_000
/** An interval in which the verifier is killed and comes back up to nine times. */
const INTERVAL_MS = 1_200_000
/** Between blocks while a killed verifier comes back. */
const SLOW_BLOCKS_MS = 2000

/** Where the verifier dies in an interval of each way in which weights can be set; a way may be left out. */
export interface Deaths {
  readonly open?: readonly Death[]
  readonly commitReveal?: readonly Death[]
  readonly timelocked?: readonly Death[]
}

/**
 * A whole interval of each way on a development chain, real provers and stores; the verifier dies where told. The
 * first death names what is stored, since another interval may send its weights meanwhile.
 */
export function describeKilledVerifier(
  title: string,
  useChain: () => () => MadeChain,
  deaths: Deaths,
): void {
  describe(title, () => {
    // Before the stores and the chain go, which Mocha does in the order of registration.
    let grid: KilledGrid | undefined
    after(async function () {
      this.timeout(START_MS)
      await grid?.stop()
    })
    const chain = useChain()
    const database = useDatabase()
    const temporal = useTemporal()

    before(async function () {
      this.timeout(START_MS)
      grid = await KilledGrid.start(chain(), database(), temporal())
    })

    async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
      for (const deadline = Date.now() + LIMIT_MS; ; ) {
        const seen = await look()
        if (seen !== null && seen !== false) return seen
        assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
        await sleep(50)
      }
    }

    /** Lets one interval be judged and dies with its weights again and again; returns its number. */
    async function live(deaths: readonly Death[]): Promise<number> {
      const { db } = database()
      const { id, rpc, weights } = grid!
      const before = (await latestInterval(db, id))?.n ?? 0
      const { n } = await grid!.whileBlocksCome(() =>
        until('the next interval', async () => {
          const row = await latestInterval(db, id)
          return row !== null && row.n > before && row.phase === 'rounds' ? row : null
        }),
      )
      const arm = async (death: Death): Promise<() => Promise<boolean>> => {
        if (death === 'before sending' || death === 'after sending') {
          let held = false
          void rpc.holdNext(death === 'before sending' ? 'before' : 'after').then(() => {
            held = true
          })
          return async () => held
        }
        await weights.arm(n, death)
        return () => weights.isReached()
      }
      const [first, ...later] = deaths
      let reached = await arm(first!)
      await grid!.whileBlocksCome(() => until(`${first} of interval ${n}`, reached))
      for (const death of later) {
        await grid!.killVerifier(n)
        reached = await arm(death)
        await grid!.startVerifier()
        await comeTo(n, death, reached)
      }
      await grid!.killVerifier(n)
      await grid!.startVerifier()
      await grid!.whileBlocksCome(() =>
        until(`the weights of interval ${n}`, async () => {
          return (await weightSet(db, id, n))?.state === 'confirmed'
        }),
      )
      return n
    }

    /** Makes the blocks that it waits for and few others: windows and intervals must not pass meanwhile. */
    async function comeTo(n: number, death: Death, reached: () => Promise<boolean>): Promise<void> {
      const what = `${death} of interval ${n}`
      if (death === 'stored reveal' || death === 'shown') {
        const first = await grid!.whileBlocksCome(
          () =>
            until(`the commit of interval ${n}`, async () => {
              return (await weightSet(database().db, grid!.id, n))!.revealFirst
            }),
          SLOW_BLOCKS_MS,
        )
        if ((await chain().headNumber()) < first) await chain().jump(first)
        await chain().newBlock()
      }
      // Some all the same: the next interval may be at its weights, and what it sends goes first.
      const isQuick = death.startsWith('ended') || death === 'shown'
      const everyMs = isQuick ? 500 : SLOW_BLOCKS_MS
      await grid!.whileBlocksCome(() => until(what, reached), everyMs)
    }

    /** Once: in the runtime's storage, in its blocks and in the ledger. */
    async function assertOnce(n: number, steps: readonly string[]): Promise<void> {
      const { db } = database()
      const { id, netuid } = grid!
      assert.equal((await intervalByN(db, id, n))!.phase, 'settled')
      const verdicts = await verdictsOf(db, id, n)
      assert.ok(verdicts.length > 0, 'provers were asked')
      for (const { verdict, reason } of verdicts) assert.equal(verdict, 'pass', reason)
      const set = (await weightSet(db, id, n))!
      assert.equal(set.readBackOk, true)
      assert.equal(set.uids.length, 2, 'both provers earned')
      const values = maxUpscale(set.values)
      assert.deepEqual(
        await chain().storedWeights(netuid, id.verifier),
        set.uids.map((uid, i) => [uid, values[i]]),
      )
      const all = await db.query<HeldWeights>(
        "SELECT hash, step FROM weight_extrinsics WHERE result = 'ok' ORDER BY included_block",
      )
      const held = await chain().heldWeights(id.verifier)
      assert.deepEqual(held, all, 'the chain has what the ledger has, and no more')
      const own = new Set((await extrinsicsOf(db, id, n)).map(({ hash }) => hash))
      assert.deepEqual(
        held.filter(({ hash }) => own.has(hash)).map(({ step }) => step),
        steps,
        `of interval ${n} blocks hold these calls and no others`,
      )
    }

    const ways = [
      ['in the open', deaths.open, {}, ['set']],
      ['by commit and reveal', deaths.commitReveal, { commitReveal: true }, ['commit', 'reveal']],
      ['timelocked', deaths.timelocked, { commitReveal: true, timelocked: true }, ['timelock']],
    ] as const
    for (const [way, where, params, steps] of ways) {
      if (where === undefined) continue
      it(way, async function () {
        this.timeout(INTERVAL_MS)
        await chain().setParams(grid!.netuid, params)
        await assertOnce(await live(where), steps)
      })
    }
  })
}
