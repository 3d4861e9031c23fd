import { lowerMedian } from '../../rules/order.js'
import type { Device } from '../pipeline/generator.js'
import type { CertifyRun } from './certify-run.js'

type TimedRun = Pick<CertifyRun, 'answer' | 'elapsedUs'>

/**
 * How many microseconds longer the first video of a size takes than the others: on a GPU, cuDNN searches for
 * its kernels, and onnxruntime keeps only those of the last size. It is the dearest of the known answers'
 * sizes and, of the two processes, the cheaper one, because a hiccup only ever adds. 0 on a CPU, which
 * searches for nothing, and if no answer ran twice in each process.
 * @param processes the runs of each process, in order; those of one answer follow one another
 */
export function coldPriceUs(device: Device, processes: readonly (readonly TimedRun[])[]): number {
  if (device === 'cpu') return 0
  const answers = new Set(processes.flatMap((runs) => runs.map(({ answer }) => answer)))
  const prices = [...answers].map((answer) =>
    Math.min(...processes.map((runs) => firstOver(runs.filter((run) => run.answer === answer)))),
  )
  return Math.max(0, ...prices)
}

/** What the first run takes longer than the lower median of those after it; 0 without any. */
function firstOver([first, ...others]: readonly TimedRun[]): number {
  const usual = lowerMedian(others.map(({ elapsedUs }) => elapsedUs))
  return first === undefined || usual === null ? 0 : Math.max(0, first.elapsedUs - usual)
}
