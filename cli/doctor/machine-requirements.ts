import { shortClass } from '../../formats/determinism-class.js'
import { cudaRequirements } from './cuda-requirements.js'
import { failed, type Requirement } from './requirement.js'
import type { DoctorRole, RoleFacts } from './role-facts.js'

/** In 10^9 bytes, as shops count: a machine sold with 16 GB shows a little less than 16 GiB. */
const GB = 1e9
interface Needs {
  readonly cores: number
  readonly memoryGb: number
  /** Null where nothing is kept. */
  readonly diskGb: number | null
  /** Runs the engine. */
  readonly engine: boolean
  /** Signs with the time, or looks at others' signatures. */
  readonly clock: boolean
}
const NEEDS: Readonly<Record<DoctorRole, Needs>> = {
  prover: { cores: 8, memoryGb: 8, diskGb: 32, engine: true, clock: true },
  verifier: { cores: 8, memoryGb: 16, diskGb: 64, engine: true, clock: true },
  'inference-worker': { cores: 2, memoryGb: 1, diskGb: null, engine: false, clock: true },
  'gpu-worker': { cores: 4, memoryGb: 8, diskGb: null, engine: true, clock: false },
  api: { cores: 1, memoryGb: 1, diskGb: null, engine: false, clock: false },
}

/** What a role needs of the machine itself. */
export function machineRequirements(role: DoctorRole, facts: RoleFacts): Requirement[] {
  const needs = NEEDS[role]
  return [
    node(facts.node),
    atLeast('cores', facts.cores, needs.cores, '', 'Use a machine with more cores.'),
    atLeast(
      'memory',
      facts.memoryBytes / GB,
      needs.memoryGb,
      ' GB',
      'Add memory, or raise the limit.',
    ),
    ...(needs.diskGb === null ? [] : [disk(facts, needs.diskGb)]),
    ...(needs.engine && facts.servers === null
      ? [gpu(facts), ...cudaRequirements(facts.cuda, facts.gpus)]
      : []),
    ...(role === 'inference-worker' || areAway(facts) ? [] : [model(role, facts)]),
    ...(needs.engine ? [engine(facts)] : []),
    ...(needs.clock ? [clock(facts)] : []),
  ]
}

function disk({ stateDir, diskFreeBytes }: RoleFacts, needsGb: number): Requirement {
  const todo = 'Free some space, or choose a folder on a larger disk: --state.dir.'
  return atLeast(`disk, at ${stateDir}`, diskFreeBytes / GB, needsGb, ' GB free', todo)
}

function node(version: string): Requirement {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const isNew = major > 20 || (major === 20 && minor >= 19)
  return {
    name: 'Node.js',
    state: isNew ? 'ok' : 'missing',
    found: version,
    needed: '24 (20.19 or later works)',
    todo: isNew ? null : 'Install Node.js 24.',
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

function gpu({ device, gpus, model, published }: RoleFacts): Requirement {
  const { needsMib, byTurnsMib } = 'ok' in model ? model.ok : { needsMib: 0, byTurnsMib: 0 }
  const [all, byTurns] = [gib(needsMib), gib(byTurnsMib)]
  const less = all === byTurns ? '' : `, or ${byTurns} with one network open at a time`
  const base = { name: 'GPU', needed: `NVIDIA, ${all} GiB for this model${less}` }
  if (device === 'cpu') {
    return {
      ...base,
      state: 'ok',
      found: 'none is used: --device cpu',
      todo: 'For development: a CPU is another determinism class than any GPU.',
    }
  }
  const found = gpus.map(({ name, memoryMib }) => `${name} (${memoryMib} MiB)`).join(', ')
  if (found === '') {
    const todo = 'Install the NVIDIA driver; a container needs --gpus.'
    return { ...base, state: 'missing', found: 'nvidia-smi does not answer', todo }
  }
  const mostMib = Math.max(...gpus.map(({ memoryMib }) => memoryMib))
  if (mostMib < Math.min(needsMib, byTurnsMib)) {
    const todo = 'Use a GPU with more memory, or a smaller model: docs/models.md.'
    return { ...base, state: 'missing', found, todo }
  }
  if (mostMib < needsMib) {
    const todo = 'It will open one network at a time: a video takes some seconds longer.'
    return { ...base, state: 'ok', found, todo }
  }
  // Which kinds of GPU earn something only a verifier can say.
  const todo = published === null ? 'Whether a verifier judges this kind: --api URL.' : null
  return { ...base, state: 'ok', found, todo }
}

function gib(mib: number): string {
  return (mib / 1024).toFixed(1)
}

/** What they have nobody knows then. */
function areAway({ servers, engine }: RoleFacts): boolean {
  return servers !== null && engine !== null && 'failed' in engine
}

function model(role: DoctorRole, { model, servers }: RoleFacts): Requirement {
  const name = servers === null ? 'model folder' : 'the servers’ model'
  const base = { name, needed: 'complete' }
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

function engine({ engine, device, servers }: RoleFacts): Requirement {
  const base =
    servers === null
      ? { name: 'engine', needed: `runs on ${device}` }
      : { name: 'model servers', needed: `${servers}, alike and true to what they say` }
  if (engine === null) return { ...base, state: 'unknown', found: 'no model', todo: null }
  if ('failed' in engine) return failed(base, engine)
  return { ...base, state: 'ok', found: `class ${shortClass(engine.ok)}`, todo: null }
}

function clock({ clockSynchronized }: RoleFacts): Requirement {
  const base = { name: 'clock', needed: 'within 2 s' }
  switch (clockSynchronized) {
    case true:
      return { ...base, state: 'ok', found: 'kept by NTP', todo: null }
    case false:
      return { ...base, state: 'missing', found: 'NTP is off', todo: 'timedatectl set-ntp true' }
    case null:
      return {
        ...base,
        state: 'unknown',
        found: 'unknown',
        todo: 'Compare `date -u` with another machine’s: signed requests with a wrong time are refused.',
      }
  }
}
