import { readModel } from '../model/model.js'
import type { Device } from '../pipeline/generator.js'
import { Pipeline } from '../pipeline/pipeline.js'
import { setNativeEnvironment } from '../runtime/native-environment.js'
import { NativeGate } from '../runtime/native-gate.js'
import { toPlainError } from '../thread/messages.js'
import { certifyRun, certifyTasks } from './certify-run.js'
import { pinGpu } from './selected-gpu.js'

/* The second process of a certification, forked by certify.ts: modelDir, device, runs. */
const [modelDir, device, runs] = process.argv.slice(2) as [string, Device, string]
try {
  setNativeEnvironment(device)
  if (device === 'cuda') await pinGpu()
  const model = await readModel(modelDir)
  const pipeline = await Pipeline.open(model, device, new NativeGate())
  process.send?.({ determinismClass: await pipeline.determinismClass() })
  for (const task of certifyTasks(model.config.descriptor, Number(runs))) {
    process.send?.({ run: await certifyRun(pipeline, task) })
  }
  await pipeline.release()
} catch (error) {
  process.send?.({ error: toPlainError(error) })
}
process.disconnect?.()
