import assert from 'node:assert/strict'
import fc from 'fast-check'
import { placeFor } from '../../prover/places.js'
import { inTurn, Shares, type Turn } from '../../prover/turns.js'

const turn = (
  caller: string,
  changes: { permit?: boolean; stake?: number; work?: number } = {},
) => {
  const { permit = true, stake = 0, work = 1 } = changes
  return { caller, priority: { permit, stakeRao: BigInt(stake) }, work } satisfies Turn
}
const stranger = (caller: string) => turn(caller, { permit: false, stake: 1_000_000 })
const place = (request: Turn, running: Turn[], waiting: Turn[], gpus = 1) => {
  const placing = placeFor(request, { running, waiting }, gpus)
  return placing.taken ? placing.evicted : null
}

describe('places of a prover', () => {
  it('are two for each GPU, whoever with a permit holds them', () => {
    assert.deepEqual(place(turn('a'), [turn('a')], []), [])
    assert.deepEqual(place(turn('b'), [turn('a')], []), [])
    assert.equal(place(turn('a'), [turn('a')], [turn('a')]), null)
    assert.equal(place(turn('b'), [turn('a')], [turn('a')]), null)
    const [a, b, c] = [turn('a'), turn('b'), turn('c')]
    assert.deepEqual(place(turn('d'), [a, b], [c], 2), [])
    assert.equal(place(turn('d'), [a, b], [c, a], 2), null)
  })

  it('of callers without a permit are those that are free, but one each and never all', () => {
    assert.deepEqual(place(stranger('x'), [], []), [])
    assert.deepEqual(place(stranger('x'), [turn('a')], []), [])
    assert.equal(place(stranger('x'), [turn('a')], [turn('a')]), null)
    assert.equal(place(stranger('x'), [stranger('x')], []), null)
    assert.equal(place(stranger('y'), [stranger('x')], []), null)
  })

  it('are left by callers without a permit when one with a permit comes, the newest first', () => {
    const [x, y] = [stranger('x'), stranger('y')]
    assert.deepEqual(place(turn('a'), [x], []), [x])
    assert.deepEqual(place(turn('a'), [turn('b')], [x]), [x])
    assert.deepEqual(place(turn('a'), [x], [y]), [x, y])
    assert.deepEqual(place(turn('a'), [x], [], 2), [], 'the other GPU is free')
    assert.deepEqual(place(turn('a'), [x, y], [], 2), [y])
    assert.deepEqual(place(turn('a'), [x], [turn('b')], 2), [x], 'the other GPU is b’s')
  })

  it('never leave one with a permit behind one without, nor more in flight than there are', () => {
    const kinds = fc.record({ permit: fc.boolean(), running: fc.boolean() })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(kinds, { maxLength: 8 }),
        (gpus, all) => {
          const tasks = all
            .slice(0, 2 * gpus)
            .map(({ permit, running }, i) => ({ task: turn(`${i}`, { permit }), running }))
          const running = tasks.filter((one) => one.running).slice(0, gpus)
          const waiting = tasks.filter((one) => !running.includes(one))
          const [atWork, inLine] = [running, waiting].map((some) => some.map(({ task }) => task))
          const evicted = place(turn('new'), atWork!, inLine!, gpus)
          const permitted = tasks.filter(({ task }) => task.priority.permit).length
          assert.equal(evicted === null, permitted >= 2 * gpus)
          if (evicted === null) return
          assert.ok(evicted.every(({ priority }) => !priority.permit))
          const left = tasks.filter(({ task }) => !evicted.includes(task))
          assert.ok(left.length < 2 * gpus)
          const strangersAtWork = atWork!.filter(
            (one) => !one.priority.permit && !evicted.includes(one),
          )
          assert.ok(strangersAtWork.length === 0 || strangersAtWork.length + permitted < gpus)
        },
      ),
    )
  })
})

describe('turns at a prover', () => {
  it('go by permit, then the smaller share, then stake, then arrival', () => {
    const shares = new Shares()
    shares.charge(turn('served', { work: 5 }))
    const waiting = [
      stranger('x'),
      turn('served', { stake: 100 }),
      turn('poor'),
      turn('rich', { stake: 9 }),
      turn('poor'),
    ]
    const order = inTurn(waiting, shares).map(({ caller }) => caller)
    assert.deepEqual(order, ['rich', 'poor', 'poor', 'served', 'x'])
  })

  it('give callers that always ask equal shares of the work, whatever their sizes and stakes', () => {
    const caller = fc.record({ work: fc.integer({ min: 1, max: 4 }), stake: fc.nat(9) })
    fc.assert(
      fc.property(fc.array(caller, { minLength: 2, maxLength: 6 }), (callers) => {
        const shares = new Shares()
        const given = callers.map(() => 0)
        for (let i = 0; i < 400; i++) {
          const [next] = inTurn(
            callers.map((one, k) => turn(String(k), one)),
            shares,
          )
          shares.charge(next!)
          given[Number(next!.caller)]! += next!.work
        }
        assert.ok(Math.max(...given) - Math.min(...given) <= 4, `${given}`)
      }),
    )
  })

  it('give who comes back no credit for the time away', () => {
    const shares = new Shares()
    shares.charge(turn('back'))
    for (let i = 0; i < 100; i++) shares.charge(turn('busy'))
    for (let i = 0; i < 3; i++) shares.charge(turn('back'))
    assert.ok(shares.of('back') > shares.of('busy'))
  })
})
