import assert from 'node:assert/strict'
import { openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { generateFrames, goldenCases, RANDOM_MODEL, WAN_MODEL } from './fixtures.js'

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
        for (const [i, { params, initialLatentsSha256, rgb }] of goldenCases(golden).entries()) {
          const { frames, stepDigests } = await generateFrames(generator, params)
          assert.equal(stepDigests[0], initialLatentsSha256, `initial latents of case ${i}`)
          const ours = Buffer.concat(frames)
          assert.equal(ours.length, rgb.length, `size of case ${i}`)
          let different = 0
          let furthest = 0
          for (const [k, value] of ours.entries()) {
            const distance = Math.abs(value - rgb[k]!)
            if (distance > 0) different += 1
            furthest = Math.max(furthest, distance)
          }
          assert.ok(furthest <= 1, `case ${i}: a value is off by ${furthest}`)
          assert.ok(different <= 0.0005 * rgb.length, `case ${i}: ${different} values are off`)
        }
      } finally {
        await generator.close()
      }
    })
  })
}
