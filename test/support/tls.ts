import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TlsOptions } from 'node:tls'
import certificates from '../fixtures/tls/stores.test.json' with { type: 'json' }

/** What each is: the fixture says. */
export const CERTIFICATES = certificates

interface Pair {
  readonly cert: string
  readonly key: string
}

/** The fixture's certificates as files. */
export interface CertificateFiles {
  readonly ca: string
  readonly otherCa: string
  readonly server: Pair
  readonly client: Pair
  remove(): Promise<void>
}

export async function writeCertificates(): Promise<CertificateFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'fractal-test-tls-'))
  const write = async (name: string, pem: string) => {
    await writeFile(join(folder, name), pem, { mode: 0o600 })
    return join(folder, name)
  }
  const pair = async (name: 'server' | 'client') => ({
    cert: await write(`${name}.pem`, certificates[name].cert),
    key: await write(`${name}.key`, certificates[name].key),
  })
  return {
    ca: await write('ca.pem', certificates.ca),
    otherCa: await write('other-ca.pem', certificates.otherCa),
    server: await pair('server'),
    client: await pair('client'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Speaks TLS on a port of its own, as gRPC wants it, and passes on what comes to `port`. */
export async function startTlsFront(
  port: number,
  options: TlsOptions,
): Promise<{ port: number; close(): Promise<void> }> {
  const open = new Set<() => void>()
  const server = createServer({ ALPNProtocols: ['h2'], ...options }, (secure) => {
    const plain = connect(port, '127.0.0.1')
    const end = () => {
      open.delete(end)
      secure.destroy()
      plain.destroy()
    }
    open.add(end)
    secure.pipe(plain).pipe(secure)
    for (const socket of [secure, plain]) socket.on('error', end).on('close', end)
  })
  // A client that refuses our certificate is what half of the tests are about.
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const end of [...open]) end()
      }),
  }
}
