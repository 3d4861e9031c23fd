import type { ReceiptTerms } from './receipt-terms.js'

export interface Conclusion {
  readonly tone: 'good' | 'warn' | 'bad'
  readonly title: string
  readonly text: string
}

/** Text for a valid receipt whose frames were compared. */
const HOLDS =
  'For exactly this request this prover signed exactly these frames. Computed on this device; nobody’s word was taken.'

const KINDS: Readonly<Record<string, string>> = { spotcheck: 'spot check' }

type Judged = Pick<ReceiptTerms, 'judgment' | 'prover_caught'>

/**
 * What a valid receipt proves. Its signatures show who made the frames, not that they are what the model
 * produces for the request: a cheat signs too. Only a check of this answer by the verifier shows that.
 * @param holds what was verified, in words
 */
export function conclusionOf(
  { judgment, prover_caught: caught }: Judged,
  holds: string = HOLDS,
): Conclusion {
  const how = howChecked(judgment)
  if (judgment.verdict === 'cheat') {
    return {
      tone: 'bad',
      title: 'Signed, and a cheat',
      text: `${holds} But the verifier computed it again${how}, and these are not the frames that the model makes: ${judgment.reason_text}.`,
    }
  }
  if (judgment.verdict === 'pass') {
    return {
      tone: 'good',
      title: 'The receipt holds, and the answer was checked',
      text: `${holds} The verifier computed it again${how}: ${judgment.reason_text}.`,
    }
  }
  if (judgment.verdict === 'fail') {
    return {
      tone: 'warn',
      title: 'Signed, but its check failed',
      text: `${holds} Whether the frames are what the model makes of the request could not be checked${how}: ${judgment.reason_text}.`,
    }
  }
  const unchecked =
    'Only a check of this answer would show that the frames are what the model makes of the request; there is none.'
  if (caught?.last_resort === true) {
    return {
      tone: 'warn',
      title: 'Signed by a prover that was caught',
      text: `${holds} ${unchecked} A cheat of this prover was found in interval ${caught.interval}: it serves only while no other is free.`,
    }
  }
  return { tone: 'good', title: 'The receipt holds', text: `${holds} ${unchecked}` }
}

/** Which checks, in which intervals: ` (audit in interval 7, spot check in interval 7)`. */
function howChecked({ checks }: ReceiptTerms['judgment']): string {
  const told = checks.map(({ kind, interval }) => `${KINDS[kind] ?? kind} in interval ${interval}`)
  return told.length === 0 ? '' : ` (${told.join(', ')})`
}
