import { toHex } from '../../formats/bytes.js'
import { canonicalJson } from '../../formats/canonical-json.js'
import { recordHash } from '../../formats/record.js'
import type { Tx } from '../../ledger/database.js'
import type { IntervalRequest } from '../../ledger/intervals/interval-requests.js'
import { type IntervalRow, intervalByN } from '../../ledger/intervals/intervals.js'
import { missedSince, recordEvidence } from '../../ledger/intervals/record-rows.js'
import { previousRecord } from '../../ledger/intervals/records.js'
import { getSecret, type SecretRow } from '../../ledger/intervals/secrets.js'
import { intervalProvers } from '../../ledger/provers/provers.js'
import { encodeAnswers } from '../../rules/record/answer-columns.js'
import { snakeNames } from '../../rules/record/names.js'
import { ProverPlaces } from '../../rules/record/prover-places.js'
import {
  type PublicRecord,
  RECORD_VERSION,
  type RecordedProfile,
} from '../../rules/record/public-record.js'
import type { CheckRow } from '../../rules/settle/settlement.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { usableCertificates } from './certificates.js'
import { recordAnswers } from './record-answers.js'
import { askedWideRounds, recordPlan } from './record-plan.js'
import { type Settled, settledSections } from './record-settlement.js'

const RAO_PER_TAO = 1e9

interface RecordInput {
  readonly n: number
  readonly requests: readonly IntervalRequest[]
  readonly checks: readonly CheckRow[]
  /** The input and result of settling; null for an interval that lapsed. */
  readonly settled: Settled | null
}

/**
 * The interval's public record (mechanism section 7), complete when it settles: publishing only signs and
 * links it. It contains hashes of users' requests, never their texts, and enough to recompute every number in
 * it: opening state, the secret of the draws, answers, verdicts, the input and result of settling.
 */
export async function buildRecord(
  tx: Tx,
  deps: VerifierDeps,
  { n, requests, checks, settled }: RecordInput,
): Promise<{ body: string; hash: string; previousHash: string | null }> {
  const { id } = deps
  const interval = (await intervalByN(tx, id, n))!
  const previous = await previousRecord(tx, id, n)
  const { answers, otherChecks } = recordAnswers(requests, checks)
  const places = new ProverPlaces()
  const { indexOf } = places
  const drawn = await recordPlan(tx, id, n)
  const record: PublicRecord = {
    version: RECORD_VERSION,
    genesisHash: deps.chain.genesisHash,
    netuid: id.netuid,
    verifier: id.verifier,
    n,
    firstBlock: interval.firstBlock,
    length: interval.length,
    firstBlockHash: interval.firstBlockHash,
    openedAfter: interval.openedAfter,
    previous: previous && { n: previous.n, hash: previous.hash },
    missed: await missedSince(tx, id, { since: previous?.n ?? 0, n }),
    outcome: settled === null ? 'lapsed' : 'settled',
    profile: recordedProfile(interval),
    modelRoot: deps.model.root,
    ...(await secrets(tx, deps, n)),
    certificates: await certificates(tx, deps),
    opening: await opening(tx, deps, n),
    ...drawn,
    wideRounds: await askedWideRounds(tx, id, n, drawn.rounds, indexOf),
    answers: encodeAnswers(answers, indexOf),
    otherChecks: otherChecks.map(({ hotkey, registeredBlock, ...check }) => ({
      ...check,
      prover: indexOf({ hotkey, registeredBlock }),
    })),
    evidence: await recordEvidence(tx, id, n),
    ...settledSections(settled, answers, indexOf),
    // Last, so that it has every prover that the sections above refer to.
    provers: places.provers,
  }
  const body = canonicalJson(snakeNames(record))
  return { body, hash: recordHash(body), previousHash: previous?.hash ?? null }
}

function recordedProfile({ profile }: IntervalRow): RecordedProfile | null {
  if (profile === null) return null
  const { rounds, tierMinimums, audits } = profile
  // Field by field, because what is stored may have more fields than a record.
  return {
    name: profile.name,
    intervalBlocks: profile.intervalBlocks,
    sampleSize: profile.sampleSize,
    rounds: { max: rounds.max },
    tierMinimums,
    certificateRuns: profile.certificateRuns,
    movingAverageAlphaPpm: profile.movingAverageAlphaPpm,
    tiersRule: profile.tiersRule,
    audits: { max: audits.max },
    vpermitLimitRao: String(Math.round(profile.vpermitTaoLimit * RAO_PER_TAO)),
    deadlineFloorMs: profile.deadlineFloorMs,
  }
}

async function secrets(
  tx: Tx,
  { id }: VerifierDeps,
  n: number,
): Promise<Pick<PublicRecord, 'secret' | 'commitment' | 'nextCommitment'>> {
  const own = await getSecret(tx, id, n)
  const next = await getSecret(tx, id, n + 1)
  return {
    secret: own && toHex(own.secret),
    commitment: own && commitment(own),
    nextCommitment: next && commitment(next),
  }
}

function commitment({ commitmentSha256, commitmentSignature }: SecretRow) {
  return { secretSha256: commitmentSha256, signature: commitmentSignature }
}

async function certificates(tx: Tx, deps: VerifierDeps): Promise<PublicRecord['certificates']> {
  const rows = await usableCertificates(tx, deps)
  return rows.map((row) => ({
    determinismClass: row.determinismClass,
    exact: row.exact,
    runs: row.runs,
    processes: row.processes,
    usPerWork: row.usPerWork,
    coldUs: row.coldUs,
    spotCheckUsPerPixel: row.spotCheckUsPerPixel,
    stepDeviation: row.stepDeviation,
    frameDeviation: row.frameDeviation,
    profile: row.profile,
  }))
}

async function opening(tx: Tx, { id }: VerifierDeps, n: number): Promise<PublicRecord['opening']> {
  const rows = await intervalProvers(tx, id, n)
  return rows.map((row) => ({
    uid: row.uid,
    hotkey: row.hotkey,
    coldkey: row.coldkey,
    registeredBlock: row.registeredBlock,
    tier: row.tier,
    totalSuccesses: row.totalSuccesses,
    scorePpm: row.scorePpm,
    determinismClass: row.determinismClass,
    modelRoot: row.modelRoot,
    capacity: row.capacity,
    hasAddress: row.axonIp !== null,
    reachable: row.reachable,
  }))
}
