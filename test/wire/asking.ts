import assert from 'node:assert/strict'
import type { RequestListener, Server } from 'node:http'
import type { Signer } from '../../base/sr25519.js'
import { type RequestOptions, requestGeneration } from '../../wire/client.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import { devSigner } from './keys.js'
import {
  GENESIS,
  honestScript,
  MODEL_ROOT,
  type Script,
  serving,
  streamOf,
  VIDEO,
} from './stub-prover.js'

export const BODY = Buffer.from('{"request_id":"x"}')

type Changes = Partial<RequestOptions>

/** Alice asks Bob, whom each test gives his manners. */
export function useAsking() {
  const signers: Record<string, Signer> = {}
  before(async () => {
    signers.alice = await devSigner('//Alice')
    signers.bob = await devSigner('//Bob')
  })
  const alice = () => signers.alice!
  const bob = () => signers.bob!

  function askAt(changes: Changes & Pick<RequestOptions, 'address'>): Promise<RequestOutcome> {
    return requestGeneration({
      receiver: bob().ss58,
      signer: alice(),
      body: BODY,
      expected: VIDEO,
      terms: { genesisHash: GENESIS, netuid: 9 },
      modelRoot: MODEL_ROOT,
      allowPrivate: true,
      mayVerify: () => false,
      deadlineMs: 20_000,
      ...changes,
    })
  }

  function ask(listener: RequestListener | Server, changes: Changes = {}): Promise<RequestOutcome> {
    return serving(listener, (address) => askAt({ address, ...changes }))
  }

  const honest = (body: Buffer) => honestScript(bob(), alice().ss58, body)

  return {
    alice,
    bob,
    ask,
    askAt,
    honest,
    withScript: (change: (script: Script) => Buffer[]) => streamOf((body) => change(honest(body))),
    async failsAs(reason: string, listener: RequestListener | Server, changes: Changes = {}) {
      const outcome = await ask(listener, changes)
      const what =
        outcome.kind === 'failed' ? `${outcome.reason}: ${outcome.message}` : outcome.kind
      const isExpected = outcome.kind === 'failed' && outcome.reason === reason
      assert.ok(isExpected, `${what}, expected ${reason}`)
    },
  }
}
