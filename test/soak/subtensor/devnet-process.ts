import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findSpec } from '../../../dev/subtensor/spec.js'
import { startCli } from '../../cli/run-cli.js'
import { BIN } from '../../support/bin.js'

/** `fractal devnet` as a process, once it has said what to type. */
export interface Devnet {
  readonly printed: string
  readonly envFile: string
  /** What the file for the shell sets. */
  readonly env: Readonly<Record<string, string>>
  /** As Ctrl-C does; the exit code. May be called twice. */
  stop(): Promise<number | null>
}

/** On any free port, in a folder of its own. */
export async function startDevnet(folder: string, args: readonly string[]): Promise<Devnet> {
  const spec = await findSpec()
  const { child, result } = startCli(['devnet', '--devnet.port', '0', ...args], {
    bin: BIN,
    cwd: folder,
    env: 'path' in spec ? { SUBTENSOR_SPEC: spec.path } : {},
  })
  let printed = ''
  child.stdout!.on('data', (text: string) => {
    printed += text
  })
  while (!printed.includes('Ctrl-C')) {
    if (child.exitCode !== null) throw new Error(`the devnet ended: ${(await result).stderr}`)
    await sleep(50)
  }
  const envFile = path.join(folder, '.fractal', 'devnet', 'env')
  const lines = (await readFile(envFile, 'utf8')).trim().split('\n')
  const pairs = lines.map((line) => /^export (\w+)='?(.*?)'?$/.exec(line)!)
  return {
    printed,
    envFile,
    env: Object.fromEntries(pairs.map(([, name, value]) => [name, value])),
    stop: async () => {
      child.kill('SIGINT')
      return (await result).code
    },
  }
}
