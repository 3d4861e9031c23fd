import { readFile, writeFile } from 'node:fs/promises'
import { messageOf } from '../../base/errors.js'
import { CORPUS_LINES_MIN } from '../../rules/constants.js'
import { isPrompt } from '../../workers/prompt-corpus.js'
import { printJson, printLine } from '../output.js'
import { UsageError } from '../usage-error.js'
import { type CaptionFormat, captionFormat, readCaptions } from './captions.js'

interface Counts {
  captions: number
  prompts: number
  repeated: number
  empty: number
  /** Too long, or with control characters. */
  refused: number
}

/**
 * Makes a corpus of prompts from files of captions: each on one line, with single spaces, once.
 * @throws UsageError for files that can't be read or are of another format
 */
export async function makePrompts(
  files: readonly string[],
  wanted: { out: string; column: string; format: CaptionFormat | undefined; json: boolean },
): Promise<void> {
  const prompts = new Set<string>()
  const counts: Counts = { captions: 0, prompts: 0, repeated: 0, empty: 0, refused: 0 }
  for (const file of files) {
    const content = await textOf(file)
    const format = wanted.format ?? captionFormat(file)
    for (const caption of readCaptions(content, format, wanted.column)) {
      counts.captions += 1
      const prompt = caption.replace(/\s+/g, ' ').trim()
      if (prompt === '') counts.empty += 1
      else if (!isPrompt(prompt)) counts.refused += 1
      else if (prompts.has(prompt)) counts.repeated += 1
      else prompts.add(prompt)
    }
  }
  counts.prompts = prompts.size
  if (prompts.size === 0) throw new UsageError('There is no caption in these files.')
  await writeFile(wanted.out, `${[...prompts].join('\n')}\n`)
  if (wanted.json) {
    printJson({ out: wanted.out, ...counts })
    return
  }
  printLine(
    `${wanted.out}: ${counts.prompts} prompts of ${counts.captions} captions (${counts.repeated} repeated, ${counts.empty} empty, ${counts.refused} too long or with control characters)`,
  )
  if (prompts.size < CORPUS_LINES_MIN) {
    printLine(`In production a verifier needs at least ${CORPUS_LINES_MIN}.`)
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    throw new UsageError(`${file} can't be read as UTF-8 text: ${messageOf(error)}`)
  }
}
