import { prepareDevice } from '../cuda/prepare-device.js'
import { learnSums } from '../model/file-sums.js'
import type { Device } from '../pipeline/generator.js'
import { Pipeline } from '../pipeline/pipeline.js'
import { NativeGate } from '../runtime/native-gate.js'
import { toPlainError } from '../thread/messages.js'
import { certifyRun, certifyTasks } from './certify-run.js'

/* The second process of a certification, forked by certify.ts: modelDir, device, runs, sums. */
const [modelDir, device, runs, sums] = process.argv.slice(2) as [string, Device, string, string]
try {
  learnSums(sums)
  const { model, residency } = await prepareDevice(device, modelDir)
  const pipeline = await Pipeline.open(model, device, new NativeGate(), residency)
  process.send?.({ determinismClass: await pipeline.classNow() })
  for (const task of certifyTasks(model.config.descriptor, Number(runs))) {
    process.send?.({ run: await certifyRun(pipeline, task) })
  }
  await pipeline.release()
} catch (error) {
  process.send?.({ error: toPlainError(error) })
}
process.disconnect?.()
