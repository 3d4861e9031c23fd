import assert from 'node:assert/strict'
import { type GenerationBody, MAX_TEXT_BYTES } from '../../formats/generation.js'
import { WireError } from '../../wire/error.js'
import { MAX_REQUEST_BYTES } from '../../wire/limits.js'
import { generationBodySchema, parseJsonBody } from '../../wire/schemas.js'

const BODY: GenerationBody = {
  request_id: '3d6f0a52-8d0c-4d8e-9b1a-0123456789ab',
  query: 'a red circle moves right on a blue background',
  private_input: { negative_prompt: '' },
  sampling_params: {
    seed: 4_294_967_295,
    num_inference_steps: 12,
    guidance_scale: 7.125,
    width: 64,
    height: 64,
    num_frames: 16,
    fps: 8,
  },
  model: 'shapes',
  deadline_ms: 30_000,
}

const parse = (value: unknown) =>
  parseJsonBody(generationBodySchema, Buffer.from(JSON.stringify(value)))
const sampling = (changes: object) => ({
  ...BODY,
  sampling_params: { ...BODY.sampling_params, ...changes },
})

describe('request bodies', () => {
  it('are what they were', () => {
    assert.deepEqual(parse(BODY), BODY)
    assert.equal(parse({ ...BODY, query: '' }).query, '')
  })

  it('hold 100 kB of text, however JSON escapes it, within the cap of a body', () => {
    for (const character of ['a', 'é', '🦊', '\u0001']) {
      const count = Math.floor(MAX_TEXT_BYTES / Buffer.byteLength(character))
      const text = character.repeat(count)
      const body = { ...BODY, query: text, private_input: { negative_prompt: text } }
      assert.equal(parse(body).query, text)
      assert.ok(Buffer.byteLength(JSON.stringify(body)) <= MAX_REQUEST_BYTES)
      assert.throws(() => parse({ ...body, query: text + character }), WireError)
    }
  })

  it('are refused, by the name of the field, when a value is invalid', () => {
    const cases: [string, unknown][] = [
      ['request_id', { ...BODY, request_id: '3D6F0A52-8D0C-4D8E-9B1A-0123456789AB' }],
      ['request_id', { ...BODY, request_id: '../../etc/passwd' }],
      ['query', { ...BODY, query: 7 }],
      ['query', { ...BODY, query: 'half a pair \ud800' }],
      ['private_input', { ...BODY, private_input: {} }],
      ['sampling_params.seed', sampling({ seed: -1 })],
      ['sampling_params.seed', sampling({ seed: 4_294_967_296 })],
      ['sampling_params.seed', sampling({ seed: 1.5 })],
      ['sampling_params.guidance_scale', sampling({ guidance_scale: 7.1234 })],
      ['sampling_params.guidance_scale', sampling({ guidance_scale: -1 })],
      ['sampling_params.width', sampling({ width: 0 })],
      ['sampling_params.num_frames', sampling({ num_frames: 1_000_001 })],
      ['deadline_ms', { ...BODY, deadline_ms: 0 }],
      ['body', { ...BODY, extra: 1 }],
      ['sampling_params', sampling({ eta: 0 })],
      ['body', []],
      ['body', null],
    ]
    for (const [field, value] of cases) {
      assert.throws(
        () => parse(value),
        (error) => {
          assert.ok(error instanceof WireError)
          assert.equal(error.code, 'bad_request')
          const named = String(error.details.field)
          assert.ok(named.startsWith(field), `${named}, expected ${field}`)
          return true
        },
      )
    }
  })

  it('are refused when they are no JSON, without quoting them', () => {
    for (const bytes of [Buffer.from('{"query":"my secret'), Buffer.from([0x22, 0xff, 0x22])]) {
      assert.throws(
        () => parseJsonBody(generationBodySchema, bytes),
        (error) => error instanceof WireError && !error.message.includes('secret'),
      )
    }
    const secret = { ...BODY, private_input: { negative_prompt: 'my secret', more: 1 } }
    assert.throws(
      () => parse(secret),
      (error) => error instanceof WireError && !error.message.includes('secret'),
    )
  })
})
