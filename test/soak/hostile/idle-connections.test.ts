import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { awayTemporal, startApi, type TestApi } from '../../api/server.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { withSite } from '../../prover/site.js'
import { heldBytes } from '../../support/hostile/measure-memory.js'
import { useDatabase } from '../../support/postgres.js'
import { until } from '../../support/until.js'

const SCRIPT = fileURLToPath(new URL('open-connections.mjs', import.meta.url))
const WANTED = 10_000
/** Files that a process needs for all else. */
const SPARE_FILES = 500
/** Of memory, for a connection that is idle or sends slowly: its socket, its parser, its timers. */
const CONNECTION_BYTES = 32_768
/** On two busy processors, for one answer among them. */
const ANSWER_MS = 5_000
const CLOSED_MS = 120_000

interface Count {
  open: number
  closed: number
  failed: number
  done: boolean
}

/** Many connections to a port, from another process. */
class Crowd {
  count: Count = { open: 0, closed: 0, failed: 0, done: false }
  readonly #child: ChildProcess

  constructor(
    port: number,
    private readonly size: number,
    sent: string,
  ) {
    this.#child = fork(SCRIPT, [String(port), String(size), sent], { execArgv: [] })
    this.#child.on('message', (count: Count) => {
      this.count = { ...count, done: count.done || this.count.done }
    })
  }

  /** Resolves once all have been opened, and some perhaps closed again. */
  async standing(): Promise<void> {
    await until('the connections', () => this.count.done, { withinMs: CLOSED_MS })
    // Else others are served because there is no crowd.
    assert.equal(this.count.open, this.size, `${this.count.failed} were not opened`)
  }

  gone(): Promise<unknown> {
    const { count } = this
    const isGone = () => this.count.closed >= this.count.open
    return until(`${count.open} to be closed`, isGone, { withinMs: CLOSED_MS })
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** As many as the limit of open files allows, which is said if it is fewer than wanted. */
function crowdSize(): number {
  const report = process.report.getReport() as unknown as {
    userLimits: { open_files: { soft: number | 'unlimited' } }
  }
  const { soft } = report.userLimits.open_files
  const allowed = soft === 'unlimited' ? WANTED : soft - SPARE_FILES
  if (allowed < WANTED) console.warn(`      ulimit -n allows ${allowed} of ${WANTED} connections`)
  return Math.min(WANTED, allowed)
}

async function answeredIn(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await ask()
  return performance.now() - began
}

const SLOW = 'POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400\r\nX-'
const CROWDS = { 'send nothing': '', 'never end their headers': SLOW }

describe('thousands of connections that send little or nothing', function () {
  this.timeout(600_000)
  const database = useDatabase()
  const temporal = awayTemporal()
  let api: TestApi
  before(async () => {
    api = await startApi({ db: database().db, temporal, verifierId: newVerifier() })
  })
  after(async () => {
    await api?.close()
    await temporal.connection.close()
  })

  for (const [what, sent] of Object.entries(CROWDS)) {
    it(`to an API and ${what}: others are answered, and all of them are closed`, async () => {
      const before = heldBytes()
      const crowd = new Crowd(Number(new URL(api.url).port), crowdSize(), sent)
      try {
        await crowd.standing()
        const { open, closed } = crowd.count
        const each = (heldBytes() - before) / Math.max(1, open - closed)
        const ms = await answeredIn(async () => {
          assert.equal((await api.fetch('/v1/models')).status, 200)
        })
        console.warn(
          `      ${open} opened, ${open - closed} stand: ${Math.round(each)} bytes each, an answer in ${Math.round(ms)} ms`,
        )
        assert.ok(ms < ANSWER_MS, `an answer took ${ms} ms`)
        assert.ok(each < CONNECTION_BYTES, `${each} bytes each`)
        await crowd.gone()
      } finally {
        await crowd.end()
      }
    })

    it(`to a prover and ${what}: a verifier is served`, async () => {
      await withSite({}, async (site) => {
        const crowd = new Crowd(site.prover.port, crowdSize(), sent)
        try {
          await crowd.standing()
          const ms = await answeredIn(async () => {
            assert.equal((await site.ask(site.body())).kind, 'answered')
          })
          assert.ok(ms < ANSWER_MS, `an answer took ${ms} ms`)
          const { open, closed } = crowd.count
          assert.ok(open - closed <= 1_024, `${open - closed} stand`)
          await crowd.gone()
        } finally {
          await crowd.end()
        }
      })
    })
  }
})
