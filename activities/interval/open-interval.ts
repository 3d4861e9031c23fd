import { FractalError } from '../../base/errors.js'
import type { Neuron } from '../../chain/chain.js'
import { fromHex } from '../../formats/bytes.js'
import {
  type IntervalRow,
  intervalByN,
  lastSettled,
  openIntervalRow,
  setPhase,
} from '../../ledger/intervals/intervals.js'
import { lockOutcomes } from '../../ledger/intervals/outcome-lock.js'
import { insertPlan, planItems, planOf } from '../../ledger/intervals/plans.js'
import { getSecret } from '../../ledger/intervals/secrets.js'
import { deliveredPixels } from '../../ledger/intervals/spot-checks.js'
import {
  type IntervalProverRow,
  insertIntervalProvers,
  intervalProvers,
  standings,
  upsertStandings,
} from '../../ledger/provers/provers.js'
import { gpuBudget } from '../../rules/plan/gpu-budget.js'
import { judgedNeurons } from '../../rules/plan/judged-neurons.js'
import { planInterval } from '../../rules/plan/plan.js'
import { spotCheckUs } from '../../rules/plan/spot-checks.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { newestCertificate } from './certificates.js'
import { ensureCommitment } from './commit-secret.js'
import { fetchProverInfos } from './fetch-prover-infos.js'
import { planInput } from './plan-input.js'
import { planRows } from './plan-rows.js'

export interface OpenedInterval {
  /** It is settled or lapsed already, and this is a reset: provers are no longer asked. */
  readonly final: 'settled' | 'lapsed' | null
  readonly provers: number
  readonly reachable: number
  readonly rounds: readonly { readonly round: number; readonly momentBlock: number }[]
}

/** Reads the metagraph, fetches the provers' infos, draws and stores the plan; a stored plan is kept. */
export function createOpenInterval(deps: VerifierDeps) {
  return async ({ n }: { n: number }): Promise<OpenedInterval> =>
    withHeartbeat(async (signal, heartbeat) => {
      const interval = await intervalByN(deps.db, deps.id, n)
      if (interval === null || interval.phase === 'missed') {
        throw new FractalError('not_announced', `interval ${n} was never announced, or was missed`)
      }
      const { phase } = interval
      const final = phase === 'settled' || phase === 'lapsed' ? phase : null
      if (final === null && (await planOf(deps.db, deps.id, n)) === null) {
        await open(deps, interval, signal, heartbeat)
      }
      return { final, ...(await summary(deps, n)) }
    })
}

async function open(
  deps: VerifierDeps,
  interval: IntervalRow,
  signal: AbortSignal,
  heartbeat: (details: string) => void,
): Promise<void> {
  const { db, id, chain, profile } = deps
  const { n } = interval
  await ensureCommitment(deps, n)
  await ensureCommitment(deps, n + 1)
  const first = await chain.blockAt(interval.firstBlock)
  const metagraph = await chain.metagraph(id.netuid, first)
  const neurons = judgedNeurons(metagraph.neurons, id.verifier, profile)
  heartbeat(`fetching the infos of ${neurons.length} provers`)
  const facts = await fetchProverInfos(deps, neurons, signal)
  const { usPerWork, spotCheckUsPerPixel } = await newestCertificate(deps)
  const spotCheckCostUs = await costOfAll(deps, n - 1, spotCheckUsPerPixel)
  const { secret } = (await getSecret(db, id, n))!
  await upsertStandings(db, id, neurons.map(addressOf))
  await withFence(deps, async (tx) => {
    // From here on nothing settles: the tiers, and after which interval they stand, belong together.
    await lockOutcomes(tx, id)
    const openedAfter = (await lastSettled(tx, id))?.n ?? null
    const known = await standings(tx, id, neurons)
    const provers = neurons.map((neuron, i): IntervalProverRow => {
      const { tier, totalSuccesses, scorePpm } = known.find(
        (row) => row.hotkey === neuron.hotkey && row.registeredBlock === neuron.registeredBlock,
      )!
      const { stakeRao, validatorPermit } = neuron
      const standing = { tier, totalSuccesses, scorePpm, stakeRao, validatorPermit }
      return { ...addressOf(neuron), ...standing, ...facts[i]! }
    })
    const input = await planInput(tx, deps, interval, known, usPerWork)
    const plan = planInterval(input, { secret, blockHash: fromHex(first.hash) })
    const items = planRows(plan, profile, usPerWork)
    const { profile: _, ...inputs } = input
    await openIntervalRow(tx, id, { n, firstBlockHash: first.hash, openedAfter, profile })
    await insertIntervalProvers(tx, id, n, provers)
    const header = {
      rounds: plan.rounds.length,
      gpuUsPerWork: usPerWork,
      spotCheckBudgetUs: gpuBudget({ ...input.budget, length: interval.length }).spotcheckUs,
      spotCheckCostUs,
      inputs,
    }
    await insertPlan(tx, id, n, header, items)
    await setPhase(tx, id, n, 'rounds', ['open'])
  })
}

/** What it would have cost to spot-check all that interval n delivered; the first interval's has nothing before it. */
async function costOfAll(
  { db, id }: VerifierDeps,
  n: number,
  usPerPixel: number | null,
): Promise<number | null> {
  if (usPerPixel === null) return null
  const pixels = await deliveredPixels(db, id, n)
  return Math.max(1, spotCheckUs(usPerPixel, pixels))
}

function addressOf({ hotkey, registeredBlock, uid, coldkey, axon }: Neuron) {
  return {
    hotkey,
    registeredBlock,
    uid,
    coldkey,
    axonIp: axon?.ip ?? null,
    axonPort: axon?.port ?? null,
  }
}

async function summary(deps: VerifierDeps, n: number): Promise<Omit<OpenedInterval, 'final'>> {
  const provers = await intervalProvers(deps.db, deps.id, n)
  const moments = new Map<number, number>()
  for (const item of await planItems(deps.db, deps.id, n)) moments.set(item.round, item.momentBlock)
  return {
    provers: provers.length,
    reachable: provers.filter((row) => row.reachable).length,
    rounds: [...moments].map(([round, momentBlock]) => ({ round, momentBlock })),
  }
}
