export const VERDICTS = ['pass', 'cheat', 'fail', 'unproven', 'abstained'] as const

/**
 * What a check found. Never a boolean: the difference between `cheat`, `fail` and `abstained` is the point.
 */
export type Verdict = (typeof VERDICTS)[number]

/** Each reason code with the explanation shown to people. */
export const REASONS = {
  // pass
  hash_equal: 'the frames are byte for byte those that the verifier computed',
  cosine_met: 'the class is not exact, and the frames are as similar as the tier requires',
  step_equal:
    'the step and the frame that were drawn are byte for byte those that the verifier computed',
  step_within:
    'the class is not exact, and the step and the frame that were drawn are within its tolerance',
  served: 'delivered in full, in time, signed',
  // cheat
  hash_differs: 'same exact determinism class, but not the bytes that the verifier computed twice',
  cosine_low: 'the frames are less similar to the verifier’s than the tier requires',
  trace_differs:
    'same exact determinism class and the right frames, but not the trace that the verifier computed twice',
  trace_broken:
    'the trace that was signed does not begin with the seed’s noise, or does not end in the frames',
  step_differs: 'a denoising step that was drawn does not follow from the state before it',
  frame_differs: 'a frame that was drawn is not what the final latents decode to',
  state_not_finite: 'a state that was committed to contains values that are not numbers',
  // fail
  no_answer: 'no answer, or it broke off',
  unreachable: 'no connection to the prover’s address',
  late: 'not complete by the deadline',
  stalled: 'no record within the time for the first one',
  malformed: 'the stream does not follow the format, or its frames are not what it says',
  oversized: 'the stream is larger than the request allows',
  bad_signature: 'the signature is not valid for what was delivered',
  class_changed: 'the determinism class is not the one recorded when the interval opened',
  refused_thrice: 'a challenge was refused three times',
  refused_below_capacity:
    'refused although fewer requests were in flight than the declared capacity',
  opening_refused: 'the trace was not opened in time, or not as it was signed',
  // In older records: such an opening is refused since decision 0027.
  opening_malformed: 'what was opened does not match the signed digests',
  error: 'the prover answered with an error',
  invalid_request: 'the prover calls the request invalid',
  out_of_memory: 'the prover ran out of memory',
  stale:
    'the prover calls the time in the request wrong, but other provers accept it: its own clock is wrong',
  // unproven
  other_class:
    'a different determinism class from the verifier’s: nothing can be proven either way',
  // abstained
  own_fault: 'the verifier’s own GPU, network or storage failed',
  own_clock:
    'the verifier’s own clock is wrong: every prover that was asked refused the time in its requests',
  no_time: 'the verifier did not get to it before the interval settled',
  control_failed: 'the verifier’s own results did not agree, so it accuses nobody',
  not_confirmed: 'bytes differ, but the verifier has not computed them a second time',
  not_compared: 'the class is not exact, and what differs was not compared',
  // neutral
  cancelled: 'the user cancelled',
  outpaced: 'no progress in time, and a second prover that was asked began first',
  refused: 'refused at capacity',
} as const

export type Reason = keyof typeof REASONS

/** cheat > fail > unproven > pass: the worst one decides for an answer with several checks. */
const WORST_FIRST = ['cheat', 'fail', 'unproven', 'pass'] as const

/** The verdict on an answer from those of its checks; `abstained` if there is no other. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'abstained'
}
