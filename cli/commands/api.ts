import { roleCommand } from '../role.js'

export const apiCommand = roleCommand(
  'api',
  'run the API: serve videos and the network’s state over HTTP',
  async () => {
    const { API_OPTIONS, runApi } = await import('../../workers/roles/api.js')
    return { options: API_OPTIONS, run: runApi }
  },
)
