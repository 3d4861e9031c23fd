import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import { createLog } from '../../base/log.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import { openDatabase } from '../../ledger/database.js'
import { freePort } from '../process/ports.js'
import { printLine } from '../process/print-line.js'
import { type IntervalSite, shapeFailed, throughInterval } from '../production/through-interval.js'
import { until } from '../production/until.js'
import { Users } from '../production/users.js'
import { requireSpec } from '../subtensor/spec.js'
import { nodeImage, provideBases } from './bases.js'
import { Engine } from './engine.js'
import { lookAt, lookAtLogs } from './look.js'
import { lookAtTemporal } from './look-at-temporal.js'
import { CLONE, type Container, IMAGES, PROJECT, Stack } from './stack.js'

export interface ComposeRunOptions {
  readonly folder: string
  /** Stand-ins for images of a registry. */
  readonly localBases: boolean
  /** Ends when the images are built. */
  readonly onlyBuild: boolean
  /** Builds the image for GPUs as well. */
  readonly cuda: boolean
  /** Leaves the images, for the next run. */
  readonly keepImages: boolean
  readonly interrupted: AbortSignal
}

const CUDA_IMAGE = `${PROJECT}/fractal-cuda`
/** What the image for GPUs brings itself. */
const LIBRARY = /\.so\.|^onnxruntime-gpu /
const doctorSchema = z.object({
  requirements: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      found: z.string(),
      needed: z.string(),
      todo: z.string().nullable(),
    }),
  ),
})
const PATIENCE_MS = 600_000
const POLL_MS = 1000
const USER_EVERY_MS = 6000
/** Each twice; one of the two is killed. */
const PAIRS = ['api', 'inference-worker', 'gpu-worker'] as const
/** What is killed in one interval each: first one of every pair. */
const CRASHES = [PAIRS, ['verifier', 'prover-1'], ['temporal'], ['postgres']] as const

/**
 * Builds the images, runs docker-compose.yml whole against a devnet, kills parts of it while intervals run and users
 * ask, and removes all of it. @throws FractalError naming what did not hold
 */
export class ComposeRun {
  readonly #options: ComposeRunOptions
  readonly #startedAt = performance.now()
  readonly #held: (() => Promise<unknown>)[] = []
  #engine!: Engine
  #stack!: Stack
  #site!: IntervalSite
  #users!: Users

  constructor(options: ComposeRunOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    const { folder } = this.#options
    this.#engine = await Engine.find()
    this.#say(this.#engine.version)
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    try {
      await this.#build()
      if (this.#options.onlyBuild) return
      await this.#start()
      await this.#ask()
      await this.#interval('nothing is killed', async () => {})
      for (const services of CRASHES) {
        const crash = async () => {
          for (const service of services) await this.#crash(service)
        }
        const what = `one ${services.join(', one ')} is killed -9`
        await this.#interval(what, crash, services[0] === 'verifier')
        await this.#allHealthy()
      }
      await this.#renew()
      await this.#users.stop()
      await this.#lookBack()
    } catch (error) {
      await this.#keepLogs()
      throw error
    } finally {
      for (const release of this.#held.reverse()) {
        await release().catch((error) => this.#say(`not removed: ${messageOf(error)}`))
      }
    }
    const images = this.#options.keepImages ? 'its images are kept' : 'so are its images'
    this.#say(`containers, network and volumes of the run are removed; ${images}`)
    await rm(folder, { recursive: true, force: true })
  }

  async #build(): Promise<void> {
    const { folder, localBases, keepImages, interrupted } = this.#options
    this.#stack = new Stack(this.#engine, {
      ...{ folder, spec: await requireSpec(), signal: interrupted },
      ports: {
        API: await freePort(),
        CHAIN: await freePort(),
        POSTGRES: await freePort(),
        TEMPORAL: await freePort(),
        TEMPORAL_UI: await freePort(),
        CODEC: await freePort(),
      },
    })
    await this.#stack.makeFolders()
    // What a run that was killed may have left.
    await this.#stack.remove()
    const images: string[] = Object.values(IMAGES)
    if (!keepImages) {
      this.#held.push(() => this.#engine.ask(['image', 'rm', '--force', ...images]))
    }
    const made = await provideBases(this.#engine, await this.#bases(), {
      ...{ local: localBases, folder, logFile: path.join(folder, 'bases.log') },
      say: (line) => this.#say(line),
    })
    images.push(...made)
    // One service of each image: the others use the same.
    await this.#stack.loud('build', 'migrate', 'chain')
    for (const [what, image] of Object.entries(IMAGES)) {
      await this.#sayBuilt(what, image)
    }
    const help = await this.#engine.ask(['run', '--rm', '--network', 'none', IMAGES.ours])
    if (!help.includes('fractal <command>')) throw shapeFailed('the image does not show its help')
    this.#say('`fractal --help` in it')
    if (this.#options.cuda) await this.#buildCuda()
  }

  /** All that it brings has to be found in it, of the pinned version; a GPU is not needed for that. */
  async #buildCuda(): Promise<void> {
    const { interrupted, keepImages } = this.#options
    const options = { logFile: this.#stack.logFile, signal: interrupted }
    if (!keepImages) this.#held.push(() => this.#engine.ask(['image', 'rm', '--force', CUDA_IMAGE]))
    await this.#engine.loud(
      ['build', '--target', 'fractal-cuda', '--tag', CUDA_IMAGE, CLONE],
      options,
    )
    await this.#sayBuilt('for GPUs', CUDA_IMAGE)
    const doctor = ['doctor', '--role', 'prover', '--device', 'cuda', '--json']
    const text = await this.#engine.askAnyway([
      'run',
      '--rm',
      '--network',
      'none',
      CUDA_IMAGE,
      ...doctor,
    ])
    const { requirements } = doctorSchema.parse(JSON.parse(text))
    const libraries = requirements.filter(({ needed }) => LIBRARY.test(needed))
    for (const { name, state, found } of libraries) this.#say(`in it: ${name}: ${state}, ${found}`)
    // Pinned, so nothing is left to do.
    if (
      libraries.length < 2 ||
      libraries.some(({ state, todo }) => state !== 'ok' || todo !== null)
    ) {
      throw shapeFailed(`${CUDA_IMAGE} lacks a library, or has another version of it`)
    }
  }

  async #sayBuilt(what: string, image: string): Promise<void> {
    const bytes = await this.#engine.ask(['image', 'inspect', '--format', '{{.Size}}', image])
    this.#say(`built ${image} (${what}): ${Math.round(Number(bytes) / 1e6)} MB`)
  }

  async #bases(): Promise<string[]> {
    const ours: string[] = Object.values(IMAGES)
    const named = (await this.#stack.ask('config', '--images')).split('\n')
    const bases = named.filter((name) => !ours.includes(name.replace(/:latest$/, '')))
    return [...new Set([await nodeImage(), ...bases])].sort()
  }

  async #start(): Promise<void> {
    this.#held.push(() => this.#stack.remove())
    await this.#stack.loud('up', '--detach', '--no-build', 'chain')
    await this.#allHealthy()
    const env = await this.#stack.ask('exec', '-T', 'chain', 'cat', '/tmp/state/devnet/env')
    this.#stack.netuid = Number(/FRACTAL_NETUID='?(\d+)/.exec(env)?.[1])
    this.#say(`the devnet, in a container: subnet ${this.#stack.netuid}`)
    await this.#up()
    this.#say('every container is healthy, two each of api, inference-worker and gpu-worker')
  }

  async #up(): Promise<void> {
    const twice = PAIRS.flatMap((service) => ['--scale', `${service}=2`])
    await this.#stack.loud('up', '--detach', '--no-build', ...twice)
    await this.#allHealthy()
  }

  /** Users ask, through the proxy; the ledger is watched. */
  async #ask(): Promise<void> {
    const { ports } = this.#stack.options
    const password = await this.#stack.secret('database_worker')
    const db = openDatabase({
      url: `postgres://fractal_worker:${password}@127.0.0.1:${ports.POSTGRES}/fractal`,
      applicationName: 'compose-shape',
      max: 2,
      log: createLog('compose-shape', 'error'),
    })
    this.#held.push(() => db.close())
    const wallet = { path: this.#stack.wallets, name: 'verifier', hotkey: 'default' }
    const { ss58 } = await loadHotkey(wallet)
    this.#site = {
      db,
      id: { netuid: this.#stack.netuid, verifier: ss58 },
      chain: { network: 'devnet', endpoint: `ws://127.0.0.1:${ports.CHAIN}` },
      until: (what, look) => this.#until(what, look),
    }
    const limits = ['--rate', '0', '--concurrent', '0', '--json']
    const text = await this.#stack.ask(
      ...['run', '--rm', '--no-deps', '-T', 'migrate', 'key', 'create', 'users', ...limits],
    )
    const { key } = z.object({ key: z.string() }).parse(JSON.parse(text))
    this.#users = new Users([this.#stack.at('API')], key, USER_EVERY_MS)
    this.#held.push(() => this.#users.stop())
    this.#say(`users ask through the proxy, a video every ${USER_EVERY_MS / 1000} s`)
  }

  /** The first container of a service loses all its processes at once, and is started again. */
  async #crash(service: (typeof CRASHES)[number][number]): Promise<void> {
    const [{ ID: id }] = (await this.#stack.containers(service)) as [Container]
    if (service === 'postgres' || service === 'temporal') {
      // Nothing in the container may kill its first process; and what is killed from outside is not started by itself.
      await this.#engine.ask(['kill', id])
      await this.#engine.ask(['start', id])
      return
    }
    const restarts = () => this.#engine.ask(['inspect', '--format', '{{.RestartCount}}', id])
    const before = await restarts()
    // Those of the container's own user; its first process, which only starts and reaps, ends with them.
    await this.#engine.ask(['exec', id, '/bin/sh', '-c', 'kill -9 -1']).catch(() => undefined)
    await this.#until(`${service} to be started again`, async () => (await restarts()) !== before)
  }

  /** All containers but the chain's are removed and made again: what counts is in volumes. */
  async #renew(): Promise<void> {
    const services = (await this.#stack.ask('config', '--services')).split('\n')
    const others = services.filter((name) => name !== 'chain')
    const renew = async () => {
      await lookAtLogs(this.#stack)
      this.#allWereServed()
      await this.#stack.loud('rm', '--stop', '--force', '--volumes', ...others)
      await this.#up()
      // There was no API for as long as that took, which on a busy machine is longer than users ask.
      this.#users.refused.length = 0
    }
    await this.#interval('every container but the chain’s is removed and made again', renew, true)
  }

  async #interval(what: string, happen: () => Promise<void>, proversFail = false): Promise<void> {
    const { n, passed, verdicts } = await throughInterval(this.#site, happen, { proversFail })
    this.#say(`interval ${n}: ${what}; settled, ${passed} of ${verdicts} verdicts pass`)
  }

  async #lookBack(): Promise<void> {
    const { accepted } = this.#users
    this.#allWereServed()
    await this.#until('every accepted video to be completed', async () => {
      for (const jobId of accepted) {
        if (!(await this.#users.isCompleted(jobId))) return null
      }
      return true
    })
    this.#say(`${accepted.size} videos were accepted and are completed`)
    this.#say(await lookAtTemporal(this.#stack.at('TEMPORAL_UI'), this.#stack.at('CODEC')))
    for (const line of await lookAt(this.#stack)) this.#say(line)
  }

  #allWereServed(): void {
    const { refused } = this.#users
    if (refused.length > 0) throw shapeFailed(`${refused.length} users found no API: ${refused[0]}`)
  }

  #allHealthy(): Promise<true> {
    return this.#until('every container to be healthy', async () => {
      const containers = await this.#stack.containers()
      return containers.length > 0 && containers.every(isFine)
    })
  }

  async #keepLogs(): Promise<void> {
    if (this.#stack === undefined) return
    const { folder } = this.#options
    for (const [name, args] of Object.entries({
      ps: ['ps', '--all'],
      containers: ['logs', '--no-color'],
    })) {
      const text = await this.#stack.ask(...args).catch(String)
      await writeFile(path.join(folder, `${name}.log`), text)
    }
  }

  #until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
    const { interrupted } = this.#options
    return until(what, look, { patienceMs: PATIENCE_MS, pollMs: POLL_MS, interrupted })
  }

  #say(text: string): void {
    printLine(`${((performance.now() - this.#startedAt) / 1000).toFixed(0).padStart(5)} s  ${text}`)
  }
}

/** It runs, and its check says so if it has one; or it was to end, and did. */
function isFine({ State, Health, ExitCode }: Container): boolean {
  return State === 'running' ? Health === 'healthy' : State === 'exited' && ExitCode === 0
}
