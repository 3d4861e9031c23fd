import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Payload } from '@temporalio/common'
import { defaultPayloadConverter } from '@temporalio/common/lib/converter/payload-converter.js'
import { resolveOptions } from '../../base/options/options.js'
import { parsePayloadKeys } from '../../base/options/payload-keys.js'
import { freePort } from '../../dev/process/ports.js'
import { EncryptingCodec } from '../../temporal/payload-codec.js'
import { CODEC_SERVER_OPTIONS, runCodecServer } from '../../workers/roles/codec-server.js'
import type { Running } from '../../workers/running.js'
import { SILENT } from '../chain/local-harness.js'

const KEY = randomBytes(32).toString('hex')
const UI = 'http://127.0.0.1:8233'

/** A payload as Temporal's UI posts it. */
function asJson({ metadata, data }: Payload) {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const named = Object.entries(metadata!).map(([name, bytes]) => [name, text(bytes!)])
  return { metadata: Object.fromEntries(named), data: text(data!) }
}

describe('the codec server', () => {
  let running: Running
  let url: string

  before(async () => {
    const port = await freePort()
    const given = { 'temporal.payload_key': KEY, 'codec.port': port }
    running = await runCodecServer(resolveOptions(CODEC_SERVER_OPTIONS, given, {}), SILENT)
    url = `http://127.0.0.1:${port}`
  })
  after(() => running.stop())

  const plain = defaultPayloadConverter.toPayload({ phase: 'rounds' })!
  const sealed = async (key = KEY) =>
    (await new EncryptingCodec(parsePayloadKeys(key)!).encode([plain])).map(asJson)
  const ask = (path: string, payloads: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Namespace': 'default', ...headers },
      body: JSON.stringify({ payloads }),
    })

  it('decodes what our processes encrypted, and what was never encrypted; encodes so that they read it', async () => {
    const answer = await ask('/decode', [...(await sealed()), asJson(plain)])
    assert.equal(answer.status, 200)
    assert.deepEqual(await answer.json(), { payloads: [asJson(plain), asJson(plain)] })
    const { payloads } = (await (await ask('/default/encode', [asJson(plain)])).json()) as {
      payloads: ReturnType<typeof asJson>[]
    }
    assert.notDeepEqual(payloads, [asJson(plain)])
    assert.deepEqual(await (await ask('/decode', payloads)).json(), { payloads: [asJson(plain)] })
  })

  it('answers the page of Temporal’s UI, and no other', async () => {
    const preflight = await fetch(`${url}/decode`, {
      method: 'OPTIONS',
      headers: { Origin: UI, 'Access-Control-Request-Headers': 'content-type,x-namespace' },
    })
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers.get('access-control-allow-origin'), UI)
    assert.match(preflight.headers.get('access-control-allow-headers')!, /X-Namespace/)
    const own = await ask('/decode', await sealed(), { Origin: UI })
    assert.equal(own.headers.get('access-control-allow-origin'), UI)
    for (const origin of ['http://evil.example', 'null', `${UI}.evil.example`]) {
      const refused = await ask('/decode', await sealed(), { Origin: origin })
      assert.equal(refused.status, 403, origin)
      assert.doesNotMatch(await refused.text(), /payloads/)
    }
  })

  it('says what is wrong with a request, and which key is missing', async () => {
    const unread = await ask('/decode', await sealed(randomBytes(32).toString('hex')))
    assert.equal(unread.status, 400)
    assert.match(((await unread.json()) as { message: string }).message, /encrypted with the key/)
    for (const [path, payloads, status] of [
      ['/decode', 'x', 400],
      ['/decode', [{ data: '%' }], 400],
      ['/', [], 404],
    ] as const) {
      assert.equal((await ask(path, payloads)).status, status, path)
    }
    assert.equal((await fetch(`${url}/decode`)).status, 405)
  })

  it('does not start without the key', async () => {
    const options = resolveOptions(CODEC_SERVER_OPTIONS, { 'codec.port': 0 }, {})
    await assert.rejects(runCodecServer(options, SILENT), { code: 'bad_option' })
  })
})
