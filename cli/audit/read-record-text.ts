import { FractalError } from '../../base/errors.js'
import type { CanonicalValue } from '../../formats/canonical-json.js'
import { FormatError } from '../../formats/error.js'
import { RuleError } from '../../rules/error.js'
import { camelNames, snakeName } from '../../rules/record/names.js'
import { RECORD_VERSIONS, type RecordVersion } from '../../rules/record/public-record.js'
import { type ReadRecord, readRecord } from '../../rules/record/read-record.js'
import { RECORD_SCHEMAS } from './record-schema.js'

/** Deeper than any record: what is nested further would end this process. */
const DEPTH_MAX = 32
/** What takes more memory than its text: three bytes of a hostile file would be sixty here. */
const CONTAINERS_MAX = 1_000_000
const VALUES_MAX = 12_000_000

/**
 * Reads a record: every member that its version has and no other.
 * @throws FractalError `bad_record`, saying what is wrong
 */
export function readRecordValue(value: CanonicalValue): ReadRecord {
  const version = versionOf(value)
  try {
    const parsed = RECORD_SCHEMAS[version].safeParse(camelNames(value))
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const path = (issue?.path ?? []).map((part) => snakeName(String(part))).join('.')
      throw badRecord(
        `has something else than it should${path === '' ? '' : ` at ${path}`}: ${issue?.message}`,
      )
    }
    return readRecord(parsed.data)
  } catch (error) {
    if (error instanceof FormatError || error instanceof RuleError) throw badRecord(error.message)
    throw error
  }
}

/** @throws FractalError `bad_record` for what is no JSON, or is nested too deeply, or has too many parts */
export function parseJson(text: string): CanonicalValue {
  assertBounded(text)
  try {
    const value: CanonicalValue = JSON.parse(text)
    return value
  } catch (error) {
    throw badRecord(`is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export function badRecord(what: string, hint?: string): FractalError {
  return new FractalError('bad_record', `The record ${what}.`, hint === undefined ? {} : { hint })
}

function versionOf(value: CanonicalValue): RecordVersion {
  const version =
    value !== null && typeof value === 'object' && 'version' in value ? value.version : undefined
  const known = RECORD_VERSIONS.find((each) => each === version)
  if (known !== undefined) return known
  const told = JSON.stringify(version)?.slice(0, 60) ?? 'no version'
  throw badRecord(
    `is of version ${told}, not of "${RECORD_VERSIONS.join('" or "')}"`,
    'Use the version of fractal that wrote it.',
  )
}

/** Looks at brackets and commas outside strings. */
function assertBounded(text: string): void {
  let depth = 0
  let containers = 0
  let values = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = endOfString(text, i)
    else if (code === 0x2c) values += 1
    else if (code === 0x5b || code === 0x7b) {
      depth += 1
      containers += 1
      if (depth > DEPTH_MAX) throw badRecord(`is nested more than ${DEPTH_MAX} deep`)
    } else if (code === 0x5d || code === 0x7d) depth -= 1
  }
  if (containers > CONTAINERS_MAX || values > VALUES_MAX) {
    throw badRecord(
      `has ${containers} lists and objects with ${values} values, more than any record`,
    )
  }
}

const QUOTE = 0x22

/** Where the string that begins at `start` ends; the text's end where it does not. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = text.indexOf('"', at)
    if (at === -1) return text.length
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes += 1
    if (slashes % 2 === 0) return at
  }
}
