import { FractalError } from '../../base/errors.js'
import { fromHex } from '../../formats/bytes.js'
import type { DrawSource } from '../../formats/draws.js'
import { generationParams, workOf } from '../../formats/generation.js'
import type { Queryable } from '../../ledger/database.js'
import { intervalByN } from '../../ledger/intervals/intervals.js'
import { type PlanInputsRow, planInputs } from '../../ledger/intervals/plan-inputs.js'
import { planOf } from '../../ledger/intervals/plans.js'
import { getSecret } from '../../ledger/intervals/secrets.js'
import type { NewAttempt } from '../../ledger/requests/attempts.js'
import { reusedTexts } from '../../ledger/requests/reusable-prompts.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { type PromptTexts, reusedHash, textsOf } from '../../rules/plan/draw-prompt.js'
import { type DrawnRequest, drawRequest, requestBody } from '../../rules/plan/draw-request.js'
import type { MechanismProfile } from '../../rules/profile.js'
import { deadlineMs } from '../../rules/routing/deadlines.js'
import { usOfWork } from '../../rules/work-time.js'
import { encodeBody } from '../../wire/generation-body.js'

/** What an interval's rounds are drawn from. */
export interface RoundSource {
  readonly source: DrawSource
  readonly inputs: PlanInputsRow
  readonly profile: MechanismProfile
  /** The class's certified time when the plan was drawn: floor(µs · 10^6 / work). */
  readonly usPerWork: number
  /** Its cold price then, µs. */
  readonly coldUs: number
}

/** @throws FractalError `not_opened` for an interval without a plan */
export async function roundSource(db: Queryable, id: VerifierId, n: number): Promise<RoundSource> {
  // One after another, because in a transaction they share a connection.
  const interval = await intervalByN(db, id, n)
  const plan = await planOf(db, id, n)
  const inputs = await planInputs(db, id, n)
  const secret = await getSecret(db, id, n)
  const { firstBlockHash, profile } = interval ?? {}
  if (!firstBlockHash || !profile || !secret || inputs === null || plan?.gpuUsPerWork == null) {
    throw new FractalError('not_opened', `interval ${n} has no plan`)
  }
  return {
    source: { secret: secret.secret, blockHash: fromHex(firstBlockHash) },
    inputs,
    profile,
    usPerWork: plan.gpuUsPerWork,
    coldUs: plan.gpuColdUs,
  }
}

/** What is sent, byte for byte, with the same deadline as a user's request of this size. */
export type DrawnAttempt = Pick<
  NewAttempt,
  'requestId' | 'body' | 'bodySha256' | 'work' | 'deadlineMs' | 'cancelAfterMs' | 'promptSha256'
>

export interface WantedRequest {
  /** For example `challenge/{round}/{place}`. */
  readonly label: string
  /** The prover that it is sent to. */
  readonly hotkey: string
}

/** Draws the verifier's own requests. */
export async function drawAttempts(
  db: Queryable,
  id: VerifierId,
  from: RoundSource,
  wanted: readonly WantedRequest[],
): Promise<DrawnAttempt[]> {
  const draw = ({ label, hotkey }: WantedRequest, inputs = from.inputs) =>
    drawRequest(inputs, from.source, label, hotkey)
  const drawn = wanted.map((one) => draw(one))
  const reused = await reusedTexts(
    db,
    id,
    drawn.flatMap(({ prompt }) => reusedHash(prompt) ?? []),
  )
  return drawn.map((request, i) => {
    const texts = textsOf(request.prompt, reused)
    if (texts !== null) return attemptOf(from, request, texts)
    // The user has deleted the prompt since the interval opened.
    const other = draw(wanted[i]!, { ...from.inputs, reusablePrompts: [] })
    return attemptOf(from, other, textsOf(other.prompt, reused)!)
  })
}

function attemptOf(from: RoundSource, drawn: DrawnRequest, texts: PromptTexts): DrawnAttempt {
  const { requestId, cancelAtPermille } = drawn
  const body = requestBody(drawn, texts)
  const work = workOf(generationParams(body))
  const deadline = deadlineMs({
    floorMs: from.profile.deadlineFloorMs,
    certifiedUsPerWork: from.usPerWork,
    certifiedColdUs: from.coldUs,
    work,
  })
  const { bytes, sha256 } = encodeBody({ ...body, deadline_ms: deadline })
  return {
    requestId,
    promptSha256: reusedHash(drawn.prompt),
    body: bytes,
    bodySha256: sha256,
    work,
    deadlineMs: deadline,
    cancelAfterMs:
      cancelAtPermille === null
        ? null
        : Math.floor((usOfWork(from.usPerWork, work) * cancelAtPermille) / 1_000_000),
  }
}
