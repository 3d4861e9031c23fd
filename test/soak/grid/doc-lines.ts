import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The lines of a document's code blocks, by how they begin, as they stand there. */
export async function docLines(document: string, beginnings: readonly string[]): Promise<string[]> {
  const file = fileURLToPath(new URL(`../../../docs/${document}`, import.meta.url))
  const blocks = (await readFile(file, 'utf8')).split(/^```\w*$/m).filter((_, i) => i % 2 === 1)
  const lines = blocks.flatMap((block) => block.split('\n'))
  return beginnings.map((beginning) => {
    const found = lines.filter((line) => line.startsWith(beginning))
    assert.equal(found.length, 1, `docs/${document} has one line that begins with ${beginning}`)
    return found[0]!
  })
}
