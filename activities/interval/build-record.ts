import { toHex } from '../../formats/bytes.js'
import { type CanonicalValue, canonicalJson } from '../../formats/canonical-json.js'
import { recordHash } from '../../formats/record.js'
import type { Tx } from '../../ledger/database.js'
import { intervalByN } from '../../ledger/intervals/intervals.js'
import { type PlanItemRow, planItems, planOf, planRounds } from '../../ledger/intervals/plans.js'
import { previousRecord } from '../../ledger/intervals/records.js'
import { getSecret } from '../../ledger/intervals/secrets.js'
import type { NewWeightSet } from '../../ledger/intervals/weights.js'
import { auditInputs, auditsOf } from '../../ledger/judging/audits.js'
import { type VerdictRow, verdictsOf } from '../../ledger/judging/verdicts.js'
import { intervalProvers } from '../../ledger/provers/provers.js'
import { answersOfInterval } from '../../ledger/requests/attempts.js'
import type { AnswerRow, Settlement, SettlementInput } from '../../rules/settle/settlement.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { usableCertificates } from './certificates.js'

interface RecordInput {
  readonly n: number
  /** What settling was given and found; null for an interval that lapsed. */
  readonly settled: {
    readonly input: SettlementInput
    readonly settlement: Settlement
    readonly weights: NewWeightSet
  } | null
}

type CanonicalRecord = { [key: string]: CanonicalValue }

/**
 * The interval's public record (mechanism section 7), complete when it settles: publishing only signs
 * and links it. It holds hashes of users' requests, never their texts, and enough to recompute every
 * number in it: opening state, draws' secret, answers, verdicts, what settling was given and found.
 */
export async function buildRecord(
  tx: Tx,
  deps: VerifierDeps,
  { n, settled }: RecordInput,
): Promise<{ body: string; hash: string; previousHash: string | null }> {
  const { id } = deps
  const interval = (await intervalByN(tx, id, n))!
  const secret = await getSecret(tx, id, n)
  const provers = await intervalProvers(tx, id, n)
  const answers = await answersOfInterval(tx, id, n)
  const challenges = new Map((await planItems(tx, id, n)).map((item) => [item.requestId, item]))
  const previous = await previousRecord(tx, id, n)
  const certificates = await usableCertificates(tx, deps)
  const plan = await planOf(tx, id, n)
  const record: CanonicalRecord = {
    version: 'fractal-record/1',
    genesis_hash: deps.chain.genesisHash,
    netuid: id.netuid,
    verifier: id.verifier,
    n,
    first_block: interval.firstBlock,
    length: interval.length,
    first_block_hash: interval.firstBlockHash,
    opened_after: interval.openedAfter,
    previous: previous?.hash ?? null,
    outcome: settled === null ? 'lapsed' : 'settled',
    profile: plain(interval.profile),
    model_root: deps.model.root,
    gpu_us_per_work: plan?.gpuUsPerWork ?? null,
    plan_inputs: plain(plan?.inputs ?? null),
    audit_inputs: plain(await auditInputs(tx, id, n)),
    audits: await auditsOf(tx, id, n),
    rounds: (await planRounds(tx, id, n)).map(({ kind, round, momentMs, busy }) => ({
      kind,
      round,
      moment_ms: momentMs,
      busy,
    })),
    planned: [...challenges.values()].map(planned),
    certificates: certificates.map((row) => ({
      determinism_class: row.determinismClass,
      exact: row.exact,
      runs: row.runs,
      processes: row.processes,
      us_per_work: row.usPerWork,
      profile: row.profile,
    })),
    secret: secret === null ? null : toHex(secret.secret),
    commitment:
      secret === null
        ? null
        : { secret_sha256: secret.commitmentSha256, signature: secret.commitmentSignature },
    opening: provers.map((row) => ({
      uid: row.uid,
      hotkey: row.hotkey,
      coldkey: row.coldkey,
      registered_block: row.registeredBlock,
      tier: row.tier,
      total_successes: row.totalSuccesses,
      score_ppm: row.scorePpm,
      determinism_class: row.determinismClass,
      model_root: row.modelRoot,
      capacity: row.capacity,
    })),
    answers: answers.map((row) => {
      return {
        request_id: row.requestId,
        kind: row.kind,
        hotkey: row.hotkey,
        registered_block: row.registeredBlock,
        body_sha256: row.bodySha256,
        prompt_sha256: row.promptSha256 ?? null,
        challenge: challenges.has(row.requestId),
        outcome: row.outcome,
        reason: row.reason,
        counted: row.counted,
        work: row.work,
        elapsed_us: row.elapsedUs,
        gpus: row.gpus ?? null,
        in_flight: row.inFlight,
        taken: row.taken,
        wide_n: row.wideN ?? null,
        wide_round: row.wideRound ?? null,
        frames_sha256: row.framesSha256,
        trace_root: row.traceRoot,
        determinism_class: row.determinismClass,
        signature: row.signature,
        request_nonce: row.requestNonce,
        request_signature: row.requestSignature,
      }
    }),
    // One that settled has them in what settling was given.
    checks: settled === null ? plain((await verdictsOf(tx, id, n)).map(checkOf)) : null,
    settlement_input: plain(
      settled && {
        ...settled.input,
        profile: undefined,
        answers: undefined,
        answers_by_key: answersByKey(settled.input.answers),
      },
    ),
    settlement: plain(settled?.settlement ?? null),
    weights: plain(settled?.weights ?? null),
  }
  return {
    body: canonicalJson(record),
    hash: recordHash(record),
    previousHash: previous?.hash ?? null,
  }
}

function checkOf({
  requestId,
  kind,
  hotkey,
  registeredBlock,
  verdict,
  reason,
  rewardPpm,
}: VerdictRow) {
  return { requestId, kind, hotkey, registeredBlock, verdict, reason, rewardPpm }
}

/** A challenge as it was drawn: what it asked, unless it asked with a user's texts, which are named by a hash. */
function planned(item: PlanItemRow): CanonicalRecord {
  return {
    request_id: item.requestId,
    round: item.round,
    k: item.k,
    hotkey: item.hotkey,
    registered_block: item.registeredBlock,
    moment_block: item.momentBlock,
    deadline_ms: item.deadlineMs,
    prompt_sha256: item.promptSha256,
    body: item.promptSha256 === null ? Buffer.from(item.body).toString('utf8') : null,
  }
}

/** API keys are named by their place in this interval: nobody learns who asked, and the cap can be recomputed. */
function answersByKey(answers: readonly AnswerRow[]) {
  const keys = [
    ...new Set(answers.flatMap((row) => (row.apiKeyId === null ? [] : [row.apiKeyId]))),
  ].sort()
  return answers.map((row) => ({
    request_id: row.requestId,
    key: row.apiKeyId === null ? null : keys.indexOf(row.apiKeyId),
    completed_at_us: row.completedAtUs,
  }))
}

/** JSON's own view of a value: members that are undefined go, and what is left must be canonical. */
function plain(value: unknown): CanonicalValue {
  return JSON.parse(JSON.stringify(value)) as CanonicalValue
}
