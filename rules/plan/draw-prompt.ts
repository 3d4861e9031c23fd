import { type DrawSource, drawInteger } from '../../formats/draws.js'
import { CORPUS_AS_PROMPTS } from '../constants.js'
import { compareText } from '../order.js'
import { drawNegativePrompt, drawPrompt } from './prompts.js'

/** A user's prompt of the last day that checks may use, by its hash alone. */
export interface ReusablePrompt {
  /** sha256 of the text, in hex. */
  promptSha256: string
  /** Whether its request had a negative prompt, which goes with it. */
  negativePrompt: boolean
  /** Hotkeys of the provers that were ever asked with it: they would know it. */
  servedBy: string[]
}

/** What the prompts of an interval's checks are drawn from. */
export interface PromptSources {
  /** Lines of the model's corpus; empty: the grammar of the shipped model. */
  prompts: readonly string[]
  reusablePrompts: readonly ReusablePrompt[]
}

/** The texts of a check. What is a user's is named by the hash of its prompt: the ledger has the text. */
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

/** The hash under which the ledger has the texts that a choice names; null: it names none. */
export function reusedHash(choice: PromptChoice): string | null {
  if (choice.kind === 'user') return choice.promptSha256
  return choice.negative.kind === 'user' ? choice.negative.promptSha256 : null
}

/**
 * The texts of a choice.
 * @param users the texts of users' requests, by the hash of their prompts
 * @returns null when its user deleted them since: then it is drawn anew, from the corpus alone
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
 * Draws what a prover is asked with: one of users' own prompts, none of which that prover ever saw, or a line of
 * the corpus, which counts as 25 of them: the fewer users' prompts there are, the more often. A user's negative
 * prompt goes with its prompt; beside one of the corpus stands a negative prompt of users too, where there is one.
 * @param prover.negativePrompt whether the request that it looks like had one
 */
export function drawPromptFor(
  source: DrawSource,
  label: string,
  { prompts, reusablePrompts }: PromptSources,
  prover: { hotkey: string; negativePrompt: boolean },
): PromptChoice {
  const unseen = reusablePrompts
    .filter(({ servedBy }) => !servedBy.includes(prover.hotkey))
    .sort((a, b) => compareText(a.promptSha256, b.promptSha256))
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
