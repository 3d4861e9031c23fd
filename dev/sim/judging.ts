/** Verdicts by the real rules, on digests that stand for what was computed. */
import type { Hex } from '../../formats/bytes.js'
import type { Judgement } from '../../rules/judge/judge-answer.js'
import { judgeChallengeOrAudit } from '../../rules/judge/judge-challenge-or-audit.js'
import { judgeClass } from '../../rules/judge/judge-class.js'
import { judgeSpotCheck, type RecomputedDigests } from '../../rules/judge/judge-spot-check.js'
import type { Tier } from '../../rules/tiers.js'
import type { Reason } from '../../rules/verdicts.js'

const RIGHT: Hex = 'a'.repeat(64)
const WRONG: Hex = 'b'.repeat(64)
const CLASS = 'fc2:simulated'
/** Of a prover's own making: no verifier computes it. */
const OWN_CLASS = 'fc2:made-up'

const classOf = (ownClass: boolean) => (ownClass ? OWN_CLASS : CLASS)

/** How asking for a video ended: the steps of 25 that do not follow, or why there is none. */
export type Ending = { readonly broken: number } | { readonly failure: Reason }

/** Of a challenge or an audit: the verifier computes the whole video twice where bytes differ. */
export function fullCheck(
  kind: 'challenge' | 'audit',
  ending: Ending,
  { tier, ownClass }: { tier: Tier; ownClass: boolean },
): Judgement {
  const determinismClass = classOf(ownClass)
  const digest = 'broken' in ending && ending.broken > 0 ? WRONG : RIGHT
  return decided(
    judgeChallengeOrAudit({
      kind,
      attempt:
        'failure' in ending
          ? { outcome: 'failure', reason: ending.failure }
          : {
              outcome: 'success',
              framesSha256: digest,
              traceRoot: digest,
              determinismClass,
            },
      prover: { determinismClass, tier },
      truth: {
        framesSha256: RIGHT,
        traceRoot: RIGHT,
        confirmSha256: RIGHT,
        confirmTraceRoot: RIGHT,
        knownAnswerOk: true,
        determinismClass: CLASS,
      },
      cosinePpm: null,
      certificate: { exact: true },
      final: true,
    }),
  )
}

/** Of every delivered answer but challenges' before any draw: null lets it be drawn. */
export function classCheck(ownClass: boolean): Judgement | null {
  return judgeClass({ determinismClass: classOf(ownClass) }, new Set([CLASS]))
}

/**
 * Of one step of an answer, in an exact class.
 * @param opened.step from 1: the first `broken` ones do not follow; with all of them broken, the seed's noise neither
 */
export function spotCheck(
  broken: number,
  opened: { step: number; steps: number; refused: boolean },
): Judgement {
  const claimed = { before: RIGHT, after: RIGHT, final: RIGHT, frame: RIGHT, initial: RIGHT }
  const recomputed: RecomputedDigests = {
    initial: broken >= opened.steps ? WRONG : RIGHT,
    after: opened.step <= broken ? WRONG : RIGHT,
    frame: RIGHT,
    stepDeviation: null,
    frameDeviation: null,
  }
  return decided(
    judgeSpotCheck({
      answer: { framesSha256: RIGHT, traceRoot: RIGHT },
      opening: opened.refused ? 'refused' : 'opened',
      facts: {
        claimed: { ...claimed, traceRoot: RIGHT, framesSha256: RIGHT },
        opened: { before: RIGHT, after: RIGHT, final: RIGHT, finite: true },
        recomputed,
      },
      confirmation: { recomputed, knownAnswerOk: true },
      exact: true,
      tolerance: null,
      final: true,
    }),
  )
}

function decided(judgement: Judgement | null): Judgement {
  if (judgement === null) throw new Error('a check with all its facts has no verdict')
  return judgement
}
