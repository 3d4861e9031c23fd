import { type DrawSource, drawBytes } from '../../formats/draws.js'
import { requestIdFromBytes } from '../../formats/request-id.js'
import { declaredGpus, roomOf } from '../plan/room.js'
import type { RecordedAnswer } from '../record/answer-columns.js'
import type { AskedWideRound, DueWideRound, PublicRecord } from '../record/public-record.js'
import type { ReadRecord } from '../record/read-record.js'
import { proverAt } from '../record/settlement-input.js'
import { type DrawContext, requestFindings } from './audit-plan.js'
import { differs, type Finding } from './finding.js'

type AskedProver = AskedWideRound['provers'][number]

/**
 * Checks that a wide round asked every prover with an address for as much as it had room for, with the
 * requests that were drawn; and that its results are those of these requests.
 */
export function auditWideRounds(context: DrawContext, read: ReadRecord): Finding[] {
  const { record } = read
  const begun = record.rounds.filter(({ kind, begun }) => kind === 'wide' && begun !== null)
  const found = differs(
    'wide_rounds',
    record.wideRounds.map(({ round }) => round).sort((a, b) => a - b),
    begun.map(({ round }) => round).sort((a, b) => a - b),
  )
  const own = read.answers.filter(({ wide }) => wide?.n === record.n)
  return [
    ...found,
    ...record.wideRounds.flatMap((round) => leftOut(context, round)),
    ...record.wideRounds.flatMap((round) => declared(context, round)),
    ...answered(context, own),
    ...dueFindings(read, record.n, record.wideRounds, context.source),
  ]
}

/** Every prover that had an address on the chain when the interval opened must be asked. */
function leftOut({ record, plan }: DrawContext, { round, provers }: AskedWideRound): Finding[] {
  const asked = new Set(provers.map(({ prover }) => proverAt(record, prover).hotkey))
  return plan.provers
    .filter(({ hotkey, hasAddress }) => hasAddress && !asked.has(hotkey))
    .map(({ hotkey }) => ({
      where: `wide_rounds ${round}`,
      what: `leaves out ${hotkey}, which had an address`,
    }))
}

/** A prover has the GPUs that it declares; one, before it has declared any. */
function declared({ record }: DrawContext, { round, provers }: AskedWideRound): Finding[] {
  const capacities = new Map(record.opening.map((row) => [row.hotkey, row.capacity]))
  return provers.flatMap(({ prover, gpus }) => {
    const { hotkey } = proverAt(record, prover)
    const told = declaredGpus(capacities.get(hotkey) ?? null)
    return gpus === told || gpus === 1
      ? []
      : differs(`wide_rounds ${round} ${hotkey} gpus`, gpus, told)
  })
}

/** The request ids that a round sends a prover. */
function drawnIds(
  source: DrawSource,
  round: number,
  hotkey: string,
  { gpus, inFlight }: AskedProver,
): string[] {
  return Array.from({ length: roomOf({ gpus, inFlight: inFlight.length }) }, (_, i) =>
    requestIdFromBytes(drawBytes(source, `wide/${round}/${hotkey}/${i}/id`, 16)),
  )
}

function answered(context: DrawContext, rows: readonly RecordedAnswer[]): Finding[] {
  const { record, source } = context
  const labels = new Map<string, string>()
  for (const { round, provers } of record.wideRounds) {
    for (const asked of provers) {
      const { hotkey } = proverAt(record, asked.prover)
      drawnIds(source, round, hotkey, asked).forEach((id, i) => {
        labels.set(id, `wide/${round}/${hotkey}/${i}`)
      })
    }
  }
  return rows.flatMap((row) => {
    const where = `answers ${row.requestId}`
    const label = labels.get(row.requestId)
    if (label === undefined) {
      return [{ where, what: `is of wide round ${row.wide!.round}, which did not draw it` }]
    }
    return requestFindings(context, where, label, row)
  })
}

/**
 * Checks the recorded results of wide rounds of interval n: of the provers they asked, exactly those
 * requests.
 * @param source of that interval
 */
export function dueFindings(
  read: ReadRecord,
  n: number,
  asked: readonly AskedWideRound[],
  source: DrawSource,
  askedRecord: Pick<PublicRecord, 'provers'> = read.record,
): Finding[] {
  const due = (read.record.dueWideRounds ?? []).filter((round) => round.n === n)
  return due.flatMap((round) => {
    const { hotkey } = proverAt(read.record, round.prover)
    const where = `due_wide_rounds ${round.n}/${round.round} ${hotkey}`
    const row = asked
      .find((other) => other.round === round.round)
      ?.provers.find(({ prover }) => proverAt(askedRecord, prover).hotkey === hotkey)
    if (row === undefined) return [{ where, what: 'is of a round that did not ask this prover' }]
    return [
      ...differs(`${where} gpus`, round.gpus, row.gpus),
      ...differs(where, idsOf(round, true), drawnIds(source, round.round, hotkey, row).sort()),
      ...differs(`${where} in flight`, idsOf(round, false), [...row.inFlight].sort()),
    ]
  })
}

function idsOf({ requests }: DueWideRound, ofRound: boolean): string[] {
  return requests
    .filter((request) => request.ofRound === ofRound)
    .map(({ requestId }) => requestId)
    .sort()
}
