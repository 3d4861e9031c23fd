import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { knownFailure } from '../../engine/runtime/runtime-error.js'

/** A file of the repository. */
const text = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('What the engine promises in words', () => {
  it('about missing CUDA libraries is the command of the documents', async () => {
    const hint = knownFailure(new Error('Failed to load shared library'))?.hint
    const command = /npx fractal cuda install/.exec(String(hint))?.[0]
    assert.ok(command !== undefined, String(hint))
    assert.ok((await text('docs/run-a-prover.md')).includes(command))
  })

  it('to the authors of avx_mathfun.h: their notice is whole', async () => {
    const source = await text('engine/pipeline/float32-math.ts')
    const words = source.replace(/\s*\n \*\s*/g, ' ')
    for (const clause of [
      'Copyright (C) 2012 Giovanni Garberoglio',
      'via Sommarive, 18 I-38123 Trento (Italy)',
      'If you use this software in a product, an acknowledgment in the product documentation would be appreciated but is not required.',
      '3. This notice may not be removed or altered from any source distribution.',
      '(this is the zlib license)',
    ]) {
      assert.ok(words.includes(clause), clause)
    }
  })
})
