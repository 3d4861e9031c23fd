import assert from 'node:assert/strict'
import { type Signer, signText, sr25519Ready } from '../../base/sr25519.js'
import { answerText } from '../../formats/answer.js'
import { framesSha256 } from '../../formats/frames.js'
import { sha256, sha256Hex } from '../../formats/sha256.js'
import type { Receipt } from '../../web/api-types.js'
import { checkReceipt } from '../../web/receipt/check.js'
import type { Asked } from '../../web/receipt/compare-request.js'
import { conclusionOf } from '../../web/receipt/conclusion.js'
import { hotkeyBytes } from '../../web/receipt/ss58.js'
import { signRequest } from '../../wire/btauth.js'
import { testSigner } from '../chain/keys.js'

const MODEL_ROOT = 'ab'.repeat(32)
const ASKED: Asked = {
  prompt: 'a red “ball” rolls',
  negativePrompt: 'blue',
  seed: 7,
  model: 'm',
  steps: 3,
  guidance: 2.5,
  width: 8,
  height: 16,
  frames: 2,
  fps: 8,
}
const FRAMES = [1, 2].map((value) => new Uint8Array(8 * 16 * 3).fill(value))

/** A receipt as the API gives it, signed by real keys. */
function honest(verifier: Signer, prover: Signer): Receipt {
  const body = JSON.stringify({
    request_id: '00000000-0000-4000-8000-000000000001',
    query: ASKED.prompt,
    private_input: { negative_prompt: ASKED.negativePrompt },
    sampling_params: {
      seed: ASKED.seed,
      num_inference_steps: ASKED.steps,
      guidance_scale: ASKED.guidance,
      width: ASKED.width,
      height: ASKED.height,
      num_frames: ASKED.frames,
      fps: ASKED.fps,
    },
    model: ASKED.model,
    deadline_ms: 30_000,
  })
  const shape = { width: ASKED.width, height: ASKED.height, frames: ASKED.frames }
  const terms = {
    genesisHash: '12'.repeat(32),
    netuid: 18,
    verifier: verifier.ss58,
    prover: prover.ss58,
    bodySha256: sha256Hex(body),
    framesSha256: framesSha256(shape, FRAMES.map(sha256)),
    traceRoot: '34'.repeat(32),
    determinismClass: `fc2;engine=e;model=${MODEL_ROOT};ort=1`,
    modelRoot: MODEL_ROOT,
  }
  const headers = signRequest({
    signer: verifier,
    method: 'POST',
    target: '/v1/generate',
    body: new TextEncoder().encode(body),
    nonce: 1752076800000000000n,
    receiver: prover.ss58,
  })
  return {
    object: 'video.receipt',
    video_id: 'video_1',
    request_id: '00000000-0000-4000-8000-000000000001',
    prover: prover.ss58,
    prover_tier: 'bronze',
    prover_caught: null,
    verifier: verifier.ss58,
    netuid: 18,
    genesis_hash: terms.genesisHash,
    seed: 7,
    model: 'm',
    counted: false,
    width: 8,
    height: 16,
    num_frames: 2,
    request: {
      body,
      body_sha256: terms.bodySha256,
      nonce: headers['X-Bittensor-Nonce']!,
      signature: headers['X-Bittensor-Signature']!,
    },
    answer: {
      frames_sha256: terms.framesSha256,
      trace_root: terms.traceRoot,
      determinism_class: terms.determinismClass,
      class_sha256: sha256Hex(terms.determinismClass),
      model_root: MODEL_ROOT,
      signature: signText(prover, answerText(terms)),
      signed_text: answerText(terms),
    },
    elapsed_ms: 900,
    completed_at: 0,
    interval: 1,
    judgment: { state: 'not_judged', verdict: null, reason: null, reason_text: null },
  }
}

/** The ids of what failed. */
function failures(receipt: Receipt, frames = FRAMES, asked = ASKED): string[] {
  const { holds, findings, lines } = checkReceipt(receipt, frames, asked)
  const failed = [...findings, ...lines].filter(({ found }) => found === 'failed')
  assert.equal(holds, failed.length === 0)
  return failed.map(({ id }) => id)
}

describe('receipts, as the browser checks them', () => {
  let receipt: Receipt
  let other: Signer
  before(async () => {
    await sr25519Ready()
    receipt = honest(testSigner('verifier'), testSigner('prover'))
    other = testSigner('other')
  })
  const request = (changes: Partial<Receipt['request']>): Receipt => ({
    ...receipt,
    request: { ...receipt.request, ...changes },
  })
  const answer = (changes: Partial<Receipt['answer']>): Receipt => ({
    ...receipt,
    answer: { ...receipt.answer, ...changes },
  })

  it('hold when nothing was touched, and show all ten lines', () => {
    assert.deepEqual(failures(receipt), [])
    const { lines } = checkReceipt(receipt, FRAMES, ASKED)
    // The class stands in the text as its hash.
    assert.deepEqual(
      lines.map(({ value }) => value),
      receipt.answer.signed_text.split('\n'),
    )
  })

  it('fail on another frame, one frame less, frames of another size', () => {
    const touched = [FRAMES[0]!, FRAMES[1]!.with(5, 9)]
    assert.deepEqual(failures(receipt, touched), [
      'frames',
      'signature',
      'signed-text',
      'frames_sha256',
    ])
    assert.ok(failures(receipt, [FRAMES[0]!]).includes('frames'))
    assert.ok(failures(receipt, [FRAMES[0]!, FRAMES[1]!.slice(3)]).includes('frames'))
  })

  it('fail when another prompt, seed or setting was asked for', () => {
    const asked = (changes: Partial<Asked>) => failures(receipt, FRAMES, { ...ASKED, ...changes })
    assert.deepEqual(asked({ prompt: 'a red "ball" rolls' }), ['prompt'])
    assert.deepEqual(asked({ negativePrompt: '' }), ['prompt'])
    assert.deepEqual(asked({ seed: 8 }), ['seed'])
    assert.deepEqual(asked({ seed: null }), [], 'the network was to draw it')
    for (const changes of [
      { steps: 4 },
      { guidance: 3 },
      { width: 16 },
      { model: 'n' },
      { fps: 9 },
    ]) {
      assert.deepEqual(asked(changes), ['settings'], JSON.stringify(changes))
    }
  })

  it('fail when the request was exchanged, even with its hash', () => {
    const body = receipt.request.body.replace('"seed":7', '"seed":8')
    const failed = failures(request({ body, body_sha256: sha256Hex(body) }))
    assert.deepEqual(failed, ['seed', 'verifier-signature', 'signature', 'signed-text'])
    assert.ok(failures(request({ body: 'no JSON' })).includes('prompt'))
    assert.ok(failures(request({ body: '[]' })).includes('prompt'))
    assert.deepEqual(failures(request({ nonce: '1' })), ['verifier-signature'])
    assert.deepEqual(failures(request({ signature: '' })), ['verifier-signature'])
  })

  it('fail on any other term of the answer', () => {
    const changed: [Receipt, string][] = [
      [answer({ trace_root: '35'.repeat(32) }), 'signature'],
      [answer({ determinism_class: `${receipt.answer.determinism_class};x=y` }), 'class'],
      [answer({ class_sha256: '00'.repeat(32) }), 'class'],
      [answer({ model_root: 'cd'.repeat(32) }), 'model'],
      [answer({ frames_sha256: '00'.repeat(32) }), 'frames'],
      [answer({ signed_text: 'fractal-answer/1' }), 'signed-text'],
      [answer({ signature: signText(other, receipt.answer.signed_text) }), 'signature'],
      [answer({ signature: '0x00' }), 'signature'],
      [answer({ trace_root: 'no digest' }), 'signature'],
      [{ ...receipt, prover: other.ss58 }, 'signature'],
      [{ ...receipt, prover: 'nobody' }, 'signature'],
      [{ ...receipt, verifier: other.ss58 }, 'signature'],
      [{ ...receipt, netuid: 19 }, 'signature'],
      [{ ...receipt, genesis_hash: '13'.repeat(32) }, 'signature'],
    ]
    for (const [at, [tampered, id]] of changed.entries()) {
      assert.ok(failures(tampered).includes(id), `change ${at} is found by ${id}`)
    }
  })

  it('are worth what the verifier found, and no more', () => {
    const of = (
      verdict: Receipt['judgment']['verdict'],
      caught: Receipt['prover_caught'] = null,
    ) => {
      const state = verdict === null ? 'not_judged' : 'judged'
      const judgment = { ...receipt.judgment, state, verdict } as const
      return conclusionOf({ ...receipt, judgment, prover_caught: caught }).tone
    }
    const lately = { interval: 3, checks_passed_since: 4, last_resort: true }
    const longAgo = { interval: 3, checks_passed_since: 5, last_resort: false }
    assert.equal(of('pass', lately), 'good', 'this very answer was checked')
    assert.equal(of('cheat'), 'bad')
    assert.equal(of(null, lately), 'warn')
    assert.equal(of('abstained', lately), 'warn', 'no check either')
    assert.equal(of(null, longAgo), 'good')
    assert.equal(of(null), 'good')
  })

  it('read hotkeys as the chain does', async () => {
    const { decodeAddress } = await import('../../base/crypto.js')
    for (const name of ['a', 'b', 'c']) {
      const { ss58 } = testSigner(name)
      assert.deepEqual(hotkeyBytes(ss58), new Uint8Array(decodeAddress(ss58)))
    }
    // Of another prefix, too long, not base58, nothing.
    for (const bad of [
      '15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5',
      `5${'G'.repeat(60)}`,
      'O0',
      '',
    ]) {
      assert.equal(hotkeyBytes(bad), null, bad)
    }
  })
})
