import { apiKey } from './key.js'

/**
 * Why there is no answer: the API's own code (api/http/errors.ts of the server), or
 * - `offline`: nothing answered
 * - `unreadable`: what answered is not this API
 */
export class Problem extends Error {
  readonly code: string
  /** 0 if nothing answered. */
  readonly status: number
  readonly hint: string | null
  /** The invalid field. */
  readonly param: string | null
  /** Seconds after which to try again. */
  readonly retryAfter: number | null

  constructor(
    code: string,
    message: string,
    more: {
      status?: number
      hint?: string
      param?: string | null
      retryAfter?: number | null
    } = {},
  ) {
    super(message)
    this.name = 'Problem'
    this.code = code
    this.status = more.status ?? 0
    this.hint = more.hint ?? null
    this.param = more.param ?? null
    this.retryAfter = more.retryAfter ?? null
  }
}

/**
 * Sends a request to the API, with the key if there is one.
 * @throws Problem for any unsuccessful response
 */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  const key = apiKey()
  if (key !== null) headers.set('Authorization', `Bearer ${key}`)
  let res: Response
  try {
    res = await fetch(path, { ...init, headers })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new Problem('offline', 'The API cannot be reached.', {
      hint: 'It may be restarting, or this device may be offline.',
    })
  }
  if (!res.ok) throw await problemOf(res)
  return res
}

/** The JSON of a successful response. @throws Problem */
export async function askJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  const res = await ask(path, init)
  try {
    return (await res.json()) as T
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new Problem('unreadable', 'The answer broke off or is no JSON.', { status: res.status })
  }
}

export function post<T>(path: string, body?: unknown, init: RequestInit = {}): Promise<T> {
  return askJson<T>(path, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    ...init,
  })
}

async function problemOf(res: Response): Promise<Problem> {
  const seconds = Number(res.headers.get('Retry-After') ?? Number.NaN)
  const retryAfter = Number.isFinite(seconds) ? seconds : null
  const body = (await res.json().catch(() => null)) as {
    code?: string
    detail?: string
    hint?: string
    error?: { param?: string | null }
  } | null
  if (typeof body?.code !== 'string') {
    return new Problem('unreadable', `Something answered with status ${res.status}.`, {
      status: res.status,
      retryAfter,
    })
  }
  return new Problem(body.code, body.detail ?? '', {
    status: res.status,
    hint: body.hint,
    param: body.error?.param,
    retryAfter,
  })
}

/** Converts anything thrown to a Problem that can be shown. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  return new Problem('unreadable', thrown instanceof Error ? thrown.message : String(thrown))
}
