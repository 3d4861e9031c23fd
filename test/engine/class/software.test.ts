import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildIdOf } from '../../../engine/class/build-id.js'
import { softwareOf } from '../../../engine/class/software.js'

const RUNTIME = fileURLToPath(
  new URL('../../../node_modules/onnxruntime-node/bin/napi-v6/linux/x64', import.meta.url),
)
const LIBRARY = path.join(RUNTIME, 'libonnxruntime.so.1')

describe('What is told of the software', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'fractal-software-'))
  })
  after(() => rm(dir, { recursive: true }))

  it('has the build id from the note that holds it, among others', async () => {
    const note = (name: string, type: number, contents: string) => {
      const head = Buffer.alloc(12)
      for (const [i, value] of [name.length, contents.length, type].entries()) {
        head.writeUInt32LE(value, 4 * i)
      }
      const padded = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '\0')
      return Buffer.concat([head, Buffer.from(padded(name) + padded(contents), 'latin1')])
    }
    const notes = Buffer.concat([note('stapsdt\0', 3, 'abcde'), note('GNU\0', 3, 'build id.')])
    const library = Buffer.alloc(64 + 56)
    library.write('\x7fELF\x02\x01', 'latin1')
    library.writeBigUInt64LE(64n, 32)
    library.writeUInt16LE(56, 54)
    library.writeUInt16LE(1, 56)
    library.writeUInt32LE(4, 64)
    library.writeBigUInt64LE(120n, 72)
    library.writeBigUInt64LE(BigInt(notes.length), 96)
    const file = path.join(dir, 'libmade.so')
    await writeFile(file, Buffer.concat([library, notes]))
    assert.equal(await buildIdOf(file), Buffer.from('build id.').toString('hex'))
  })

  it('names a loaded library by its build id', async function () {
    const files: string[] = await readdir(RUNTIME).catch(() => [])
    if (!files.includes(path.basename(LIBRARY))) this.skip()
    const id = await buildIdOf(LIBRARY)
    assert.match(String(id), /^[0-9a-f]{40}$/)
    const maps = path.join(dir, 'maps')
    await writeFile(maps, `7f00-7f01 r-xp 00000000 08:01 42    ${LIBRARY}\n`)
    const software = await softwareOf('cpu', '1.2.3', maps)
    assert.equal(software.libonnxruntime, `build ${id}`)
    assert.equal(software.onnxruntime, '1.2.3')
    assert.equal(software.libcudart, undefined)
  })

  it('names by its file what has no build id, and is damaged or no library at all', async () => {
    const cut = path.join(dir, 'libcudart.so.13')
    await writeFile(
      cut,
      Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]), Buffer.alloc(90, 0xff)]),
    )
    assert.equal(await buildIdOf(cut), null)
    await truncate(cut, 10)
    assert.equal(await buildIdOf(cut), null)
    const text = path.join(dir, 'libcudnn.so.9')
    await writeFile(text, 'not a library')
    const maps = path.join(dir, 'maps')
    const line = (file: string) => `7f00-7f01 r-xp 00000000 08:01 42    ${file}\n`
    await writeFile(maps, line(text) + line(path.join(dir, 'libcublas.so.13')))
    const { libcudnn, libcublas } = await softwareOf('cpu', '1', maps)
    assert.deepEqual([libcudnn, libcublas], ['libcudnn.so.9', 'libcublas.so.13'])
    const nowhere = await softwareOf('cpu', '1', path.join(dir, 'none'))
    assert.deepEqual(Object.keys(nowhere).sort(), ['node', 'onnxruntime', 'session'])
  })
})
