import { FractalError } from '../../base/errors.js'
import type { Finding } from '../../rules/audit/finding.js'
import { printJson, printLine } from '../output.js'
import {
  type AuditOptions,
  auditOne,
  type Found,
  type NamedRecord,
  namedRecord,
  RecordChain,
  twoForOne,
} from './audit-records.js'
import { AuditedChain, type GivenNetwork } from './audited-chain.js'
import { assertSigned } from './check-signatures.js'
import { loadInterval, loadRecord } from './load-record.js'
import { loadTarget } from './load-target.js'
import { numberRuns } from './number-runs.js'
import { type AuditedRecord, printFindings, sentence } from './report.js'
import type { SignedRecord } from './signed-record.js'

export interface AuditRequest extends Omit<AuditOptions, 'chain'> {
  /** As `loadTarget` takes them, in any order. */
  readonly targets: readonly string[]
  /** All intervals from … to …, of the API. */
  readonly range: { readonly from: number; readonly to: number } | null
  readonly api: string
  /** Null: no chain is asked. */
  readonly network: GivenNetwork | 'by_genesis' | null
  /** So many challenges are computed again. */
  readonly recompute: number
  readonly modelDir: unknown
  readonly device: unknown
  readonly json: boolean
}

/** @returns whether nothing was found */
export async function runAudit(request: AuditRequest): Promise<boolean> {
  const chain = new AuditedChain(request.network)
  try {
    const { audited, about } = await auditAll(request, chain)
    const findings = audited.flatMap(({ n, findings }) => findings.map((one) => ({ ...one, n })))
    if (request.json) {
      printJson({
        ok: findings.length === 0,
        notes: about,
        intervals: audited.map(({ findings: _, ...one }) => one),
        findings,
      })
    } else if (findings.length === 0) printLine(sentence(audited, about, request.chainOnly))
    else printFindings(audited)
    return findings.length === 0
  } finally {
    await chain.close()
  }
}

/** @returns `about`: what there is to say that is of no record */
async function auditAll(
  request: AuditRequest,
  chain: AuditedChain,
): Promise<{ audited: AuditedRecord[]; about: string[] }> {
  const records = new RecordChain()
  const audited: AuditedRecord[] = []
  const absent = new Map<number, FractalError>()
  for await (const signed of recordsOf(request, absent)) {
    // Nothing of it is anybody's word before: also not which chain it is of.
    await assertSigned(signed)
    const compared = await chain.of(signed.read.record.genesisHash)
    const found = await auditOne(signed, records, { ...request, chain: compared })
    const again = await generatedAgain(signed, request)
    records.add(signed)
    audited.push({
      ...summary(signed),
      shownIn: found.shownIn,
      findings: [...found.findings, ...again.findings],
      notes: [...found.notes, ...again.notes],
    })
  }
  const [first] = audited
  if (first === undefined) {
    const [why] = absent.values()
    throw why ?? new FractalError('record_not_found', 'There is no record in this range.')
  }
  const about = [
    ...untold(absent, first.n, audited.at(-1)!.n),
    ...(request.network === 'by_genesis' ? [`its chain is ${chain.name}`] : []),
  ]
  return { audited, about }
}

/** What is said of a range's intervals without a record. Of one between two others the later one says why. */
function untold(absent: ReadonlyMap<number, FractalError>, first: number, last: number): string[] {
  const outside = [...absent].filter(([n]) => n < first || n > last)
  const numbers = (isLater: boolean) =>
    outside.filter(([, { code }]) => (code === 'record_not_public') === isLater).map(([n]) => n)
  const [none, later] = [numbers(false), numbers(true)]
  return [
    ...(none.length === 0
      ? []
      : [`no record of ${numberRuns(none)}, of which no other here says why`]),
    ...(later.length === 0 ? [] : [`the record of ${numberRuns(later)} is not public yet`]),
  ]
}

/** @param absent is filled with the numbers of a range that have no record, and what the API says of them */
async function* recordsOf(
  request: AuditRequest,
  absent: Map<number, FractalError>,
): AsyncGenerator<SignedRecord> {
  const { targets, range, api } = request
  if (range !== null) {
    for (let n = range.from; n <= range.to; n++) {
      const signed = await ofInterval(api, n)
      if (signed instanceof FractalError) absent.set(n, signed)
      else yield signed
    }
    return
  }
  if (targets.length === 1) {
    const [target] = targets
    yield await loadTarget(target!, api)
    return
  }
  // One at a time: with its answers each takes some hundred MB.
  const named: NamedRecord[] = []
  for (const target of targets) {
    const signed = await loadTarget(target, api)
    await assertSigned(signed)
    named.push(namedRecord(signed))
  }
  const [twice] = twoForOne(named)
  if (twice !== undefined) {
    throw new FractalError('two_records', `${twice.where} ${twice.what}.`, {
      hint: 'Keep both files: together they prove that this verifier lies.',
    })
  }
  for (const { source } of named.sort((a, b) => a.n - b.n)) yield await loadRecord(source)
}

/** Of challenges that are generated again here; the engine is loaded for them only. */
export async function generatedAgain(
  signed: SignedRecord,
  request: Pick<AuditRequest, 'recompute' | 'modelDir' | 'device'>,
): Promise<{ findings: Finding[]; notes: string[] }> {
  if (request.recompute === 0) return { findings: [], notes: [] }
  const { recompute } = await import('./recompute.js')
  return recompute(signed, request)
}

/** What an API says of an interval that has no record, or none yet: the record after it says more, or it is hidden. */
const ABSENT: readonly string[] = ['record_not_found', 'record_not_public', 'interval_not_found']

async function ofInterval(api: string, n: number): Promise<SignedRecord | FractalError> {
  try {
    return await loadInterval(api, n)
  } catch (error) {
    if (error instanceof FractalError && ABSENT.includes(error.code)) return error
    throw error
  }
}

/** All that is kept of a record: with its answers it takes some hundred MB. */
function summary({ hash, read }: SignedRecord): Omit<AuditedRecord, keyof Found> {
  const { n, outcome, verifier } = read.record
  const checks = read.answers.reduce((sum, row) => sum + row.checks.length, 0)
  return { n, verifier, outcome, hash, answers: read.answers.length, checks }
}
