import { roleCommand } from '../role.js'

export const modelServerCommand = roleCommand(
  'model-server',
  'run a model server: engines that provers on other machines generate with',
  async () => {
    const { MODEL_SERVER_OPTIONS, runModelServer } = await import(
      '../../workers/roles/model-server.js'
    )
    return { options: MODEL_SERVER_OPTIONS, run: runModelServer }
  },
)
