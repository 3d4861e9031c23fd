import { readFile } from 'node:fs/promises'
import { FractalError, messageOf } from '../base/errors.js'
import { MAX_TEXT_BYTES, TEXT_CHARACTERS } from '../formats/generation.js'
import { CORPUS_LINES_MIN } from '../rules/constants.js'

/**
 * Where a model folder has its corpus, if its publisher put one there: it is part of the model's root then.
 */
export const CORPUS_FILE = 'prompts.txt'

const HINT =
  'Make one from captions of such videos, one per line: `fractal prompts FILE --out prompts.txt`.'

/** Whether a user could send it as a prompt. */
export function isPrompt(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= MAX_TEXT_BYTES && TEXT_CHARACTERS.test(text)
}

/**
 * The lines of a corpus: trimmed, each once, none of them empty.
 * @param name of the file, for people
 * @throws FractalError `bad_corpus` naming the line that no user could send as a prompt
 */
export function parseCorpus(bytes: Uint8Array, name: string): string[] {
  const lines = new Set<string>()
  for (const [i, line] of utf8Text(bytes, name).split(/\r?\n/).entries()) {
    const prompt = line.trim()
    if (prompt === '') continue
    if (!isPrompt(prompt)) {
      const why = `is longer than ${MAX_TEXT_BYTES} bytes or has control characters`
      throw badCorpus(`${name}: line ${i + 1} ${why}: no user could send it`)
    }
    lines.add(prompt)
  }
  return [...lines]
}

/**
 * What a verifier draws prompts of its checks from, read once.
 * @param file as given by --challenge.prompts
 * @param model.bundled the model folder's own
 * @param model.hasGrammar whether it is the model that the grammar of rules/plan/prompts.ts is of
 * @returns empty: the grammar
 * @throws FractalError `bad_corpus`
 */
export async function promptCorpus(
  file: string | undefined,
  model: { bundled: Uint8Array | null; hasGrammar: boolean; isProduction: boolean },
): Promise<string[]> {
  const name = file ?? `${CORPUS_FILE} of the model folder`
  const bytes = file === undefined ? model.bundled : await bytesOf(file)
  if (bytes === null) {
    if (model.hasGrammar || !model.isProduction) return []
    throw badCorpus(
      'checks of this model have no prompts to ask with: give --challenge.prompts FILE',
    )
  }
  const lines = parseCorpus(bytes, name)
  const least = model.isProduction ? CORPUS_LINES_MIN : 1
  if (lines.length < least) {
    throw badCorpus(
      `${name} has ${lines.length} different prompts, and at least ${least} are needed: of fewer a prover could learn them all`,
    )
  }
  return lines
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw badCorpus(`--challenge.prompts ${file} can't be read: ${messageOf(cause)}`, cause)
  }
}

function utf8Text(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw badCorpus(`${name} is not UTF-8`, cause)
  }
}

function badCorpus(message: string, cause?: unknown): FractalError {
  return new FractalError('bad_corpus', message, { hint: HINT, cause })
}
