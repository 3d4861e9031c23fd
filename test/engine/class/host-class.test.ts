import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { cpuIsa, isaOfFlags } from '../../../engine/class/cpu-isa.js'
import { loadedCudaVersions, queryGpu } from '../../../engine/class/cuda-facts.js'
import { openEngine } from '../../../engine/engine.js'
import { EngineError } from '../../../engine/errors.js'
import { RANDOM_MODEL } from '../fixtures.js'

const withCode = (code: string) => (error: unknown) =>
  error instanceof EngineError && error.code === code && error.hint !== undefined

describe('The determinism class', () => {
  it("knows the CPU's instruction set by its flags", async () => {
    const flags = (text: string) => isaOfFlags(`processor\t: 0\nflags\t\t: fpu ${text} sse4_2\n`)
    assert.equal(flags('avx2 fma avx512f avx512bw avx512dq avx512vl'), 'avx512')
    assert.equal(flags('avx2 fma avx512f'), 'avx2')
    assert.equal(flags('avx fma'), 'sse')
    assert.equal(isaOfFlags(''), 'sse')
    assert.equal(await cpuIsa('darwin', 'arm64'), 'neon')
    await assert.rejects(cpuIsa('win32', 'x64'), withCode('runtime_missing'))
  })

  it('says plainly that CUDA is missing', async function () {
    const opened = await openEngine({ modelDir: RANDOM_MODEL, device: 'cuda' }).catch(
      (error: unknown) => {
        assert.ok(withCode('cuda_missing')(error), String(error))
      },
    )
    if (opened !== undefined) {
      await opened.close()
      this.skip()
    }
  })

  it('says plainly that there is no GPU', async () => {
    await assert.rejects(queryGpu('/nowhere/nvidia-smi'), withCode('gpu_missing'))
    await assert.rejects(loadedCudaVersions('/nowhere/maps'), withCode('cuda_missing'))
  })

  it('names GPU, driver and the CUDA libraries that are loaded', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'fractal-cuda-'))
    try {
      const smi = path.join(dir, 'nvidia-smi')
      await writeFile(smi, '#!/bin/sh\necho "NVIDIA GeForce RTX 3090, 580.159"\n')
      await chmod(smi, 0o755)
      assert.deepEqual(await queryGpu(smi), { gpu: 'NVIDIA-GeForce-RTX-3090', driver: '580.159' })

      const cudnn = path.join(dir, 'libcudnn.so.9')
      await writeFile(cudnn, 'a wheel names it without its full version')
      const maps = path.join(dir, 'maps')
      const line = (file: string) => `7f00-7f01 r-xp 00000000 08:01 42    ${file}\n`
      await writeFile(maps, line('/usr/lib/libcudart.so.12.8.90') + line(cudnn))
      const sha256 = createHash('sha256').update('a wheel names it without its full version')
      assert.deepEqual(await loadedCudaVersions(maps), {
        cuda: '12.8.90',
        cudnn: `sha-${sha256.digest('hex').slice(0, 12)}`,
      })
    } finally {
      await rm(dir, { recursive: true })
    }
  })
})
