import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  describeMissing,
  findCudaLibraries,
  hasDriver,
} from '../../../engine/cuda/find-libraries.js'
import { LIBRARIES, PROVIDER, runsCuda13 } from '../../../engine/cuda/packages.js'
import { cudaLibraryPath, environmentFor, keptLibraries } from '../../../engine/cuda/places.js'
import { withWhatIsMissing } from '../../../engine/cuda/what-is-missing.js'
import { EngineError } from '../../../engine/errors.js'

describe('NVIDIA’s libraries', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-cuda-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const nothing = async () => ''

  it('are of the version that onnxruntime-node has', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    assert.equal(PROVIDER.version, dependencies['onnxruntime-node'])
    for (const { name, sha256 } of [PROVIDER, ...LIBRARIES])
      assert.match(sha256, /^[0-9a-f]{64}$/, name)
  })

  it('are those of the image too: other ones may compute other bytes, which is another class', () => {
    const text = readFileSync('Dockerfile', 'utf8')
    const stages = text.split(/^FROM /m).map((stage) => stage.split(/ AS |\n/))
    const [base] = stages.find(([, name]) => name === 'fractal-cuda')!
    assert.match(base!, /^\$\{NODE\}$/, 'no base with libraries of its own')
    assert.match(text, /XDG_CACHE_HOME=\/opt\/cache node \S+ cuda install --libraries all/)
    assert.match(text, /^ENV .*NVIDIA_REQUIRE_CUDA=cuda>=13\.0.*$/m)
    assert.match(text, /^COPY --from=packages-cuda \/opt\/cache \/opt\/cache$/m)
    assert.match(text, /chmod -R a\+rX \/opt\/cache/, 'it runs as another user than it is built by')
  })

  it('want a driver that knows CUDA 13', () => {
    assert.deepEqual(['580.159.03', '575.64', '580.0', '1000.1', 'none'].map(runsCuda13), [
      true,
      false,
      true,
      true,
      false,
    ])
  })

  it('are found where the dynamic linker finds them, in its order, with their versions', async () => {
    const [first, system] = [path.join(folder, 'first'), path.join(folder, 'system')]
    await mkdir(first)
    await mkdir(system)
    await writeFile(path.join(first, 'libcudart.so.13.0.96'), '')
    await symlink('libcudart.so.13.0.96', path.join(first, 'libcudart.so.13'))
    for (const name of ['libcudart.so.13', 'libcudnn.so.9', 'libcuda.so.1']) {
      await writeFile(path.join(system, name), '')
    }
    const listed = async () =>
      ['libcudart.so.13', 'libcudnn.so.9', 'libcuda.so.1', 'libcublas.so.13']
        .map((name) => `\t${name} (libc6,x86-64) => ${system}/${name}`)
        .join('\n')
    const lookUp = { libraryPath: first, listed }
    const states = await findCudaLibraries(lookUp)
    const of = (name: string) => states.find(({ needed }) => needed.name === name)!
    const cudart = {
      library: 'libcudart.so.13',
      path: `${first}/libcudart.so.13`,
      version: '13.0.96',
    }
    assert.deepEqual(of('nvidia-cuda-runtime').found, [cudart])
    assert.equal(of('nvidia-cudnn-cu13').found[0]?.path, `${system}/libcudnn.so.9`)
    // Listed, and gone.
    assert.deepEqual(of('nvidia-cublas').missing, ['libcublas.so.13', 'libcublasLt.so.13'])
    assert.equal(await hasDriver(lookUp), true)
    assert.equal(await hasDriver({ libraryPath: first, listed: nothing }), false)
    assert.equal(
      describeMissing(states),
      'cuBLAS 13 (libcublas.so.13, libcublasLt.so.13), cuRAND 10 (libcurand.so.10)',
    )
  })

  it('that were fetched come after what the operator named, for processes with a GPU alone', async () => {
    const env = { XDG_CACHE_HOME: folder, LD_LIBRARY_PATH: '/opt/cuda' }
    assert.equal(cudaLibraryPath(env), '/opt/cuda')
    const kept = keptLibraries(LIBRARIES[0]!, env)
    await mkdir(kept, { recursive: true })
    await writeFile(path.join(kept, 'libcudart.so.13'), '')
    assert.equal(cudaLibraryPath(env), `/opt/cuda:${kept}`)
    assert.equal(environmentFor('cuda', env).LD_LIBRARY_PATH, `/opt/cuda:${kept}`)
    assert.deepEqual(environmentFor('cpu', env), env)
    const [cudart] = await findCudaLibraries({ libraryPath: kept, listed: nothing })
    assert.equal(cudart?.found[0]?.version, '13.0.96')
  })

  it('that are missing are named by the error, whatever onnxruntime says', async () => {
    const failed = new EngineError('cuda_missing', 'Failed to load shared library', { hint: 'x' })
    const lookUp = { libraryPath: folder, listed: nothing }
    const libraries = () => findCudaLibraries(lookUp)
    const all = async () => LIBRARIES.map((needed) => ({ needed, found: [], missing: [] }))
    const explain = (facts: Partial<Parameters<typeof withWhatIsMissing>[1]>) =>
      withWhatIsMissing(failed, {
        ...{ provider: async () => 'pinned' as const, libraries: all, driver: async () => true },
        driverVersion: async () => '580.159.04',
        ...facts,
      })
    assert.match(
      (await explain({ libraries })).message,
      /Not found here: CUDA 13 \(libcudart\.so\.13\), .*cuDNN 9/,
    )
    const none = await explain({ provider: async () => 'missing' })
    assert.match(none.message, /onnxruntime’s CUDA provider 1\.30\.0\.$/)
    assert.deepEqual([none.code, none.hint], ['cuda_missing', 'x'])
    const driver = await explain({ driver: async () => false })
    assert.deepEqual([driver.code, /580 or newer/.test(driver.hint!)], ['gpu_missing', true])
    assert.equal(await explain({}), failed)
    // Of 2023, in case onnxruntime does not say it.
    const old = await explain({ driverVersion: async () => '535.129.03' })
    assert.deepEqual([old.code, /580 or newer/.test(old.hint!)], ['driver_too_old', true])
    assert.match(old.message, /driver 535\.129\.03 is too old for CUDA 13: Failed to load/)
    assert.equal(await explain({ driverVersion: async () => null }), failed)
    const other = new EngineError('out_of_memory', 'x')
    assert.equal(await withWhatIsMissing(other), other)
  })
})
