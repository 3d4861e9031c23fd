import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { UnigramTokenizer } from '../../../engine/tokenizer/unigram-tokenizer.js'
import { promptCases, WAN_MODEL, wanGolden } from '../fixtures.js'

function read(): Record<string, Record<string, unknown>> {
  return JSON.parse(readFileSync(`${WAN_MODEL}/tokenizer/tokenizer.json`, 'utf8'))
}

/** With a piece for each byte. */
function withBytes() {
  const json = read()
  const bytes = Array.from({ length: 256 }, (_, byte) => {
    const hex = byte.toString(16).toUpperCase().padStart(2, '0')
    return [`<0x${hex}>`, -20]
  })
  const vocab = [...(json.model!.vocab as unknown[]), ...bytes]
  return { ...json, model: { ...json.model, vocab, byte_fallback: true } }
}

/** With a sequence of normalizers, and without a split at white space before. */
function writtenBy(normalizers: object[], preTokenizer: object) {
  const json = read()
  return {
    ...json,
    normalizer: { type: 'Sequence', normalizers: [json.normalizer, ...normalizers] },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', ...preTokenizer },
  }
}

const spacesBecome = (content: string) => ({
  type: 'Replace',
  pattern: { Regex: ' {2,}' },
  content,
})

const SIZE = { length: 512, pad: '<pad>' }

function idsOf(tokenizer: UnigramTokenizer, text: string): number[] {
  const { ids, used } = tokenizer.encode(text)
  assert.ok(ids.subarray(used).every((id) => id === 0n))
  return [...ids.subarray(0, used)].map(Number)
}

describe('UnigramTokenizer', () => {
  const tokenizer = new UnigramTokenizer(read(), SIZE)
  const tokenizers = {
    ids: tokenizer,
    with_bytes: new UnigramTokenizer(withBytes(), SIZE),
    of_2023: new UnigramTokenizer(writtenBy([spacesBecome(' ')], { add_prefix_space: true }), SIZE),
    of_2024: new UnigramTokenizer(
      writtenBy([{ type: 'Strip', strip_left: false, strip_right: true }, spacesBecome('▁')], {
        prepend_scheme: 'first',
        split: true,
      }),
      SIZE,
    ),
  } as const

  it('gives the reference’s ids for anything beside anything, as each version writes its file', () => {
    const cases = promptCases()
    assert.ok(cases.length > 350)
    for (const one of cases) {
      for (const name of Object.keys(tokenizers) as (keyof typeof tokenizers)[]) {
        assert.deepEqual(
          idsOf(tokenizers[name], one.text),
          one[name],
          `${name} ${JSON.stringify(one.text)}`,
        )
      }
    }
  })

  it('gives the ids of the golden cases, cut at 512 with the end, and says so', () => {
    for (const { cleaned, inputIds } of wanGolden()) {
      assert.deepEqual(idsOf(tokenizer, cleaned), inputIds)
      assert.equal(tokenizer.encode(cleaned).truncated, inputIds.length === 512)
    }
    const fits = tokenizer.encode('8 '.repeat(255))
    assert.deepEqual([fits.used, fits.truncated], [511, false])
    const full = tokenizer.encode('8 '.repeat(256))
    assert.deepEqual([full.used, full.truncated, full.ids.at(-1)], [512, true, 1n])
  })

  it('takes 200 kB, NULs, lone surrogates, emoji and nothing', () => {
    for (const text of [
      'x'.repeat(200_000),
      '\0'.repeat(1000),
      '\ud800 \udc00',
      '🎈'.repeat(50_000),
    ]) {
      assert.ok(tokenizer.encode(text).used >= 1)
    }
    assert.deepEqual(idsOf(tokenizer, ''), [1])
  })

  it('refuses a file whose options would give other tokens', () => {
    const json = read()
    for (const changes of [
      { normalizer: { type: 'NFKC' } },
      { pre_tokenizer: { type: 'WhitespaceSplit' } },
      { model: { ...json.model, type: 'BPE' } },
      {
        added_tokens: [
          {
            id: 0,
            content: 'x',
            single_word: true,
            lstrip: false,
            rstrip: false,
            normalized: false,
          },
        ],
      },
      { normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } },
    ]) {
      assert.throws(
        () => new UnigramTokenizer({ ...json, ...changes }, SIZE),
        JSON.stringify(changes).slice(0, 60),
      )
    }
  })
})
