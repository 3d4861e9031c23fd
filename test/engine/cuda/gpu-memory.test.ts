import assert from 'node:assert/strict'
import { neededByTurnsMib, neededMib, residencyOn } from '../../../engine/cuda/gpu-memory.js'
import { readModel } from '../../../engine/model/model.js'
import { RANDOM_MODEL } from '../fixtures.js'

const GIB = 2 ** 30

describe('A GPU’s memory', () => {
  const card = { name: 'NVIDIA GeForce RTX 3070', totalMib: 8192, freeMib: 7900 }

  it('is compared with what the model was measured to take, else with its weights', async () => {
    const model = await readModel(RANDOM_MODEL)
    // The smallest model: what CUDA itself takes.
    assert.ok(neededMib(model) > 500 && neededMib(model) < 510, String(neededMib(model)))
    const large = new Map([['unet/model.onnx_data', 3 * GIB]])
    assert.equal(neededMib({ ...model, files: { ...model.files, sizes: large } }), 3572)
    const descriptor = { ...model.config.descriptor!, gpuMemoryMib: 6656 }
    assert.equal(neededMib({ ...model, config: { ...model.config, descriptor } }), 6656)
  })

  /** A model whose networks have so many GiB of weights, and which was measured to take so many MiB. */
  const of = async (gib: { text: number; unet: number }, gpuMemoryMib: number) => {
    const model = await readModel(RANDOM_MODEL)
    const sizes = new Map([
      ['text_encoder/model.onnx_data', gib.text * GIB],
      ['text_encoder/config.json', 5000],
      ['unet/model.onnx_data', gib.unet * GIB],
    ])
    const descriptor = { ...model.config.descriptor!, gpuMemoryMib }
    return {
      files: { ...model.files, sizes },
      config: { ...model.config, descriptor },
    }
  }

  it('holds all networks, or one at a time where it has no room for all', async () => {
    assert.equal(residencyOn(await of({ text: 1, unet: 3 }, 7900), card), 'together')
    const model = await of({ text: 6, unet: 3 }, 12_000)
    assert.equal(neededByTurnsMib(model), 6 * 1024 + 500)
    assert.equal(residencyOn(model, card), 'by turns')
  })

  it('that is too small for the largest network, or in use, is an error before the model is opened', async () => {
    const large = await of({ text: 37.5, unet: 3 }, 50_000)
    assert.throws(() => residencyOn(large, card), {
      code: 'gpu_too_small',
      message: 'The model needs 38.0 GiB of a GPU’s memory; NVIDIA GeForce RTX 3070 has 8.0.',
    })
    const model = await of({ text: 6, unet: 3 }, 12_000)
    assert.throws(() => residencyOn(model, { ...card, freeMib: 1024 }), {
      code: 'gpu_too_small',
      message:
        'The model needs 6.5 GiB of a GPU’s memory; of the 8.0 of NVIDIA GeForce RTX 3070, 1.0 are free.',
      hint: 'Stop whatever else uses the GPU: nvidia-smi lists it.',
    })
  })
})
