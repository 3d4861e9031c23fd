import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import type { Tokenizer } from '../../../engine/architectures/architecture.js'
import { readModel } from '../../../engine/model/model.js'
import { defaultModelDir } from '../../../engine/models/default-model.js'
import { type ClipTokenizer, clipTokenizer } from '../../../engine/tokenizer/clip-tokenizer.js'
import { goldenCases, RANDOM_MODEL } from '../fixtures.js'

async function tokenizerOf(modelDir: string): Promise<Tokenizer> {
  return (await readModel(modelDir)).config.tokenizer()
}

/** The tokenizer alone, on the whole text. */
function wholeTokenizer(): ClipTokenizer {
  const read = (file: string) =>
    JSON.parse(readFileSync(`${defaultModelDir()}/tokenizer/${file}`, 'utf8'))
  return clipTokenizer(read('tokenizer.json'), read('tokenizer_config.json'))
}

describe('PromptTokenizer', () => {
  it('gives the ids that transformers gives', async () => {
    for (const [modelDir, golden] of [
      [RANDOM_MODEL, 'random-model/golden'],
      [defaultModelDir(), 'trained-golden'],
    ] as const) {
      const tokenizer = await tokenizerOf(modelDir)
      for (const { params, inputIds } of goldenCases(golden)) {
        const { ids, truncated } = tokenizer.encode(params.prompt)
        assert.deepEqual([...ids.subarray(0, inputIds.length)].map(Number), inputIds)
        assert.equal(ids.length, 77)
        assert.equal(truncated, false)
      }
    }
  })

  it('cuts to 76 tokens and the end, and says so', async () => {
    const tokenizer = await tokenizerOf(defaultModelDir())
    const fits = tokenizer.encode('red '.repeat(75))
    const long = tokenizer.encode('red '.repeat(76))
    assert.equal(fits.truncated, false)
    assert.equal(long.truncated, true)
    assert.deepEqual(long.ids, fits.ids)
    assert.equal(Number(long.ids[76]), 863)
  })

  it('reads only as much as matters, without changing a token', async () => {
    const tokenizer = await tokenizerOf(defaultModelDir())
    const whole = wholeTokenizer()
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(
        ' ',
        '\n\t',
        '\u00a0',
        '\u2003',
        '\u0085',
        '\ufeff',
        'red',
        "it's",
        '🎈',
        'e\u0301',
        '<|endoftext|>',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        const text = pieces.join('')
        const all = whole.encode(text).ids
        const expected = all.length > 77 ? [...all.slice(0, 76), 863] : all
        const { ids, truncated } = tokenizer.encode(text)
        assert.deepEqual([...ids.subarray(0, expected.length)].map(Number), expected)
        assert.equal(truncated, all.length > 77)
      }),
      { seed: 20261122, numRuns: 80 },
    )
  })

  it('takes 100 kB, NULs, lone surrogates, emoji and nothing', async () => {
    const tokenizer = await tokenizerOf(defaultModelDir())
    const texts = ['x'.repeat(100_000), '\0'.repeat(1000), '\ud800 \udc00', '🎈'.repeat(25_000), '']
    const truncated = texts.map((text) => tokenizer.encode(text).truncated)
    assert.deepEqual(truncated, [true, true, false, true, false])
  })
})
