import { parentPort, workerData } from 'node:worker_threads'
import type { GenerationHooks } from '../pipeline/generator.js'
import { Pipeline } from '../pipeline/pipeline.js'
import { NativeGate } from '../runtime/native-gate.js'
import { type FromThread, type ThreadData, type ToThread, toPlainError } from './messages.js'

/*
 * The thread that holds the model. onnxruntime-node blocks its thread while a network runs; here it
 * blocks nobody's server, heartbeat or cancel.
 */
const port = parentPort
if (port === null) throw new Error('engine-thread.ts is started by engine.ts')
const { model, device, gate } = workerData as ThreadData

let pipeline: Pipeline | null = null
let running: AbortController | null = null
let handed = 0
let acknowledged = () => {}

function send(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port!.postMessage(message, transfer)
}

type Handed = Extract<FromThread, { type: 'frame' | 'state' }>
type WithoutId<T> = T extends Handed ? Omit<T, 'id'> : never

/** Sends what a hook wants, and waits until it has dealt with it. */
function hand(message: WithoutId<Handed>, arrays: (Uint8Array | Float32Array)[]): Promise<void> {
  handed += 1
  return new Promise((resolve) => {
    acknowledged = resolve
    send(
      { ...message, id: handed } as Handed,
      arrays.map((array) => array.buffer as ArrayBuffer),
    )
  })
}

async function generate(message: Extract<ToThread, { type: 'generate' }>): Promise<void> {
  await cancellable(async (signal) => {
    const hooks: GenerationHooks = {
      signal,
      onWarning: (warning) => send({ type: 'warning', warning }),
      onProgress: (step, steps) => send({ type: 'progress', step, steps }),
    }
    if (message.frames) {
      hooks.onFrame = (index, rgb) => hand({ type: 'frame', index, rgb }, [rgb])
    }
    if (message.states) {
      hooks.onState = (i, latents, x0) =>
        hand({ type: 'state', i, latents, x0 }, x0 === null ? [latents] : [latents, x0])
    }
    send({ type: 'generated', generated: await pipeline!.generate(message.params, hooks) })
  })
}

async function recompute({
  params,
  opened,
}: Extract<ToThread, { type: 'recompute' }>): Promise<void> {
  await cancellable(async (signal) => {
    const recomputed = await pipeline!.recomputeStep(params, opened, { signal })
    send({ type: 'recomputed', recomputed }, [
      recomputed.state.buffer as ArrayBuffer,
      recomputed.rgb.buffer as ArrayBuffer,
    ])
  })
}

async function classNow(): Promise<void> {
  await cancellable(async (signal) => {
    send({ type: 'class', determinismClass: await pipeline!.determinismClass({ signal }) })
  })
}

async function cancellable(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  running = new AbortController()
  try {
    await work(running.signal)
  } catch (error) {
    send({ type: 'failed', error: toPlainError(error) })
  } finally {
    running = null
  }
}

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'generate':
      void generate(message)
      break
    case 'recompute':
      void recompute(message)
      break
    case 'class':
      void classNow()
      break
    case 'cancel':
      running?.abort()
      acknowledged()
      break
    case 'ack':
      if (message.id === handed) acknowledged()
      break
    case 'close':
      void pipeline!.release().finally(() => port.close())
      break
  }
})

try {
  pipeline = await Pipeline.open(model, device, new NativeGate(gate))
  // The networks have their own copy of the weights by now.
  model.files.bytes.clear()
  const determinismClass = await pipeline.determinismClass()
  send({ type: 'opened', determinismClass, software: await pipeline.software() })
} catch (error) {
  await pipeline?.release()
  send({ type: 'failed', error: toPlainError(error) })
  port.close()
}
