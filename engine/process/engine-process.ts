import { prepareDevice } from '../cuda/prepare-device.js'
import { learnSums } from '../model/file-sums.js'
import type { Device } from '../pipeline/generator.js'
import { Pipeline } from '../pipeline/pipeline.js'
import { NativeGate } from '../runtime/native-gate.js'
import type { ToThread } from '../thread/messages.js'
import { serveModel } from '../thread/serve-model.js'

/* A process that holds a model, forked by open-engine-process.ts: modelDir, device, sums. */
const [modelDir, device, sums] = process.argv.slice(2) as [string, Device, string]

// The parent decides when this process ends; Ctrl-C reaches both.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.exit())

await serveModel(
  {
    // The parent may be gone by now: `disconnect` reports that.
    send: (message) => process.send!(message, undefined, undefined, () => {}),
    onMessage: (listener) => process.on('message', (message: ToThread) => listener(message)),
    close: () => process.disconnect(),
  },
  () => {
    learnSums(sums)
    return prepareDevice(device, modelDir)
  },
  ({ model, residency }) => Pipeline.open(model, device, new NativeGate(), residency),
)
