import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../dev/process/ports.js'
import { spawnRole } from '../../dev/process/role.js'
import { pythonWith } from './python-venv.js'

export const LITELLM = 'litellm[proxy]==1.89.*'
const KEY = 'sk-bench'

/** LiteLLM's proxy, as a peer: it forwards POST /v1/videos and stores nothing. */
export interface LiteLlm {
  readonly url: string
  readonly key: string
  stop(): Promise<unknown>
}

/**
 * @param upstream what answers at once; LiteLLM asks it for `/v1/videos` as it would OpenAI
 * @param folder for its configuration and log
 * @returns why there is none where Python is missing
 */
export async function startLiteLlm(
  upstream: string,
  folder: string,
): Promise<LiteLlm | { missing: string }> {
  const python = await pythonWith(LITELLM)
  if ('missing' in python) return python
  await mkdir(folder, { recursive: true })
  const [config, port] = [join(folder, 'litellm.yaml'), await freePort()]
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      model_list: [
        {
          model_name: 'bench',
          litellm_params: { model: 'openai/sora-2', api_base: `${upstream}/v1`, api_key: 'none' },
        },
      ],
      general_settings: { master_key: KEY },
      litellm_settings: { telemetry: false },
    }),
  )
  const url = `http://127.0.0.1:${port}`
  const role = await spawnRole({
    name: 'LiteLLM',
    command: join(python.bin, 'litellm'),
    args: [
      '--config',
      config,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--telemetry',
      'False',
    ],
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      // Its list of prices would come from the internet.
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    },
    logFile: join(folder, 'litellm.log'),
    readyTimeoutMs: 120_000,
    readyWhen: async (signal) => {
      for (;;) {
        const ok = await fetch(`${url}/health/liveliness`, { signal }).then(
          (answer) => answer.ok,
          () => false,
        )
        if (ok) return
        await sleep(200, undefined, { signal })
      }
    },
  })
  return { url, key: KEY, stop: () => role.stop(1000) }
}
