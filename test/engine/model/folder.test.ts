import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { residencyOn } from '../../../engine/cuda/gpu-memory.js'
import { openEngine } from '../../../engine/engine.js'
import { EngineError, type EngineErrorCode } from '../../../engine/errors.js'
import {
  knownSum,
  learnSums,
  rememberSum,
  stampFile,
  tellSums,
} from '../../../engine/model/file-sums.js'
import { readModel } from '../../../engine/model/model.js'
import { assertUnchanged } from '../../../engine/model/model-files.js'
import { defaultModelDir } from '../../../engine/models/default-model.js'
import { EXTERNAL_DATA, generateFrames, smallParams, TINY_MODEL } from '../fixtures.js'

const CARD = { name: 'NVIDIA GeForce RTX 3090', totalMib: 24_576, freeMib: 24_000 }

/** Works on a copy of the random model. */
async function withCopy(work: (dir: string) => Promise<void>): Promise<void> {
  const parent = await mkdtemp(path.join(tmpdir(), 'fractal-model-'))
  try {
    const dir = path.join(parent, 'model')
    await cp(TINY_MODEL, dir, { recursive: true })
    await work(dir)
  } finally {
    await rm(parent, { recursive: true })
  }
}

async function assertRefused(
  opening: Promise<unknown>,
  code: EngineErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(opening, (error) => {
    assert.ok(error instanceof EngineError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.ok(error.hint)
    return true
  })
}

describe('A model folder', () => {
  it('that does not exist is reported by its path', async () => {
    await assertRefused(readModel('/nowhere/model'), 'model_missing', /\/nowhere\/model/)
    await assertRefused(readModel(`${TINY_MODEL}/fractal.json`), 'model_missing', /fractal.json/)
  })

  it('without one of its files names the file', async () => {
    for (const file of [
      'model_index.json',
      'tokenizer/tokenizer.json',
      'scheduler/scheduler_config.json',
      'unet/config.json',
      'vae_decoder/model.onnx',
    ]) {
      await withCopy(async (dir) => {
        await rm(path.join(dir, file))
        await assertRefused(readModel(dir), 'model_invalid', new RegExp(`lacks ${file}`))
      })
    }
  })

  it('with a truncated network, or JSON that is none, names the file', async () => {
    await withCopy(async (dir) => {
      await truncate(path.join(dir, 'text_encoder/model.onnx'), 40_000)
      const opening = openEngine({ modelDir: dir, device: 'cpu' })
      await assertRefused(opening, 'model_invalid', /text_encoder\/model.onnx cannot be loaded/)
      await truncate(path.join(dir, 'unet/config.json'), 100)
      await assertRefused(readModel(dir), 'model_invalid', /unet\/config.json is not JSON/)
    })
  })

  it('of another architecture names the class it found', async () => {
    await withCopy(async (dir) => {
      const index = path.join(dir, 'model_index.json')
      const json = await readFile(index, 'utf8')
      await writeFile(index, json.replace('TextToVideoSDPipeline', 'CogVideoXPipeline'))
      await assertRefused(readModel(dir), 'unsupported_model', /CogVideoXPipeline/)
      await writeFile(index, json.replace('DPMSolverMultistepScheduler', 'DDIMScheduler'))
      await assertRefused(readModel(dir), 'unsupported_model', /DDIMScheduler as scheduler/)
    })
  })

  it('with a scheduler option that is not implemented names the option', async () => {
    await withCopy(async (dir) => {
      const file = path.join(dir, 'scheduler/scheduler_config.json')
      const json = await readFile(file, 'utf8')
      await writeFile(file, json.replace('"use_karras_sigmas": false', '"use_karras_sigmas": true'))
      await assertRefused(readModel(dir), 'unsupported_model', /use_karras_sigmas/)
    })
  })

  it('with networks in the wrong place is detected by their inputs', async () => {
    await withCopy(async (dir) => {
      await cp(path.join(dir, 'vae_decoder/model.onnx'), path.join(dir, 'text_encoder/model.onnx'))
      const opening = openEngine({ modelDir: dir, device: 'cpu' })
      await assertRefused(opening, 'unsupported_model', /latent_sample float32/)
    })
  })

  it('with a text encoder of another model is refused by its width', async () => {
    await withCopy(async (dir) => {
      const other = path.join(defaultModelDir(), 'text_encoder/model.onnx')
      await cp(other, path.join(dir, 'text_encoder/model.onnx'))
      const opening = openEngine({ modelDir: dir, device: 'cpu' })
      await assertRefused(opening, 'model_invalid', /gives \d+ values a token, unet.* reads \d+/)
    })
  })

  it('with a symlink is refused', async () => {
    await withCopy(async (dir) => {
      await symlink('/etc/hostname', path.join(dir, 'unet/extra'))
      await assertRefused(readModel(dir), 'model_invalid', /unet\/extra .*symlink/)
    })
  })

  it('with a malformed fractal.json names the member', async () => {
    await withCopy(async (dir) => {
      await writeFile(path.join(dir, 'fractal.json'), '{"name": "x", "num_frames": 0}')
      await assertRefused(readModel(dir), 'model_invalid', /num_frames/)
    })
  })

  it('may have weights in a file of any name beside the graph', async () => {
    const original = await openEngine({ modelDir: TINY_MODEL, device: 'cpu' })
    const { framesSha256 } = await original.generate(smallParams(original))
    await original.close()
    const graph = await readFile(path.join(EXTERNAL_DATA, 'model.onnx'), 'latin1')
    for (const name of ['weights', 'sub/w.x']) {
      await withCopy(async (dir) => {
        const folder = path.join(dir, 'text_encoder')
        const renamed = graph.replaceAll('weights', name)
        await writeFile(path.join(folder, 'model.onnx'), renamed, 'latin1')
        await cp(path.join(EXTERNAL_DATA, 'weights'), path.join(folder, name))
        const generator = await openEngine({ modelDir: dir, device: 'cpu' })
        const generated = await generator.generate(smallParams(generator))
        await generator.close()
        assert.equal(generated.framesSha256, framesSha256, name)
      })
    }
  })

  it('that lacks the file with its weights is told what is missing', async () => {
    await withCopy(async (dir) => {
      await cp(path.join(EXTERNAL_DATA, 'model.onnx'), path.join(dir, 'text_encoder/model.onnx'))
      const opening = openEngine({ modelDir: dir, device: 'cpu' })
      await assert.rejects(opening, (error) => {
        assert.ok(error instanceof EngineError)
        assert.match(error.message, /text_encoder\/model.onnx cannot be loaded: .*weights/)
        assert.match(error.hint!, /a separate file/)
        return true
      })
    })
  })

  it('without fractal.json works, has another root, and needs all to be named', async () => {
    await withCopy(async (dir) => {
      const before = (await readModel(dir)).files.root
      await rm(path.join(dir, 'fractal.json'))
      const generator = await openEngine({ modelDir: dir, device: 'cpu' })
      try {
        assert.equal(generator.descriptor, null)
        assert.notEqual(generator.modelRoot, before)
        assert.ok(generator.determinismClass.includes(`;model=${generator.modelRoot};`))
        const { frames } = await generateFrames(generator, {
          prompt: 'a cat',
          negativePrompt: '',
          seed: 3,
          steps: 1,
          guidanceMilli: 9000,
          width: 8,
          height: 24,
          frames: 1,
          fps: 8,
        })
        assert.deepEqual(
          frames.map((frame) => frame.length),
          [8 * 24 * 3],
        )
      } finally {
        await generator.close()
      }
    })
  })

  it('with a file of 60 GB is refused for what is known without hashing it', async function () {
    // Hashing it takes a minute.
    this.timeout(10_000)
    await withCopy(async (dir) => {
      const large = path.join(dir, 'unet/model.onnx_data')
      await writeFile(large, '')
      // Sparse: it takes no room.
      await truncate(large, 60 * 2 ** 30)
      await assert.rejects(
        readModel(dir, (outline) => void residencyOn(outline, CARD)),
        {
          code: 'gpu_too_small',
          message: 'The model needs 60.5 GiB of a GPU’s memory; NVIDIA GeForce RTX 3090 has 24.0.',
        },
      )
      const index = path.join(dir, 'model_index.json')
      const json = await readFile(index, 'utf8')
      await writeFile(index, json.replace('TextToVideoSDPipeline', 'CogVideoXPipeline'))
      await assertRefused(readModel(dir), 'unsupported_model', /CogVideoXPipeline/)
    })
  })

  it('is hashed once for each state of a file, and not while it is written to', async () => {
    await withCopy(async (dir) => {
      const file = path.join(dir, 'unet/model.onnx')
      const { stamp } = await stampFile(file)
      const sum = createHash('sha256')
        .update(await readFile(file))
        .digest('hex')
      // Of a file that was just written its times might not tell of another change.
      await readModel(dir)
      assert.equal(knownSum(file, stamp), null)
      rememberSum(file, stamp, sum, Date.now() + 3000)
      assert.equal(knownSum(file, stamp), sum)
      const { root } = (await readModel(dir)).files
      // The process that is started next is told, and believes it of this state alone.
      const told = tellSums()
      await writeFile(file, Buffer.concat([await readFile(file), Buffer.from([0])]))
      learnSums(told)
      assert.notEqual((await readModel(dir)).files.root, root)
    })
  })

  it('that changes while it is loaded by its path is refused', async () => {
    await withCopy(async (dir) => {
      const { files } = await readModel(dir)
      await assertUnchanged(files, 'unet')
      await writeFile(path.join(dir, 'unet/model.onnx'), 'another')
      await assertUnchanged(files, 'vae_decoder')
      await assertRefused(
        assertUnchanged(files, 'unet'),
        'model_invalid',
        /unet\/model.onnx .*changed while it was loaded/,
      )
    })
  })
})
