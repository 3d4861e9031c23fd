import assert from 'node:assert/strict'
import { bySize } from '../../../activities/judging/by-size.js'
import { generationBody } from '../../../formats/generation.js'
import { encodeBody } from '../../../wire/generation-body.js'

const PARAMS = { prompt: 'a', negativePrompt: '', seed: 1, steps: 2, guidanceMilli: 3000, fps: 8 }

const of = (requestId: string, width: number, frames: number) => {
  const request = { request_id: '3d6f0a52-8d0c-4d8e-9b1a-0123456789ab', model: 'fake' }
  const body = generationBody({ ...PARAMS, width, height: 64, frames }, request)
  return { requestId, body: encodeBody({ ...body, deadline_ms: 30_000 }).bytes }
}

describe('Requests by size', () => {
  it('have equal sizes one after the other, and what can’t be read last', () => {
    const broken = { requestId: 'broken', body: Buffer.from('{') }
    const rows = [of('a', 64, 4), broken, of('b', 128, 4), of('c', 64, 8), of('d', 64, 4)]
    const order = bySize([...rows, of('e', 128, 4)]).map(({ requestId }) => requestId)
    assert.deepEqual(order, ['a', 'd', 'b', 'e', 'c', 'broken'])
  })
})
