import type { VerifierDeps } from '../../../activities/verifier-deps.js'
import { createSetWeights } from '../../../activities/weights/set-weights.js'
import { computeWeightSet, readChainFacts } from '../../../activities/weights/weight-vector.js'
import type { Chain, PreparedExtrinsic, WeightsStep } from '../../../chain/chain.js'
import type { Database } from '../../../ledger/database.js'
import { announceInterval } from '../../../ledger/intervals/intervals.js'
import { extrinsicsOf } from '../../../ledger/intervals/weight-extrinsics.js'
import { decideWeights, weightSet } from '../../../ledger/intervals/weights.js'
import { chainWith, run, type VerifierSite } from '../verifier-site.js'

const LENGTH = 20

/** The process dies here: nothing of ours catches it. */
export class Killed extends Error {}

export function killed(): never {
  throw new Killed('killed')
}

/** Decides an interval's weights, as settling does. */
export async function decide(
  { deps, provers }: VerifierSite,
  n: number,
  scores: readonly number[],
): Promise<void> {
  const firstBlock = 1 + (n - 1) * LENGTH
  await announceInterval(deps.db, deps.id, { n, firstBlock, length: LENGTH })
  const weighed = {
    scores: scores.map((scorePpm, i) => ({ hotkey: provers[i]!.ss58, uid: i + 1, scorePpm })),
    standingCheats: [],
  }
  const set = computeWeightSet(deps, weighed, await readChainFacts(deps))
  await deps.db.tx((tx) => decideWeights(tx, deps.id, n, set))
}

/** What the ledger thinks. */
export async function standing({ deps }: VerifierSite, n: number) {
  const { kind, state, readBackOk } = (await weightSet(deps.db, deps.id, n))!
  const results = (await extrinsicsOf(deps.db, deps.id, n)).map(({ result }) => result)
  return { kind, state, readBackOk, results }
}

/**
 * Makes blocks while an activity waits for one: some while an extrinsic is under way, and as many as
 * are missing until the block that it names.
 */
export function blocksFor({ harness, deps }: VerifierSite, blocks = 3) {
  return async (details: string): Promise<void> => {
    if (/^(sent|waiting until)/.test(details)) return harness.advance(blocks)
    const named = /(?:waiting for|waits for|until) block (\d+)/.exec(details)
    if (named === null) return
    const missing = Number(named[1]) - (await deps.chain.head()).number
    await harness.advance(Math.max(1, missing))
  }
}

/** The activity in a process of its own, which `chain` or `db` may kill. */
export function setWeights(
  site: VerifierSite,
  n: number,
  { deps = {}, blocks }: { deps?: Partial<VerifierDeps>; blocks?: number } = {},
): Promise<{ line: string }> {
  const onBeat = blocksFor(site, blocks)
  return run(createSetWeights({ ...site.deps, ...deps }), { n }, { onBeat })
}

/** Kills the process before its `at`-th effect: a transaction of the ledger, or bytes handed to the chain. */
export function dyingAt(deps: VerifierDeps, at: number): Pick<VerifierDeps, 'chain' | 'db'> {
  let effects = 0
  const before = () => {
    effects += 1
    if (effects > at) killed()
  }
  const chain = chainWith(deps.chain, {
    submit: async (prepared) => {
      before()
      await deps.chain.submit(prepared)
    },
  })
  const db: Database = {
    query: (...given) => deps.db.query(...given),
    execute: (...given) => deps.db.execute(...given),
    close: () => deps.db.close(),
    snapshot: (fn) => deps.db.snapshot(fn),
    tx: async (fn) => {
      before()
      return deps.db.tx(fn)
    },
  }
  return { chain, db }
}

export interface Notary {
  readonly chain: Chain
  /** Everything signed that a block holds, whatever the ledger thinks. */
  held(): Promise<{ step: WeightsStep; outcome: string; block: number }[]>
}

/** Notes all that is signed through this chain, to ask the chain about it later. */
export function notarised(chain: Chain): Notary {
  const signed: { step: WeightsStep; prepared: PreparedExtrinsic }[] = []
  return {
    chain: chainWith(chain, {
      prepareWeights: async (call) => {
        const prepared = await chain.prepareWeights(call)
        signed.push({ step: call.step, prepared })
        return prepared
      },
    }),
    async held() {
      const found = []
      for (const { step, prepared } of signed) {
        const { hash, eraFirst, eraLast } = prepared
        const inclusion = await chain.inclusion(hash, { from: eraFirst, to: eraLast })
        if (inclusion === null) continue
        const outcome = inclusion.ok ? 'ok' : inclusion.error
        found.push({ step, outcome, block: inclusion.block.number })
      }
      return found
    },
  }
}
