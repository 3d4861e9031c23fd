import { FractalError } from '../errors.js'

/**
 * The result of `run`, unless it takes longer; it is not stopped in that case.
 * @throws FractalError `too_slow`
 */
export async function withDeadline<T>(ms: number, run: () => Promise<T> | T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FractalError('too_slow', `no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([run(), late])
  } finally {
    clearTimeout(timer)
  }
}
