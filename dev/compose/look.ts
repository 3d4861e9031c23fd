import { z } from 'zod'
import { shapeFailed } from '../production/through-interval.js'
import { IMAGES, type Stack } from './stack.js'

const SECRETS = [
  ...['database_superuser', 'database_owner', 'database_worker', 'database_gpu', 'database_api'],
  ...['database_temporal', 'temporal_payload_key', 'inference'],
]
const inspected = z.array(
  z.object({
    Id: z.string(),
    Name: z.string(),
    Config: z.object({ Image: z.string() }),
    State: z.object({ Running: z.boolean() }),
  }),
)

/** What is promised of the containers, looked at from outside. @throws FractalError `shape_failed` */
export async function lookAt(stack: Stack): Promise<string[]> {
  const containers = await stack.containers()
  const text = await stack.engine.ask(['inspect', ...containers.map(({ ID }) => ID)])
  const logs = await stack.ask('logs', '--no-color')
  for (const name of SECRETS) {
    const secret = await stack.secret(name)
    if (text.includes(secret)) throw shapeFailed(`${name} shows in \`inspect\``)
    if (logs.includes(secret)) throw shapeFailed(`${name} shows in a log`)
  }
  const denied = logs.split('\n').find((line) => /permission denied for/.test(line))
  if (denied !== undefined) throw shapeFailed(`a role lacks a right: ${denied}`)
  const ours = inspected
    .parse(JSON.parse(text))
    .filter(({ Config, State }) => Config.Image.startsWith(IMAGES.ours) && State.Running)
  for (const { Id, Name } of ours) {
    const probe = 'id -u; touch /app/x 2>/dev/null && echo writable; grep CapEff /proc/self/status'
    const seen = await stack.engine.ask(['exec', Id, '/bin/sh', '-c', probe])
    const isTight = /^1000\nCapEff:\s*0+$/.test(seen)
    if (!isTight) throw shapeFailed(`${Name} may do more than it should: ${seen}`)
  }
  return [
    `none of ${SECRETS.length} secrets shows in \`inspect\` or in a log of ${containers.length} containers`,
    `${ours.length} containers of ours run as uid 1000, without capabilities, on a root that is read only`,
  ]
}
