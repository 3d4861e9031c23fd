import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import { isShredded } from '../../base/net/shredded.js'
import { AUDIT_RESULTS_VERSION, type AuditResults } from '../../formats/audit-results.js'

/** A follower looks every half minute. */
const KEPT_MS = 10_000
const DEADLINE_MS = 5_000
/** Fifty intervals with ten findings each take less. */
const BYTES_MAX = 1_000_000

const text = z.string().max(2_000)
const hash = z.string().regex(/^[0-9a-f]{64}$/)

export const auditedIntervalSchema = z.object({
  n: z.int().min(1),
  hash: hash.nullable().meta({ description: 'of its record; null where there was none to read' }),
  ok: z.boolean().meta({ description: 'all of it follows' }),
  at: z.iso.datetime(),
  text: text.meta({ description: 'what came out, in a sentence' }),
  findings: z.array(text).max(100),
})

export const auditResultsSchema = z
  .object({
    version: z.literal(AUDIT_RESULTS_VERSION),
    by: z.string().max(200).meta({ description: 'who ran it, in their own words' }),
    software: z.string().max(100),
    verifier: z.string().max(100).nullable(),
    chain: z.string().max(100).nullable().meta({
      description: 'the network whose weights were compared; null: none were',
    }),
    started_at: z.iso.datetime(),
    looked_at: z.iso.datetime().meta({ description: 'when it last asked for news' }),
    audited: z.int().min(0),
    failures: z.int().min(0),
    intervals: z.array(auditedIntervalSchema).max(1_000),
  })
  .meta({
    id: 'AuditResults',
    description: 'what `fractal audit --follow` found: nothing signs it',
  })

/** What a follower found, or why it can't be told. */
export type ToldResults =
  | { readonly results: AuditResults; readonly problem: null }
  | { readonly results: null; readonly problem: string | null }

/**
 * Reads what a follower of this verifier found, where its operator names a file or an address of it. It is read anew after
 * ten seconds at the earliest, whoever asks.
 */
export class FollowerResults {
  readonly #source: string | null
  readonly #verifier: string
  readonly #elapsed: () => number
  #read: { readonly at: number; readonly told: Promise<ToldResults> } | null = null

  constructor(source: string | null, verifier: string, elapsed: () => number) {
    this.#source = source
    this.#verifier = verifier
    this.#elapsed = elapsed
  }

  /** Both null where no follower is named. */
  read(): Promise<ToldResults> {
    const source = this.#source
    if (source === null) return Promise.resolve({ results: null, problem: null })
    const now = this.#elapsed()
    if (this.#read === null || now - this.#read.at >= KEPT_MS) {
      this.#read = { at: now, told: this.#ask(source) }
    }
    return this.#read.told
  }

  /** Where it is stays the operator's. */
  async #ask(source: string): Promise<ToldResults> {
    let value: unknown
    try {
      value = JSON.parse(await load(source))
    } catch {
      return { results: null, problem: 'What the follower found cannot be read.' }
    }
    const parsed = auditResultsSchema.safeParse(value)
    if (!parsed.success) return { results: null, problem: 'What the follower found is no results.' }
    const { verifier } = parsed.data
    return verifier === null || verifier === this.#verifier
      ? { results: parsed.data, problem: null }
      : { results: null, problem: 'The follower audits another verifier.' }
  }
}

async function load(source: string): Promise<string> {
  if (!/^https?:/.test(source)) {
    const { size } = await stat(source)
    if (size > BYTES_MAX) throw tooLong()
    return readFile(source, 'utf8')
  }
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const response = await fetch(source, { signal, redirect: 'error' })
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.length
    parts.push(chunk)
    if (length > BYTES_MAX || isShredded(parts.length, length)) throw tooLong()
  }
  return Buffer.concat(parts).toString()
}

function tooLong(): FractalError {
  return new FractalError('too_long', 'the results are too long')
}
