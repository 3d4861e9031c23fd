import { openEngine } from '../../engine/engine.js'
import { RANDOM_MODEL, smallParams } from './fixtures.js'

/* Started by engine.test.ts: ends its process while the engine's thread is inside a network. */
const generator = await openEngine({ modelDir: RANDOM_MODEL, device: 'cpu' })
await generator.generate(smallParams(generator, { steps: 1000, width: 128, height: 128 }), {
  onProgress: (step) => {
    if (step === 3) process.exit(7)
  },
})
