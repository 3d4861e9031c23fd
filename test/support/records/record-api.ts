import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Made } from './made-records.js'

/** What an API tells of its verifier's records; a test changes it while it is asked. */
export interface RecordApi {
  readonly url: string
  /** In the order of intervals. */
  made: Made[]
  /** Listed, but not readable. */
  readonly withheld: Set<number>
  /** Neither listed nor readable. */
  readonly hidden: Set<number>
  /** Listed with another hash than they have. */
  readonly hashes: Map<number, string>
  /** Read as something else. */
  readonly texts: Map<number, string>
  newestCommitment: { interval: number; secret_sha256: string; signature: string } | null
  /** Answers 503 to everything. */
  away: boolean
  /** Paths that were asked for. */
  readonly asked: string[]
  close(): Promise<void>
}

/** Serves made records as `/v1/network` does: a small server with the answers that `fractal audit` reads. */
export async function serveRecords(made: Made[] = []): Promise<RecordApi> {
  const server = createServer((req, res) => {
    const path = req.url ?? ''
    api.asked.push(path)
    const [status, body] = api.away
      ? [503, problem('ledger_unavailable', 'The ledger is away.')]
      : answerTo(api, path)
    res.writeHead(status, { 'Content-Type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const api: RecordApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    made,
    withheld: new Set(),
    hidden: new Set(),
    hashes: new Map(),
    texts: new Map(),
    newestCommitment: null,
    away: false,
    asked: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return api
}

function answerTo(api: RecordApi, path: string): [number, string] {
  const found = /^\/v1\/network\/intervals\/(\d+)\/record$/.exec(path)
  if (found !== null) {
    const n = Number(found[1])
    const made = api.made.find(({ record }) => record.n === n)
    if (n > Math.max(0, ...api.made.map(({ record }) => record.n))) {
      return [404, problem('interval_not_found', `There is no interval ${n}.`)]
    }
    if (made === undefined || api.hidden.has(n)) {
      return [404, problem('record_not_found', `Interval ${n} has no record.`)]
    }
    if (api.withheld.has(n)) {
      return [409, problem('record_not_public', `The record of interval ${n} is not public yet.`)]
    }
    return [200, api.texts.get(n) ?? made.text]
  }
  if (path.startsWith('/v1/network/records?')) return [200, JSON.stringify({ data: lines(api) })]
  if (path.startsWith('/v1/network/intervals?')) {
    return [200, JSON.stringify({ data: [], newest_commitment: api.newestCommitment })]
  }
  return [404, problem('not_found', `There is no ${path}.`)]
}

function lines({ made, hidden, withheld, hashes }: RecordApi) {
  return made
    .filter(({ record }) => !hidden.has(record.n))
    .map(({ record: { n }, hash }) => ({
      n,
      hash: hashes.get(n) ?? hash,
      public: !withheld.has(n),
      expired: false,
    }))
    .reverse()
}

function problem(code: string, detail: string): string {
  return JSON.stringify({ code, detail })
}
