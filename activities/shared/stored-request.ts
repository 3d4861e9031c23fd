import { messageOf } from '../../base/errors.js'
import { type GenerationParams, generationParams, workOf } from '../../formats/generation.js'
import { LedgerError } from '../../ledger/errors.js'
import { decodeBody } from '../../wire/generation-body.js'

/**
 * The parameters of a stored request, parsed from its bytes as its prover parses them.
 * @throws LedgerError `row_invalid` if they are unreadable: edited by hand, or pruned because of their age
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
