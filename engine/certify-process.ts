import { certifyParams, certifyRun } from './certify-run.js'
import type { Device } from './generator.js'
import { readModel } from './model.js'
import { NativeGate } from './native-gate.js'
import { Pipeline } from './pipeline.js'
import { toPlainError } from './thread-messages.js'

/* The second process of a certification, forked by certify.ts: modelDir, device, runs. */
const [modelDir, device, runs] = process.argv.slice(2) as [string, Device, string]
try {
  const model = await readModel(modelDir)
  const pipeline = await Pipeline.open(model, device, new NativeGate())
  const params = certifyParams(model.config.descriptor)
  for (let i = 0; i < Number(runs); i++) {
    const generated = await pipeline.generate(params)
    process.send?.({ run: certifyRun(pipeline, params, generated) })
  }
  await pipeline.release()
} catch (error) {
  process.send?.({ error: toPlainError(error) })
}
process.disconnect?.()
