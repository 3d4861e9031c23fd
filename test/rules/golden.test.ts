import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromHex } from '../../formats/bytes.js'
import { cosinePpm } from '../../rules/judge/similarity.js'
import { textsOf } from '../../rules/plan/draw-prompt.js'
import { drawRequest } from '../../rules/plan/draw-request.js'
import { planInterval } from '../../rules/plan/plan.js'
import { drawSample } from '../../rules/plan/sample.js'
import { DEMO_PROFILE } from '../../rules/profile.js'
import { settle } from '../../rules/settle/settle.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import { weightVector } from '../../rules/settle/weights.js'

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

  it('draws of a plan, and of what its rounds ask', () => {
    const { secret, blockHash, length, blockMs, n, checked, busy, rounds, items } = golden.plan
    const source = { secret: fromHex(secret), blockHash: fromHex(blockHash) }
    const shape = { steps: 12, guidanceMilli: 3000, frames: 16, width: 64, height: 64, fps: 8 }
    const requests = {
      model: { name: 'm', ...shape },
      recentRequests: [],
      prompts: ['0', '1', '2', '3', '4'],
      reusablePrompts: [],
    }
    const budget = { usPerVideo: 900_000, gpus: 1, blockMs }
    const profile = { ...DEMO_PROFILE, sampleSize: 3, rounds: { max: 2 } }
    const input = { ...requests, profile, n, firstBlock: 1000, length, budget }
    const plan = planInterval(input, source)
    assert.deepEqual(plan.rounds, rounds)
    const last = new Map<string, { n: number; momentMs: number }>()
    for (const [hotkey, before] of Object.entries<number>(checked)) {
      if (before >= 0) last.set(hotkey, { n: before, momentMs: 0 })
    }
    const asked = plan.rounds.flatMap(({ kind, round, momentMs }) => {
      if (kind === 'wide') return []
      const candidates = Object.keys(checked)
        .filter((hotkey) => !busy.includes(hotkey))
        .reverse()
        .map((hotkey) => {
          return { hotkey, registeredBlock: 7, lastFullCheck: last.get(hotkey) ?? null }
        })
      const sample = drawSample(source, `challenge/${round}`, candidates, profile.sampleSize)
      for (const { hotkey } of sample) last.set(hotkey, { n, momentMs })
      return sample.map(({ hotkey }, k) => {
        const label = `challenge/${round}/${k}`
        const { requestId, params, prompt } = drawRequest(requests, source, label, hotkey)
        const text = textsOf(prompt, new Map())?.prompt
        return { round, k, hotkey, requestId, seed: params.seed, prompt: Number(text) }
      })
    })
    assert.deepEqual(asked, items)
  })

  it('a settlement', () => {
    const { provers, ...interval } = golden.settlement
    const rows = <T>(name: string): T[] =>
      provers.flatMap(
        (p: GoldenProver) => p[name]?.map((row: T) => ({ ...row, ...keyOf(p) })) ?? [],
      )
    const settled = settle({
      ...interval,
      profile: DEMO_PROFILE,
      provers: provers.map((p: GoldenProver) => ({ ...p.state, ...keyOf(p) })),
      checks: rows('checks'),
      answers: rows('answers'),
      wideRounds: rows('wideRounds'),
      window: provers.flatMap((p: GoldenProver) =>
        p.window === null ? [] : [{ ...p.window, ...keyOf(p) }],
      ),
    })
    for (const [i, { state, expected }] of provers.entries()) {
      const got = settled.provers[i]!
      const picked = Object.fromEntries(
        Object.keys(expected).map((key) => [key, got[key as 'uid']]),
      )
      assert.deepEqual(picked, expected, state.hotkey)
    }
  })
})

/** A prover's state, its rows, and what becomes of it. */
// biome-ignore lint/suspicious/noExplicitAny: as the file has it
type GoldenProver = Record<string, any>

function keyOf({ state }: GoldenProver): ProverKey {
  return { hotkey: state.hotkey, registeredBlock: 1 }
}
