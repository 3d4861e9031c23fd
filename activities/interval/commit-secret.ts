import { signText } from '../../base/sr25519.js'
import { commitmentText } from '../../formats/commitment.js'
import { sha256Hex } from '../../formats/sha256.js'
import { putSecret } from '../../ledger/intervals/secrets.js'
import type { VerifierDeps } from '../verifier-deps.js'

/**
 * Creates the secret of interval n and signs its commitment, once: what is stored first is kept. Done while
 * the previous interval runs, so that the draws depend on a block hash that nobody knew at the time.
 */
export async function ensureCommitment(deps: VerifierDeps, n: number): Promise<void> {
  const secret = deps.newSecret()
  const secretSha256 = sha256Hex(secret)
  const text = commitmentText({
    genesisHash: deps.chain.genesisHash,
    netuid: deps.id.netuid,
    verifier: deps.id.verifier,
    n,
    secretSha256,
  })
  await putSecret(deps.db, deps.id, n, {
    secret,
    commitmentSha256: secretSha256,
    commitmentSignature: signText(deps.signer, text),
  })
}
