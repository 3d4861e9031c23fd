/** Messages of a connection that the server closed, whichever of the errors arrived first. */
const CLOSED =
  /broken ?pipe|connection closed|close_notify|connection ?reset|ECONNRESET|EPIPE|socket hang up|dropped/i

/**
 * What to check first when a connection to Temporal fails. A server that rejects our certificate, or requires
 * one, says so after the handshake; its TLS alert is often lost, because the close that follows reaches us
 * while we are still writing.
 * @param message of the error
 */
export function unreachableHint(message: string, withTls: boolean): string {
  if (/certificate|UnknownIssuer|CaUsedAsEndEntity/i.test(message)) {
    return 'Check --temporal.tls_ca (and tls_cert, tls_key), and the name and the dates in the server’s certificate.'
  }
  const start = 'Start Temporal, or give its address with --temporal.address.'
  if (!withTls) return `${start} If it requires TLS, add --temporal.tls.`
  const plain = 'Does it speak TLS? If not, omit --temporal.tls.'
  if (!CLOSED.test(message)) return `${start} ${plain}`
  return `The server closed the connection. Does it require a client certificate? Give --temporal.tls_cert and tls_key, issued by a CA that it trusts. ${plain} Is Temporal up behind it?`
}
