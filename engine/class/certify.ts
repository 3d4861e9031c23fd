import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { isCompiled } from '../../base/compiled.js'
import { tsxUrl } from '../../base/tsx-url.js'
import type { Hex } from '../../formats/bytes.js'
import { lowerMedian } from '../../rules/order.js'
import { environmentFor } from '../cuda/places.js'
import { type Engine, openEngine } from '../engine.js'
import { EngineError } from '../errors.js'
import { tellSums } from '../model/file-sums.js'
import type { Device } from '../pipeline/generator.js'
import { throwIfCancelled } from '../runtime/cancellation.js'
import { fromPlainError, type PlainError } from '../thread/messages.js'
import { type CertifyRun, certifyRun, certifyTasks } from './certify-run.js'
import { coldPriceUs } from './cold-price.js'

const SECOND_PROCESS = isCompiled
  ? new URL('./certify-process.js', import.meta.url)
  : new URL('./certify-process.ts', import.meta.url)

export interface Certificate {
  determinismClass: string
  modelRoot: Hex
  runs: number
  processes: number
  /**
   * True if class and all bytes were equal in all runs of each request, and recomputed steps gave the same.
   */
  exact: boolean
  /** For the standard request: lower median of floor(µs · 10^6 / (steps · frames · width · height)). */
  usPerWork: number
  /** µs that the first video of a size takes longer than the others; 0 on a CPU. */
  coldUs: number
  /**
   * For the standard request: lower median of floor(µs · 10^6 / (frames · width · height)) of one recomputed
   * step.
   */
  spotCheckUsPerPixel: number
  /** Largest deviation of a recomputed step from its generation, in 10^-9; 0 in an exact class. */
  stepDeviation: number
  /** Largest deviation of a frame decoded again from its generation, in 8-bit levels. */
  frameDeviation: number
  /** For the standard request. */
  framesSha256: Hex
}

type FromSecondProcess = { determinismClass: string } | { run: CertifyRun } | { error: PlainError }

export interface CertifyOptions {
  modelDir: string
  device: Device
  /** At least 2; half of them, rounded down, in a second process. */
  runs: number
  /** The session for the first half of the runs; by default one is opened. */
  session?: Engine
  /** Called before the second process opens the model: a GPU may not have room for two copies. */
  beforeSecondProcess?(): Promise<void>
  /** An engine of another process than `session`'s, closed after; without it a process is started on this machine. */
  openSecond?: () => Promise<Engine>
  /** After run 1 … runs. */
  onRun?(run: number, runs: number): void
  signal?: AbortSignal
}

/** The results of one of the two processes. */
interface ProcessRuns {
  determinismClass: string
  modelRoot: Hex
  runs: CertifyRun[]
}

/**
 * Generates the model's known answers many times, half of the runs in a second process, and checks whether
 * all bytes are equal. The processes run one after the other, so that a GPU does not hold the model twice.
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
  const here = await (options.session === undefined
    ? runIn(() => openEngine(options), options, runs - elsewhere, report)
    : runOn(options.session, options, runs - elsewhere, report))
  await options.beforeSecondProcess?.()
  const there = await (options.openSecond === undefined
    ? runInSecondProcess(options, elsewhere, report)
    : runIn(options.openSecond, options, elsewhere, report))
  const results = [...here.runs, ...there.runs]
  const standard = results.filter(({ answer }) => answer === 0)
  return {
    determinismClass: here.determinismClass,
    modelRoot: here.modelRoot,
    runs,
    processes: 2,
    exact: here.determinismClass === there.determinismClass && areEqual(results),
    coldUs: coldPriceUs(options.session?.device ?? options.device, [here.runs, there.runs]),
    usPerWork: lowerMedian(standard.map((result) => result.usPerWork))!,
    spotCheckUsPerPixel: lowerMedian(standard.map((result) => result.spotCheckUsPerPixel))!,
    stepDeviation: Math.max(...results.map((result) => result.stepDeviation)),
    frameDeviation: Math.max(...results.map((result) => result.frameDeviation)),
    framesSha256: standard[0]!.framesSha256,
  }
}

/** Whether each request gave the same bytes in all its runs, and its recomputed steps did too. */
export function areEqual(results: readonly CertifyRun[]): boolean {
  return results.every((result) => {
    const first = results.find(({ answer }) => answer === result.answer)!
    return (
      result.spotCheckOk &&
      result.framesSha256 === first.framesSha256 &&
      result.traceRoot === first.traceRoot
    )
  })
}

async function runIn(
  open: () => Promise<Engine>,
  options: CertifyOptions,
  runs: number,
  report: () => void,
): Promise<ProcessRuns> {
  throwIfCancelled(options.signal)
  const engine = await open()
  try {
    return await runOn(engine, options, runs, report)
  } finally {
    await engine.close()
  }
}

async function runOn(
  engine: Engine,
  { signal }: CertifyOptions,
  runs: number,
  report: () => void,
): Promise<ProcessRuns> {
  throwIfCancelled(signal)
  const results: CertifyRun[] = []
  for (const task of certifyTasks(engine.descriptor, runs)) {
    results.push(await certifyRun(engine, task, signal === undefined ? {} : { signal }))
    report()
  }
  const { determinismClass, modelRoot } = engine
  return { determinismClass, modelRoot, runs: results }
}

async function runInSecondProcess(
  { modelDir, device, signal }: CertifyOptions,
  runs: number,
  report: () => void,
): Promise<Pick<ProcessRuns, 'determinismClass' | 'runs'>> {
  throwIfCancelled(signal)
  const child = fork(fileURLToPath(SECOND_PROCESS), [modelDir, device, String(runs), tellSums()], {
    execArgv: isCompiled ? [] : ['--import', tsxUrl()],
    env: environmentFor(device, process.env),
  })
  const stop = () => child.kill()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const results: CertifyRun[] = []
    let failure: EngineError | undefined
    let determinismClass = ''
    child.on('message', (message: FromSecondProcess) => {
      if ('error' in message) {
        failure = fromPlainError(message.error)
        return
      }
      if ('determinismClass' in message) {
        determinismClass = message.determinismClass
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
    return { determinismClass, runs: results }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
