import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { decode } from 'fast-png'
import { FramePreviews } from '../../../api/videos/watch/frame-previews.js'
import type { Queryable } from '../../../ledger/database.js'
import { startAttempts } from '../../../ledger/requests/attempts.js'
import { putFrames } from '../../../ledger/requests/frames.js'
import { attempt, newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'

const SHAPE = { width: 512, height: 8 }
const FRAMES = 12

describe('previews of frames', () => {
  const database = useDatabase()
  let requestId: string
  let reads = 0
  let counting: Queryable
  before(async () => {
    const { db } = database()
    counting = {
      execute: db.execute,
      query: (sql, params) => {
        reads += 1
        return db.query(sql, params)
      },
    }
    const row = attempt(1, { n: 1 })
    requestId = row.requestId
    await startAttempts(db, newVerifier(), [row])
    const bytes = (index: number) => deflateSync(Buffer.alloc(512 * 8 * 3, index))
    const frames = Array.from({ length: FRAMES }, (_, i) => ({ index: i + 1, zlib: bytes(i + 1) }))
    await putFrames(db, requestId, frames)
  })
  beforeEach(() => {
    reads = 0
  })

  it('are made once, however many watch', async () => {
    const previews = new FramePreviews(counting)
    const all = async () => {
      for (let index = 1; index <= FRAMES; index++) await previews.get(requestId, index, SHAPE)
    }
    await Promise.all([all(), all(), all(), all()])
    assert.ok(reads <= 4, `${reads} reads of ${FRAMES} frames for four`)
    const { width, height, url } = (await previews.get(requestId, 3, SHAPE))!
    assert.deepEqual([width, height], [256, 4])
    const png = decode(Buffer.from(url.split(',')[1]!, 'base64'))
    assert.deepEqual([png.width, png.height, png.data[0]], [256, 4, 3])
  })

  it('are forgotten when there are too many, and made again', async () => {
    const previews = new FramePreviews(counting, { keptBytes: 1 })
    for (const index of [1, 2, 1]) assert.ok(await previews.get(requestId, index, SHAPE))
    assert.equal(reads, 3)
  })

  it('are none of frames that are not there, and fail of those that are not what they should be', async () => {
    const previews = new FramePreviews(counting)
    assert.equal(await previews.get(requestId, FRAMES + 1, SHAPE), null)
    await assert.rejects(previews.get(requestId, 1, { width: 8, height: 8 }))
    await assert.rejects(previews.get(requestId, 1, { width: 512, height: 16 }), RangeError)
    assert.ok(await previews.get(requestId, 1, SHAPE), 'a failure is not kept')
  })
})
