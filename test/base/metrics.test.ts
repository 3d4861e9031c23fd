import assert from 'node:assert/strict'
import { Metrics } from '../../base/metrics.js'

describe('a tally', () => {
  it('has all its series before anything happens', async () => {
    const metrics = new Metrics('r')
    const tally = metrics.tally('done_total', 'done', { kind: ['a', 'b'], how: ['well', 'badly'] })
    const lines = async () =>
      (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('done_total'))
    const at = (kind: string, how: string, count: number) =>
      `done_total{kind="${kind}",how="${how}",role="r"} ${count}`
    const before = [
      at('a', 'well', 0),
      at('a', 'badly', 0),
      at('b', 'well', 0),
      at('b', 'badly', 0),
    ]
    assert.deepEqual(await lines(), before)
    tally.inc({ kind: 'b', how: 'well' })
    assert.deepEqual(await lines(), before.with(2, at('b', 'well', 1)))
  })
})

describe('gauges that are read at a scrape', () => {
  const gauges = { one: { help: 'one' }, many: { help: 'many', label: 'kind' } }
  const lines = async (metrics: Metrics) =>
    (await metrics.registry.metrics()).split('\n').filter((line) => /^(one|many)/.test(line))

  it('share one read, and show what it gave last', async () => {
    const metrics = new Metrics('r')
    let reads = 0
    metrics.readGauges(gauges, async () => {
      reads += 1
      const many: Record<string, number> = reads === 1 ? { a: 1, b: 2 } : { b: 3 }
      return { one: reads, many }
    })
    const first = ['one{role="r"} 1', 'many{kind="a",role="r"} 1', 'many{kind="b",role="r"} 2']
    assert.deepEqual(await lines(metrics), first)
    assert.deepEqual(await lines(metrics), ['one{role="r"} 2', 'many{kind="b",role="r"} 3'])
    assert.equal(reads, 2)
  })

  it('are NaN or missing while they cannot be read, and keep nothing else from being served', async () => {
    const metrics = new Metrics('r')
    metrics.counter('fine_total', 'fine').inc()
    let fails = false
    metrics.readGauges(gauges, async () => {
      if (fails) throw new Error('down')
      return { one: 1, many: { a: 1 } }
    })
    await lines(metrics)
    fails = true
    assert.deepEqual(await lines(metrics), ['one{role="r"} Nan'])
    assert.match(await metrics.registry.metrics(), /^fine_total\{role="r"\} 1$/m)
    fails = false
    assert.deepEqual(await lines(metrics), ['one{role="r"} 1', 'many{kind="a",role="r"} 1'])
  })
})
