import assert from 'node:assert/strict'
import { BLOCK_MS, choosePace, othersBusy, paceLine } from '../../../dev/demo/pace.js'

/** A video that takes so much processor time, where so many busy programs share the cores with it. */
const measured = (cpuMs: number, cores: number, busy: number) => ({
  cpuMs,
  wallMs: cpuMs * Math.max(1, (1 + busy) / cores),
})

const PROVERS = 5

describe('the pace of the demo', () => {
  it('is 20 one-second blocks on a quiet machine, also while its own processes start', () => {
    for (const [cores, busy] of [
      [4, 0],
      [4, 4],
      [16, 16],
    ] as const) {
      const pace = choosePace(measured(1100, cores, busy), cores, PROVERS)
      const { intervalBlocks, userEveryMs, intervalTimeoutMs } = pace
      assert.deepEqual(
        { intervalBlocks, userEveryMs, intervalTimeoutMs },
        { intervalBlocks: 20, userEveryMs: 6000, intervalTimeoutMs: 180_000 },
        `${cores} cores, ${busy} busy`,
      )
    }
  })

  it('is longer where all provers’ videos need it: on two cores, and the more there are', () => {
    const secondsOf = (provers: number) => {
      const { intervalBlocks } = choosePace(measured(1100, 2, 2), 2, provers)
      return (BLOCK_MS * intervalBlocks) / 1000
    }
    // 10 of the GPU worker, 2.5 for each prover and 4 beside, of 1.1 s each, on two cores less three tenths.
    assert.deepEqual([1, 5, 9].map(secondsOf), [20, 21, 29])
  })

  it('leaves the GPU worker time for its videos, up to intervals of two minutes', () => {
    for (const cores of [1, 2, 4, 16]) {
      for (const cpuMs of [300, 1100, 5000]) {
        for (const busy of [0, 5, 12, 40]) {
          const pace = choosePace(measured(cpuMs, cores, busy), cores, PROVERS)
          const what = `${cores} cores, ${cpuMs} ms, ${busy} busy: ${JSON.stringify(pace)}`
          const length = BLOCK_MS * pace.intervalBlocks
          const needed = Math.min(120_000, Math.max(20_000, 10 * pace.videoMs))
          assert.ok(length >= needed - 10 && length <= 120_000, what)
          assert.ok(Number.isInteger(pace.intervalBlocks), what)
          assert.ok(pace.videoMs >= cpuMs, what)
          assert.ok(pace.intervalTimeoutMs >= 3 * length, what)
          assert.ok(Math.abs(length / pace.userEveryMs - 20 / 6) < 0.01, what)
        }
      }
    }
  })

  it('gets slower with the load, and with the video', () => {
    const lengthOf = (cpuMs: number, busy: number) => {
      const { intervalBlocks } = choosePace(measured(cpuMs, 2, busy), 2, PROVERS)
      return BLOCK_MS * intervalBlocks
    }
    assert.ok(lengthOf(1100, 5) > lengthOf(1100, 0))
    assert.ok(lengthOf(1100, 10) > lengthOf(1100, 5))
    assert.ok(lengthOf(2200, 5) > lengthOf(1100, 5))
    // Fourteen busy programs on two cores: as long as it gets.
    assert.equal(lengthOf(1100, 16), 120_000)
  })

  it('takes a measurement whose clocks disagree', () => {
    assert.equal(othersBusy({ wallMs: 990, cpuMs: 1000 }, 2), 0)
    assert.ok(choosePace({ wallMs: 0, cpuMs: 0 }, 1, PROVERS).intervalBlocks >= 20)
  })

  it('is told in one line', () => {
    const line = (cpuMs: number, cores: number, busy: number) => {
      const cost = measured(cpuMs, cores, busy)
      return paceLine(cost, cores, choosePace(cost, cores, PROVERS))
    }
    assert.equal(
      line(1100, 2, 0),
      'a video takes 1.1 s here (1.1 s of processor time; 2 cores): blocks of 1 s, intervals of 21 blocks (21 s)',
    )
    assert.equal(
      line(1100, 2, 12),
      'a video takes 7.2 s here (1.1 s of processor time; 2 cores, about 10 other busy programs): blocks of 1 s, intervals of 105 blocks (105 s)',
    )
    assert.match(line(1100, 16, 1), /16 cores\):/)
    assert.match(line(1100, 1, 2), /1 core, about 1 other busy program\)/)
  })
})
