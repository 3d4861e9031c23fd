import assert from 'node:assert/strict'
import { assertFits, neededMib } from '../../../engine/cuda/gpu-memory.js'
import { readModel } from '../../../engine/model/model.js'
import { RANDOM_MODEL } from '../fixtures.js'

describe('A GPU’s memory', () => {
  const card = { name: 'NVIDIA GeForce RTX 3070', totalMib: 8192, freeMib: 7900 }

  it('is compared with what the model was measured to take, else with its weights', async () => {
    const model = await readModel(RANDOM_MODEL)
    // The smallest model: what CUDA itself takes.
    assert.ok(neededMib(model) > 500 && neededMib(model) < 510, String(neededMib(model)))
    const large = new Map([['unet/model.onnx_data', 3 * 2 ** 30]])
    assert.equal(neededMib({ ...model, files: { ...model.files, sizes: large } }), 3572)
    const descriptor = { ...model.config.descriptor!, gpuMemoryMib: 6656 }
    assert.equal(neededMib({ ...model, config: { ...model.config, descriptor } }), 6656)
  })

  it('that is too small, or in use, is an error before the model is opened', async () => {
    const model = await readModel(RANDOM_MODEL)
    const of = (gpuMemoryMib: number) => {
      const descriptor = { ...model.config.descriptor!, gpuMemoryMib }
      return { ...model, config: { ...model.config, descriptor } }
    }
    assertFits(of(7900), card)
    assert.throws(() => assertFits(of(38_912), card), {
      code: 'gpu_too_small',
      message: 'The model needs 38.0 GiB of a GPU’s memory; NVIDIA GeForce RTX 3070 has 8.0.',
    })
    assert.throws(() => assertFits(of(6656), { ...card, freeMib: 1024 }), {
      code: 'gpu_too_small',
      message:
        'The model needs 6.5 GiB of a GPU’s memory; of the 8.0 of NVIDIA GeForce RTX 3070, 1.0 are free.',
      hint: 'Stop whatever else uses the GPU: nvidia-smi lists it.',
    })
  })
})
