import { FractalError } from '../../base/errors.js'
import type { Chain } from '../../chain/chain.js'
import { connectChain } from '../../chain/connect.js'
import type { Finding } from '../../rules/audit/finding.js'
import { printJson, printLine } from '../output.js'
import {
  type AuditOptions,
  auditOne,
  type NamedRecord,
  namedRecord,
  RecordChain,
  twoForOne,
} from './audit-records.js'
import { assertSigned } from './check-signatures.js'
import { loadInterval, loadRecord } from './load-record.js'
import { type AuditedRecord, printFindings, sentence } from './report.js'
import type { SignedRecord } from './signed-record.js'

export interface AuditRequest extends Omit<AuditOptions, 'chain'> {
  /** Numbers of intervals, addresses or files, in any order. */
  readonly targets: readonly string[]
  /** All intervals from … to …, of the API. */
  readonly range: { readonly from: number; readonly to: number } | null
  readonly api: string
  readonly network: { readonly name: string; readonly endpoint: string | undefined } | null
  /** So many challenges are computed again. */
  readonly recompute: number
  readonly modelDir: unknown
  readonly device: unknown
  readonly json: boolean
}

/** @returns whether nothing was found */
export async function runAudit(request: AuditRequest): Promise<boolean> {
  const chain = request.network && (await connectChain(networkOf(request.network)))
  try {
    const audited = await auditAll(request, chain)
    const findings = audited.flatMap(({ n, findings }) => findings.map((one) => ({ ...one, n })))
    if (request.json) {
      printJson({
        ok: findings.length === 0,
        intervals: audited.map(({ findings: _, ...one }) => one),
        findings,
      })
    } else if (findings.length === 0) printLine(sentence(audited))
    else printFindings(audited)
    return findings.length === 0
  } finally {
    await chain?.close()
  }
}

function networkOf({ name, endpoint }: NonNullable<AuditRequest['network']>) {
  return { network: name, endpoint }
}

async function auditAll(request: AuditRequest, chain: Chain | null): Promise<AuditedRecord[]> {
  const options = { ...request, chain }
  const records = new RecordChain()
  const audited: AuditedRecord[] = []
  const absent: number[] = []
  for await (const signed of recordsOf(request, absent)) {
    const found = await auditOne(signed, records, options)
    const again = await generatedAgain(signed, request)
    records.add(signed)
    audited.push({
      ...summary(signed),
      findings: [...found.findings, ...again.findings],
      notes: [...found.notes, ...again.notes],
    })
  }
  const [first] = audited
  if (first === undefined) {
    throw new FractalError('record_not_found', 'There is no record in this range.')
  }
  // Of one between two others the later one said why.
  const untold = absent.filter((n) => n < first.n || n > audited.at(-1)!.n)
  if (untold.length > 0) {
    first.notes.unshift(`no record of ${untold.join(', ')}, of which no other here says why`)
  }
  return audited
}

/** @param absent is filled with the numbers of a range that have no record */
async function* recordsOf(request: AuditRequest, absent: number[]): AsyncGenerator<SignedRecord> {
  const { targets, range, api } = request
  if (range !== null) {
    for (let n = range.from; n <= range.to; n++) {
      const signed = await ofInterval(api, n)
      if (signed === null) absent.push(n)
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

/** Null of one that was missed: the record after it says so, or it is hidden. */
async function ofInterval(api: string, n: number): Promise<SignedRecord | null> {
  try {
    return await loadInterval(api, n)
  } catch (error) {
    if (error instanceof FractalError && error.code === 'record_not_found') return null
    throw error
  }
}

function loadTarget(target: string, api: string): Promise<SignedRecord> {
  return /^[1-9]\d{0,9}$/.test(target) ? loadInterval(api, Number(target)) : loadRecord(target)
}

/** All that is kept of a record: with its answers it takes some hundred MB. */
function summary({ hash, read }: SignedRecord): Omit<AuditedRecord, 'findings' | 'notes'> {
  const { n, outcome, verifier } = read.record
  const checks = read.answers.reduce((sum, row) => sum + row.checks.length, 0)
  return { n, verifier, outcome, hash, answers: read.answers.length, checks }
}
