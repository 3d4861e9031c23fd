import assert from 'node:assert/strict'
import fc from 'fast-check'
import { utf8 } from '../../../formats/bytes.js'
import type { DrawSource } from '../../../formats/draws.js'
import { isRequestId } from '../../../formats/request-id.js'
import { sha256 } from '../../../formats/sha256.js'
import { drawAudits } from '../../../rules/plan/audits.js'
import { textsOf } from '../../../rules/plan/draw-prompt.js'
import { drawRequest, requestBody } from '../../../rules/plan/draw-request.js'
import { gpuBudget } from '../../../rules/plan/gpu-budget.js'
import { planInterval } from '../../../rules/plan/plan.js'
import type { PlanInput, RequestShape } from '../../../rules/plan/plan-types.js'
import { drawNegativePrompt, drawPrompt } from '../../../rules/plan/prompts.js'
import { declaredGpus, roomOf } from '../../../rules/plan/room.js'
import { drawSample, type SampleCandidate } from '../../../rules/plan/sample.js'
import { DEMO_PROFILE, PRODUCTION_PROFILE } from '../../../rules/profile.js'
import { times } from '../rows.js'

function sourceOf(name: string): DrawSource {
  return { secret: sha256(utf8(name)), blockHash: sha256(utf8('block')) }
}

const model = {
  name: 'small',
  steps: 12,
  guidanceMilli: 3000,
  frames: 16,
  width: 64,
  height: 64,
  fps: 8,
}
const { name: _, ...standard } = model
const shape: RequestShape = { ...standard, negativePrompt: false, cancelled: false }

const input: PlanInput = {
  profile: DEMO_PROFILE,
  n: 3,
  firstBlock: 500,
  length: 20,
  recentRequests: [],
  prompts: [],
  reusablePrompts: [],
  model,
  budget: { usPerVideo: 900_000, gpus: 1, blockMs: 1000 },
}
/** 25 s a video on one 3090: 1296 s for challenges are 51 videos. */
const production: PlanInput = {
  ...input,
  profile: PRODUCTION_PROFILE,
  length: 360,
  budget: { usPerVideo: 25_000_000, gpus: 1, blockMs: 12_000 },
}

describe('the GPU budget', () => {
  it('is 30 % for challenges, 20 % for audits, 40 % for spot checks', () => {
    const time = { length: 360, blockMs: 12_000, gpus: 1, usPerVideo: 25_000_000 }
    assert.deepEqual(gpuBudget(time), {
      challengeVideos: 51,
      auditVideos: 34,
      spotcheckUs: 1_728_000_000,
    })
    assert.equal(gpuBudget({ ...time, gpus: 2 }).challengeVideos, 103)
  })

  it('makes the number of rounds, at least one and at most the profile’s', () => {
    const rounds = (more: Partial<PlanInput>) =>
      planInterval({ ...production, ...more }, sourceOf('a')).rounds.filter(
        ({ kind }) => kind === 'challenge',
      ).length
    assert.equal(rounds({}), 51)
    assert.equal(rounds({ profile: { ...production.profile, sampleSize: 3 } }), 17)
    assert.equal(rounds({ budget: { ...production.budget, gpus: 10 } }), 100)
    assert.equal(rounds({ budget: { ...production.budget, usPerVideo: 10 ** 10 } }), 1)
    // Twice the work a video: half the rounds.
    assert.equal(rounds({ recentRequests: [{ ...shape, frames: 32 }] }), 25)
  })
})

describe('a plan', () => {
  it('has its rounds within the interval, by moment, two of them wide, and is drawn the same again', () => {
    const anyInput = fc.record({
      seed: fc.string(),
      length: fc.integer({ min: 1, max: 400 }),
      gpus: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(anyInput, ({ seed, length, gpus }) => {
        const asked = { ...production, length, budget: { ...production.budget, gpus } }
        const { rounds } = planInterval(asked, sourceOf(seed))
        assert.deepEqual(planInterval(asked, sourceOf(seed)).rounds, rounds)
        for (const [i, { momentMs }] of rounds.entries()) {
          assert.ok(momentMs >= (rounds[i - 1]?.momentMs ?? 0) && momentMs < length * 12_000)
        }
        for (const kind of ['challenge', 'wide'] as const) {
          const numbers = rounds.filter((each) => each.kind === kind).map(({ round }) => round)
          assert.deepEqual(
            numbers.toSorted((a, b) => a - b),
            [...numbers.keys()],
          )
          if (kind === 'wide') assert.equal(numbers.length, 2)
        }
      }),
      { seed: 5, numRuns: 40 },
    )
  })

  it('begins rounds at no moment rather than another', () => {
    const tenths = new Array<number>(10).fill(0)
    for (let i = 0; i < 400; i++) {
      for (const { momentMs } of planInterval(input, sourceOf(`${i}`)).rounds) {
        tenths[Math.floor(momentMs / 2_000)]! += 1
      }
    }
    const rounds = tenths.reduce((sum, count) => sum + count, 0)
    for (const count of tenths) assert.ok(Math.abs(count / rounds - 0.1) < 0.025, `${tenths}`)
  })
})

describe('a sample', () => {
  const candidates = (count: number): SampleCandidate[] =>
    Array.from({ length: count }, (_, i) => ({
      hotkey: `p${String(i).padStart(3, '0')}`,
      registeredBlock: 1,
      lastFullCheck: { n: 1 + i, momentMs: 0 },
    }))

  it('has each prover once, in an order that the rows’ does not change, and all when they are few', () => {
    const any = fc.record({
      seed: fc.string(),
      count: fc.nat(12),
      size: fc.integer({ min: 1, max: 6 }),
    })
    fc.assert(
      fc.property(any, ({ seed, count, size }) => {
        const all = candidates(count)
        const sample = drawSample(sourceOf(seed), 'challenge/0', all, size)
        assert.equal(new Set(sample.map(({ hotkey }) => hotkey)).size, sample.length)
        assert.equal(sample.length, Math.min(count, size))
        assert.deepEqual(drawSample(sourceOf(seed), 'challenge/0', all.toReversed(), size), sample)
      }),
      { seed: 6, numRuns: 60 },
    )
  })

  it('takes the stalest quarter in half of its places, and anybody in the other half', () => {
    const drawn = new Map<string, number>()
    const draws = 4_000
    for (let i = 0; i < draws; i++) {
      const [first] = drawSample(sourceOf(`${i}`), 'challenge/0', candidates(8), 1)
      drawn.set(first!.hotkey, (drawn.get(first!.hotkey) ?? 0) + 1)
    }
    for (const [i, { hotkey }] of candidates(8).entries()) {
      // 1/2 · 1/8, and of the two stalest 1/2 · 1/2 more.
      const share = (drawn.get(hotkey) ?? 0) / draws
      assert.ok(Math.abs(share - (i < 2 ? 0.3125 : 0.0625)) < 0.025, `${hotkey}: ${share}`)
    }
  })

  it('counts who was never checked as the stalest, then the earlier moment', () => {
    const [a, b, c] = candidates(3)
    const order = [
      { ...a!, lastFullCheck: { n: 5, momentMs: 9 } },
      { ...b!, lastFullCheck: { n: 5, momentMs: 8 } },
      { ...c!, lastFullCheck: null },
    ]
    const firsts = new Map<string, number>()
    for (let i = 0; i < 600; i++) {
      const [first] = drawSample(sourceOf(`${i}`), 'challenge/0', order, 1)
      firsts.set(first!.hotkey, (firsts.get(first!.hotkey) ?? 0) + 1)
    }
    assert.ok(firsts.get(c!.hotkey)! > 2 * firsts.get(b!.hotkey)!, 'the quarter of three is one')
  })
})

describe('room', () => {
  it('is two a GPU, less what is in flight; what is declared has bounds', () => {
    assert.equal(roomOf({ gpus: 1, inFlight: 0 }), 2)
    assert.equal(roomOf({ gpus: 4, inFlight: 3 }), 5)
    assert.equal(roomOf({ gpus: 1, inFlight: 9 }), 0)
    assert.deepEqual([null, 0, 1, 2, 3, 8, 1_000_000].map(declaredGpus), [1, 1, 1, 1, 1, 4, 64])
  })
})

describe('a request of the verifier’s own', () => {
  const from = { model, recentRequests: [], prompts: [], reusablePrompts: [] }
  const requests = (count: number, more: Partial<PlanInput> = {}) =>
    times(count, () => 0).map((_zero, i) => {
      const drawn = drawRequest({ ...from, ...more }, sourceOf('a'), `challenge/${i}/0`, 'p')
      return { ...drawn, body: requestBody(drawn, textsOf(drawn.prompt, new Map())!) }
    })

  it('looks like recent traffic, and like the standard request without any', () => {
    const [{ body, requestId, cancelAtPermille }] = requests(1) as [
      ReturnType<typeof requests>[number],
    ]
    assert.ok(isRequestId(requestId) && body.request_id === requestId)
    assert.deepEqual(
      { ...body.sampling_params, seed: 0 },
      {
        seed: 0,
        num_inference_steps: 12,
        guidance_scale: 3,
        width: 64,
        height: 64,
        num_frames: 16,
        fps: 8,
      },
    )
    assert.deepEqual([body.model, body.private_input.negative_prompt], ['small', ''])
    assert.equal(cancelAtPermille, null)
    const recentRequests: RequestShape[] = [
      ...times(6, () => shape),
      ...times(3, () => ({ ...shape, guidanceMilli: 3500, negativePrompt: true, cancelled: true })),
    ]
    const drawn = requests(240, { recentRequests })
    assert.equal(new Set(drawn.map((each) => each.requestId)).size, drawn.length)
    const rare = drawn.filter((each) => each.body.sampling_params.guidance_scale === 3.5)
    for (const each of rare) {
      assert.ok(each.body.private_input.negative_prompt !== '')
      assert.ok(each.cancelAtPermille! >= 0 && each.cancelAtPermille! < 1000)
    }
    assert.ok(new Set(rare.map((each) => each.cancelAtPermille)).size > 40)
    const share = rare.length / drawn.length
    assert.ok(share > 0.22 && share < 0.45, `${share}`)
    const seeds = drawn.map((each) => each.body.sampling_params.seed)
    assert.ok(Math.max(...seeds) > 2 ** 31 && new Set(seeds).size === seeds.length)
  })

  it('has its prompt from a given list', () => {
    for (const { body } of requests(20, { prompts: ['one', 'two'] })) {
      assert.ok(['one', 'two'].includes(body.query))
    }
  })
})

describe('prompts', () => {
  it('are the trained model’s language: a subject, perhaps a motion and a background', () => {
    const prompts = times(400, () => 0).map((_zero, i) => drawPrompt(sourceOf('p'), `u/${i}`))
    for (const prompt of prompts) {
      assert.match(prompt, /^[A-Za-z ,.]+$/)
      assert.doesNotMatch(prompt, / {2}|[{}]|undefined| ,|^ | $/)
      assert.match(
        prompt,
        /(red|green|blue|yellow|orange|purple|pink|white) (circle|ball|disc|dot|square|box|block|triangle|star|ring|donut|heart|cross|plus)/i,
      )
    }
    assert.ok(new Set(prompts).size > 380)
    assert.ok(prompts.some((prompt) => / and an? /.test(prompt)))
    assert.ok(prompts.some((prompt) => /night|stars|space/.test(prompt)))
    assert.equal(drawPrompt(sourceOf('p'), 'u/0'), prompts[0])
    assert.match(drawNegativePrompt(sourceOf('p'), 'u/0'), /^[a-z, ]+$/)
  })
})

describe('audits', () => {
  const answers = Array.from({ length: 12 }, (_, i) => ({
    requestId: `r${String(i).padStart(2, '0')}`,
    openingRefused: false,
  }))

  it('are at least one when there is any answer, at most the maximum', () => {
    const counts = times(60, () => 0).map(
      (_zero, i) => drawAudits({ answers, max: 3 }, sourceOf(`${i}`)).length,
    )
    assert.deepEqual([...new Set(counts)].sort(), [1, 2, 3])
    assert.deepEqual(drawAudits({ answers: [], max: 3 }, sourceOf('a')), [])
    assert.equal(drawAudits({ answers, max: 0 }, sourceOf('a')).length, 1)
    assert.equal(drawAudits({ answers: answers.slice(0, 1), max: 9 }, sourceOf('a')).length, 1)
  })

  it('take those whose opening was refused first, and of the others each as often', () => {
    const refused = answers.map((a) => ({ ...a, openingRefused: a.requestId === 'r07' }))
    const drawn = new Map<string, number>()
    for (let i = 0; i < 400; i++) {
      const ids = drawAudits({ answers: refused, max: 5 }, sourceOf(`${i}`))
      assert.equal(ids[0], 'r07')
      const turned = drawAudits({ answers: refused.toReversed(), max: 5 }, sourceOf(`${i}`))
      assert.deepEqual(turned, ids)
      for (const id of ids.slice(1)) drawn.set(id, (drawn.get(id) ?? 0) + 1)
    }
    const counts = [...drawn.values()]
    assert.equal(counts.length, 11)
    assert.ok(Math.max(...counts) < 2 * Math.min(...counts), `${counts}`)
  })
})
