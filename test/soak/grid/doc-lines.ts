import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The lines of the code blocks of a section (`## Back up`), by how they begin, as they stand there. */
export async function docLines(
  document: string,
  section: string,
  beginnings: readonly string[],
): Promise<string[]> {
  const file = fileURLToPath(new URL(`../../../docs/${document}`, import.meta.url))
  const [, from] = (await readFile(file, 'utf8')).split(`\n${section}\n`)
  const [text] = from!.split('\n## ')
  const blocks = text!.split(/^```\w*$/m).filter((_, i) => i % 2 === 1)
  const lines = blocks.flatMap((block) => block.split('\n'))
  return beginnings.map((beginning) => {
    const found = lines.filter((line) => line.startsWith(beginning))
    assert.equal(found.length, 1, `docs/${document} has one line that begins with ${beginning}`)
    return found[0]!
  })
}
