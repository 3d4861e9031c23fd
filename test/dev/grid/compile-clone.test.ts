import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ownVersion } from '../../../base/version.js'
import { compileClone } from '../../../dev/grid/compile-clone.js'

describe('a clone that is compiled for a grid', function () {
  this.timeout(120_000)

  it('runs by itself, and is made once', async () => {
    const folder = await compileClone()
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, [join(folder, 'cli/fractal.mjs'), '--version'])
    assert.match(stdout, new RegExp(ownVersion()))
    const made = await stat(folder)
    assert.equal(await compileClone(), folder)
    assert.equal((await stat(folder)).ino, made.ino)
  })
})
