import assert from 'node:assert/strict'
import { FractalError } from '../../../base/errors.js'
import { createLog } from '../../../base/log.js'
import { freePort } from '../../../dev/process/ports.js'
import { currentCertificates, revokeExact } from '../../../ledger/judging/certificates.js'
import { claimGpuQueue, leaveGpuQueue } from '../../../ledger/judging/gpu-queues.js'
import { takeGpuQueue } from '../../../workers/gpu/gpu-queue-claim.js'
import { GPU_OPTIONS, runGpuWorker } from '../../../workers/roles/gpu.js'
import { until } from '../../support/until.js'
import { useRoleSite } from '../role-site.js'

const SILENT = createLog('test', 'silent')

describe('A GPU worker', function () {
  this.timeout(240_000)
  const site = useRoleSite()

  it('certifies its class again by itself when it has lost its exactness', async () => {
    const { db } = site().database
    const port = await freePort()
    const options = site().options(GPU_OPTIONS, { 'health.port': port })
    site().running.push(await runGpuWorker(options, SILENT))
    const metric = async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      return /^fractal_gpu_class_exact\{[^}]*\} (\d)$/m.exec(text)?.[1]
    }
    await until('the worker to take tasks', async () => (await site().readyz(port))[0] === 200)
    const [first] = await currentCertificates(db)
    assert.equal(await metric(), '1')
    await revokeExact(db, first!.determinismClass, 'a control run differed in interval 7')
    assert.match(await site().red(port, 'class'), /certified again/)
    assert.equal(await metric(), '0')
    // Several videos of the class's known answers.
    await until('tasks to be taken again', async () => (await site().readyz(port))[0] === 200, {
      withinMs: 150_000,
    })
    const [again] = await currentCertificates(db)
    assert.equal(again!.determinismClass, first!.determinismClass)
    assert.deepEqual([again!.exact, again!.revokedAt], [true, null])
    assert.ok(again!.certifiedAt > first!.certifiedAt)
    assert.equal(await metric(), '1')
  })

  it('requires whatever GPU its operator names by one word', () => {
    for (const name of ['3090', 'H200', 'A100']) {
      assert.equal(site().options(GPU_OPTIONS, { 'gpu.class': name })['gpu.class'], name)
    }
    for (const name of ['RTX 3090', 'gpu-cpu', '']) {
      assert.throws(
        () => site().options(GPU_OPTIONS, { 'gpu.class': name }),
        /FRACTAL_GPU_CLASS|gpu\.class/,
      )
    }
  })

  it('polls no queue of another class', async () => {
    const { db } = site().database
    const other = await claimGpuQueue(db, 'gpu-cpu', 'of another machine')
    assert.ok('id' in other)
    const options = site().options(GPU_OPTIONS, {})
    await assert.rejects(runGpuWorker(options, SILENT), (error) => {
      assert.ok(error instanceof FractalError)
      assert.equal(error.code, 'queue_of_other_class')
      assert.match(error.message, /gpu-cpu is polled by GPU workers of class \w{12}/)
      return true
    })
    await leaveGpuQueue(db, other.id)
  })

  it('ends when its queue went to another class while it was silent', async () => {
    const { db } = site().database
    const claim = await takeGpuQueue(db, 'gpu-lost', 'a', SILENT, 20)
    const lost = assert.rejects(claim.lost, /gpu-lost went to a GPU worker of another class/)
    await db.execute(`DELETE FROM gpu_workers WHERE queue = 'gpu-lost'`)
    await lost
    await claim.leave()
  })
})
