import assert from 'node:assert/strict'
import { freePort } from '../../../dev/process/ports.js'
import { INFERENCE_OPTIONS, runInferenceWorker } from '../../../workers/roles/inference.js'
import { PROVER_OPTIONS, runProver } from '../../../workers/roles/prover.js'
import { runVerifier, VERIFIER_OPTIONS } from '../../../workers/roles/verifier.js'
import { SILENT } from '../../chain/local-harness.js'
import { until } from '../../support/until.js'
import { useRoleSite } from '../role-site.js'

const GREEN = [200, { status: 'ready', reasons: [] }]

describe('the health of roles', function () {
  this.timeout(240_000)
  const site = useRoleSite()

  it('a verifier is red while no block lands, without Postgres, without Temporal', async () => {
    const port = await freePort()
    site().running.push(
      await runVerifier(site().options(VERIFIER_OPTIONS, { 'health.port': port }), SILENT),
    )
    await site().green(port)
    assert.match(await site().red(port, 'chain'), /^no block for \d+ s$/)
    await site().green(port)
    site().toPostgres.cut()
    assert.equal(await site().red(port, 'postgres'), 'down')
    site().toPostgres.restore()
    await site().green(port)
    site().toTemporal.cut()
    assert.equal(await site().red(port, 'temporal'), 'down')
    site().toTemporal.restore()
    await site().green(port)
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    assert.match(text, /^fractal_chain_last_block_age_seconds\{role="verifier"\} [\d.]+$/m)
    assert.match(text, /^fractal_lease_held\{role="verifier"\} 1$/m)
    assert.match(text, /^fractal_worker_activities_in_flight\{role="verifier"\} \d+$/m)
  })

  it('a second verifier waits for the lease, says so, and is ready when it has it', async () => {
    const first = await runVerifier(site().options(VERIFIER_OPTIONS, {}), SILENT)
    site().running.push(first)
    const port = await freePort()
    const second = runVerifier(site().options(VERIFIER_OPTIONS, { 'health.port': port }), SILENT)
    second.then(
      (role) => site().running.push(role),
      () => undefined,
    )
    const waits = until('it to wait', async () => {
      const answer = await site()
        .readyz(port)
        .catch(() => null)
      return answer?.[1].reasons.find(({ check }) => check === 'lease')?.why
    })
    // What it fails with is the reason; nobody waits for it in vain.
    const why = await Promise.race([waits, second.then(() => assert.fail('it did not wait'))])
    assert.match(why, /waits for the other deployment/)
    await first.stop()
    await second
    await site().green(port)
  })

  it('an inference worker looks at Postgres and Temporal, and is gone from its port once stopped', async () => {
    const port = await freePort()
    const role = await runInferenceWorker(
      site().options(INFERENCE_OPTIONS, { 'health.port': port }),
      SILENT,
    )
    site().running.push(role)
    await until('it to be ready', async () => (await site().readyz(port))[0] === 200)
    assert.deepEqual(await site().readyz(port), GREEN)
    site().toTemporal.cut()
    assert.equal(await site().red(port, 'temporal'), 'down')
    site().toTemporal.restore()
    site().toPostgres.cut()
    assert.equal(await site().red(port, 'postgres'), 'down')
    site().toPostgres.restore()
    await role.stop()
    await assert.rejects(site().readyz(port))
  })

  it('a prover is red on its own port while no block lands', async () => {
    const port = await freePort()
    const more = { 'wallet.name': 'prover', 'axon.port': port, 'state.dir': site().folder }
    const starting = runProver(
      site().options(PROVER_OPTIONS, { ...more, 'neuron.axon_off': true }),
      SILENT,
    )
    site().running.push(await starting)
    await site().green(port)
    assert.match(await site().red(port, 'chain'), /^no block for \d+ s$/)
    await site().green(port)
  })
})
