import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BoundedFolder } from '../../prover/keeping/bounded-folder.js'

describe('a bounded folder', () => {
  let path: string

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'fractal-folder-'))
  })

  afterEach(async () => {
    await rm(path, { recursive: true, force: true })
  })

  async function put(folder: BoundedFolder, key: string, bytes: number): Promise<void> {
    const draft = await folder.draft()
    await writeFile(join(draft, 'data'), Buffer.alloc(bytes))
    await folder.commit(key, draft)
  }

  it('drops the oldest beyond its bytes', async () => {
    const folder = await BoundedFolder.open(path, 100)
    for (const key of ['a', 'b', 'c']) await put(folder, key, 40)
    assert.deepEqual(folder.keys(), ['b', 'c'])
    assert.equal(folder.bytes, 80)
    assert.equal(folder.pathOf('a'), null)
    assert.deepEqual((await readdir(path)).sort(), ['b', 'c'])
    await put(folder, 'd', 101)
    assert.deepEqual(folder.keys(), [])
    assert.equal(folder.bytes, 0)
  })

  it('replaces an entry of the same key', async () => {
    const folder = await BoundedFolder.open(path, 100)
    await put(folder, 'a', 40)
    await put(folder, 'a', 30)
    assert.equal(folder.bytes, 30)
    assert.deepEqual(await readdir(path), ['a'])
  })

  it('finds its entries again by age, and removes what was not finished', async () => {
    const folder = await BoundedFolder.open(path, 100)
    for (const key of ['a', 'b', 'c']) await put(folder, key, 30)
    await folder.draft()
    await utimes(join(path, 'b'), 1000, 1000)
    const again = await BoundedFolder.open(path, 70)
    assert.deepEqual(again.keys(), ['a', 'c'])
    assert.deepEqual((await readdir(path)).sort(), ['a', 'c'])
  })

  it('drops what is older, also what an earlier process left', async () => {
    const folder = await BoundedFolder.open(path, 100)
    for (const key of ['a', 'b']) await put(folder, key, 30)
    const seconds = Date.now() / 1000 - 60
    await utimes(join(path, 'a'), seconds, seconds)
    const again = await BoundedFolder.open(path, 100)
    await again.dropOlder(61_000)
    assert.deepEqual(again.keys(), ['a', 'b'])
    await again.dropOlder(59_000)
    assert.deepEqual(again.keys(), ['b'])
    await again.dropOlder(-1)
    assert.deepEqual(again.keys(), [])
  })
})
