import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { FractalError, messageOf } from '../../base/errors.js'
import { lastLines } from '../process/child.js'

const run = promisify(execFile)
const PROGRAMS = ['docker', 'podman'] as const
const MAX_OUTPUT = 2 ** 26

interface LoudOptions {
  /** Where both output streams go. */
  readonly logFile: string
  readonly env?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** Docker, or podman with its `compose`. */
export class Engine {
  private constructor(
    readonly program: (typeof PROGRAMS)[number],
    /** "docker 28.2.2, compose 2.26.1" */
    readonly version: string,
  ) {}

  /** @throws FractalError `engine_missing`, naming what each of the two said */
  static async find(): Promise<Engine> {
    const tried: string[] = []
    for (const program of PROGRAMS) {
      try {
        const info = [
          'info',
          '--format',
          program === 'docker' ? '{{.ServerVersion}}' : '{{.Version.Version}}',
        ]
        const { stdout: own } = await run(program, info)
        const { stdout: compose } = await run(program, ['compose', 'version', '--short'])
        return new Engine(program, `${program} ${own.trim()}, compose ${compose.trim()}`)
      } catch (error) {
        tried.push(`${program}: ${messageOf(error).trim().split('\n').at(-1)}`)
      }
    }
    throw new FractalError(
      'engine_missing',
      `There is no container engine (${tried.join('; ')}).`,
      {
        hint: 'Install Docker with Compose 2.24 or newer, or podman with a `podman compose`.',
      },
    )
  }

  /** Its output. @param input what the program reads */
  async ask(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
    const { stdout } = await run(this.program, [...args], {
      maxBuffer: MAX_OUTPUT,
      ...(env && { env }),
    })
    return stdout.trim()
  }

  /** The output of a program that says more than its exit code, whatever that is. */
  async askAnyway(args: readonly string[]): Promise<string> {
    return this.ask(args).catch((error) => {
      if (typeof error.code === 'number' && error.stdout) return String(error.stdout)
      throw error
    })
  }

  /** For what takes minutes: its words go to a file. @throws FractalError `engine_failed` with the last of them */
  async loud(args: readonly string[], { logFile, env, signal }: LoudOptions): Promise<void> {
    const output = openSync(logFile, 'a')
    try {
      const child = spawn(this.program, args, {
        stdio: ['ignore', output, output],
        ...(env && { env }),
        ...(signal && { signal }),
      })
      const [code] = await once(child, 'close')
      if (code === 0) return
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      closeSync(output)
    }
    const what = `${this.program} ${args.slice(0, 6).join(' ')} …`
    throw new FractalError('engine_failed', `${what} failed:\n${lastLines(logFile)}`, {
      hint: `Its words: ${logFile}`,
    })
  }

  async hasImage(name: string): Promise<boolean> {
    return this.ask(['image', 'inspect', '--format', '{{.Id}}', name]).then(
      () => true,
      () => false,
    )
  }
}
