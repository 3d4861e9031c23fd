import assert from 'node:assert/strict'
import type { TlsOptions } from 'node:tls'
import { FractalError } from '../../base/errors.js'
import { createLog } from '../../base/log.js'
import { TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { temporalAddress } from '../../temporal/address.js'
import { openTemporalClient } from '../../temporal/client.js'
import { connectTemporal } from '../../temporal/connection.js'
import { useTemporal } from '../support/temporal.js'
import {
  CERTIFICATES,
  type CertificateFiles,
  startTlsFront,
  writeCertificates,
} from '../support/tls.js'

const log = createLog('test', 'silent')

describe('Temporal by TLS', function () {
  this.timeout(240_000)
  const temporal = useTemporal()
  let files: CertificateFiles
  let fronts: Awaited<ReturnType<typeof startTlsFront>>[] = []

  before(async () => {
    files = await writeCertificates()
  })
  afterEach(async () => {
    await Promise.all(fronts.map((front) => front.close()))
    fronts = []
  })
  after(() => files?.remove())

  /** Of Temporal behind TLS. */
  async function front(options: TlsOptions): Promise<string> {
    const made = await startTlsFront(Number(temporal().address.split(':')[1]), options)
    fronts.push(made)
    return `127.0.0.1:${made.port}`
  }

  const options = (given: Readonly<Record<string, string>>) =>
    resolveOptions(TEMPORAL_OPTIONS, given, {})

  /** By a worker's connection, and by the client beside it and of those who serve people. */
  async function reaches(given: Readonly<Record<string, string>>): Promise<void> {
    const link = await connectTemporal(options(given), log)
    const client = openTemporalClient(temporalAddress(options(given)))
    try {
      for (const each of [link.client, client]) {
        await each.workflowService.describeNamespace({ namespace: 'default' })
      }
    } finally {
      await Promise.all([link.close(), client.connection.close()])
    }
  }

  const refused = (says: RegExp) => (error: unknown) => {
    assert(error instanceof FractalError, String(error))
    assert.equal(error.code, 'temporal_unreachable')
    assert.match(`${error.message} | ${error.hint}`, says)
    assert.doesNotMatch(error.message, /\n/)
    return true
  }

  const trusting = (address: string) => ({
    'temporal.address': address,
    'temporal.tls': 'true',
    'temporal.tls_ca': files.ca,
  })

  it('is used by workers and clients, with a certificate of ours where the server wants one', async () => {
    const plain = trusting(await front(CERTIFICATES.server))
    await reaches(plain)
    await reaches({ ...plain, 'temporal.api_key': 'a key of a cloud' })
    const strict = { requestCert: true, rejectUnauthorized: true, ca: CERTIFICATES.ca }
    const mutual = trusting(await front({ ...CERTIFICATES.server, ...strict }))
    await assert.rejects(reaches(mutual), refused(/tls_cert/))
    const { cert, key } = files.client
    await reaches({ ...mutual, 'temporal.tls_cert': cert, 'temporal.tls_key': key })
  })

  it('takes another name where one is given', async () => {
    const there = trusting(await front(CERTIFICATES.elsewhere))
    await assert.rejects(reaches(there), refused(/the name and the dates/))
    await reaches({ ...there, 'temporal.tls_server_name': 'elsewhere.example' })
  })

  it('trusts nobody else, and says in one line what is wrong', async () => {
    const address = await front(CERTIFICATES.server)
    const other = { ...trusting(address), 'temporal.tls_ca': files.otherCa }
    await assert.rejects(reaches(other), refused(/tls_ca/))
    const expired = trusting(await front(CERTIFICATES.expired))
    await assert.rejects(reaches(expired), refused(/dates/))
    await assert.rejects(reaches(trusting(temporal().address)), refused(/Does it speak TLS\?/))
    await assert.rejects(reaches({ 'temporal.address': address }), refused(/add --temporal.tls/))
  })

  it('refuses options that do not go together, at the start', () => {
    const bad = (given: Readonly<Record<string, string>>, says: RegExp) =>
      assert.throws(
        () => temporalAddress(options(given)),
        (error) =>
          error instanceof FractalError && error.code === 'bad_option' && says.test(error.message),
        String(says),
      )
    bad({ 'temporal.api_key': 'secret' }, /^--temporal.api_key needs --temporal.tls$/)
    bad({ 'temporal.tls_ca': files.ca }, /tls_ca needs --temporal.tls$/)
    bad({ 'temporal.tls': 'true', 'temporal.tls_ca': '/nowhere' }, /\/nowhere.*ENOENT/)
    bad(
      { 'temporal.tls': 'true', 'temporal.tls_key': files.client.key },
      /needs --temporal.tls_cert/,
    )
  })
})
