import type { Runtime } from './runtime.js'

/** Bittensor's own, where a runtime does not say. */
const USUAL_SECONDS = 12

/** As the runtime's constants plan its blocks. */
export function secondsOfBlock(runtime: Runtime): number {
  const slot = milliseconds(runtime, 'aura', 'slotDuration')
  const expected = milliseconds(runtime, 'babe', 'expectedBlockTime')
  return (slot ?? expected ?? USUAL_SECONDS * 1000) / 1000
}

function milliseconds(runtime: Runtime, pallet: string, name: string): number | null {
  const value = Number(runtime.constant(pallet, name)?.toString() ?? 0)
  return value > 0 ? value : null
}
