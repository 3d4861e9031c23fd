import assert from 'node:assert/strict'
import { pino } from 'pino'
import { EngineError } from '../../../engine/errors.js'
import type { Generator } from '../../../engine/pipeline/generator.js'
import { EngineWorker } from '../../../prover/engines/engine-worker.js'
import { assertAlike } from '../../../prover/engines/prover-engine.js'
import { until } from '../../support/until.js'
import { FAKE_CLASS, FakeGenerator } from '../fake-generator.js'

class Changed extends FakeGenerator {
  closed = false

  constructor(
    override readonly determinismClass: string,
    override readonly modelRoot = 'ab'.repeat(32),
  ) {
    super()
  }

  override async close(): Promise<void> {
    this.closed = true
  }
}

/** Processes that start and end when the test says so. */
function processes(engineOf: (start: number) => Generator | Error) {
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => logged.push(line) })
  const ends: (() => void)[] = []
  const open = async (onEnd: () => void) => {
    ends.push(onEnd)
    const engine = engineOf(ends.length)
    if (engine instanceof Error) throw engine
    return { engine, pid: ends.length }
  }
  return {
    logged,
    ends,
    start: () => EngineWorker.start({ worker: 1, open, log, firstPauseMs: 2 }),
  }
}

describe('the worker of a GPU', () => {
  it('is started again when its process ends, and says so to the queue', async () => {
    const { ends, logged, start } = processes((i) =>
      i === 2 ? new EngineError('gpu_missing', 'It fell off the bus.') : new FakeGenerator(),
    )
    const worker = await start()
    let restored = 0
    worker.onRestored(() => {
      restored += 1
    })
    assert.deepEqual([worker.isLost, worker.pid], [false, 1])
    ends[0]!()
    assert.deepEqual([worker.isLost, worker.pid], [true, null])
    await until('the third process', () => worker.pid === 3)
    assert.deepEqual([worker.isLost, restored], [false, 1])
    assert.match(logged.join(''), /has ended.*It fell off the bus.*ready again/s)
    await worker.close()
    ends[2]!()
    assert.equal(ends.length, 3, 'nothing is started after the end')
  })

  it('serves no more with an engine that computes other bytes than before', async () => {
    const other = new Changed(FAKE_CLASS.replace('fake', 'other'))
    const { ends, logged, start } = processes((i) => (i === 2 ? other : new FakeGenerator()))
    const worker = await start()
    ends[0]!()
    await until('another try', () => ends.length === 3)
    assert.ok(other.closed)
    assert.match(logged.join(''), /Its class changed/)
    await worker.close()
  })

  it('that ends as soon as it is ready is no worker', async () => {
    const open = async (onEnd: () => void) => {
      onEnd()
      return { engine: new FakeGenerator(), pid: 1 }
    }
    const log = pino({ level: 'silent' })
    await assert.rejects(EngineWorker.start({ worker: 1, open, log }), { code: 'engine_failed' })
  })

  it('gives up its tries when the prover ends', async () => {
    const { ends, start } = processes((i) => (i === 1 ? new FakeGenerator() : new Error('no')))
    const worker = await start()
    ends[0]!()
    await until('some tries', () => ends.length > 3)
    await worker.close()
    const tries = ends.length
    await new Promise(setImmediate)
    assert.equal(ends.length, tries)
  })
})

describe('workers of one prover', () => {
  it('are of one class and one model', () => {
    const like = new FakeGenerator()
    assertAlike([like])
    assertAlike([like, new FakeGenerator()])
    for (const [other, what] of [
      [new Changed(FAKE_CLASS.replace('fake', 'other')), /worker 3 .*engine|worker 3/],
      [new Changed(FAKE_CLASS, 'cd'.repeat(32)), /worker 3 .* model’s root is cdcd.*abab/],
    ] as const) {
      assert.throws(() => assertAlike([like, like, other]), {
        code: 'workers_differ',
        message: what,
      })
    }
  })
})
