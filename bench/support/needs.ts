import { existsSync } from 'node:fs'
import { findSpec } from '../../dev/subtensor/spec.js'
import type { Need } from './benches.js'

/** Why this machine can't run a bench; null where it can. */
export async function missing(needs: readonly Need[]): Promise<string | null> {
  for (const need of needs) {
    const reason = await lacks[need]()
    if (reason !== null) return reason
  }
  return null
}

const lacks: Record<Need, () => string | null | Promise<string | null>> = {
  linux: () => (process.platform === 'linux' ? null : 'it reads /proc, which only Linux has'),
  subtensor: async () => {
    const found = await findSpec()
    return 'missing' in found ? found.missing : null
  },
  nvidia: () => (existsSync('/dev/nvidia0') ? null : 'there is no NVIDIA GPU'),
}
