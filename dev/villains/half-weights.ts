import type { Model } from '../../engine/model/model.js'
import { bytesOf } from '../../engine/model/model-files.js'

/** Fields of ONNX's protobuf messages, as far as weights lie under them. */
const MODEL_GRAPH = 7
const GRAPH_INITIALIZER = 5
const TENSOR_TYPE = 2
const TENSOR_RAW_DATA = 9
const FLOAT = 1

/**
 * The model with its denoiser's float32 weights rounded to half precision; its root is still the whole
 * model's.
 */
export function withHalfWeights(model: Model): Model {
  const file = `${model.config.networks.denoiser.folder}/model.onnx`
  const denoiser = Buffer.from(bytesOf(model.files, file)!)
  for (const graph of fieldsOf(denoiser, MODEL_GRAPH)) {
    for (const tensor of fieldsOf(graph, GRAPH_INITIALIZER)) {
      const [type] = fieldsOf(tensor, TENSOR_TYPE)
      if (type?.[0] !== FLOAT) continue
      for (const raw of fieldsOf(tensor, TENSOR_RAW_DATA)) roundToHalf(raw)
    }
  }
  const bytes = new Map(model.files.bytes).set(file, denoiser)
  return { ...model, files: { ...model.files, bytes } }
}

/** The contents of a message's fields of one number, in place. */
function fieldsOf(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < message.length; ) {
    const key = varint(message, at)
    const kind = key.value & 7
    const head = kind === 2 ? varint(message, key.end) : { value: 0, end: key.end }
    const length = [varint(message, key.end).end - key.end, 8, head.value, 0, 0, 4][kind]!
    if (key.value >>> 3 === wanted) found.push(message.subarray(head.end, head.end + length))
    at = head.end + length
  }
  return found
}

function varint(bytes: Buffer, at: number): { value: number; end: number } {
  let value = 0
  for (let end = at, scale = 1; ; scale *= 128) {
    const byte = bytes[end++]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return { value, end }
  }
}

/** Half precision has 10 bits of fraction for float32's 23, and a step of 2^-24 below 2^-14. */
function roundToHalf(raw: Buffer): void {
  for (let at = 0; at + 4 <= raw.length; at += 4) {
    const value = raw.readFloatLE(at)
    const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1)))
    const step = 2 ** (exponent - 10)
    raw.writeFloatLE(Math.round(value / step) * step, at)
  }
}
