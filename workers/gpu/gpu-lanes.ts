import type { GpuTasks } from './gpu-tasks.js'

/** The tasks of several engines, as one worker to those who watch it. */
export class GpuLanes {
  readonly #lanes: readonly GpuTasks[]

  constructor(lanes: readonly GpuTasks[]) {
    this.#lanes = lanes
  }

  /** Resolves once they were stopped. @throws what the first of them throws */
  async run(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.run()))
  }

  stop(): void {
    for (const lane of this.#lanes) lane.stop()
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#lanes.map((lane) => lane.close()))
  }

  get exact(): boolean {
    return this.#lanes.every(({ exact }) => exact)
  }

  get isCertifying(): boolean {
    return this.#lanes.some(({ isCertifying }) => isCertifying)
  }

  /** RUNNING while one of them takes tasks. */
  getState(): ReturnType<GpuTasks['getState']> {
    const states = this.#lanes.map((lane) => lane.getState())
    return states.find((state) => state === 'RUNNING') ?? states[0]!
  }

  getStatus(): ReturnType<GpuTasks['getStatus']> {
    const all = this.#lanes.map((lane) => lane.getStatus())
    const sum = (name: keyof (typeof all)[number]) =>
      all.reduce((total, status) => total + status[name], 0)
    return {
      numInFlightActivities: sum('numInFlightActivities'),
      numCachedWorkflows: sum('numCachedWorkflows'),
    }
  }
}
