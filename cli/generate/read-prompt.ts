import { createReadStream } from 'node:fs'
import { UsageError } from '../usage-error.js'

/** Far more than a prompt may have: naming a video file by mistake is reported immediately. */
const MAX_BYTES = 1_000_000

/**
 * The prompt in a file or a pipe, or on standard input for `-`; the line's end is not part of it.
 * @throws UsageError
 */
export async function readPrompt(source: string): Promise<string> {
  if (source === '-' && process.stdin.isTTY) {
    process.stderr.write('The prompt (Ctrl-D on an empty line ends it):\n')
  }
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of source === '-' ? process.stdin : createReadStream(source)) {
      chunks.push(chunk)
      length += chunk.length
      if (length > MAX_BYTES)
        throw new UsageError(`--prompt-file: ${source} is too long for a prompt.`)
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new UsageError(`--prompt-file: ${source} can't be read (${code}).`)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    return text.replace(/\r?\n$/, '')
  } catch {
    throw new UsageError(`--prompt-file: ${source} is not UTF-8 text.`)
  }
}
