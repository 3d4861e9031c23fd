import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { placeFor } from '../../prover/places.js'
import { WorkQueue } from '../../prover/queue.js'
import { inTurn, Shares, type Turn } from '../../prover/turns.js'

const CAPACITY = 2
const turn = (
  caller: string,
  changes: { permit?: boolean; stake?: number; work?: number } = {},
) => {
  const { permit = true, stake = 0, work = 1 } = changes
  return { caller, priority: { permit, stakeRao: BigInt(stake) }, work } satisfies Turn
}
const stranger = (caller: string) => turn(caller, { permit: false, stake: 1_000_000 })
const place = (request: Turn, running: Turn | null, waiting: Turn[], shares = new Shares()) => {
  const placing = placeFor(request, { running, waiting }, CAPACITY, shares)
  return placing.taken ? placing.evicted : null
}

describe('places of a prover', () => {
  it('are all that were declared, for a caller with a permit, and no more', () => {
    assert.deepEqual(place(turn('a'), turn('a'), []), [])
    assert.equal(place(turn('a'), turn('a'), [turn('a')]), null)
  })

  it('are there for a caller with a permit however many others hold', () => {
    const shares = new Shares()
    for (const caller of ['a', 'b', 'c']) shares.charge(turn(caller))
    const waiting = [turn('a'), turn('b'), turn('b'), turn('c'), turn('c')]
    assert.deepEqual(place(turn('d'), turn('a'), waiting, shares), [])
  })

  it('are not for who was served most while twice as many go first: it would be late', () => {
    const shares = new Shares()
    shares.charge(turn('d', { work: 10 }))
    const waiting = [turn('b'), turn('b'), turn('c')]
    assert.equal(place(turn('d'), turn('a'), waiting, shares), null)
    assert.deepEqual(place(turn('d'), turn('a'), waiting.slice(1), shares), [])
  })

  it('of callers without a permit are those that are free, but one each and never all', () => {
    assert.deepEqual(place(stranger('x'), null, []), [])
    assert.deepEqual(place(stranger('x'), turn('a'), []), [])
    assert.equal(place(stranger('x'), turn('a'), [turn('a')]), null)
    assert.equal(place(stranger('x'), stranger('x'), []), null)
    assert.equal(place(stranger('y'), stranger('x'), []), null)
  })

  it('are left by callers without a permit when one with a permit comes, the newest first', () => {
    const [x, y] = [stranger('x'), stranger('y')]
    assert.deepEqual(place(turn('a'), x, []), [x])
    assert.deepEqual(place(turn('a'), turn('b'), [x]), [x])
    assert.deepEqual(place(turn('a'), x, [y]), [x, y])
  })
})

describe('a prover of which everybody with a permit always wants all', () => {
  it('serves one that asks now and then after one turn of each at most', async () => {
    const greedy = ['a', 'b', 'c', 'd', 'e', 'f']
    const queue = new WorkQueue(CAPACITY)
    const served: string[] = []
    const offer = (caller: string) =>
      queue.offer({
        ...turn(caller, { stake: caller === 'rare' ? 1 : 1000 }),
        abandoned: false,
        moved: () => {},
        giveWay: () => assert.fail('nobody has to go'),
        run: async () => {
          served.push(caller)
          await setImmediate()
        },
      }) !== null
    for (let round = 0; round < 50; round++) {
      const from = served.length
      let isIn = false
      while (!served.slice(from).includes('rare')) {
        for (const caller of greedy) while (offer(caller));
        if (!isIn) isIn = offer('rare')
        await setImmediate()
        assert.ok(served.length - from <= greedy.length + 1, served.slice(from).join(' '))
      }
    }
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
