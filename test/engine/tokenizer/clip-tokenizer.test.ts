import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { defaultModelDir } from '../../../engine/models/default-model.js'
import { clipTokenizer } from '../../../engine/tokenizer/clip-tokenizer.js'
import { toLowercase, toNfc } from '../../../engine/tokenizer/reference-unicode.js'

interface Golden {
  /** Without padding. */
  cases: { text: string; ids: number[] }[]
  blocks: { name: string; chars: string; sha256: string }[]
}

const GOLDEN: Golden = JSON.parse(
  readFileSync(new URL('../../fixtures/tokens/tokens.json', import.meta.url), 'utf8'),
)

function read(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${defaultModelDir()}/tokenizer/${file}`, 'utf8'))
}

/** `41-5a/1 100-12e/2` → its characters. */
function charsOf(spans: string): string[] {
  return spans.split(' ').flatMap((span) => {
    const [, first, last, step] = /^(\w+)-(\w+)\/(\d+)$/.exec(span)!
    const chars: string[] = []
    for (let code = Number.parseInt(first!, 16); code <= Number.parseInt(last!, 16); ) {
      chars.push(String.fromCodePoint(code))
      code += Number(step)
    }
    return chars
  })
}

describe('clipTokenizer', function () {
  this.timeout(120_000)
  const tokenizer = clipTokenizer(read('tokenizer.json'), read('tokenizer_config.json'))

  it('gives transformers’ ids for texts of every script, and anything beside anything', () => {
    assert.ok(GOLDEN.cases.length > 500)
    for (const { text, ids } of GOLDEN.cases) {
      const all = tokenizer.encode(text).ids
      const cut = all.length > 77 ? [...all.slice(0, 76), 863] : all
      assert.deepEqual(cut, ids, JSON.stringify(text))
    }
  })

  it('gives its ids for the characters of all of Unicode, lower-cased, composed and split', () => {
    assert.ok(GOLDEN.blocks.length > 200)
    for (const { name, chars, sha256 } of GOLDEN.blocks) {
      const words = charsOf(chars).map((char) => `B${char}\u0323\u0301${char}a`)
      const ids = tokenizer.encode(words.join(' ')).ids.join(' ')
      assert.equal(createHash('sha256').update(ids).digest('hex').slice(0, 16), sha256, name)
    }
  })

  it('asks nothing of this Node’s Unicode that another version would answer otherwise', () => {
    assert.equal(toLowercase('ὈΔΥΣΣΕΎΣ İ'), 'ὀδυσσεύσ i\u0307')
    // A mark of Unicode 17 that sinks under others there; the reference's NFC is of Unicode 9.
    assert.equal(toNfc('a\u0301\u1add'), '\u00e1\u1add')
    assert.equal(toNfc('a\u0301\u0323'), 'ạ\u0301')
  })

  it('refuses a file whose tokens would depend on it', () => {
    const json = read('tokenizer.json')
    const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true }
    const split = (Regex: string) => {
      const words = { type: 'Split', pattern: { Regex }, behavior: 'Removed', invert: true }
      return { ...json, pre_tokenizer: { type: 'Sequence', pretokenizers: [words, bytes] } }
    }
    for (const other of [
      { ...json, normalizer: { type: 'NFKC' } },
      { ...json, normalizer: { type: 'Sequence', normalizers: [{ type: 'StripAccents' }] } },
      { ...json, pre_tokenizer: { type: 'Whitespace' } },
      split('\\w+'),
      split('\\p{Lu}+'),
    ]) {
      assert.throws(() => clipTokenizer(other, read('tokenizer_config.json')))
    }
    const [bare, classed] = ['\\p{L}+', '[\\p{L}]+'].map(
      (regex) => clipTokenizer(split(regex), {}).encode('αβ 1').ids,
    )
    assert.deepEqual(bare, classed)
    assert.equal(bare!.length, 2 + 4)
  })
})
