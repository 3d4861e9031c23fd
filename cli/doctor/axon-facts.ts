import { once } from 'node:events'
import { createServer } from 'node:net'
import { FractalError } from '../../base/errors.js'
import { judgeAddress } from '../../base/net/public-address.js'
import { type AxonSettings, advertisedAddress } from '../../prover/advertised-address.js'

/** Whether a prover could listen; `prover`: something answers there as one does. */
export type Listening = 'free' | 'prover' | 'taken' | 'refused'

/** What RunPod says of a pod to its processes. */
export interface RunPod {
  readonly publicIp: string | null
  /** The public TCP port of the axon's, or null when it is exposed as HTTP or not at all. */
  readonly tcpPort: number | null
}

export interface AxonFacts {
  readonly host: string
  readonly port: number
  readonly listening: Listening
  /** What the chain would be told. */
  readonly external: { readonly ip: string; readonly port: number }
  /** Why a prover with these options would not start; null when it would. */
  readonly refused: string | null
  /** Why only this machine or network reaches that address; null when everybody does. */
  readonly notPublic: string | null
  readonly runPod: RunPod | null
}

type Environment = Readonly<Record<string, string | undefined>>

/** @param allowPrivate as the prover takes it: in development */
export async function axonFacts(
  wish: AxonSettings,
  allowPrivate: boolean,
  env: Environment,
): Promise<AxonFacts> {
  const { host, port } = wish
  const external = { ip: wish.externalIp ?? host, port: wish.externalPort ?? port }
  const judged = judgeAddress(external.ip, false)
  return {
    host,
    port,
    listening: await tryToListen(host, port),
    external,
    refused: refusalOf(wish, allowPrivate),
    notPublic: 'refused' in judged ? judged.refused : null,
    runPod: runPodOf(env, port),
  }
}

/** What the prover itself says at its start, so that the two never differ. */
function refusalOf(wish: AxonSettings, allowPrivate: boolean): string | null {
  try {
    advertisedAddress(wish, allowPrivate)
    return null
  } catch (error) {
    if (error instanceof FractalError) return error.message
    throw error
  }
}

function runPodOf(env: Environment, port: number): RunPod | null {
  if (!env.RUNPOD_POD_ID) return null
  const tcpPort = Number(env[`RUNPOD_TCP_PORT_${port}`])
  return {
    publicIp: env.RUNPOD_PUBLIC_IP || null,
    tcpPort: Number.isInteger(tcpPort) && tcpPort > 0 ? tcpPort : null,
  }
}

async function tryToListen(host: string, port: number): Promise<Listening> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return 'free'
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    if (!isTaken) return 'refused'
    return (await answersAsProver(host, port)) ? 'prover' : 'taken'
  } finally {
    server.close()
  }
}

async function answersAsProver(host: string, port: number): Promise<boolean> {
  const local = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host
  try {
    const signal = AbortSignal.timeout(2_000)
    const response = await fetch(`http://${local}:${port}/v1/info`, { signal, redirect: 'error' })
    const info: unknown = await response.json()
    return typeof info === 'object' && info !== null && 'determinism_class' in info
  } catch {
    return false
  }
}
