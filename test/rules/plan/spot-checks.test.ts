import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fromHex } from '../../../formats/bytes.js'
import { requestIdFromBytes } from '../../../formats/request-id.js'
import { sha256 } from '../../../formats/sha256.js'
import {
  drawOpening,
  isSpotChecked,
  spotCheckUs,
  spotCheckUsPerPixel,
} from '../../../rules/plan/spot-checks.js'

const answer = (i: number) => {
  const digest = sha256(new TextEncoder().encode(`answer ${i}`))
  const requestId = requestIdFromBytes(digest.slice(0, 16))
  return { secret: new Uint8Array(32).fill(7), requestId, traceRoot: digest }
}

describe('which answers are spot-checked', () => {
  it('follows the golden vectors', async () => {
    const file = new URL('../../fixtures/golden/formats.json', import.meta.url)
    const { spotCheck } = JSON.parse(await readFile(file, 'utf8'))
    const source = {
      secret: fromHex(spotCheck.secret),
      requestId: spotCheck.requestId,
      traceRoot: fromHex(spotCheck.traceRoot),
    }
    const { costUs, leastBudgetUs: budgetUs } = spotCheck
    assert.equal(isSpotChecked(source, { budgetUs, costUs }), true)
    assert.equal(isSpotChecked(source, { budgetUs: budgetUs - 1, costUs }), false)
    for (const { steps, frames, step, frame } of spotCheck.openings) {
      assert.deepEqual(drawOpening(source, { steps, frames }), { step, frame })
    }
  })

  it('all while the budget pays for all, and none without one', () => {
    for (let i = 0; i < 50; i++) {
      assert.ok(isSpotChecked(answer(i), { budgetUs: 10, costUs: 10 }))
      assert.ok(isSpotChecked(answer(i), { budgetUs: 11, costUs: 10 }))
      assert.ok(
        isSpotChecked(answer(i), { budgetUs: 1, costUs: 0 }),
        'nothing was delivered before',
      )
      assert.ok(!isSpotChecked(answer(i), { budgetUs: 0, costUs: 10 }))
    }
  })

  it('each with the same chance, budget / cost', () => {
    const drawn = Array.from({ length: 4000 }, (_, i) => i).filter((i) =>
      isSpotChecked(answer(i), { budgetUs: 1, costUs: 4 }),
    )
    // Four standard deviations of 1000.
    assert.ok(Math.abs(drawn.length - 1000) < 110, `${drawn.length} of 4000`)
  })

  it('opens every step and frame alike, the first and the last included', () => {
    const steps = new Map<number, number>()
    for (let i = 0; i < 2000; i++) {
      const { step, frame } = drawOpening(answer(i), { steps: 5, frames: 2 })
      assert.ok(frame === 1 || frame === 2)
      steps.set(step, (steps.get(step) ?? 0) + 1)
    }
    assert.deepEqual([...steps.keys()].sort(), [1, 2, 3, 4, 5])
    for (const count of steps.values()) assert.ok(Math.abs(count - 400) < 80, String(count))
  })

  it('depends on the secret, the request and the trace', () => {
    const draw = (source: ReturnType<typeof answer>) =>
      JSON.stringify(drawOpening(source, { steps: 1000, frames: 256 }))
    const [one, two] = [answer(1), answer(2)]
    const other = [
      { ...one, secret: new Uint8Array(32) },
      { ...one, requestId: two.requestId },
      { ...one, traceRoot: two.traceRoot },
    ].map(draw)
    assert.equal(new Set([...other, draw(one)]).size, 4)
  })

  it('costs what was certified for its pixels, whatever its steps', () => {
    const perPixel = spotCheckUsPerPixel(80_000, 16 * 256 * 256)
    assert.equal(perPixel, 76_293)
    assert.equal(spotCheckUs(perPixel, 16 * 256 * 256), 79_999)
    assert.equal(spotCheckUsPerPixel(0, 100), 1)
  })
})
