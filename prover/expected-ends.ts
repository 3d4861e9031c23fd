/**
 * Milliseconds until each task ends, when whichever GPU is free first takes the next one.
 * @param busyMs for each GPU, how long what is at work there still takes
 * @param tasksMs how long those that wait take, in the order of their turns
 */
export function expectedEnds(busyMs: readonly number[], tasksMs: readonly number[]): number[] {
  const free = [...busyMs]
  return tasksMs.map((ms) => {
    const soonest = free.indexOf(Math.min(...free))
    free[soonest]! += ms
    return free[soonest]!
  })
}
