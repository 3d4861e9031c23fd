import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signText } from '../../../base/sr25519.js'
import { classDifference } from '../../../cli/doctor/class-difference.js'
import { classRequirements } from '../../../cli/doctor/class-requirements.js'
import { probeClasses } from '../../../cli/doctor/probe-classes.js'
import {
  type DeterminismParts,
  formatDeterminismClass,
} from '../../../formats/determinism-class.js'
import { publishedClassesText } from '../../../formats/published-classes.js'
import type { PublishedBody } from '../../../ledger/judging/published-classes.js'
import { devSigner } from '../../wire/keys.js'

const PARTS: DeterminismParts = {
  engine: 'fractal-t2v-2',
  modelRoot: '11'.repeat(32),
  ep: 'cuda',
  device: 'NVIDIA-GeForce-RTX-3090',
  fingerprint: '22'.repeat(32),
}
const named = (changes: Partial<DeterminismParts> = {}) =>
  formatDeterminismClass({ ...PARTS, ...changes })
const OWN = named()

const BODY: PublishedBody = {
  ...{ genesis_hash: '33'.repeat(32), netuid: 7, verifier: '5V', interval: 12 },
  ...{ model: 'm', model_root: PARTS.modelRoot },
  classes: [{ determinism_class: OWN, exact: true, us_per_work: 1 }],
}

describe('this machine’s class beside those of a verifier', () => {
  it('is one of them, or the sentence names the parts that differ', () => {
    assert.equal(classDifference(OWN, [named({ engine: 'other' }), OWN]), null)
    const other = '44'.repeat(32)
    const cases: [Partial<DeterminismParts>, string, string][] = [
      [
        { engine: 'fractal-t2v-3', fingerprint: other },
        'engine',
        'The engine differs: fractal-t2v-2 here, fractal-t2v-3 at the verifier.',
      ],
      [
        { modelRoot: other, fingerprint: other },
        'model',
        'The model differs: 111111111111 here, 444444444444 at the verifier.',
      ],
      [
        { device: 'NVIDIA-H100', fingerprint: other },
        'device',
        'The device differs: NVIDIA-GeForce-RTX-3090 here, NVIDIA-H100 at the verifier.',
      ],
      [
        { fingerprint: other },
        'fingerprint',
        'Only the fingerprint differs: 222222222222 here, 444444444444 at the verifier.',
      ],
      [
        { modelRoot: other, ep: 'cpu', device: 'x64-avx2', fingerprint: other },
        'model',
        'The model differs: 111111111111 here, 444444444444 at the verifier; the kind of device differs: cuda here, cpu at the verifier; the device differs: NVIDIA-GeForce-RTX-3090 here, x64-avx2 at the verifier.',
      ],
    ]
    for (const [changes, part, text] of cases) {
      assert.deepEqual(classDifference(OWN, [named(changes)]), { part, text })
    }
    // The nearest of several, and one of an older format.
    const far = named({ engine: 'other', modelRoot: other, fingerprint: other })
    assert.equal(
      classDifference(OWN, ['fc1;engine=x', far, named({ fingerprint: other })])!.part,
      'fingerprint',
    )
    assert.equal(classDifference(OWN, ['fc1;engine=x'])!.part, 'engine')
  })

  it('is a requirement with what to do, once a verifier is named', () => {
    const engine = { ok: OWN }
    const of = (facts: Partial<Parameters<typeof classRequirements>[0]>) =>
      classRequirements({ engine, published: { ok: BODY }, ...facts }).map(({ state, todo }) => [
        state,
        todo === null ? null : todo.slice(0, 20),
      ])
    assert.deepEqual(of({ published: null }), [])
    assert.deepEqual(of({}), [['ok', null]])
    assert.deepEqual(of({ engine: { ok: named({ engine: 'other' }) } }), [
      ['missing', 'Run the version of F'],
    ])
    assert.deepEqual(of({ published: { failed: 'it is away', hint: 'start it' } }), [
      ['missing', 'start it'],
    ])
    assert.deepEqual(of({ published: { ok: { ...BODY, classes: [] } } }), [
      ['unknown', 'Its GPU worker has c'],
    ])
    assert.deepEqual(of({ engine: null }), [['unknown', null]])
  })

  it('is compared with what the verifier signed, and with nothing else', async () => {
    const signer = await devSigner('//Alice')
    const body = { ...BODY, verifier: signer.ss58 }
    const signature = signText(signer, publishedClassesText(body))
    let answer: unknown
    const server = createServer((_req, res) => res.end(JSON.stringify(answer)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const ask = async (value: unknown) => {
      answer = value
      const outcome = await probeClasses(url)
      return 'ok' in outcome ? outcome.ok : outcome.failed
    }
    try {
      const sound = { verifier: signer.ss58, classes: { body, signature } }
      assert.deepEqual(await ask(sound), body)
      const forged = { body: { ...body, classes: [] }, signature }
      assert.match(
        String(await ask({ ...sound, classes: forged })),
        /is not signed by its verifier/,
      )
      const another = { body: BODY, signature }
      assert.match(String(await ask({ ...sound, classes: another })), /is not signed/)
      assert.match(String(await ask({ ...sound, classes: null })), /has not published any yet/)
      assert.match(String(await ask({ object: 'list' })), /no API of Fractal at .* something else/)
    } finally {
      server.close()
    }
    const gone = await probeClasses(url)
    assert.ok('failed' in gone && /^no API of Fractal at http/.test(gone.failed))
  })
})
