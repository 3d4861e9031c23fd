import { type DrawSource, drawInteger } from '../../formats/draws.js'
import { CORPUS_AS_PROMPTS } from '../constants.js'
import { compareText } from '../order.js'
import { drawNegativePrompt, drawPrompt } from './prompts.js'

/** A user's prompt from the last day that checks may use, identified by its hash alone. */
export interface ReusablePrompt {
  /** sha256 of the text, in hex. */
  promptSha256: string
  /** Whether its request had a negative prompt, which goes with it. */
  negativePrompt: boolean
  /** Hotkeys of the provers that have ever received it: they would recognise it. */
  servedBy: string[]
}

/** What the prompts for an interval's checks are drawn from. */
export interface PromptSources {
  /** Lines of the model's corpus; empty: use the grammar of the bundled model. */
  prompts: readonly string[]
  reusablePrompts: readonly ReusablePrompt[]
}

/** The texts of a check. A user's are identified by the hash of the prompt: the ledger has the text. */
export type PromptChoice =
  | { kind: 'user'; promptSha256: string }
  | {
      kind: 'corpus'
      text: string
      /** A hash: the negative prompt of that user's request. */
      negative: { kind: 'user'; promptSha256: string } | { kind: 'corpus'; text: string }
    }

export interface PromptTexts {
  prompt: string
  negativePrompt: string
}

/** The hash under which the ledger has a choice's texts; null if none are a user's. */
export function reusedHash(choice: PromptChoice): string | null {
  if (choice.kind === 'user') return choice.promptSha256
  return choice.negative.kind === 'user' ? choice.negative.promptSha256 : null
}

/**
 * The texts of a choice.
 * @param users the texts of users' requests, by the hash of their prompts
 * @returns null if the user has deleted them since: then draw again, from the corpus alone
 */
export function textsOf(
  choice: PromptChoice,
  users: ReadonlyMap<string, PromptTexts>,
): PromptTexts | null {
  const hash = reusedHash(choice)
  const reused = hash === null ? null : (users.get(hash) ?? null)
  if (choice.kind === 'user') return reused
  if (choice.negative.kind === 'corpus') {
    return { prompt: choice.text, negativePrompt: choice.negative.text }
  }
  return reused === null ? null : { prompt: choice.text, negativePrompt: reused.negativePrompt }
}

/**
 * Draws the prompt to send to a prover: a user's prompt that this prover has never seen, or a line of the
 * corpus, which weighs as much as 25 user prompts: the fewer user prompts, the more often. A user's negative
 * prompt goes with its prompt; a corpus prompt also gets a user's negative prompt, if there is one.
 * @param prover.negativePrompt whether the request that it imitates had one
 */
export function drawPromptFor(
  source: DrawSource,
  label: string,
  { prompts, reusablePrompts }: PromptSources,
  prover: { hotkey: string; negativePrompt: boolean },
): PromptChoice {
  const unseen = byHash(reusablePrompts).filter(({ servedBy }) => !servedBy.includes(prover.hotkey))
  const all = unseen.length + CORPUS_AS_PROMPTS
  if (unseen.length > 0 && drawInteger(source, `${label}/user`, all) < unseen.length) {
    const { promptSha256 } = pick(source, `${label}/prompt`, unseen)
    return { kind: 'user', promptSha256 }
  }
  const text =
    prompts.length === 0
      ? drawPrompt(source, `${label}/prompt`)
      : pick(source, `${label}/prompt`, prompts)
  if (!prover.negativePrompt) {
    return { kind: 'corpus', text, negative: { kind: 'corpus', text: '' } }
  }
  const negatives = unseen.filter(({ negativePrompt }) => negativePrompt)
  if (negatives.length > 0) {
    const { promptSha256 } = pick(source, `${label}/negative`, negatives)
    return { kind: 'corpus', text, negative: { kind: 'user', promptSha256 } }
  }
  const negative = prompts.length === 0 ? drawNegativePrompt(source, `${label}/negative`) : ''
  return { kind: 'corpus', text, negative: { kind: 'corpus', text: negative } }
}

/** Sorted once for all requests of an interval. */
const sorted = new WeakMap<readonly ReusablePrompt[], ReusablePrompt[]>()

function byHash(prompts: readonly ReusablePrompt[]): ReusablePrompt[] {
  const known = sorted.get(prompts)
  if (known !== undefined) return known
  const all = [...prompts].sort((a, b) => compareText(a.promptSha256, b.promptSha256))
  sorted.set(prompts, all)
  return all
}

/** So many different lines of a corpus, for one interval: a plan, and its record, can't hold them all. */
export function sampleCorpus(
  source: DrawSource,
  corpus: readonly string[],
  most: number,
): string[] {
  const left = [...corpus]
  const drawn: string[] = []
  while (left.length > 0 && drawn.length < most) {
    const i = drawInteger(source, `corpus/${drawn.length}`, left.length)
    drawn.push(left[i]!)
    left[i] = left.at(-1)!
    left.pop()
  }
  return drawn
}

function pick<T>(source: DrawSource, label: string, items: readonly T[]): T {
  return items[drawInteger(source, label, items.length)]!
}
