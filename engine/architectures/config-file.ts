import { z } from 'zod'
import { EngineError } from '../errors.js'
import { bytesOf, type FolderBytes } from '../model/model-files.js'
import { parseModelJson } from '../model/model-json.js'

/** `["diffusers", "AutoencoderKL"]` in model_index.json. */
const partSchema = z.tuple([z.string(), z.string()])

/** A special token in tokenizer_config.json. */
export const tokenSchema = z.union([
  z.string(),
  z.looseObject({ content: z.string() }).transform((token) => token.content),
])

/** An option that would change the arithmetic and is not implemented. */
export const off = z.literal(false).default(false)

/** @throws EngineError `model_invalid` if the file is missing, too large or not JSON */
export function readJson(files: FolderBytes, file: string): unknown {
  const bytes = bytesOf(files, file)
  if (bytes === null) throw new EngineError('model_invalid', `${file} is far too large for JSON.`)
  return parseModelJson(file, bytes)
}

/**
 * Reads and validates a JSON file of the model.
 * @param code the error code: for an option that the engine does not implement, or for a damaged file
 * @throws EngineError
 */
export function readConfig<T>(
  files: FolderBytes,
  file: string,
  schema: z.ZodType<T>,
  code: 'model_invalid' | 'unsupported_model',
): T {
  const parsed = schema.safeParse(readJson(files, file))
  if (parsed.success) return parsed.data
  throw new EngineError(code, `${file}: ${z.prettifyError(parsed.error)}`, {
    hint:
      code === 'model_invalid'
        ? 'Fetch the model folder again.'
        : 'Options that affect the arithmetic must have supported values: see docs/models.md.',
  })
}

/**
 * Asserts that model_index.json names these classes.
 * @param classes by part
 * @throws EngineError `unsupported_model`
 */
export function assertClasses(
  files: FolderBytes,
  classes: Readonly<Record<string, readonly string[]>>,
): void {
  const index = readConfig(files, 'model_index.json', z.looseObject({}), 'model_invalid')
  for (const [part, expected] of Object.entries(classes)) {
    const found = partSchema.safeParse(index[part])
    const name = found.success ? found.data[1] : 'nothing'
    if (!expected.includes(name)) throw unsupported(part, name, expected)
  }
}

/** @param expected one or more class names */
export function unsupported(part: string, found: string, expected: readonly string[]): EngineError {
  return new EngineError(
    'unsupported_model',
    `model_index.json names ${found} as ${part}; this engine runs ${expected.join(' or ')}.`,
    { hint: 'Export a model of one of these classes to ONNX, or use the embedded one.' },
  )
}
