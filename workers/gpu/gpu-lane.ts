import { type Engine, openEngine } from '../../engine/engine.js'
import { EngineError } from '../../engine/errors.js'
import type { Device } from '../../engine/pipeline/generator.js'
import { connectEngine } from '../../engine/server/connect-engine.js'
import { KeptSession } from './kept-session.js'

/** A session of the model, and whether it has ended by itself. */
export interface LaneSession {
  readonly engine: Engine
  readonly ended: AbortSignal
}

/** One engine that takes tasks: this machine's, or a model server's. */
export interface GpuLane {
  /** @throws EngineError */
  open(): Promise<LaneSession>
  /** A session for second computations, with its known answers computed anew. @throws EngineError */
  openFresh(): Promise<Engine>
  /**
   * Opens an engine of another process than `session`'s, for the second half of a certification; null: the
   * certification starts a process on this machine.
   */
  readonly openOther: ((session: Engine) => Promise<Engine>) | null
  close(): Promise<void>
}

/** The engine of this machine. */
export function localLane(modelDir: string, device: Device): GpuLane {
  const open = () => openEngine({ modelDir, device })
  // A GPU must not hold the model twice for longer than it has to.
  const kept = device === 'cpu' ? new KeptSession(open) : null
  return {
    open: () => watched((onEnd) => openEngine({ modelDir, device, onEnd })),
    openFresh: () => (kept === null ? open() : kept.take()),
    openOther: null,
    close: async () => kept?.close(),
  }
}

/** Engines of model servers, one for each address; an address that is named twice is two. */
export function serverLanes(urls: readonly string[]): GpuLane[] {
  return urls.map((url, i) => {
    // Of another server where there is one: what a fault of this one spoils must not confirm itself.
    const others = [...urls.slice(i + 1), ...urls.slice(0, i), url]
    return {
      open: () => watched((onEnd) => connectEngine({ url, onEnd })),
      openFresh: () => firstThatAnswers(others),
      openOther: (session) => otherThan(session, others),
      close: async () => {},
    }
  })
}

async function watched(open: (onEnd: () => void) => Promise<Engine>): Promise<LaneSession> {
  const ended = new AbortController()
  const engine = await open(() => ended.abort())
  return { engine, ended: ended.signal }
}

/** @throws EngineError what the last of them throws */
async function firstThatAnswers([url, ...others]: readonly string[]): Promise<Engine> {
  try {
    return await connectEngine({ url: url!, onEnd: () => {} })
  } catch (error) {
    if (others.length === 0) throw error
    return firstThatAnswers(others)
  }
}

/** @throws EngineError `certify_failed` where all are one process */
async function otherThan(session: Engine, urls: readonly string[]): Promise<Engine> {
  for (const url of urls) {
    const engine = await connectEngine({ url, onEnd: () => {} })
    if (engine.instance !== session.instance) return engine
    await engine.close()
  }
  throw new EngineError(
    'certify_failed',
    'A certificate needs two processes that hold the model; the model servers are one.',
    {
      hint: 'Name a second model server, or start this one with --gpu.count 2 and name it twice.',
    },
  )
}
