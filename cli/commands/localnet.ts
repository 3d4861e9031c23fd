import { roleCommand } from '../role.js'

export const localnetCommand = roleCommand(
  'localnet',
  'run a local chain for development',
  async () => {
    const { LOCALNET_OPTIONS, runLocalnet } = await import('../../dev/localnet/run.js')
    return { options: LOCALNET_OPTIONS, run: runLocalnet }
  },
)
