import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ApiError } from '../../../api/http/errors.js'
import { parseFormParts } from '../../../api/http/multipart-parts.js'

const MAX_PARTS = 32

/** As a client of the platform writes it. */
async function encoded(form: FormData): Promise<{ body: Buffer; type: string }> {
  const answer = new Response(form)
  return {
    body: Buffer.from(await answer.arrayBuffer()),
    type: answer.headers.get('content-type')!,
  }
}

/** Browsers write every line break of a text as CRLF. */
const crlf = (text: string) => text.replace(/\r\n|\r|\n/g, '\r\n')
const text = fc.string({ unit: 'grapheme', maxLength: 40 })

describe('parts of a form', () => {
  it('come back as a client wrote them, whatever is in their names, texts and files', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text, fc.boolean()), { maxLength: 8 }),
        async (all) => {
          const form = new FormData()
          for (const [name, value, isFile] of all) {
            if (isFile) form.append(name, new Blob([value], { type: 'image/png' }), `f${value}`)
            else form.append(name, value)
          }
          const { body, type } = await encoded(form)
          const parts = parseFormParts(body, type, { maxParts: MAX_PARTS })
          assert.deepEqual(
            parts.map(({ name, filename, type, bytes }) => [
              name,
              filename,
              type,
              bytes.toString(),
            ]),
            all.map(([name, value, isFile]) =>
              isFile
                ? [crlf(name), `f${value}`, 'image/png', value]
                : [crlf(name), null, null, crlf(value)],
            ),
          )
        },
      ),
    ))

  it('are all there or an error, whichever bytes are missing, doubled or others', async () => {
    const form = new FormData()
    form.append('prompt', 'a red circle')
    form.append('seed', '7')
    form.append('input_reference', new Blob(['x']), 'x.png')
    const { body, type } = await encoded(form)
    const whole = parseFormParts(body, type, { maxParts: MAX_PARTS }).length
    const change = fc.record({
      at: fc.nat(body.length),
      dropped: fc.nat(8),
      put: fc.uint8Array({ maxLength: 8 }),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let bytes = body
        for (const { at, dropped, put } of changes) {
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + dropped)])
        }
        try {
          const parts = parseFormParts(bytes, type, { maxParts: MAX_PARTS })
          assert.ok(parts.length <= whole)
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error))
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
