import { parentPort, workerData } from 'node:worker_threads'
import { readModelConfig } from '../model/model-config.js'
import { Pipeline } from '../pipeline/pipeline.js'
import { NativeGate } from '../runtime/native-gate.js'
import type { ThreadData, ToThread } from './messages.js'
import { serveModel } from './serve-model.js'

/*
 * The thread that holds the model. onnxruntime-node blocks its thread while a network runs; in this thread it
 * does not block any server, heartbeat or cancellation.
 */
const port = parentPort
if (port === null) throw new Error('engine-thread.ts is started by engine.ts')
const { files, device, gate } = workerData as ThreadData

await serveModel(
  {
    send: (message, transfer) => port.postMessage(message, transfer),
    onMessage: (listener) => port.on('message', (message: ToThread) => listener(message)),
    close: () => port.close(),
  },
  () => ({ model: { files, config: readModelConfig(files) }, residency: 'together' }),
  ({ model }) => Pipeline.open(model, device, new NativeGate(gate)),
)
