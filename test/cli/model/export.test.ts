import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { EXPORTER } from '../../../cli/model/export.js'
import { openEngine } from '../../../engine/engine.js'
import { defaultModelDir } from '../../../engine/models/default-model.js'
import { generateFrames, smallParams, WAN_MODEL } from '../../engine/fixtures.js'
import { assertGoldenVideos } from '../../engine/golden-videos.js'
import { runCli } from '../run-cli.js'

/** With torch and diffusers in the versions of the exporter's requirements: some GB, which `npm test` does not fetch. */
const PYTHON = process.env.FRACTAL_EXPORT_PYTHON

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'])
    return true
  } catch {
    return false
  }
}

describe('fractal model export', function () {
  this.timeout(600_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-export-'))
  })
  after(() => rm(folder, { recursive: true }))

  const exportIt = (source: string, out: string, ...more: string[]) =>
    runCli(['model', 'export', source, '--out', out, '--python', PYTHON ?? 'python3', ...more])

  /** The reference model's own weights, as a folder of diffusers. */
  const tinyWan = async () => {
    const source = path.join(folder, 'tiny-wan')
    if (existsSync(source)) return source
    const script = path.join(EXPORTER, 'random_wan.py')
    const tokenizer = path.join(WAN_MODEL, 'tokenizer')
    const made = `${source}-made`
    await promisify(execFile)(PYTHON!, [script, made, '--tokenizer', tokenizer])
    // As Hugging Face's cache has it: links to files that lie elsewhere.
    for (const entry of await readdir(made, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name)
      const link = path.join(source, path.relative(made, file))
      if (entry.isDirectory()) await mkdir(link, { recursive: true })
      else {
        await mkdir(path.dirname(link), { recursive: true })
        await symlink(file, link)
      }
    }
    return source
  }

  it('is written with pinned packages', async () => {
    const lines = (await readFile(path.join(EXPORTER, 'requirements.txt'), 'utf8')).split('\n')
    const pins = lines.filter((line) => line !== '' && !line.startsWith('#'))
    assert.ok(pins.length >= 5)
    for (const pin of pins) assert.match(pin, /^[\w-]+==[\d.]+$/)
  })

  it('refuses what it can’t do right before it loads anything, in one line', async function () {
    if (!hasPython()) return this.skip()
    const refused = async (
      name: string,
      write: (source: string) => Promise<void>,
      says: RegExp,
    ) => {
      const source = path.join(folder, name)
      await mkdir(path.join(source, 'unet'), { recursive: true })
      await write(source)
      const { code, stderr } = await exportIt(source, path.join(folder, `${name}-out`))
      assert.equal(code, 1, stderr)
      assert.match(stderr, says)
      assert.deepEqual(
        (await readdir(folder)).filter((each) => each.startsWith(`${name}-out`)),
        [],
      )
    }
    const index = (source: string, pipeline: string) =>
      writeFile(path.join(source, 'model_index.json'), JSON.stringify({ _class_name: pipeline }))
    /** One tensor of so many bytes, of which so many are there. */
    const weights = (source: string, name: string, bytes: number, found: number, kind = 'F16') => {
      const tensor = { dtype: kind, shape: [1], data_offsets: [0, bytes] }
      const header = Buffer.from(JSON.stringify({ w: tensor }))
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(header.length))
      const file = path.join(source, 'unet', name)
      return writeFile(file, Buffer.concat([length, header, Buffer.alloc(found)]))
    }
    await refused(
      'none',
      async () => {},
      /fractal: This model is refused: .* has no model_index\.json/,
    )
    await refused(
      'other',
      (source) => index(source, 'CogVideoXPipeline'),
      /names CogVideoXPipeline/,
    )
    await refused(
      'fp8',
      async (source) => {
        await index(source, 'TextToVideoSDPipeline')
        await weights(source, 'x.safetensors', 1, 1, 'F8_E4M3')
      },
      /weights of F8_E4M3: give fp16, bf16 or fp32/,
    )
    await refused(
      'large',
      async (source) => {
        await index(source, 'WanPipeline')
        await weights(source, 'x.safetensors', 2, 2)
        const file = path.join(source, 'unet/x.safetensors')
        // Sparse: it takes no room.
        await truncate(file, 12 * 2 ** 40)
      },
      /its weights have 12288 GiB, this machine \d+ GiB of memory/,
    )
    await refused(
      'half',
      async (source) => {
        await index(source, 'TextToVideoSDPipeline')
        await writeFile(path.join(source, 'unet/x.safetensors'), Buffer.alloc(100, 1))
      },
      /no safetensors file, or was cut off/,
    )
    // As a download that was interrupted leaves it: the header is whole.
    await refused(
      'cut',
      async (source) => {
        await index(source, 'WanPipeline')
        await weights(source, 'x.safetensors', 100, 40)
      },
      /x\.safetensors was cut off: it has \d+ of \d+ bytes/,
    )
    await refused(
      'shard',
      async (source) => {
        await index(source, 'WanPipeline')
        await weights(source, 'x-1.safetensors', 2, 2)
        const map = { weight_map: { v: 'x-2.safetensors', w: 'x-1.safetensors' } }
        await writeFile(path.join(source, 'unet/x.safetensors.index.json'), JSON.stringify(map))
      },
      /unet lacks x-2\.safetensors: fetch it again/,
    )
    await refused(
      'link',
      async (source) => {
        await index(source, 'WanPipeline')
        await symlink('../blobs/ab', path.join(source, 'unet/x.safetensors'))
      },
      /x\.safetensors is a link to a file that is not there/,
    )
  })

  it('makes a folder that the engine runs, the same one each time', async function () {
    // FRACTAL_EXPORT_PYTHON names a Python that has the exporter's packages.
    if (PYTHON === undefined) return this.skip()
    const source = path.join(folder, 'tiny')
    const script = path.join(EXPORTER, 'random_model.py')
    const tokenizer = path.join(defaultModelDir(), 'tokenizer')
    await promisify(execFile)(PYTHON, [script, source, '--tokenizer', tokenizer])
    const outs = ['one', 'two'].map((name) => path.join(folder, name))
    const roots: string[] = []
    for (const out of outs) {
      const { code, stdout, stderr } = await exportIt(source, out, '--name', 'tiny', '--steps', '4')
      assert.equal(code, 0, stderr)
      roots.push(/^root +([0-9a-f]{64})$/m.exec(stdout)![1]!)
    }
    assert.equal(roots[0], roots[1])
    const engine = await openEngine({ modelDir: outs[0]!, device: 'cpu' })
    try {
      assert.equal(engine.software.precision, 'fp16')
      assert.deepEqual([engine.descriptor?.name, engine.descriptor?.steps], ['tiny', 4])
      const { frames } = await generateFrames(
        engine,
        smallParams(engine, { width: 64, height: 64 }),
      )
      assert.equal(frames.length, 2)
    } finally {
      await engine.close()
    }
  })

  it('makes of Wan’s tiny reference a folder whose videos are diffusers’', async function () {
    if (PYTHON === undefined) return this.skip()
    const out = path.join(folder, 'wan-fp32')
    const size = ['--frames', '9', '--width', '64', '--height', '64', '--precision', 'fp32']
    const { code, stderr } = await exportIt(await tinyWan(), out, '--name', 'wan', ...size)
    assert.equal(code, 0, stderr)
    const engine = await openEngine({ modelDir: out, device: 'cpu' })
    try {
      await assertGoldenVideos(engine, 'wan-model/golden')
    } finally {
      await engine.close()
    }
  })

  it('makes of it one in fp16, near diffusers in fp16', async function () {
    if (PYTHON === undefined) return this.skip()
    const out = path.join(folder, 'wan-fp16')
    const { code, stderr } = await exportIt(await tinyWan(), out, '--name', 'wan')
    assert.equal(code, 0, stderr)
    const errors = [...stderr.matchAll(/: (\S+) from torch \(limit 2e-02\)/g)].map((found) =>
      Number(found[1]),
    )
    assert.equal(errors.length, 6, stderr)
  })

  for (const [file, changes, says] of [
    ['model_index.json', { boundary_ratio: 0.9 }, /two transformers: Wan 2\.2/],
    ['model_index.json', { expand_timesteps: true }, /a time of its own: Wan 2\.2/],
    ['transformer/config.json', { image_dim: 1280 }, /conditions on pictures/],
    [
      'text_encoder/config.json',
      { d_model: 64 },
      /gives 64 values a token, the transformer takes 48/,
    ],
    ['vae/config.json', { z_dim: 48 }, /of different widths/],
    ['vae/config.json', { patch_size: 2 }, /the VAE is Wan 2\.2/],
    [
      'scheduler/scheduler_config.json',
      { solver_order: 3 },
      /solver_order 3; Fractal.s solver has 2/,
    ],
    ['scheduler/scheduler_config.json', { use_karras_sigmas: true }, /use_karras_sigmas True/],
    [
      'scheduler/scheduler_config.json',
      { _class_name: 'DDIMScheduler' },
      /the scheduler is DDIMScheduler/,
    ],
  ] as const) {
    it(`refuses a Wan folder with ${JSON.stringify(changes)}`, async function () {
      if (PYTHON === undefined) return this.skip()
      const source = await mkdtemp(path.join(folder, 'refused-'))
      await cp(await tinyWan(), source, { recursive: true, dereference: true })
      const json = JSON.parse(await readFile(path.join(source, file), 'utf8'))
      await writeFile(path.join(source, file), JSON.stringify({ ...json, ...changes }))
      const { code, stderr } = await exportIt(source, path.join(folder, 'refused-out'))
      assert.equal(code, 1, stderr)
      assert.match(stderr, says)
    })
  }
})
