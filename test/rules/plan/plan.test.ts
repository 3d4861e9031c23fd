import assert from 'node:assert/strict'
import fc from 'fast-check'
import { utf8 } from '../../../formats/bytes.js'
import type { DrawSource } from '../../../formats/draws.js'
import { isRequestId } from '../../../formats/request-id.js'
import { sha256 } from '../../../formats/sha256.js'
import { drawAudits } from '../../../rules/plan/audits.js'
import { gpuBudget } from '../../../rules/plan/gpu-budget.js'
import { planInterval } from '../../../rules/plan/plan.js'
import type { PlanCandidate, PlanInput, RequestShape } from '../../../rules/plan/plan-types.js'
import { drawNegativePrompt, drawPrompt } from '../../../rules/plan/prompts.js'
import { DEMO_PROFILE, PRODUCTION_PROFILE } from '../../../rules/profile.js'
import { times } from '../rows.js'

function sourceOf(name: string): DrawSource {
  return { secret: sha256(utf8(name)), blockHash: sha256(utf8('block')) }
}

function candidates(count: number, more: Partial<PlanCandidate> = {}): PlanCandidate[] {
  return Array.from({ length: count }, (_, uid) => ({
    hotkey: `p${uid}`,
    registeredBlock: 1,
    uid,
    coldkey: `c${uid}`,
    network: null,
    lastEvidenceN: null,
    ...more,
  }))
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
const shape: RequestShape = { ...standard, negativePrompt: false, stream: false }

const input: PlanInput = {
  profile: DEMO_PROFILE,
  n: 3,
  firstBlock: 500,
  length: 20,
  provers: candidates(6),
  recentRequests: [],
  prompts: [],
  model,
  budget: { usPerVideo: 900_000, gpus: 1, blockMs: 1000 },
}
/** 25 s a video on one 3090: 1728 s for challenges are 69 videos. */
const production: PlanInput = {
  ...input,
  profile: PRODUCTION_PROFILE,
  length: 360,
  provers: candidates(200),
  budget: { usPerVideo: 25_000_000, gpus: 1, blockMs: 12_000 },
}

describe('the GPU budget', () => {
  it('is 40 % for challenges, 20 % for audits, spot checks up to 90 %', () => {
    const time = { length: 360, blockMs: 12_000, gpus: 1, usPerVideo: 25_000_000 }
    assert.deepEqual(gpuBudget(time), {
      challengeVideos: 69,
      auditVideos: 34,
      spotcheckUs: 1_296_000_000,
    })
    assert.equal(gpuBudget({ ...time, gpus: 2 }).challengeVideos, 138)
  })

  it('makes the number of rounds, at least one and at most the profile’s', () => {
    const rounds = (more: Partial<PlanInput>) =>
      planInterval({ ...production, ...more }, sourceOf('a')).rounds
    assert.equal(rounds({}).length, 23)
    assert.equal(rounds({ budget: { ...production.budget, gpus: 10 } }).length, 36)
    assert.equal(rounds({ budget: { ...production.budget, usPerVideo: 10 ** 10 } }).length, 1)
    assert.deepEqual(rounds({ provers: [] }), [])
    // Twice the work a video: half the rounds.
    assert.equal(rounds({ recentRequests: [{ ...shape, frames: 32 }] }).length, 11)
  })

  it('lets rounds grow when it has time left, up to the profile’s most', () => {
    const fast = { ...production.budget, gpus: 10 }
    const plain = { ...PRODUCTION_PROFILE, groupRounds: false }
    const plan = planInterval({ ...production, profile: plain, budget: fast }, sourceOf('a'))
    assert.ok(
      plan.rounds.every((round) => round.items.length === 19),
      '691 videos in 36 rounds',
    )
    const demo = planInterval(
      { ...input, budget: { ...input.budget, usPerVideo: 1 } },
      sourceOf('a'),
    )
    assert.ok(demo.rounds.every((round) => round.items.length === 3))
  })
})

describe('a plan', () => {
  it('lies in the interval, in order, with unique ids, and is drawn the same again', () => {
    const anyInput = fc.record({
      seed: fc.string(),
      length: fc.integer({ min: 2, max: 40 }),
      provers: fc.nat(9),
      gpus: fc.integer({ min: 1, max: 3 }),
      early: fc.integer({ min: 1, max: 1000 }),
      groups: fc.boolean(),
    })
    fc.assert(
      fc.property(anyInput, ({ seed, length, provers, gpus, early, groups }) => {
        const profile = {
          ...PRODUCTION_PROFILE,
          rounds: { max: 36, earlyShareMilli: early },
          groupRounds: groups,
        }
        const asked = {
          ...input,
          profile,
          length,
          provers: candidates(provers).map((p, i) => ({ ...p, coldkey: `c${i % 4}` })),
          budget: { ...input.budget, gpus },
        }
        const plan = planInterval(asked, sourceOf(seed))
        const turned = { ...asked, provers: [...asked.provers].reverse() }
        assert.deepEqual(planInterval(turned, sourceOf(seed)), plan)
        const last = asked.firstBlock + length - 1
        const latest = Math.max(
          asked.firstBlock + 1,
          asked.firstBlock + Math.floor((length * early) / 1000),
        )
        const moments = plan.rounds.map((round) => round.momentBlock)
        assert.deepEqual(
          moments,
          [...moments].sort((a, b) => a - b),
        )
        for (const moment of moments) assert.ok(moment > asked.firstBlock && moment <= latest)
        if (moments.length <= Math.min(latest, last) - asked.firstBlock) {
          assert.equal(new Set(moments).size, moments.length)
        }
        const items = plan.rounds.flatMap((round) => round.items)
        assert.equal(new Set(items.map((item) => item.requestId)).size, items.length)
        for (const [r, round] of plan.rounds.entries()) {
          assert.equal(round.round, r)
          assert.equal(new Set(round.items.map((item) => item.hotkey)).size, round.items.length)
          for (const [k, item] of round.items.entries()) {
            assert.deepEqual([item.round, item.k, item.momentBlock], [r, k, round.momentBlock])
            const [first, second] = item.retryBlocks
            assert.ok(
              first >= Math.min(item.momentBlock + 1, last) && first <= second && second <= last,
            )
            assert.ok(isRequestId(item.requestId) && item.body.request_id === item.requestId)
          }
        }
      }),
      { seed: 5, numRuns: 40 },
    )
  })

  it('asks all when they are fewer than the sample', () => {
    const plan = planInterval({ ...input, provers: candidates(2) }, sourceOf('a'))
    for (const round of plan.rounds) {
      assert.deepEqual(round.items.map((item) => item.hotkey).sort(), ['p0', 'p1'])
    }
  })

  it('asks those with the stalest evidence first, and nobody twice before everybody once', () => {
    const provers = candidates(6).map((p, i) => ({ ...p, lastEvidenceN: i < 3 ? 2 : i }))
    const plan = planInterval({ ...input, provers }, sourceOf('a'))
    const asked = plan.rounds.map((round) => round.items.map((item) => item.hotkey).sort())
    assert.deepEqual(asked, [
      ['p0', 'p1', 'p2'],
      ['p3', 'p4', 'p5'],
    ])
  })

  it('draws whom it asks, when the evidence is equally old', () => {
    const first = times(30, () => 0).map(
      (_zero, i) =>
        planInterval({ ...input, provers: candidates(50) }, sourceOf(`${i}`)).rounds[0]!.items[0]!
          .hotkey,
    )
    assert.ok(new Set(first).size > 15, `${first}`)
  })

  it('looks like recent traffic, and like the standard request without any', () => {
    const { body } = planInterval(input, sourceOf('a')).rounds[0]!.items[0]!
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
    const recent: RequestShape[] = [
      ...times(6, () => shape),
      ...times(3, () => ({ ...shape, guidanceMilli: 3500, negativePrompt: true, stream: true })),
    ]
    const rounds = times(40, () => 0).flatMap(
      (_zero, i) => planInterval({ ...input, recentRequests: recent }, sourceOf(`${i}`)).rounds,
    )
    const items = rounds.flatMap((round) => round.items)
    const rare = items.filter((item) => item.body.sampling_params.guidance_scale === 3.5)
    assert.ok(rare.every((item) => item.stream && item.body.private_input.negative_prompt !== ''))
    const share = rare.length / items.length
    assert.ok(share > 0.22 && share < 0.45, `${share}`)
    const seeds = items.map((item) => item.body.sampling_params.seed)
    assert.ok(Math.max(...seeds) > 2 ** 31 && new Set(seeds).size === seeds.length)
  })

  it('asks one group concurrently in half of the rounds', () => {
    const provers = candidates(60).map((p, i) => ({
      ...p,
      coldkey: i < 4 ? 'farm' : p.coldkey,
      network: i >= 56 ? '203.0.113' : null,
    }))
    const { rounds } = planInterval({ ...production, provers }, sourceOf('a'))
    const grouped = rounds.filter((round) => round.group !== null)
    assert.equal(grouped.length, 11, 'half of 23')
    for (const { group, items } of grouped) {
      assert.ok(items.length >= 2)
      const members = items.map((item) => provers.find((p) => p.hotkey === item.hotkey)!)
      assert.ok(members.every((member) => member[group!.by] === group!.value))
    }
    const strangers = planInterval(production, sourceOf('a')).rounds
    assert.ok(
      strangers.every((round) => round.group === null),
      'no groups, no group rounds',
    )
    const demo = planInterval({ ...input, provers }, sourceOf('a')).rounds
    assert.ok(demo.every((round) => round.group === null))
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

  it('can come from a given list', () => {
    const plan = planInterval({ ...input, prompts: ['one', 'two'] }, sourceOf('a'))
    for (const { items } of plan.rounds) {
      for (const { body } of items) assert.ok(['one', 'two'].includes(body.query))
    }
  })
})

describe('audits', () => {
  const answers = Array.from({ length: 12 }, (_, i) => ({
    requestId: `r${String(i).padStart(2, '0')}`,
    hotkey: `p${i % 4}`,
    registeredBlock: 1,
    lastEvidenceN: ((i % 4) + 1) as number | null,
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

  it('take the stalest evidence first, one a prover', () => {
    const never = answers.map((a) => (a.hotkey === 'p2' ? { ...a, lastEvidenceN: null } : a))
    for (let i = 0; i < 40; i++) {
      const drawn = drawAudits({ answers: never, max: 5 }, sourceOf(`${i}`))
      const provers = drawn.map((id) => never.find((a) => a.requestId === id)!.hotkey)
      assert.deepEqual(provers, ['p2', 'p0', 'p1', 'p3', 'p2'].slice(0, drawn.length))
      const turned = drawAudits({ answers: [...never].reverse(), max: 5 }, sourceOf(`${i}`))
      assert.deepEqual(turned, drawn)
    }
  })
})
