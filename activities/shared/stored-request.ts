import { messageOf } from '../../base/errors.js'
import { type GenerationParams, generationParams, workOf } from '../../formats/generation.js'
import { LedgerError } from '../../ledger/errors.js'
import { decodeBody } from '../../wire/generation-body.js'

/**
 * What a stored request asks for, read from its bytes as its prover reads them.
 * @throws LedgerError `row_invalid` when they are unreadable: edited by hand, or pruned for their age
 */
export function storedParams(row: { requestId: string; body: Uint8Array }): GenerationParams {
  const { requestId, body } = row
  try {
    return generationParams(decodeBody(body))
  } catch (cause) {
    throw new LedgerError(
      'row_invalid',
      `the stored request ${requestId} is unreadable: ${messageOf(cause)}`,
      {
        details: { requestId },
        cause,
      },
    )
  }
}

/** steps · frames · width · height of a stored request. @throws LedgerError `row_invalid` */
export function storedWork(row: { requestId: string; body: Uint8Array }): number {
  return workOf(storedParams(row))
}
