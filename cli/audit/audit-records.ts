import { FractalError } from '../../base/errors.js'
import type { Chain } from '../../chain/chain.js'
import { networkOfGenesis } from '../../chain/subtensor/endpoints.js'
import { auditLink, type Before, keptRecord, proverId } from '../../rules/audit/audit-link.js'
import { ownSettings } from '../../rules/audit/audit-profile.js'
import { auditRecord } from '../../rules/audit/audit-record.js'
import { differs, type Finding } from '../../rules/audit/finding.js'
import { RuleError } from '../../rules/error.js'
import type { PublicRecord } from '../../rules/record/public-record.js'
import { type ChainCheck, checkChain, type ShownWeights } from './check-chain.js'
import { assertSigned, checkSignatures } from './check-signatures.js'
import type { SignedRecord } from './signed-record.js'

/** What an audit found, and what more there is to say. */
export interface Found {
  readonly findings: Finding[]
  readonly notes: string[]
  /** The block that shows the weights; null where the chain was not asked, or shows none. */
  readonly shownIn: number | null
}

export interface AuditOptions {
  /** Null: the chain is not asked. */
  readonly chain: Chain | null
  /** Only the vector is compared with the chain's. */
  readonly chainOnly: boolean
  readonly allSignatures: boolean
  /** Whose records they have to be; null: whoever signed the first. */
  readonly verifier: string | null
  readonly netuid: number | null
}

/** What is known of the records before one, while they are audited in their order. */
export class RecordChain {
  #before: Before | null = null
  /** The newest weights of one of them that a block shows. */
  shown: ShownWeights | null = null

  /** Notes a record that the next one has to follow. */
  add({ hash, read }: SignedRecord): void {
    const before = this.#before
    const settled = read.record.settlement?.provers ?? null
    const last = keptRecord({ hash, read })
    this.#before = {
      last,
      lastSettled: settled === null ? (before?.lastSettled ?? null) : last,
      left: new Map([
        ...(before?.left ?? []),
        ...(settled ?? []).map((row) => [proverId(row), row] as const),
      ]),
      fromStart: before?.fromStart ?? read.record.previous === null,
    }
  }

  /** What does not follow from the records before; nothing where none is known. */
  check({ hash, read }: SignedRecord): Finding[] {
    if (this.#before === null) return first(read.record.n, read.record.previous?.n ?? null)
    const { record } = this.#before.last
    const others = [
      ...differs('genesis_hash', read.record.genesisHash, record.genesisHash),
      ...differs('netuid', read.record.netuid, record.netuid),
      ...differs('verifier', read.record.verifier, record.verifier),
    ]
    return others.length > 0 ? others : auditLink(this.#before, { hash, read })
  }
}

function first(n: number, previous: number | null): Finding[] {
  return previous !== null && previous >= n
    ? [{ where: 'previous', what: `is interval ${previous}, which is not before ${n}` }]
    : []
}

/**
 * Audits a record: its signatures, all that follows from it, its place among those before it, and the chain.
 * @throws FractalError `bad_record` for one that its verifier has not signed
 */
export async function auditOne(
  signed: SignedRecord,
  records: RecordChain,
  options: AuditOptions,
): Promise<Found> {
  await assertSigned(signed)
  const { record } = signed.read
  const named = [
    ...(options.verifier === null ? [] : differs('verifier', record.verifier, options.verifier)),
    ...(options.netuid === null ? [] : differs('netuid', record.netuid, options.netuid)),
  ]
  const own = options.chainOnly
    ? []
    : [
        ...checkSignatures(signed, options.allSignatures),
        ...refusedProfile(record),
        ...recomputed(signed),
        ...records.check(signed),
      ]
  const chain = await onChain(signed, records, options)
  const settings = options.chainOnly ? null : ownSettings(record.profile)
  return {
    findings: [...named, ...own, ...chain.findings],
    notes: settings === null ? chain.notes : [...chain.notes, settings],
    shownIn: chain.shown?.block ?? null,
  }
}

/** A verifier refuses such settings itself: who has them on a public network has changed it. */
function refusedProfile({ profile, genesisHash }: PublicRecord): Finding[] {
  const network = networkOfGenesis(genesisHash)
  if (network === null || profile === null || profile.name === 'production') return []
  const what = `says “${profile.name}”, whose tiers and certificates are scaled down, on ${network}`
  return [{ where: 'profile.name', what }]
}

function recomputed({ read }: SignedRecord): Finding[] {
  try {
    return auditRecord(read)
  } catch (error) {
    if (error instanceof RuleError) return [{ where: 'record', what: error.message }]
    throw error
  }
}

async function onChain(
  signed: SignedRecord,
  records: RecordChain,
  { chain, chainOnly }: AuditOptions,
): Promise<ChainCheck & { shown: ShownWeights | null }> {
  if (chain === null) return { findings: [], notes: ['the chain was not asked'], shown: null }
  try {
    const found = await checkChain(chain, signed, { before: records.shown, weightsOnly: chainOnly })
    records.shown = found.shown ?? records.shown
    return found
  } catch (error) {
    if (!(error instanceof FractalError) || error.code !== 'StateDiscarded') throw error
    throw new FractalError('StateDiscarded', `The chain cannot be compared: ${error.message}`, {
      hint: 'Ask a node that keeps all states (--subtensor.network archive), or audit without the chain (--no-chain).',
      cause: error,
    })
  }
}

/** Which record it is, and where it came from. */
export interface NamedRecord
  extends Pick<PublicRecord, 'n' | 'verifier' | 'netuid' | 'genesisHash'> {
  readonly hash: string
  readonly source: string
}

export function namedRecord({ hash, source, read }: SignedRecord): NamedRecord {
  const { n, verifier, netuid, genesisHash } = read.record
  return { n, verifier, netuid, genesisHash, hash, source }
}

/** Two records that one verifier signed for one interval: a lie that proves itself. */
export function twoForOne(records: readonly NamedRecord[]): Finding[] {
  const seen = new Map<string, NamedRecord>()
  return records.flatMap((signed) => {
    const { n, verifier, netuid, genesisHash } = signed
    const key = `${genesisHash}/${netuid}/${verifier}/${n}`
    const other = seen.get(key)
    seen.set(key, signed)
    if (other === undefined || other.hash === signed.hash) return []
    return [
      {
        where: `interval ${n}`,
        what: `has two records that ${verifier} signed: ${other.hash} (${other.source}) and ${signed.hash} (${signed.source})`,
      },
    ]
  })
}
