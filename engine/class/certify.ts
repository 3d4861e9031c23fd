import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isCompiled } from '../../base/compiled.js'
import type { Hex } from '../../formats/bytes.js'
import { lowerMedian } from '../../rules/order.js'
import { openEngine } from '../engine.js'
import { EngineError } from '../errors.js'
import type { Device } from '../pipeline/generator.js'
import { throwIfCancelled } from '../runtime/cancellation.js'
import { fromPlainError, type PlainError } from '../thread/messages.js'
import { type CertifyRun, certifyParams, certifyRun } from './certify-run.js'

const SECOND_PROCESS = isCompiled
  ? new URL('./certify-process.js', import.meta.url)
  : new URL('./certify-process.ts', import.meta.url)

export interface Certificate {
  determinismClass: string
  modelRoot: Hex
  runs: number
  processes: number
  /** True when class, model and every byte were equal in all runs, and a step computed again gave the same. */
  exact: boolean
  /** Lower median of floor(µs · 10^6 / (steps · frames · width · height)). */
  usPerWork: number
  /** Lower median of floor(µs · 10^6 / (frames · width · height)) of one step computed again. */
  spotCheckUsPerPixel: number
  /** Of the first run: the known answer, which later self-checks must give again. */
  framesSha256: Hex
}

export interface CertifyOptions {
  modelDir: string
  device: Device
  /** At least 2; half of them, rounded down, in a second process. */
  runs: number
  /** After run 1 … runs. */
  onRun?(run: number, runs: number): void
  signal?: AbortSignal
}

/**
 * Generates one video many times, half of them in a second process, and looks whether all bytes are
 * equal. The processes run one after the other: a GPU need not hold the model twice.
 * @throws EngineError `invalid_request`, `certify_failed`, `cancelled`, and those of openEngine
 */
export async function certify(options: CertifyOptions): Promise<Certificate> {
  const { runs } = options
  if (!Number.isInteger(runs) || runs < 2) {
    throw new EngineError('invalid_request', `A certificate needs at least 2 runs, not ${runs}.`, {
      hint: 'Production certificates have 100 runs.',
    })
  }
  const elsewhere = Math.floor(runs / 2)
  let done = 0
  const report = () => {
    done += 1
    options.onRun?.(done, runs)
  }
  const results = [
    ...(await runHere(options, runs - elsewhere, report)),
    ...(await runInSecondProcess(options, elsewhere, report)),
  ]
  const [first] = results
  return {
    determinismClass: first!.determinismClass,
    modelRoot: first!.modelRoot,
    runs,
    processes: 2,
    exact: results.every((result) => sameBytes(result, first!) && result.spotCheckOk),
    usPerWork: lowerMedian(results.map((result) => result.usPerWork))!,
    spotCheckUsPerPixel: lowerMedian(results.map((result) => result.spotCheckUsPerPixel))!,
    framesSha256: first!.framesSha256,
  }
}

function sameBytes(a: CertifyRun, b: CertifyRun): boolean {
  return (
    a.determinismClass === b.determinismClass &&
    a.modelRoot === b.modelRoot &&
    a.framesSha256 === b.framesSha256 &&
    a.traceRoot === b.traceRoot
  )
}

async function runHere(
  { modelDir, device, signal }: CertifyOptions,
  runs: number,
  report: () => void,
): Promise<CertifyRun[]> {
  throwIfCancelled(signal)
  const generator = await openEngine({ modelDir, device })
  try {
    const params = certifyParams(generator.descriptor)
    const results: CertifyRun[] = []
    for (let i = 0; i < runs; i++) {
      results.push(await certifyRun(generator, params, signal === undefined ? {} : { signal }))
      report()
    }
    return results
  } finally {
    await generator.close()
  }
}

async function runInSecondProcess(
  { modelDir, device, signal }: CertifyOptions,
  runs: number,
  report: () => void,
): Promise<CertifyRun[]> {
  throwIfCancelled(signal)
  const child = fork(fileURLToPath(SECOND_PROCESS), [modelDir, device, String(runs)], {
    execArgv: isCompiled ? [] : ['--import', tsxUrl()],
  })
  const stop = () => child.kill()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const results: CertifyRun[] = []
    let failure: EngineError | undefined
    child.on('message', (message: { run: CertifyRun } | { error: PlainError }) => {
      if ('error' in message) {
        failure = fromPlainError(message.error)
        return
      }
      results.push(message.run)
      report()
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', resolve)
    })
    throwIfCancelled(signal)
    if (failure !== undefined) throw failure
    if (results.length !== runs) {
      throw new EngineError(
        'certify_failed',
        `The second process of the certification ended (exit code ${code}) after ${results.length} of ${runs} runs.`,
        { hint: 'Check its messages above and the free memory.' },
      )
    }
    return results
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** The compiler that the second process registers; not all that load this file have import.meta.resolve. */
function tsxUrl(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
}
