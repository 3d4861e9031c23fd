import { z } from 'zod'
import { type CanonicalValue, canonicalJson } from '../../formats/canonical-json.js'
import { recordHash } from '../../formats/record.js'
import { type PublishedWeights, recordInFile } from '../../formats/signed-record.js'
import type { ReadRecord } from '../../rules/record/read-record.js'
import { badRecord, parseJson, readRecordValue } from './read-record-text.js'

/** A published record as it was read, its signature not looked at yet. */
export interface SignedRecord {
  /** Where it came from, for people. */
  readonly source: string
  readonly hash: string
  readonly signature: string
  readonly published: PublishedWeights
  readonly read: ReadRecord
}

const block = z.int().min(0).nullable()
const fileSchema = z.strictObject({
  published: z.strictObject({
    kind: z.string().max(100),
    sent_block: block,
    included_block: block,
  }),
  record: z.custom<CanonicalValue>((value) => typeof value === 'object' && value !== null),
  signature: z.string().regex(/^0x[0-9a-f]{128}$/, 'expected 0x and 128 hex digits'),
})

/**
 * Reads a file in which a record is published.
 * @throws FractalError `bad_record`, saying what is wrong
 */
export function readSignedRecord(text: string, source: string): SignedRecord {
  const parsed = fileSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const member = issue?.path.join('.') ?? ''
    throw badRecord(
      `is no signed record: ${member === '' ? '' : `${member}: `}${issue?.message}`,
      'A signed record has the members published, record and signature.',
    )
  }
  const { record, signature, published } = parsed.data
  const body = recordInFile(text, signature, published)
  if (body === null || canonical(record) !== body) {
    throw badRecord('is not canonical JSON: its hash would depend on who reads it')
  }
  return { source, hash: recordHash(body), signature, published, read: readRecordValue(record) }
}

function canonical(record: CanonicalValue): string {
  try {
    return canonicalJson(record)
  } catch (error) {
    throw badRecord(error instanceof Error ? error.message : String(error))
  }
}
