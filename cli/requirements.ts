import { shortClass } from '../formats/determinism-class.js'
import { axonRequirements } from './axon-requirements.js'
import type { Outcome } from './reach.js'
import type { DoctorRole, RoleFacts } from './role-facts.js'

/** `unknown`: it can't be seen from here, and fails nothing. */
export type RequirementState = 'ok' | 'missing' | 'unknown'

export interface Requirement {
  readonly name: string
  readonly state: RequirementState
  readonly found: string
  readonly needed: string
  /** Null where nothing is to be done. */
  readonly todo: string | null
}

/** In 10^9 bytes, as shops count: a machine sold with 16 GB shows a little less than 16 GiB. */
const GB = 1e9
const NEEDS = {
  prover: { diskGb: 32, memoryGb: 8 },
  verifier: { diskGb: 64, memoryGb: 16 },
} as const
const CORES = 8
const GPU_NAME = 'RTX 3090'
const GPU_GB = 24

/** What a role needs and this machine has, in the order in which one puts it right. */
export function requirementsOf(role: DoctorRole, facts: RoleFacts): Requirement[] {
  const { diskGb, memoryGb } = NEEDS[role]
  return [
    node(facts.node),
    atLeast('cores', facts.cores, CORES, '', 'Take a machine with more cores.'),
    atLeast(
      'memory',
      facts.memoryBytes / GB,
      memoryGb,
      ' GB',
      'Take more memory, or raise the limit.',
    ),
    atLeast(
      `disk, at ${facts.stateDir}`,
      facts.diskFreeBytes / GB,
      diskGb,
      ' GB free',
      'Free some, or name a folder on a larger disk: --state.dir.',
    ),
    gpu(facts),
    model(role, facts),
    engine(facts),
    clock(facts),
    ...wallet(facts),
    ...chain(role, facts),
    ...axonRequirements(facts),
    ...(role === 'verifier' ? stores(facts) : []),
  ]
}

function node(version: string): Requirement {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const isNew = major > 20 || (major === 20 && minor >= 19)
  return {
    name: 'Node.js',
    state: isNew ? 'ok' : 'missing',
    found: version,
    needed: '20.19 or later',
    todo: isNew ? null : 'Install a newer one.',
  }
}

function atLeast(
  name: string,
  has: number,
  needs: number,
  unit: string,
  todo: string,
): Requirement {
  const isEnough = has >= needs
  const found = Number.isInteger(has) ? String(has) : has.toFixed(1)
  return {
    name,
    state: isEnough ? 'ok' : 'missing',
    found: `${found}${unit}`,
    needed: `${needs}${unit}`,
    todo: isEnough ? null : todo,
  }
}

function gpu({ device, gpus }: RoleFacts): Requirement {
  const base = { name: 'GPU', needed: `${GPU_NAME} with ${GPU_GB} GB` }
  if (device === 'cpu') {
    return {
      ...base,
      state: 'ok',
      found: 'none is used: --device cpu',
      todo: 'For development: a CPU is another determinism class than a 3090.',
    }
  }
  const found = gpus.map(({ name, memoryMib }) => `${name} (${memoryMib} MiB)`).join(', ')
  const fits = gpus.some(
    (each) =>
      new RegExp(`${GPU_NAME}(?! *Ti)`).test(each.name) && each.memoryMib * 2 ** 20 >= GPU_GB * GB,
  )
  if (fits) return { ...base, state: 'ok', found, todo: null }
  return {
    ...base,
    state: 'missing',
    found: found === '' ? 'nvidia-smi does not answer' : found,
    todo:
      found === '' ? 'Install the NVIDIA driver.' : 'Another GPU gives other bytes: take a 3090.',
  }
}

function model(role: DoctorRole, { model }: RoleFacts): Requirement {
  const base = { name: 'model folder', needed: 'complete' }
  if ('failed' in model) return failed(base, model)
  const found = `root ${model.ok.root.slice(0, 12)}`
  if (role === 'prover' || model.ok.described) return { ...base, state: 'ok', found, todo: null }
  return {
    ...base,
    state: 'missing',
    found: `${found}, no fractal.json`,
    todo: 'Challenges ask for the standard request that fractal.json names: add one.',
  }
}

function engine({ engine, device }: RoleFacts): Requirement {
  const base = { name: 'engine', needed: `runs on ${device}` }
  if (engine === null) return { ...base, state: 'unknown', found: 'no model', todo: null }
  if ('failed' in engine) return failed(base, engine)
  return { ...base, state: 'ok', found: `class ${shortClass(engine.ok)}`, todo: null }
}

function clock({ clockSynchronized }: RoleFacts): Requirement {
  const base = { name: 'clock', needed: 'right within 2 s' }
  switch (clockSynchronized) {
    case true:
      return { ...base, state: 'ok', found: 'kept by NTP', todo: null }
    case false:
      return { ...base, state: 'missing', found: 'NTP is off', todo: 'timedatectl set-ntp true' }
    case null:
      return {
        ...base,
        state: 'unknown',
        found: 'nobody says',
        todo: 'Compare `date -u` with another machine’s: signed requests that are off are refused.',
      }
  }
}

function wallet({ wallet: { hotkey, coldkey } }: RoleFacts): Requirement[] {
  const base = { name: 'hotkey', needed: 'can be read' }
  const secret: Requirement = {
    name: 'coldkey',
    state: 'ok',
    found: coldkey.secret === 'absent' ? 'not on this machine' : 'its secret is on this machine',
    needed: 'elsewhere',
    todo: coldkey.secret === 'absent' ? null : 'Better keep it elsewhere: nothing here needs it.',
  }
  if (hotkey.problem !== null) {
    const { message, hint } = hotkey.problem
    return [failed(base, { failed: message, hint: hint ?? null }), secret]
  }
  return [{ ...base, state: 'ok', found: hotkey.address ?? '-', todo: hotkey.mend }, secret]
}

function chain(role: DoctorRole, facts: RoleFacts): Requirement[] {
  const { chain, netuid, network } = facts
  const base = { name: `chain (${network})`, needed: 'answers' }
  const place = { name: 'registration', needed: `on subnet ${netuid}` }
  if ('failed' in chain) {
    return [failed(base, chain), { ...place, state: 'unknown', found: 'no answer', todo: null }]
  }
  const answers: Requirement = { ...base, state: 'ok', found: `block ${chain.ok.head}`, todo: null }
  const { neuron } = chain.ok
  if (neuron === null) {
    const todo = `Register the hotkey: btcli subnets register --netuid ${netuid}.`
    return [answers, { ...place, state: 'missing', found: 'not registered', todo }]
  }
  const places: Requirement[] = [
    answers,
    { ...place, state: 'ok', found: `uid ${neuron.uid}`, todo: null },
  ]
  if (role === 'verifier') {
    places.push({
      name: 'permit',
      state: neuron.validatorPermit ? 'ok' : 'missing',
      found: neuron.validatorPermit ? 'yes' : 'none',
      needed: 'a validator permit',
      todo: neuron.validatorPermit
        ? null
        : 'Add stake to the hotkey; permits are given at the end of an epoch.',
    })
  }
  return places
}

function stores({ database, temporal }: RoleFacts): Requirement[] {
  return [
    store('PostgreSQL', database, (version) => version),
    store('Temporal', temporal, (namespace) => `namespace ${namespace}`),
  ]
}

function store(
  name: string,
  outcome: Outcome<string> | null,
  say: (found: string) => string,
): Requirement {
  const base = { name, needed: 'answers' }
  if (outcome === null) return { ...base, state: 'unknown', found: 'not asked', todo: null }
  if ('failed' in outcome) return failed(base, outcome)
  return { ...base, state: 'ok', found: say(outcome.ok), todo: null }
}

function failed(
  base: Pick<Requirement, 'name' | 'needed'>,
  { failed: why, hint }: { failed: string; hint: string | null },
): Requirement {
  return { ...base, state: 'missing', found: why, todo: hint }
}
