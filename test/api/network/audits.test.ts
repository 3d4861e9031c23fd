import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FollowerResults } from '../../../api/network/audit-results.js'
import { AUDIT_RESULTS_VERSION, type AuditResults } from '../../../formats/audit-results.js'

const VERIFIER = '5Verifier'
const RESULTS: AuditResults = {
  version: AUDIT_RESULTS_VERSION,
  by: 'Ada',
  software: '0.0.0',
  verifier: VERIFIER,
  chain: null,
  started_at: '2026-11-29T06:00:00.000Z',
  looked_at: '2026-11-29T06:00:00.000Z',
  audited: 0,
  failures: 0,
  intervals: [],
}

describe('/v1/network/audits: what a follower found', () => {
  let folder: string
  let file: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-results-'))
    file = join(folder, 'results.json')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const told = async (source: string | null, text?: string) => {
    if (text !== undefined) await writeFile(file, text)
    return new FollowerResults(source, VERIFIER, () => 0).read()
  }

  it('is nothing where no follower is named', async () => {
    assert.deepEqual(await told(null), { results: null, problem: null })
  })

  it('is read from a file, anew after ten seconds', async () => {
    let now = 0
    await writeFile(file, JSON.stringify(RESULTS))
    const follower = new FollowerResults(file, VERIFIER, () => now)
    assert.deepEqual(await follower.read(), { results: RESULTS, problem: null })
    await writeFile(file, JSON.stringify({ ...RESULTS, audited: 7 }))
    now = 9_999
    assert.equal((await follower.read()).results?.audited, 0)
    now = 10_000
    assert.equal((await follower.read()).results?.audited, 7)
  })

  it('is read from an address, bounded', async () => {
    let body = JSON.stringify(RESULTS)
    let status = 200
    const server = createServer((_req, res) => res.writeHead(status).end(body))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/results`
    try {
      assert.deepEqual(await told(url), { results: RESULTS, problem: null })
      body = `"${'x'.repeat(1_100_000)}"`
      assert.match((await told(url)).problem!, /cannot be read/)
      body = JSON.stringify(RESULTS)
      status = 500
      assert.match((await told(url)).problem!, /cannot be read/)
    } finally {
      server.close()
    }
    assert.match((await told(url)).problem!, /cannot be read/, 'it is away')
  })

  it('says what is wrong with it, and never where it is', async () => {
    const cases: [string, RegExp][] = [
      ['{', /cannot be read/],
      ['{}', /is no results/],
      [JSON.stringify({ ...RESULTS, version: 'fractal-audit-results/0' }), /is no results/],
      [JSON.stringify({ ...RESULTS, verifier: '5Another' }), /audits another verifier/],
      [' '.repeat(1_000_001), /cannot be read/],
    ]
    for (const [text, pattern] of cases) {
      const { results, problem } = await told(file, text)
      assert.equal(results, null)
      assert.match(problem!, pattern)
      assert.ok(!problem!.includes(folder))
    }
    assert.match((await told(join(folder, 'none.json'))).problem!, /cannot be read/)
  })
})
