import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isBackSoon } from '../../../activities/rounds/restarted.js'
import { freePort } from '../../../dev/process/ports.js'
import { intervalProvers } from '../../../ledger/provers/provers.js'
import { useDatabase } from '../../support/postgres.js'
import { IntervalSite } from '../interval/interval-site.js'
import { chainWith, useChain } from '../verifier-site.js'

describe('a prover that is being restarted', () => {
  const database = useDatabase()
  const chain = useChain()
  const never = new AbortController().signal

  /** A prover of an interval, and what it says of itself. */
  async function prover() {
    const site = await IntervalSite.open(chain(), database().db, ['honest'])
    try {
      await site.begin()
      const { deps } = site.verifier
      const [row] = await intervalProvers(deps.db, deps.id, 1)
      const info = await (await fetch(`http://127.0.0.1:${row!.axonPort}/v1/info`)).text()
      return { deps, row: row!, info }
    } finally {
      await site.close()
    }
  }

  it('is waited for as long as a block takes, and known by its hotkey', async () => {
    const { deps, row, info } = await prover()
    const axonPort = await freePort()
    const patient = { ...deps, chain: chainWith(deps.chain, { blockSeconds: 20 }) }
    const back = isBackSoon(patient, { ...row, axonPort }, never)
    const stranger = isBackSoon(patient, { ...row, axonPort, hotkey: 'another' }, never)
    const server = createServer((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(info)
    })
    await new Promise<void>((resolve) => server.listen(axonPort, '127.0.0.1', resolve))
    try {
      assert.equal((server.address() as AddressInfo).port, axonPort)
      assert.deepEqual([await back, await stranger], [true, false])
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  it('is not waited for longer, nor without an address', async () => {
    const { deps, row } = await prover()
    const hurried = { ...deps, chain: chainWith(deps.chain, { blockSeconds: 0.3 }) }
    assert.equal(await isBackSoon(hurried, row, never), false)
    assert.equal(await isBackSoon(hurried, { ...row, axonIp: null }, never), false)
  })
})
