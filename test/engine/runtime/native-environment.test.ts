import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setNativeEnvironment } from '../../../engine/runtime/native-environment.js'

const SCRIPT = fileURLToPath(new URL('../certify-in-process.ts', import.meta.url))
/** One argument may have 128 kB, all together some 2 MB. */
const LONG_ARGUMENTS = Array.from({ length: 8 }, () => '--prompt=a red ball '.padEnd(80_000, 'ü '))

describe('onnxruntime', function () {
  this.timeout(240_000)
  let home: string
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'fractal-home-'))
  })
  after(() => rm(home, { recursive: true, force: true }))

  /** Not this process's environment: in CI and under a test's own flag onnxruntime keeps still anyhow. */
  async function certifyWith(args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import=tsx', SCRIPT, ...args],
      { env: { PATH: process.env.PATH, HOME: home } },
    )
    return stdout
  }

  it('does not read the command line, so that no length of it ends the process', async () => {
    assert.equal(await certifyWith(LONG_ARGUMENTS), 'true\n')
  })

  it('reports to nobody: it leaves no id and no database in the user’s folder', async () => {
    assert.equal(await certifyWith([]), 'true\n')
    assert.deepEqual(await readdir(home), [])
  })

  it('chooses its kernels as on every other machine, whatever the operator’s environment says', () => {
    const names = [
      'ORT_DISABLE_FLASH_ATTENTION',
      'CUBLAS_EMULATE_SINGLE_PRECISION',
      'CUDNN_LOGDEST_DBG',
    ]
    for (const name of names) process.env[name] = '1'
    setNativeEnvironment('cuda')
    assert.deepEqual(
      names.map((name) => process.env[name]),
      [undefined, undefined, undefined],
    )
    assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '0')
  })
})
