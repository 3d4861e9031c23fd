// Forked by video-cost.ts with the model's folder: generates one video and says what it cost.
import { knownAnswersOf, standardOf } from '../../engine/model/known-answers.js'
import { readModel } from '../../engine/model/model.js'
import { Pipeline } from '../../engine/pipeline/pipeline.js'
import { NativeGate } from '../../engine/runtime/native-gate.js'
import { toPlainError } from '../../engine/thread/messages.js'
import type { VideoCostMessage } from './video-cost.js'

const say = (message: VideoCostMessage) => process.send?.(message)
try {
  const model = await readModel(process.argv[2]!)
  const pipeline = await Pipeline.open(model, 'cpu', new NativeGate())
  const before = process.cpuUsage()
  const { descriptor } = model.config
  const [known] = knownAnswersOf(descriptor)
  const { timings } = await pipeline.generate({ ...known!, ...standardOf(descriptor) })
  const { user, system } = process.cpuUsage(before)
  say({ cost: { wallMs: timings.total_us / 1000, cpuMs: (user + system) / 1000 } })
  await pipeline.release()
} catch (error) {
  say({ error: toPlainError(error) })
}
process.disconnect?.()
