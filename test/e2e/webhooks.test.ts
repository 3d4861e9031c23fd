import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { startReceiver } from '../support/receiver.js'
import { useSmallGrid } from '../support/small-grid.js'

describe('webhooks on a grid', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ provers: 1 })

  it('tell an OpenAI client of videos that were made and that were cancelled', async () => {
    const receiver = await startReceiver()
    const client = new OpenAI({ apiKey: grid().key, baseURL: `${grid().url}/v1` })
    try {
      const url = `http://localhost:${receiver.port}/hook`
      const res = await grid().post('/v1/webhooks', { url })
      const { id, secret } = (await res.json()) as { id: string; secret: string }
      const events = async (count: number) => {
        await receiver.until(count)
        return Promise.all(
          receiver.received.map(({ body, headers }) =>
            client.webhooks.unwrap(body, headers as Record<string, string>, secret),
          ),
        )
      }
      const made = await client.videos.create({ prompt: 'a red circle' })
      const [completed] = await events(1)
      assert.deepEqual([completed!.type, completed!.data], ['video.completed', { id: made.id }])
      assert.equal((await client.videos.retrieve(made.id)).status, 'completed')

      grid().provers[0]!.generator.stepMs = 1500
      const slow = await client.videos.create({ prompt: 'a blue square' })
      await grid().post(`/v1/videos/${slow.id}/cancel`, {})
      await grid().fetch(`/v1/webhooks/${id}/test`, { method: 'POST' })
      const told = (await events(3)).map((event) => [event.type as string, event.data])
      assert.deepEqual(
        new Map(told as [string, unknown][]),
        new Map<string, unknown>([
          ['video.completed', { id: made.id }],
          ['video.failed', { id: slow.id }],
          ['webhook.test', { id }],
        ]),
      )
    } finally {
      await receiver.close()
    }
  })
})
