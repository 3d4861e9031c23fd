import { z } from 'zod'
import type { Tokenizer } from '../architectures/architecture.js'
import { CharsMap } from './chars-map.js'
import { firstWords, type PromptTokens } from './prompt-tokens.js'

const SPACE = '▁'
/** Subtracted from the worst piece's score. */
const UNKNOWN_PENALTY = 10
const TRAILING = /\p{White_Space}+$/u

const precompiledSchema = z.object({
  type: z.literal('Precompiled'),
  precompiled_charsmap: z.string(),
})
/** What may follow the table. */
const tidySchema = z.union([
  z.object({
    type: z.literal('Replace'),
    pattern: z.object({ Regex: z.literal(' {2,}') }),
    content: z.enum([' ', SPACE]),
  }),
  z.object({
    type: z.literal('Strip'),
    strip_left: z.literal(false),
    strip_right: z.literal(true),
  }),
])
const normalizerSchema = z
  .union([
    precompiledSchema,
    z.object({
      type: z.literal('Sequence'),
      normalizers: z.tuple([precompiledSchema], tidySchema),
    }),
  ])
  .transform((normalizer) =>
    normalizer.type === 'Sequence' ? normalizer.normalizers : ([normalizer] as const),
  )
/** Earlier versions wrote `add_prefix_space`, with which every section begins with a space. */
const metaspaceSchema = z.looseObject({
  type: z.literal('Metaspace'),
  replacement: z.literal(SPACE),
  prepend_scheme: z.enum(['always', 'first']).default('always'),
  add_prefix_space: z.literal(true).optional(),
  split: z.literal(true).optional(),
})
const preTokenizerSchema = z.union([
  z
    .object({
      type: z.literal('Sequence'),
      pretokenizers: z.tuple([
        z.object({ type: z.literal('WhitespaceSplit') }),
        metaspaceSchema.extend({ prepend_scheme: z.literal('always').default('always') }),
      ]),
    })
    .transform(() => ({ splitsWords: true, prependsFirst: false })),
  metaspaceSchema.transform(({ prepend_scheme }) => ({
    splitsWords: false,
    prependsFirst: prepend_scheme === 'first',
  })),
])
/** A tokenizer.json like UMT5's: every field that affects the result is pinned. */
const schema = z.looseObject({
  added_tokens: z.array(
    z.looseObject({
      id: z.int().nonnegative(),
      content: z.string().min(1),
      single_word: z.literal(false),
      lstrip: z.boolean(),
      rstrip: z.boolean(),
      normalized: z.literal(false),
    }),
  ),
  normalizer: normalizerSchema,
  pre_tokenizer: preTokenizerSchema,
  post_processor: z.looseObject({
    type: z.literal('TemplateProcessing'),
    single: z.tuple([
      z.looseObject({ Sequence: z.looseObject({ id: z.literal('A') }) }),
      z.looseObject({ SpecialToken: z.looseObject({ id: z.string() }) }),
    ]),
  }),
  model: z.looseObject({
    type: z.literal('Unigram'),
    unk_id: z.int().nonnegative(),
    vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
    byte_fallback: z.boolean().default(false),
  }),
})

/**
 * SentencePiece's Unigram model, as implemented in the reference tokenizers: the best path of pieces through
 * each word; consecutive unknown characters become one token, or bytes if the vocabulary has them. Truncates
 * to the length minus one, adds the end token and pads.
 */
export class UnigramTokenizer implements Tokenizer {
  readonly #length: number
  readonly #charsMap: CharsMap
  readonly #tidies: readonly z.output<typeof tidySchema>[]
  readonly #sections: z.output<typeof preTokenizerSchema>
  readonly #pieces = new Map<string, { id: number; score: number }>()
  readonly #added = new Map<string, number>()
  readonly #addedPattern: RegExp
  readonly #unknown: { id: number; score: number }
  readonly #hasBytes: boolean
  readonly #longest: number
  readonly #end: number
  readonly #pad: number

  /** @param json tokenizer.json @throws Error for any other kind of file */
  constructor(json: unknown, { length, pad }: { length: number; pad: string }) {
    const { added_tokens, normalizer, pre_tokenizer, post_processor, model } = schema.parse(json)
    const [{ precompiled_charsmap }, ...tidies] = normalizer
    this.#length = length
    this.#charsMap = new CharsMap(precompiled_charsmap)
    this.#tidies = tidies
    this.#sections = pre_tokenizer
    let longest = 0
    let worst = Number.POSITIVE_INFINITY
    for (const [id, [piece, score]] of model.vocab.entries()) {
      this.#pieces.set(piece, { id, score })
      longest = Math.max(longest, piece.length)
      worst = Math.min(worst, score)
    }
    this.#longest = longest
    this.#unknown = { id: model.unk_id, score: worst - UNKNOWN_PENALTY }
    this.#hasBytes = model.byte_fallback
    for (const { content, id } of added_tokens) this.#added.set(content, id)
    this.#addedPattern = new RegExp(
      [...added_tokens]
        .sort((a, b) => b.content.length - a.content.length)
        .map(({ content, lstrip, rstrip }) => {
          const space = (strips: boolean) => (strips ? '\\p{White_Space}*' : '')
          const literal = content.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
          return `${space(lstrip)}(${literal})${space(rstrip)}`
        })
        .join('|'),
      'gu',
    )
    this.#end = this.#idOf(post_processor.single[1].SpecialToken.id)
    this.#pad = this.#idOf(pad)
  }

  encode(text: string): PromptTokens {
    const all = this.#tokens(firstWords(text, this.#length))
    const truncated = all.length >= this.#length
    const kept = [...all.slice(0, this.#length - 1), this.#end]
    const ids = new BigInt64Array(this.#length).fill(BigInt(this.#pad))
    for (const [i, id] of kept.entries()) ids[i] = BigInt(id)
    return { ids, used: kept.length, truncated }
  }

  #idOf(token: string): number {
    const id = this.#added.get(token) ?? this.#pieces.get(token)?.id
    if (id === undefined) throw new Error(`the vocabulary lacks ${token}`)
    return id
  }

  /** Without the end token. */
  #tokens(text: string): number[] {
    const ids: number[] = []
    let at = 0
    for (const match of text.matchAll(this.#addedPattern)) {
      ids.push(...this.#words(text.slice(at, match.index), at === 0))
      ids.push(this.#added.get(match.slice(1).find((content) => content !== undefined)!)!)
      at = match.index + match[0].length
    }
    ids.push(...this.#words(text.slice(at), at === 0))
    return ids
  }

  /** @param isFirst whether it is the beginning of the text */
  #words(text: string, isFirst: boolean): number[] {
    const { splitsWords, prependsFirst } = this.#sections
    const normalized = this.#normalize(text)
    const sections = splitsWords ? (normalized.match(/\P{White_Space}+/gu) ?? []) : [normalized]
    return sections
      .map((section) => section.replaceAll(' ', SPACE))
      .map((section) => {
        const begins = section === '' || section.startsWith(SPACE) || (prependsFirst && !isFirst)
        return begins ? section : SPACE + section
      })
      .flatMap((section) => section.match(/▁?[^▁]*/gu)!.filter((word) => word !== ''))
      .flatMap((word) => this.#bestPath(word))
  }

  #normalize(text: string): string {
    let normalized = this.#charsMap.normalize(text)
    for (const tidy of this.#tidies) {
      normalized =
        tidy.type === 'Strip'
          ? normalized.replace(TRAILING, '')
          : normalized.replace(/ {2,}/g, tidy.content)
    }
    return normalized
  }

  /**
   * Viterbi: of all ways to split a word into pieces, the one with the largest sum of scores; the first if
   * several are equal.
   */
  #bestPath(word: string): number[] {
    const best: ({ score: number; from: number; id: number } | undefined)[] = []
    const offer = (to: number, score: number, from: number, id: number) => {
      const known = best[to]
      if (known === undefined || score > known.score) best[to] = { score, from, id }
    }
    for (let from = 0, next = 0; from < word.length; from = next) {
      next = from + (word.codePointAt(from)! > 0xffff ? 2 : 1)
      const soFar = best[from]?.score ?? 0
      const last = Math.min(word.length, from + this.#longest)
      for (let to = next; to <= last; to++) {
        const piece = this.#pieces.get(word.slice(from, to))
        if (piece !== undefined) offer(to, piece.score + soFar, from, piece.id)
      }
      if (!this.#pieces.has(word.slice(from, next))) {
        offer(next, this.#unknown.score + soFar, from, this.#unknown.id)
      }
    }
    const ids: number[][] = []
    for (let to = word.length; to > 0; ) {
      let { from, id } = best[to]!
      if (id === this.#unknown.id) {
        while (from > 0 && best[from]!.id === this.#unknown.id) from = best[from]!.from
        ids.push(this.#unknownIds(word.slice(from, to)))
      } else {
        ids.push([id])
      }
      to = from
    }
    return ids.reverse().flat()
  }

  #unknownIds(text: string): number[] {
    const known = this.#pieces.get(text)
    if (known !== undefined) return [known.id]
    if (!this.#hasBytes) return [this.#unknown.id]
    const bytes = [...Buffer.from(text)].map((byte) => {
      const hex = byte.toString(16).toUpperCase().padStart(2, '0')
      return this.#pieces.get(`<0x${hex}>`)?.id
    })
    return bytes.every((id) => id !== undefined) ? bytes : [this.#unknown.id]
  }
}
