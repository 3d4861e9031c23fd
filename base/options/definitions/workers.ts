import { z } from 'zod'
import { flag, option, port, text, whole } from '../define-option.js'

/** Long enough not to be guessed. */
const sharedSecret = z.string().min(16, 'must have at least 16 characters')

/** `http://HOST:PORT`, several separated by commas. */
const httpUrls = z
  .string()
  .refine(
    (value) => value.split(',').every((each) => /^http:\/\/[^/?#@]+\/?$/.test(each.trim())),
    'must be http://HOST:PORT; separate several with commas',
  )

/** GPU workers, and the patience of activities. */
export const WORKERS = {
  'gpu.recertify': option(
    flag,
    false,
    'certify the determinism class again, even if it has a certificate',
  ),
  'gpu.count': option(
    whole(1, 1024),
    1,
    'number of GPUs: for a verifier, those behind its queue (the budget for checks); for a prover, one worker process each',
  ),
  'ledger.patience': option(
    whole(1, 86_400),
    undefined,
    'seconds of a PostgreSQL outage that an interval survives (default: max(half an interval, 90))',
  ),
  'gpu.class': option(
    z.string().regex(/^[A-Za-z0-9]{1,32}$/, 'expected one word of letters and digits'),
    '3090',
    'GPU model that this worker requires: a word of its name, such as 3090 or H200',
  ),
}

/** For the verifier and the workers; a prover and an API serve these on their own ports. */
export const HEALTH = {
  'health.host': option(text, '127.0.0.1', 'address to serve /healthz, /readyz and /metrics on'),
  'health.port': option(port, 0, 'port to serve /healthz, /readyz and /metrics on (0: none)'),
  'health.block_seconds': option(
    whole(1, 86_400),
    120,
    'seconds without a new block after which /readyz is red',
  ),
}

/** Running users' requests on an open connection. */
export const INFERENCE = {
  'inference.host': option(text, '127.0.0.1', 'address that the inference worker listens on'),
  'inference.port': option(
    port,
    0,
    'port for requests that a client streams or waits for, which the API forwards directly (0: none; all go through Temporal)',
  ),
  'inference.secret': option(
    sharedSecret,
    undefined,
    'shared secret of the API and the inference workers',
    true,
  ),
  'inference.url': option(
    httpUrls,
    undefined,
    'inference worker URLs: http://HOST:PORT, comma-separated',
  ),
}
