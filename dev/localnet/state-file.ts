import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import type { Hex } from '../../formats/bytes.js'
import { History, type Retention, type Version } from './history.js'
import { applyDelta, diffStates, EMPTY_STATE, stateDelta } from './state.js'

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const block = z.strictObject({ number: z.int().min(0), hash: digest })
const file = z.strictObject({
  format: z.literal('fractal-localnet/1'),
  genesisHash: digest,
  first: block,
  head: block,
  /** Hashes follow from these: empty blocks take no room. */
  bodies: z.array(z.tuple([z.int(), z.array(z.tuple([digest, z.string().nullable()]))])),
  /** Each the difference to the one before, the first to an empty state. */
  versions: z.array(z.strictObject({ since: z.int(), delta: stateDelta })).min(1),
})

/**
 * Written beside and renamed, so that a process killed at any moment leaves the old file or the new
 * one, never half of one. Not flushed to the disk: a power cut may cost the file.
 */
export function saveHistory(path: string, genesisHash: Hex, history: History): void {
  let before = EMPTY_STATE
  const versions = history.versions.map(({ since, state }) => {
    const delta = diffStates(before, state)
    before = state
    return { since, delta }
  })
  const content: z.infer<typeof file> = {
    format: 'fractal-localnet/1',
    genesisHash,
    first: history.first,
    head: history.head,
    bodies: [...history.bodies],
    versions,
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.tmp`, JSON.stringify(content))
  renameSync(`${path}.tmp`, path)
}

/** @throws FractalError `state_unreadable`; null when there is no file. */
export function loadHistory(
  path: string,
  retention: Retention,
): { genesisHash: Hex; history: History } | null {
  try {
    const { genesisHash, first, head, bodies, versions } = file.parse(
      JSON.parse(readFileSync(path, 'utf8')),
    )
    let state = EMPTY_STATE
    const states = versions.map(({ since, delta }): Version => {
      state = applyDelta(state, delta)
      return { since, state }
    })
    const bodyOf = new Map(bodies)
    const history = new History(first, bodyOf.get(first.number) ?? [], states, retention)
    while (history.head.number < head.number) {
      history.appendBlock(bodyOf.get(history.head.number + 1) ?? [])
    }
    if (history.head.hash !== head.hash) throw new Error('its blocks do not hash to its head')
    return { genesisHash, history }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
    throw new FractalError('state_unreadable', `the local chain's file ${path} cannot be read`, {
      hint: 'Move it away (or use --fresh) to start a new chain; no other file depends on it.',
      cause,
    })
  }
}
