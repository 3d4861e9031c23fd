import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker'

/**
 * Histories of workflows that ran (the README beside them says how they were taken). A change of a
 * workflow that could not go on with them would break every interval that runs while it is deployed.
 *
 * Reading them back needs one copy of protobufjs 8 for all of Temporal's packages. npm gives each its
 * own where an older one took the place at the top (`type must be a Type`), so package.json names it.
 */
const folder = fileURLToPath(new URL('../fixtures/histories', import.meta.url))

interface History {
  events: {
    eventType: string
    activityTaskScheduledEventAttributes?: { activityType: { name: string } }
  }[]
}

describe('workflows, replayed', function () {
  this.timeout(240_000)
  let bundle: { code: string }

  before(async () => {
    Runtime.install({
      shutdownSignals: [],
      logger: new DefaultLogger('ERROR', () => undefined),
      telemetryOptions: { logging: { filter: 'OFF' } },
    })
    bundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    })
  })

  const read = async (name: string): Promise<History> =>
    JSON.parse(await readFile(`${folder}/${name}.json`, 'utf8'))
  const replay = (history: History, name: string): Promise<void> =>
    Worker.runReplayHistory({ workflowBundle: bundle }, history, name)

  it('go on with every stored history', async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    assert.ok(names.length >= 5, `${names.length} histories`)
    for (const file of names) {
      const name = file.replace(/\.json$/, '')
      await replay(await read(name), name)
    }
  })

  it('are of rounds at blocks, and of rounds at their moments with spot checks beside them', async () => {
    const asked = async (name: string) => {
      const { events } = await read(name)
      const types = events.flatMap(
        (event) => event.activityTaskScheduledEventAttributes?.activityType.name ?? [],
      )
      return ['askRound', 'askWide', 'computeSpotChecks'].filter((type) => types.includes(type))
    }
    assert.deepEqual(await asked('verify-interval'), ['askRound'])
    assert.deepEqual(await asked('verify-interval-timed'), [
      'askRound',
      'askWide',
      'computeSpotChecks',
    ])
  })

  it('are of videos whose attempt finished them, and of those that another activity finished', async () => {
    const activities = async (name: string) =>
      (await read(name)).events.flatMap(
        (event) => event.activityTaskScheduledEventAttributes?.activityType.name ?? [],
      )
    assert.deepEqual(await activities('generate-video'), ['attemptVideo', 'finishVideo'])
    assert.deepEqual(await activities('generate-video-at-once'), ['attemptVideo'])
  })

  it('are refused when an activity is another', async () => {
    const history = await read('verify-interval')
    const scheduled = history.events.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'closeInterval',
    )
    scheduled!.activityTaskScheduledEventAttributes!.activityType.name = 'openInterval'
    await assert.rejects(replay(history, 'verify-interval'), { name: 'DeterminismViolationError' })
  })

  it('hold no prompt and no seed', async () => {
    for (const file of await readdir(folder)) {
      const text = await readFile(`${folder}/${file}`, 'utf8')
      for (const part of text.match(/"data":\s*"([^"]+)"/g) ?? []) {
        const payload = Buffer.from(part.split('"')[3]!, 'base64').toString('utf8')
        assert.doesNotMatch(payload, /prompt|query|seed"|circle|square|rotates/i, file)
      }
    }
  })
})
