import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { cpuIsa, isaOfFlags } from '../../../engine/class/cpu-isa.js'
import { selectedGpu, visibleGpus } from '../../../engine/class/selected-gpu.js'
import { openEngine } from '../../../engine/engine.js'
import { EngineError } from '../../../engine/errors.js'
import { TINY_MODEL } from '../fixtures.js'

const withCode = (code: string) => (error: unknown) =>
  error instanceof EngineError && error.code === code && error.hint !== undefined

const BIG = 'GPU-aaaa1111-0000-0000-0000-000000000000, NVIDIA GeForce RTX 3090, 580.159'
const BIG_TWO = 'GPU-aaaa2222-0000-0000-0000-000000000000, NVIDIA GeForce RTX 3090, 580.159'
const SMALL = 'GPU-bbbb3333-0000-0000-0000-000000000000, NVIDIA GeForce GTX 1050, 580.159'

function selected(lines: readonly string[], env: Record<string, string>) {
  return withSmi(lines, async (smi) => (await selectedGpu(env, smi)).uuid.slice(4, 12))
}

/** With an nvidia-smi that lists these GPUs. */
async function withSmi<T>(lines: readonly string[], ask: (smi: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(tmpdir(), 'fractal-smi-'))
  try {
    const smi = path.join(dir, 'nvidia-smi')
    await writeFile(
      smi,
      `#!/bin/sh\nprintf '%s\\n' ${lines.map((line) => `"${line}"`).join(' ')}\n`,
    )
    await chmod(smi, 0o755)
    return await ask(smi)
  } finally {
    await rm(dir, { recursive: true })
  }
}

describe('The GPUs of several workers', () => {
  const visible = (lines: readonly string[], count: number, env: Record<string, string>) =>
    withSmi(lines, async (smi) =>
      (await visibleGpus(count, env, smi)).map((uuid) => uuid.slice(4, 12)),
    )

  it('are those that CUDA may see, in their order, each once', async () => {
    const all = [BIG, BIG_TWO, SMALL]
    assert.deepEqual(await visible(all, 2, {}), ['aaaa1111', 'aaaa2222'])
    const [reversed, byId] = [{ CUDA_VISIBLE_DEVICES: '1,0' }, { CUDA_VISIBLE_DEVICES: 'GPU-bbbb' }]
    assert.deepEqual(await visible([BIG, BIG_TWO], 2, reversed), ['aaaa2222', 'aaaa1111'])
    assert.deepEqual(await visible(all, 1, byId), ['bbbb3333'])
    for (const [count, env] of [
      [4, {}],
      [2, byId],
      [2, { CUDA_VISIBLE_DEVICES: 'GPU-aaaa1111,GPU-aaaa1111' }],
      [1, { CUDA_VISIBLE_DEVICES: '' }],
    ] as const) {
      await assert.rejects(visible(all, count, env), withCode('gpu_missing'), JSON.stringify(env))
    }
  })
})

describe('The device of a determinism class', () => {
  it("knows the CPU's instruction set by its flags", async () => {
    const flags = (text: string) => isaOfFlags(`processor\t: 0\nflags\t\t: fpu ${text} sse4_2\n`)
    assert.equal(flags('avx2 fma avx512f avx512bw avx512dq avx512vl'), 'avx512')
    assert.equal(flags('avx2 fma avx512f'), 'avx2')
    assert.equal(flags('avx fma'), 'sse')
    assert.equal(isaOfFlags(''), 'sse')
    assert.equal(await cpuIsa('darwin', 'arm64'), 'neon')
    await assert.rejects(cpuIsa('win32', 'x64'), withCode('runtime_missing'))
  })

  it('says plainly that CUDA or the GPU is missing', async function () {
    const opened = await openEngine({ modelDir: TINY_MODEL, device: 'cuda' }).catch(
      (error: unknown) => {
        assert.ok(withCode('cuda_missing')(error) || withCode('gpu_missing')(error), String(error))
      },
    )
    if (opened !== undefined) {
      await opened.close()
      this.skip()
    }
  })

  it('says plainly that there is no GPU', async () => {
    await assert.rejects(selectedGpu({}, '/nowhere/nvidia-smi'), withCode('gpu_missing'))
    await assert.rejects(selected(['no devices were found'], {}), withCode('gpu_missing'))
  })

  it('is the GPU that CUDA counts first: by index or UUID, of those it may see', async () => {
    const two = [BIG, BIG_TWO]
    assert.equal(await selected(two, {}), 'aaaa1111')
    assert.equal(await selected(two, { CUDA_VISIBLE_DEVICES: '1' }), 'aaaa2222')
    assert.equal(await selected(two, { CUDA_VISIBLE_DEVICES: ' 1, 0' }), 'aaaa2222')
    assert.equal(await selected(two, { CUDA_VISIBLE_DEVICES: 'GPU-aaaa2222' }), 'aaaa2222')
    for (const none of ['', '-1', '2', 'GPU-', 'GPU-cccc', 'MIG-aaaa2222', 'all']) {
      const hidden = selected(two, { CUDA_VISIBLE_DEVICES: none })
      await assert.rejects(hidden, withCode('gpu_missing'), none)
    }
  })

  it('is not guessed where CUDA may begin with another model than nvidia-smi', async () => {
    const mixed = [SMALL, BIG]
    await assert.rejects(selected(mixed, {}), withCode('gpu_ambiguous'))
    const fastest = { CUDA_VISIBLE_DEVICES: '1', CUDA_DEVICE_ORDER: 'FASTEST_FIRST' }
    await assert.rejects(selected(mixed, fastest), withCode('gpu_ambiguous'))
    assert.equal(await selected(mixed, { ...fastest, CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }), 'aaaa1111')
    assert.equal(await selected(mixed, { CUDA_VISIBLE_DEVICES: 'GPU-bbbb3333' }), 'bbbb3333')
  })
})
