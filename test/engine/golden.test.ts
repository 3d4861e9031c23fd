import { openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { RANDOM_MODEL, WAN_MODEL } from './fixtures.js'
import { assertGoldenVideos } from './golden-videos.js'

for (const [name, modelDir, golden] of [
  ['the random model', RANDOM_MODEL, 'random-model/golden'],
  ['the trained model', defaultModelDir(), 'trained-golden'],
  ['the Wan model', WAN_MODEL, 'wan-model/golden'],
] as const) {
  describe(`Videos of ${name}`, () => {
    it('equal those of diffusers but for a few roundings', async function () {
      // 3 s alone, but other tests' processes may share the cores.
      this.timeout(240_000)
      const generator = await openEngine({ modelDir, device: 'cpu' })
      try {
        await assertGoldenVideos(generator, golden)
      } finally {
        await generator.close()
      }
    })
  })
}
