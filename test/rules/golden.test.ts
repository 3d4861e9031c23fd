import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromHex } from '../../formats/bytes.js'
import { cosinePpm } from '../../rules/judge/similarity.js'
import { planInterval } from '../../rules/plan/plan.js'
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
