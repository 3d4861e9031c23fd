import { FractalError } from '../base/errors.js'
import type { Metagraph, Neuron } from '../chain/chain.js'
import { fromHex } from '../formats/bytes.js'
import { workOf } from '../formats/generation.js'
import { type InferenceRequestRow, recentRequests } from '../ledger/inference.js'
import { intervalByN, lastSettled, openIntervalRow, setPhase } from '../ledger/intervals.js'
import { insertPlan, planItems, planOf } from '../ledger/plans.js'
import {
  type IntervalProverRow,
  insertIntervalProvers,
  intervalProvers,
  upsertStandings,
} from '../ledger/provers.js'
import { getSecret } from '../ledger/secrets.js'
import { planInterval } from '../rules/plan.js'
import type { RequestShape } from '../rules/plan-types.js'
import { beating } from './beat.js'
import { ensureCommitment } from './commitment.js'
import { fenced } from './fenced.js'
import { planRows } from './plan-rows.js'
import { askInfos } from './prover-infos.js'
import { publicNetwork } from './public-network.js'
import { newestCertificate } from './usable-certificates.js'
import type { ChallengeModel, VerifierDeps } from './verifier-deps.js'

export interface OpenedInterval {
  readonly provers: number
  readonly reachable: number
  readonly rounds: readonly { readonly round: number; readonly momentBlock: number }[]
}

/** Users' requests that the plan's shapes and prompts are fitted to. */
const RECENT_REQUESTS = 200

/** Reads the metagraph, asks provers who they are, draws and stores the plan; what is stored stands. */
export function createOpenInterval(deps: VerifierDeps) {
  return async ({ n }: { n: number }): Promise<OpenedInterval> =>
    beating(async (signal, beat) => {
      if ((await planOf(deps.db, deps.id, n)) === null) await open(deps, n, signal, beat)
      return summary(deps, n)
    })
}

async function open(
  deps: VerifierDeps,
  n: number,
  signal: AbortSignal,
  beat: (details: string) => void,
): Promise<void> {
  const { db, id, chain, profile } = deps
  const interval = await intervalByN(db, id, n)
  if (interval === null)
    throw new FractalError('not_announced', `interval ${n} was never announced`)
  await ensureCommitment(deps, n)
  await ensureCommitment(deps, n + 1)
  const first = await chain.blockAt(interval.firstBlock)
  const metagraph = await chain.metagraph(id.netuid, first)
  const neurons = proversOf(metagraph, deps)
  beat(`asking ${neurons.length} provers who they are`)
  const facts = await askInfos(deps, neurons, signal)
  const known = await upsertStandings(db, id, neurons.map(addressOf))
  const provers = neurons.map((neuron, i): IntervalProverRow => {
    const standing = known.find(
      (row) => row.hotkey === neuron.hotkey && row.registeredBlock === neuron.registeredBlock,
    )!
    return {
      ...addressOf(neuron),
      stakeRao: neuron.stakeRao,
      validatorPermit: neuron.validatorPermit,
      tier: standing.tier,
      totalSuccesses: standing.totalSuccesses,
      scorePpm: standing.scorePpm,
      ...facts[i]!,
    }
  })
  const certificate = await newestCertificate(deps)
  const secret = await getSecret(db, id, n)
  const plan = planInterval(
    {
      profile,
      n,
      firstBlock: interval.firstBlock,
      length: interval.length,
      provers: known.map(({ hotkey, registeredBlock, uid, coldkey, axonIp, lastEvidenceN }) => ({
        hotkey,
        registeredBlock,
        uid,
        coldkey,
        network: publicNetwork(axonIp),
        lastEvidenceN,
      })),
      recentRequests: (await recentRequests(db, id, RECENT_REQUESTS)).map(shapeOf),
      prompts: [],
      model: standardOf(deps.model),
      budget: {
        usPerVideo: usOf(certificate.usPerWork, workOf(deps.model)),
        gpus: deps.gpus,
        blockMs: Math.round(chain.blockSeconds * 1000),
      },
    },
    { secret: secret!.secret, blockHash: fromHex(first.hash) },
  )
  const items = planRows(plan, provers, profile, certificate.usPerWork)
  const openedAfter = (await lastSettled(db, id))?.n ?? null
  await fenced(deps, async (tx) => {
    await openIntervalRow(tx, id, { n, firstBlockHash: first.hash, openedAfter, profile })
    await insertIntervalProvers(tx, id, n, provers)
    await insertPlan(
      tx,
      id,
      n,
      { rounds: plan.rounds.length, gpuUsPerWork: certificate.usPerWork },
      items,
    )
    await setPhase(tx, id, n, 'rounds', ['open'])
  })
}

/** Microseconds of `work` at the certified speed, floor(µs · 10^6 / work). */
function usOf(usPerWork: number, work: number): number {
  return Number((BigInt(usPerWork) * BigInt(work)) / 1_000_000n)
}

function standardOf({ root: _, ...standard }: ChallengeModel) {
  return standard
}

function shapeOf(row: InferenceRequestRow): RequestShape {
  const { steps, guidanceMilli, frames, width, height, fps } = row
  const negativePrompt = row.negativePrompt !== ''
  return { steps, guidanceMilli, frames, width, height, fps, negativePrompt, stream: false }
}

/** Who is judged: neurons with an address that are neither this verifier nor another one of weight. */
function proversOf(metagraph: Metagraph, deps: VerifierDeps): Neuron[] {
  const limit = BigInt(Math.round(deps.profile.vpermitTaoLimit * 1e9))
  return metagraph.neurons.filter(
    (neuron) =>
      neuron.hotkey !== deps.id.verifier &&
      neuron.axon !== null &&
      !(neuron.validatorPermit && neuron.stakeRao > limit),
  )
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

async function summary(deps: VerifierDeps, n: number): Promise<OpenedInterval> {
  const provers = await intervalProvers(deps.db, deps.id, n)
  const moments = new Map<number, number>()
  for (const item of await planItems(deps.db, deps.id, n)) moments.set(item.round, item.momentBlock)
  return {
    provers: provers.length,
    reachable: provers.filter((row) => row.reachable).length,
    rounds: [...moments].map(([round, momentBlock]) => ({ round, momentBlock })),
  }
}
