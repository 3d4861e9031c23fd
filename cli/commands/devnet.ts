import { assertDevelopment } from '../assert-development.js'
import { roleCommand } from '../role.js'

export const devnetCommand = roleCommand(
  'devnet',
  "run Subtensor's own runtime on this machine, with a subnet, a verifier and provers on it",
  async () => {
    assertDevelopment('the devnet')
    const { DEVNET_OPTIONS, runDevnet } = await import('../../dev/subtensor/devnet/devnet.js')
    return { options: DEVNET_OPTIONS, run: runDevnet }
  },
)
