/*
 * Time and memory of the engine on this machine: npm run bench -- engine
 * Next to each video stands the time of the same number of bare calls of the denoiser in the same
 * process, alternating with the videos, so that the ratio holds on a busy machine too.
 */
import { readFileSync } from 'node:fs'
import { openEngine } from '../engine/engine.js'
import { defaultModelDir } from '../engine/models/default-model.js'
import { completeParams } from '../engine/pipeline/params.js'
import { loadRuntime } from '../engine/runtime/runtime.js'
import { sessionOptions } from '../engine/runtime/session-options.js'
import { median, timed } from './support/measure.js'

const ROUNDS = 5
const SHAPES = [
  { width: 64, height: 64, frames: 16, rounds: ROUNDS },
  { width: 128, height: 128, frames: 16, rounds: 2 },
]

const megabytes = () => `${Math.round(process.memoryUsage().rss / 1e6)} MB`

const modelDir = defaultModelDir()
console.log(`start: RSS ${megabytes()}`)
const opening = performance.now()
const generator = await openEngine({ modelDir, device: 'cpu' })
console.log(
  `open: ${Math.round(performance.now() - opening)} ms, RSS ${megabytes()}\n${generator.determinismClass}`,
)
const { InferenceSession, Tensor } = await loadRuntime()
const bare = await InferenceSession.create(
  readFileSync(`${modelDir}/unet/model.onnx`),
  sessionOptions('cpu'),
)

for (const { width, height, frames, rounds } of SHAPES) {
  const params = completeParams(
    { prompt: 'a red circle moves right on a blue background', seed: 1, width, height, frames },
    generator.descriptor,
  )
  const latents = [2, 4, frames, height / 8, width / 8]
  const size = latents.reduce((product, side) => product * side, 1)
  const feeds = {
    sample: new Tensor('float32', new Float32Array(size).fill(0.5), latents),
    timestep: new Tensor('int64', BigInt64Array.of(500n), []),
    encoder_hidden_states: new Tensor('float32', new Float32Array(2 * 77 * 64), [2, 77, 64]),
  }
  const video: number[] = []
  const calls: number[] = []
  for (let round = 0; round < rounds; round++) {
    calls.push(
      await timed(async () => {
        for (let step = 0; step < params.steps; step++) await bare.run(feeds)
      }),
    )
    video.push(await timed(() => generator.generate(params)))
  }
  const [whole, floor] = [median(video), median(calls)]
  console.log(
    `${frames}×${width}×${height}, ${params.steps} steps: ${Math.round(whole)} ms a video, ` +
      `${Math.round(floor)} ms in bare denoiser calls (ratio ${(whole / floor).toFixed(2)}), RSS ${megabytes()}`,
  )
}
await bare.release()
await generator.close()
console.log(`closed: RSS ${megabytes()}`)
