import { createRequire } from 'node:module'
import { FractalError } from '../../base/errors.js'
import { roleCommand } from '../role.js'

/** Only a clone has it: a production installation leaves development packages out. */
const CHAIN_PACKAGE = '@acala-network/chopsticks-core'

export const devnetCommand = roleCommand(
  'devnet',
  "run Subtensor's own runtime on this machine, with a subnet, a verifier and provers on it",
  async () => {
    assertInstalled()
    const { DEVNET_OPTIONS, runDevnet } = await import('../../dev/subtensor/devnet/devnet.js')
    return { options: DEVNET_OPTIONS, run: runDevnet }
  },
)

function assertInstalled(): void {
  try {
    createRequire(import.meta.url).resolve(CHAIN_PACKAGE)
  } catch (cause) {
    throw new FractalError(
      'devnet_missing',
      'the devnet is for development and not installed here',
      {
        hint: 'Run it from a clone: node dev/setup.mjs installs what it needs.',
        cause,
      },
    )
  }
}
