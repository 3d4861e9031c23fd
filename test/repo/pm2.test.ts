import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Option } from '../../base/options/define-option.js'
import { fileOption, OPTIONS, type OptionName, resolveOptions } from '../../base/options/options.js'
import { advertisedAddress } from '../../prover/advertised-address.js'
import { DRAIN_MS } from '../../prover/prover.js'
import { API_OPTIONS } from '../../workers/roles/api.js'
import { GPU_OPTIONS } from '../../workers/roles/gpu.js'
import { INFERENCE_OPTIONS } from '../../workers/roles/inference.js'
import { PROVER_OPTIONS } from '../../workers/roles/prover.js'
import { VERIFIER_OPTIONS } from '../../workers/roles/verifier.js'

const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const ROLES: Record<string, readonly OptionName[]> = {
  prover: PROVER_OPTIONS,
  verifier: VERIFIER_OPTIONS,
  'inference-worker': INFERENCE_OPTIONS,
  'gpu-worker': GPU_OPTIONS,
  api: API_OPTIONS,
}

const app = z.object({
  name: z.string(),
  script: z.string(),
  args: z.array(z.string()),
  cwd: z.string(),
  wait_ready: z.literal(true),
  kill_timeout: z.int(),
  instances: z.int().optional(),
  increment_var: z.string().optional(),
  env: z.record(z.string(), z.unknown()).optional(),
})

describe('ecosystem.config.cjs', () => {
  const require = createRequire(import.meta.url)
  const { apps } = z.object({ apps: z.array(app) }).parse(require('../../ecosystem.config.cjs'))

  /** An app's options as [name, value]; the first argument is the command. */
  const optionsOf = ({ args }: z.output<typeof app>): [string, string][] => {
    const rest = args.slice(1)
    assert.equal(rest.length % 2, 0, `a value for each option: ${rest.join(' ')}`)
    return rest.flatMap((arg, i) => (i % 2 === 0 ? [[arg, rest[i + 1]!]] : []))
  }

  it('has every role, by its command', () => {
    assert.deepEqual(apps.map(({ name }) => name).sort(), Object.keys(ROLES).sort())
    for (const { name, args, script, cwd } of apps) {
      assert.equal(args[0], name)
      // `npm run build` puts it there.
      assert.equal(script, 'dist/cli/fractal.mjs', name)
      assert.equal(cwd.replace(/\/$/, ''), CLONE.replace(/\/$/, ''))
    }
  })

  it('gives each role options that it takes, with values that they take', () => {
    for (const each of apps) {
      for (const [arg, value] of optionsOf(each)) {
        const name = arg.replace(/^--/, '')
        const plain = ROLES[each.name]!.find(
          (known) => known === name || fileOption.given(known) === name,
        )
        assert.ok(plain, `${each.name} takes no ${arg}`)
        const option: Option<unknown> = OPTIONS[plain] as Option<unknown>
        if (plain === name) {
          assert.ok(!option.secret, `${each.name}: ${arg} is secret, and comes by a file`)
          assert.ok(option.schema.safeParse(value).success, `${each.name}: ${arg} ${value}`)
        } else {
          assert.ok(option.secret, `${each.name}: ${arg} names a file, ${plain} is no secret`)
        }
      }
    }
  })

  it('has the words that operators of this network know, and lets only verifiers ask a prover', () => {
    const prover = new Map(optionsOf(apps.find(({ name }) => name === 'prover')!))
    for (const known of [
      '--netuid',
      '--subtensor.network',
      '--wallet.name',
      '--wallet.hotkey',
      '--axon.port',
    ]) {
      assert.ok(prover.has(known), known)
    }
    assert.equal(prover.get('--blacklist.force_verifier_permit'), 'true')
  })

  it('starts a prover that others reach, once its address is put in; without one it is refused', async () => {
    const file = await readFile(new URL('../../ecosystem.config.cjs', import.meta.url), 'utf8')
    const advertised = (text: string) => {
      const config = { exports: {} }
      new Function('module', '__dirname', text)(config, CLONE)
      const { apps } = z.object({ apps: z.array(app) }).parse(config.exports)
      const given = Object.fromEntries(
        optionsOf(apps.find(({ name }) => name === 'prover')!).map(([arg, value]) => [
          arg.replace(/^--/, ''),
          value,
        ]),
      )
      const options = resolveOptions(PROVER_OPTIONS, given, {})
      return advertisedAddress(
        {
          host: options['axon.host'],
          port: options['axon.port'],
          externalIp: options['axon.external_ip'],
          externalPort: options['axon.external_port'],
        },
        false,
      )
    }
    assert.throws(() => advertised(file), { code: 'axon_address', hint: /axon.external_ip/ })
    const filled = file.replace("const EXTERNAL_IP = ''", "const EXTERNAL_IP = '8.8.8.8'")
    assert.deepEqual(advertised(filled), { ip: '8.8.8.8', port: 8091 })
  })

  it('gives a stop more time than it takes, and each GPU worker a GPU', () => {
    for (const { name, kill_timeout } of apps) {
      const longest = new Map([
        ['api', OPTIONS['api.drain_seconds'].fallback! * 1000],
        ['prover', DRAIN_MS],
      ])
      assert.ok(kill_timeout > (longest.get(name) ?? 30_000), name)
    }
    const gpu = apps.find(({ name }) => name === 'gpu-worker')!
    assert.ok(gpu.increment_var !== undefined && gpu.increment_var in gpu.env!)
    assert.ok(!gpu.args.includes('--health.port'), 'several of them cannot have one port')
  })
})
