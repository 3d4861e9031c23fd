import assert from 'node:assert/strict'
import { detectionOf, smallestCaught } from '../../../rules/explain/detection.js'

/** C(n, k), exactly. */
function choose(n: number, k: number): bigint {
  let result = 1n
  for (let i = 0; i < k; i += 1) result = (result * BigInt(n - i)) / BigInt(i + 1)
  return k > n ? 0n : result
}

/** By the definition: one cheated answer more until the checks catch with 95 %. */
function byDefinition(answers: number, checks: number): number {
  for (let m = 1; ; m += 1) {
    const all = choose(answers, checks)
    if (100n * (all - choose(answers - m, checks)) >= 95n * all) return m
  }
}

describe('what checks would have caught', () => {
  it('follows the formula, by brute force for small numbers', () => {
    for (let answers = 1; answers <= 40; answers += 1) {
      for (let checks = 1; checks <= answers; checks += 1) {
        const expected = byDefinition(answers, checks)
        assert.equal(smallestCaught(answers, checks), expected, `${checks} of ${answers}`)
      }
    }
  })

  it('agrees with what a person works out', () => {
    // One check of 20 catches with m/20: 19 of 20 are 95 %. Of 19, 18 are 94.7 %: all 19 it takes.
    assert.equal(smallestCaught(20, 1), 19)
    assert.equal(smallestCaught(19, 1), 19)
    // All checked: one cheated answer is found.
    assert.equal(smallestCaught(7, 7), 1)
    // Two checks of 10: missed with (10−m)(9−m)/90 ≤ 0.05 ⇔ (10−m)(9−m) ≤ 4.5: m = 8 gives 2, m = 7 gives 6.
    assert.equal(smallestCaught(10, 2), 8)
    // 59 checks of very many: 0.95^59 = 4.85 % ≤ 5 % (the auditors' rule), and 58 give 5.10 %.
    assert.equal(smallestCaught(1_000_000, 59), 49_507)
    const missed = (m: number) => 20n * choose(1_000_000 - m, 59) <= choose(1_000_000, 59)
    assert.deepEqual([missed(49_507), missed(49_506)], [true, false])
  })

  it('is the same for many checks of few cheats, and quick for many answers', () => {
    assert.equal(smallestCaught(2_000_000, 1_000_000), 5)
    const m = smallestCaught(2_000_000, 2_000)!
    assert.ok(m > 2_900 && m < 3_100, String(m))
  })

  it('says nothing where nothing was checked', () => {
    assert.equal(smallestCaught(5, 0), null)
    const of = (answers: number, fullChecks: number, spotChecks: number) =>
      detectionOf({ answers, fullChecks, spotChecks })
    assert.deepEqual(of(5, 0, 0).smallestSharePpm, null)
    assert.match(of(5, 0, 0).text, /None of its 5 answers/)
    assert.match(of(0, 0, 0).text, /gave no answers/)
    assert.deepEqual(
      [of(40, 10, 0).smallestSharePpm, of(40, 10, 0).smallestShareFullPpm],
      [250_000, 250_000],
    )
    // As many checks of either kind find what is false throughout; in one step only the full ones are sure to.
    assert.deepEqual(
      [of(40, 2, 8).smallestSharePpm, of(40, 0, 10).smallestShareFullPpm],
      [250_000, null],
    )
    assert.equal(
      of(40, 2, 8).smallestShareFullPpm,
      Math.floor((1_000_000 * byDefinition(40, 2)) / 40),
    )
    assert.equal(
      of(40, 0, 10).text,
      'Of its 40 answers 0 were recomputed in full, and of 10 others a step and a frame. Had 10 or more of them (25 %) been cheated throughout (another model, precision or seed, fewer steps, a cached or invented video), that would have been found with at least 95 % probability.',
    )
  })

  it('refuses what is no count', () => {
    for (const [answers, checks] of [
      [1, 2],
      [1.5, 1],
      [3, -1],
    ]) {
      assert.throws(() => smallestCaught(answers!, checks!), { code: 'bad_input' })
    }
  })
})
