import type { IncomingMessage } from 'node:http'
import { readWebhookUrl, type WebhookUrl } from '../base/net/webhook-url.js'
import { type VettedAddress, vetAddress } from './axon-address.js'
import { WireError, type WireErrorCode } from './error.js'
import { Exchange } from './exchange.js'
import { type ResolveHost, resolveHost } from './resolve-host.js'

/** Time limits of one POST, in milliseconds. */
export interface WebhookDeadlines {
  readonly dnsMs: number
  /** TCP and TLS, for each address tried. */
  readonly connectMs: number
  /** From the DNS query to the answer's headers: the convention recommends 15 to 30 s. */
  readonly wholeMs: number
  /** For the answer's body, which is discarded. */
  readonly bodyMs: number
}

const DEADLINES: WebhookDeadlines = { dnsMs: 5000, connectMs: 5000, wholeMs: 20_000, bodyMs: 1000 }
/** Maximum number of a name's addresses to try. */
const MAX_ADDRESSES_TRIED = 3
/** Read up to this much: a receiver that is cut off while it writes would see an error. */
const MAX_BODY_BYTES = 4096
const MAX_RETRY_AFTER_SECONDS = 3_600

export interface WebhookPost {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Allows `http` and private addresses (development). */
  readonly allowPrivate: boolean
  readonly signal?: AbortSignal
  readonly deadlines?: Partial<WebhookDeadlines>
  /** Replaces DNS and the trusted certificates in tests. */
  readonly resolve?: ResolveHost
  readonly ca?: string
}

/** The receiver's response: any status is an answer, including redirects (which are not followed). */
export interface WebhookAnswer {
  readonly status: number
  /** From a usable Retry-After header in seconds, if there is one. */
  readonly retryAfterMs: number | null
}

/**
 * One POST to an untrusted URL. The name is resolved here, once; all its addresses are vetted, and the
 * connection goes to a vetted address itself, so DNS rebinding gains nothing; the TLS certificate is checked
 * for the name. No redirects, no proxies, no pooling.
 * @throws WireError `address_refused`, `unreachable`, `tls_failed`, `no_answer`, `late`, `http_malformed`,
 * `stream_oversized`, `cancelled`; no message contains any part of the URL
 */
export async function postWebhook(post: WebhookPost): Promise<WebhookAnswer> {
  const deadlines = { ...DEADLINES, ...post.deadlines }
  const endsAt = performance.now() + deadlines.wholeMs
  const url = readWebhookUrl(post.url, post.allowPrivate)
  if ('refused' in url) {
    throw new WireError('address_refused', `a webhook's address ${url.refused}`)
  }
  const addresses = await vettedAddresses(url, post, deadlines)
  for (const [i, address] of addresses.entries()) {
    try {
      return await postTo(address, url, post, {
        ...deadlines,
        wholeMs: Math.max(1, endsAt - performance.now()),
      })
    } catch (error) {
      // Nothing was sent: the next address may be reachable, for example if IPv6 is not routed here.
      const unsent = error instanceof WireError && error.code === 'unreachable'
      if (!unsent || i === addresses.length - 1) throw error
    }
  }
  throw new WireError('unreachable', 'the name has no address')
}

/** @throws WireError `address_refused` if any one of them is refused */
async function vettedAddresses(
  url: WebhookUrl,
  post: WebhookPost,
  { dnsMs, wholeMs }: WebhookDeadlines,
): Promise<VettedAddress[]> {
  const resolve = post.resolve ?? resolveHost
  const ips = url.isName ? await resolve(url.host, Math.min(dnsMs, wholeMs)) : [url.host]
  const options = { allowPrivate: post.allowPrivate }
  return ips.map((ip) => vetAddress(ip, url.port, options)).slice(0, MAX_ADDRESSES_TRIED)
}

async function postTo(
  address: VettedAddress,
  url: WebhookUrl,
  post: WebhookPost,
  deadlines: WebhookDeadlines,
): Promise<WebhookAnswer> {
  const ca = post.ca === undefined ? {} : { ca: post.ca }
  // An IP address is not a server name (RFC 6066); without one, the certificate is checked for the address.
  const tls = url.isName ? { servername: url.host, ...ca } : ca
  const exchange = new Exchange({
    address,
    method: 'POST',
    target: url.target,
    headers: { ...post.headers, Host: url.authority },
    body: post.body,
    ...(url.secure ? { tls } : {}),
    connectMs: Math.min(deadlines.connectMs, deadlines.wholeMs),
    deadlineMs: deadlines.wholeMs,
    ...(post.signal === undefined ? {} : { signal: post.signal }),
  })
  try {
    const answer = await exchange.response()
    await skipBody(exchange, deadlines.bodyMs)
    return { status: answer.statusCode ?? 0, retryAfterMs: retryAfter(answer) }
  } finally {
    exchange.close()
  }
}

/** The status is all that matters, however the body ends. */
async function skipBody(exchange: Exchange, ms: number): Promise<void> {
  exchange.arm('whole', ms, 'late', 'the body took too long')
  await exchange.bytes(MAX_BODY_BYTES).catch(() => undefined)
}

function retryAfter(answer: IncomingMessage): number | null {
  const text = answer.headers['retry-after'] ?? ''
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : 0
  return seconds > 0 ? Math.min(seconds, MAX_RETRY_AFTER_SECONDS) * 1000 : null
}

/** Why a POST got no answer, as shown to the webhook's owner. */
export type NoAnswer =
  | 'address_refused'
  | 'unreachable'
  | 'tls_failed'
  | 'no_answer'
  | 'late'
  | 'malformed'

export function noAnswerOf(code: WireErrorCode): NoAnswer {
  switch (code) {
    case 'address_refused':
    case 'unreachable':
    case 'tls_failed':
    case 'late':
      return code
    case 'http_malformed':
    case 'stream_oversized':
      return 'malformed'
    default:
      return 'no_answer'
  }
}
