import { FractalError } from '../../base/errors.js'
import type { Chain } from '../../chain/chain.js'
import { connectChain } from '../../chain/connect.js'
import { printJson, printLine } from '../output.js'
import { type AuditOptions, auditOne, RecordChain, twoForOne } from './audit-records.js'
import { assertSigned } from './check-signatures.js'
import { loadRecord, recordUrl } from './load-record.js'
import { recompute } from './recompute.js'
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
  for await (const signed of recordsOf(request)) {
    const found = await auditOne(signed, records, options)
    const again = await recompute(signed, request)
    records.add(signed)
    audited.push({
      ...summary(signed),
      findings: [...found.findings, ...again.findings],
      notes: [...found.notes, ...again.notes],
    })
  }
  return audited
}

async function* recordsOf(request: AuditRequest): AsyncGenerator<SignedRecord> {
  const { targets, range, api } = request
  if (range !== null) {
    for (let n = range.from; n <= range.to; n++) {
      const signed = await ofInterval(api, n)
      if (signed !== null) yield signed
    }
    return
  }
  if (targets.length === 1) {
    const [target] = targets
    yield await loadRecord(addressOf(target!, api))
    return
  }
  const all = await Promise.all(targets.map((target) => loadRecord(addressOf(target, api))))
  for (const signed of all) await assertSigned(signed)
  const [twice] = twoForOne(all)
  if (twice !== undefined) {
    throw new FractalError('two_records', `${twice.where} ${twice.what}.`, {
      hint: 'Keep both files: together they prove that this verifier lies.',
    })
  }
  yield* all.sort((a, b) => a.read.record.n - b.read.record.n)
}

/** Null of one that was missed: the record after it says so, or it is hidden. */
async function ofInterval(api: string, n: number): Promise<SignedRecord | null> {
  try {
    return await loadRecord(recordUrl(api, n))
  } catch (error) {
    if (error instanceof FractalError && error.code === 'record_not_found') return null
    throw error
  }
}

function addressOf(target: string, api: string): string {
  return /^[1-9]\d{0,9}$/.test(target) ? recordUrl(api, Number(target)) : target
}

/** All that is kept of a record: with its answers it takes some hundred MB. */
function summary({ hash, read }: SignedRecord): Omit<AuditedRecord, 'findings' | 'notes'> {
  const { n, outcome, verifier } = read.record
  const checks = read.answers.reduce((sum, row) => sum + row.checks.length, 0)
  return { n, verifier, outcome, hash, answers: read.answers.length, checks }
}
