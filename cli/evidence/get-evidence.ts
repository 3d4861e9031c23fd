import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { FractalError, messageOf } from '../../base/errors.js'
import { WALLET_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import type { CanonicalValue } from '../../formats/canonical-json.js'
import { evidenceHash } from '../../formats/evidence.js'
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
 * Fetches evidence: what everybody may read without a key, else with the signature of the accused hotkey.
 * @throws FractalError `api_unreachable`, `evidence_refused`, and the wallet's
 */
export async function getEvidence({ sha256, api, out, given }: GetEvidence): Promise<void> {
  const url = new URL(`/v1/network/evidence/${sha256}`, api)
  const isPublic = await request(url, {})
  const { status, text } =
    isPublic.status === UNSIGNED ? await request(url, await signature(url, given)) : isPublic
  if (status !== 200) throw refused(url, status, text)
  if (hashOf(text) !== sha256) throw noApi(url)
  await writeFile(out, text)
  printLine(`${out}: ${Buffer.byteLength(text)} bytes`)
  printLine(`fractal evidence verify ${out} --recompute checks it.`)
}

/** Null for what is no JSON object, or cannot be hashed. */
function hashOf(text: string): string | null {
  try {
    return evidenceHash(z.record(z.string(), z.custom<CanonicalValue>()).parse(JSON.parse(text)))
  } catch {
    return null
  }
}

/** What the API answers where only the accused may read. */
const UNSIGNED = 401

/** The headers of a request by this wallet's hotkey. */
async function signature(url: URL, given: GetEvidence['given']): Promise<Record<string, string>> {
  const options = resolveOptions(WALLET_OPTIONS, given, process.env)
  const signer = await loadHotkey({
    path: options['wallet.path'],
    name: options['wallet.name'],
    hotkey: options['wallet.hotkey'],
  })
  const receiver = await verifierOf(url)
  const target = url.pathname
  return signRequest({
    ...{ method: 'GET', target, body: new Uint8Array(), receiver, signer },
    nonce: freshNonce(),
  })
}

const networkSchema = z.looseObject({ verifier: z.string() })

async function verifierOf(api: URL): Promise<string> {
  const url = new URL('/v1/network', api)
  const { status, text } = await request(url, {})
  if (status !== 200) throw refused(url, status, text)
  try {
    return networkSchema.parse(JSON.parse(text)).verifier
  } catch (cause) {
    throw noApi(api, cause)
  }
}

/** It answers something else than was asked for. */
function noApi(url: URL, cause?: unknown): FractalError {
  return new FractalError('evidence_refused', `${url.origin} is no API of Fractal`, {
    hint: 'Give --api the address of a verifier’s API: https://HOST[:PORT].',
    cause,
  })
}

async function request(
  url: URL,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS)
    const response = await fetch(url, { headers, signal, redirect: 'error' })
    const tooLong = () => new Error('the answer is too long')
    const bytes = await boundedBytes(response.body, EVIDENCE_MAX_BYTES, tooLong)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { status: response.status, text }
  } catch (cause) {
    const why = messageOf(cause instanceof Error && cause.cause ? cause.cause : cause)
    throw new FractalError('api_unreachable', `no API of Fractal at ${url.origin}: ${why}`, {
      hint: 'Give --api the address of a verifier’s API: https://HOST[:PORT].',
      cause,
    })
  }
}

function refused(url: URL, status: number, text: string): FractalError {
  return new FractalError('evidence_refused', `${url.origin} answers ${status}: ${detailOf(text)}`)
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    return typeof detail === 'string' ? detail : 'no problem details'
  } catch {
    return 'no problem details'
  }
}
