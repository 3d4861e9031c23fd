import type { AxonFacts, Listening } from './axon-facts.js'
import type { Requirement } from './requirement.js'
import type { RoleFacts } from './role-facts.js'

/** What a prover needs to be found and reached. */
export function axonRequirements({ axon }: RoleFacts): Requirement[] {
  if (axon === null) return []
  return [listens(axon), isPublic(axon), ...runPod(axon), reachable(axon)]
}

const TODO: Readonly<Record<Listening, string | null>> = {
  free: null,
  prover: null,
  taken: 'Another program has this port: stop it, or choose another with --axon.port.',
  refused:
    'This user may not listen on that port, or the address is not of this machine: see --axon.host.',
}
const FOUND: Readonly<Record<Listening, string>> = {
  free: 'free',
  prover: 'a prover answers there',
  taken: 'taken',
  refused: 'refused',
}

function listens({ host, port, listening }: AxonFacts): Requirement {
  return {
    name: `axon ${host}:${port}`,
    state: TODO[listening] === null ? 'ok' : 'missing',
    found: FOUND[listening],
    needed: 'can listen',
    todo: TODO[listening],
  }
}

function isPublic({ external, refused, notPublic }: AxonFacts): Requirement {
  const base = { name: 'address', found: `${external.ip}:${external.port}`, needed: 'public' }
  if (refused !== null) {
    return {
      ...base,
      state: 'missing',
      todo: `Give --axon.external_ip, the address by which others reach this machine: ${refused}.`,
    }
  }
  const todo = notPublic === null ? null : `Fine on this machine alone; for others: ${notPublic}.`
  return { ...base, state: 'ok', todo }
}

/** A pod's public port is another than the one that is listened on, and HTTP ports go through a proxy. */
function runPod({ port, external, runPod }: AxonFacts): Requirement[] {
  if (runPod === null) return []
  const base = { name: 'RunPod', needed: `port ${port} exposed as TCP` }
  const { publicIp, tcpPort } = runPod
  if (tcpPort === null || publicIp === null) {
    const todo = `Edit the pod: add ${port} to "Expose TCP Ports", not HTTP (its proxy breaks streams); it restarts.`
    return [{ ...base, state: 'missing', found: 'no public TCP port', todo }]
  }
  const found = `${publicIp}:${tcpPort}`
  if (found === `${external.ip}:${external.port}`)
    return [{ ...base, state: 'ok', found, todo: null }]
  const todo = `Give --axon.external_ip ${publicIp} --axon.external_port ${tcpPort}.`
  return [{ ...base, state: 'missing', found, todo }]
}

function reachable({ external: { ip, port } }: AxonFacts): Requirement {
  return {
    name: 'from outside',
    state: 'unknown',
    found: 'can’t be seen from here',
    needed: 'reached by TCP',
    todo: `While the prover runs, from another machine: curl -m 5 http://${ip.includes(':') ? `[${ip}]` : ip}:${port}/healthz`,
  }
}
