import assert from 'node:assert/strict'
import { attemptsFor } from '../../workflows/retries.js'

/** The waits between so many attempts: 1 s, half as long again each time, 10 s at most. */
function waited(attempts: number): number {
  let total = 0
  for (let i = 0, wait = 1; i < attempts - 1; i += 1) {
    total += wait
    wait = Math.min(10, wait * 1.5)
  }
  return total
}

describe('the patience of an interval', () => {
  for (const seconds of [1, 3, 20, 90, 2160]) {
    it(`bridges ${seconds} s by its waits alone, and gives up within ten more`, () => {
      const attempts = attemptsFor(seconds)
      assert.ok(waited(attempts) >= seconds, `${attempts} attempts wait ${waited(attempts)} s`)
      assert.ok(waited(attempts) < seconds + 10, `${attempts} attempts wait ${waited(attempts)} s`)
    })
  }
})
