import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import type { Engine } from './engine.js'

export const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const FILES = ['docker-compose.yml', 'docker-compose.ports.yml', 'dev/compose/devnet.yml']
const SECRETS = path.join(CLONE, 'dev/compose-secrets.sh')
/** Whose containers, volumes and network are made and removed; nobody else's are looked at. */
export const PROJECT = 'fractal-shape'
/** As whom our containers run. */
const UID = 1000

export const IMAGES = { ours: `${PROJECT}/fractal`, devnet: `${PROJECT}/devnet` } as const

/** What the files put on a port of this machine, as their variables name it. */
const PUBLISHED = ['API', 'CHAIN', 'POSTGRES', 'TEMPORAL', 'TEMPORAL_UI', 'CODEC'] as const

const containerSchema = z.object({
  ID: z.string(),
  Name: z.string(),
  Service: z.string(),
  State: z.string(),
  Health: z.string(),
  ExitCode: z.number(),
})
export type Container = z.infer<typeof containerSchema>

export interface StackOptions {
  readonly folder: string
  readonly spec: string
  /** Of 127.0.0.1. */
  readonly ports: Readonly<Record<(typeof PUBLISHED)[number], number>>
  readonly signal: AbortSignal
}

/** docker-compose.yml with the devnet, as one project of the engine. */
export class Stack {
  readonly secrets: string
  readonly wallets: string
  readonly logFile: string
  netuid = 0

  constructor(
    readonly engine: Engine,
    readonly options: StackOptions,
  ) {
    this.secrets = path.join(options.folder, 'secrets')
    this.wallets = path.join(options.folder, 'wallets')
    this.logFile = path.join(options.folder, 'compose.log')
  }

  /** Folders that containers have to read, as uid 1000. @throws FractalError `not_uid_1000` */
  async makeFolders(): Promise<void> {
    const uid = process.getuid?.()
    if (uid !== 0 && uid !== UID) {
      throw new FractalError('not_uid_1000', `the containers read as uid ${UID}; you are ${uid}`, {
        hint: `Run it as root, or as the user with uid ${UID}.`,
      })
    }
    await mkdir(this.wallets, { recursive: true })
    await chmod(this.wallets, 0o700)
    if (uid === 0) await chown(this.wallets, UID, UID)
    await promisify(execFile)('sh', [SECRETS, this.secrets])
  }

  /** Where a published port is reached from this machine. */
  at(name: (typeof PUBLISHED)[number]): string {
    return `http://127.0.0.1:${this.options.ports[name]}`
  }

  async secret(name: string): Promise<string> {
    return (await readFile(path.join(this.secrets, name), 'utf8')).trim()
  }

  /** For what takes a while: its words go to the log. */
  loud(...args: string[]): Promise<void> {
    const { logFile } = this
    return this.engine.loud(this.#args(args), {
      logFile,
      env: this.#environment(),
      signal: this.options.signal,
    })
  }

  ask(...args: string[]): Promise<string> {
    return this.engine.ask(this.#args(args), this.#environment())
  }

  /** All containers of the project, also those that ended. */
  async containers(service?: string): Promise<Container[]> {
    const text = await this.ask('ps', '--all', '--format', 'json', ...(service ? [service] : []))
    const lines = text.split('\n').filter((line) => line !== '')
    // A line each, or (older ones) one list.
    return lines
      .flatMap((line): unknown => JSON.parse(line))
      .map((each) => containerSchema.parse(each))
      .sort((a, b) => a.Name.localeCompare(b.Name))
  }

  /** Containers, their network and volumes, and nothing else; also those of a run that was killed. */
  async remove(): Promise<void> {
    const down = ['down', '--volumes', '--remove-orphans', '--timeout', '20']
    await this.engine.loud(this.#args(down), { logFile: this.logFile, env: this.#environment() })
  }

  #args(args: readonly string[]): string[] {
    // Without the .env that may lie beside the file: that is a deployment's.
    const project = [
      '--project-name',
      PROJECT,
      '--project-directory',
      CLONE,
      '--env-file',
      '/dev/null',
    ]
    const files = FILES.flatMap((name) => ['--file', path.join(CLONE, name)])
    return ['compose', ...project, ...files, ...args]
  }

  /** Only what is meant: a person's own settings are not the run's. */
  #environment(): NodeJS.ProcessEnv {
    const { ports, spec } = this.options
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(FRACTAL|COMPOSE|API|AXON|TEMPORAL|GRAFANA)_/.test(name),
    )
    return {
      ...Object.fromEntries(own),
      FRACTAL_IMAGE: IMAGES.ours,
      FRACTAL_DEVNET_IMAGE: IMAGES.devnet,
      FRACTAL_SECRETS: this.secrets,
      FRACTAL_WALLETS: this.wallets,
      FRACTAL_WALLET_NAME: 'verifier',
      FRACTAL_NETUID: String(this.netuid),
      SUBTENSOR_SPEC: spec,
      FRACTAL_CODEC_URL: this.at('CODEC'),
      FRACTAL_CODEC_ORIGINS: this.at('TEMPORAL_UI'),
      ...Object.fromEntries(PUBLISHED.map((name) => [`${name}_PORT`, String(ports[name])])),
    }
  }
}
