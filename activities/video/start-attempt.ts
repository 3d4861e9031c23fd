import { generationBody, workOf } from '../../formats/generation.js'
import { proverAxons } from '../../ledger/provers/routing.js'
import { type AttemptRow, startAttempts } from '../../ledger/requests/attempts.js'
import type { JobRow } from '../../ledger/requests/jobs.js'
import { encodeBody } from '../../wire/generation-body.js'
import type { InferenceDeps } from '../inference-deps.js'
import { chooseProver } from './choose-prover.js'
import type { RequestTarget } from './request-video.js'

interface Started {
  /** Empty if no prover can take it. */
  readonly asked: readonly RequestTarget[]
  /**
   * If `asked` is empty because provers are only cooling down: milliseconds until the first may be asked.
   */
  readonly freeInMs: number | null
}

/** Chooses a prover and stores the request to send. */
export async function startAttempt(
  deps: InferenceDeps,
  job: JobRow,
  attempt: number,
  before: readonly AttemptRow[],
  { hedge, read }: { hedge: boolean; read?: Promise<void> },
): Promise<Started> {
  const work = workOf(job)
  const chosen = await chooseProver(deps, work, before, read)
  if (chosen.hotkey === null) return { asked: [], freeInMs: chosen.freeInMs }
  const requestId = deps.newRequestId()
  const { bytes, sha256 } = encodeBody({
    ...generationBody(job, { request_id: requestId, model: job.model }),
    deadline_ms: chosen.deadlineMs,
  })
  const { hotkey, registeredBlock } = chosen.prover
  const [row] = await startAttempts(deps.db, deps.id, [
    {
      requestId,
      hotkey,
      registeredBlock,
      n: null,
      kind: 'inference',
      inferenceId: job.inferenceId,
      attemptNo: attempt,
      hedge,
      body: bytes,
      bodySha256: sha256,
      work,
      counted: job.counted,
      apiKeyId: job.apiKeyId,
      deadlineMs: chosen.deadlineMs,
      blockRange: chosen.blockRange,
      gpus: chosen.gpus,
    },
  ])
  // Answered in the meantime by a prover that another worker asked.
  if (row === undefined || row.outcome !== null) return { asked: [], freeInMs: null }
  // Another worker may have stored its own choice first.
  if (row.requestId !== requestId) {
    return { asked: await askedBefore(deps, [row]), freeInMs: null }
  }
  const { prover, usPerWork, mayBeHedged } = chosen
  return { asked: [{ row, prover, usPerWork, mayBeHedged, resent: false }], freeInMs: null }
}

/** What was stored before, by a worker that died or by another one: the same bytes are sent again. */
export async function askedBefore(
  deps: InferenceDeps,
  rows: readonly AttemptRow[],
): Promise<RequestTarget[]> {
  const axons = await proverAxons(
    deps.db,
    deps.id,
    rows.map(({ hotkey }) => hotkey),
  )
  return rows.map((row) => ({
    row,
    prover: axons.find(({ hotkey }) => hotkey === row.hotkey) ?? null,
    usPerWork: null,
    mayBeHedged: false,
    resent: true,
  }))
}
