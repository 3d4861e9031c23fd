import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { UsageError } from '../usage-error.js'

const MAX_BYTES = 4096

/** A phrase stands in the shell's history and in the list of processes as soon as it is typed there. */
const NOT_HERE = new UsageError(
  'Do not put the phrase itself on the command line: the shell history and the process list show it.',
  'Give --mnemonic a file name, or - to type it or pipe it in. Remove it from the shell history.',
)

/**
 * Refuses a phrase given in place of its file, quoted or not, before anything repeats its words.
 * @param args what follows the program's name
 */
export function refusePhraseInArguments(args: readonly string[]): void {
  const at = args.findIndex((arg) => /^--mnemonic(=|$)/.test(arg))
  if (at < 0) return
  const named = args[at]!.includes('=') ? args[at]!.slice('--mnemonic='.length) : args[at + 1]
  const next = args[at]!.includes('=') ? args[at + 1] : args[at + 2]
  const isSentence = /^\s*[a-z]+(\s+[a-z]+){2,}\s*$/.test(named ?? '')
  const isWords = /^[a-z]+$/.test(named ?? '') && /^[a-z]+$/.test(next ?? '')
  if (isSentence || isWords) throw NOT_HERE
}

/**
 * The phrase in a file, or on standard input for `-`; typed in, it is not shown.
 * @throws UsageError
 */
export async function readPhrase(source: string): Promise<string> {
  if (source === '-') return process.stdin.isTTY ? typed() : piped()
  try {
    const file = await open(source, 'r')
    try {
      const { size } = await file.stat()
      if (size > MAX_BYTES) throw new UsageError('--mnemonic: the file is too large for a phrase.')
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    // Its name is not repeated: it may be part of the phrase.
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new UsageError(`--mnemonic: the file can't be read (${code}).`)
  }
}

async function piped(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > MAX_BYTES)
      throw new UsageError('--mnemonic -: that is too long for a phrase.')
  }
  return text
}

async function typed(): Promise<string> {
  process.stderr.write('The phrase, in one line (it is not shown): ')
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    // Ctrl-C and Ctrl-D end the line without an answer.
    const ended = new Promise<never>((_, reject) => {
      lines.once('close', () => reject(new UsageError('--mnemonic -: nothing was typed.')))
    })
    return await Promise.race([lines.question(''), ended])
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
