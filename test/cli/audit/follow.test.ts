import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sr25519Ready } from '../../../base/sr25519.js'
import { type Followed, Follower } from '../../../cli/audit/follow/follower.js'
import { freePort } from '../../../dev/process/ports.js'
import type { AuditResults } from '../../../formats/audit-results.js'
import {
  type Made,
  type MadeRecords,
  madeRecords,
  makeNext,
} from '../../support/records/made-records.js'
import { type RecordApi, serveRecords } from '../../support/records/record-api.js'
import { until } from '../../support/until.js'
import { startCli } from '../run-cli.js'

const AUDIT = {
  chainOnly: false,
  allSignatures: false,
  verifier: null,
  netuid: null,
} as const

describe('fractal audit --follow', function () {
  this.timeout(60_000)
  let honest: MadeRecords
  let api: RecordApi
  before(async () => {
    await sr25519Ready()
    honest = madeRecords(4)
    for (let i = 0; i < 4; i++) makeNext(honest)
  })
  beforeEach(async () => {
    api = await serveRecords()
  })
  afterEach(() => api.close())

  const records = (...numbers: number[]): Made[] => numbers.map((n) => honest.made[n - 1]!)
  const follower = ({ from = null as number | null, elapsed = (): number => 0 } = {}) =>
    new Follower({
      api: api.url,
      from,
      audit: AUDIT,
      chainOf: async () => null,
      also: async () => ({ findings: [], notes: [] }),
      elapsed,
    })
  async function look(one: Follower): Promise<Followed[]> {
    const found: Followed[] = []
    for await (const each of one.look()) found.push(each)
    return found
  }
  const told = (found: readonly Followed[]) => found.map(({ n, findings }) => [n, findings.length])

  it('audits each interval as its record is shown, once, from the newest on', async () => {
    const one = follower()
    assert.deepEqual(await look(one), [])
    api.made = records(1, 2)
    assert.deepEqual(told(await look(one)), [[2, 0]])
    assert.deepEqual(await look(one), [])
    api.made = records(1, 2, 3, 4)
    api.withheld.add(4)
    assert.deepEqual(told(await look(one)), [[3, 0]])
    api.withheld.clear()
    const [last] = await look(one)
    assert.match(last!.text, /^all of it follows from its record \(\d+ answers, \d+ checks\)/)
    assert.equal(last!.hash, honest.made[3]!.hash)
    const early = follower({ from: 1 })
    assert.deepEqual(
      (await look(early)).map(({ n }) => n),
      [1, 2, 3, 4],
    )
  })

  it('finds what does not follow, and goes on', async () => {
    const lying = madeRecords(4)
    makeNext(lying)
    makeNext(lying, (record) => {
      record.settlement!.provers[1]!.scoreAfter += 1
    })
    api.made = lying.made
    const found = await look(follower({ from: 1 }))
    assert.deepEqual(told(found), [
      [1, 0],
      [2, found[1]!.findings.length],
    ])
    assert.match(found[1]!.text, /not follow: settlement\.provers 5\w+ score_after says/)
    api.texts.set(2, api.made[1]!.text.replace(/"score_after":\d+/, '"score_after":12345'))
    const [, changed] = await look(follower({ from: 1 }))
    assert.match(changed!.text, /is not signed by 5/)
  })

  it('raises an alarm for a number that is missing in the chain of hashes', async () => {
    api.made = records(1, 2, 3)
    api.hidden.add(2)
    const found = await look(follower({ from: 1 }))
    assert.deepEqual(
      found.map(({ n }) => n),
      [1, 3],
    )
    assert.match(found[1]!.findings.join('\n'), /interval 2 is hidden: it has no record/)
  })

  it('raises an alarm for a record that is withheld while a later one can be read, after a while', async () => {
    let now = 0
    const one = follower({ from: 1, elapsed: () => now })
    api.made = records(1, 2, 3)
    api.withheld.add(2)
    assert.deepEqual(told(await look(one)), [[1, 0]])
    now = 14 * 60_000
    assert.deepEqual(await look(one), [])
    now = 16 * 60_000
    const found = await look(one)
    assert.deepEqual(told(found), [
      [2, 1],
      [3, 0],
    ])
    assert.match(found[0]!.text, /is hidden: its record is withheld/)
  })

  it('raises an alarm for a verifier that tells something else than it told before', async () => {
    const one = follower({ from: 1 })
    api.made = records(1, 2)
    const { next_commitment } = JSON.parse(honest.made[1]!.body) as {
      next_commitment: { secret_sha256: string; signature: string }
    }
    api.newestCommitment = { interval: 3, ...next_commitment }
    assert.deepEqual(told(await look(one)), [
      [1, 0],
      [2, 0],
    ])
    api.newestCommitment = { ...api.newestCommitment, secret_sha256: 'ee'.repeat(32) }
    assert.match((await look(one))[0]!.text, /has two commitments/)
    api.hashes.set(1, 'dd'.repeat(32))
    assert.match((await look(one))[0]!.text, /has two records/)
    api.hidden.add(1)
    assert.deepEqual(await look(one), [], 'older than what is listed')
    api.hidden.clear()
    api.hidden.add(2)
    assert.match((await look(one))[0]!.text, /is no longer listed/)

    // A record with another secret than was published while the interval before ran.
    const other = follower({ from: 2 })
    api.hidden.clear()
    api.hashes.clear()
    api.made = records(1)
    api.newestCommitment = { interval: 2, secret_sha256: 'ee'.repeat(32), signature: '0x' }
    assert.deepEqual(await look(other), [])
    api.made = records(1, 2)
    api.newestCommitment = null
    assert.match((await look(other))[0]!.text, /published before: it drew again/)
    const listed = follower({ from: 2 })
    api.hashes.set(2, 'dd'.repeat(32))
    assert.match((await look(listed))[0]!.text, /has the hash .* but is listed with dd/)
  })

  it('waits where the API is away or nothing of Fractal’s', async () => {
    api.away = true
    await assert.rejects(look(follower()), { code: 'api_unreachable', message: /HTTP 503/ })
    api.away = false
    const { url } = api
    await api.close()
    await assert.rejects(look(follower()), { code: 'api_unreachable', message: /ECONNREFUSED/ })
    api = await serveRecords()
    assert.notEqual(url, api.url)
  })

  describe('as a command', () => {
    let folder: string
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fractal-follow-'))
    })
    after(() => rm(folder, { recursive: true, force: true }))

    it('prints a line each, writes and serves what it found, and ends with 1 at a difference', async () => {
      const file = join(folder, 'results.json')
      api.made = records(1, 2)
      const { child, result } = startCli([
        ...['audit', '--follow', '--no-chain', '--api', api.url, '--from', '1', '--every', '1'],
        ...['--by', 'Ada', '--results', file, '--health.port', '0'],
      ])
      const written = () =>
        readFile(file, 'utf8')
          .then((text) => JSON.parse(text) as AuditResults)
          .catch(() => null)
      await until('two intervals', async () => (await written())?.audited === 2)
      const lying = { ...honest, made: records(1, 2) }
      makeNext(lying, (record) => {
        record.weights!.values[0] = 1
      })
      api.made = lying.made
      const { code, stdout, stderr } = await result
      assert.equal(code, 1, stderr)
      assert.equal(child.exitCode, 1)
      assert.match(stdout, /^interval 1: all of it follows.*\ninterval 2: all of it follows/)
      assert.match(stdout, /\ninterval 3: .* not follow: weights says/)
      assert.equal(stderr, '')
      const { by, failures, intervals } = (await written())!
      assert.deepEqual(
        [by, failures, intervals.map(({ n, ok }) => [n, ok])],
        [
          'Ada',
          1,
          [
            [3, false],
            [2, true],
            [1, true],
          ],
        ],
      )
    })

    it('goes on if it is told to, has metrics, and says when it is stopped that something differed', async () => {
      const lying = madeRecords(4)
      makeNext(lying, (record) => {
        record.weights!.values[0] = 1
      })
      makeNext(lying)
      api.made = lying.made
      const port = await freePort()
      const { child, result } = startCli([
        ...['audit', '--follow', '--keep-going', '--no-chain', '--api', api.url, '--from', '1'],
        ...['--every', '1', '--health.port', String(port)],
      ])
      const metric = async (name: string) => {
        const text = await fetch(`http://127.0.0.1:${port}/metrics`)
          .then((res) => res.text())
          .catch(() => '')
        return new RegExp(`^${name}\\{role="audit"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? null
      }
      await until('both', async () => (await metric('fractal_audit_interval')) === '2')
      assert.equal(await metric('fractal_audit_failures_total'), '1')
      assert.equal(await metric('fractal_audit_intervals_total'), '2')
      assert.equal(await metric('fractal_audit_api_reached'), '1')
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`)
      assert.equal(ready.status, 503)
      const served = await fetch(`http://127.0.0.1:${port}/results`)
      assert.equal(((await served.json()) as AuditResults).audited, 2)
      child.kill('SIGTERM')
      const { code, stdout } = await result
      assert.equal(code, 1)
      assert.match(stdout, /interval 1: .* not follow.*\n(.*\n)*interval 2: all of it follows/)
    })
  })
})
