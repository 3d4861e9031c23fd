import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type { Counter, Gauge, Histogram } from 'prom-client'

/** Metrics of one process. Names carry their unit (seconds, bytes); every metric has a help text. */
export class Metrics {
  readonly registry = new Registry()

  constructor(role: string) {
    this.registry.setDefaultLabels({ role })
    collectDefaultMetrics({ register: this.registry })
  }

  counter<T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  gauge<T extends string>(name: string, help: string, labelNames: T[] = []): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] })
  }

  /** A gauge that is read when somebody asks. */
  readGauge(name: string, help: string, read: () => number): void {
    const registers = [this.registry]
    new Gauge({
      name,
      help,
      registers,
      collect: function () {
        this.set(read())
      },
    })
  }

  histogram<T extends string>(
    name: string,
    help: string,
    labelNames: T[] = [],
    buckets: number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
  ): Histogram<T> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] })
  }
}
