/**
 * Watchers of jobs that nobody runs, each a connection, a job and its state of its own: how many an API holds, and what
 * memory each takes there. Run: npm run bench -- watchers [--watchers 10000]   (needs two file descriptors for each)
 */
import { randomUUID } from 'node:crypto'
import { Agent, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { mapWithLimit } from '../base/concurrency/map-with-limit.js'
import { claimDirect } from '../ledger/requests/direct-runs.js'
import { insertJob } from '../ledger/requests/jobs.js'
import { ApiClient } from './support/api-client.js'
import { startBenchGrid } from './support/api-grid.js'
import { report } from './support/figures.js'
import { quantile, timed } from './support/measure.js'
import { VIDEO } from './support/stub-video.js'
import { benchOptions } from './support/whole-options.js'

const { watchers } = benchOptions('watchers')
const SETTLED_MS = 1000
const grid = await startBenchGrid()
const api = new ApiClient(grid.apiUrl, grid.key)
const many = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
process.once('SIGINT', () => void grid.stop().then(() => process.exit(130)))

try {
  const [{ id: apiKeyId }] = (await grid.db.query<{ id: string }>('SELECT id FROM api_keys')) as [
    { id: string },
  ]
  const ids = Array.from(
    { length: watchers },
    (_, i) => `video_${i.toString(16).padStart(24, 'e')}`,
  )
  await mapWithLimit(ids, 4, (id) => idleJob(id, apiKeyId))
  const before = await memory()
  const open: IncomingMessage[] = []
  const watch = async (id: string) => {
    const answer = await api.call('GET', `/v1/videos/${id}/events`, undefined, {}, many)
    if (answer.statusCode !== 200) throw new Error(`watcher refused: ${answer.statusCode}`)
    answer.on('error', () => undefined).resume()
    open.push(answer)
  }
  const times = await mapWithLimit(ids, 16, (id) => timed(() => watch(id)))
  await sleep(SETTLED_MS)
  const kibibytes = (await memory()) - before
  const alive = open.filter((answer) => !answer.closed).length
  report('watchers held', alive, 'watchers', { goal: { of: 'figure', least: watchers } })
  report(`memory of the API for each of ${watchers} watchers`, kibibytes / watchers, 'KiB')
  report('beginning to watch, 16 at a time, p99', quantile(times, 0.99), 'ms')
  report(`another answer while ${watchers} watch`, await timed(() => api.text('/v1/network')), 'ms')
} finally {
  many.destroy()
  await grid.stop()
  api.close()
}

async function idleJob(id: string, apiKeyId: string): Promise<void> {
  const { steps, frames, width, height } = VIDEO
  await insertJob(grid.db, grid.id, {
    ...{ id, inferenceId: randomUUID(), apiKeyId, seed: 7, prompt: 'x', negativePrompt: '' },
    ...{ steps, guidanceMilli: 3000, width, height, frames, fps: 8, model: 'fractal-shapes-1' },
    ...{ counted: false, reusePrompt: false },
  })
  await claimDirect(grid.db, grid.id, id, 3_600_000)
}

/** Resident memory of the API in KiB, as it says itself. */
async function memory(): Promise<number> {
  const text = await api.text('/metrics')
  return Number(/^process_resident_memory_bytes\{.*\} (.+)$/m.exec(text)![1]) / 1024
}
