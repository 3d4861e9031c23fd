import { EngineError } from '../errors.js'

/** A quoted string, or a number that Python's json module writes but JSON does not allow. */
const PYTHON_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g

/**
 * A model's JSON file, as Python writes it: `-Infinity` and `Infinity` are kept as numbers, `NaN`
 * becomes null.
 * @throws EngineError `model_invalid` naming the file
 */
export function parseModelJson(path: string, bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes).replace(PYTHON_NUMBERS, (match) => {
    if (match.startsWith('"')) return match
    return match === 'NaN' ? 'null' : match.replace('Infinity', '1e999')
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EngineError('model_invalid', `${path} is not JSON: it is truncated or damaged.`, {
      hint: 'Fetch the model folder again.',
      cause,
    })
  }
}
