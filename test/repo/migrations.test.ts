import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'

describe('migrations/', () => {
  it('are numbered without a gap, each number once', async () => {
    const files = (await readdir(new URL('../../migrations', import.meta.url))).sort()
    assert.ok(files.length > 0)
    for (const [i, file] of files.entries()) {
      assert.match(file, /^\d{4}_[a-z_]+\.sql$/)
      assert.equal(Number(file.slice(0, 4)), i + 1, `${file} after ${files[i - 1]}`)
    }
  })
})
