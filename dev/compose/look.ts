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
    HostConfig: z.object({ ReadonlyRootfs: z.boolean() }),
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
  const running = inspected.parse(JSON.parse(text)).filter(({ State }) => State.Running)
  const ours = running.filter(({ Config }) => Config.Image.startsWith(IMAGES.ours))
  for (const { Id, Name } of ours) {
    const probe = 'id -u; touch /app/x 2>/dev/null && echo writable; grep CapEff /proc/self/status'
    const seen = await stack.engine.ask(['exec', Id, '/bin/sh', '-c', probe])
    const isTight = /^1000\nCapEff:\s*0+$/.test(seen)
    if (!isTight) throw shapeFailed(`${Name} may do more than it should: ${seen}`)
  }
  return [
    `none of ${SECRETS.length} secrets shows in \`inspect\` or in a log of ${containers.length} containers`,
    `${ours.length} containers of ours run as uid 1000, without capabilities, on a root that is read only`,
    ...(await others(
      stack,
      running.filter((each) => !ours.includes(each)),
    )),
  ]
}

/** As whom the containers of others' images run, and on what root: a line each. */
async function others(stack: Stack, running: z.infer<typeof inspected>): Promise<string[]> {
  const lines: string[] = []
  for (const { Id, Name, HostConfig } of running) {
    const probe = ['exec', Id, '/bin/sh', '-c', 'grep -E "^(Uid|CapEff)" /proc/1/status']
    const seen = await stack.engine.ask(probe)
    const [, uid] = /^Uid:\s+\d+\s+(\d+)/m.exec(seen) ?? []
    const [, rights] = /^CapEff:\s+([0-9a-f]+)/m.exec(seen) ?? []
    const root = HostConfig.ReadonlyRootfs ? 'read only' : 'writable'
    lines.push(`${Name.replace(/^\//, '')}: uid ${uid}, capabilities ${rights}, root ${root}`)
  }
  return lines.sort()
}
