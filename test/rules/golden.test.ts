import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromHex } from '../../formats/bytes.js'
import { cosinePpm } from '../../rules/judge/similarity.js'
import { planInterval } from '../../rules/plan/plan.js'
import { DEMO_PROFILE } from '../../rules/profile.js'
import { settle } from '../../rules/settle/settle.js'
import type { AnswerRow, CheckRow, OfferRow } from '../../rules/settle/settlement.js'
import { weightVector } from '../../rules/settle/weights.js'
import { answer, check, failure, prover, times } from './rows.js'

// Made by test/fixtures/golden/rules.py, in exact fractions.
const golden = JSON.parse(
  readFileSync(new URL('../fixtures/golden/rules.json', import.meta.url), 'utf8'),
)

describe('rules, golden vectors', () => {
  it('cosine', () => {
    for (const { name, a, b, ppm, ...shape } of golden.cosine) {
      assert.equal(cosinePpm(fromHex(a), fromHex(b), shape), ppm, name)
      assert.equal(cosinePpm(fromHex(b), fromHex(a), shape), ppm, `${name}, swapped`)
    }
  })

  it('weights', () => {
    for (const [i, { result, ...input }] of golden.weights.entries()) {
      assert.deepEqual(weightVector(input), result, `case ${i}`)
    }
  })

  it('draws of a plan', () => {
    const { secret, blockHash, firstBlock, length, evidence, items } = golden.plan
    const prompts = ['0', '1', '2', '3', '4']
    const plan = planInterval(
      {
        profile: DEMO_PROFILE,
        n: 6,
        firstBlock,
        length,
        provers: Object.entries<number>(evidence)
          .reverse()
          .map(([hotkey, n], uid) => ({
            hotkey,
            registeredBlock: 7,
            uid,
            coldkey: hotkey,
            network: null,
            lastEvidenceN: n < 0 ? null : n,
          })),
        recentRequests: [],
        prompts,
        model: {
          name: 'm',
          steps: 12,
          guidanceMilli: 3000,
          frames: 16,
          width: 64,
          height: 64,
          fps: 8,
        },
        budget: { usPerVideo: 900_000, gpus: 1, blockMs: 1000 },
      },
      { secret: fromHex(secret), blockHash: fromHex(blockHash) },
    )
    const drawn = plan.rounds
      .flatMap((round) => round.items)
      .map(({ round, k, hotkey, requestId, momentBlock, retryBlocks, body }) => {
        const { seed } = body.sampling_params
        const prompt = Number(body.query)
        return { round, k, hotkey, requestId, momentBlock, retryBlocks, seed, prompt }
      })
    assert.deepEqual(drawn, items)
  })

  it('a settlement', () => {
    const { certifiedUsPerWork, work, provers, expected } = golden.settlement
    const answers: AnswerRow[] = []
    const checks: CheckRow[] = []
    const offers: OfferRow[] = []
    const states = provers.map((p: Record<string, unknown>, uid: number) => {
      const { hotkey, tier, totalSuccesses, scorePpm, validationsSinceMove, fastReturn } = p
      const state = prover(String(hotkey), {
        uid,
        ...({ tier, totalSuccesses, scorePpm, validationsSinceMove, fastReturn } as object),
        refusedStreak: Number(p.refusedStreak),
      })
      addRows(state, p as unknown as GoldenProver)
      return state
    })

    function addRows(of: { hotkey: string; registeredBlock: number }, p: GoldenProver): void {
      const timed = { elapsedUs: p.us, work }
      const inferences = times(p.successes, () => answer(of, timed))
      answers.push(...inferences)
      answers.push(...times(p.failures, () => failure(of, { reason: p.fails[0]! as 'late' })))
      for (const [i, cosine] of p.cosines.entries()) {
        const { requestId } = inferences[i]!
        checks.push(
          check(of, { kind: 'audit', requestId, reason: 'cosine_met', rewardPpm: cosine }),
        )
      }
      if (p.cheat) {
        const { requestId } = inferences.at(-1)!
        const reason = 'hash_differs'
        checks.push(
          check(of, { kind: 'audit', requestId, verdict: 'cheat', reason, rewardPpm: -1 }),
        )
      }
      for (const row of times(p.passes, () => answer(of, { kind: 'challenge', ...timed }))) {
        answers.push(row)
        checks.push(check(of, { requestId: row.requestId }))
      }
      for (const reason of p.fails) {
        checks.push(check(of, { verdict: 'fail', reason: reason as 'late', rewardPpm: -10000 }))
      }
      const { hotkey, registeredBlock } = of
      offers.push({ hotkey, registeredBlock, offered: p.offer[0], refused: p.offer[1] })
    }

    const profile = DEMO_PROFILE
    const settled = settle({
      n: 9,
      profile,
      provers: states,
      checks,
      answers,
      offers,
      certifiedUsPerWork,
    })
    assert.deepEqual(settled.cheatingHotkeys, ['g'])
    for (const [i, want] of expected.entries()) {
      const got = settled.provers[i]!
      const picked = Object.fromEntries(Object.keys(want).map((key) => [key, got[key as 'uid']]))
      assert.deepEqual(picked, want)
    }
    // 100000 µs is below half the certified time: k is suspicious, but a challenge needs no audit.
    assert.deepEqual(
      settled.provers.filter((p) => p.fastAnswers.length > 0).map((p) => p.hotkey),
      ['g'],
    )
  })
})

interface GoldenProver {
  passes: number
  fails: string[]
  successes: number
  failures: number
  cosines: number[]
  cheat: boolean
  offer: [number, number]
  us: number | null
}
