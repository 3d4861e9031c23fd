import assert from 'node:assert/strict'
import { CancelWatch } from '../../../activities/video/cancel-watch.js'
import { ProgressWriter } from '../../../activities/video/progress-writer.js'
import { RunningJobs } from '../../../activities/video/running-jobs.js'
import type { Queryable } from '../../../ledger/database.js'
import { getJob, requestCancel } from '../../../ledger/requests/jobs.js'
import { newJob, newVerifier, openInterval } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { until } from '../../support/until.js'

const never = new AbortController().signal

describe('activities/running-jobs', () => {
  const database = useDatabase()
  const id = newVerifier()
  before(() => openInterval(database().db, id, 1))

  /** Signals of which none arrives by itself. */
  const someSignals = () => {
    const listeners = new Map<string, () => void>()
    const on = (jobId: string, listener: () => void) => {
      listeners.set(jobId, listener)
      return () => listeners.delete(jobId)
    }
    return { on, isListening: true, listeners }
  }
  /** The ledger, and how often it was asked. */
  const counted = () => {
    const asked: unknown[] = []
    const db = new Proxy<Queryable>(database().db, {
      get(target, name) {
        const method = Reflect.get(target, name) as (...args: unknown[]) => unknown
        return (...args: unknown[]) => {
          asked.push(args)
          return method.apply(target, args)
        }
      },
    })
    return { db, asked }
  }
  const progressOf = async (jobId: string) => {
    const { status, progress, queuePosition } = (await getJob(database().db, jobId))!
    return [status, progress, queuePosition]
  }

  it('reads the cancels of all jobs that are due in one query, and none of them when asked to watch', async () => {
    const { db, asked } = counted()
    const signals = someSignals()
    const jobs = await Promise.all([1, 2, 3].map(() => newJob(database().db, id)))
    const watch = new CancelWatch(db, signals)
    const watched = jobs.map((job) => watch.watch(job.id, never))
    await requestCancel(database().db, jobs[1]!.id)
    assert.equal(asked.length, 0)
    const aborted = () => watched.map(({ signal }) => signal.aborted)
    await watch.poll()
    assert.deepEqual([asked.length, aborted()], [1, [false, true, false]])
    await watch.poll()
    assert.equal(asked.length, 1, 'nothing has changed')

    await requestCancel(database().db, jobs[2]!.id)
    signals.listeners.get(jobs[2]!.id)!()
    await watch.poll()
    assert.deepEqual([asked.length, aborted()], [2, [false, true, true]])
    for (const one of watched) one.stop()
    assert.equal(signals.listeners.size, 0)
  })

  it('polls while no signals arrive', async () => {
    const job = await newJob(database().db, id)
    const watch = new CancelWatch(database().db, { ...someSignals(), isListening: false })
    const { signal, stop } = watch.watch(job.id, never)
    await watch.poll()
    await requestCancel(database().db, job.id)
    await until('the cancel', async () => {
      await watch.poll()
      return signal.aborted
    })
    stop()
  })

  it('writes the newest of each job when told to, what is left at its end, and nothing that was dropped', async () => {
    const { db, asked } = counted()
    const [one, other] = await Promise.all([1, 2].map(() => newJob(database().db, id)))
    const writer = new ProgressWriter(db)
    const notes = writer.of(one!.id)
    const others = writer.of(other!.id)
    notes.progress(0)
    notes.position(3)
    notes.position(2)
    others.progress(10)
    others.drop()
    assert.equal(asked.length, 0)
    writer.write()
    await notes.written()
    assert.deepEqual(await progressOf(one!.id), ['in_progress', 0, 2])
    assert.deepEqual(await progressOf(other!.id), ['queued', 0, null])

    notes.position(1)
    notes.progress(40)
    notes.progress(20)
    await notes.written()
    assert.deepEqual(await progressOf(one!.id), ['in_progress', 40, 0])
    notes.position(null)
    await notes.written()
    assert.deepEqual(await progressOf(one!.id), ['in_progress', 40, null])
    const before = asked.length
    writer.write()
    assert.equal(asked.length, before, 'nothing is left')
  })

  it('does both by itself', async () => {
    const job = await newJob(database().db, id)
    const jobs = new RunningJobs(database().db, someSignals())
    try {
      const { signal, stop } = jobs.watchCancel(job.id, never)
      jobs.progressOf(job.id).progress(30)
      await until('its progress', async () => (await progressOf(job.id))[1] === 30)
      stop()
      await requestCancel(database().db, job.id)
      assert.equal(signal.aborted, false)
      const again = jobs.watchCancel(job.id, never)
      await until('the cancel', () => again.signal.aborted)
      again.stop()
    } finally {
      jobs.close()
    }
  })
})
