/** The rooms of the design, and what each may import (docs/architecture.md, "Rooms"). */
const allowed = {
  formats: [],
  rules: ['formats'],
  // For the root of all errors, which pure code throws too.
  base: ['formats'],
  engine: ['rules', 'formats', 'base'],
  wire: ['rules', 'formats', 'base'],
  chain: ['rules', 'formats', 'base'],
  ledger: ['rules', 'formats', 'base'],
  // Talks to Temporal: queues, ids, clients, and what starts or resets a workflow.
  temporal: ['ledger', 'rules', 'formats', 'base'],
  prover: ['engine', 'wire', 'chain', 'rules', 'formats', 'base'],
  activities: ['engine', 'wire', 'chain', 'ledger', 'rules', 'formats', 'base'],
  workflows: ['rules', 'formats'],
  api: ['rules', 'formats', 'base', 'ledger', 'temporal'],
  // A browser runs it; it knows the API by its addresses only.
  web: ['formats'],
  workers: [
    'api',
    'workflows',
    'activities',
    'prover',
    'temporal',
    'engine',
    'wire',
    'chain',
    'ledger',
    'rules',
    'formats',
    'base',
  ],
}
const rooms = [...Object.keys(allowed), 'dev', 'cli', 'test', 'bench']

/** Edges that a rule of their own, below, or a pure file of names allows. */
const exceptions = {
  workflows: '^(activities/|temporal/(task-queues|search-attributes)[.]ts$)',
  api: '^wire/',
  // Names alone: an activity never starts a workflow.
  activities: '^temporal/workflow-ids[.]ts$',
  temporal: '^workflows/',
  // It needs nothing of Node.
  web: '^base/concurrency/map-with-limit[.]ts$',
}

const directions = Object.entries(allowed).map(([room, others]) => ({
  name: `${room}-imports`,
  comment: `${room}/ may import only ${others.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: {
    path: `^(${rooms.filter((other) => other !== room && !others.includes(other)).join('|')})/`,
    ...(exceptions[room] === undefined ? {} : { pathNot: exceptions[room] }),
  },
}))

const typesOnly = [
  ['workflows', 'activities'],
  ['api', 'wire'],
  ['temporal', 'workflows'],
].map(([room, other]) => ({
  name: `${room}-takes-types-of-${other}`,
  comment: `${room}/ may import types from ${other}/, nothing that runs`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { path: `^${other}/`, dependencyTypesNot: ['type-only'] },
}))

module.exports = {
  forbidden: [
    ...directions,
    ...typesOnly,
    {
      name: 'pure-rooms',
      comment:
        'rules/, formats/, workflows/ and web/ have no Node built-in: they are pure, replayed, or in a browser',
      severity: 'error',
      from: { path: '^(rules|formats|workflows|web)/', pathNot: '^web/vite[.]config[.]ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'pure-packages',
      comment: 'formats/ hashes by @noble/hashes; rules/ needs no package',
      severity: 'error',
      from: { path: '^(rules|formats)/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/@noble/hashes/' },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.fractal|engine/models|test/fixtures|web/dist)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
