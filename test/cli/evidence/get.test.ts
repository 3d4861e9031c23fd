import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sr25519Ready } from '../../../base/sr25519.js'
import { createWallet } from '../../../chain/wallet/create.js'
import { getEvidence } from '../../../cli/evidence/get-evidence.js'
import { signRecord } from '../../../ledger/intervals/records.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { livedInterval, scenic, settled } from '../../api/network/scene.js'
import { awayTemporal, startApi, type TestApi } from '../../api/server.js'
import { testSigner } from '../../chain/keys.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { capturedOutput } from '../../support/captured-output.js'
import { useDatabase } from '../../support/postgres.js'
import { EVIDENCE_SHA256, EVIDENCE_TEXT, storedEvidence } from '../../support/records/evidence.js'
import { runCli } from '../run-cli.js'

describe('fractal evidence get', function () {
  this.timeout(60_000)
  const database = useDatabase()
  const temporal = awayTemporal()
  let folder: string
  let id: VerifierId
  let accused: ReturnType<typeof scenic>
  let server: TestApi
  before(async () => {
    await sr25519Ready()
    folder = await mkdtemp(join(tmpdir(), 'fractal-evidence-'))
    const wallets = { path: folder, hotkey: 'default', overwrite: false }
    const { hotkey } = await createWallet({ ...wallets, name: 'accused' })
    await createWallet({ ...wallets, name: 'another' })
    const { db } = database()
    id = { ...newVerifier(), verifier: testSigner('judge').ss58 }
    accused = { ...scenic(1), hotkey }
    await livedInterval(db, id, 1, [{ of: accused, passes: 1 }])
    await storedEvidence(db, id, 1, accused, true)
    await settled(db, id, 1)
    server = await startApi({ db, temporal, verifierId: id })
  })
  after(async () => {
    await server?.close()
    await temporal.connection.close()
    await rm(folder, { recursive: true, force: true })
  })

  const get = (name: string, { sha256 = EVIDENCE_SHA256, api = server.url, out = '' } = {}) =>
    capturedOutput(() =>
      getEvidence({ sha256, api, out, given: { 'wallet.path': folder, 'wallet.name': name } }),
    )

  it('gives the accused the file, byte for byte', async () => {
    const out = join(folder, 'evidence.json')
    const { code, stdout, stderr } = await runCli([
      ...['evidence', 'get', EVIDENCE_SHA256, '--api', server.url, '--out', out],
      ...['--wallet.path', folder, '--wallet.name', 'accused'],
    ])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /fractal evidence verify .* checks it/)
    assert.equal(await readFile(out, 'utf8'), EVIDENCE_TEXT)
  })

  it('needs no wallet for what everybody may read', async () => {
    const { db } = database()
    await db.execute('UPDATE evidence SET of_user = false')
    await livedInterval(db, id, 2, [{ of: accused, passes: 1 }])
    await settled(db, id, 2)
    await signRecord(db, id, 1, '0x00')
    const out = join(folder, 'public.json')
    await get('nobody', { out })
    await db.execute('UPDATE evidence SET of_user = true')
    assert.equal(await readFile(out, 'utf8'), EVIDENCE_TEXT)
  })

  it('says why it gives nobody else anything', async () => {
    const refused = { code: 'evidence_refused' }
    await assert.rejects(get('another'), {
      ...refused,
      message: /403: .*for the prover that it accuses/,
    })
    const sha256 = 'cd'.repeat(32)
    await assert.rejects(get('accused', { sha256 }), {
      ...refused,
      message: /404: There is no evidence/,
    })
    await assert.rejects(get('nobody'), { code: 'wallet_missing' })
  })

  it('says what is no API of Fractal', async () => {
    let answer = '<html>'
    const server = createServer((_req, res) => {
      res.writeHead(200, { connection: 'close' }).end(answer)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      for (answer of ['<html>', '[]', '{"another":"file"}']) {
        await assert.rejects(get('accused', { api }), { message: /is no API of Fractal/ })
      }
    } finally {
      server.close()
    }
    await assert.rejects(get('accused', { api }), {
      code: 'api_unreachable',
      message: /ECONNREFUSED/,
    })
  })
})
