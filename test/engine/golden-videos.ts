import assert from 'node:assert/strict'
import type { Generator } from '../../engine/pipeline/generator.js'
import { generateFrames, goldenCases } from './fixtures.js'

/** That the engine's videos are those of diffusers, but for one level in at most 0.05 % of the values. */
export async function assertGoldenVideos(
  engine: Generator,
  golden: Parameters<typeof goldenCases>[0],
): Promise<void> {
  for (const [i, { params, initialLatentsSha256, rgb }] of goldenCases(golden).entries()) {
    const { frames, stepDigests } = await generateFrames(engine, params)
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
}
