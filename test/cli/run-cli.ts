import { type ChildProcess, spawn } from 'node:child_process'
import { COMPILED_BIN } from '../support/bin.js'

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

export interface CliOptions {
  cwd?: string
  env?: Record<string, string>
  /** Default: compiled, as production has it. */
  bin?: string
  /** Default: nothing to read. */
  stdin?: 'pipe'
}

/** Starts the real command with an environment of its own: no FRACTAL_ settings of whoever tests. */
export function startCli(
  args: string[],
  { cwd, env = {}, bin = COMPILED_BIN, stdin }: CliOptions = {},
): { child: ChildProcess; result: Promise<CliResult> } {
  const { PATH, HOME, TMPDIR } = process.env
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { PATH, HOME, TMPDIR, ...env },
    stdio: [stdin ?? 'ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const result = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, result }
}

export function runCli(args: string[], options?: CliOptions): Promise<CliResult> {
  return startCli(args, options).result
}
