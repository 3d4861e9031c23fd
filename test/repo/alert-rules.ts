import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'

export const ALERTS = fileURLToPath(
  new URL('../../monitoring/prometheus/alerts.yml', import.meta.url),
)

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          labels: z.object({ severity: z.enum(['critical', 'warning', 'info']) }),
          annotations: z.object({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
})

export type AlertRule = z.output<typeof rulesSchema>['groups'][number]['rules'][number]

/** The alerts that we ship. */
export function alertRules(): AlertRule[] {
  return rulesSchema
    .parse(parse(readFileSync(ALERTS, 'utf8')))
    .groups.flatMap((group) => group.rules)
}

/** The metrics that an expression asks for. */
export function metricsOf(expr: string): string[] {
  return [...expr.matchAll(/\b(?:fractal|nodejs|process)_\w+/g)].map(([name]) => name)
}
