import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../dev/process/ports.js'
import { API_OPTIONS, runApi } from '../../../workers/roles/api.js'
import { GPU_OPTIONS, runGpuWorker } from '../../../workers/roles/gpu.js'
import { INFERENCE_OPTIONS, runInferenceWorker } from '../../../workers/roles/inference.js'
import { PROVER_OPTIONS, runProver } from '../../../workers/roles/prover.js'
import { runVerifier, VERIFIER_OPTIONS } from '../../../workers/roles/verifier.js'
import { SILENT } from '../../chain/local-harness.js'
import { usePromtoolIfAny } from '../../support/promtool.js'
import { until } from '../../support/until.js'
import { useRoleSite } from '../role-site.js'

const GUIDE = fileURLToPath(new URL('../../../docs/operating.md', import.meta.url))
const ROW = /^\| `(fractal_\w+)` +\| (.*?) +\| (.*?) +\| .+ \|$/gm

/** Our metrics of a scrape, by name, each with its labels but for `role`. */
function scraped(text: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const [, name] of text.matchAll(/^# TYPE (fractal_\w+) /gm)) found.set(name!, new Set())
  for (const [, sample, inside] of text.matchAll(/^(fractal_\w+)\{(.*)\} \S+$/gm)) {
    const labels = found.get(sample!) ?? found.get(sample!.replace(/_(bucket|sum|count)$/, ''))
    for (const [, label] of inside!.matchAll(/(\w+)="/g)) {
      if (label !== 'role' && label !== 'le') labels?.add(label!)
    }
  }
  return found
}

/** The guide's metrics of a role, by name, each with its labels. */
async function documented(role: string): Promise<Map<string, Set<string>>> {
  const rows = [...(await readFile(GUIDE, 'utf8')).matchAll(ROW)]
  assert.ok(rows.length > 20, `${rows.length} rows`)
  const own = rows.filter(([, , , roles]) => roles!.split(', ').includes(role))
  return new Map(
    own.map(([, name, labels]) => [
      name!,
      new Set([...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!)),
    ]),
  )
}

/** Of the samples of our own, a line each. */
function hasSample(text: string, pattern: RegExp): boolean {
  return text.split('\n').some((line) => line.startsWith('fractal_') && pattern.test(line))
}

describe('the metrics of roles', function () {
  this.timeout(240_000)
  const promtool = usePromtoolIfAny()
  const site = useRoleSite()

  /** What the role serves there is what the guide lists for it, and Prometheus' linter has nothing to say. */
  async function holds(role: string, port: number): Promise<string> {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    assert.equal((await promtool()?.check(text)) ?? '', '', role)
    const [found, listed] = [scraped(text), await documented(role)]
    assert.deepEqual([...found.keys()].sort(), [...listed.keys()].sort(), role)
    for (const [name, labels] of found) {
      // One that has no values yet shows none.
      for (const label of labels) assert.ok(listed.get(name)!.has(label), `${name}: ${label}`)
    }
    return text
  }

  /** Asked again where it is not so: what a ledger on a busy machine does not count in time is NaN. */
  async function shows(role: string, port: number, patterns: readonly RegExp[]): Promise<void> {
    await until(patterns.join(', '), async () => {
      const text = await holds(role, port)
      return patterns.every((pattern) => hasSample(text, pattern))
    })
  }

  it('of a verifier', async () => {
    const port = await freePort()
    const options = site().options(VERIFIER_OPTIONS, { 'health.port': port })
    site().running.push(await runVerifier(options, SILENT))
    await shows('verifier', port, [
      /^fractal_verdicts_total\{kind="challenge",verdict="cheat",role="verifier"\} 0$/,
      /^fractal_interval_settled\{role="verifier"\} 0$/,
      /^fractal_task_queue_backlog\{queue="verifier",role="verifier"\} \d+$/,
    ])
    // Without its stores it still says what it can.
    site().toPostgres.cut()
    site().toTemporal.cut()
    await shows('verifier', port, [
      /^fractal_interval_settled\{role="verifier"\} Nan$/,
      /^fractal_lease_held\{role="verifier"\} [01]$/,
    ])
  })

  it('of an inference worker', async () => {
    const port = await freePort()
    const options = site().options(INFERENCE_OPTIONS, { 'health.port': port })
    site().running.push(await runInferenceWorker(options, SILENT))
    await shows('inference-worker', port, [
      /^fractal_videos\{status="queued",role="inference-worker"\} 0$/,
      ...['inference', 'webhooks'].map(
        (queue) => new RegExp(`^fractal_task_queue_backlog\\{queue="${queue}",.*\\} \\d+$`),
      ),
    ])
  })

  it('of a GPU worker', async () => {
    const port = await freePort()
    const options = site().options(GPU_OPTIONS, { 'health.port': port })
    site().running.push(await runGpuWorker(options, SILENT))
    await holds('gpu-worker', port)
  })

  it('of a prover', async () => {
    const port = await freePort()
    const more = { 'wallet.name': 'prover', 'axon.port': port, 'state.dir': site().folder }
    const options = site().options(PROVER_OPTIONS, { ...more, 'neuron.axon_off': true })
    site().running.push(await runProver(options, SILENT))
    const text = await holds('prover', port)
    // From 0 on: the first failure is an increase.
    assert.match(text, /^fractal_prover_requests_total\{outcome="internal",role="prover"\} 0$/m)
    assert.match(text, /^fractal_prover_openings_total\{outcome="too_late",role="prover"\} 0$/m)
    assert.match(text, /^fractal_prover_class_checks_total\{outcome="changed",role="prover"\} 0$/m)
  })

  it('of an API', async () => {
    const port = await freePort()
    const more = { 'api.port': port, 'api.verifier': site().wallets.verifier!.hotkey }
    site().running.push(await runApi(site().options(API_OPTIONS, more), SILENT))
    await (await fetch(`http://127.0.0.1:${port}/v1/network`)).body?.cancel()
    const text = await holds('api', port)
    assert.match(text, /^fractal_api_videos_accepted_total\{counted="true",role="api"\} 0$/m)
  })
})
