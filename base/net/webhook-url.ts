import { isIP, isIPv4 } from 'node:net'
import { judgeAddress } from './public-address.js'

/** A webhook's parsed URL; `host` is an IP address without brackets, or a name in ASCII. */
export interface WebhookUrl {
  readonly secure: boolean
  readonly host: string
  readonly isName: boolean
  readonly port: number
  /** Path and query. */
  readonly target: string
  /** The Host header. */
  readonly authority: string
  /** The canonical form, which is stored. */
  readonly href: string
}

export const MAX_WEBHOOK_URL = 2048

/** Names that are always private, wherever they are resolved (RFC 6761, 6762, 8375, ICANN's .internal). */
const OWN_NAMES = /^(localhost|.*\.(localhost|local|internal|home\.arpa|lan|intranet))$/
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

/**
 * Parses a webhook's untrusted URL: `https`, a public name or address, any port, no credentials. What
 * different programs parse differently (backslashes, tabs, octal or decimal addresses, `%41`, two trailing
 * dots) is refused, not interpreted. The addresses that a name resolves to are vetted again at each delivery.
 * @param allowPrivate allows `http` and private hosts (development)
 * @returns the URL, or why it is refused: the end of a sentence, without any part of the URL
 */
export function readWebhookUrl(
  text: string,
  allowPrivate: boolean,
): WebhookUrl | { refused: string } {
  if (text.length > MAX_WEBHOOK_URL)
    return refuse(`must have at most ${MAX_WEBHOOK_URL} characters`)
  // URL would drop tabs and line breaks, and treat a backslash as a slash.
  if (/[\s\\\p{C}]/u.test(text))
    return refuse('must not contain spaces, backslashes or control characters')
  const raw = /^(https?):\/\/([^/?#]+)/i.exec(text)
  if (raw === null) return refuse('must begin with https:// and a host')
  if (raw[2]!.includes('@')) return refuse('must not contain credentials')
  if (raw[2]!.includes('%')) return refuse('must not have % in its host')
  if (text.includes('#')) return refuse('must not contain a fragment (#)')
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.href.length > MAX_WEBHOOK_URL) return refuse('must be a valid URL')
  const secure = url.protocol === 'https:'
  if (!secure && !allowPrivate) return refuse('must begin with https://')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const why = isIP(host) ? refuseIp(host, raw[2]!, allowPrivate) : refuseName(host, allowPrivate)
  if (why !== null) return refuse(why)
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  if (port === 0) return refuse('must not have port 0')
  return {
    secure,
    host,
    isName: isIP(host) === 0,
    port,
    target: `${url.pathname}${url.search}`,
    authority: url.host,
    href: url.href,
  }
}

function refuse(refused: string): { refused: string } {
  return { refused }
}

/** URL parses 0x7f.1, 2130706433 and full-width digits as addresses; only plain notation is accepted. */
function refuseIp(host: string, rawAuthority: string, allowPrivate: boolean): string | null {
  const spelled = rawAuthority.replace(/:\d*$/, '')
  if (isIPv4(host) && spelled !== host) return 'must have its IP address in plain notation'
  const judged = judgeAddress(host, allowPrivate)
  return 'refused' in judged ? 'must have a public address: others cannot be called' : null
}

function refuseName(host: string, allowPrivate: boolean): string | null {
  const labels = host.split('.')
  if (host.length > 253 || !labels.every((label) => LABEL.test(label))) {
    return 'must have a host that is a name or an address'
  }
  const isOwn = labels.length === 1 || OWN_NAMES.test(host)
  return isOwn && !allowPrivate ? 'must have a public host: others cannot be called' : null
}
