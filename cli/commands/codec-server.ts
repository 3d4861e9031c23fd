import { roleCommand } from '../role.js'

export const codecServerCommand = roleCommand(
  'codec-server',
  "run a codec server: Temporal's web UI and command line show what is encrypted",
  async () => {
    const { CODEC_SERVER_OPTIONS, runCodecServer } = await import(
      '../../workers/roles/codec-server.js'
    )
    return { options: CODEC_SERVER_OPTIONS, run: runCodecServer }
  },
)
