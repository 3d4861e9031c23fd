import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { JobSignals } from '../../../ledger/requests/job-signals.js'
import { setProgress } from '../../../ledger/requests/jobs.js'
import { SILENT } from '../../chain/local-harness.js'
import { useDatabase } from '../../support/postgres.js'
import { until } from '../../support/until.js'
import { newJob, newVerifier } from '../fixtures.js'

describe('ledger/job-signals', () => {
  const database = useDatabase()

  it('notices a connection that died without a word, and listens on another', async () => {
    const { db, url } = database()
    const behind = new URL(url)
    const pairs: [net.Socket, net.Socket][] = []
    const proxy = net.createServer((client) => {
      const server = net.connect(Number(behind.port), behind.hostname)
      client.pipe(server).pipe(client)
      client.on('error', () => undefined)
      server.on('error', () => undefined)
      pairs.push([client, server])
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const before = new URL(url)
    before.hostname = '127.0.0.1'
    before.port = String((proxy.address() as net.AddressInfo).port)
    const options = { url: before.href, applicationName: 'fractal-test', log: SILENT, pingMs: 200 }
    const signals = new JobSignals(options)
    try {
      await until('signals', () => signals.isListening)
      const job = await newJob(db, newVerifier())
      let told = 0
      signals.on(job.id, () => {
        told += 1
      })
      // Nothing comes through any more, and nothing is closed.
      for (const [client, server] of pairs) {
        client.unpipe(server)
        server.unpipe(client)
        client.pause()
        server.pause()
      }
      await until('its loss', () => !signals.isListening)
      await until('another connection', () => signals.isListening)
      assert.equal(told, 1)
      await setProgress(db, job.id, 10)
      await until('a signal', () => told === 2)
    } finally {
      await signals.close()
      for (const socket of pairs.flat()) socket.destroy()
      proxy.close()
    }
  })
})
