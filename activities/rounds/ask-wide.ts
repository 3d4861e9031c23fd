import { beginRound } from '../../ledger/intervals/plans.js'
import {
  insertWideRound,
  type WideRoundRow,
  wideRound,
} from '../../ledger/intervals/wide-rounds.js'
import type { IntervalProverRow } from '../../ledger/provers/provers.js'
import { type NewAttempt, requestsInFlight } from '../../ledger/requests/attempts.js'
import { declaredGpus, roomOf } from '../../rules/plan/room.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { askAll } from './ask-all.js'
import { drawAttempts, type RoundSource, roundSource } from './draw-round.js'
import { freshProvers } from './fresh-provers.js'
import type { RoundDeps } from './round-deps.js'

export interface AskedWide {
  readonly provers: number
  readonly requests: number
}

/**
 * Sends every prover, at the same instant, as many requests as it claims to have room for (mechanism.md
 * section 3): an operator with more hotkeys than GPUs cannot answer them all. The state it found and the
 * requests are stored once; on a retry after a crash, the provers get the same bytes.
 */
export function createAskWide(deps: RoundDeps) {
  return async ({ n, round }: { n: number; round: number }): Promise<AskedWide> =>
    withHeartbeat(async (signal, heartbeat) => {
      const { db, id } = deps
      const provers = await freshProvers(deps, n, signal)
      await lookOnce(deps, n, round, provers)
      const from = await roundSource(db, id, n)
      const slots = await wideRound(db, id, n, round)
      const rows = await attemptsOf(deps, from, n, slots)
      await askAll(deps, rows, provers, { signal, heartbeat })
      return { provers: slots.length, requests: rows.length }
    })
}

async function lookOnce(
  { db, id }: RoundDeps,
  n: number,
  round: number,
  provers: readonly IntervalProverRow[],
): Promise<void> {
  await db.tx(async (tx) => {
    const inFlight = await requestsInFlight(tx, id)
    const slots = provers
      .filter(({ axonIp }) => axonIp !== null)
      .map(
        ({ hotkey, registeredBlock, capacity }): WideRoundRow => ({
          round,
          hotkey,
          registeredBlock,
          gpus: declaredGpus(capacity),
          inFlight: inFlight.get(hotkey) ?? [],
        }),
      )
    const busy = slots.filter((slot) => room(slot) === 0).map(({ hotkey }) => hotkey)
    if (!(await beginRound(tx, id, n, { kind: 'wide', round, busy }))) return
    await insertWideRound(tx, id, n, slots)
  })
}

function room({ gpus, inFlight }: WideRoundRow): number {
  return roomOf({ gpus, inFlight: inFlight.length })
}

async function attemptsOf(
  { db, id }: RoundDeps,
  from: RoundSource,
  n: number,
  slots: readonly WideRoundRow[],
): Promise<NewAttempt[]> {
  const places = slots.flatMap((slot) =>
    Array.from({ length: room(slot) }, (_, i) => ({
      slot,
      label: `wide/${slot.round}/${slot.hotkey}/${i}`,
      hotkey: slot.hotkey,
    })),
  )
  const drawn = await drawAttempts(db, id, from, places)
  return places.map(({ slot: { hotkey, registeredBlock, gpus, round } }, i) => ({
    ...drawn[i]!,
    hotkey,
    registeredBlock,
    n: null,
    kind: 'wide',
    inferenceId: null,
    attemptNo: 1,
    hedge: false,
    counted: true,
    apiKeyId: null,
    blockRange: null,
    gpus,
    wideN: n,
    wideRound: round,
  }))
}
