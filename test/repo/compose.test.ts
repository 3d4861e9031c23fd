import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Option } from '../../base/options/define-option.js'
import { fileOption, OPTIONS, variablesOf } from '../../base/options/options.js'
import { STAND_INS } from '../../dev/compose/bases.js'

const read = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8')
/** Compose's own tags change nothing of the shape. */
const customTags = ['!reset', '!override'].map((tag) => ({
  tag,
  collection: 'map' as const,
}))
const load = (name: string): unknown => parse(read(name), { merge: true, customTags })
const DEVNET = 'dev/compose/devnet.yml'

/** Published for everybody: an API's callers and a prover's. */
const PUBLISHED = ['api-proxy', 'prover']
const SCALED = ['api', 'inference-worker', 'gpu-worker']

const service = z.object({
  image: z.string(),
  restart: z.string(),
  read_only: z.boolean().default(false),
  tmpfs: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  entrypoint: z.array(z.string()).optional(),
  container_name: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.unknown()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
})
const files = z.record(z.string(), z.object({ file: z.string() }))
const devnetFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z.record(z.string(), z.unknown()).default({}),
      ports: z.array(z.string()).default([]),
    }),
  ),
  secrets: files,
})
const compose = z.object({
  services: z.record(z.string(), service),
  secrets: files,
  configs: files,
})

const byVariable = new Map<string, { option: Option<unknown>; isFile: boolean }>()
for (const [name, option] of Object.entries(OPTIONS) as [string, Option<unknown>][]) {
  for (const variable of variablesOf(name)) {
    byVariable.set(variable, { option, isFile: false })
    if (option.secret) byVariable.set(fileOption.variable(variable), { option, isFile: true })
  }
}

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

  it('and what stands beside it are valid by the Compose Specification', () => {
    const schema = JSON.parse(read('test/fixtures/compose/compose-spec.json'))
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { duration: true } })
    const validate = ajv.compile(schema)
    for (const name of ['docker-compose.yml', 'docker-compose.ports.yml', DEVNET]) {
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

  it('lets our containers write nowhere but in their volumes and in /tmp, with no rights', () => {
    const ours = services.filter(([, { image }]) => image.includes('FRACTAL_'))
    assert.ok(ours.length >= 6)
    for (const [name, { read_only, tmpfs, cap_drop, security_opt }] of ours) {
      assert.deepEqual(
        { read_only, tmpfs, cap_drop, security_opt },
        {
          read_only: true,
          tmpfs: ['/tmp'],
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
        },
        name,
      )
    }
    for (const line of read('Dockerfile')
      .split(/^FROM .* AS /m)
      .slice(1)) {
      const [stage] = line.split('\n')
      if (stage!.startsWith('fractal')) assert.match(line, /^USER 1000:1000$/m, stage)
    }
  })

  it('gives the images of others a root that is read only and no rights, but for what they can’t do without', () => {
    const others = services.filter(([, { image }]) => !image.includes('FRACTAL_'))
    for (const [name, { cap_drop, security_opt }] of others) {
      assert.deepEqual(cap_drop, ['ALL'], name)
      assert.deepEqual(security_opt, ['no-new-privileges:true'], name)
    }
    const names = (found: typeof others) => found.map(([name]) => name).sort()
    assert.deepEqual(names(others.filter(([, { cap_add }]) => cap_add.length > 0)), [
      ...['api-proxy', 'postgres'],
    ])
    assert.deepEqual(names(others.filter(([, { read_only }]) => !read_only)), [
      ...['grafana', 'temporal-ui'],
    ])
    // What is written as content can't be put into such a root.
    for (const [name, { file: at }] of Object.entries(file.configs)) {
      assert.ok(read(at).length > 0, name)
    }
  })

  it('runs whole beside a devnet: `npm run compose-shape` changes what it has to, and nothing else', () => {
    const beside = devnetFile.parse(load(DEVNET))
    const added = Object.keys(beside.services).filter((name) => file.services[name] === undefined)
    assert.deepEqual(added.sort(), ['chain', 'prover-1', 'prover-2', 'prover-3'])
    // None of a deployment's secrets is used.
    assert.deepEqual(Object.keys(beside.secrets).sort(), Object.keys(file.secrets).sort())
    for (const [name, { file: at }] of Object.entries(beside.secrets)) {
      assert.equal(at, `\${FRACTAL_SECRETS}/${name}`)
    }
    for (const [name, { environment, ports }] of Object.entries(beside.services)) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name)
      for (const [variable, value] of Object.entries(environment)) {
        if (!variable.startsWith('FRACTAL_')) continue
        const known = byVariable.get(variable)
        assert.ok(known, `${name}: ${variable} is no option`)
        const shown = /^\$\{\w+:-(.*)\}$/.exec(String(value))?.[1] ?? String(value)
        assert.ok(known.option.schema.safeParse(shown).success, `${name}: ${variable}=${value}`)
      }
    }
    // What has no registry here has a recipe.
    const images = services
      .filter(([, { profiles, image }]) => profiles.length === 0 && !image.includes('FRACTAL_'))
      .map(([, { image }]) => image)
    for (const image of [...images, /^ARG NODE=(\S+)$/m.exec(read('Dockerfile'))![1]!]) {
      const recipe = STAND_INS[image.slice(0, image.lastIndexOf(':'))]
      assert.ok(recipe, `a stand-in for ${image}`)
      assert.match(read(`dev/compose/bases/${recipe}/Dockerfile`), /^FROM \$\{DEBIAN\}$/m)
    }
  })

  it('gives our processes options that exist, with values that they take', () => {
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
