import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FractalError } from '../../base/errors.js'
import { CORPUS_LINES_MIN } from '../../rules/constants.js'
import { parseCorpus, promptCorpus } from '../../workers/prompt-corpus.js'

const MODEL = { bundled: null, hasGrammar: false, isProduction: true }
const many = Array.from({ length: CORPUS_LINES_MIN }, (_, i) => `a cat, number ${i}`)

describe('the corpus of prompts', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-corpus-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const file = async (content: string | Uint8Array) => {
    const path = join(folder, 'prompts.txt')
    await writeFile(path, content)
    return path
  }
  const refused = (corpus: Promise<unknown>, message: RegExp) =>
    assert.rejects(corpus, (error: Error) => {
      assert.ok(error instanceof FractalError && error.code === 'bad_corpus', String(error))
      assert.match(error.message, message)
      assert.match(String(error.hint), /fractal prompts/)
      return true
    })

  it('is read once: trimmed, without empty lines, each line once', async () => {
    const lines = parseCorpus(Buffer.from('\n a cat \r\na dog\n\na cat\n  ünïcode 🦊'), 'x')
    assert.deepEqual(lines, ['a cat', 'a dog', 'ünïcode 🦊'])
    const path = await file(`${many.join('\n')}\n`)
    assert.equal((await promptCorpus(path, MODEL)).length, CORPUS_LINES_MIN)
  })

  it('comes from the model folder where none is given, and from the grammar of the shipped model', async () => {
    const bundled = Buffer.from(many.join('\n'))
    assert.deepEqual(await promptCorpus(undefined, { ...MODEL, bundled }), many)
    assert.deepEqual(await promptCorpus(undefined, { ...MODEL, hasGrammar: true }), [])
    assert.deepEqual(await promptCorpus(undefined, { ...MODEL, isProduction: false }), [])
    await refused(
      promptCorpus(undefined, MODEL),
      /no prompts to ask with: give --challenge.prompts/,
    )
    const path = await file('a cat')
    const demo = { ...MODEL, bundled, isProduction: false }
    assert.deepEqual(await promptCorpus(path, demo), ['a cat'], 'the option wins')
  })

  it('is refused when it is too small for production, and whatever no user could send', async () => {
    const few = await file([...many.slice(1), ...many.slice(1)].join('\n'))
    await refused(promptCorpus(few, MODEL), /has 9999 different prompts, and at least 10000/)
    const empty = await file('\n\n')
    await refused(promptCorpus(empty, { ...MODEL, isProduction: false }), /has 0 different prompts/)
    const long = await file(`a cat\n${'x'.repeat(102_401)}`)
    await refused(promptCorpus(long, MODEL), /line 2 is longer than 102400 bytes/)
    const fits = await file('é'.repeat(51_200))
    assert.equal((await promptCorpus(fits, { ...MODEL, isProduction: false })).length, 1)
    await refused(promptCorpus(await file('a\u0007b'), MODEL), /line 1 .*control characters/)
    await refused(promptCorpus(await file(Buffer.from([0xff, 0xfe])), MODEL), /is not UTF-8/)
    await refused(promptCorpus(join(folder, 'none'), MODEL), /can't be read: ENOENT/)
  })
})
