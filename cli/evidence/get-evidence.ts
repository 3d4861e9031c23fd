import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { FractalError, messageOf } from '../../base/errors.js'
import { WALLET_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import { freshNonce, signRequest } from '../../wire/btauth.js'
import { EVIDENCE_MAX_BYTES } from '../../wire/evidence/evidence-schema.js'
import { boundedBytes } from '../bounded-bytes.js'
import { printLine } from '../output.js'

const DEADLINE_MS = 120_000

export interface GetEvidence {
  readonly sha256: string
  readonly api: string
  readonly out: string
  /** The command line's, for the wallet. */
  readonly given: Readonly<Record<string, unknown>>
}

/**
 * Fetches evidence against one's own hotkey, which signs the request.
 * @throws FractalError `api_unreachable`, `evidence_refused`, and the wallet's
 */
export async function getEvidence({ sha256, api, out, given }: GetEvidence): Promise<void> {
  const options = resolveOptions(WALLET_OPTIONS, given, process.env)
  const signer = await loadHotkey({
    path: options['wallet.path'],
    name: options['wallet.name'],
    hotkey: options['wallet.hotkey'],
  })
  const verifier = await verifierOf(api)
  const target = `/v1/network/evidence/${sha256}`
  const headers = signRequest({
    ...{ method: 'GET', target, body: new Uint8Array(), receiver: verifier, signer },
    nonce: freshNonce(),
  })
  const text = await ask(new URL(target, api), headers)
  await writeFile(out, text)
  printLine(`${out}: ${Buffer.byteLength(text)} bytes`)
  printLine(`fractal evidence verify ${out} --recompute checks it.`)
}

const networkSchema = z.looseObject({ verifier: z.string() })

async function verifierOf(api: string): Promise<string> {
  const text = await ask(new URL('/v1/network', api), {})
  try {
    return networkSchema.parse(JSON.parse(text)).verifier
  } catch (cause) {
    throw new FractalError('evidence_refused', `${new URL(api).origin} is no API of Fractal`, {
      hint: 'Give --api the address of a verifier’s API: https://HOST[:PORT].',
      cause,
    })
  }
}

async function ask(url: URL, headers: Record<string, string>): Promise<string> {
  let status: number
  let text: string
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS)
    const response = await fetch(url, { headers, signal, redirect: 'error' })
    status = response.status
    const tooLong = () => new Error('the answer is too long')
    const bytes = await boundedBytes(response.body, EVIDENCE_MAX_BYTES, tooLong)
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const why = messageOf(cause instanceof Error && cause.cause ? cause.cause : cause)
    throw new FractalError('api_unreachable', `no API of Fractal at ${url.origin}: ${why}`, {
      hint: 'Give --api the address of a verifier’s API: https://HOST[:PORT].',
      cause,
    })
  }
  if (status === 200) return text
  throw new FractalError('evidence_refused', `${url.origin} answers ${status}: ${detailOf(text)}`)
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    return typeof detail === 'string' ? detail : 'no problem details'
  } catch {
    return 'no problem details'
  }
}
