import type { Database } from '../../../ledger/database.js'
import { announceInterval, openIntervalRow } from '../../../ledger/intervals/intervals.js'
import { loadSettlement, writeSettlement } from '../../../ledger/intervals/settlement.js'
import { decideWeights, type NewWeightSet } from '../../../ledger/intervals/weights.js'
import { insertVerdicts, type NewVerdict } from '../../../ledger/judging/verdicts.js'
import { insertIntervalProvers, upsertStandings } from '../../../ledger/provers/provers.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { type MechanismProfile, TEST_PROFILE } from '../../../rules/profile.js'
import { settle } from '../../../rules/settle/settle.js'
import type { ProverKey } from '../../../rules/settle/settlement.js'
import {
  attempt,
  failure,
  intervalProver,
  LENGTH,
  newJob,
  putWideRound,
  recordFor,
  SETTLED_BY,
  success,
} from '../../ledger/fixtures.js'

export const NO_WEIGHTS: NewWeightSet = {
  kind: 'none',
  uids: [],
  values: [],
  input: null,
  reason: 'all_scores_zero',
}

/** A prover of the scene by its uid, with an address that looks like one. */
export function scenic(uid: number, registeredBlock = 100 + uid): ProverKey & { uid: number } {
  const name = `5Prover${'123456789'[uid]}`
  return { uid, hotkey: name.padEnd(48, 'x'), registeredBlock }
}

export interface Deeds {
  of: ProverKey & { uid: number }
  /** Challenges that passed, and that failed. */
  passes?: number
  fails?: number
  cheats?: number
  /** Users' requests that went well, and that were late. */
  served?: number
  late?: number
}

/** Opens interval n with these provers, and lets them do it. @returns ids of all requests */
export async function livedInterval(
  db: Database,
  id: VerifierId,
  n: number,
  deeds: readonly Deeds[],
  profile: MechanismProfile = TEST_PROFILE,
): Promise<string[]> {
  await announceInterval(db, id, { n, firstBlock: 1000 + (n - 1) * LENGTH, length: LENGTH })
  await db.tx(async (tx) => {
    const opening = { n, firstBlockHash: 'ab'.repeat(32), openedAfter: null, profile }
    await openIntervalRow(tx, id, opening)
    const rows = deeds.map(({ of }) => ({ ...intervalProver(of.uid), ...of }))
    await upsertStandings(tx, id, rows)
    await insertIntervalProvers(tx, id, n, rows)
  })
  const ids: string[] = []
  for (const each of deeds) ids.push(...(await perform(db, id, n, each)))
  return ids
}

async function perform(
  db: Database,
  id: VerifierId,
  n: number,
  { of, passes = 0, fails = 0, cheats = 0, served = 0, late = 0 }: Deeds,
): Promise<string[]> {
  const { hotkey, registeredBlock } = of
  const challenges = Array.from({ length: passes + fails + cheats }, () =>
    attempt(of.uid, { n, hotkey, registeredBlock }),
  )
  const jobs = []
  for (let i = 0; i < served + late; i += 1)
    jobs.push(await newJob(db, id, { apiKeyId: `key-${i}` }))
  const requests = jobs.map(({ inferenceId, apiKeyId }) =>
    attempt(of.uid, { inferenceId, apiKeyId, hotkey, registeredBlock }),
  )
  await startAttempts(db, id, [...challenges, ...requests])
  const ends = challenges.map(({ requestId }, i) =>
    i < passes || i >= passes + fails ? success(requestId) : failure(requestId, { verdict: null }),
  )
  const answers = requests.map(({ requestId }, i) =>
    i < served ? success(requestId) : failure(requestId),
  )
  const inFlight = challenges.slice(0, 2).map(({ requestId }) => requestId)
  await putWideRound(db, id, n, of, { inFlight })
  await recordOutcomes(db, id, [...ends, ...answers])
  const found = (i: number): Pick<NewVerdict, 'verdict' | 'reason' | 'rewardPpm'> => {
    if (i < passes) return { verdict: 'pass', reason: 'hash_equal', rewardPpm: 1_000_000 }
    return i < passes + fails
      ? { verdict: 'fail', reason: 'late', rewardPpm: null }
      : { verdict: 'cheat', reason: 'hash_differs', rewardPpm: null }
  }
  await insertVerdicts(
    db,
    id,
    n,
    challenges.map(({ requestId }, i) => ({
      requestId,
      hotkey,
      registeredBlock,
      kind: 'challenge' as const,
      detail: null,
      ...found(i),
    })),
  )
  return [...challenges, ...requests].map(({ requestId }) => requestId)
}

/** A record in the form of one. */
export function sceneRecord(n: number): ReturnType<typeof recordFor> {
  return { ...recordFor(n), body: `{"n":${n},"verifier":"v","version":"fractal-record/1"}` }
}

/** Settles it, by the rules. @param weights null: they are still to be decided */
export async function settled(
  db: Database,
  id: VerifierId,
  n: number,
  {
    profile = TEST_PROFILE,
    weights = NO_WEIGHTS,
  }: { profile?: MechanismProfile; weights?: NewWeightSet | null } = {},
): Promise<void> {
  await db.tx(async (tx) => {
    const parts = await loadSettlement(tx, id, n)
    const settlement = settle({ ...parts, ...SETTLED_BY, profile })
    if (weights !== null) await decideWeights(tx, id, n, weights)
    await writeSettlement(tx, id, n, { settlement, record: sceneRecord(n), read: parts })
  })
}
