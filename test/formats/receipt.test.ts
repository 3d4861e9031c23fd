import assert from 'node:assert/strict'
import { type Signer, signText, sr25519Ready, verifyText } from '../../base/sr25519.js'
import { checkReceipt } from '../../formats/receipt/check-receipt.js'
import type { Asked } from '../../formats/receipt/compare-asked.js'
import { conclusionOf } from '../../formats/receipt/conclusion.js'
import { sha256Hex } from '../../formats/sha256.js'
import type { Receipt } from '../../web/api-types.js'
import { testSigner } from '../chain/keys.js'
import { ASKED, FRAMES, honestReceipt } from '../support/records/receipt.js'

/** The ids of what failed. */
function failures(
  receipt: Receipt,
  frames: readonly Uint8Array[] | null = FRAMES,
  asked: Asked | null = ASKED,
): string[] {
  const { holds, findings, lines } = checkReceipt({
    receipt,
    frames,
    asked,
    isSignedBy: verifyText,
  })
  const failed = [...findings, ...lines].filter(({ found }) => found === 'failed')
  assert.equal(holds, failed.length === 0)
  return failed.map(({ id }) => id)
}

describe('receipts, as the browser and the command line check them', () => {
  let receipt: Receipt
  let other: Signer
  before(async () => {
    await sr25519Ready()
    receipt = honestReceipt(testSigner('verifier'), testSigner('prover'))
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
    const { lines } = checkReceipt({
      receipt,
      frames: FRAMES,
      asked: ASKED,
      isSignedBy: verifyText,
    })
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
    assert.deepEqual(failed, ['seed', 'told', 'verifier-signature', 'signature', 'signed-text'])
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

  it('hold as far as they go without frames, and without what was asked for', () => {
    assert.deepEqual(failures(receipt, null, null), [])
    const { findings, lines } = checkReceipt({
      receipt,
      frames: null,
      asked: null,
      isSignedBy: verifyText,
    })
    const open = [...findings, ...lines].filter(({ id }) => id.startsWith('frames'))
    assert.deepEqual(
      open.map(({ found }) => found),
      ['signed', 'signed'],
    )
    const sum = { ...receipt.answer, frames_sha256: '00'.repeat(32) }
    assert.ok(failures({ ...receipt, answer: sum }, null, null).includes('signature'))
  })

  it('fail, whatever of what is bound is changed', () => {
    const bound: (keyof Receipt)[] = [
      ...(['request_id', 'prover', 'verifier', 'netuid', 'genesis_hash', 'seed', 'model'] as const),
      ...(['width', 'height', 'num_frames'] as const),
    ]
    const tampered = (value: unknown) => (typeof value === 'number' ? value + 1 : `${value}x`)
    for (const name of bound) {
      assert.notDeepEqual(
        failures({ ...receipt, [name]: tampered(receipt[name]) }, null, null),
        [],
        name,
      )
    }
    for (const [name, value] of Object.entries(receipt.request)) {
      assert.notDeepEqual(failures(request({ [name]: tampered(value) }), null, null), [], name)
    }
    for (const [name, value] of Object.entries(receipt.answer)) {
      assert.notDeepEqual(failures(answer({ [name]: tampered(value) }), null, null), [], name)
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
    assert.equal(of('fail'), 'warn', 'its prover did not open it')
    const check = { verdict: 'pass', reason: 'step_equal', reason_text: 'equal', interval: 3 }
    const checks = [{ ...check, kind: 'spotcheck' }] as const
    const judgment = { state: 'judged', verdict: 'pass', reason_text: 'equal', checks } as const
    assert.match(
      conclusionOf({ judgment, prover_caught: null }).text,
      /\(spot check in interval 3\)/,
    )
  })
})
