/**
 * Ticks every `periodMs` without drift. Ticks that could not happen in time (a machine that slept)
 * are left out, not caught up with: a laptop must not wake to a thousand blocks at once.
 * @returns how to stop
 */
export function everyPeriod(periodMs: number, tick: () => void): () => void {
  const start = performance.now()
  let timer: NodeJS.Timeout
  const schedule = () => {
    const elapsed = performance.now() - start
    const next = (Math.floor(elapsed / periodMs) + 1) * periodMs
    timer = setTimeout(run, next - elapsed)
  }
  const run = () => {
    tick()
    schedule()
  }
  schedule()
  return () => clearTimeout(timer)
}
