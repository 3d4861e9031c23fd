import { randomUUID } from 'node:crypto'
import type { PreparedModel } from '../cuda/prepare-device.js'
import { tellSums } from '../model/file-sums.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import { type AnswerChannel, EngineAnswers } from './engine-answers.js'
import { type FromThread, type ToThread, toPlainError } from './messages.js'

/** Of the thread or process that holds the model, to whoever started it. */
export interface ModelPort extends AnswerChannel {
  onMessage(listener: (message: ToThread) => void): void
}

/**
 * Opens a model and says so, or why not; then answers with it until it is told to close.
 * @param port its `close` lets this thread or process end
 */
export async function serveModel(
  port: ModelPort,
  read: () => PreparedModel | Promise<PreparedModel>,
  open: (prepared: PreparedModel) => Promise<Pipeline>,
): Promise<void> {
  // From the first moment: a process that listens to nobody ends before it has opened.
  let answers: EngineAnswers | null = null
  port.onMessage((message) => answers?.hear(message))
  let pipeline: Pipeline | null = null
  try {
    const prepared = await read()
    const { model } = prepared
    const opened = await open(prepared)
    pipeline = opened
    // The networks have their own copy of the weights by now.
    model.files.bytes.clear()
    const message = await openedMessage(prepared, opened)
    answers = new EngineAnswers(opened, {
      send: (answer, transfer) => port.send(answer, transfer),
      close: () => void opened.release().finally(() => port.close()),
    })
    port.send(message, [])
  } catch (error) {
    await pipeline?.release()
    port.send({ type: 'failed', error: toPlainError(error) }, [])
    port.close()
  }
}

async function openedMessage({ model }: PreparedModel, pipeline: Pipeline): Promise<FromThread> {
  const { shape, descriptor } = model.config
  const determinismClass = await pipeline.classNow()
  const precision = descriptor?.precision
  const software = { ...(precision && { precision }), ...(await pipeline.software()) }
  const opened = { root: model.files.root, shape, descriptor }
  const instance = randomUUID()
  return { type: 'opened', model: opened, determinismClass, software, instance, sums: tellSums() }
}
