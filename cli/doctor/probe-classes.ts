import { z } from 'zod'
import { FractalError, messageOf } from '../../base/errors.js'
import { sr25519Ready, verifyText } from '../../base/sr25519.js'
import { publishedClassesText } from '../../formats/published-classes.js'
import { type PublishedBody, publishedBodySchema } from '../../ledger/judging/published-classes.js'
import { type Outcome, outcomeOf } from './probes.js'

const DEADLINE_MS = 20_000
const MAX_BYTES = 1_000_000

const answerSchema = z.object({
  verifier: z.string(),
  classes: z.object({ body: publishedBodySchema, signature: z.string() }).nullable(),
})

/** The classes that the verifier behind an API has signed. */
export function probeClasses(api: string): Promise<Outcome<PublishedBody>> {
  return outcomeOf(async () => {
    const { verifier, classes } = await ask(api)
    if (classes === null) {
      throw new FractalError('no_classes', `the verifier at ${api} has not published any yet`, {
        hint: 'It does so when its next interval opens.',
      })
    }
    const { body, signature } = classes
    await sr25519Ready()
    const isSigned =
      body.verifier === verifier && verifyText(verifier, publishedClassesText(body), signature)
    if (!isSigned) {
      throw new FractalError('bad_signature', `what ${api} answers is not signed by its verifier`)
    }
    return body
  })
}

async function ask(api: string): Promise<z.output<typeof answerSchema>> {
  try {
    const url = new URL('/v1/network', api)
    const signal = AbortSignal.timeout(DEADLINE_MS)
    const response = await fetch(url, { signal, redirect: 'error' })
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`)
    const text = await response.text()
    if (text.length > MAX_BYTES) throw new Error('the answer is too long')
    return answerSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new FractalError('api_unreachable', `no API of Fractal at ${api}: ${reason(cause)}`, {
      hint: 'Give --api the address of a verifier’s API: https://HOST[:PORT].',
      cause,
    })
  }
}

function reason(cause: unknown): string {
  if (cause instanceof z.ZodError) return 'it answers something else'
  // fetch says "fetch failed", and why in its cause.
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause
  return messageOf(inner)
}
