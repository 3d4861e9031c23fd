import type { ApiDeps } from '../api/deps.js'
import { verifyRequest } from '../wire/btauth.js'
import { NonceMemory } from '../wire/nonce-memory.js'

/** Checks signed requests without a body that are made out to the verifier. `sr25519Ready` first. */
export function signatureCheck(self: string, nowMs: () => number): ApiDeps['whoSigned'] {
  const nowNs = () => BigInt(nowMs()) * 1_000_000n
  const nonces = new NonceMemory({ startedNs: nowNs(), uptimeMs: performance.now() })
  return ({ headers, method, originalUrl }) =>
    verifyRequest({
      ...{ headers, method, self, nonces },
      target: originalUrl,
      body: new Uint8Array(),
      nowNs: nowNs(),
    })
}
