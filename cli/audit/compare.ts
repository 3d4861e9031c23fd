import { FractalError } from '../../base/errors.js'
import { checksOf } from '../../rules/record/settlement-input.js'
import type { ProverSettlement } from '../../rules/settle/settlement.js'
import { printJson, printLine } from '../output.js'
import { assertSigned } from './check-signatures.js'
import { loadTarget } from './load-target.js'
import type { SignedRecord } from './signed-record.js'

/** What a verifier found of a prover, as far as two of them should agree. */
interface Judged {
  readonly tier: string
  readonly cheats: number
  readonly passed: number
  readonly judged: number
  /** What did not pass: kind, reason and request. */
  readonly evidence: readonly string[]
}

/** `a` and `b` as `loadTarget` takes them. */
export interface Compared {
  readonly a: string
  readonly b: string
  /** Whose intervals numbers are. */
  readonly api: string
  readonly json: boolean
}

/**
 * Who was judged differently by two verifiers, and on what evidence. Their intervals are the two that are named; who
 * was relegated or caught by one of them only is told.
 * @returns whether nobody was
 */
export async function compareRecords({ a, b, api, json }: Compared): Promise<boolean> {
  const [one, other] = [await loadTarget(a, api), await loadTarget(b, api)]
  await assertSigned(one)
  await assertSigned(other)
  assertComparable(one, other)
  const [ofOne, ofOther] = [judgedBy(one), judgedBy(other)]
  const both = [...ofOne.keys()].filter((hotkey) => ofOther.has(hotkey))
  const different = both
    .map((hotkey) => ({ hotkey, a: ofOne.get(hotkey)!, b: ofOther.get(hotkey)! }))
    .filter((row) => isFaulted(row.a) !== isFaulted(row.b))
  if (json) printJson({ ok: different.length === 0, provers: both.length, different })
  else if (different.length === 0) {
    const which = `${name(one)} and ${name(other)}`
    printLine(
      `${both.length} provers were judged by both verifiers (${which}), and none of them differently.`,
    )
  } else {
    for (const { hotkey, a: first, b: second } of different) {
      printLine(hotkey)
      printLine(`  ${name(one)}: ${told(first)}`)
      printLine(`  ${name(other)}: ${told(second)}`)
    }
    printLine(`${different.length} of ${both.length} provers were judged differently.`)
  }
  return different.length === 0
}

/** @throws FractalError `not_comparable` */
function assertComparable(
  { read: { record: a } }: SignedRecord,
  { read: { record: b } }: SignedRecord,
) {
  if (a.genesisHash !== b.genesisHash || a.netuid !== b.netuid) {
    throw new FractalError('not_comparable', 'The records are of two networks, with other provers.')
  }
  if (a.verifier !== b.verifier) return
  throw new FractalError('not_comparable', `Both records are of the verifier ${a.verifier}.`, {
    hint: 'Name a record of each of two verifiers, of about the same blocks.',
  })
}

function name({ read: { record } }: SignedRecord): string {
  return `${record.verifier.slice(0, 8)}… interval ${record.n}`
}

function judgedBy({ read: { record, answers } }: SignedRecord): Map<string, Judged> {
  const files = new Map(
    record.evidence.map(({ requestId, kind, sha256 }) => [`${kind} ${requestId}`, sha256]),
  )
  const faults = new Map<string, string[]>()
  for (const { hotkey, requestId, kind, verdict, reason } of checksOf(record, answers)) {
    if (verdict !== 'cheat' && verdict !== 'fail') continue
    const sha256 = files.get(`${kind} ${requestId}`)
    const file = sha256 === undefined ? '' : `, evidence ${sha256}`
    const fault = `${kind} ${verdict} (${reason}) ${requestId}${file}`
    faults.set(hotkey, [...(faults.get(hotkey) ?? []), fault])
  }
  return new Map(
    (record.settlement?.provers ?? []).map((row) => [
      row.hotkey,
      judged(row, faults.get(row.hotkey) ?? []),
    ]),
  )
}

function judged(row: ProverSettlement, evidence: readonly string[]): Judged {
  const { tierAfter: tier, cheats, checksPassed: passed, checksJudged } = row
  return { tier, cheats, passed, judged: checksJudged, evidence }
}

/** Caught, or with checks that did not pass. */
function isFaulted({ cheats, passed, judged: of }: Judged): boolean {
  return cheats > 0 || passed < of
}

const EVIDENCE_SHOWN = 5

function told({ tier, cheats, passed, judged: of, evidence }: Judged): string {
  const shown = evidence.slice(0, EVIDENCE_SHOWN).join(', ')
  const more =
    evidence.length > EVIDENCE_SHOWN ? `, and ${evidence.length - EVIDENCE_SHOWN} more` : ''
  const faults = evidence.length === 0 ? '' : `: ${shown}${more}`
  return `${tier}, ${passed} of ${of} checks passed, ${cheats} cheats${faults}`
}
