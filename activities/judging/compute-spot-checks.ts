import { inflateSync } from 'node:zlib'
import { frameDeviation, stateDeviation } from '../../engine/pipeline/deviation.js'
import type { RecomputedStep } from '../../engine/pipeline/recompute-step.js'
import { certificateOf } from '../../ledger/judging/certificates.js'
import {
  type OpenedRow,
  openedSpotCheck,
  putSpotCheckConfirmation,
  putSpotCheckFacts,
  type SpotCheckFacts,
  uncomputed,
} from '../../ledger/judging/spot-checks.js'
import { attemptsById } from '../../ledger/requests/attempts.js'
import { getFrames } from '../../ledger/requests/frames.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import {
  needsSpotConfirmation,
  type RecomputedDigests,
} from '../../rules/judge/judge-spot-check.js'
import type { GpuDeps } from '../gpu-deps.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { storedParams } from '../shared/stored-request.js'
import { bySize } from './by-size.js'
import { ConfirmationSession } from './confirmation-session.js'
import { claimedDigests, openedDigests } from './opened-digests.js'
import { exactness } from './spot-check-judgement.js'

export interface ComputeSpotChecksInput extends VerifierId {
  readonly n: number
}

/**
 * Computes the steps that provers opened in an interval, one after another; each is stored immediately, so
 * that a retry continues where a killed worker stopped. One that does not follow is computed a second time in
 * a fresh session, along with a known answer, before it can accuse.
 */
export function createComputeSpotChecks(deps: GpuDeps) {
  return async ({ n, ...id }: ComputeSpotChecksInput): Promise<{ computed: number }> =>
    withHeartbeat(async (signal, heartbeat) => {
      const opened = await attemptsById(deps.db, await uncomputed(deps.db, id, n))
      const ids = bySize(opened).map(({ requestId }) => requestId)
      const certificate = await certificateOf(deps.db, deps.generator.determinismClass)
      const comparison = exactness(certificate)
      const control = new ConfirmationSession(deps)
      try {
        for (const [i, requestId] of ids.entries()) {
          heartbeat(`${i + 1} of ${ids.length}`)
          const row = await openedSpotCheck(deps.db, requestId)
          if (row !== null) await compute(deps, control, row, comparison, signal)
        }
      } finally {
        await control.close()
      }
      return { computed: ids.length }
    })
}

async function compute(
  deps: GpuDeps,
  control: ConfirmationSession,
  row: OpenedRow,
  comparison: ReturnType<typeof exactness>,
  signal: AbortSignal,
): Promise<void> {
  const { db, generator } = deps
  const params = storedParams(row)
  const states = [row.stateBefore, row.stateAfter, row.finalLatents].map(float32Of)
  const [before, after, finalLatents] = states
  const step = {
    step: row.step,
    frame: row.frame,
    before: before!,
    finalLatents: finalLatents!,
  }
  const made = await generator.recomputeStep(params, step, { signal })
  const claimed = claimedDigests(row, row, params)
  const compared = async (again: RecomputedStep): Promise<RecomputedDigests> => ({
    initial: again.initialDigest,
    after: again.stateDigest,
    frame: again.frameDigest,
    stepDeviation: stateDeviation(again, after!),
    frameDeviation: again.frameDigest === claimed.frame ? 0 : await frameOff(deps, row, again.rgb),
  })
  const facts: SpotCheckFacts = {
    claimed,
    opened: {
      ...openedDigests(row),
      finite: states.every((state) => state.every(Number.isFinite)),
    },
    recomputed: await compared(made),
  }
  const { requestId, framesSha256: answered, traceRoot: root } = row
  const answer = { framesSha256: answered, traceRoot: root }
  // Stored before the facts, so that a reader who sees a break also finds its second computation.
  if (needsSpotConfirmation({ answer, facts, ...comparison })) {
    const fresh = await control.open()
    const recomputed = await compared(await fresh.recomputeStep(params, step, { signal }))
    const knownAnswerOk = await control.knownAnswersHold()
    await putSpotCheckConfirmation(db, requestId, { recomputed, knownAnswerOk })
    deps.log.info({ requestId, knownAnswerOk }, 'an opened step does not follow; computed it twice')
  }
  await putSpotCheckFacts(db, requestId, {
    facts,
    determinismClass: generator.determinismClass,
    elapsedUs: made.elapsedUs,
  })
}

/**
 * The deviation of a frame from the one that the prover sent; null if its owner has deleted it in the
 * meantime.
 */
async function frameOff(
  { db }: GpuDeps,
  { requestId, frame }: OpenedRow,
  rgb: Uint8Array,
): Promise<number | null> {
  const [sent] = await getFrames(db, requestId, { from: frame, limit: 1 })
  return sent?.index === frame ? frameDeviation(rgb, inflateSync(sent.zlib)) : null
}

/** Copies, because a buffer from the database may not be aligned. */
function float32Of(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
