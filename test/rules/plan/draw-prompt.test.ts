import assert from 'node:assert/strict'
import { utf8 } from '../../../formats/bytes.js'
import { sha256 } from '../../../formats/sha256.js'
import { CORPUS_LINES_MIN, REUSED_PROMPTS_MAX } from '../../../rules/constants.js'
import {
  drawPromptFor,
  type PromptSources,
  type ReusablePrompt,
  sampleCorpus,
} from '../../../rules/plan/draw-prompt.js'
import { drawPrompt } from '../../../rules/plan/prompts.js'

const source = { secret: sha256(utf8('secret')), blockHash: sha256(utf8('block')) }
const corpus = Array.from({ length: 50 }, (_, i) => `line ${i}`)

function user(i: number, more: Partial<ReusablePrompt> = {}): ReusablePrompt {
  return { promptSha256: `hash-${i}`, negativePrompt: false, servedBy: [], ...more }
}

/** What so many checks of one prover are made of. */
function draws(from: PromptSources, negativePrompt = false, count = 2_000) {
  return Array.from({ length: count }, (_, k) =>
    drawPromptFor(source, `challenge/${k}`, from, { hotkey: 'p', negativePrompt }),
  )
}

describe('prompts of checks', () => {
  it('are users’ own, each as likely, and the corpus’s as often as if it were 25 more of them', () => {
    const drawn = draws({
      prompts: corpus,
      reusablePrompts: Array.from({ length: 75 }, (_, i) => user(i)),
    })
    const counts = new Map<string, number>()
    for (const one of drawn) {
      const name = one.kind === 'user' ? one.promptSha256 : one.text
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const ofCorpus = drawn.filter(({ kind }) => kind === 'corpus').length
    assert.ok(Math.abs(ofCorpus - 500) < 4 * Math.sqrt(2_000 * 0.25 * 0.75), String(ofCorpus))
    assert.equal(counts.size, 125)
    for (const [name, count] of counts) {
      const mean = name.startsWith('hash-') ? 20 : 10
      assert.ok(Math.abs(count - mean) < 4.5 * Math.sqrt(mean), `${name}: ${count}`)
    }
  })

  it('hide in the traffic the better, the more of it there is', () => {
    const share = (users: number) => {
      const reusablePrompts = Array.from({ length: users }, (_, i) => user(i))
      const drawn = draws({ prompts: corpus, reusablePrompts })
      return drawn.filter(({ kind }) => kind === 'corpus').length / drawn.length
    }
    assert.equal(share(0), 1)
    assert.ok(Math.abs(share(25) - 1 / 2) < 0.05)
    assert.ok(share(REUSED_PROMPTS_MAX) < 0.07)
  })

  it('never go to a prover that saw them', () => {
    const seen = Array.from({ length: 9 }, (_, i) => user(i, { servedBy: ['x', 'p'] }))
    const fresh = user(9, { servedBy: ['x'] })
    const drawn = draws({ prompts: corpus, reusablePrompts: [...seen, fresh] })
    const used = new Set(drawn.flatMap((one) => (one.kind === 'user' ? [one.promptSha256] : [])))
    assert.deepEqual([...used], ['hash-9'])
    const none = draws({ prompts: corpus, reusablePrompts: seen }, true)
    assert.ok(none.every((one) => one.kind === 'corpus' && one.negative.kind === 'corpus'))
  })

  it('do not depend on the order of rows', () => {
    const users = Array.from({ length: 20 }, (_, i) => user(i))
    const sources = (reusablePrompts: ReusablePrompt[]) => ({ prompts: corpus, reusablePrompts })
    assert.deepEqual(draws(sources(users)), draws(sources([...users].reverse())))
  })

  it('have negative prompts as users write them, where there are any', () => {
    const users = [user(1, { negativePrompt: true }), user(2)]
    for (const one of draws({ prompts: corpus, reusablePrompts: users }, true)) {
      if (one.kind === 'user') continue
      assert.deepEqual(one.negative, { kind: 'user', promptSha256: 'hash-1' })
    }
    for (const one of draws({ prompts: corpus, reusablePrompts: users })) {
      if (one.kind === 'corpus') assert.deepEqual(one.negative, { kind: 'corpus', text: '' })
    }
    const [grammar] = draws({ prompts: [], reusablePrompts: [] }, true)
    assert.ok(grammar?.kind === 'corpus' && grammar.negative.kind === 'corpus')
    assert.notEqual(grammar.negative.text, '')
    const [other] = draws({ prompts: corpus, reusablePrompts: [] }, true)
    assert.ok(other?.kind === 'corpus' && other.negative.kind === 'corpus')
    assert.equal(other.negative.text, '')
  })

  it('the shipped model’s own grammar makes more different ones than a corpus needs', () => {
    const draws = 2000
    const made = new Set<string>()
    for (let i = 0; i < draws; i++) made.add(drawPrompt(source, `prompt/${i}`))
    // So many draws from the lines of the smallest corpus give 1,813 different ones on average.
    const ofCorpus = CORPUS_LINES_MIN * (1 - Math.exp(-draws / CORPUS_LINES_MIN))
    assert.ok(made.size > ofCorpus, `${made.size} different ones of ${draws}`)
  })

  it('one interval draws from different lines of a corpus', () => {
    const drawn = sampleCorpus(source, corpus, 20)
    assert.equal(new Set(drawn).size, 20)
    assert.ok(drawn.every((line) => corpus.includes(line)))
    assert.deepEqual(sampleCorpus(source, corpus, 20), drawn)
    assert.notDeepEqual(sampleCorpus({ ...source, secret: sha256(utf8('x')) }, corpus, 20), drawn)
    assert.deepEqual([...sampleCorpus(source, corpus, 99)].sort(), [...corpus].sort())
  })
})
