import { FractalError } from '../../base/errors.js'
import type { Neuron } from '../../chain/chain.js'
import { fromHex } from '../../formats/bytes.js'
import { pixelsOf } from '../../formats/video-shape.js'
import {
  type IntervalRow,
  intervalByN,
  lastSettled,
  openIntervalRow,
  setFailure,
  setPhase,
} from '../../ledger/intervals/intervals.js'
import type { PlanInputsRow } from '../../ledger/intervals/plan-inputs.js'
import { insertPlan, planItems, planOf, planRounds } from '../../ledger/intervals/plans.js'
import { getSecret } from '../../ledger/intervals/secrets.js'
import { lockOutcomes } from '../../ledger/judging/outcome-lock.js'
import { deliveredPixels } from '../../ledger/judging/spot-checks.js'
import {
  type IntervalProverRow,
  insertIntervalProvers,
  intervalProvers,
  standings,
  upsertStandings,
} from '../../ledger/provers/provers.js'
import { CAPACITY_PER_GPU, WIDE_ROUNDS } from '../../rules/constants.js'
import { gpuBudget } from '../../rules/plan/gpu-budget.js'
import { judgedNeurons } from '../../rules/plan/judged-neurons.js'
import { planInterval } from '../../rules/plan/plan.js'
import type { RoundKind } from '../../rules/plan/plan-types.js'
import { declaredGpus } from '../../rules/plan/room.js'
import { spotCheckCostUs } from '../../rules/plan/spot-checks.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { newestCertificate, usableCertificates } from './certificates.js'
import { ensureCommitment } from './commit-secret.js'
import { fetchProverInfos } from './fetch-prover-infos.js'
import { planInput, planProvers } from './plan-input.js'
import { publishClasses } from './publish-classes.js'

/** A round of an interval, and when it is to begin. */
export interface DueRound {
  readonly kind: RoundKind
  readonly round: number
  /** Milliseconds from now. */
  readonly dueInMs: number
}

export interface OpenedInterval {
  /** Set if it is already settled or lapsed, after a reset: provers are no longer asked. */
  readonly final: 'settled' | 'lapsed' | null
  readonly provers: number
  readonly reachable: number
  readonly rounds: readonly DueRound[]
}

/**
 * Reads the metagraph, fetches the provers' infos, draws and stores the plan; a stored plan is kept. The
 * first step of every run of an interval, whoever started it, so it also clears the failure of the previous
 * run.
 */
export function createOpenInterval(deps: VerifierDeps) {
  return async ({ n }: { n: number }): Promise<OpenedInterval> =>
    withHeartbeat(async (signal, heartbeat) => {
      const interval = await intervalByN(deps.db, deps.id, n)
      if (interval === null || interval.phase === 'missed') {
        throw new FractalError('not_announced', `interval ${n} was never announced, or was missed`)
      }
      if (interval.failure !== null) await setFailure(deps.db, deps.id, n, null)
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
  const { usPerWork, coldUs, spotCheckUsPerPixel } = await newestCertificate(deps)
  const judged = await usableCertificates(db, deps)
  const wideSlots = facts.reduce(
    (sum, { capacity }) => sum + CAPACITY_PER_GPU * declaredGpus(capacity),
    0,
  )
  const firstPixels = WIDE_ROUNDS * wideSlots * pixelsOf(deps.model)
  const { secret } = (await getSecret(db, id, n))!
  await publishClasses(deps, n)
  await upsertStandings(db, id, neurons.map(addressOf))
  await withFence(deps, async (tx) => {
    // From here on nothing settles, so that the tiers and the interval that they come from are consistent.
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
    const source = { secret, blockHash: fromHex(first.hash) }
    const input = await planInput(tx, deps, interval, source, usPerWork)
    const plan = planInterval(input, source)
    const { profile: _, ...drawn } = input
    // This closes the previous interval: what it delivered is final from here on.
    await openIntervalRow(tx, id, { n, firstBlockHash: first.hash, openedAfter, profile })
    const spotCheckPixels = n === 1 ? firstPixels : await deliveredPixels(tx, id, n - 1)
    const inputs: PlanInputsRow = {
      ...drawn,
      provers: await planProvers(tx, deps, known),
      spotCheckUsPerPixel,
      spotCheckPixels,
      judgedClasses: judged.map(({ determinismClass }) => determinismClass),
    }
    await insertIntervalProvers(tx, id, n, provers)
    const header = {
      rounds: plan.rounds.length,
      gpuUsPerWork: usPerWork,
      gpuColdUs: coldUs ?? 0,
      spotCheckBudgetUs: gpuBudget({ ...input.budget, length: interval.length }).spotcheckUs,
      spotCheckCostUs:
        spotCheckUsPerPixel === null ? null : spotCheckCostUs(spotCheckUsPerPixel, spotCheckPixels),
      inputs: { ...inputs },
    }
    await insertPlan(tx, id, n, header, plan.rounds)
    await setPhase(tx, id, n, 'rounds', ['open'])
  })
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
  return {
    provers: provers.length,
    reachable: provers.filter((row) => row.reachable).length,
    rounds: await dueRounds(deps, n),
  }
}

/**
 * When each round is to begin; for a plan drawn by an older version immediately, because its blocks have
 * passed.
 */
async function dueRounds({ db, id, chain }: VerifierDeps, n: number): Promise<DueRound[]> {
  const { firstBlock } = (await intervalByN(db, id, n))!
  const blocks = Math.max(0, (await chain.finalized()).number - firstBlock)
  const passedMs = Math.round(blocks * chain.blockSeconds * 1000)
  const planned = await planRounds(db, id, n)
  if (planned.length > 0) {
    return planned.map(({ kind, round, momentMs }) => ({
      kind,
      round,
      dueInMs: Math.max(0, momentMs - passedMs),
    }))
  }
  const rounds = new Set((await planItems(db, id, n)).map(({ round }) => round))
  return [...rounds].map((round) => ({ kind: 'challenge', round, dueInMs: 0 }))
}
