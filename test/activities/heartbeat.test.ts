import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { MockActivityEnvironment } from '@temporalio/testing'
import { withHeartbeat } from '../../activities/shared/heartbeat.js'

describe('heartbeats of an activity', () => {
  const beatsOf = async (work: Parameters<typeof withHeartbeat<void>>[0]) => {
    const env = new MockActivityEnvironment()
    const beats: string[] = []
    env.on('heartbeat', (details: string) => beats.push(details))
    await env.run(() => withHeartbeat(work))
    return beats
  }

  it('are not sent by what is done within a second', async () => {
    assert.deepEqual(await beatsOf(async (_signal, _heartbeat, note) => note('step 1 of 2')), [])
  })

  it('carry the newest note, or are sent at once', async () => {
    const work: Parameters<typeof withHeartbeat<void>>[0] = async (_signal, heartbeat, note) => {
      heartbeat('step 1 of 3')
      note('step 2 of 3')
      note('step 3 of 3')
      await sleep(1100)
    }
    assert.deepEqual(await beatsOf(work), ['step 1 of 3', 'step 3 of 3'])
  })
})
