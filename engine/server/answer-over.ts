import type { Duplex } from 'node:stream'
import { EngineError } from '../errors.js'
import { EngineAnswers } from '../thread/engine-answers.js'
import type { FromThread } from '../thread/messages.js'
import type { RemoteEngine } from '../thread/remote-engine.js'
import { askedSchema } from './messages.js'
import { encodeRecord, RecordReader } from './records.js'

/** Answers one client's connection with an engine that others may use too. */
export function answerOver(socket: Duplex, engine: RemoteEngine): void {
  const send = (message: FromThread) => {
    if (!socket.writableEnded) socket.write(encodeRecord(message))
  }
  const answers = new EngineAnswers(engine, { send, close: () => socket.end() })
  const reader = new RecordReader()
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const message of reader.push(chunk)) answers.hear(askedSchema.parse(message))
    } catch (cause) {
      answers.fail(
        new EngineError('invalid_request', 'That is no question of this protocol.', { cause }),
      )
      socket.end()
    }
  })
  const gone = () => answers.gone()
  socket.on('close', gone)
  socket.on('error', gone)
  const { modelRoot: root, shape, descriptor, determinismClass, instance } = engine
  const model = { root, shape, descriptor }
  const software = { ...engine.software }
  send({ type: 'opened', model, determinismClass, software, instance, sums: '[]' })
}
