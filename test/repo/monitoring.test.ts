import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { stringify } from 'yaml'
import { z } from 'zod'
import { comparisons, labelValues } from '../support/label-values.js'
import { usePromtool } from '../support/promtool.js'
import { ALERTS, alertRules } from './alert-rules.js'

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const read = (name: string) => readFileSync(path(name), 'utf8')
const DASHBOARDS = 'monitoring/grafana/dashboards'

const dashboardSchema = z.object({
  uid: z.string(),
  panels: z.array(
    z.object({
      type: z.string(),
      title: z.string(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
})

interface Documented {
  readonly labels: readonly string[]
  readonly roles: readonly string[]
}

/** Ours by docs/operating.md, which a test compares with what each role serves. */
function documented(): Map<string, Documented> {
  const rows = read('docs/operating.md').matchAll(/^\| `(fractal_\w+)` +\| (.*?) +\| (.*?) +\|/gm)
  return new Map(
    [...rows].map(([, name, labels, roles]) => [
      name!,
      {
        labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
        roles: roles!.split(', '),
      },
    ]),
  )
}

/** The metric of a sample's name: a histogram has several. */
const metricOf = (name: string) => name.replace(/_(bucket|sum|count)$/, '')

/** Node's own, as every role serves them. */
function ofNode(): Set<string> {
  const register = new Registry()
  collectDefaultMetrics({ register })
  return new Set(register.getMetricsAsArray().map(({ name }) => name))
}

describe('monitoring', () => {
  const ours = documented()
  const nodes = ofNode()
  const rules = alertRules()

  /** What the code gives labels, by metric and label. */
  let values: Awaited<ReturnType<typeof labelValues>>
  before(async () => {
    values = await labelValues()
  })

  /** That each metric of an expression exists, with the labels that it is asked for and their values. */
  function assertExists(expr: string, where: string): void {
    const named = [...expr.matchAll(/\b((?:fractal|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)]
    assert.ok(named.length > 0, `${where} asks for a metric`)
    for (const [, name, matchers = ''] of named) {
      const labels = ours.get(metricOf(name!))?.labels
      assert.ok(labels !== undefined || nodes.has(name!), `${where}: there is no ${name}`)
      for (const [, label] of matchers.matchAll(/(\w+)\s*(?:=|!)/g)) {
        assert.ok(label === 'role' || labels?.includes(label!), `${where}: ${name} has no ${label}`)
      }
    }
    for (const { metric, label, anyOf } of comparisons(expr)) {
      const ofRole = label === 'role' ? ours.get(metricOf(metric))?.roles : undefined
      const known = [...(ofRole ?? values.get(`${metricOf(metric)} ${label}`) ?? [])]
      for (const pattern of anyOf) {
        assert.ok(
          known.some((value) => pattern.test(value)),
          `${where}: no ${label} of ${metric} is ${pattern.source}: ${known.join(', ')}`,
        )
      }
    }
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(/, */))
    const known = new Set([
      'role',
      'instance',
      'le',
      ...named.flatMap(([, name]) => {
        return ours.get(metricOf(name!))?.labels ?? []
      }),
    ])
    for (const label of grouped) assert.ok(known.has(label), `${where}: no metric has ${label}`)
  }

  it('takes a label value that no code gives for a mistake', () => {
    assertExists('sum(fractal_prover_requests_total{outcome=~"internal|out_of_memory"})', 'right')
    for (const [selector, wrong] of [
      ['fractal_prover_requests_total{outcome=~"internal|out_of_disk"}', 'out_of_disk'],
      ['fractal_verdicts_total{verdict="cheats"}', 'cheats'],
      ['fractal_verdicts_total{kind!="answer"}', 'answer'],
      ['fractal_intervals{phase="laps"}', 'laps'],
      ['fractal_lease_held{role="prover"}', 'prover'],
      ['fractal_api_requests_total{method="FETCH"}', 'FETCH'],
    ] as const) {
      assert.throws(
        () => assertExists(`sum(${selector})`, 'wrong'),
        new RegExp(` is \\^.*${wrong}.*: `),
      )
    }
  })

  it('has dashboards whose panels ask for metrics that exist', () => {
    const files = readdirSync(path(DASHBOARDS))
    assert.ok(files.length >= 3)
    const asked = new Set<string>()
    for (const file of files) {
      const { uid, panels } = dashboardSchema.parse(JSON.parse(read(`${DASHBOARDS}/${file}`)))
      assert.equal(`${uid}.json`, file)
      for (const { type, title, targets } of panels) {
        assert.equal(targets.length === 0, type === 'row', `${file}: ${title}`)
        for (const { expr } of targets) {
          assertExists(expr, `${file}: ${title}`)
          for (const [name] of expr.matchAll(/fractal_\w+/g)) {
            asked.add(name.replace(/_bucket$/, ''))
          }
        }
      }
    }
    const unseen = [...ours.keys()].filter((name) => !asked.has(name))
    assert.deepEqual(unseen, [], 'every metric of ours is on a dashboard')
  })

  it('has alerts on metrics that exist, each with what to do in the runbook', () => {
    const guide = read('docs/operating.md')
    assert.ok(rules.length > 20)
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
    for (const { alert, expr, annotations } of rules) {
      assertExists(expr, alert)
      assert.ok(guide.includes(`\`${alert}\``), `docs/operating.md says what to do about ${alert}`)
      const [file, anchor] = annotations.runbook.split('#')
      const headings = [...read(file!).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        heading!.toLowerCase().replaceAll(' ', '-'),
      )
      assert.ok(
        anchor === undefined || headings.includes(anchor),
        `${alert}: ${annotations.runbook}`,
      )
    }
    for (const [, name] of guide.matchAll(/`(Fractal[A-Z]\w+)`/g)) {
      assert.ok(
        rules.some(({ alert }) => alert === name),
        `${name} of the guide is an alert`,
      )
    }
  })

  describe('by promtool', function () {
    this.timeout(120_000)
    const promtool = usePromtool()
    const run = (...args: string[]) =>
      execFileSync(promtool().path, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

    it('is valid', () => {
      assert.match(run('check', 'rules', ALERTS), new RegExp(`${rules.length} rules found`))
      assert.match(run('check', 'config', path('monitoring/prometheus/prometheus.yml')), /SUCCESS/)
    })

    it('can read what each panel asks for', () => {
      const folder = mkdtempSync(join(tmpdir(), 'fractal-panels-'))
      try {
        const exprs = readdirSync(path(DASHBOARDS)).flatMap((file) => {
          const { panels } = dashboardSchema.parse(JSON.parse(read(`${DASHBOARDS}/${file}`)))
          return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
        })
        const recorded = exprs.map((expr, i) => ({ record: `panel:expression:${i}`, expr }))
        const file = join(folder, 'panels.yml')
        writeFileSync(file, stringify({ groups: [{ name: 'panels', rules: recorded }] }))
        assert.match(run('check', 'rules', file), new RegExp(`${exprs.length} rules found`))
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })
})
