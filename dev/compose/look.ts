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

/** What a container's first process is and may do, and on what root: its own words. */
const PROBE =
  'grep -E "^(Uid|CapEff|CapBnd|NoNewPrivs):" /proc/1/status; grep "^[^ ]* / " /proc/self/mounts'

/**
 * No secret shows in a log, and no role of PostgreSQL's lacked a right. The logs go with their containers: whoever
 * removes those looks first. @throws FractalError `shape_failed`
 */
export async function lookAtLogs(stack: Stack): Promise<void> {
  const logs = await stack.ask('logs', '--no-color')
  for (const name of SECRETS) {
    if (logs.includes(await stack.secret(name))) throw shapeFailed(`${name} shows in a log`)
  }
  const denied = logs.split('\n').find((line) => /permission denied for/.test(line))
  if (denied !== undefined) throw shapeFailed(`a role lacks a right: ${denied}`)
}

/** What is promised of the containers, looked at from outside. @throws FractalError `shape_failed` */
export async function lookAt(stack: Stack): Promise<string[]> {
  await lookAtLogs(stack)
  const containers = await stack.containers()
  const text = await stack.engine.ask(['inspect', ...containers.map(({ ID }) => ID)])
  for (const name of SECRETS) {
    if (text.includes(await stack.secret(name))) throw shapeFailed(`${name} shows in \`inspect\``)
  }
  const running = inspected.parse(JSON.parse(text)).filter(({ State }) => State.Running)
  const ours = running.filter(({ Config }) => Config.Image.startsWith(IMAGES.ours))
  for (const { Id, Name } of ours) {
    const excess = excessOf(await stack.engine.ask(['exec', Id, '/bin/sh', '-c', PROBE]))
    if (excess.length > 0) throw shapeFailed(`${Name}: ${excess.join('; ')}`)
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

/**
 * What a container of ours has beyond what it should. That a file can't be made says nothing of the root, which belongs to
 * another user; nor do capabilities that are in effect, which only root has, of those that it could get.
 * @param seen of `PROBE`
 */
export function excessOf(seen: string): string[] {
  const line = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(seen)?.[1] ?? 'unknown'
  const root = /^\S+ \/ \S+ (\S+)/m.exec(seen)?.[1]?.split(',') ?? []
  const excess: string[] = []
  if (line('Uid') !== '1000') excess.push(`uid ${line('Uid')}`)
  for (const name of ['CapEff', 'CapBnd']) {
    if (!/^0+$/.test(line(name))) excess.push(`capabilities ${line(name)} (${name})`)
  }
  if (line('NoNewPrivs') !== '1') excess.push('it may get more rights')
  if (!root.includes('ro')) excess.push('its root is writable')
  return excess
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
