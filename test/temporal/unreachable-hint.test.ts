import assert from 'node:assert/strict'
import { unreachableHint } from '../../temporal/unreachable-hint.js'

describe('what is said of a Temporal that is not reached', () => {
  const call = (code: string, text: string, source: string) =>
    `Failed to call GetSystemInfo: code: '${code}', message: "${text}", source: tonic::transport::Error(Transport, hyper::Error(${source}))`
  /** All that came of one server that wants a client's certificate, in forty tries. */
  const WANTS_A_CERTIFICATE = [
    call(
      'Unknown error',
      'transport error',
      'Io, Custom { kind: InvalidData, error: "received fatal alert: CertificateRequired" }',
    ),
    call(
      'Unknown error',
      'transport error',
      'Io, Custom { kind: BrokenPipe, error: "stream closed because of a broken pipe" }',
    ),
    call('The operation was cancelled', 'operation was canceled', 'Canceled, "connection closed"'),
    // As grpc-js has it, for those who serve people.
    '14 UNAVAILABLE: No connection established. Last error: Error: read ECONNRESET',
    '14 UNAVAILABLE: Connection dropped',
  ]

  for (const message of WANTS_A_CERTIFICATE) {
    it(`names the certificate that a server may want: ${message.slice(-60)}`, () => {
      assert.match(unreachableHint(message, true), /tls_cert/)
    })
  }

  it('names TLS where it may be too much, or missing', () => {
    const eof = call(
      'Unknown error',
      'transport error',
      'Io, Custom { kind: UnexpectedEof, error: "peer closed connection without sending TLS close_notify" }',
    )
    assert.match(unreachableHint(eof, true), /omit --temporal.tls\..*up behind it/)
    assert.match(
      unreachableHint('connection refused', true),
      /^Start Temporal.*omit --temporal.tls/,
    )
    assert.match(unreachableHint(WANTS_A_CERTIFICATE[1]!, false), /add --temporal.tls/)
  })
})
