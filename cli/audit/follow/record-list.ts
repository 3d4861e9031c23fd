import { z } from 'zod'
import { FractalError, messageOf } from '../../../base/errors.js'
import { boundedBytes } from '../../bounded-bytes.js'

const DEADLINE_MS = 30_000
const BYTES_MAX = 4 * 1024 * 1024
/** Lines of one page: the most that an API gives. */
const PAGE = 1_000

const lineSchema = z.looseObject({
  n: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  public: z.boolean(),
  expired: z.boolean(),
})
const recordsSchema = z.looseObject({ data: z.array(lineSchema).max(PAGE) })
const intervalsSchema = z.looseObject({
  newest_commitment: z
    .looseObject({ interval: z.int().min(1), secret_sha256: z.string().regex(/^[0-9a-f]{64}$/) })
    .nullable(),
})

/** A record in a verifier's list. */
export type ListedRecord = z.output<typeof lineSchema>

/** What a verifier's API says of its records now. */
export interface Listed {
  /** Newest first. */
  readonly records: readonly ListedRecord[]
  /** What it committed to last. */
  readonly commitment: { readonly n: number; readonly secretSha256: string } | null
}

/** @throws FractalError `api_unreachable`: away, refusing, or no API of Fractal */
export async function askListed(api: string): Promise<Listed> {
  const { data } = await ask(new URL(`/v1/network/records?limit=${PAGE}`, api), recordsSchema)
  const { newest_commitment: newest } = await ask(
    new URL('/v1/network/intervals?limit=1', api),
    intervalsSchema,
  )
  return {
    records: data,
    commitment: newest && { n: newest.interval, secretSha256: newest.secret_sha256 },
  }
}

async function ask<T>(url: URL, schema: z.ZodType<T>): Promise<T> {
  try {
    const apiKey = process.env.FRACTAL_API_KEY
    const response = await fetch(url, {
      signal: AbortSignal.timeout(DEADLINE_MS),
      redirect: 'error',
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    })
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`)
    const tooLong = () => new Error('the answer is too long')
    const bytes = await boundedBytes(response.body, BYTES_MAX, tooLong)
    const parsed = schema.safeParse(JSON.parse(Buffer.from(bytes).toString()))
    if (!parsed.success) throw new Error('no answer of Fractal’s API')
    return parsed.data
  } catch (error) {
    const inner = error instanceof Error && error.cause !== undefined ? error.cause : error
    throw new FractalError('api_unreachable', `${url.origin}${url.pathname}: ${messageOf(inner)}`, {
      cause: error,
    })
  }
}
