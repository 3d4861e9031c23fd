import assert from 'node:assert/strict'
import { boundedBytes } from '../../cli/bounded-bytes.js'

async function* pieces(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(bytes)
}
const tooLong = () => new Error('too long')

describe('bytes of anybody', () => {
  it('are read up to a limit, and not byte by byte', async () => {
    assert.equal((await boundedBytes(pieces(3, 100), 300, tooLong)).length, 300)
    assert.equal((await boundedBytes(null, 300, tooLong)).length, 0)
    await assert.rejects(boundedBytes(pieces(4, 100), 300, tooLong), /too long/)
    await assert.rejects(boundedBytes(pieces(5_000, 1), 10_000, tooLong), /too long/)
  })
})
