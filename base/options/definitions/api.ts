import { z } from 'zod'
import { flag, option, port, text, whole } from '../define-option.js'

/** A URL that a page may link to. */
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be http://HOST:PORT' })

/** The API. */
export const API = {
  'temporal.ui_address': option(
    httpUrl,
    undefined,
    'Temporal’s web UI, http://HOST:PORT; the pages link to it',
  ),
  'api.host': option(text, '127.0.0.1', 'address to listen on'),
  'api.port': option(port, 8080, 'port to listen on'),
  'api.drain_seconds': option(
    whole(0, 3600),
    60,
    'seconds that open streams get to finish when the API is stopped',
  ),
  'api.allow_private_webhooks': option(
    flag,
    false,
    'allow webhooks over http and to private addresses; for development (API and inference worker)',
  ),
  'api.public_network': option(
    flag,
    true,
    'serve the network’s state to callers without an API key',
  ),
  'api.audit_results': option(
    text,
    undefined,
    'file or address of what a `fractal audit --follow` found: the page “Check the judge” shows it',
  ),
  'api.verifier': option(
    text,
    undefined,
    'hotkey (ss58) of the verifier to serve, when the ledger has several',
  ),
}
