import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { CLASSES, toLowercase, toNfc } from './reference-unicode.js'

const normalizerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('NFC') }),
  z.object({ type: z.literal('Lowercase') }),
  z.object({
    type: z.literal('Replace'),
    pattern: z.object({ Regex: z.literal('\\s+') }),
    content: z.string(),
  }),
  z.object({
    type: z.literal('Sequence'),
    get normalizers() {
      return z.array(normalizerSchema)
    },
  }),
])
const splitSchema = z.looseObject({
  type: z.literal('Split'),
  pattern: z.object({ Regex: z.string() }),
})
const preTokenizerSchema = z.discriminatedUnion('type', [
  splitSchema,
  z.looseObject({
    type: z.literal('ByteLevel'),
    add_prefix_space: z.literal(false),
    use_regex: z.boolean().default(true),
  }),
  z.object({
    type: z.literal('Sequence'),
    get pretokenizers() {
      return z.array(preTokenizerSchema)
    },
  }),
])
type NormalizerConfig = z.infer<typeof normalizerSchema>
type PreTokenizerConfig = z.infer<typeof preTokenizerSchema>

/** The regular expression of ByteLevel's `use_regex`. */
const BYTE_LEVEL_WORDS =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

/** The part of the library's tokenizer that is used. */
export interface ClipTokenizer {
  encode(text: string): { ids: number[] }
  token_to_id(token: string): number | undefined
}

/**
 * The library's tokenizer for a CLIP tokenizer.json, with the reference's Unicode version where the library
 * would use Node's: for NFC, lower case, and the letter and number classes.
 * @throws Error for a file of another kind
 */
export function clipTokenizer(
  json: Readonly<Record<string, unknown>>,
  config: object,
): ClipTokenizer {
  const steps = stepsOf(normalizerSchema.parse(json.normalizer))
  const preTokenizer = pinned(preTokenizerSchema.parse(json.pre_tokenizer))
  // Created with the file's own normalizer, which determines how it looks for added tokens.
  const tokenizer = new Tokenizer({ ...json, pre_tokenizer: preTokenizer }, config)
  tokenizer.normalizer = (text: string) => steps.reduce((done, step) => step(done), text)
  return tokenizer
}

function stepsOf(config: NormalizerConfig): ((text: string) => string)[] {
  switch (config.type) {
    case 'NFC':
      return [toNfc]
    case 'Lowercase':
      return [toLowercase]
    case 'Replace':
      return [(text) => text.replace(/\p{White_Space}+/gu, () => config.content)]
    case 'Sequence':
      return config.normalizers.flatMap(stepsOf)
  }
}

/** The same config with its character classes spelled out. */
function pinned(config: PreTokenizerConfig): object {
  switch (config.type) {
    case 'Split':
      return { ...config, pattern: { Regex: pinnedRegex(config.pattern.Regex) } }
    case 'ByteLevel': {
      const bytes = { ...config, use_regex: false }
      if (!config.use_regex) return bytes
      const words = { type: 'Split', pattern: { Regex: pinnedRegex(BYTE_LEVEL_WORDS) } }
      return {
        type: 'Sequence',
        pretokenizers: [{ ...words, behavior: 'Removed', invert: true }, bytes],
      }
    }
    case 'Sequence':
      return { ...config, pretokenizers: config.pretokenizers.map(pinned) }
  }
}

/** `\p{L}` and `\p{N}`, alone or in a class, become ranges. `\s` is the same in every Unicode version. */
function pinnedRegex(regex: string): string {
  const spelled = (text: string) =>
    text.replace(/\\p\{([LN])\}/g, (_, name: 'L' | 'N') => CLASSES[name])
  const result = regex.replace(/\[(?:[^\]\\]|\\.)*\]|\\p\{[LN]\}/g, (part) =>
    part.startsWith('[') ? spelled(part) : `[${spelled(part)}]`,
  )
  if (/\\[pPwWdDbB]/.test(result)) throw new Error(`${regex} depends on a version of Unicode`)
  return result
}
