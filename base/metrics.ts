import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { withDeadline } from './concurrency/deadline.js'

export type { Counter, Gauge, Histogram } from 'prom-client'

/**
 * Gauges named like counters, which Prometheus's linter rejects; the same values exist by type, without
 * `_total`.
 */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** A scrape must not wait for a store that hangs: Prometheus gives up after ten seconds. */
const READ_MS = 2_000

interface GaugeSpec {
  readonly help: string
  /** The label that distinguishes several values. */
  readonly label?: string
}

/** The labels of a tally, each with all values that it can have. */
type LabelValues = Readonly<Record<string, readonly string[]>>

/** A counter whose labels have no other values than these. */
export interface Tally<V extends LabelValues> {
  readonly inc: (labels: { readonly [L in keyof V]: V[L][number] }) => void
}

/** One value, or one per value of the gauge's label. */
type Reading = number | Readonly<Record<string, number>>

/** Metrics of one process. Names carry their unit (seconds, bytes); every metric has a help text. */
export class Metrics {
  readonly registry = new Registry()

  constructor(role: string) {
    this.registry.setDefaultLabels({ role })
    collectDefaultMetrics({ register: this.registry })
    for (const name of MISNAMED) this.registry.removeSingleMetric(name)
  }

  counter<T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  /**
   * A counter of which all series are there from the start, at 0: Prometheus sees no increase in one that begins
   * at 1. For labels with few values.
   */
  tally<const V extends LabelValues>(name: string, help: string, values: V): Tally<V> {
    const counter = this.counter(name, help, Object.keys(values))
    for (const labels of combinations(Object.entries(values))) counter.inc(labels, 0)
    return { inc: (labels) => counter.inc(labels) }
  }

  gauge<T extends string>(name: string, help: string, labelNames: T[] = []): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] })
  }

  /** A gauge that is read at each scrape. */
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

  /**
   * Gauges that are read together at each scrape. If the read fails, or takes longer than two seconds, a
   * gauge without a label is NaN and one with a label has no values; the other metrics are still served.
   */
  readGauges<N extends string>(
    gauges: Readonly<Record<N, GaugeSpec>>,
    read: () => Promise<Readonly<Record<N, Reading>>>,
  ): void {
    let reading: Promise<Readonly<Record<N, Reading>> | null> | null = null
    // A scrape collects all gauges together, so they share one read.
    const shared = () => {
      reading ??= withDeadline(READ_MS, read)
        .catch(() => null)
        .finally(() => {
          reading = null
        })
      return reading
    }
    for (const name of Object.keys(gauges) as N[]) {
      const { help, label } = gauges[name]
      new Gauge({
        name,
        help,
        labelNames: label === undefined ? [] : [label],
        registers: [this.registry],
        collect: async function () {
          const missing = label === undefined ? Number.NaN : {}
          const found: Reading = (await shared())?.[name] ?? missing
          this.reset()
          if (typeof found === 'number') return this.set(found)
          for (const [value, number] of Object.entries(found)) {
            this.set({ [label ?? name]: value }, number)
          }
        },
      })
    }
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

/** Each choice of one value for every label. */
function combinations(labels: readonly [string, readonly string[]][]): Record<string, string>[] {
  return labels.reduce<Record<string, string>[]>(
    (chosen, [label, values]) =>
      chosen.flatMap((each) => values.map((value) => ({ ...each, [label]: value }))),
    [{}],
  )
}
