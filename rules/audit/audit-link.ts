import { fromHex } from '../../formats/bytes.js'
import { SHARE_WINDOW_INTERVALS } from '../constants.js'
import type { PublicRecord } from '../record/public-record.js'
import type { ReadRecord } from '../record/read-record.js'
import { proverAt } from '../record/settlement-input.js'
import {
  newProverState,
  type ProverKey,
  type ProverSettlement,
  type ProverState,
  type ShareCounts,
} from '../settle/settlement.js'
import { deliveredPixels } from './audit-checks.js'
import { dueFindings } from './audit-wide.js'
import { differs, type Finding } from './finding.js'

/** A record with its hash. */
export interface HashedRecord {
  readonly hash: string
  readonly read: ReadRecord
}

/** What the one after it has to follow from: all but its answers, which are most of a record. */
export interface KeptRecord {
  readonly hash: string
  readonly record: Omit<PublicRecord, 'answers'>
  /** As `deliveredPixels` says. */
  readonly pixels: number | null
}

export function keptRecord({ hash, read }: HashedRecord): KeptRecord {
  const { answers: _, ...record } = read.record
  return { hash, record, pixels: deliveredPixels(read) }
}

/** What the records before one say. */
export interface Before {
  /** The one right before it. */
  readonly last: KeptRecord
  /** The newest of an interval that settled; null where none is known. */
  readonly lastSettled: KeptRecord | null
  /** What the newest settlement that is known of each prover left, by `proverId`. */
  readonly left: ReadonlyMap<string, ProverSettlement>
  /** Whether every record since interval 1 is known: then no prover has an unknown past. */
  readonly fromStart: boolean
}

/**
 * Checks that a record continues where the previous ones ended: none is left out or replaced, its secret is
 * the one committed to, and every prover starts with the result of the previous settlement.
 */
export function auditLink(before: Before, { read }: HashedRecord): Finding[] {
  const { record } = read
  const { last, lastSettled } = before
  return [
    ...chained(last, read),
    ...committed(last, read),
    ...standings(before, read),
    ...(lastSettled === null ? [] : window(lastSettled, read)),
    ...spotCheckRate(last, read),
    ...wideRoundsBefore(last, read),
    ...(record.openedAfter === null || record.openedAfter < record.n
      ? []
      : [{ where: 'opened_after', what: `is ${record.openedAfter}, which is not before it` }]),
  ]
}

/** What is told of wide rounds of the record before. */
function wideRoundsBefore({ record: before }: KeptRecord, read: ReadRecord): Finding[] {
  const { n, secret, firstBlockHash, wideRounds } = before
  if (secret === null || firstBlockHash === null) return []
  const source = { secret: fromHex(secret), blockHash: fromHex(firstBlockHash) }
  return dueFindings(read, n, wideRounds, source, before)
}

/** Numbers follow one another, those between were missed, and the hash is the one before's. */
function chained(last: KeptRecord, { record }: ReadRecord): Finding[] {
  const before = last.record
  const between = Array.from({ length: record.n - before.n - 1 }, (_, i) => before.n + 1 + i)
  const told = record.missed.map(({ n }) => n)
  const hidden = between.filter((n) => !told.includes(n))
  const firstBlock = before.firstBlock + before.length
  return [
    ...hidden.map((n) => ({
      where: `interval ${n}`,
      what: 'is hidden: it has no record, and is not said to have been missed',
    })),
    ...(record.previous?.hash === last.hash
      ? []
      : [
          {
            where: 'previous',
            what: `links to ${record.previous?.hash ?? 'nothing'}, but the record before is interval ${before.n} with the hash ${last.hash}`,
          },
        ]),
    ...(between.length > 0 ? [] : differs('first_block', record.firstBlock, firstBlock)),
  ]
}

/** The secret is the one that the record before was already bound to: nobody draws again. */
function committed(last: KeptRecord, { record }: ReadRecord): Finding[] {
  const { n, nextCommitment } = last.record
  if (record.n !== n + 1 || nextCommitment === null || record.commitment === null) return []
  const { secretSha256 } = record.commitment
  if (secretSha256 === nextCommitment.secretSha256) return []
  return [
    {
      where: 'commitment',
      what: `is to another secret than the one committed to before the interval began (${secretSha256} instead of ${nextCommitment.secretSha256}): it drew again`,
    },
  ]
}

/**
 * Every prover starts with the result of its last settlement; one that was never settled starts from nothing.
 */
function standings({ left, fromStart }: Before, { record }: ReadRecord): Finding[] {
  return (record.standings ?? []).flatMap((state) => {
    const before = left.get(proverId(state))
    if (before === undefined && !fromStart) return []
    const follows = before === undefined ? newProverState(state) : leftBy(before)
    return differs(`standings ${state.hotkey}`, stateOf(state), stateOf(follows))
  })
}

type Standing = Pick<
  ProverState,
  'tier' | 'totalSuccesses' | 'scorePpm' | 'validationsSinceMove' | 'fastReturn'
>

function stateOf(state: Standing): Standing {
  const { tier, totalSuccesses, scorePpm, validationsSinceMove, fastReturn } = state
  return { tier, totalSuccesses, scorePpm, validationsSinceMove, fastReturn }
}

function leftBy(row: ProverSettlement): Standing {
  const { tierAfter: tier, totalAfter: totalSuccesses, scoreAfter: scorePpm } = row
  return {
    tier,
    totalSuccesses,
    scorePpm,
    validationsSinceMove: row.validationsSinceMove,
    fastReturn: row.fastReturn,
  }
}

/** The window goes on by what the last settlement adds, and drops what is too old. */
function window(lastSettled: KeptRecord, read: ReadRecord): Finding[] {
  const told = read.record.window
  if (told === null) return []
  const before = lastSettled.record
  const numbers = [...(before.window ?? []).map(({ n }) => n), before.n].slice(
    -(SHARE_WINDOW_INTERVALS - 1),
  )
  const order = differs(
    'window',
    told.map(({ n }) => n),
    numbers,
  )
  if (order.length > 0) return order
  return told.flatMap(({ n, counts }) => {
    const known = knownCounts(lastSettled, n)
    return counts.flatMap(({ prover, ...row }) => {
      const key = proverAt(read.record, prover)
      const follows = known.get(proverId(key))
      return follows === undefined ? [] : differs(`window ${n} ${key.hotkey}`, row, follows)
    })
  })
}

/** What a record says that interval n added to shares: its own counts, or those of its window. */
function knownCounts({ record }: KeptRecord, n: number): Map<string, ShareCounts> {
  if (n === record.n) {
    return new Map((record.settlement?.provers ?? []).map((row) => [proverId(row), countsOf(row)]))
  }
  const counts = record.window?.find((interval) => interval.n === n)?.counts ?? []
  return new Map(
    counts.map(({ prover, ...row }) => [proverId(proverAt(record, prover)), countsOf(row)]),
  )
}

function countsOf(row: ShareCounts): ShareCounts {
  const { wideRounds, wideGpus, newestWideGpus, wideSlots, wideKept, offered, accepted } = row
  return { wideRounds, wideGpus, newestWideGpus, wideSlots, wideKept, offered, accepted }
}

/** What checking all would cost is reckoned from what the interval before delivered. */
function spotCheckRate(last: KeptRecord, { record }: ReadRecord): Finding[] {
  const told = record.plan?.spotChecks.pixels ?? null
  const { pixels: delivered } = last
  if (record.n !== last.record.n + 1 || told === null || delivered === null) return []
  return differs('plan.spot_checks.pixels', told, delivered)
}

/** One registration of a hotkey. */
export function proverId({ hotkey, registeredBlock }: ProverKey): string {
  return `${hotkey}@${registeredBlock}`
}
