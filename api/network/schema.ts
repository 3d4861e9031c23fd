import { z } from 'zod'
import type { StoredCapacity } from '../../ledger/intervals/share-columns.js'
import { CHECK_KINDS, type CheckCursor } from '../../ledger/judging/verdicts.js'
import { MOVE_REASONS, type StoredMoveReason } from '../../rules/explain/move-reasons.js'
import { TIERS } from '../../rules/tiers.js'
import { REASONS, type Reason, VERDICTS } from '../../rules/verdicts.js'
import { wholeNumberText } from '../http/fields.js'

/** Members that several answers under `/v1/network` have. */
export const tierSchema = z.enum(TIERS)
export const reasonSchema = z.enum(Object.keys(REASONS) as [Reason, ...Reason[]])
export const verdictSchema = z.enum(VERDICTS)
export const checkKindSchema = z.enum(CHECK_KINDS)
export const moveReasonSchema = z
  .enum(Object.keys(MOVE_REASONS) as [StoredMoveReason, ...StoredMoveReason[]])
  .meta({ description: '`refusals`: only of intervals that older versions settled' })
export const hotkeySchema = z.string().meta({ description: 'ss58 address' })
export const time = z.iso.datetime().meta({ example: '2026-11-22T12:00:00.000Z' })
export const ppm = z.int().meta({ description: 'parts per million', example: 950_000 })
export const count = z.int().min(0)
export const rateSchema = z
  .string()
  .nullable()
  .meta({ description: 'in words; null where nothing was counted', example: '97.3 %' })

/** What the last settled intervals proved of a prover; null where a version without wide rounds settled. */
export const provenMembers = {
  wide_share_ppm: ppm.nullable().meta({
    description: 'slots that it kept in the wide rounds of the last 20 settled intervals',
  }),
  offer_share_ppm: ppm.nullable().meta({
    description: 'other requests that it accepted in them, of those sent while it had room',
  }),
  capacity_ppm: ppm.nullable().meta({ description: 'proven; 1,000,000 is one GPU' }),
  paid_capacity_ppm: ppm.nullable().meta({
    description:
      'what the mean reward is multiplied with: capacity times both shares, at most what the tier’s limit of requests keeps busy',
  }),
}

export function provenObject(row: StoredCapacity) {
  return {
    wide_share_ppm: row.wideSharePpm,
    offer_share_ppm: row.offerSharePpm,
    capacity_ppm: row.capacityPpm,
    paid_capacity_ppm: row.paidCapacityPpm,
  }
}

/** Whose judgments an answer is of. */
export const verifierMembers = {
  netuid: z.int().min(0),
  verifier: hotkeySchema,
}

export function listOf<T extends z.ZodType>(data: T) {
  return z.object({ object: z.literal('list'), ...verifierMembers, data: z.array(data) })
}

/** ISO 8601 in UTC. */
export function iso(date: Date): string {
  return date.toISOString()
}

export function isoOrNull(date: Date | null): string | null {
  return date === null ? null : iso(date)
}

/** `97.3 %`, or null where nothing was counted. */
export function rate(part: number | null, whole: number | null): string | null {
  return part === null || whole === null || whole === 0
    ? null
    : `${Number(((100 * part) / whole).toFixed(2))} %`
}

/** An interval's number in an address or a query. */
export const intervalNumber = wholeNumberText(999_999_999)

export const cursorPattern = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.(${CHECK_KINDS.join('|')})`

/** The cursor of a page that ends with this check. */
export function checkCursor({ requestId, kind }: CheckCursor): string {
  return `${requestId}.${kind}`
}

export function parseCursor(cursor: string): CheckCursor {
  const [requestId, kind] = cursor.split('.')
  return { requestId, kind } as CheckCursor
}
