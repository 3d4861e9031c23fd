import { digestOf } from '../../engine/pipeline/digest.js'
import { toHex } from '../../formats/bytes.js'
import { framesSha256 } from '../../formats/frames.js'
import type { GenerationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'
import type { OpenedStates, SpotCheckFacts } from '../../ledger/judging/spot-checks.js'

interface Drawn {
  /** 1 … steps. */
  readonly step: number
  /** 1 … frames. */
  readonly frame: number
}

/** What the prover's list says about the step and frame that were drawn, and the list's hashes. */
export function claimedDigests(
  { digests }: Pick<OpenedStates, 'digests'>,
  { step, frame }: Drawn,
  params: GenerationParams,
): SpotCheckFacts['claimed'] {
  const all = Array.from({ length: digests.length / 32 }, (_, i) =>
    digests.subarray(32 * i, 32 * i + 32),
  )
  const [steps, frames] = [all.slice(0, params.steps + 1), all.slice(params.steps + 1)]
  return {
    traceRoot: traceRoot(steps, frames),
    framesSha256: framesSha256(params, frames),
    initial: toHex(steps[0]!),
    before: toHex(steps[step - 1]!),
    after: toHex(steps[step]!),
    final: toHex(steps[params.steps]!),
    frame: toHex(frames[frame - 1]!),
  }
}

/** The digests of the states as they were sent. */
export function openedDigests(
  states: Omit<OpenedStates, 'digests'>,
): Omit<SpotCheckFacts['opened'], 'finite'> {
  return {
    before: toHex(digestOf(states.stateBefore)),
    after: toHex(digestOf(states.stateAfter)),
    final: toHex(digestOf(states.finalLatents)),
  }
}
