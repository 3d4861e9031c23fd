import type { Receipt } from '../api-types.js'

export interface Conclusion {
  readonly tone: 'good' | 'warn' | 'bad'
  readonly title: string
  readonly text: string
}

const HOLDS =
  'For exactly this request this prover signed exactly these frames. Computed on this device; nobody’s word was taken.'

/**
 * What a receipt that holds is worth. Its signatures say who made the frames, not that they are what the
 * model makes of the request: a cheat signs too. That takes the verifier's check of this very answer.
 */
export function conclusionOf({ judgment, prover_caught: caught }: Receipt): Conclusion {
  if (judgment.verdict === 'cheat') {
    return {
      tone: 'bad',
      title: 'Signed, and a cheat',
      text: `${HOLDS} But the verifier computed it again, and these are not the frames that the model makes: ${judgment.reason_text}.`,
    }
  }
  if (judgment.verdict === 'pass') {
    return {
      tone: 'good',
      title: 'The receipt holds, and the answer was checked',
      text: `${HOLDS} The verifier computed it again: ${judgment.reason_text}.`,
    }
  }
  const unchecked =
    'That the frames are what the model makes of the request, only a check of this answer would show; there is none.'
  if (caught?.last_resort === true) {
    return {
      tone: 'warn',
      title: 'Signed by a prover that was caught',
      text: `${HOLDS} ${unchecked} A cheat of this prover was found in interval ${caught.interval}: it serves only while no other is free.`,
    }
  }
  return { tone: 'good', title: 'The receipt holds', text: `${HOLDS} ${unchecked}` }
}
