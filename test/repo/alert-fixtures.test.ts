import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import { usePromtool } from '../support/promtool.js'
import { type AlertRule, alertRules, metricsOf } from './alert-rules.js'

const FOLDER = fileURLToPath(new URL('../fixtures/alerts/', import.meta.url))

const fixtureSchema = z.object({
  tests: z.array(
    z.object({
      input_series: z.array(z.object({ series: z.string(), values: z.string() })),
      alert_rule_test: z.array(
        z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }),
      ),
    }),
  ),
})
type Fixture = z.output<typeof fixtureSchema>['tests'][number]

/** How often an alert fires in a fixture, and how often it does not although what it asks for is there. */
function coverage(rule: AlertRule, fixture: Fixture): { fires: number; quiet: number } {
  const checks = fixture.alert_rule_test.filter(({ alertname }) => alertname === rule.alert)
  const fires = checks.filter(({ exp_alerts }) => exp_alerts.length > 0).length
  const named = fixture.input_series.map(({ series }) => series.replace(/\{.*/, ''))
  const isThere = metricsOf(rule.expr).every((metric) => named.includes(metric))
  return { fires, quiet: isThere ? checks.length - fires : 0 }
}

/** What the fixtures lack of an alert; null: nothing. */
function lacking(rule: AlertRule, fixtures: readonly Fixture[]): string | null {
  const counts = fixtures.map((fixture) => coverage(rule, fixture))
  if (!counts.some(({ fires }) => fires > 0)) return `no fixture in which ${rule.alert} fires`
  if (!counts.some(({ quiet }) => quiet > 0)) return `no fixture in which ${rule.alert} is quiet`
  return null
}

describe('the fixtures of alerts', () => {
  const files = readdirSync(FOLDER)
  const fixtures = files.flatMap(
    (file) => fixtureSchema.parse(parse(readFileSync(FOLDER + file, 'utf8'))).tests,
  )
  const rules = alertRules()

  it('have one in which it fires and one in which it does not, of every alert', () => {
    assert.deepEqual(
      rules.map((rule) => lacking(rule, fixtures)).filter((lack) => lack !== null),
      [],
    )
    const known = new Set(rules.map(({ alert }) => alert))
    for (const { alertname } of fixtures.flatMap(({ alert_rule_test }) => alert_rule_test)) {
      assert.ok(known.has(alertname), `there is no alert ${alertname}`)
    }
  })

  it('of an alert that is quiet because nothing is there, say so', () => {
    const rule = rules.find(({ alert }) => alert === 'FractalCheatCaught')!
    const check = (exp_alerts: unknown[]) => ({ alertname: rule.alert, exp_alerts })
    const series = [{ series: 'fractal_verdicts_total{verdict="cheat"}', values: '0x9' }]
    const firing = { input_series: series, alert_rule_test: [check([{}])] }
    const quiet = { input_series: series, alert_rule_test: [check([])] }
    const empty = { input_series: [], alert_rule_test: [check([])] }
    assert.equal(lacking(rule, [firing, quiet]), null)
    assert.match(lacking(rule, [quiet])!, /fires$/)
    assert.match(lacking(rule, [firing])!, /is quiet$/)
    assert.match(lacking(rule, [firing, empty])!, /is quiet$/)
  })

  describe('by promtool', function () {
    this.timeout(120_000)
    const promtool = usePromtool()
    for (const file of files) {
      it(`are as it finds them: ${file}`, () => {
        const said = execFileSync(promtool().path, ['test', 'rules', FOLDER + file], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        assert.match(said, /SUCCESS/)
      })
    }
  })
})
