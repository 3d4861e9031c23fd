import { appendFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Hex } from '../../formats/bytes.js'

/**
 * Where a villain notes its cheating answers, for the demo to know what there was to be found.
 * @param folder the provers' state
 */
export function cheatsFile(folder: string, name: string): string {
  return path.join(folder, `${name}.cheats`)
}

/** Notes an answer by its trace root. */
export async function noteCheat(file: string, traceRoot: Hex): Promise<void> {
  await appendFile(file, `${traceRoot}\n`)
}

/** The trace roots that a villain noted; none before its first. */
export async function notedCheats(file: string): Promise<Hex[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  // The last line may be about to be written.
  return text.split('\n').slice(0, -1)
}
