import { readModel } from '../model/model.js'
import type { Device } from '../pipeline/generator.js'
import { Pipeline } from '../pipeline/pipeline.js'
import { setNativeEnvironment } from '../runtime/native-environment.js'
import { NativeGate } from '../runtime/native-gate.js'
import { toPlainError } from '../thread/messages.js'
import { certifyParams, certifyRun } from './certify-run.js'

/* The second process of a certification, forked by certify.ts: modelDir, device, runs. */
const [modelDir, device, runs] = process.argv.slice(2) as [string, Device, string]
try {
  setNativeEnvironment(device)
  const model = await readModel(modelDir)
  const pipeline = await Pipeline.open(model, device, new NativeGate())
  const params = certifyParams(model.config.descriptor)
  for (let i = 0; i < Number(runs); i++) {
    process.send?.({ run: await certifyRun(pipeline, params) })
  }
  await pipeline.release()
} catch (error) {
  process.send?.({ error: toPlainError(error) })
}
process.disconnect?.()
