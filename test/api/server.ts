import type { Client } from '@temporalio/client'
import { createApi } from '../../api/app.js'
import type { ApiDeps } from '../../api/deps.js'
import { type ApiServer, type ApiServerOptions, serveApi } from '../../api/server.js'
import { apiSecretHash } from '../../base/auth/api-secret.js'
import { createLog } from '../../base/log.js'
import { Metrics } from '../../base/metrics.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { type Database, openDatabase } from '../../ledger/database.js'
import type { LedgerError } from '../../ledger/errors.js'
import { JobSignals } from '../../ledger/requests/job-signals.js'
import { openTemporalClient } from '../../temporal/client.js'
import { readVideoStandard } from '../../workers/video-standard.js'
import { signatureCheck } from '../../workers/who-signed.js'
import { TEST_KEY_ID } from '../ledger/fixtures.js'

const log = createLog('test', 'silent')

/** Nothing listens there: port 1 needs root, and nobody's tests use it. */
const NOWHERE = '127.0.0.1:1'

/** A client whose server is away. */
export function awayTemporal(): Client {
  return openTemporalClient({ address: NOWHERE, namespace: 'default' })
}

/** Of a ledger whose server is away. */
export const AWAY_URL = `postgres://fractal@${NOWHERE}/fractal`

export function awayDatabase(): Database {
  const url = AWAY_URL
  return openDatabase({ url, applicationName: 'fractal-test', max: 2, log })
}

/** The seed that the gateway draws in tests. */
export const DRAWN_SEED = 4_242_424_242

let ids = 0

/** A key that may do everything, on every API that `startApi` starts. */
export const TEST_KEY = `fk_${Buffer.alloc(32, 7).toString('base64url')}`

export interface TestApi extends ApiServer {
  /** Asks with TEST_KEY. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

/** The API on a port of its own; ids count up, the drawn seed is DRAWN_SEED. */
export async function startApi(
  deps: Pick<ApiDeps, 'db' | 'temporal' | 'verifierId'> &
    Partial<ApiDeps> & { url?: string; listening?: Partial<ApiServerOptions> },
): Promise<TestApi> {
  // Who needs signals gives the ledger's URL.
  const { url = AWAY_URL, listening, ...given } = deps
  await insertTestKey(given.db)
  const signals = new JobSignals({ url, applicationName: 'fractal-test', log })
  const stopping = new AbortController()
  const cut = new AbortController()
  const app = createApi({
    ...(await readVideoStandard(defaultModelDir())),
    onlyLoopback: true,
    chain: null,
    temporalUi: null,
    auditResults: null,
    publicNetwork: true,
    whoSigned: signatureCheck(given.verifierId.verifier, Date.now),
    allowPrivateWebhooks: false,
    stopping: stopping.signal,
    cut: cut.signal,
    metrics: new Metrics('test'),
    log,
    now: Date.now,
    elapsed: () => performance.now(),
    randomSeed: () => DRAWN_SEED,
    randomHex: (bytes) => {
      ids += 1
      return `f${ids.toString(16).padStart(2 * bytes - 1, '0')}`
    },
    signals,
    inference: null,
    ...given,
  })
  const onCut = () => cut.abort()
  const server = await serveApi(app, { host: '127.0.0.1', port: 0, onCut, ...listening })
  return {
    ...server,
    close: async () => {
      stopping.abort()
      await server.close()
      await signals.close()
    },
    fetch: (path, init) => {
      const headers = new Headers(init?.headers)
      if (!headers.has('Authorization')) headers.set('Authorization', `Bearer ${TEST_KEY}`)
      return fetch(`${server.url}${path}`, { ...init, headers })
    },
  }
}

/**
 * Makes TEST_KEY a key of this ledger; one that is away has none, and answers nobody. Who may not make
 * keys has to find it there.
 */
export async function insertTestKey(db: Database): Promise<void> {
  const sql = `INSERT INTO api_keys (id, secret_sha256, name, scopes, requests_per_minute, concurrent_videos, daily_cost)
     VALUES ($1, $2, 'test', '{generate,read,admin}', 0, 0, 0) ON CONFLICT DO NOTHING`
  await db.execute(sql, [TEST_KEY_ID, apiSecretHash(TEST_KEY)]).catch((error: LedgerError) => {
    if (!['ledger_unavailable', 'ledger_forbidden'].includes(error.code)) throw error
  })
}

/** The members of every error this API answers with. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  hint?: string
  code: string
  error: { message: string; type: string; param: string | null; code: string }
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${TEST_KEY}`,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}
