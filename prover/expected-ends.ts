/**
 * Milliseconds until each task ends, if the GPU that is free first always takes the next one.
 * @param busyMs for each GPU, the remaining time of its current task
 * @param tasksMs the time of each waiting task, in the order of their turns
 */
export function expectedEnds(busyMs: readonly number[], tasksMs: readonly number[]): number[] {
  const free = [...busyMs]
  return tasksMs.map((ms) => {
    const soonest = free.indexOf(Math.min(...free))
    free[soonest]! += ms
    return free[soonest]!
  })
}
