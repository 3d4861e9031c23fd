import { EngineError } from '../errors.js'
import { type ClipTokenizer, clipTokenizer } from './clip-tokenizer.js'

export interface TokenizerConfig {
  /** Number of tokens that the text encoder reads. */
  length: number
  endToken: string
  padToken: string
  /** tokenizer_config.json and tokenizer.json, for the tokenizer itself. */
  config: object
  tokenizer: Readonly<Record<string, unknown>>
}

export interface PromptTokens {
  /** Exactly the model's length: start, text, end, padding. */
  ids: BigInt64Array
  /** How many of them are not padding. */
  used: number
  truncated: boolean
}

/** CLIP's tokenizer, which truncates to the model's length minus one, adds the end token and pads. */
export class PromptTokenizer {
  readonly #tokenizer: ClipTokenizer
  readonly #length: number
  readonly #end: number
  readonly #pad: number

  /** @throws EngineError `model_invalid` */
  constructor(config: TokenizerConfig) {
    this.#length = config.length
    try {
      this.#tokenizer = clipTokenizer(config.tokenizer, config.config)
      this.#end = this.#idOf(config.endToken)
      this.#pad = this.#idOf(config.padToken)
      this.encode('a')
    } catch (cause) {
      throw new EngineError(
        'model_invalid',
        'tokenizer/tokenizer.json is not a usable tokenizer.',
        {
          hint: 'Fetch the model folder again.',
          cause,
        },
      )
    }
  }

  encode(text: string): PromptTokens {
    const all = this.#tokenizer.encode(firstWords(text, this.#length)).ids
    const truncated = all.length > this.#length
    const kept = truncated ? [...all.slice(0, this.#length - 1), this.#end] : all
    const ids = new BigInt64Array(this.#length).fill(BigInt(this.#pad))
    for (const [i, id] of kept.entries()) ids[i] = BigInt(id)
    return { ids, used: kept.length, truncated }
  }

  #idOf(token: string): number {
    const id = this.#tokenizer.token_to_id(token)
    if (id === undefined) throw new Error(`the vocabulary lacks ${token}`)
    return id
  }
}

/**
 * The beginning of the text that can matter. No token spans whitespace and each word gives at least one
 * token, so cutting after `count` words does not change the first `count` tokens; 100 kB of prose need not be
 * tokenised for 75 tokens. (A single word is never cut: merges in it depend on all of it.)
 */
export function firstWords(text: string, count: number): string {
  const word = /\P{White_Space}+/gu
  for (let i = 0; i < count; i++) {
    if (word.exec(text) === null) return text
  }
  return text.slice(0, word.lastIndex)
}
