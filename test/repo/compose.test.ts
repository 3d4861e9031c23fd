import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Option } from '../../base/options/define-option.js'
import { fileOption, OPTIONS, variablesOf } from '../../base/options/options.js'

const read = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8')
const load = (name: string): unknown => parse(read(name), { merge: true })

/** Published for everybody: an API's callers and a prover's. */
const PUBLISHED = ['api-proxy', 'prover']
const SCALED = ['api', 'inference-worker', 'gpu-worker']

const service = z.object({
  image: z.string(),
  restart: z.string(),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  entrypoint: z.array(z.string()).optional(),
  container_name: z.string().optional(),
  ports: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.unknown()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
})
const compose = z.object({
  services: z.record(z.string(), service),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
})

describe('docker-compose.yml', () => {
  const file = compose.parse(load('docker-compose.yml'))
  const services = Object.entries(file.services)
  /** Those that end: whoever depends on them waits for that. */
  const once = new Set(
    services.flatMap(([, { depends_on }]) =>
      Object.entries(depends_on)
        .filter(([, { condition }]) => condition === 'service_completed_successfully')
        .map(([name]) => name),
    ),
  )

  it('and the ports beside it are valid by the Compose Specification', () => {
    const schema = JSON.parse(read('test/fixtures/compose/compose-spec.json'))
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { duration: true } })
    const validate = ajv.compile(schema)
    for (const name of ['docker-compose.yml', 'docker-compose.ports.yml']) {
      assert.ok(validate(load(name)), `${name}: ${ajv.errorsText(validate.errors)}`)
    }
    const broken = load('docker-compose.yml') as { services: Record<string, object> }
    broken.services.api = { ...broken.services.api, restarts: 'always' }
    assert.ok(!validate(broken), 'the schema knows what a service may have')
  })

  it('publishes the API and a prover, and nothing else', () => {
    const published = services.filter(([, { ports }]) => ports.length > 0).map(([name]) => name)
    assert.deepEqual(published.sort(), PUBLISHED)
    for (const [name, { ports }] of services) {
      for (const port of ports) {
        const bind = name === 'prover' ? '0.0.0.0' : '127.0.0.1'
        assert.ok(/^\$\{\w+_BIND:-([\d.]+)\}:/.exec(port)?.[1] === bind, `${name}: ${port}`)
      }
    }
    const beside = z
      .object({ services: z.record(z.string(), z.object({ ports: z.array(z.string()) })) })
      .parse(load('docker-compose.ports.yml'))
    for (const [name, { ports }] of Object.entries(beside.services)) {
      assert.ok(file.services[name], name)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name)
    }
  })

  it('restarts what ends, and knows whether what stays is healthy', () => {
    assert.deepEqual(
      [...once].sort(),
      ['databases', 'migrate', 'temporal-namespace', 'temporal-schema'],
      'the one-shot services',
    )
    for (const [name, { restart, healthcheck }] of services) {
      if (once.has(name)) {
        assert.match(restart, /^on-failure:\d+$/, name)
      } else {
        assert.equal(restart, 'unless-stopped', name)
        assert.ok(healthcheck, `${name} has a health check`)
      }
    }
  })

  it('starts what is compiled, in both images', () => {
    const entries = [...read('Dockerfile').matchAll(/^ENTRYPOINT (.+)$/gm)].map(([, args]) => args)
    assert.deepEqual(entries, Array(2).fill('["node", "dist/cli/fractal.mjs"]'))
    const text = read('docker-compose.yml')
    assert.deepEqual(text.match(/\S*fractal\.mjs \S+/g), ['dist/cli/fractal.mjs gpu-worker'])
  })

  it('waits only for what there is', () => {
    for (const [name, { depends_on }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const target = file.services[other]
        assert.ok(target, `${name} waits for ${other}`)
        if (condition === 'service_healthy') assert.ok(target.healthcheck, `${other} has a check`)
      }
    }
  })

  it('lets api, inference-worker and gpu-worker be scaled', () => {
    for (const name of SCALED) {
      const { container_name, ports } = file.services[name]!
      assert.equal(container_name, undefined, name)
      assert.deepEqual(ports, [], `${name}: a port of the host has one owner`)
    }
  })

  it('gives our processes options that exist, with values that they take', () => {
    const byVariable = new Map<string, { option: Option<unknown>; isFile: boolean }>()
    for (const [name, option] of Object.entries(OPTIONS) as [string, Option<unknown>][]) {
      for (const variable of variablesOf(name)) {
        byVariable.set(variable, { option, isFile: false })
        if (option.secret) byVariable.set(fileOption.variable(variable), { option, isFile: true })
      }
    }
    let seen = 0
    for (const [name, { environment, secrets }] of services) {
      for (const [variable, value] of Object.entries(environment)) {
        if (!variable.startsWith('FRACTAL_')) continue
        seen += 1
        const known = byVariable.get(variable)
        assert.ok(known, `${name}: ${variable} is no option`)
        if (known.isFile) {
          const secret = /^\/run\/secrets\/(\w+)$/.exec(String(value))?.[1]
          assert.ok(secret && secrets.includes(secret), `${name} has the secret of ${variable}`)
          continue
        }
        assert.ok(!known.option.secret, `${name}: ${variable} is secret, and comes by a file`)
        let shown = value
        for (let within = shown; within !== undefined; ) {
          shown = within
          within = /^\$\{\w+:-(.*)\}$/.exec(String(shown))?.[1]
        }
        if (shown === null || shown === '') continue
        const { success } = known.option.schema.safeParse(String(shown))
        assert.ok(success, `${name}: ${variable}=${shown}`)
      }
    }
    assert.ok(seen > 50)
  })

  it('has a file for every secret, each used, all made by one command and kept out of git', () => {
    const used = new Set(services.flatMap(([, { secrets }]) => secrets))
    assert.deepEqual([...used].sort(), Object.keys(file.secrets).sort())
    const made = /^NAMES="([^"]+)"$/m.exec(read('dev/compose-secrets.sh'))?.[1]?.split(' ')
    assert.deepEqual(made?.sort(), Object.keys(file.secrets).sort())
    for (const [name, secret] of Object.entries(file.secrets)) {
      assert.equal(secret.file, `./secrets/${name}`)
    }
    for (const [name, { environment }] of services) {
      for (const variable of Object.keys(environment)) {
        assert.doesNotMatch(variable, /(^|_)(PASSWORD|PWD|SECRET|KEY)$/, `${name}: by a file`)
      }
    }
  })
})
