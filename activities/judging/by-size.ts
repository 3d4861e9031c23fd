import type { GenerationParams } from '../../formats/generation.js'
import { storedParams } from '../shared/stored-request.js'

interface StoredRequest {
  readonly requestId: string
  readonly body: Uint8Array
}

/**
 * The same requests with equal sizes one after the other, and otherwise in their order: a change of size costs a GPU
 * seconds. Those that are unreadable come last.
 */
export function bySize<T extends StoredRequest>(rows: readonly T[]): T[] {
  const sizes = new Map<string, T[]>()
  const unreadable: T[] = []
  for (const row of rows) {
    const size = sizeOf(row)
    if (size === null) unreadable.push(row)
    else sizes.set(size, [...(sizes.get(size) ?? []), row])
  }
  return [...[...sizes.values()].flat(), ...unreadable]
}

function sizeOf(row: StoredRequest): string | null {
  let params: GenerationParams
  try {
    params = storedParams(row)
  } catch {
    return null
  }
  return `${params.frames} ${params.width} ${params.height}`
}
