import assert from 'node:assert/strict'
import { KeptSession } from '../../../workers/gpu/kept-session.js'
import { classNamed, StandIn } from '../../activities/stand-in.js'
import { until } from '../../support/until.js'

/** Counts what is opened and closed, and computes other bits once it is broken. */
class Counted extends StandIn {
  closed = 0
  broken: 'differs' | 'gone' | null = null

  override async classNow(): Promise<string> {
    if (this.broken === 'gone') throw new Error('gone')
    return this.broken === 'differs' ? classNamed('other bits') : this.determinismClass
  }

  override async close(): Promise<void> {
    this.closed += 1
  }
}

describe('the session for second computations on a CPU', () => {
  const opened: Counted[] = []
  const open = async () => {
    const session = new Counted(classNamed('kept'))
    opened.push(session)
    return session
  }
  beforeEach(() => opened.splice(0))

  it('is opened once for uses that follow each other, each with its own known answers', async () => {
    const sessions = new KeptSession(open)
    const first = await sessions.take()
    await first.close()
    const second = await sessions.take()
    assert.equal(second.determinismClass, classNamed('kept'))
    await second.close()
    assert.equal(opened.length, 1)
    assert.equal(opened[0]!.closed, 0)
    opened[0]!.broken = 'differs'
    const third = await sessions.take()
    assert.equal(third.determinismClass, classNamed('other bits'), 'its known answers say so')
    await third.close()
    await sessions.close()
    assert.equal(opened[0]!.closed, 1)
  })

  it('is opened anew where the kept one is gone', async () => {
    const sessions = new KeptSession(open)
    await (await sessions.take()).close()
    opened[0]!.broken = 'gone'
    const next = await sessions.take()
    assert.equal(next.determinismClass, classNamed('kept'))
    assert.deepEqual(
      opened.map(({ closed }) => closed),
      [1, 0],
    )
    await next.close()
    await sessions.close()
  })

  it('is closed when nobody used it for a while, and opened again when somebody does', async () => {
    const sessions = new KeptSession(open, 20)
    await (await sessions.take()).close()
    await until('the session to be closed', () => opened[0]!.closed === 1)
    await (await sessions.take()).close()
    assert.equal(opened.length, 2)
    await sessions.close()
    assert.equal(opened[1]!.closed, 1)
  })
})
